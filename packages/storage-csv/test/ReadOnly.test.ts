import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import type { OpenDataset, OpenMode } from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { makeReadOnlyDisk, readOnlySuite } from "@letterboxd-ratings/storage-testkit/folder"
import { Effect, Stream } from "effect"
import { commitRest, contentOf, freshFolder, goOn, leftLock, startNew, withDataset } from "./Batches.ts"

readOnlySuite({ name: "CsvStorage", storage: (folder) => CsvStorage.layer({ folder, ...CsvStorage.defaults }) })

const toRead: OpenMode = { _tag: "continue", readOnly: true }
const countRows = (dataset: OpenDataset) => Stream.runCount(dataset.ratings)
const ratingsFile = "latest_raw_user_ratings.csv"

layer(NodeContext.layer)("CsvStorage in a folder that cannot be written, besides", (it) => {
  it.scoped("leaves out what a process left that ended at work, and refuses what somebody added", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const rows = yield* withDataset(folder, goOn, countRows)
      yield* fs.writeFileString(path.join(folder, ratingsFile), "1,99,3.5\n", { flag: "a" })
      const read = withDataset(folder, toRead, countRows, { pid: 2, disk: makeReadOnlyDisk() })
      assert.strictEqual((yield* Effect.flip(read)).reason, "Damaged")
      yield* fs.writeFileString(path.join(folder, ".lock"), leftLock)
      const before = yield* contentOf(folder)
      assert.strictEqual(yield* read, rows)
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("does not take over files of the original tool", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      for (const name of ["manifest.json", "members.jsonl"]) yield* fs.remove(path.join(folder, name))
      const before = yield* contentOf(folder)
      const read = withDataset(folder, toRead, countRows, { disk: makeReadOnlyDisk() })
      const { detail, reason } = yield* Effect.flip(read)
      assert.strictEqual(reason, "NothingThere")
      assert.include(detail, "these are files of the original tool")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )
})
