/**
 * What a partial member waits for.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { PageVerdict } from "../PageVerdict.ts"
import type { MemberRecord } from "./Tables.ts"

/**
 * What a partial member waits for:
 *
 * - `refused`: the site refused one of its pages (a bot wall, a 403, an endless rate limit).
 * - `not-understood`: a page, or tiles of one, could not be read.
 * - `pages`: pages are missing for a passing reason.
 * - `doubts`: all pages were read, but they do not agree.
 *
 * @since 0.1.0
 * @category models
 */
export const WaitsFor = Schema.Literal("refused", "not-understood", "pages", "doubts")

/**
 * @since 0.1.0
 * @category models
 */
export type WaitsFor = typeof WaitsFor.Type

/**
 * What a member waits for before it is complete; `undefined` where it is not partial.
 *
 * @since 0.1.0
 * @category constructors
 */
export const whatMemberWaitsFor = ({ doubts, missing, state, verdicts }: MemberRecord): WaitsFor | undefined => {
  if (state !== "partial") return undefined
  const had = (verdict: PageVerdict["_tag"]) => (verdicts[verdict] ?? 0) > 0
  if (had("Challenged") || had("Forbidden") || had("RateLimited")) return "refused"
  if (had("MarkupChanged") || doubts.includes("unreadable-tiles") || doubts.includes("ratings-missing"))
    return "not-understood"
  return missing.length > 0 ? "pages" : "doubts"
}
