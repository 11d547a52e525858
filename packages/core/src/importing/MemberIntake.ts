/**
 * What an import does to one member: whether its list is taken, and which rows change.
 *
 * @since 0.1.0
 */
import { Data, DateTime } from "effect"
import type { BatchMember, DatasetState } from "../dataset/Batch.ts"
import type { Keeps } from "../dataset/Column.ts"
import {
  differencesOf,
  type EncodedRows,
  heldOf,
  type HeldRows,
  isSameRow,
  joining,
  leastWritten,
  noDifferences,
  type RowDifferences
} from "../dataset/HeldRows.ts"
import type { IdRegistry } from "../dataset/IdRegistry.ts"
import { sampleOfRatings } from "../dataset/RatingsSample.ts"
import type { MemberRecord, WatchedFilm } from "../dataset/Tables.ts"
import { type FilmId, filmIdFromNumber } from "../domain/Film.ts"
import type { UserId } from "../domain/Member.ts"
import { encodeFilms, encodeMember } from "../harvest/EncodedMember.ts"
import { withHeldFacts } from "../harvest/ListsCompared.ts"
import { addPart, noParts } from "../harvest/ReadMember.ts"
import { mayLackRatings, statedRatings } from "../reading/LostRatings.ts"
import {
  canBeCompleted,
  judgeCompletion,
  judgeMember,
  type MemberReading,
  ratingsIn
} from "../reading/MemberReading.ts"
import { type EntriesWindow, ImportedList, type ImportedMember } from "./ImportSource.ts"

/**
 * Why a list is not taken:
 *
 * - `older`: the dataset holds a list that was read later.
 * - `proven`: the dataset holds a list that proves more.
 * - `incomplete`: the pages do not complete the list, and the dataset holds rows of the member. `reading` tells which
 *   pages are missing.
 * - `superseded`: the rows belong to a list that was replaced since.
 */
type KeptReason = "incomplete" | "older" | "proven" | "superseded"

/**
 * What becomes of a member:
 *
 * - `Taken`: `member` is its part of the batch.
 * - `Confirmed`: the dataset holds the same already, and notes in the member's record that it was told so.
 * - `Unchanged`: the dataset holds the same already.
 * - `Kept`: the dataset stays as it is, for a reason.
 *
 * @since 0.1.0
 * @category models
 */
export type Intake = Data.TaggedEnum<{
  Taken: { readonly member: BatchMember; readonly differences: RowDifferences; readonly missing: ReadonlyArray<number> }
  Confirmed: { readonly member: BatchMember }
  Unchanged: {}
  Kept: { readonly reason: KeptReason; readonly missing: ReadonlyArray<number> }
}>

/**
 * Creates, distinguishes and matches what becomes of members.
 *
 * @since 0.1.0
 * @category constructors
 */
export const Intake = Data.taggedEnum<Intake>()

/**
 * What a member is taken into: the dataset's users and members now, the rows it holds of this member, and what it keeps.
 *
 * @since 0.1.0
 * @category models
 */
export interface IntakeContext {
  readonly state: Pick<DatasetState, "members" | "users">
  readonly registry: IdRegistry
  readonly keeps: Keeps
  readonly held: HeldRows
}

const kept = (reason: KeptReason, missing: ReadonlyArray<number> = []): Intake => Intake.Kept({ reason, missing })

/**
 * Takes a list into a dataset. The rules:
 *
 * - A complete list replaces what was read before it. An older one is not taken. Rows that were learnt after it stay.
 * - Pages that are not complete start a member, or complete one whose other pages are there. They never change a list
 *   that is there.
 * - Entries add ratings, and change those that are older than the entry. They remove none.
 * - An unproven list replaces only an older unproven one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const takeMember = (imported: ImportedMember, context: IntakeContext): Intake =>
  ImportedList.$match(imported.list, {
    Complete: (list) => takeComplete(imported, list, context),
    Pages: (pages) => takePages(imported, pages, context),
    Entries: (list) => takeEntries(imported, list, context),
    Unproven: ({ films }) => takeUnproven(imported, films, context),
    Additions: ({ films }) => takeAdditions(imported, films, context)
  })

const isAfter = (one: DateTime.Utc, other: DateTime.Utc): boolean => DateTime.greaterThan(one, other)

type ReadFacts = Pick<ImportedMember, "readAt" | "source" | "username">

const recordOf = (
  { readAt, source, username }: ReadFacts,
  userId: UserId,
  facts: Pick<MemberRecord, "films" | "proof" | "ratings" | "state"> & Pick<Partial<MemberRecord>, "missing" | "seen">
): MemberRecord => ({
  username,
  userId,
  readAt,
  lastPage: 0,
  missing: [],
  doubts: [],
  verdicts: {},
  source,
  ...facts
})

/**
 * Whether the dataset holds a list that was read completely, or the rows of a member that is gone, private or renamed by now:
 * nobody knows how old these are.
 */
const holdsList = ({ state }: MemberRecord, held: HeldRows): boolean =>
  state === "sealed" || (state !== "partial" && state !== "unproven" && held.ratings.size > 0)

const takeComplete = (
  imported: ImportedMember,
  { films, isUnchecked }: Omit<Extract<ImportedList, { readonly _tag: "Complete" }>, "_tag">,
  context: IntakeContext
): Intake => {
  const { held, state } = context
  const before = state.members.get(imported.username)
  if (before !== undefined && holdsList(before, held) && isAfter(before.readAt, imported.readAt)) return kept("older")
  // A file that was cut at the end of a line reads as a shorter one.
  const ratings = ratingsIn(films)
  const ratingsBefore = before?.state === "unproven" ? 0 : held.ratings.size
  if (
    isUnchecked === true &&
    ratingsBefore > 0 &&
    mayLackRatings({ films: films.length, ratings, ratingsBefore, parts: [] })
  )
    return kept("proven")
  return takeWhole(imported, films, context, { state: "sealed", proof: "export" })
}

const takeUnproven = (imported: ImportedMember, films: ReadonlyArray<WatchedFilm>, context: IntakeContext): Intake => {
  const { state } = context
  const before = state.members.get(imported.username)
  if (state.users.has(imported.username) && before?.state !== "unproven") return kept("proven")
  if (before !== undefined && isAfter(before.readAt, imported.readAt)) return kept("older")
  return takeWhole(imported, films, context, { state: "unproven", proof: "none" })
}

/** A list in one piece, in the place of what the dataset holds of the member. */
const takeWhole = (
  imported: ImportedMember,
  films: ReadonlyArray<WatchedFilm>,
  { held, keeps, registry, state }: IntakeContext,
  facts: Pick<MemberRecord, "proof" | "state">
): Intake => {
  const { isNew, userId } = registry.user(imported.username)
  const rows = encodeFilms(registry, keeps, userId, films)
  const record = recordOf(imported, userId, {
    ...facts,
    films: films.length,
    ratings: rows.ratings.length,
    // A member of whom nothing is proven is told again by no sample.
    ...(facts.state === "sealed" && rows.ratings.length > 0 ? { seen: sampleOfRatings(rows.ratings) } : {})
  })
  return replacing({ record, isNew, write: "replace", ...rows }, state.members.get(imported.username), held)
}

/** The films are those of rows that had no number when the rest of the list was taken. */
const takeAdditions = (imported: ImportedMember, films: ReadonlyArray<WatchedFilm>, context: IntakeContext): Intake => {
  const { held, keeps, registry, state } = context
  const before = state.members.get(imported.username)
  if (before === undefined && !state.users.has(imported.username)) return takeUnproven(imported, films, context)
  const isSameList =
    before?.state === "unproven" &&
    before.source === imported.source &&
    DateTime.Equivalence(before.readAt, imported.readAt)
  if (before === undefined || !isSameList) return kept("superseded")
  const added = films.filter(({ film: { id } }) => !held.ratings.has(id) && !held.watched.has(id))
  if (added.length === 0) return Intake.Unchanged()
  const rows = encodeFilms(registry, keeps, before.userId, added)
  const record = {
    ...before,
    films: before.films + added.length,
    ratings: before.ratings + rows.ratings.length
  }
  return Intake.Taken({
    member: { record, isNew: false, write: "append", ...rows },
    differences: { ...noDifferences, added: rows.ratings.length },
    missing: []
  })
}

const takePages = (
  imported: ImportedMember,
  { listedFilms, parts, rated }: Omit<Extract<ImportedList, { readonly _tag: "Pages" }>, "_tag">,
  { held, keeps, registry, state }: IntakeContext
): Intake => {
  const { readAt, source, username } = imported
  const before = state.members.get(username)
  const collected = noParts()
  for (const part of parts) addPart(collected, part)

  /** A part that lost the marks of its ratings reads as a list of unrated films. */
  const confirmed = (reading: MemberReading): MemberReading => {
    const ratings = ratingsIn(reading.films)
    const isDoubtful =
      reading.state === "sealed" &&
      mayLackRatings({ films: reading.films.length, ratings, ratingsBefore: before?.ratings ?? 0, parts }) &&
      ((statedRatings(parts) ?? 0) > ratings || rated === undefined || rated.atLeast > ratings)
    return isDoubtful ? { ...reading, state: "partial", doubts: [...reading.doubts, "ratings-missing"] } : reading
  }
  const whole = confirmed(judgeMember(username, parts, listedFilms))
  const completed =
    whole.state === "partial" && before !== undefined && canBeCompleted(before)
      ? judgeCompletion(
          before,
          parts.filter(({ number }) => before.missing.includes(number))
        )
      : undefined
  const isCompletion = before !== undefined && completed !== undefined
  const reading = completed ?? whole
  const waits = reading.missing
  if (isCompletion && completed.films.length === 0 && completed.state === "partial") return kept("incomplete", waits)
  const hasOlder = before !== undefined && before.state !== "partial" && before.state !== "unproven"
  if (hasOlder && !isCompletion && isAfter(before.readAt, readAt)) return kept("older", waits)
  const [member] = encodeMember(
    registry,
    state,
    { reading, collected, ...(isCompletion ? { completes: before } : {}) },
    { keeps, provenance: { source, proof: "saved-pages" }, readAt }
  )
  if (member === undefined) return kept("incomplete", waits)
  // Of a member that the dataset has rows of, no more than the reason why it waits could change.
  const hasRows = member.ratings.length + (member.watched?.length ?? 0) > 0
  if (before !== undefined && !isCompletion && reading.state === "partial" && !hasRows) return kept("incomplete", waits)
  if (reading.state === "sealed" && !isCompletion) return replacing(member, before, held)
  if (before !== undefined && !isCompletion && !hasRows && isSameFact(before, member.record)) return Intake.Unchanged()
  return Intake.Taken({
    member,
    differences: {
      ...noDifferences,
      added: member.ratings.length,
      removed: member.write === "replace" ? held.ratings.size : 0
    },
    missing: waits
  })
}

const isSameFact = (before: MemberRecord, { readAt, renamedTo, state }: MemberRecord): boolean =>
  before.state === state && before.renamedTo === renamedTo && !isAfter(readAt, before.readAt)

/**
 * What a record says of the feeds that were asked for. Feeds whose windows touch show as much as one with a larger window.
 */
const feedFacts = (
  before: Pick<MemberRecord, "feedAt" | "feedFrom" | "readAt"> | undefined,
  window: EntriesWindow | undefined
): Pick<MemberRecord, "feedAt" | "feedFrom"> => {
  if (window === undefined) return {}
  const { at, from = DateTime.unsafeMake(0) } = window
  const touches =
    before?.feedAt !== undefined && before.feedFrom !== undefined && DateTime.lessThanOrEqualTo(from, before.feedAt)
  return { feedAt: at, feedFrom: touches ? DateTime.min(before.feedFrom, from) : from }
}

const takeEntries = (
  imported: ImportedMember,
  { entries, window }: Omit<Extract<ImportedList, { readonly _tag: "Entries" }>, "_tag">,
  { held, keeps, registry, state }: IntakeContext
): Intake => {
  const { username } = imported
  const before = state.members.get(username)
  const isNew = !state.users.has(username)
  // The dataset may lack entries from before the time at which it learnt of the member.
  const hasGaps = before === undefined || before.state === "unproven" || before.proof === "feed"
  const later = laterFilmsOf(before)
  const wanted = new Map<FilmId, WatchedFilm>()
  const minutes = new Map<FilmId, number>()
  for (const { at, watched } of entries) {
    const { id } = watched.film
    const isLater = before === undefined ? isNew : isNoOlder(minuteOf(at), before.readAt)
    const heldRating = held.ratings.get(id)
    const isHeld = heldRating !== undefined || held.watched.has(id)
    const isTaken = isHeld
      ? (isLater || before?.proof === "feed") &&
        minuteOf(at) > (later.get(id) ?? -Infinity) &&
        watched.rating !== undefined
      : isLater || hasGaps
    const earlier = wanted.get(id)
    // A later entry without a rating does not take back the rating of an earlier one.
    if (!isTaken || (watched.rating === undefined && earlier?.rating !== undefined)) continue
    wanted.delete(id)
    wanted.set(id, watched)
    minutes.set(id, minuteOf(at))
  }
  /** What an entry tells again is as new as the entry: an older list does not take it away. */
  const told = (now: HeldRows): Pick<MemberRecord, "feedAt" | "feedFrom" | "laterFilms"> => {
    const films = [...minutes].filter(([id]) => now.ratings.has(id) || now.watched.has(id))
    return {
      ...(films.length === 0 ? {} : { laterFilms: laterFilmsFrom([...later, ...films]) }),
      ...feedFacts(before, window)
    }
  }
  const confirmed = (): Intake => {
    const news = told(held)
    return before === undefined || Object.keys(news).length === 0
      ? Intake.Unchanged()
      : Intake.Confirmed({
          member: { record: { ...before, ...news }, isNew: false, write: "append", ratings: [] }
        })
  }
  if (wanted.size === 0) return confirmed()
  const { userId } = registry.user(username)
  const rows = encodeFilms(registry, keeps, userId, [...wanted.values()])
  if (isNew) return startedByEntries(imported, userId, rows, minutes, feedFacts(undefined, window))
  const joined = joining(held, {
    ...rows,
    ratings: rows.ratings.map((row) => withHeldFacts(row, held.ratings.get(row.filmId)))
  })
  const differences = differencesOf(held, joined.all)
  const isSame = differences.added + differences.changed === 0 && joined.all.watched.length === held.watched.size
  if (isSame) return confirmed()
  if (before === undefined) return kept("proven")
  const after = heldOf(joined.all)
  const isJoining = (id: FilmId) => !held.ratings.has(id) && !held.watched.has(id) && !isSameRow(held, after, id)
  const { seen, ...rest } = before
  const record: MemberRecord = {
    ...rest,
    // The missing pages of a partial member may show these films too, so its list can only be read as a whole.
    ...(before.state === "partial" || seen === undefined ? {} : { seen }),
    films: before.films + [...wanted.keys()].filter(isJoining).length,
    ratings: joined.all.ratings.length,
    ...told(after)
  }
  return Intake.Taken({
    member: joined.isAddition
      ? { record, isNew: false, write: "append", ...joined.added }
      : { record, isNew: false, write: "replace", ...joined.all },
    differences,
    missing: []
  })
}

/** A member of whom only entries are known: all pages of its list are missing. */
const startedByEntries = (
  imported: ImportedMember,
  userId: UserId,
  rows: EncodedRows,
  minutes: ReadonlyMap<FilmId, number>,
  facts: Pick<MemberRecord, "feedAt" | "feedFrom">
): Intake => {
  const record: MemberRecord = {
    ...recordOf(imported, userId, {
      state: "partial",
      films: minutes.size,
      ratings: rows.ratings.length,
      missing: [1],
      proof: "feed"
    }),
    laterFilms: laterFilmsFrom(minutes),
    ...facts
  }
  return Intake.Taken({
    member: { record, isNew: true, write: "append", ...rows },
    differences: { ...noDifferences, added: rows.ratings.length },
    missing: []
  })
}

/**
 * Whether an entry of this minute stays where a list of that time says something else. The times of exports are known to the
 * minute only. An entry of the same minute stays, because nothing is lost by that.
 */
const isNoOlder = (minute: number, listReadAt: DateTime.Utc): boolean => minute >= minuteOf(listReadAt)

const minuteOf = (at: DateTime.Utc): number => Math.floor(at.epochMillis / 60_000)

/** The films whose rows were learnt after the list, and when: minutes since 1970. */
const laterFilmsOf = (record: MemberRecord | undefined): ReadonlyMap<FilmId, number> =>
  new Map(
    Object.entries(record?.laterFilms ?? {}).flatMap(([number, minute]) => {
      const id = filmIdFromNumber(Number(number))
      return id === undefined ? [] : [[id, minute] as const]
    })
  )

const laterFilmsFrom = (films: Iterable<readonly [FilmId, number]>): NonNullable<MemberRecord["laterFilms"]> =>
  Object.fromEntries(films)

/** The films whose rows stay when a list is taken: those that were learnt after it. An unproven list takes none away. */
const learntLater = (
  before: MemberRecord | undefined,
  held: HeldRows,
  record: MemberRecord
): ReadonlyMap<FilmId, number> => {
  if (before === undefined) return new Map()
  const readBefore = minuteOf(before.readAt)
  // Pages of a list that is not complete, and were read later than this one.
  const shown =
    before.state === "partial" && before.proof !== "feed" && isAfter(before.readAt, record.readAt)
      ? [...held.ratings.keys(), ...held.watched.keys()].map((id) => [id, readBefore] as const)
      : []
  const stays = (minute: number) => record.state === "unproven" || isNoOlder(minute, record.readAt)
  return new Map([...shown, ...[...laterFilmsOf(before)].filter(([, minute]) => stays(minute))])
}

/** What is known of feeds that were asked for after the list was read. */
const laterFeed = (
  before: MemberRecord | undefined,
  { readAt }: MemberRecord
): Pick<MemberRecord, "feedAt" | "feedFrom"> =>
  before?.feedAt !== undefined && before.feedFrom !== undefined && isAfter(before.feedAt, readAt)
    ? { feedAt: before.feedAt, feedFrom: before.feedFrom }
    : {}

/** A list that takes the place of what the dataset holds of a member, but for what was learnt later. */
const replacing = (
  { isNew, record, ratings: listed, watched = [] }: BatchMember,
  before: MemberRecord | undefined,
  held: HeldRows
): Intake => {
  const ratings = listed.map((row) => withHeldFacts(row, held.ratings.get(row.filmId)))
  const later = learntLater(before, held, record)
  let rows: EncodedRows = { ratings, watched }
  let after: MemberRecord = { ...record, ...laterFeed(before, record) }
  if (later.size > 0) {
    const stay = {
      ratings: [...held.ratings.values()].filter(({ filmId }) => later.has(filmId)),
      watched: [...held.watched.values()].filter(({ filmId }) => later.has(filmId))
    }
    const shown = heldOf(rows)
    rows = joining(shown, stay).all
    after = {
      ...after,
      ratings: rows.ratings.length,
      films: record.films + [...later.keys()].filter((id) => !shown.ratings.has(id) && !shown.watched.has(id)).length,
      laterFilms: laterFilmsFrom(later)
    }
  }
  const differences = differencesOf(held, rows)
  const isSame = differences.added + differences.changed + differences.removed === 0
  const isSameWatched =
    rows.watched.length === held.watched.size && rows.watched.every(({ filmId }) => held.watched.has(filmId))
  if (isNew || !isSame || !isSameWatched) {
    return Intake.Taken({
      member: leastWritten({ record: after, isNew, write: "replace", ...rows }, held),
      differences,
      missing: []
    })
  }
  const isKnown =
    before !== undefined &&
    before.state === after.state &&
    before.proof === after.proof &&
    !isAfter(after.readAt, before.readAt)
  return isKnown
    ? Intake.Unchanged()
    : Intake.Taken({
        member: { record: after, isNew: false, write: "append", ratings: [], watched: [] },
        differences,
        missing: []
      })
}
