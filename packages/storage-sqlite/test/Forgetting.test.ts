import { NodeContext } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Film, forgettingBatch, RatingsStorage, Username, whomToForget } from "@letterboxd-ratings/core"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { batchOf } from "@letterboxd-ratings/storage-testkit"
import { DateTime, Effect, Layer, Schema } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"
import { openSqlite } from "../src/SqliteConnection.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sqlite-forgetting-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const name = "secretive_one"
const username = Schema.decodeUnknownSync(Username)
const film = Schema.decodeUnknownSync(Film)
const namedIn = () => fs.readdirSync(folder).filter((file) => fs.readFileSync(path.join(folder, file)).includes(name))

it.scoped("a member is not called forgotten while its bytes are left, and is when that is done again", () =>
  Effect.gen(function* () {
    const forget = Effect.gen(function* () {
      const dataset = yield* (yield* RatingsStorage).open({ _tag: "continue" })
      const whom = whomToForget(dataset.state, [username(name)])
      yield* dataset.commit(yield* forgettingBatch(dataset.state, whom, DateTime.unsafeMake(Date.UTC(2026, 0, 2))))
      return whom
    }).pipe(Effect.scoped)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const dataset = yield* (yield* RatingsStorage).open({ _tag: "new", existing: "refuse" })
        yield* dataset.commit(
          batchOf(dataset.state, 1, [{ name, ratings: [[1, 4]] }], [film({ id: 1, slug: "film-1" })])
        )
      })
    )
    yield* Effect.scoped(
      Effect.gen(function* () {
        // A reader keeps the log from being emptied.
        const reader = yield* openSqlite(path.join(folder, "ratings.sqlite"))
        yield* reader`begin`
        yield* reader`select * from members`
        const failed = yield* Effect.flip(forget)
        assert.strictEqual(failed.reason, "Locked")
        assert.include(failed.message, "out of the tables, but")
        assert.isNotEmpty(namedIn())
        yield* reader`rollback`
      })
    )
    assert.deepStrictEqual([...(yield* forget).already.keys()], [username(name)])
    assert.deepStrictEqual(namedIn(), [])
  }).pipe(Effect.provide(SqliteStorage.layer({ folder }).pipe(Layer.provide(NodeContext.layer))))
)
