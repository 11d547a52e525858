/**
 * What a dataset remembers of a member: whether it was read completely, and the evidence for that.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { FilmId } from "./Film.ts"
import { UserId, Username } from "./Member.ts"

/**
 * - `sealed`: every page was read and the list is proven complete (a member without films too).
 * - `partial`: pages are missing or the list is in doubt; what was read is kept.
 * - `gone`: the site says there is no such member.
 * - `private`: the site says the member's films are not public.
 * - `renamed`: the site sends visitors of this name to another one.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberState = Schema.Literal("sealed", "partial", "gone", "private", "renamed")

/**
 * @since 0.1.0
 * @category models
 */
export type MemberState = typeof MemberState.Type

/**
 * Why a list of which every page was read is not proven complete:
 *
 * - `list-moved`: pages overlap or disagree about their number or counts, so films were added or removed meanwhile.
 * - `short-page`: a page before the last one shows fewer films than the first.
 * - `count-differs`: the page states another number of films than were seen.
 * - `unreadable-tiles`: tiles had no usable id, a name that is no text or an impossible rating.
 *
 * @since 0.1.0
 * @category models
 */
export const Doubt = Schema.Literal("list-moved", "short-page", "count-differs", "unreadable-tiles")

/**
 * @since 0.1.0
 * @category models
 */
export type Doubt = typeof Doubt.Type

/**
 * A member's state with its evidence: when it was read, the page count its first page told (0 where unknown), the
 * numbers of the pages still missing, the films seen (rated or not) and stated, the ratings, the doubts, and how
 * often each verdict was given. It belongs to a dataset's members by `userId`. A partial member that can be completed
 * page by page has the ids of all films `seen`, rated or not, which tell later whether its list has moved.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberRecord = Schema.Struct({
  username: Username,
  userId: UserId,
  state: MemberState,
  readAt: Schema.DateTimeUtc,
  lastPage: Schema.NonNegativeInt,
  missing: Schema.Array(Schema.Int.pipe(Schema.positive())),
  films: Schema.NonNegativeInt,
  statedFilms: Schema.optionalWith(Schema.NonNegativeInt, { exact: true }),
  ratings: Schema.NonNegativeInt,
  doubts: Schema.Array(Doubt),
  verdicts: Schema.Record({ key: Schema.String, value: Schema.NonNegativeInt }),
  renamedTo: Schema.optionalWith(Username, { exact: true }),
  seen: Schema.optionalWith(Schema.Array(FilmId), { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface MemberRecord extends Schema.Schema.Type<typeof MemberRecord> {}
