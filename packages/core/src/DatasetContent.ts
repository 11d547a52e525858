/**
 * A dataset held whole, as small storages do.
 *
 * @since 0.1.0
 */
import { Chunk, type DateTime, Effect, Stream } from "effect"
import { type Batch, type DatasetState, emptyDatasetState } from "./Batch.ts"
import type { EncodedRating } from "./Rating.ts"
import type { WholeDataset } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"

/**
 * All of a dataset: its state, its ratings in order, and when it was last committed to. `idGaps` counts the user ids
 * that a loaded dataset skipped.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetContent {
  readonly state: DatasetState
  readonly ratings: ReadonlyArray<EncodedRating>
  readonly committedAt: DateTime.Utc
  readonly idGaps: number
}

/**
 * How many user ids a dataset skips: ours skip none, one that was taken over may.
 *
 * @since 0.1.0
 * @category constructors
 */
export const idGapsIn = (users: DatasetState["users"]): number => {
  let highest = 0
  for (const userId of users.values()) highest = Math.max(highest, userId)
  return highest - users.size
}

/**
 * A dataset that holds nothing yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyContent = (committedAt: DateTime.Utc): DatasetContent => ({
  state: emptyDatasetState,
  ratings: [],
  committedAt,
  idGaps: 0
})

/**
 * What a dataset is after a batch. Costs time in proportion to the dataset where members are replaced, else to its
 * members and films and the batch.
 *
 * @since 0.1.0
 * @category constructors
 */
export const contentAfter = (before: DatasetContent, batch: Batch): DatasetContent => {
  const users = new Map(before.state.users)
  const films = new Map(before.state.films)
  const members = new Map(before.state.members)
  const updates = new Map(before.state.updates)
  for (const film of batch.newFilms) films.set(film.id, film)
  for (const { after } of batch.changedFilms) films.set(after.id, after)
  for (const { isNew, record } of batch.members) {
    if (isNew) users.set(record.username, record.userId)
    members.set(record.username, record)
    if (record.state === "sealed") updates.set(record.username, record.readAt)
  }
  const replaced = new Set(batch.members.flatMap(({ record, write }) => (write === "replace" ? [record.userId] : [])))
  const kept = replaced.size === 0 ? before.ratings : before.ratings.filter(({ userId }) => !replaced.has(userId))
  const ratings = kept.concat(batch.members.flatMap((member) => member.ratings))
  return {
    state: { users, films, members, updates, ratings: ratings.length, batches: before.state.batches + 1 },
    ratings,
    committedAt: batch.committedAt,
    idGaps: before.idGaps
  }
}

/**
 * A whole dataset, read into memory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const contentOf = ({ committedAt, ratings, state }: WholeDataset): Effect.Effect<DatasetContent, StorageError> =>
  Effect.map(Stream.runCollect(ratings), (rows) => ({
    state: { ...state, ratings: rows.length, batches: Math.max(1, state.batches) },
    ratings: Chunk.toReadonlyArray(rows),
    committedAt,
    idGaps: idGapsIn(state.users)
  }))

/**
 * What is wrong with a dataset, in sentences; none of a sound one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const problemsOf = ({
  idGaps,
  ratings,
  state: { films, members, users }
}: DatasetContent): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const ids = new Set(users.values())
  if (ids.size !== users.size || idGapsIn(users) !== idGaps) problems.push("user ids are not 1, 2, 3 ...")
  const pairs = new Set<string>()
  const counts = new Map<number, number>()
  for (const { filmId, userId } of ratings) {
    if (!ids.has(userId)) problems.push(`a rating of user ${userId}, who is nobody`)
    if (!films.has(filmId)) problems.push(`a rating of film ${filmId}, which is none`)
    pairs.add(`${userId} ${filmId}`)
    counts.set(userId, (counts.get(userId) ?? 0) + 1)
  }
  if (pairs.size !== ratings.length) problems.push(`${ratings.length - pairs.size} ratings are there twice`)
  for (const { ratings: wanted, userId, username } of members.values()) {
    if ((counts.get(userId) ?? 0) !== wanted)
      problems.push(`${username} has ${counts.get(userId) ?? 0} ratings, and should have ${wanted}`)
  }
  return problems
}
