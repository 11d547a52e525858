/**
 * The port for members and their ratings.
 *
 * @since 0.1.0
 */
import { Context, Effect, Option, type Stream } from "effect"
import type { MemberListing, Username } from "../domain/Member.ts"
import type { SourceError, SourceErrorReason } from "./SourceError.ts"
import type { Keep } from "../dataset/Column.ts"
import type { Proof } from "../dataset/MemberState.ts"
import type { ListPart } from "./ListPart.ts"

/**
 * What a source has done so far: the requests sent (including retries), the retries, the milliseconds of pauses that the
 * source demanded, the present rate in requests per second (`Infinity` without a limit), and the entries of the members
 * list that could not be read (`unreadListings`). While such a pause goes on, `pausedUntil` is its end, in milliseconds since
 * 1970.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceActivity {
  readonly requests: number
  readonly retries: number
  readonly pausedMillis: number
  readonly pausedUntil?: number
  readonly requestsPerSecond: number
  readonly unreadListings: number
}

/**
 * How many films a member rated, as exactly as the source knows. `atMost` is `Infinity` if only the lower bound is known.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatedFilms {
  readonly atLeast: number
  readonly atMost: number
}

/**
 * The results of one step of an examination, one sentence each. `place` is what the step read. `error` explains why the step
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
 * Where members and ratings come from: a site, an archive, an export, a file. A run and an examination check everything
 * that a source gives (see `checkedSource`).
 *
 * - `members` lists members in order of popularity, and reads only as far as it is pulled. It may list a member twice.
 * - `list` reads a member's list in parts: all of them (part 1 first, because it states how many there are), or only the
 *   given numbers. Parts arrive in any order, each once. The stream ends after the last part. A part that could not be
 *   read is in the stream too, with the reason. The stream fails only if the source as a whole cannot be read.
 * - `ratedFilms` finds out in a second way, apart from the parts of `list`, how many films a member rated. A list without
 *   any rating is checked against it. None if there was no usable answer. It costs at most one request, without
 *   retries. Without it, the lists of a source are not checked.
 * - `activity` is a snapshot for progress displays and reports. A source without it sends no requests.
 * - `examine` checks step by step whether the source can be read, and ends early if it cannot. `username` is the member
 *   to check; by default the source chooses. Without `examine`, `examineSource` reads the first member and its first
 *   part.
 * - `reasonTexts` are the source's own labels and advice for errors that the run detects: `Refused` if too many members
 *   in a row are private or gone, `NotUnderstood` if lists show too few ratings.
 * - `keeps` are the facts that a new dataset of this source keeps by default: those that the source provides. `proof` is
 *   what proves its lists, if it is not the pages of the site.
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
 * What a source has done so far; all zero if it does not count.
 *
 * @since 0.1.0
 * @category constructors
 */
export const activityOf = ({ activity }: typeof RatingsSource.Service): Effect.Effect<SourceActivity> =>
  activity ??
  Effect.succeed({ requests: 0, retries: 0, pausedMillis: 0, requestsPerSecond: Infinity, unreadListings: 0 })

/**
 * How many films a member rated, found out in a second way; none if the source has no second way.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratedFilmsOf = (
  { ratedFilms }: typeof RatingsSource.Service,
  username: Username
): Effect.Effect<Option.Option<RatedFilms>, SourceError> => ratedFilms?.(username) ?? Effect.succeed(Option.none())
