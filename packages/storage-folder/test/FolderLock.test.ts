import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import {
  checkLock,
  failuresOf,
  leaveLock,
  lockFolder,
  lockState,
  openFolder,
  unlockFolder
} from "@letterboxd-ratings/storage-folder"
import {
  contentOf,
  freshFolder,
  goOn,
  processTable,
  setAside,
  startNew
} from "@letterboxd-ratings/storage-testkit/folder"
import { Effect } from "effect"

const failures = failuresOf("test")

const folderThere = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* freshFolder
  yield* fs.makeDirectory(folder)
  return folder
})

const lock = (folder: string, pid: number, running?: ReadonlyArray<number>) =>
  lockFolder(folder, failures).pipe(Effect.provide(processTable(pid, running)))

layer(NodeContext.layer)("the lock of a folder", (it) => {
  it.scoped("is one process's, is named to the next, and is given back", () =>
    Effect.gen(function* () {
      const folder = yield* folderThere
      const held = yield* lock(folder, 1)
      assert.isFalse(held.wasLeft)
      const refused = yield* Effect.flip(lock(folder, 2, [1, 2]))
      assert.strictEqual(refused.reason, "Locked")
      assert.include(refused.message, "process 1 on here")
      assert.deepStrictEqual(Object.keys(yield* contentOf(folder)), [".lock"])
      yield* unlockFolder(folder, held, failures)
      assert.deepStrictEqual(yield* contentOf(folder), {})
    })
  )

  it.scoped("of a process that ended is taken over, and says so", () =>
    Effect.gen(function* () {
      const folder = yield* folderThere
      yield* lock(folder, 1)
      const held = yield* lock(folder, 2)
      assert.isTrue(held.wasLeft)
      yield* leaveLock(folder, held, failures).pipe(Effect.provide(processTable(2)))
      // Its holder still runs, but said that it left something.
      const next = yield* lock(folder, 3, [2, 3])
      assert.isTrue(next.wasLeft)
      const state = yield* lockState(folder).pipe(Effect.provide(processTable(4, [3, 4])))
      assert.isTrue(state?.isHeld)
    })
  )

  it.scoped("that nobody of ours wrote is neither taken nor changed", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* folderThere
      for (const text of ["", "{}", "somebody's"]) {
        yield* fs.writeFileString(`${folder}/.lock`, text)
        assert.strictEqual((yield* Effect.flip(lock(folder, 1))).reason, "Locked")
        assert.deepStrictEqual(yield* contentOf(folder), { ".lock": text })
      }
    })
  )

  it.scoped("is given back by its holder only", () =>
    Effect.gen(function* () {
      const folder = yield* folderThere
      const first = yield* lock(folder, 1)
      const second = yield* lock(folder, 2)
      yield* unlockFolder(folder, first, failures)
      assert.strictEqual((yield* Effect.flip(checkLock(folder, first, failures))).reason, "Locked")
      yield* checkLock(folder, second, failures)
    })
  )

  it.scoped("goes to one of many that ask at the same moment", () =>
    Effect.gen(function* () {
      const folder = yield* folderThere
      yield* lock(folder, 1)
      const pids = Array.from({ length: 10 }, (_, i) => i + 10)
      const results = yield* Effect.forEach(pids, (pid) => Effect.either(lock(folder, pid, pids)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(results.filter(({ _tag }) => _tag === "Right").length, 1)
      assert.deepStrictEqual(Object.keys(yield* contentOf(folder)), [".lock"])
    })
  )

  it.scoped("does not keep what killed processes left of themselves", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* folderThere
      yield* fs.writeFileString(`${folder}/.lock-77`, `{"process":{"pid":77,`)
      yield* fs.writeFileString(`${folder}/.lock-78`, "somebody's")
      const held = yield* lock(folder, 1)
      yield* unlockFolder(folder, held, failures)
      assert.deepStrictEqual(yield* contentOf(folder), { ".lock-78": "somebody's" })
    })
  )
})

layer(NodeContext.layer)("the folder of a dataset", (it) => {
  const kind = {
    failures,
    holdsDataset: (folder: string) =>
      Effect.orDie(Effect.flatMap(FileSystem.FileSystem, (fs) => fs.exists(`${folder}/data`))),
    isCommitted: (folder: string) =>
      Effect.orDie(Effect.flatMap(FileSystem.FileSystem, (fs) => fs.exists(`${folder}/data`)))
  }
  const open = (folder: string, mode: typeof startNew | typeof goOn) =>
    openFolder(kind, folder, mode).pipe(Effect.provide(processTable(1)))

  it.scoped("is made for a new dataset, and goes away again where nothing was put into it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      assert.strictEqual((yield* Effect.flip(Effect.scoped(open(folder, goOn)))).reason, "NothingThere")
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* open(folder, startNew)
          assert.isTrue(yield* fs.exists(folder))
        })
      )
      assert.isFalse(yield* fs.exists(folder))
    })
  )

  it.scoped("is set aside, whole, when the new dataset has its first batch and not before", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* folderThere
      const parent = folder.slice(0, folder.lastIndexOf("/"))
      yield* fs.writeFileString(`${folder}/data`, "old")
      assert.strictEqual((yield* Effect.flip(Effect.scoped(open(folder, startNew)))).reason, "AlreadyThere")
      yield* Effect.scoped(open(folder, setAside))
      assert.deepStrictEqual(yield* contentOf(parent), { "data/data": "old" })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { settle, work } = yield* open(folder, setAside)
          yield* fs.writeFileString(`${work()}/data`, "new")
          assert.strictEqual(yield* fs.readFileString(`${folder}/data`), "old")
          yield* settle.pipe(Effect.provide(processTable(1)))
          assert.strictEqual(work(), folder)
        })
      )
      const files = yield* contentOf(parent)
      assert.strictEqual(files["data/data"], "new")
      assert.deepStrictEqual(Object.values(files).toSorted(), ["new", "old"])
    })
  )
})
