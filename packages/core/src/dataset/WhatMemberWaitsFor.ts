/**
 * Why a member is partial.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { MemberRecord } from "./Tables.ts"

/**
 * Why a member is partial:
 *
 * - `refused`: the site refused one of its pages (a bot wall, a 403, an endless rate limit).
 * - `not-understood`: a page, or tiles of one, could not be read.
 * - `pages`: pages are missing for a temporary reason.
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
 * The labels in `verdicts` that tell why a part is missing: the reasons of errors, and those that Letterboxd's pages have
 * had in datasets from the beginning.
 */
const missingLabels: Readonly<Record<string, "refused" | "not-understood">> = {
  Refused: "refused",
  Challenged: "refused",
  Forbidden: "refused",
  RateLimited: "refused",
  NotUnderstood: "not-understood",
  MarkupChanged: "not-understood"
}

/**
 * The reason that the label of a missing part implies; `undefined` if it implies none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reasonInLabel = (label: string): "refused" | "not-understood" | undefined =>
  Object.hasOwn(missingLabels, label) ? missingLabels[label] : undefined

/**
 * The `verdicts` of a member whom the source called private or gone, as it called everybody then: it counts as refused.
 *
 * @since 0.1.0
 * @category models
 */
export const verdictsOfDisbelieved: MemberRecord["verdicts"] = { Forbidden: 1 }

/**
 * Why a member is partial; `undefined` if it is not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const whatMemberWaitsFor = ({ doubts, missing, state, verdicts }: MemberRecord): WaitsFor | undefined => {
  if (state !== "partial") return undefined
  const reasons = new Set(
    Object.entries(verdicts).map(([label, times]) => (times > 0 ? reasonInLabel(label) : undefined))
  )
  if (reasons.has("refused")) return "refused"
  if (reasons.has("not-understood") || doubts.includes("unreadable-tiles") || doubts.includes("ratings-missing"))
    return "not-understood"
  return missing.length > 0 ? "pages" : "doubts"
}
