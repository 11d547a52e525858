/**
 * What later readings change, and which readings there were: enough to say what a dataset was on any day.
 *
 * A dataset needs no history until a member is read again: up to then, the records of its members say it all. From the
 * batch on that begins to keep `changes`, each reading has a row in `readings`, and each rating that it changes one in
 * `changes`. The rows of a member's first list are not written a second time.
 *
 * @since 0.1.0
 */
import { DateTime, Effect, Stream } from "effect"
import type { UserId, Username } from "../domain/Member.ts"
import type { Batch, BatchMember } from "./Batch.ts"
import type { Keeps } from "./Column.ts"
import { heldRowsOf, type HeldRows } from "./HeldRows.ts"
import { ratingBlocksOf, runForEachRating } from "./RatingBlock.ts"
import type { DatasetRows, RowStreams, WholeDataset } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"
import type { LoggedReading, MemberRecord, RatingChange } from "./Tables.ts"

/** A dataset, as far as its history depends on it. */
interface Known {
  readonly users: ReadonlyMap<Username, UserId>
  readonly members: ReadonlyMap<Username, MemberRecord>
  readonly updates: ReadonlyMap<Username, DateTime.Utc>
  readonly keeps: Keeps
}

/**
 * What a batch adds to the history of a dataset. All readings of members in `readAnew` are among `readings`: they take the
 * place of those that are there.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistoryRows {
  readonly changes: ReadonlyArray<RatingChange>
  readonly readings: ReadonlyArray<LoggedReading>
  readonly readAnew: ReadonlySet<UserId>
}

/** A member of whom no rating was known: its list is its first one. */
const hasNoList = (before: MemberRecord | undefined, { isNew }: BatchMember): boolean =>
  isNew || (before?.state === "partial" && before.ratings === 0)

/**
 * Whether one of these members is read again, so that the dataset needs a history from now on. The first list of a member
 * may take several batches: the parts of a partial member that were missing are not a second reading. Entries of a feed are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const areReadAgain = (
  { members: known }: Pick<Known, "members">,
  members: ReadonlyArray<BatchMember>
): boolean =>
  members.some((member) => {
    const before = known.get(member.record.username)
    if (hasNoList(before, member)) return false
    if (before === undefined) return true
    const areEntries = member.ratings.length > 0 && member.record.laterFilms !== before.laterFilms
    return member.write === "replace" || before.state !== "partial" || areEntries
  })

/** A reading that was committed at a time. */
const logged = ({ seen: _seen, ...record }: MemberRecord, at: DateTime.Utc): LoggedReading => ({ at, ...record })

/** When a member was read of whom that is unknown. */
const beforeAnything = DateTime.unsafeMake(0)

/**
 * The record of a member of whom nothing but the rows is known. The time of it may be unknown, too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unrecordedMember = (
  username: Username,
  userId: UserId,
  counts: Pick<MemberRecord, "films" | "ratings">,
  readAt = beforeAnything
): MemberRecord => ({
  username,
  userId,
  state: "unproven",
  readAt,
  lastPage: 0,
  missing: [],
  ...counts,
  doubts: [],
  verdicts: {}
})

const ofRowsAlone = (username: Username, userId: UserId, ratings: number, readAt?: DateTime.Utc): LoggedReading => {
  const record = unrecordedMember(username, userId, { films: ratings, ratings }, readAt)
  return logged(record, record.readAt)
}

/** The readings from before a dataset kept them: one of each member. Counts the rows of members without a record. */
const readingsBefore = (
  { members, updates, users }: Known,
  ratings: WholeDataset["ratings"]
): Effect.Effect<ReadonlyArray<LoggedReading>, StorageError> =>
  Effect.gen(function* () {
    const counts = new Map<UserId, number>()
    for (const [username, userId] of users) if (!members.has(username)) counts.set(userId, 0)
    if (counts.size > 0) {
      yield* runForEachRating(ratings, ({ userId }) => {
        const count = counts.get(userId)
        if (count !== undefined) counts.set(userId, count + 1)
      })
    }
    return Array.from(users, ([username, userId]) => {
      const record = members.get(username)
      return record === undefined
        ? ofRowsAlone(username, userId, counts.get(userId) ?? 0, updates.get(username))
        : logged(record, record.readAt)
    })
  })

/**
 * The readings of a dataset: those that its history has, or, where it keeps none, the last one of each member. Counts the
 * rows of members without a record.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loggedReadings = ({
  ratings,
  readings,
  state
}: Pick<WholeDataset, "ratings" | "readings"> & { readonly state: Known }): Stream.Stream<
  LoggedReading,
  StorageError
> =>
  state.keeps.has("changes")
    ? readings
    : Stream.unwrap(Effect.map(readingsBefore(state, ratings), (before) => Stream.fromIterable(before)))

/**
 * The readings of members of whom one has a name that nothing may have any more, or led to it, without that name: a member
 * who had it has the name of today there.
 */
const readingsWithout = (
  names: ReadonlySet<Username>,
  users: Known["users"],
  readings: RowStreams["readings"]
): Effect.Effect<Pick<HistoryRows, "readings" | "readAnew">, StorageError> =>
  Effect.gen(function* () {
    const isOne = (name: Username | undefined) => name !== undefined && names.has(name)
    const readAnew = new Set<UserId>()
    yield* Stream.runForEach(readings, ({ renamedTo, userId, username }) =>
      Effect.sync(() => (isOne(renamedTo) || isOne(username) ? readAnew.add(userId) : undefined))
    )
    if (readAnew.size === 0) return { readings: [], readAnew }
    const namesNow = new Map(Array.from(users, ([username, userId]) => [userId, username]))
    const all = yield* Stream.runCollect(Stream.filter(readings, ({ userId }) => readAnew.has(userId)))
    return {
      readings: Array.from(all, ({ renamedTo, ...reading }) => ({
        ...reading,
        username: isOne(reading.username) ? (namesNow.get(reading.userId) ?? reading.username) : reading.username,
        ...(renamedTo === undefined || isOne(renamedTo) ? {} : { renamedTo })
      })),
      readAnew
    }
  })

const changesOf = (
  at: DateTime.Utc,
  { ratings, record: { userId }, write }: BatchMember,
  held: HeldRows
): ReadonlyArray<RatingChange> => {
  const changes: Array<RatingChange> = []
  const left = new Map(held.ratings)
  for (const { filmId, rating: after } of ratings) {
    const before = left.get(filmId)?.rating
    left.delete(filmId)
    if (before !== after) changes.push({ at, userId, filmId, ...(before === undefined ? {} : { before }), after })
  }
  if (write === "append") return changes
  for (const { filmId, rating: before } of left.values()) changes.push({ at, userId, filmId, before })
  return changes
}

/**
 * What a batch adds to the history of a dataset; `undefined` where it keeps none. Reads the rows of members whose list is replaced, unless the batch has them (`held`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const historyOf = (
  dataset: Known,
  rows: Pick<DatasetRows, "ratingBlocks" | "ratings" | "readings" | "rowsOfMembers" | "watched">,
  batch: Batch
): Effect.Effect<HistoryRows | undefined, StorageError> =>
  Effect.gen(function* () {
    const hasBegun = dataset.keeps.has("changes")
    if (!hasBegun && !new Set(batch.keeps).has("changes")) return undefined
    const known = batch.members.filter(
      (member) => member.record.state !== "forgotten" && !hasNoList(dataset.members.get(member.record.username), member)
    )
    // What joins was not there, or the dataset would hold a film of a member twice.
    const unread = known.filter(({ held, write }) => held === undefined && write === "replace")
    const read = yield* heldRowsOf(
      { ...rows, watched: Stream.empty },
      unread.map(({ record }) => record.userId)
    )
    const none = { ratings: new Map(), watched: new Map() }
    const at = batch.committedAt
    const gone = new Set(batch.members.flatMap(({ record }) => (record.state === "forgotten" ? [record.userId] : [])))
    const others =
      batch.forgets === undefined || !hasBegun
        ? { readings: [], readAnew: new Set<UserId>() }
        : yield* readingsWithout(
            batch.forgets,
            dataset.users,
            Stream.filter(rows.readings, ({ userId }) => !gone.has(userId))
          )
    return {
      readAnew: others.readAnew,
      changes: known.flatMap((member) => changesOf(at, member, member.held ?? read.get(member.record.userId) ?? none)),
      readings: [
        ...others.readings,
        ...(hasBegun ? [] : yield* readingsBefore(dataset, ratingBlocksOf(rows))),
        ...batch.members.flatMap(({ record }) => (record.state === "forgotten" ? [] : [logged(record, at)]))
      ]
    }
  })
