/**
 * Who judges saved pages. Judging costs nearly all of the time of an import of pages.
 *
 * @since 0.1.0
 */
import type { Username } from "@letterboxd-ratings/core"
import {
  type FilmsListing,
  judgeFilmsResponse,
  type PageResponse,
  type PageVerdict
} from "@letterboxd-ratings/letterboxd-source"
import { Effect } from "effect"

/**
 * What a films page was asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface AskedPage {
  readonly username: Username
  readonly page: number
  readonly listing: FilmsListing
}

/**
 * Judges films pages, at most `atOnce` of them at the same time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Judging {
  readonly atOnce: number
  readonly judge: (asked: AskedPage, response: PageResponse) => Effect.Effect<PageVerdict>
}

/**
 * Judges one page after the other in the thread of the caller.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgingHere: Judging = {
  atOnce: 1,
  judge: (asked, response) => Effect.sync(() => judgeFilmsResponse(asked, response))
}
