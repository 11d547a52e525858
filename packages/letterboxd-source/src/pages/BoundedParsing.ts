/**
 * Parsing that ends in time whatever comes: the parser needs time in proportion to the square of how deep elements are
 * nested, and nobody's page is nested deep.
 */
import * as cheerio from "cheerio/slim"
import { Option } from "effect"
import { DomHandler, Parser } from "htmlparser2"

/** The deepest nesting that is read. The deepest real page seen has 30 levels. */
export const deepestNesting = 2_000

const charactersAtOnce = 16_384

/** Writes a page into a parser piece by piece, as long as `goesOn` says so. Tells whether it came to the end. */
export const parseWhile = (parser: Parser, html: string, goesOn: () => boolean): boolean => {
  for (let from = 0; from < html.length; from += charactersAtOnce) {
    parser.write(html.slice(from, from + charactersAtOnce))
    if (!goesOn()) return false
  }
  parser.end()
  return goesOn()
}

class BoundedHandler extends DomHandler {
  depth = 0
  isTooDeep = false

  override onopentag(name: string, attributes: { [key: string]: string }): void {
    this.depth += 1
    this.isTooDeep ||= this.depth > deepestNesting
    if (!this.isTooDeep) super.onopentag(name, attributes)
  }

  override onclosetag(): void {
    this.depth -= 1
    if (!this.isTooDeep) super.onclosetag()
  }
}

/** A page as a document; none where it is nested deeper than any page. */
export const readDocument = (html: string): Option.Option<cheerio.CheerioAPI> => {
  const handler = new BoundedHandler()
  const isWhole = parseWhile(new Parser(handler), html, () => !handler.isTooDeep)
  return isWhole ? Option.some(cheerio.load(handler.root)) : Option.none()
}
