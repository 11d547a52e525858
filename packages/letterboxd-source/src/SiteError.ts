/**
 * Why a site cannot be read further, as an error of a source.
 *
 * @since 0.1.0
 */
import { SourceError, type SourceErrorReason } from "@letterboxd-ratings/core"

/**
 * - `Challenged`: a bot wall blocks the pages, or a page is refused.
 * - `RateLimited`: the site keeps answering "too many requests".
 * - `Unreachable`: no connection, or only failures from the site.
 * - `MarkupChanged`: pages differ from all known generations.
 * - `DisallowedByRobots`: the site's robots.txt forbids the URL.
 * - `BudgetSpent`: the limit of requests was reached.
 * - `InvalidOption`: the configuration of the source is invalid.
 *
 * @since 0.1.0
 * @category errors
 */
export type SiteErrorReason =
  | "Challenged"
  | "RateLimited"
  | "Unreachable"
  | "MarkupChanged"
  | "DisallowedByRobots"
  | "BudgetSpent"
  | "InvalidOption"

/** The general reason, and advice where the usual one is not specific enough. */
const reasons: Readonly<Record<SiteErrorReason, { readonly reason: SourceErrorReason; readonly advice?: string }>> = {
  Challenged: {
    reason: "Refused",
    advice:
      "The site blocks programs now. Wait some hours and use a lower rate, ask the site for permission, provide a transport that is allowed, or work from saved pages or your official export."
  },
  RateLimited: {
    reason: "Refused",
    advice: "Wait before you continue, and use a lower rate or concurrency."
  },
  Unreachable: { reason: "Unreachable" },
  MarkupChanged: {
    reason: "NotUnderstood",
    advice: "Nothing was guessed. Look for a newer version; if there is none, report this with the page."
  },
  DisallowedByRobots: {
    reason: "NotAllowed",
    advice: "Use what the rules allow, or ignore them if you have permission."
  },
  BudgetSpent: { reason: "BudgetSpent" },
  InvalidOption: { reason: "InvalidOption" }
}

/**
 * The error of a site. `url` is the requested URL, `detail` what it returned, `keptAt` where the page was saved for a bug
 * report. `advice` is for reasons that have none of their own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const siteError = (error: {
  readonly reason: SiteErrorReason
  readonly source: string
  readonly url?: string
  readonly detail: string
  readonly keptAt?: string
  readonly advice?: string
}): SourceError => {
  const { detail, keptAt, source, url } = error
  const { advice = error.advice, reason } = reasons[error.reason]
  const kept = keptAt === undefined ? "" : ` The page and its headers are kept in ${keptAt}.`
  return new SourceError({
    reason,
    source,
    label: error.reason,
    ...(url === undefined ? {} : { place: url }),
    detail,
    ...(advice === undefined ? {} : { advice: `${advice}${kept}` })
  })
}

/**
 * The label and advice of a reason, for errors that others make.
 *
 * @since 0.1.0
 * @category constructors
 */
export const textsOf = (reason: SiteErrorReason): Pick<SourceError, "advice" | "label"> => {
  const { advice } = reasons[reason]
  return { label: reason, ...(advice === undefined ? {} : { advice }) }
}
