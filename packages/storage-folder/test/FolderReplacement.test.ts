import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { failuresOf, replaceFolder, writeNew } from "@letterboxd-ratings/storage-folder"
import { freshFolder, processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { Deferred, Effect, Fiber } from "effect"

const failures = failuresOf("test")

/** Makes a folder of one file; `pid` is the process that does it, `running` are those that run. */
const made = (
  place: string,
  pid: number,
  running: ReadonlyArray<number>,
  meanwhile: (staging: string) => Effect.Effect<void, never, FileSystem.FileSystem> = () => Effect.void
) =>
  replaceFolder(failures, place, { existing: "set-aside", mark: "card", keep: [] }, (staging) =>
    Effect.zipRight(writeNew(failures, `${staging}/card`, `by ${pid}`), meanwhile(staging))
  ).pipe(Effect.provide(processTable(pid, running)))

const beside = (place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return (yield* fs.readDirectory(path.dirname(place))).toSorted()
  })

layer(NodeContext.layer)("a folder that is there whole or not at all", (it) => {
  it.scoped(
    "is made without what a process left that was killed, and leaves what it cannot prove to be of such a one",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const place = path.join(yield* freshFolder, "export")
        // What stands there in the middle of the work is what a kill leaves.
        let left = ""
        yield* made(place, 1, [1], (staging) => {
          left = staging
          return Effect.orDie(fs.copy(staging, path.join(path.dirname(place), "copy")))
        })
        assert.deepStrictEqual((yield* fs.readDirectory(place)).toSorted(), ["card"])
        yield* fs.rename(path.join(path.dirname(place), "copy"), left)
        const own = `${place}.new-of-mine`
        yield* fs.makeDirectory(own)
        yield* fs.writeFileString(path.join(own, "notes"), "mine")
        const named = `${place}.new-20260101-000000`
        yield* fs.copy(left, named)

        yield* made(place, 2, [2])
        const names = yield* beside(place)
        assert.notInclude(names, path.basename(left))
        // The lock in this one names another folder.
        assert.includeMembers(names, ["export", "export.new-of-mine", path.basename(named)])
        assert.strictEqual(yield* fs.readFileString(path.join(place, "card")), "by 2")
      })
  )

  it.scoped("leaves that of a process that is at work", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const place = path.join(yield* freshFolder, "export")
      const isThere = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const first = yield* Effect.fork(
        made(place, 1, [1, 2], () => Effect.zipRight(Deferred.succeed(isThere, undefined), Deferred.await(goOn)))
      )
      yield* Deferred.await(isThere)
      yield* made(place, 2, [1, 2])
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(first)
      assert.strictEqual(yield* fs.readFileString(path.join(place, "card")), "by 1")
      assert.isFalse((yield* beside(place)).some((name) => name.includes(".new-")))
    })
  )
})
