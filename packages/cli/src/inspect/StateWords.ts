/**
 * The states of members in words.
 *
 * @since 0.1.0
 */
import type { MemberState, Proof, WaitsFor } from "@letterboxd-ratings/core"

/**
 * Why a member's list is not complete.
 *
 * @since 0.1.0
 * @category models
 */
export const waitingWords: Readonly<Record<WaitsFor, string>> = {
  refused: "the site refused a page",
  "not-understood": "a page was not understood",
  pages: "pages are missing",
  doubts: "the pages do not agree"
}

/**
 * The state of a member's list.
 *
 * @since 0.1.0
 * @category models
 */
export const stateWords: Readonly<Record<MemberState, string>> = {
  sealed: "complete",
  partial: "partial",
  gone: "gone",
  private: "private",
  renamed: "renamed",
  unproven: "not verified",
  forgotten: "forgotten"
}

/**
 * What proves a member's list.
 *
 * @since 0.1.0
 * @category models
 */
export const proofWords: Readonly<Record<Proof, string>> = {
  export: "an official export",
  "saved-pages": "saved pages",
  feed: "a feed, which shows only the newest entries",
  none: "nothing"
}
