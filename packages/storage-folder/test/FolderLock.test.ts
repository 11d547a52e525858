import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import {
  checkLock,
  failuresOf,
  folderToRead,
  leaveLock,
  lockFolder,
  lockState,
  makeFolder,
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
import { Effect, Scope } from "effect"

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

  it.scoped("that cannot be one is named, and not waited for", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const name of [".lock", ".lock-takeover"]) {
        for (const make of [
          (place: string) => fs.makeDirectory(place),
          (place: string) => fs.symlink(`${place}-nowhere`, place)
        ]) {
          const folder = yield* folderThere
          if (name === ".lock-takeover") yield* lock(folder, 1)
          yield* make(`${folder}/${name}`)
          const error = yield* Effect.flip(lock(folder, 2))
          assert.strictEqual(error.reason, "Locked")
          assert.include(error.message, `${folder}/${name} is not a lock of this tool`)
        }
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
    form: { isOurs: (name: string) => name === "data" || name === "parts/1", subfolders: ["parts"] },
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

  it.scoped("loses nothing that somebody put into the one that is to take its place", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const isKilled of [false, true]) {
        const folder = yield* folderThere
        const parent = folder.slice(0, folder.lastIndexOf("/"))
        yield* fs.writeFileString(`${folder}/data`, "old")
        let staging = ""
        const begin = Effect.gen(function* () {
          const { work } = yield* open(folder, setAside)
          staging = work()
          yield* fs.writeFileString(`${staging}/data.next-1`, "unfinished")
          yield* fs.makeDirectory(`${staging}/parts`)
          yield* fs.writeFileString(`${staging}/parts/1.next-1`, "unfinished")
          yield* fs.writeFileString(`${staging}/notes.txt`, "mine")
          yield* fs.writeFileString(`${staging}/parts/notes.txt`, "mine")
        })
        if (isKilled) {
          const scope = yield* Scope.make()
          yield* Scope.extend(begin, scope)
          yield* Effect.scoped(openFolder(kind, folder, goOn)).pipe(Effect.provide(processTable(2)))
        } else yield* Effect.scoped(begin)
        const name = staging.slice(parent.length + 1)
        const { "data/.lock": _, ...left } = yield* contentOf(parent)
        assert.deepStrictEqual(left, {
          "data/data": "old",
          [`${name}/notes.txt`]: "mine",
          [`${name}/parts/notes.txt`]: "mine"
        })
        yield* Effect.scoped(open(folder, goOn))
        assert.strictEqual(yield* fs.readFileString(`${staging}/notes.txt`), "mine")
      }
    })
  )

  it.scoped("is read where the one is that takes its place when it is opened", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* folderThere
      const read = folderToRead(kind, folder).pipe(Effect.provide(processTable(2)))
      yield* fs.writeFileString(`${folder}/data`, "old")
      assert.strictEqual(yield* read, folder)
      const scope = yield* Scope.make()
      const { work } = yield* Scope.extend(open(folder, setAside), scope)
      assert.strictEqual(yield* read, folder)
      yield* fs.writeFileString(`${work()}/data`, "new")
      assert.strictEqual(yield* read, work())
      // Killed between the two renamings.
      yield* fs.rename(folder, `${folder}.bak-1`)
      assert.strictEqual(yield* read, work())
      yield* Effect.scoped(openFolder(kind, folder, goOn)).pipe(Effect.provide(processTable(2)))
      assert.strictEqual(yield* fs.readFileString(`${folder}/data`), "new")
      assert.strictEqual(yield* read, folder)
    })
  )

  it.scoped("is made one level after the other, and refused at once where none can be made", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      assert.isTrue(yield* makeFolder(failures, `${folder}/one/two`))
      assert.isFalse(yield* makeFolder(failures, `${folder}/one/two`))
      yield* fs.writeFileString(`${folder}/file`, "")
      yield* fs.symlink(`${folder}/nowhere`, `${folder}/link`)
      for (const place of [`${folder}/file/x`, `${folder}/link`, `${folder}/link/x`, "/proc/x/y"]) {
        const error = yield* Effect.flip(makeFolder(failures, place))
        assert.isTrue(["InvalidOption", "AlreadyThere"].includes(error.reason), `${place} ${error.reason}`)
      }
    })
  )
})
