/**
 * What every storage that keeps a dataset in a folder promises where that folder cannot be written, as tests.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import {
  type OpenDataset,
  type OpenMode,
  type ProcessTable,
  type RatingsStorage,
  readWhole,
  rowsOfBlocks,
  StorageError
} from "@letterboxd-ratings/core"
import { Chunk, Effect, type Layer, Stream } from "effect"
import { batchOf, commitRest } from "./Batches.ts"
import { makeReadOnlyDisk } from "./Disk.ts"
import { askStorage, contentOf, freshFolder, goOn, startNew, useDataset } from "./FolderSuite.ts"

/**
 * - `name`: what is tested.
 * - `storage`: it, in a folder.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadOnlySuiteOptions<E> {
  readonly name: string
  readonly storage: (folder: string) => Layer.Layer<RatingsStorage, E, FileSystem.FileSystem | Path.Path | ProcessTable>
}

const toRead: OpenMode = { _tag: "continue", readOnly: true }

const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert(error instanceof StorageError, String(error))
    return error
  })

const rowsOf = (dataset: OpenDataset) => Effect.map(Stream.runCollect(dataset.ratings), Chunk.toReadonlyArray)

const oneMore = (dataset: OpenDataset) =>
  dataset.commit(batchOf(dataset.state, 9, [{ name: "one_more", ratings: [] }], []))

/**
 * Runs the tests.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readOnlySuite = <E>({ name, storage }: ReadOnlySuiteOptions<E>): void => {
  /** A process that cannot write, and one that can. */
  const reader = () => ({ pid: 1, disk: makeReadOnlyDisk() })
  const writer = { pid: 2 }

  layer(NodeContext.layer)(`${name} in a folder that cannot be written`, (it) => {
    it.scoped("is read as it is, and not written", () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const at = storage(folder)
        yield* useDataset(at, startNew, commitRest, writer)
        const before = yield* contentOf(folder, "latin1")
        const expected = yield* useDataset(
          at,
          goOn,
          (dataset) => Effect.map(rowsOf(dataset), (rows) => ({ rows, state: dataset.state })),
          writer
        )
        assert.isAbove(expected.rows.length, 0)

        const found = yield* useDataset(
          at,
          toRead,
          (dataset) =>
            Effect.gen(function* () {
              assert.deepStrictEqual(dataset.state, expected.state)
              assert.strictEqual((yield* failureOf(oneMore(dataset))).reason, "NotPermitted")
              return yield* rowsOf(dataset)
            }),
          reader()
        )
        assert.deepStrictEqual(found, expected.rows)
        const { committedAt } = yield* askStorage(at, ({ inspect }) => inspect, reader())
        const whole = yield* askStorage(
          at,
          (service) =>
            Effect.scoped(
              Effect.flatMap(readWhole(service), ({ committedAt, ratings }) =>
                Effect.map(Stream.runCount(rowsOfBlocks(ratings)), (rows) => ({ committedAt, rows }))
              )
            ),
          reader()
        )
        assert.deepStrictEqual(whole, { committedAt, rows: expected.rows.length })

        assert.strictEqual((yield* failureOf(useDataset(at, goOn, rowsOf, reader()))).reason, "NotPermitted")
        assert.deepStrictEqual(yield* contentOf(folder, "latin1"), before)
      })
    )

    it.scoped("says that it changed while it was read", () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const at = storage(folder)
        yield* useDataset(at, startNew, commitRest, writer)
        const told = { reason: "Locked", isRetryable: true }
        const failing = <A>(read: (dataset: OpenDataset) => Effect.Effect<A, unknown>) =>
          Effect.map(failureOf(useDataset(at, toRead, read, reader())), ({ isRetryable, reason }) => ({
            reason,
            isRetryable
          }))
        const change = useDataset(at, goOn, oneMore, writer)
        assert.deepStrictEqual(yield* failing((dataset) => Effect.zipRight(change, rowsOf(dataset))), told)
        // At the first row, and not at the others.
        const changeOnce = Effect.cached(change)
        assert.deepStrictEqual(
          yield* failing((dataset) =>
            Effect.flatMap(changeOnce, (once) => Stream.runForEach(dataset.ratings, () => once))
          ),
          told
        )
      })
    )
  })
}
