import { NodeContext } from "@effect/platform-node"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { storageSuite } from "@letterboxd-ratings/storage-testkit"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"
import { isFull } from "../../../vitest.sample.ts"
import { openSqlite } from "../src/SqliteConnection.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sqlite-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

storageSuite(
  "SqliteStorage",
  (place) => SqliteStorage.layer({ folder: path.join(folder, place) }).pipe(Layer.provide(NodeContext.layer)),
  {
    runs: isFull ? 20 : 6,
    writeFormat: (place, format) =>
      Effect.scoped(
        Effect.flatMap(
          openSqlite(path.join(folder, place, "ratings.sqlite")),
          (sql) => sql`update dataset set format = ${format}`
        )
      )
  }
)
