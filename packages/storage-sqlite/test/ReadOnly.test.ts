import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import type { OpenDataset, OpenMode } from "@letterboxd-ratings/core"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { commitRest } from "@letterboxd-ratings/storage-testkit"
import {
  askStorage,
  freshFolder,
  goOn,
  makeReadOnlyDisk,
  readOnlySuite,
  startNew,
  useDataset
} from "@letterboxd-ratings/storage-testkit/folder"
import { Effect, Stream } from "effect"

const storage = (folder: string) => SqliteStorage.layer({ folder })

readOnlySuite({ name: "SqliteStorage", storage })

const toRead: OpenMode = { _tag: "continue", readOnly: true }
const countRows = (dataset: OpenDataset) => Stream.runCount(dataset.ratings)

/** Makes the folder one in which SQLite cannot make its files, as on a read-only medium: one name leads nowhere. */
const takeName = (file: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.symlink("/nowhere/ratings.sqlite-shm", `${file}-shm`))

layer(NodeContext.layer)("SqliteStorage where SQLite can make no file", (it) => {
  it.scoped("is read, and says if it changed meanwhile", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      const file = path.join(folder, "ratings.sqlite")
      yield* useDataset(storage(folder), startNew, commitRest)
      const rows = yield* useDataset(storage(folder), goOn, countRows)
      yield* takeName(file)
      const read = (use: typeof countRows) => useDataset(storage(folder), toRead, use, { disk: makeReadOnlyDisk() })
      assert.strictEqual(yield* read(countRows), rows)
      const { problems, ratings } = yield* askStorage(storage(folder), ({ verify }) => verify({ repair: false }))
      assert.deepStrictEqual({ problems, ratings }, { problems: [], ratings: rows })
      const { reason } = yield* Effect.flip(
        read((dataset) => Effect.zipRight(Effect.orDie(fs.utimes(file, 0, 0)), countRows(dataset)))
      )
      assert.strictEqual(reason, "Locked")
    })
  )

  it.scoped("is not read without the batches that are still in the log", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const original = yield* freshFolder
      const folder = yield* fs.makeTempDirectoryScoped()
      const file = path.join(folder, "ratings.sqlite")
      yield* useDataset(storage(original), startNew, (dataset) =>
        Effect.gen(function* () {
          yield* commitRest(dataset)
          for (const ending of ["", "-wal"])
            yield* fs.copyFile(path.join(original, `ratings.sqlite${ending}`), `${file}${ending}`)
        })
      )
      yield* takeName(file)
      const failure = yield* Effect.flip(useDataset(storage(folder), toRead, countRows, { disk: makeReadOnlyDisk() }))
      assert.strictEqual(failure.reason, "NotPermitted")
      assert.strictEqual(failure.place, `${file}-wal`)
      assert.include(failure.detail, "Copy the database and this file together")
    })
  )
})
