/** What becomes of a dataset of Parquet files that somebody else laid hands on. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Film, type OpenDataset, StorageError } from "@letterboxd-ratings/core"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { batchOf } from "@letterboxd-ratings/storage-testkit"
import {
  askStorage,
  contentOf,
  freshFolder,
  goOn,
  startNew,
  useDataset
} from "@letterboxd-ratings/storage-testkit/folder"
import { Effect, Schema } from "effect"

const film = Schema.decodeUnknownSync(Film)
const films = [1, 2].map((id) => film({ id, slug: `f${id}`, title: `F${id}` }))
const storage = (folder: string) => ParquetStorage.layer({ folder })

const commit = (n: number, names: ReadonlyArray<string>) => (dataset: OpenDataset) =>
  dataset.commit(
    batchOf(
      dataset.state,
      n,
      names.map((name) => ({
        name,
        ratings: [
          [1, n + 1],
          [2, 0.5]
        ]
      })),
      films
    )
  )

/** Three parts: two members, one, and one. */
const filled = Effect.gen(function* () {
  const folder = yield* freshFolder
  for (const [n, names] of [["one", "two"], ["six"], ["ten"]].entries())
    yield* useDataset(storage(folder), n === 0 ? startNew : goOn, commit(n, names))
  return folder
})

const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => (error instanceof StorageError ? error : assert.fail(String(error))))
const change = (folder: string, how: (text: string) => string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const place = `${folder}/manifest.json`
    yield* fs.writeFileString(place, how(yield* fs.readFileString(place)))
  })
const leftLock = JSON.stringify({
  process: { pid: 77, host: "here", startedAt: 1 },
  since: "2026-01-01T00:00:00.000Z"
})
const without = (content: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(content).filter(([name]) => name !== ".lock"))

layer(NodeContext.layer)("ParquetStorage and other people's hands", (it) => {
  it.scoped("says that it is damaged, and what to do, where a file that it reads is missing", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const name of Object.keys(yield* contentOf(yield* filled))) {
        if (name === "manifest.json") continue
        const folder = yield* filled
        yield* fs.remove(`${folder}/${name}`)
        for (const failing of [
          Effect.asVoid(askStorage(storage(folder), ({ inspect }) => inspect)),
          useDataset(storage(folder), goOn, () => Effect.void)
        ]) {
          const { message, reason, remedy } = yield* failureOf(failing)
          assert.deepStrictEqual([reason, remedy], ["Damaged", { _tag: "Verify" }], message)
          assert.include(message, `${name}: the file is missing`)
        }
      }
    })
  )

  it.scoped("writes over no part that was not committed", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const isOlder of [false, true]) {
        const folder = yield* filled
        const manifest = yield* fs.readFileString(`${folder}/manifest.json`)
        // Either it is somebody's, or a later batch's, before which an older manifest was put back.
        if (isOlder) {
          yield* useDataset(storage(folder), goOn, commit(3, ["far"]))
          yield* fs.writeFileString(`${folder}/manifest.json`, manifest.replace(/"swap": "[^"]*",?/gu, ""))
        } else yield* fs.writeFileString(`${folder}/ratings/part-000004.parquet`, "mine")
        const before = yield* contentOf(folder, "latin1")
        for (const pid of [1, 2]) {
          const failure = yield* failureOf(useDataset(storage(folder), goOn, commit(4, ["new"]), { pid }))
          assert.include(["AlreadyThere", "Damaged"], failure.reason)
          if (!isOlder) assert.include(failure.message, "ratings/part-000004.parquet")
          assert.deepStrictEqual(yield* contentOf(folder, "latin1"), before)
        }
      }
    })
  )

  it.scoped("does nothing with what a manifest that was changed says, of files or of users", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const users = (one: string) => (text: string) => text.replace('"users": "1-2"', `"users": "${one}"`)
      const removed = (one: string) => (text: string) => text.replace('"removed": []', `"removed": ["${one}"]`)
      const changes: ReadonlyArray<readonly [string, (text: string) => string]> = [
        ["a foreign file", removed("thesis.txt")],
        ["the members", removed("members.parquet")],
        ["a part", removed("ratings/part-000001.parquet")],
        ["too few users", users("1")],
        ["other users", users("1,3")],
        ["users that fall", users("9-1")],
        ["users that nobody has", users("1-400")],
        ["users without end", users("1-4000000000")],
        ["users in any number", users("1-2147483647")],
        ["users twice", users("1-2,2")],
        ["no user", users("0-1")],
        ["rows in any number", (text) => text.replace(/"rows": 4/u, '"rows": 9007199254740991')],
        ["no parts", (text) => text.replace(/"parts": \[.*?\n {2}\]/su, '"parts": []')],
        ["one part twice", (text) => text.replace("part-000002", "part-000001")],
        ["another name", (text) => text.replace("ratings/part-000001.parquet", "thesis.parquet")],
        ["another table", (text) => text.replace("ratings/part-000001", "watched/part-000001")],
        ["another batch", (text) => text.replaceAll(/\.next-\d+"/gu, '.next-9"')]
      ]
      for (const [what, how] of changes) {
        const folder = yield* filled
        yield* fs.writeFileString(`${folder}/thesis.txt`, "mine")
        const sound = yield* fs.readFileString(`${folder}/manifest.json`)
        yield* change(folder, how)
        assert.notStrictEqual(yield* fs.readFileString(`${folder}/manifest.json`), sound, what)
        yield* fs.writeFileString(`${folder}/.lock`, leftLock)
        const before = without(yield* contentOf(folder, "latin1"))
        // A member of the first part is read again.
        const failure = yield* failureOf(useDataset(storage(folder), goOn, commit(4, ["two"])))
        assert.include(["Damaged", "AlreadyThere"], failure.reason, what)
        assert.isBelow(failure.detail.length, 350, what)
        assert.deepStrictEqual(without(yield* contentOf(folder, "latin1")), before, what)
      }
    })
  )

  it.scoped("proves whose rows a part holds before it takes all of it away", () =>
    Effect.gen(function* () {
      const folder = yield* filled
      yield* change(folder, (text) => text.replace('"users": "3"', '"users": "4"'))
      const before = yield* contentOf(folder, "latin1")
      const failure = yield* failureOf(useDataset(storage(folder), goOn, commit(4, ["ten"])))
      assert.strictEqual(failure.reason, "Damaged")
      assert.include(failure.message, "part-000002.parquet")
      assert.deepStrictEqual(yield* contentOf(folder, "latin1"), before)
    })
  )

  it.scoped("sets aside in a repair what somebody added to a file", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder, "latin1")
      yield* fs.writeFileString(`${folder}/films.parquet`, "mine", { flag: "a" })
      const opening = yield* failureOf(useDataset(storage(folder), goOn, () => Effect.void))
      assert.deepStrictEqual([opening.reason, opening.remedy?._tag], ["Damaged", "Repair"])
      const { problems, repaired } = yield* askStorage(storage(folder), ({ verify }) => verify({ repair: true }))
      assert.deepStrictEqual(problems, [])
      assert.include(repaired[0], "were set aside in")
      assert.deepStrictEqual(yield* contentOf(folder, "latin1"), { ...before, "films.parquet.uncommitted": "mine" })
    })
  )
})
