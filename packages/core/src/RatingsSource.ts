/**
 * The port through which members and their ratings come in.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Stream } from "effect"
import type { MemberListing, Username } from "./Member.ts"
import type { RatingsPage } from "./PageVerdict.ts"
import type { SourceError } from "./SourceError.ts"

/**
 * What a source has done so far: requests sent (repeated ones too), how many of them were repetitions, the
 * milliseconds spent in pauses the site asked for, and the present rate in requests a second (`Infinity` where
 * unlimited).
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceActivity {
  readonly requests: number
  readonly retries: number
  readonly pausedMillis: number
  readonly requestsPerSecond: number
}

/**
 * Where members and ratings come from: the live site, a sandbox, an archive, an export.
 *
 * - `members` lists members in order of popularity, read page by page as it is pulled. It may name a member twice.
 * - `ratings` reads a member's pages: all of them (page 1 first, it tells how many there are), or just the numbers
 *   asked for. Pages arrive in any order, each once. The stream ends after the last page; a page that could not be
 *   had is there with the verdict that says why. It fails only where the source as a whole cannot go on.
 * - `activity` is a snapshot for progress displays and reports.
 *
 * @since 0.1.0
 * @category services
 */
export class RatingsSource extends Context.Tag("@letterboxd-ratings/core/RatingsSource")<
  RatingsSource,
  {
    readonly name: string
    readonly members: Stream.Stream<MemberListing, SourceError>
    readonly ratings: (
      username: Username,
      pages: "all" | ReadonlyArray<number>
    ) => Stream.Stream<RatingsPage, SourceError>
    readonly activity: Effect.Effect<SourceActivity>
  }
>() {}
