/**
 * A dataset in memory: gone with the process, and the reference for what a storage does.
 *
 * @since 0.1.0
 * @module
 */
import {
  type Batch,
  type DatasetState,
  emptyDatasetState,
  type EncodedRating,
  type OpenDataset,
  RatingsStorage,
  StorageError,
  type StorageErrorReason
} from "@letterboxd-ratings/core"
import { Chunk, type Context, DateTime, Effect, Layer, Stream } from "effect"

/** A dataset at a place. */
interface Held {
  readonly state: DatasetState
  readonly rows: ReadonlyArray<EncodedRating>
  readonly committedAt: DateTime.Utc
  /** The user ids that a loaded dataset skipped. */
  readonly idGaps: number
}

/**
 * The datasets of a process by place, and who holds them. Two storages that share it see each other's datasets.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemoryDatasets {
  readonly held: Map<string, Held>
  readonly open: Set<string>
}

/**
 * No datasets yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeDatasets = (): MemoryDatasets => ({ held: new Map(), open: new Set() })

/**
 * - `place`: the name of the dataset among the others.
 * - `datasets`: where it is kept; a place of its own where nothing is said.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemoryStorageOptions {
  readonly place: string
  readonly datasets?: MemoryDatasets
}

const storageName = "memory"

/** A row takes two numbers and a rating; what holds them is not counted. */
const bytesOfARow = 24

/**
 * A storage in memory. A commit costs what the dataset holds where members are replaced, else what the batch holds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ datasets = makeDatasets(), place }: MemoryStorageOptions): Context.Tag.Service<RatingsStorage> => {
  const fail = (reason: StorageErrorReason, detail: string) => new StorageError({ reason, storage: storageName, place, detail })
  const there = Effect.suspend(() => {
    const held = datasets.held.get(place)
    return held === undefined ? fail("NothingThere", "there is no dataset") : Effect.succeed(held)
  })
  return {
    name: storageName,
    place,
    capabilities: { replaceMember: true, durable: false, exclusive: true },
    exists: Effect.sync(() => datasets.held.has(place)),
    inspect: Effect.map(there, ({ committedAt, rows, state }) => ({ state, committedAt, bytes: rows.length * bytesOfARow })),
    verify: () => Effect.map(there, ({ idGaps, rows, state }) => ({ ratings: rows.length, problems: problemsOf(state, rows, idGaps), repaired: [] })),
    open: (mode) =>
      Effect.gen(function*() {
        const before = datasets.held.get(place)
        if (mode._tag === "continue" && before === undefined) return yield* fail("NothingThere", "there is no dataset to go on with")
        if (mode._tag === "new" && mode.existing === "refuse" && before !== undefined) {
          return yield* fail("AlreadyThere", "there is a dataset already")
        }
        yield* Effect.acquireRelease(
          Effect.suspend(() => {
            if (datasets.open.has(place)) return fail("Locked", "the dataset is open already")
            datasets.open.add(place)
            return Effect.void
          }),
          () => Effect.sync(() => datasets.open.delete(place))
        )
        let now = mode._tag === "continue" && before !== undefined
          ? before
          : { state: emptyDatasetState, rows: [], committedAt: yield* DateTime.now, idGaps: 0 }
        const hold = (next: Held) => {
          now = next
          datasets.held.set(place, now)
          return { batches: now.state.batches, ratings: now.rows.length }
        }
        const dataset: OpenDataset = {
          state: now.state,
          notes: [],
          ratings: Stream.suspend(() => Stream.fromIterable(now.rows)),
          commit: (batch) => Effect.sync(() => hold(committed(now, batch))),
          load: ({ committedAt, ratings, state }) =>
            Effect.gen(function*() {
              if (now.state.batches > 0) return yield* fail("AlreadyThere", "a whole dataset can be loaded into an empty one only")
              const rows = Chunk.toReadonlyArray(yield* Stream.runCollect(ratings))
              const idGaps = Math.max(0, ...state.users.values()) - state.users.size
              return hold({ rows, committedAt, idGaps, state: { ...state, ratings: rows.length, batches: Math.max(1, state.batches) } })
            })
        }
        return dataset
      })
  }
}

const committed = (before: Held, batch: Batch): Held => {
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
  const replaced = new Set(batch.members.flatMap(({ record, write }) => write === "replace" ? [record.userId] : []))
  const kept = replaced.size === 0 ? before.rows : before.rows.filter(({ userId }) => !replaced.has(userId))
  const rows = kept.concat(batch.members.flatMap(({ ratings }) => ratings))
  return {
    state: { users, films, members, updates, ratings: rows.length, batches: before.state.batches + 1 },
    rows,
    committedAt: batch.committedAt,
    idGaps: before.idGaps
  }
}

const problemsOf = ({ films, members, users }: DatasetState, rows: ReadonlyArray<EncodedRating>, idGaps: number): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const ids = new Set(users.values())
  if (ids.size !== users.size || Math.max(0, ...ids) !== users.size + idGaps) problems.push("user ids are not 1, 2, 3 ...")
  const pairs = new Set<string>()
  const counts = new Map<number, number>()
  for (const { filmId, userId } of rows) {
    if (!ids.has(userId)) problems.push(`a rating of user ${userId}, who is nobody`)
    if (!films.has(filmId)) problems.push(`a rating of film ${filmId}, which is none`)
    pairs.add(`${userId} ${filmId}`)
    counts.set(userId, (counts.get(userId) ?? 0) + 1)
  }
  if (pairs.size !== rows.length) problems.push(`${rows.length - pairs.size} ratings are there twice`)
  for (const { ratings, userId, username } of members.values()) {
    if ((counts.get(userId) ?? 0) !== ratings) problems.push(`${username} has ${counts.get(userId) ?? 0} ratings, and should have ${ratings}`)
  }
  return problems
}

/**
 * A dataset in memory as the storage of a program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: MemoryStorageOptions): Layer.Layer<RatingsStorage> => Layer.sync(RatingsStorage, () => make(options))
