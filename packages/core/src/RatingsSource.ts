/**
 * The port through which members and their ratings come in.
 *
 * @since 0.1.0
 */
import { Context, Effect, Option, type Stream } from "effect"
import type { MemberListing, Username } from "./Member.ts"
import type { SourceError, SourceErrorReason } from "./SourceError.ts"
import type { Keep } from "./dataset/Column.ts"
import type { Proof } from "./dataset/MemberState.ts"
import type { ListPart } from "./reading/ListPart.ts"

/**
 * What a source has done so far: requests sent (repeated ones too), how many of them were repetitions, the
 * milliseconds spent in pauses that were asked for, the present rate in requests a second (`Infinity` where
 * unlimited), and how many entries of the members list could not be read (`unreadListings`).
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
 * What one step of an examination found, a sentence each. `place` is where the step looked; `error` says why the step
 * failed and what can be done.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceFinding {
  readonly step: string
  readonly place: string
  readonly found: ReadonlyArray<string>
  readonly error?: SourceError
}

/**
 * Where members and ratings come from: a site, an archive, an export, a file.
 *
 * - `members` lists members in order of popularity, and reads no further than it is pulled. It may name a member twice.
 * - `list` reads a member's list in parts: all of them (part 1 first, it tells how many there are), or just the numbers
 *   asked for. Parts arrive in any order, each once. The stream ends after the last part; a part that could not be
 *   had is there with the reason why. It fails only where the source as a whole cannot go on.
 * - `ratedFilms` asks in a second way how many films a member rated, apart from the parts of `list`: what a list
 *   without any rating is checked against before it is believed. None where there was no usable answer. It costs one
 *   request at most, repetitions aside. The lists of a source without it are believed as they are.
 * - `activity` is a snapshot for progress displays and reports. A source without it sends no requests.
 * - `examine` looks step by step whether the source can be read, and ends early where nothing more can be asked.
 *   `username` is the member to look at; without one, the source chooses. Without it, `examineSource` reads the first
 *   member and its first part.
 * - `reasonTexts` are the source's own labels and advice for errors that the run itself finds: `Refused` where too many
 *   members in a row are said to be private or gone, `NotUnderstood` where lists show too few ratings.
 * - `keeps` are the facts that a new dataset of this source keeps where nothing else is asked for: those that it brings
 *   with it. `proof` says what proves its lists, if that is not the pages of the site.
 *
 * @since 0.1.0
 * @category services
 */
export class RatingsSource extends Context.Tag("@letterboxd-ratings/core/RatingsSource")<
  RatingsSource,
  {
    readonly name: string
    readonly members: Stream.Stream<MemberListing, SourceError>
    readonly list: (username: Username, parts: "all" | ReadonlyArray<number>) => Stream.Stream<ListPart, SourceError>
    readonly ratedFilms?: (username: Username) => Effect.Effect<Option.Option<RatedFilms>, SourceError>
    readonly activity?: Effect.Effect<SourceActivity>
    readonly reasonTexts?: Readonly<Partial<Record<SourceErrorReason, Pick<SourceError, "advice" | "label">>>>
    readonly examine?: (username?: Username) => Stream.Stream<SourceFinding>
    readonly keeps?: ReadonlyArray<Keep>
    readonly proof?: Proof
  }
>() {}

/**
 * What a source has done so far; nothing where it does not count.
 *
 * @since 0.1.0
 * @category constructors
 */
export const activityOf = ({ activity }: typeof RatingsSource.Service): Effect.Effect<SourceActivity> =>
  activity ??
  Effect.succeed({ requests: 0, retries: 0, pausedMillis: 0, requestsPerSecond: Infinity, unreadListings: 0 })

/**
 * How many films a member rated, asked in a second way; none where the source has no second way.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratedFilmsOf = (
  { ratedFilms }: typeof RatingsSource.Service,
  username: Username
): Effect.Effect<Option.Option<RatedFilms>, SourceError> => ratedFilms?.(username) ?? Effect.succeed(Option.none())
