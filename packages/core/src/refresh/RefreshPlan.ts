/**
 * Which members to read again, and in what order.
 *
 * @since 0.1.0
 */
import { type DateTime, Schema } from "effect"
import type { DatasetState } from "../dataset/Batch.ts"
import type { MemberRecord } from "../dataset/Tables.ts"
import { Username } from "../domain/Member.ts"
import { type ChangeRate, daysBetween } from "./ChangeRates.ts"

/**
 * Why a member is read again:
 *
 * - `count`: the source states another number of films than the dataset has.
 * - `first-part`: the first part of the list shows that it changed.
 * - `due`: changes are likely by now, judging by how fast the member's list changed before.
 * - `asked`: the user named the member, or asked for all that are older.
 *
 * @since 0.1.0
 * @category models
 */
export const RefreshReason = Schema.Literal("count", "first-part", "due", "asked")

/**
 * @since 0.1.0
 * @category models
 */
export type RefreshReason = typeof RefreshReason.Type

/**
 * A member to read again: why, what it costs (parts of the list, so many requests), and how many changed ratings it is
 * expected to find. `films` is how many
 * films the members list states. `isLook` says that only the first part is read at first, and the rest where that shows changes.
 *
 * @since 0.1.0
 * @category models
 */
export const PlannedMember = Schema.Struct({
  username: Username,
  reason: RefreshReason,
  requests: Schema.Positive,
  expected: Schema.NonNegative,
  isLook: Schema.Boolean,
  films: Schema.optionalWith(Schema.NonNegativeInt, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface PlannedMember extends Schema.Schema.Type<typeof PlannedMember> {}

/**
 * What a refresh concludes and does:
 *
 * - `members`: who is read again, in order.
 * - `unchanged`: how many members the members list, or the first part of their own, states the same number of films for, and
 *   that are not due. This is concluded from counts alone: ratings may have changed.
 * - `notDue`: how many members nothing was asked about, because changes are unlikely by now.
 * - `beyondBudget`: how many members would be read if the budget were larger.
 *
 * @since 0.1.0
 * @category models
 */
export const RefreshPlan = Schema.Struct({
  members: Schema.Array(PlannedMember),
  unchanged: Schema.NonNegativeInt,
  notDue: Schema.NonNegativeInt,
  beyondBudget: Schema.NonNegativeInt
})

/**
 * @since 0.1.0
 * @category models
 */
export interface RefreshPlan extends Schema.Schema.Type<typeof RefreshPlan> {}

/**
 * What the first part of a list says of it: it states the same numbers as the dataset has, or others, or it could not be
 * had.
 *
 * @since 0.1.0
 * @category models
 */
export type Look = "same" | "changed" | "unknown"

/**
 * What is known when a plan is made. `rateOf` tells how fast a member changes, `listed` how many films the members list
 * states, `looked` what the first parts say that were read. `asked` are names that the user gave: only these are considered, and all are read. With `olderThanDays`, all
 * members whose last reading is older are read. `budget` is how many requests may be sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshFacts {
  readonly state: Pick<DatasetState, "members">
  readonly rateOf: (record: MemberRecord) => ChangeRate
  readonly listed: ReadonlyMap<Username, number>
  readonly looked: ReadonlyMap<Username, Look>
  readonly now: DateTime.Utc
  readonly asked?: ReadonlyArray<Username>
  readonly olderThanDays?: number
  readonly budget?: number
}

/** Counts cannot show every change, so each member is read once in so many days at least ... */
const mostDays = 180
/** ... and none because it is due before so many have passed. */
const leastDays = 14
/** Members are due when so many hidden changes are expected. */
const hiddenWhenDue = 5
/** A member whose number of films is not listed is looked at when a change is as likely as this. */
const likelyWhenLooked = 0.5
/** Of members that are gone or private, nothing is expected; one look in so many days finds those who came back. */
const daysOfAbsent = 90

/**
 * The members that a refresh considers: those with a complete list, and those who were gone or private. Partial members
 * are completed by a run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const canBeRefreshed = ({ state }: MemberRecord): boolean =>
  state === "sealed" || state === "gone" || state === "private"

/** How many films the dataset counts of a member. */
const filmsOf = ({ films, statedFilms = films }: MemberRecord): number => statedFilms

/** Letterboxd shows 72 films on a page. A list that was imported has no pages, and costs about as many. */
const usualFilmsInPart = 72

const partsOf = (record: MemberRecord): number =>
  Math.max(1, record.lastPage > 0 ? record.lastPage : Math.ceil(filmsOf(record) / usualFilmsInPart))

type Weighed = PlannedMember | "unchanged" | "not due"

const weigh = (record: MemberRecord, { listed, looked, now, olderThanDays, rateOf }: RefreshFacts): Weighed => {
  const { username } = record
  const days = daysBetween(record.readAt, now)
  const rate = rateOf(record)
  const listedFilms = listed.get(username)
  const parts = partsOf(record)
  const planned = (reason: RefreshReason, expected: number, isLook = false): PlannedMember => ({
    username,
    reason,
    requests: isLook ? 1 : parts,
    expected,
    isLook,
    ...(listedFilms === undefined ? {} : { films: listedFilms })
  })
  const isOld = olderThanDays !== undefined && days >= olderThanDays
  if (record.state !== "sealed") {
    if (listedFilms !== undefined || isOld) return planned("count", listedFilms ?? 1)
    return days >= daysOfAbsent ? planned("due", 1) : "not due"
  }
  if (listedFilms !== undefined) {
    const difference = Math.abs(listedFilms - filmsOf(record))
    if (difference > 0) return planned("count", difference + rate.hidden * days)
    if (isOld) return planned("asked", rate.hidden * days)
    const isDue = days >= mostDays || (days >= leastDays && rate.hidden * days >= hiddenWhenDue)
    return isDue ? planned("due", rate.hidden * days) : "unchanged"
  }
  if (isOld) return planned("asked", rate.ratings * days)
  const likely = 1 - Math.exp(-rate.times * days)
  const look = looked.get(username)
  if (look === "changed") return planned("first-part", rate.ratings * days)
  if (look === "same" && days < mostDays) return "unchanged"
  if (look === "unknown" || (days < mostDays && likely < likelyWhenLooked)) return "not due"
  // The first part states the number of films, so most lists need not be read whole.
  return planned("due", rate.ratings * days, parts > 1 && look === undefined)
}

/** What a request finds. Members with the same value stand in the order of their last readings. */
const valueOf = ({ expected, requests }: PlannedMember): number => expected / requests

/**
 * Makes a plan. Members are read in the order of what a request is expected to find: so a budget of requests buys the most
 * changes, and a member that changes all the time, and was read yesterday, does not take the place of one that changes
 * slowly, and was read long ago. Pure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makePlan = (facts: RefreshFacts): RefreshPlan => {
  const { asked, budget = Infinity, state } = facts
  if (asked !== undefined) {
    const members = asked.map((username): PlannedMember => {
      const record = state.members.get(username)
      return {
        username,
        reason: "asked",
        requests: record === undefined ? 1 : partsOf(record),
        expected: 0,
        isLook: false
      }
    })
    return { ...withinBudget(members, budget), unchanged: 0, notDue: 0 }
  }
  const records = [...state.members.values()]
    .filter(canBeRefreshed)
    .toSorted((one, other) => one.readAt.epochMillis - other.readAt.epochMillis)
  const planned: Array<PlannedMember> = []
  let unchanged = 0
  let notDue = 0
  for (const record of records) {
    const weighed = weigh(record, facts)
    if (weighed === "unchanged") unchanged += 1
    else if (weighed === "not due") notDue += 1
    else planned.push(weighed)
  }
  return {
    ...withinBudget(
      planned.toSorted((one, other) => valueOf(other) - valueOf(one)),
      budget
    ),
    unchanged,
    notDue
  }
}

/** Whoever does not fit is passed over: a smaller list behind may. */
const withinBudget = (
  planned: ReadonlyArray<PlannedMember>,
  budget: number
): Pick<RefreshPlan, "beyondBudget" | "members"> => {
  let left = budget
  const members = planned.filter(({ requests }) => {
    if (requests > left) return false
    left -= requests
    return true
  })
  return { members, beyondBudget: planned.length - members.length }
}
