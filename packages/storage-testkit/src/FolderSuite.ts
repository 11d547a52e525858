/**
 * What every storage that keeps a dataset in a folder promises when its disk fails or its process dies, as tests.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { NodeContext, NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Film, type OpenDataset, type OpenMode, type ProcessTable, RatingsStorage, StorageError } from "@letterboxd-ratings/core"
import { Cause, Effect, Exit, Layer, Option, Schema } from "effect"
import { batchOf, commitRest } from "./Batches.ts"
import { type Disk, type Failure, makeDisk, processTable } from "./Disk.ts"

type Files = FileSystem.FileSystem | Path.Path

/**
 * A storage as one process uses it: its number, who else runs (nobody, where nothing is said), and its disk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Process {
  readonly pid?: number
  readonly running?: ReadonlyArray<number>
  readonly disk?: Disk
}

type FolderStorage<E> = Layer.Layer<RatingsStorage, E, Files | ProcessTable>

const inProcess = ({ disk = makeDisk(), pid = 1, running }: Process) =>
  Layer.mergeAll(disk.layer.pipe(Layer.provide(NodeFileSystem.layer)), NodePath.layer, processTable(pid, running))

/**
 * Opens a dataset as one process would, uses it, and lets go of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const useDataset = <A, E, R, E2>(
  storage: FolderStorage<E2>,
  mode: OpenMode,
  use: (dataset: OpenDataset) => Effect.Effect<A, E, R>,
  process: Process = {}
) =>
  Effect.gen(function*() {
    return yield* Effect.scoped(Effect.flatMap((yield* RatingsStorage).open(mode), use))
  }).pipe(Effect.provide(Layer.provide(storage, inProcess(process))))

/**
 * What a storage says of itself when it is asked without being opened.
 *
 * @since 0.1.0
 * @category constructors
 */
export const askStorage = <A, E, E2>(
  storage: FolderStorage<E2>,
  ask: (storage: RatingsStorage["Type"]) => Effect.Effect<A, E>,
  process: Process = {}
) => Effect.flatMap(RatingsStorage, ask).pipe(Effect.provide(Layer.provide(storage, inProcess(process))))

/**
 * The ways to open a dataset.
 *
 * @since 0.1.0
 * @category models
 */
export const startNew: OpenMode = { _tag: "new", existing: "refuse" }

/**
 * @since 0.1.0
 * @category models
 */
export const setAside: OpenMode = { _tag: "new", existing: "set-aside" }

/**
 * @since 0.1.0
 * @category models
 */
export const goOn: OpenMode = { _tag: "continue" }

/**
 * A folder that does not exist yet, in a temporary one that goes away with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const freshFolder = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "data")
})

/**
 * The content of all files of a folder by name, in order; none where there is no folder. Every byte stands for itself
 * in `latin1`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const contentOf = (folder: string, encoding: "utf-8" | "latin1" = "utf-8") =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const content: Record<string, string> = {}
    if (!(yield* fs.exists(folder))) return content
    for (const name of (yield* fs.readDirectory(folder, { recursive: true })).toSorted()) {
      const place = path.join(folder, name)
      if ((yield* fs.stat(place)).type === "File") content[name] = new TextDecoder(encoding).decode(yield* fs.readFile(place))
    }
    return content
  })

/**
 * - `name`: what is tested.
 * - `storage`: it, in a folder.
 * - `afterDeath`: what else a death may have left, beside what the file system was asked for.
 * - `failures`: with what a call of the disk may fail, and how that is told.
 * - `shortWrites`: whether half of what is written arrives before a process dies (both are tried where nothing is said).
 * - `step`: which of the calls are tried, 1 for each (where nothing is said), 2 for each second one.
 * - `timeoutMillis`: how long a test may take (400,000).
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderSuiteOptions<E> {
  readonly name: string
  readonly storage: (folder: string) => FolderStorage<E>
  readonly afterDeath?: (folder: string) => Effect.Effect<void, unknown, Files>
  readonly failures?: ReadonlyArray<readonly [code: Failure["code"], shortWrite: boolean, reason: StorageError["reason"]]>
  readonly shortWrites?: ReadonlyArray<boolean>
  readonly step?: number
  readonly timeoutMillis?: number
}

const film = Schema.decodeUnknownSync(Film)

/**
 * Runs the tests, for a storage whose batches are committed by a `manifest.json`. Each of the calls that change something on the disk is the last one once, and fails once in each way.
 *
 * @since 0.1.0
 * @category constructors
 */
export const folderSuite = <E>({
  afterDeath = () => Effect.void,
  failures = [["ENOSPC", true, "Full"], ["EIO", false, "Failed"], ["EACCES", false, "NotPermitted"]],
  name,
  storage,
  shortWrites = [false, true],
  step = 1,
  timeoutMillis = 400_000
}: FolderSuiteOptions<E>): void => {
  const withDataset = <A, E2, R>(folder: string, mode: OpenMode, use: (dataset: OpenDataset) => Effect.Effect<A, E2, R>, process: Process = {}) =>
    useDataset(storage(folder), mode, use, process)
  const bytesOf = (folder: string) => contentOf(folder, "latin1")

  /** What the whole history comes to when nothing disturbs it, and how many calls of the disk that takes. */
  const undisturbed = Effect.gen(function*() {
    const folder = yield* freshFolder
    const disk = makeDisk()
    yield* withDataset(folder, startNew, commitRest, { disk })
    return { content: yield* bytesOf(folder), calls: disk.calls() }
  })

  /** Opens again as another process, goes on to the end of the history, and looks at the files. */
  const finish = (folder: string) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const isThere = yield* fs.exists(path.join(folder, "manifest.json"))
      yield* withDataset(folder, isThere ? goOn : setAside, commitRest, { pid: 2 })
      return yield* bytesOf(folder)
    })

  layer(NodeContext.layer)(`${name} under faults`, (it) => {
    it.scoped("killed at any of its calls, it goes on to the same bytes", () =>
      Effect.gen(function*() {
        const { calls, content } = yield* undisturbed
        assert.isAbove(calls, 50)
        for (let at = 1; at <= calls; at += step) {
          for (const shortWrite of shortWrites) {
            const folder = yield* freshFolder
            const disk = makeDisk({ at, code: "EIO", extent: "crash", shortWrite })
            yield* Effect.exit(withDataset(folder, startNew, commitRest, { disk }))
            if (shortWrite) yield* afterDeath(folder)
            assert.deepStrictEqual(yield* finish(folder), content, `killed at call ${at}`)
          }
        }
      }), timeoutMillis)

    it.scoped("each failing call is a clear error that loses no committed row", () =>
      Effect.gen(function*() {
        const { calls, content } = yield* undisturbed
        for (const [code, shortWrite, reason] of failures) {
          for (let at = 1; at <= calls; at += step) {
            const folder = yield* freshFolder
            const disk = makeDisk({ at, code, extent: "call", shortWrite })
            const exit = yield* Effect.exit(withDataset(folder, startNew, commitRest, { disk }))
            if (Exit.isFailure(exit)) {
              const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
              assert(failure instanceof StorageError)
              assert.strictEqual(failure.reason, reason, `call ${at}`)
              assert.include(failure.message, folder)
            }
            assert.deepStrictEqual(yield* finish(folder), content, `${code} at call ${at}`)
          }
        }
      }), timeoutMillis)

    it.scoped("after a failed commit the files hold what the last one left, for other readers too", () =>
      Effect.gen(function*() {
        const folder = yield* freshFolder
        const counting = makeDisk()
        yield* withDataset(folder, startNew, commitRest, { disk: counting })
        const before = yield* bytesOf(folder)
        const more = (dataset: Parameters<typeof commitRest>[0]) =>
          dataset.commit(batchOf(dataset.state, 9, [{ name: "more", ratings: [[10, 1], [99, 2]] }], [film({ id: 99, slug: "new" })]))
        for (let at = 3; ; at++) {
          const disk = makeDisk({ at, code: "ENOSPC", extent: "call", shortWrite: true })
          const exit = yield* Effect.exit(withDataset(folder, goOn, more, { disk }))
          if (Exit.isSuccess(exit)) break
          // Once the manifest was renamed the batch is committed, whatever fails after.
          const after = yield* bytesOf(folder)
          if (after["manifest.json"] !== before["manifest.json"]) break
          assert.deepStrictEqual(after, before, `call ${at}`)
        }
      }), timeoutMillis)

    it.scoped("refuses to commit after a commit that failed", () =>
      Effect.gen(function*() {
        const folder = yield* freshFolder
        yield* withDataset(folder, startNew, commitRest)
        const exit = yield* withDataset(folder, goOn, (dataset) =>
          Effect.gen(function*() {
            const batch = batchOf(dataset.state, 9, [{ name: "more", ratings: [[10, 1]] }], [])
            yield* Effect.exit(dataset.commit(batch))
            return yield* Effect.exit(dataset.commit(batch))
          }), { disk: makeDisk({ at: 8, code: "EIO", extent: "call", shortWrite: false }) })
        assert.isTrue(Exit.isFailure(exit))
      }), timeoutMillis)

    it.scoped("killed while it sets an old dataset aside, it has the old one or the new one, whole", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const { content: old } = yield* undisturbed
        const counting = makeDisk()
        const rehearsal = yield* freshFolder
        yield* withDataset(rehearsal, startNew, commitRest)
        yield* withDataset(rehearsal, setAside, commitRest, { disk: counting })
        for (let at = 1; at <= counting.calls(); at += step) {
          const folder = yield* freshFolder
          yield* withDataset(folder, startNew, commitRest)
          yield* Effect.exit(withDataset(folder, setAside, commitRest, {
            disk: makeDisk({ at, code: "EIO", extent: "crash", shortWrite: true })
          }))
          // The next process finds a dataset in the place, and the old one there or set aside.
          yield* withDataset(folder, goOn, commitRest, { pid: 2 })
          const beside = yield* fs.readDirectory(path.dirname(folder))
          const aside = beside.find((entry) => entry.includes(".bak-"))
          assert.deepStrictEqual(yield* bytesOf(folder), old, `killed at call ${at}`)
          if (aside !== undefined) {
            const { ".lock": _, ".lock-1": __, ...kept } = yield* bytesOf(path.join(path.dirname(folder), aside))
            assert.deepStrictEqual(kept, old)
          }
          assert.isFalse(beside.some((entry) => entry.includes(".new-")), `killed at call ${at}: ${beside.join(" ")}`)
        }
      }), timeoutMillis)
  })
}
