/**
 * What every storage that keeps a dataset in a folder promises when its disk fails, its process dies or the power is
 * lost, as tests.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { NodeContext, NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import {
  Film,
  type OpenDataset,
  type OpenMode,
  type ProcessTable,
  RatingsStorage,
  StorageError
} from "@letterboxd-ratings/core"
import { Cause, Effect, Exit, Layer, Option, Schema } from "effect"
import { batchOf, commitRest } from "./Batches.ts"
import { type Disk, type Failure, makeDisk, processTable } from "./Disk.ts"
import { makePowerCuts, type PowerCut, writePowerCut } from "./PowerCut.ts"

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
  Effect.gen(function* () {
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
export const freshFolder = Effect.gen(function* () {
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
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const content: Record<string, string> = {}
    if (!(yield* fs.exists(folder))) return content
    for (const name of (yield* fs.readDirectory(folder, { recursive: true })).toSorted()) {
      const place = path.join(folder, name)
      if ((yield* fs.stat(place)).type === "File")
        content[name] = new TextDecoder(encoding).decode(yield* fs.readFile(place))
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
 * - `sample`: chooses the points that a test tries, of all those that `step` leaves (all, where nothing is said). `what`
 *   names them.
 * - `timeoutMillis`: how long a test may take (400,000).
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderSuiteOptions<E> {
  readonly name: string
  readonly storage: (folder: string) => FolderStorage<E>
  readonly afterDeath?: (folder: string) => Effect.Effect<void, unknown, Files>
  readonly failures?: ReadonlyArray<
    readonly [code: Failure["code"], shortWrite: boolean, reason: StorageError["reason"]]
  >
  readonly shortWrites?: ReadonlyArray<boolean>
  readonly step?: number
  readonly sample?: <A>(what: string, points: ReadonlyArray<A>) => ReadonlyArray<A>
  readonly timeoutMillis?: number
}

const film = Schema.decodeUnknownSync(Film)

/**
 * Runs the tests, for a storage whose batches are committed by a `manifest.json`. Each of the calls that
 * change something on the disk is the last one once, and fails once in each way; after each of them the power is lost once
 * in each way.
 *
 * @since 0.1.0
 * @category constructors
 */
export const folderSuite = <E>({
  afterDeath = () => Effect.void,
  failures = [
    ["ENOSPC", true, "Full"],
    ["EIO", false, "Failed"],
    ["EACCES", false, "NotPermitted"]
  ],
  name,
  sample = (_, points) => points,
  storage,
  shortWrites = [false, true],
  step = 1,
  timeoutMillis = 400_000
}: FolderSuiteOptions<E>): void => {
  const withDataset = <A, E2, R>(
    folder: string,
    mode: OpenMode,
    use: (dataset: OpenDataset) => Effect.Effect<A, E2, R>,
    process: Process = {}
  ) => useDataset(storage(folder), mode, use, process)
  /** All files but those that are kept of a batch that was not finished. */
  const bytesOf = (folder: string) =>
    Effect.map(contentOf(folder, "latin1"), (content) =>
      Object.fromEntries(Object.entries(content).filter(([file]) => !/\.uncommitted(?:-\d+)?$/u.test(file)))
    )

  /** The calls of a disk that are tried, by number. */
  const everyStep = (calls: number) =>
    Array.from({ length: calls }, (_, i) => i + 1).filter((at) => at % step === 1 % step)
  const chosen = <A>(what: string, points: ReadonlyArray<A>) => {
    const some = sample(`${what} of ${name}`, points)
    return { some, areAll: some.length === points.length }
  }

  /** What the whole history comes to when nothing disturbs it, and how many calls of the disk that takes. */
  const undisturbed = Effect.gen(function* () {
    const folder = yield* freshFolder
    const disk = makeDisk()
    yield* withDataset(folder, startNew, commitRest, { disk })
    return { content: yield* bytesOf(folder), calls: disk.calls() }
  })

  /** Opens again as another process, goes on to the end of the history, and looks at the files. */
  const finish = (folder: string) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const isThere = yield* fs.exists(path.join(folder, "manifest.json"))
      yield* withDataset(folder, isThere ? goOn : setAside, commitRest, { pid: 2 })
      return yield* bytesOf(folder)
    })

  const more = (dataset: OpenDataset) =>
    dataset.commit(
      batchOf(
        dataset.state,
        9,
        [
          {
            name: "more",
            ratings: [
              [10, 1],
              [99, 2]
            ]
          }
        ],
        [film({ id: 99, slug: "new" })]
      )
    )

  /** How many calls of the disk it takes to open a dataset and commit one more batch. */
  const callsOfOneMore = (whole: string) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* fs.copy(whole, folder)
      const disk = makeDisk()
      yield* withDataset(folder, goOn, more, { disk })
      return disk.calls()
    })

  /** Runs with each loss of power there may be while a dataset is opened and batches are committed. */
  const withPowerCuts = (
    what: string,
    folder: string,
    mode: OpenMode,
    check: (cut: PowerCut, folder: string) => Effect.Effect<void, unknown, Files>,
    pid = 1
  ) =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const { cuts, disk, promise } = makePowerCuts(path.dirname(folder))
      yield* withDataset(
        folder,
        mode,
        (dataset) => commitRest({ ...dataset, commit: (batch) => Effect.tap(dataset.commit(batch), () => promise) }),
        { disk, pid }
      )
      const states = cuts().filter((_, i) => i % step === 0)
      for (const cut of chosen(what, states).some) {
        yield* Effect.gen(function* () {
          const again = yield* freshFolder
          yield* writePowerCut(cut, path.dirname(again))
          yield* check(cut, again)
        }).pipe(
          Effect.scoped,
          Effect.tapErrorCause(() => Effect.logError(`Power was lost after ${cut.after}`))
        )
      }
      return states.length
    })

  /** Opens what is there as another process, without help, and goes on from what was promised, to the end of the history. */
  const opensWith = (folder: string, promised: number) =>
    Effect.gen(function* () {
      const goingOn = (dataset: OpenDataset) =>
        Effect.zipRight(
          Effect.sync(() => assert.isAtLeast(dataset.state.batches, promised)),
          commitRest(dataset)
        )
      yield* withDataset(folder, goOn, goingOn, { pid: 3 }).pipe(
        Effect.catchIf(
          (error) => error instanceof StorageError && error.reason === "NothingThere",
          () => withDataset(folder, startNew, goingOn, { pid: 3 })
        )
      )
      return yield* bytesOf(folder)
    })

  layer(NodeContext.layer)(`${name} under faults`, (it) => {
    it.scoped(
      "killed at any of its calls, it goes on to the same bytes",
      () =>
        Effect.gen(function* () {
          const { calls, content } = yield* undisturbed
          assert.isAbove(calls, 50)
          const deaths = everyStep(calls).flatMap((at) => shortWrites.map((shortWrite) => ({ at, shortWrite })))
          for (const { at, shortWrite } of chosen("deaths", deaths).some) {
            const folder = yield* freshFolder
            const disk = makeDisk({ at, code: "EIO", extent: "crash", shortWrite })
            yield* Effect.exit(withDataset(folder, startNew, commitRest, { disk }))
            if (shortWrite) yield* afterDeath(folder)
            assert.deepStrictEqual(yield* finish(folder), content, `killed at call ${at}`)
          }
        }),
      timeoutMillis
    )

    it.scoped(
      "each failing call is a clear error that loses no committed row",
      () =>
        Effect.gen(function* () {
          const { calls, content } = yield* undisturbed
          const failing = failures.flatMap((failure) => everyStep(calls).map((at) => ({ at, failure })))
          for (const { at, failure: told } of chosen("failing calls", failing).some) {
            const [code, shortWrite, reason] = told
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
        }),
      timeoutMillis
    )

    it.scoped(
      "after a failed commit the files hold what the last one left, for other readers too",
      () =>
        Effect.gen(function* () {
          const whole = yield* freshFolder
          yield* withDataset(whole, startNew, commitRest)
          const before = yield* bytesOf(whole)
          const fs = yield* FileSystem.FileSystem
          let failed = 0
          const { areAll, some } = chosen("failing calls of a commit", everyStep(yield* callsOfOneMore(whole)))
          for (const at of some) {
            const folder = yield* freshFolder
            yield* fs.copy(whole, folder)
            const disk = makeDisk({ at, code: "ENOSPC", extent: "call", shortWrite: true })
            const exit = yield* Effect.exit(withDataset(folder, goOn, more, { disk }))
            if (Exit.isSuccess(exit)) continue
            const after = Object.fromEntries(
              Object.entries(yield* bytesOf(folder)).filter(([name]) => !name.startsWith(".lock"))
            )
            // Once the manifest was renamed the batch is committed, whatever fails after.
            if (after["manifest.json"] !== before["manifest.json"]) break
            failed += 1
            assert.deepStrictEqual(after, before, `call ${at}`)
          }
          assert.isAbove(failed, areAll ? 10 / step : 0)
        }),
      timeoutMillis
    )

    it.scoped(
      "refuses to commit after a commit that failed",
      () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const whole = yield* freshFolder
          yield* withDataset(whole, startNew, commitRest)
          let refused = 0
          const { areAll, some } = chosen("failing calls of a first commit", everyStep(yield* callsOfOneMore(whole)))
          for (const at of some) {
            const folder = yield* freshFolder
            yield* fs.copy(whole, folder)
            const disk = makeDisk({ at, code: "EIO", extent: "call", shortWrite: false })
            const [first, second] = yield* withDataset(
              folder,
              goOn,
              (dataset) =>
                Effect.gen(function* () {
                  const commit = Effect.exit(more(dataset))
                  return [yield* commit, yield* commit] as const
                }),
              { disk }
            ).pipe(Effect.orElseSucceed(() => [undefined, undefined] as const))
            if (first === undefined || Exit.isSuccess(first)) continue
            assert.isTrue(second !== undefined && Exit.isFailure(second), `call ${at}`)
            refused += 1
          }
          assert.isAbove(refused, areAll ? 10 / step : 0)
        }),
      timeoutMillis
    )

    it.scoped(
      "killed while it sets an old dataset aside, it has the old one or the new one, whole",
      () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* Path.Path
          const { content: old } = yield* undisturbed
          const counting = makeDisk()
          const rehearsal = yield* freshFolder
          yield* withDataset(rehearsal, startNew, commitRest)
          yield* withDataset(rehearsal, setAside, commitRest, { disk: counting })
          for (const at of chosen("deaths while an old dataset is set aside", everyStep(counting.calls())).some) {
            const folder = yield* freshFolder
            yield* withDataset(folder, startNew, commitRest)
            yield* Effect.exit(
              withDataset(folder, setAside, commitRest, {
                disk: makeDisk({ at, code: "EIO", extent: "crash", shortWrite: true })
              })
            )
            // The next process finds a dataset in the place, and the old one there or set aside.
            yield* withDataset(folder, goOn, commitRest, { pid: 2 })
            const beside = yield* fs.readDirectory(path.dirname(folder))
            const aside = beside.find((entry) => entry.includes(".bak-"))
            assert.deepStrictEqual(yield* bytesOf(folder), old, `killed at call ${at}`)
            if (aside !== undefined) {
              const { ".lock": _, ".lock-1": __, ...kept } = yield* bytesOf(path.join(path.dirname(folder), aside))
              assert.deepStrictEqual(kept, old)
            }
            assert.isFalse(
              beside.some((entry) => entry.includes(".new-")),
              `killed at call ${at}: ${beside.join(" ")}`
            )
          }
        }),
      timeoutMillis
    )

    it.scoped(
      "after a loss of power at any of its calls, it opens by itself with the last committed batch whole",
      () =>
        Effect.gen(function* () {
          const { content } = yield* undisturbed
          const states = yield* withPowerCuts("losses of power", yield* freshFolder, startNew, ({ promised }, folder) =>
            Effect.gen(function* () {
              assert.deepStrictEqual(yield* opensWith(folder, promised), content)
            })
          )
          assert.isAbove(states, 100 / step)
        }),
      timeoutMillis
    )

    it.scoped(
      "after a loss of power while it goes on, it opens by itself with the last committed batch whole",
      () =>
        Effect.gen(function* () {
          const { content } = yield* undisturbed
          const folder = yield* freshFolder
          yield* withDataset(folder, startNew, (dataset) => commitRest(dataset, 3))
          yield* withPowerCuts("losses of power on going on", folder, goOn, ({ promised }, again) =>
            Effect.gen(function* () {
              assert.deepStrictEqual(yield* opensWith(again, 3 + promised), content)
            })
          )
        }),
      timeoutMillis
    )

    it.scoped(
      "after a loss of power while it deals with what another one left, it opens by itself all the same",
      () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const { content } = yield* undisturbed
          const folder = yield* freshFolder
          yield* withDataset(folder, startNew, (dataset) => commitRest(dataset, 4))
          const counting = makeDisk()
          const rehearsal = yield* freshFolder
          yield* fs.copy(folder, rehearsal)
          yield* withDataset(rehearsal, goOn, commitRest, { disk: counting })
          // The last batch is written in part, and not committed.
          const disk = makeDisk({
            at: Math.floor(counting.calls() / 2),
            code: "EIO",
            extent: "crash",
            shortWrite: true
          })
          yield* Effect.exit(withDataset(folder, goOn, commitRest, { disk }))
          yield* afterDeath(folder)
          yield* withPowerCuts(
            "losses of power after a torn batch",
            folder,
            goOn,
            ({ promised }, again) =>
              Effect.gen(function* () {
                assert.deepStrictEqual(yield* opensWith(again, 4 + promised), content)
              }),
            2
          )
        }),
      timeoutMillis
    )

    it.scoped(
      "after a loss of power while it sets an old dataset aside, it has the old one or the new one, whole",
      () =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = yield* Path.Path
          const { content } = yield* undisturbed
          const folder = yield* freshFolder
          yield* withDataset(folder, startNew, commitRest)
          yield* withPowerCuts("losses of power on setting aside", folder, setAside, ({ promised }, again) =>
            Effect.gen(function* () {
              assert.deepStrictEqual(yield* opensWith(again, promised), content)
              const beside = yield* fs.readDirectory(path.dirname(again))
              assert.isFalse(
                beside.some((entry) => entry.includes(".new-")),
                beside.join(" ")
              )
              const aside = beside.find((entry) => entry.includes(".bak-"))
              if (promised > 0) assert.isDefined(aside)
              if (aside === undefined) return
              const kept = Object.entries(yield* bytesOf(path.join(path.dirname(again), aside))).filter(
                ([file]) => !file.startsWith(".lock")
              )
              assert.deepStrictEqual(Object.fromEntries(kept), content)
            })
          )
        }),
      timeoutMillis
    )
  })
}
