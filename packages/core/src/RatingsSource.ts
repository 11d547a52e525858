/**
 * The port through which members and their ratings come in.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Option, type Stream } from "effect"
import type { MemberListing, Username } from "./Member.ts"
import type { RatingsPage } from "./PageVerdict.ts"
import type { SourceError } from "./SourceError.ts"

/**
 * What a source has done so far: requests sent (repeated ones too), how many of them were repetitions, the
 * milliseconds spent in pauses the site asked for, the present rate in requests a second (`Infinity` where
 * unlimited), and how many rows of the members list named nobody who can be read (`unreadListings`).
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceActivity {
  readonly requests: number
  readonly retries: number
  readonly pausedMillis: number
  readonly requestsPerSecond: number
  readonly unreadListings: number
}

/**
 * How many films a member rated, as exactly as a source can tell: at least and at most so many. `atMost` is
 * `Infinity` where only the lower bound is known.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatedFilms {
  readonly atLeast: number
  readonly atMost: number
}

/**
 * Where members and ratings come from: the live site, a sandbox, an archive, an export.
 *
 * - `members` lists members in order of popularity, read page by page as it is pulled. It may name a member twice.
 * - `ratings` reads a member's pages: all of them (page 1 first, it tells how many there are), or just the numbers
 *   asked for. Pages arrive in any order, each once. The stream ends after the last page; a page that could not be
 *   had is there with the verdict that says why. It fails only where the source as a whole cannot go on.
 * - `ratedFilms` asks in a second way how many films a member rated, apart from the pages of `ratings`: what a list
 *   without any rating is checked against before it is believed. None where the source has no second way, or got no
 *   usable answer. It costs one request at most, repetitions aside.
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
    readonly ratedFilms: (username: Username) => Effect.Effect<Option.Option<RatedFilms>, SourceError>
    readonly activity: Effect.Effect<SourceActivity>
  }
>() {}
