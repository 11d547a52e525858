import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { failuresOf, lockFolder, replaceFolder, writeNew } from "@letterboxd-ratings/storage-folder"
import { freshFolder, makeDisk, processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { Deferred, Effect, Fiber } from "effect"

const failures = failuresOf("test")
type Files = FileSystem.FileSystem | Path.Path

/** Makes a folder of a card and a table as a process; gives back what it was told of others. */
const make = (
  place: string,
  pid: number,
  running: ReadonlyArray<number> = [pid],
  meanwhile: Effect.Effect<void, never, Files> = Effect.void
) =>
  replaceFolder(failures, place, { existing: "set-aside", mark: "card", keep: [] }, ({ folder, notes }) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      yield* writeNew(failures, `${folder}/card`, `by ${pid}`)
      yield* failures.about(folder)(fs.makeDirectory(`${folder}/tables`))
      yield* writeNew(failures, `${folder}/tables/table`, "rows")
      yield* meanwhile
      return notes
    })
  ).pipe(Effect.provide(processTable(pid, running)))

/** The names that begin like unfinished work beside a place. */
const leftBeside = (place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const names = yield* fs.readDirectory(path.dirname(place))
    return names.filter((name) => name.startsWith(`${path.basename(place)}.new-`)).toSorted()
  })

layer(NodeContext.layer)("a folder that is there whole or not at all", (it) => {
  it.scoped("is made without what another process left, wherever that one was killed, or names it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const root = yield* freshFolder
      const counting = makeDisk()
      yield* Effect.provide(make(path.join(root, "counted", "export"), 1), counting.layer)
      assert.isAbove(counting.calls(), 15)
      let removed = 0
      for (let at = 1; at <= counting.calls(); at++) {
        const place = path.join(root, `killed-${at}`, "export")
        const { layer: disk } = makeDisk({ at, code: "EIO", extent: "crash", shortWrite: true })
        yield* Effect.exit(Effect.provide(make(place, 1), disk))
        const left = (yield* fs.exists(path.dirname(place))) ? yield* leftBeside(place) : []
        const notes = yield* make(place, 2)
        const still = yield* leftBeside(place)
        removed += left.length - still.length
        for (const name of still) {
          assert.isTrue(
            notes.some((note) => note.includes(path.join(path.dirname(place), name))),
            `killed at call ${at}: ${name} is not named`
          )
          // It was killed before it could prove anything, and before it wrote anything.
          const content = yield* fs.readDirectory(path.join(path.dirname(place), name))
          assert.isTrue(
            content.every((one) => one.startsWith(".lock")),
            `killed at call ${at}: ${content.join(", ")}`
          )
        }
        assert.deepStrictEqual((yield* fs.readDirectory(place)).toSorted(), ["card", "tables"], `killed at call ${at}`)
        assert.strictEqual(yield* fs.readFileString(path.join(place, "card")), "by 2")
      }
      assert.isAbove(removed, 5)
    })
  )

  it.scoped("is made without what a process left that was killed while it removed what another one left", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const root = yield* freshFolder
      const crash = (at: number) => makeDisk({ at, code: "EIO", extent: "crash", shortWrite: true }).layer
      const counting = makeDisk()
      yield* Effect.provide(make(path.join(root, "counted"), 1), counting.layer)
      for (let at = 1; at <= 10; at++) {
        const place = path.join(root, `killed-${at}`)
        // The first one is killed when all is written.
        yield* Effect.exit(Effect.provide(make(place, 1), crash(counting.calls() - 5)))
        const [left = "none"] = yield* leftBeside(place)
        assert.isTrue(yield* fs.exists(path.join(root, left, "card")))
        yield* Effect.exit(Effect.provide(make(place, 2), crash(at)))
        yield* make(place, 3)
        // The second one made a folder of this name when the first one's was gone.
        for (const name of ["card", "tables"])
          assert.isFalse(
            yield* fs.exists(path.join(root, left, name)),
            `${name} is left of a removal that was killed at call ${at}`
          )
      }
    })
  )

  it.scoped("leaves what nothing proves to be left by such a one, and names it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const place = path.join(yield* freshFolder, "export")
      const folderNamed = (name: string, making: string | undefined) =>
        Effect.gen(function* () {
          const folder = `${place}.new-${name}`
          yield* fs.makeDirectory(folder, { recursive: true })
          yield* fs.writeFileString(path.join(folder, "mine"), "mine")
          if (making !== undefined)
            yield* Effect.provide(lockFolder(folder, failures, `export.new-${making}`), processTable(1))
        })
      yield* folderNamed("20260101-000000", undefined)
      yield* folderNamed("20260101-000001", "20260101-000000")
      yield* folderNamed("20260101-000002", "20260101-000002")
      yield* folderNamed("20260101-000002-2", "20260101-000002-2")
      // Names that are given to nothing of ours.
      yield* folderNamed("york", "york")
      yield* folderNamed("1700000000000", "1700000000000")
      yield* fs.writeFileString(`${place}.new-20260101-000003`, "a file")

      const notes = yield* make(place, 2)
      assert.deepStrictEqual(yield* leftBeside(place), [
        "export.new-1700000000000",
        "export.new-20260101-000000",
        "export.new-20260101-000001",
        "export.new-20260101-000003",
        "export.new-york"
      ])
      assert.deepStrictEqual(
        notes.map((note) => note.replace(/^Not removed: (.*?)\. It has the name of unfinished work, but .*$/u, "$1")),
        ["0", "1", "3"].map((last) => `${place}.new-20260101-00000${last}`)
      )
    })
  )

  it.scoped("leaves that of a process that is at work, and does not name it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const place = path.join(yield* freshFolder, "export")
      const isThere = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const first = yield* Effect.fork(
        make(place, 1, [1, 2], Effect.zipRight(Deferred.succeed(isThere, undefined), Deferred.await(goOn)))
      )
      yield* Deferred.await(isThere)
      assert.deepStrictEqual(yield* make(place, 2, [1, 2]), [])
      assert.lengthOf(yield* leftBeside(place), 1)
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(first)
      assert.strictEqual(yield* fs.readFileString(path.join(place, "card")), "by 1")
      assert.strictEqual(yield* fs.readFileString(path.join(place, "tables", "table")), "rows")
      assert.deepStrictEqual(yield* leftBeside(place), [])
    })
  )
})
