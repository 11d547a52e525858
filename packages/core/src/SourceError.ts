/**
 * Why a source cannot go on.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `Challenged`: a bot wall stands before the pages.
 * - `RateLimited`: the site keeps saying "too many requests".
 * - `Unreachable`: no connection, or nothing but failures from the site.
 * - `MarkupChanged`: pages look different from all generations that are understood.
 * - `DisallowedByRobots`: the site's robots.txt forbids the address.
 * - `BudgetSpent`: as many requests were sent, or as much time has passed, as the run was allowed.
 * - `InvalidOption`: the source was configured with something it cannot do.
 *
 * @since 0.1.0
 * @category errors
 */
export const SourceErrorReason = Schema.Literal(
  "Challenged",
  "RateLimited",
  "Unreachable",
  "MarkupChanged",
  "DisallowedByRobots",
  "BudgetSpent",
  "InvalidOption"
)

/**
 * @since 0.1.0
 * @category errors
 */
export type SourceErrorReason = typeof SourceErrorReason.Type

const advice: Readonly<Record<SourceErrorReason, string>> = {
  Challenged:
    "It does not want to be read by a program now. Wait some hours and go slower (a lower rate), ask the site for permission, bring a transport of your own that is allowed, or work from saved pages or your official export.",
  RateLimited: "Wait before going on, and go slower (a lower rate or concurrency).",
  Unreachable: "Check the network and the address, then go on.",
  MarkupChanged: "Nothing was guessed. Look for a newer version; if there is none, report this with the page.",
  DisallowedByRobots: "Choose another list, or ignore the robots rules if you have permission.",
  BudgetSpent: "Go on whenever you like.",
  InvalidOption: "Correct the option and start again."
}

/**
 * A run cannot go on with its source. `url` is the address asked for, `detail` what was seen there, `keptAt` where the
 * page was kept for a bug report.
 * What was committed before is kept.
 *
 * @since 0.1.0
 * @category errors
 */
export class SourceError extends Schema.TaggedError<SourceError>("@letterboxd-ratings/core/SourceError")(
  "SourceError",
  {
    reason: SourceErrorReason,
    source: Schema.String,
    url: Schema.optionalWith(Schema.String, { exact: true }),
    detail: Schema.String,
    keptAt: Schema.optionalWith(Schema.String, { exact: true }),
    cause: Schema.optionalWith(Schema.Defect, { exact: true })
  }
) {
  /**
   * Whether the same run can succeed later without a change of configuration or of this program.
   *
   * @since 0.1.0
   */
  get isRetryable(): boolean {
    return ["Challenged", "RateLimited", "Unreachable", "BudgetSpent"].includes(this.reason)
  }

  override get message(): string {
    const kept = this.keptAt === undefined ? "" : ` The page and its headers are kept in ${this.keptAt}.`
    return `${this.detail}${this.url === undefined ? "" : ` (${this.url})`}. ${advice[this.reason]}${kept}`
  }
}
