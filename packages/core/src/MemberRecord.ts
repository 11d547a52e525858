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
 * - `ratings-missing`: the list shows fewer ratings than the site's list of the member's rated films, or far fewer than
 *   before, and the list of rated films could not be had.
 *
 * @since 0.1.0
 * @category models
 */
export const Doubt = Schema.Literal("list-moved", "short-page", "count-differs", "unreadable-tiles", "ratings-missing")

/**
 * @since 0.1.0
 * @category models
 */
export type Doubt = typeof Doubt.Type

/**
 * A member's state with its evidence: when it was read, the page count its first page told (0 where unknown), the
 * numbers of the pages still missing, the films seen (rated or not) and stated, the ratings, the doubts, and how
 * often each label was given to a part (see `ListPart`). It belongs to a dataset's members by `userId`. `seen` holds film ids: of a partial member
 * that can be completed page by page all films of its list that were seen, rated or not, which tell later whether the
 * list has moved; of a sealed member that was read in one go a sample of its rated films (see `sampleOfRatings`), which
 * tells a member again that has another name.
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
 * What the label of a missing part tells of the reason; `undefined` where it tells nothing.
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
 * What a member waits for before it is complete; `undefined` where it is not partial.
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
