/**
 * Responses that are not the page asked for, on any address of the site: walls, limits, failures, redirects.
 *
 * @since 0.1.0
 */
import { PageVerdict, Username } from "@letterboxd-ratings/core"
import { Option, Schema } from "effect"
import { retryAfterMillis } from "../RetryAfter.ts"
import { deepestNesting, readDocument } from "./BoundedParsing.ts"
import { type PageResponse, pageTitle } from "./PageResponse.ts"

const decodeUsername = Schema.decodeUnknownOption(Username)

/**
 * How a bot wall shows itself, if this response is one. `server: cloudflare` is on every response and the challenge
 * script is named on good pages, so neither counts; the mitigation header and the wall's own title do.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recogniseWall = (
  headers: PageResponse["headers"],
  title: string
): Option.Option<string> => {
  const mitigated = headers["cf-mitigated"]
  if (mitigated !== undefined) return Option.some(`header cf-mitigated: ${mitigated}`)
  if (/^just a moment\b/iu.test(title) || /^attention required!/iu.test(title)) return Option.some(`title "${title}"`)
  if (/^access denied\b/iu.test(title) && /cloudflare/iu.test(title)) return Option.some(`title "${title}"`)
  return Option.none()
}

/**
 * The verdict on a response that carries no page of the kind asked for, decided by status, headers and the anchors
 * of the site's own refusals. `None` for a status of 200 without any of them: the page itself has to be judged.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeRefusal = (response: PageResponse): Option.Option<PageVerdict> => {
  const { body, headers, status } = response
  if (status === 200 && headers["cf-mitigated"] === undefined) return Option.none()
  const title = pageTitle(body)
  const wall = recogniseWall(headers, title)
  if (Option.isSome(wall)) return Option.some(PageVerdict.Challenged({ status, wall: wall.value }))

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
  const $ = document.value
  if (status === 404) {
    return Option.some(
      $("body.error.message-dark").length > 0 && /not found/iu.test(title)
        ? PageVerdict.MemberNotFound()
        : PageVerdict.Unavailable({ status, why: "a 404 that is not Letterboxd's own" })
    )
  }
  return Option.some(
    /greetings, professor falken/iu.test($("section.message strong").text())
      ? PageVerdict.MemberPrivate()
      : PageVerdict.Forbidden({ status, why: title === "" ? "no explanation" : `title "${title}"` })
  )
}

/**
 * The verdict on a page that is nested deeper than anything that can be a page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tooDeep: PageVerdict = PageVerdict.MarkupChanged({
  selector: `page with at most ${deepestNesting} elements in each other`,
  evidence: "the page is nested deeper"
})

const judgeRedirect = ({ headers, status, url }: PageResponse): PageVerdict => {
  const location = headers["location"]
  if (location === undefined || !URL.canParse(location, url)) {
    return PageVerdict.Unavailable({ status, why: "a redirect to nowhere" })
  }
  const from = new URL(url)
  const to = new URL(location, url)
  const [, name, section] = to.pathname.toLowerCase().split("/")
  const [, asked] = from.pathname.toLowerCase().split("/")
  const username = decodeUsername(name)
  return to.host === from.host && section === "films" && Option.isSome(username) && name !== asked
    ? PageVerdict.Renamed({ to: username.value })
    : PageVerdict.Unavailable({ status, why: `a redirect to ${to.href}` })
}
