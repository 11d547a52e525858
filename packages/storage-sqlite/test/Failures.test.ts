import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { RatingsStorage, StorageError } from "@letterboxd-ratings/core"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { batchOf, type commitRest } from "@letterboxd-ratings/storage-testkit"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const at = (folder: string) => SqliteStorage.layer({ folder }).pipe(Layer.provide(NodeContext.layer))

const inFolder = (test: (folder: string) => Effect.Effect<void, unknown>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sqlite-failures-"))),
    test,
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true }))
  )

const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert(error instanceof StorageError, String(error))
    return error
  })

describe("SqliteStorage where something is wrong", () => {
  it.live("says so where its file is a folder, or no database", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const storage = yield* RatingsStorage
        fs.mkdirSync(path.join(folder, "ratings.sqlite"))
        for (const asked of [storage.exists, storage.inspect, Effect.scoped(storage.open({ _tag: "continue" }))]) {
          assert.include((yield* failureOf(Effect.asVoid<unknown, unknown, never>(asked))).message, "ratings.sqlite")
        }
        fs.rmdirSync(path.join(folder, "ratings.sqlite"))
        fs.writeFileSync(path.join(folder, "ratings.sqlite"), "no database ".repeat(1000))
        assert.strictEqual((yield* failureOf(storage.inspect)).reason, "Damaged")
        assert.isTrue(fs.readFileSync(path.join(folder, "ratings.sqlite"), "utf8").startsWith("no database"))
      }).pipe(Effect.provide(at(folder)))
    ))

  it.live("leaves nothing behind of a first batch that could not be committed, and no stranger's file is touched", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        const storage = yield* RatingsStorage
        const wrong = (dataset: Parameters<typeof commitRest>[0]) => {
          const batch = batchOf(dataset.state, 1, [{ name: "one", ratings: [[10, 1]] }], [])
          return dataset.commit(batch)
        }
        // The film of the rating is in no table.
        yield* failureOf(Effect.scoped(Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) => Effect.zipRight(wrong(dataset), dataset.commit(batchOf(dataset.state, 2, [{ name: "one", ratings: [[10, 1]] }], []))))))
        assert.isFalse(yield* storage.exists)
        assert.deepStrictEqual(fs.readdirSync(folder), [])
      }).pipe(Effect.provide(at(path.join(folder, "data"))))
    ))
})
