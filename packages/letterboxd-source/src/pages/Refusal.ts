/**
 * Responses that are not the page asked for, on any address of the site: walls, limits, failures, redirects.
 *
 * @since 0.1.0
 */
import { Username } from "@letterboxd-ratings/core"
import type * as cheerio from "cheerio/slim"
import { Option, Schema } from "effect"
import { retryAfterMillis } from "../transport/RetryAfter.ts"
import { deepestNesting, readDocument } from "./BoundedParsing.ts"
import type { Judge } from "../transport/HttpPolicy.ts"
import { type PageResponse, pageTitle, reachesEnd } from "./PageResponse.ts"
import { PageVerdict } from "./PageVerdict.ts"

const decodeUsername = Schema.decodeUnknownOption(Username)

/**
 * How a bot wall shows itself, if this response is one. `server: cloudflare` is on every response and the challenge
 * script is named on good pages, so neither counts; the mitigation header and the wall's own title do. A page with
 * something on it may have any title: members choose their names.
 */
const recogniseWall = (headers: PageResponse["headers"], title: string, isPage: boolean): Option.Option<string> => {
  const mitigated = headers["cf-mitigated"]
  if (mitigated !== undefined) return Option.some(`header cf-mitigated: ${mitigated}`)
  if (isPage) return Option.none()
  if (/^just a moment\b/iu.test(title) || /^attention required!/iu.test(title)) return Option.some(`title "${title}"`)
  if (/^access denied\b/iu.test(title) && /cloudflare/iu.test(title)) return Option.some(`title "${title}"`)
  return Option.none()
}

/**
 * What the policy is to do with an answer of the site: a wall is not asked again, an HTML page that stops before its end
 * is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeAnswer: Judge = ({ body, headers, status }) =>
  Option.isSome(recogniseWall(headers, pageTitle(body), false))
    ? "wall"
    : status === 200 && (headers["content-type"] ?? "").includes("html") && !reachesEnd(body)
      ? "again"
      : "good"

/**
 * The verdict on a response that carries no page of the kind asked for, decided by status, headers and the anchors
 * of the site's own refusals; `isPage` tells whether there is something on it that only the page asked for has. `None`
 * for a status of 200 without any of them: the page itself has to be judged.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeRefusal = (response: PageResponse, isPage: boolean): Option.Option<PageVerdict> => {
  const { body, headers, status } = response
  const title = pageTitle(body)
  const wall = recogniseWall(headers, title, isPage)
  if (Option.isSome(wall)) return Option.some(PageVerdict.Challenged({ status, wall: wall.value }))
  if (status === 200) return Option.none()

  if (status === 429) {
    const wait = retryAfterMillis(headers["retry-after"], response.now)
    return Option.some(PageVerdict.RateLimited(wait === undefined ? {} : { retryAfterMillis: wait }))
  }
  if (status >= 300 && status < 400) return Option.some(judgeRedirect(response))
  if (status !== 404 && status !== 403) {
    return Option.some(PageVerdict.Unavailable({ status, why: title === "" ? `status ${status}` : `title "${title}"` }))
  }
  const document = readDocument(body)
  if (Option.isNone(document)) return Option.some(tooDeep)
  const isOwn = isOwnErrorPage(document.value, title, status === 404 ? ownNotFound : ownForbidden)
  if (status === 404) {
    return Option.some(
      isOwn
        ? PageVerdict.MemberNotFound()
        : PageVerdict.Unavailable({ status, why: "a 404 that is not Letterboxd's own" })
    )
  }
  return Option.some(
    isOwn
      ? PageVerdict.MemberPrivate()
      : PageVerdict.Forbidden({ status, why: title === "" ? "no explanation" : `title "${title.slice(0, 100)}"` })
  )
}

/** What the site's own error pages say, and what they do not: the words of another one. */
interface ErrorPageWords {
  readonly words: RegExp
  readonly others: RegExp
}
const notFoundWords = /\bnot found\b|can.t find the page/iu
const forbiddenWords = /\bforbidden\b|greetings, professor falken|\bclassified\b|\bclearance\b/iu
const ownNotFound: ErrorPageWords = { words: notFoundWords, others: forbiddenWords }
const ownForbidden: ErrorPageWords = { words: forbiddenWords, others: notFoundWords }

/**
 * Whether a document is the site's own error page: at least two of its marks are there (the class of the body, the form
 * of the title, the section with the message, the words), and no words of another error. Each mark has changed before.
 */
const isOwnErrorPage = ($: cheerio.CheerioAPI, title: string, { others, words }: ErrorPageWords): boolean => {
  const message = $("section.message")
  const text = `${title} ${message.text()} ${$("body.error").text()}`
  if (others.test(text)) return false
  const marks = [
    $("body.error").length > 0,
    /^letterboxd\s*[-–—•|]/iu.test(title),
    message.length > 0,
    words.test(text)
  ]
  return marks.filter((isThere) => isThere).length >= 2
}

/**
 * The verdict on a page with more of something than any page has: `bound` says of what, and how much would do.
 *
 * @since 0.1.0
 * @category constructors
 */
export const beyondBounds = (bound: string): PageVerdict =>
  PageVerdict.MarkupChanged({ selector: `page with at most ${bound}`, evidence: "the page has more" })

/**
 * The verdict on a page that is nested deeper than anything that can be a page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tooDeep: PageVerdict = beyondBounds(`${deepestNesting} elements in each other`)

const judgeRedirect = ({ headers, status, url }: PageResponse): PageVerdict => {
  const location = headers["location"]
  if (location === undefined || !URL.canParse(location, url)) {
    return PageVerdict.Unavailable({ status, why: "a redirect to nowhere" })
  }
  const from = new URL(url)
  const to = new URL(location, url)
  const [, name, section] = to.pathname.toLowerCase().split("/")
  const [, asked, sectionAsked] = from.pathname.toLowerCase().split("/")
  const username = decodeUsername(name)
  return to.host === from.host && section === sectionAsked && Option.isSome(username) && name !== asked
    ? PageVerdict.Renamed({ to: username.value })
    : PageVerdict.Unavailable({ status, why: `a redirect to ${to.href}` })
}
