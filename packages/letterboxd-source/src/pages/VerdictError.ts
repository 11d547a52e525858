/**
 * From a verdict that ends a run to the error that says so.
 *
 * @since 0.1.0
 */
import type { SourceError } from "@letterboxd-ratings/core"
import { siteError, type SiteErrorReason } from "../SiteError.ts"
import { PageVerdict } from "./PageVerdict.ts"

/**
 * The error for a verdict that a run cannot go past. `subject` is what was asked for, in words: `page 3 of karsten`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const errorFromVerdict = (
  asked: { readonly source: string; readonly url: string; readonly subject: string },
  verdict: PageVerdict
): SourceError => {
  const { source, subject, url } = asked
  const error = (reason: SiteErrorReason, detail: string, keptAt?: string) =>
    siteError({ reason, source, url, detail, ...(keptAt === undefined ? {} : { keptAt }) })
  return PageVerdict.$match(verdict, {
    Challenged: ({ keptAt, status, wall }) =>
      error(
        "Challenged",
        `The site answered with a bot wall (${wall}, status ${status}) instead of ${subject}`,
        keptAt
      ),
    Forbidden: ({ keptAt, status, why }) =>
      error(
        "Challenged",
        `The site refuses ${subject} (status ${status}: ${why}) without saying that it is private`,
        keptAt
      ),
    RateLimited: ({ retryAfterMillis }) =>
      error(
        "RateLimited",
        `The site keeps refusing ${subject} as one request too many${
          retryAfterMillis === undefined ? "" : ` and asks to wait ${Math.ceil(retryAfterMillis / 1000)} s`
        }`
      ),
    MarkupChanged: ({ evidence, keptAt, selector }) =>
      error("MarkupChanged", `${subject} was not understood: no ${selector} (${evidence})`, keptAt),
    Unavailable: ({ why }) => error("Unreachable", `${subject} could not be read: ${why}`),
    Truncated: ({ bytes }) => error("Unreachable", `${subject} broke off after ${bytes} characters`),
    MemberNotFound: () => error("Unreachable", `The site says that ${subject} does not exist`),
    MemberPrivate: () => error("Unreachable", `The site says that ${subject} is private`),
    Renamed: ({ to }) => error("Unreachable", `The site sends visitors of ${subject} to ${to}`),
    Films: () => error("MarkupChanged", `${subject} shows a member's films`),
    NoFilms: () => error("MarkupChanged", `${subject} shows a member without films`),
    PastTheEnd: () => error("MarkupChanged", `${subject} is past the end of its list`)
  })
}
