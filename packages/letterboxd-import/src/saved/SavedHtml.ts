/**
 * A page that was saved from a browser: as HTML, "complete" or not, or by SingleFile.
 *
 * @since 0.1.0
 */
import { ImportError } from "@letterboxd-ratings/core"
import { DateTime, Option, type Stream } from "effect"
import { isFilmsOrMembersAddress } from "./PageAddress.ts"
import { largestText, longestLine, recordsFrom, SavedRecord, textOf } from "./Capture.ts"

const savedFrom = /<!--\s{0,20}saved from url=\(\d{1,6}\)(\S{1,8192})/iu
const singleFile =
  /<!--\s{0,20}Page saved with SingleFile\s{1,20}url:\s{0,20}(\S{1,8192})(?:\s{1,20}saved date:\s{0,20}([^\n\r]{1,100}))?/iu

/** So many tags of a kind are looked at, and so much of each. */
const mostTags = 500
const longestTag = 4_000

/** The first tags of a kind, from one to the next: the time grows with the length only, whatever stands in between. */
const tags = (html: string, name: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  const begin = new RegExp(`<${name}\\b`, "giu")
  for (let looked = 0; looked < mostTags; looked++) {
    const match = begin.exec(html)
    if (match === null) break
    const tag = html.slice(match.index, match.index + longestTag)
    const end = tag.indexOf(">")
    if (end !== -1) found.push(tag.slice(0, end + 1))
  }
  return found
}

const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}\\s{0,5}=\\s{0,5}(?:"([^"]*)"|'([^']*)'|([^\\s>"']+))`, "iu").exec(tag)
  return (found?.[1] ?? found?.[2] ?? found?.[3])?.replaceAll("&amp;", "&").slice(0, longestLine)
}

/** The number that the paging block marks as the present page; the first page of a list without paging. */
const pageNumber = (html: string): number => {
  const current =
    /<li\b[^>]{0,500}\bpaginate-current\b[^>]{0,500}>\s{0,50}(?:<span[^>]{0,200}>)?\s{0,50}(\d{1,6})/iu.exec(html)
  return current?.[1] === undefined ? 1 : Number(current[1])
}

/** All addresses that a page gives for itself, those that a browser wrote first. */
const addressesIn = function* (html: string): Generator<string> {
  const written = [singleFile.exec(html)?.[1], savedFrom.exec(html)?.[1]?.replace(/-->.*$/u, "")]
  for (const address of written) if (address !== undefined) yield address
  for (const link of tags(html, "link")) {
    const address = attribute(link, "rel")?.toLowerCase() === "canonical" ? attribute(link, "href") : undefined
    if (address !== undefined) yield address
  }
  for (const meta of tags(html, "meta")) {
    const address = attribute(meta, "property")?.toLowerCase() === "og:url" ? attribute(meta, "content") : undefined
    if (address !== undefined) yield address
  }
  const [body] = tags(html, "body")
  const owner = body === undefined ? undefined : attribute(body, "data-owner")
  if (body !== undefined && owner !== undefined && /\bfilms-watched\b/u.test(attribute(body, "class") ?? "")) {
    const page = pageNumber(html)
    yield `https://letterboxd.com/${owner.toLowerCase()}/films/${page === 1 ? "" : `page/${page}/`}`
  }
}

/**
 * SingleFile leaves out closing tags that HTML does not need. Where the page goes on behind its list up to the footer,
 * nothing of the list was cut off.
 */
const closed = (html: string): string => {
  if (/<\/html\s{0,100}>/iu.test(html)) return html
  const footer = html.search(/<footer\b/iu)
  return footer < 0 ? html : `${html}</body></html>`
}

/** Browsers make links absolute when they save a page; the site's own are relative to it, and are judged so. */
const withRelativeLinks = (html: string, baseUrls: ReadonlyArray<string>): string =>
  baseUrls.reduce(
    (page, baseUrl) => page.replaceAll(` href="${baseUrl}/`, ' href="/').replaceAll(` href=${baseUrl}/`, " href=/"),
    html.replaceAll(/(\shref\s{0,5}=\s{0,5}["']?)https?:\/\/(?:www\.)?letterboxd\.com(?=\/)/giu, "$1")
  )

const savedDate = (html: string): DateTime.Utc | undefined => {
  // Browsers write their time zone in words behind the date.
  const written = singleFile
    .exec(html)?.[2]
    ?.replaceAll(/\(.*|-->/gu, "")
    .trim()
  return written === undefined ? undefined : Option.getOrUndefined(DateTime.make(Date.parse(written)))
}

/**
 * Whether a text is a page that may have been saved from the site.
 *
 * @since 0.1.0
 * @category constructors
 */
export const looksLikeSavedHtml = (head: string): boolean =>
  /^\uFEFF?\s*<(?:!doctype html|html\b|!--|head\b)/iu.test(head) &&
  (/letterboxd/iu.test(head) || savedFrom.test(head) || singleFile.test(head))

/**
 * Reads a saved page. Its address is the one that the browser or SingleFile wrote into it, else one that the page gives for
 * itself (`canonical`, `og:url`, the member and the page number of the list); the first that is one of a list wins. The
 * time is the one that SingleFile wrote, else `modifiedAt`. It fails with `NotRecognised` if nothing tells the address.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readSavedHtml = (
  place: string,
  bytes: Stream.Stream<Uint8Array, ImportError>,
  modifiedAt: DateTime.Utc,
  baseUrls: ReadonlyArray<string> = []
): Stream.Stream<SavedRecord, ImportError> =>
  recordsFrom(place, bytes, async function* (source) {
    const parts: Array<Uint8Array> = []
    let length = 0
    for await (const part of source) {
      parts.push(part)
      length += part.length
      if (length > largestText) {
        throw new ImportError({
          reason: "TooLarge",
          place,
          detail: `the page is larger than ${largestText / 1024 / 1024} MB`
        })
      }
    }
    const html = textOf(Buffer.concat(parts, length))
    const addresses = [...addressesIn(html)].filter((address) => URL.canParse(address))
    const url = addresses.find((address) => isFilmsOrMembersAddress(address, baseUrls)) ?? addresses[0]
    if (url === undefined) {
      throw new ImportError({
        reason: "NotRecognised",
        place,
        detail: "nothing in the page tells its address",
        advice: "Save the page again with SingleFile, or record it in a HAR."
      })
    }
    yield SavedRecord.Captured({
      capture: {
        url,
        status: 200,
        headers: { "content-type": "text/html; charset=utf-8" },
        body: withRelativeLinks(singleFile.test(html) ? closed(html) : html, baseUrls),
        capturedAt: savedDate(html) ?? modifiedAt,
        place
      }
    })
  })
