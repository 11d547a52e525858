/**
 * Pieces of a page. Texts are escaped as they join one.
 *
 * @since 0.1.0
 */
import { escapeUTF8 } from "entities"

/**
 * HTML that is safe to join a page as it is.
 *
 * @since 0.1.0
 * @category models
 */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

/**
 * What can stand in a template: HTML as it is, and texts, which are escaped; of a list all, in their order.
 *
 * @since 0.1.0
 * @category models
 */
export type Part = Html | string | number | ReadonlyArray<Part>

const markupOf = (part: Part): string =>
  part instanceof Html
    ? part.markup
    : typeof part === "string"
      ? escapeUTF8(part)
      : typeof part === "number"
        ? String(part)
        : part.map(markupOf).join("")

/**
 * A template of HTML: `` html`<p title="${title}">${text}</p>` ``. Values of attributes must be in quotes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const html = (markup: ReadonlyArray<string>, ...parts: ReadonlyArray<Part>): Html =>
  new Html(markup.reduce((all, piece, i) => all + markupOf(parts[i - 1] ?? "") + piece))

/**
 * Nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Html = new Html("")
