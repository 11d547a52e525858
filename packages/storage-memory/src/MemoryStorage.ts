/**
 * A dataset in memory: gone with the process, and the reference for what a storage does.
 *
 * @since 0.1.0
 * @module
 */
import {
  contentAfter,
  type DatasetContent,
  emptyContent,
  openedDataset,
  problemsOf,
  RatingsStorage,
  rowStreamsOf,
  StorageError,
  type StorageErrorReason
} from "@letterboxd-ratings/core"
import { type Context, DateTime, Effect, Layer } from "effect"

/**
 * The datasets of a process by place, and who holds them. Two storages that share it see each other's datasets.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemoryDatasets {
  readonly held: Map<string, DatasetContent>
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
export const make = ({
  datasets = makeDatasets(),
  place
}: MemoryStorageOptions): Context.Tag.Service<RatingsStorage> => {
  const fail = (reason: StorageErrorReason, detail: string) =>
    new StorageError({ reason, storage: storageName, place, detail })
  const there = Effect.suspend(() => {
    const held = datasets.held.get(place)
    return held === undefined ? fail("NothingThere", "there is no dataset") : Effect.succeed(held)
  })
  return {
    name: storageName,
    place,
    exists: Effect.sync(() => datasets.held.has(place)),
    inspect: Effect.map(there, ({ committedAt, state }) => ({
      state,
      committedAt,
      bytes: (state.ratings + state.watched + state.changes) * bytesOfARow
    })),
    verify: () =>
      Effect.map(there, (content) => ({
        ratings: content.state.ratings,
        problems: problemsOf(content),
        repaired: []
      })),
    open: (mode) =>
      Effect.gen(function* () {
        const before = datasets.held.get(place)
        if (mode._tag === "continue" && before === undefined)
          return yield* fail("NothingThere", "there is no dataset to go on with")
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
        let now = mode._tag === "continue" && before !== undefined ? before : emptyContent(yield* DateTime.now)
        return yield* openedDataset({
          storage: storageName,
          place,
          state: now.state,
          notes: [],
          ...(now.state.batches === 0 ? {} : { committedAt: now.committedAt }),
          rows: rowStreamsOf(() => now),
          write: (changes) =>
            Effect.map(contentAfter(now, changes), (next) => {
              now = next
              datasets.held.set(place, now)
              return now.state
            })
        })
      })
  }
}

/**
 * A dataset in memory as the storage of a program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: MemoryStorageOptions): Layer.Layer<RatingsStorage> =>
  Layer.sync(RatingsStorage, () => make(options))
