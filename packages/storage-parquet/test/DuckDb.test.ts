import { INTEGER, VARCHAR } from "@duckdb/node-api"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { openDuckDb } from "../src/DuckDb.ts"
import { storageError } from "../src/StorageFailure.ts"
import { query, quoted } from "./Reader.ts"

const Memory = Schema.decodeUnknownSync(Schema.Tuple(Schema.Struct({ megabytes: Schema.Number })))
const rowsOfPart = 40_960

layer(NodeContext.layer)("a table that becomes files", (it) => {
  it.scoped("holds the rows of one file at a time, however many it has written", () =>
    Effect.gen(function* () {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const connection = yield* (yield* openDuckDb(folder)).connect
      const table = yield* connection.table(
        [
          { name: "n", type: INTEGER },
          { name: "words", type: VARCHAR }
        ],
        folder
      )
      const held: Array<number> = []
      for (let part = 0; part < 5; part++) {
        const numbers = Array.from({ length: rowsOfPart }, (_, i) => part * rowsOfPart + i)
        yield* table.append([numbers, numbers.map((n) => `a text that is longer than a few letters, number ${n}`)])
        assert.strictEqual(yield* table.copyTo(`${folder}/part-${part}`, "format parquet"), rowsOfPart)
        const rows = yield* connection.rows(
          "select coalesce(sum(memory_usage_bytes), 0) / 1e6 as megabytes from duckdb_memory()",
          (cause) => storageError("Failed", folder, String(cause))
        )
        held.push(Memory(rows)[0].megabytes)
      }
      assert.isBelow(Math.max(...held.slice(1)), Math.max(1, (held[0] ?? 0) * 1.5), held.join(", "))
      // And they are the rows of their file, in order.
      for (let part = 0; part < 5; part++) {
        assert.deepStrictEqual(
          yield* query(
            `select count(*)::double, min(n), max(n) from read_parquet(${quoted(`${folder}/part-${part}`)})`
          ),
          [[rowsOfPart, part * rowsOfPart, (part + 1) * rowsOfPart - 1]]
        )
      }
    })
  )

  it.scoped("says that the disk is full when DuckDB hears of it, and goes on when there is room", () =>
    Effect.gen(function* () {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const connection = yield* (yield* openDuckDb(folder)).connect
      const table = yield* connection.table([{ name: "n", type: INTEGER }], folder)
      yield* table.append([[1, 2, 3]])
      const failure = yield* Effect.flip(table.copyTo("/dev/full", "format parquet"))
      assert.strictEqual(failure.reason, "Full")
      assert.include(failure.message, "/dev/full")
      assert.strictEqual(yield* table.copyTo(`${folder}/part`, "format parquet"), 3)
    })
  )
})
