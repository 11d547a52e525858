import { NodeContext } from "@effect/platform-node"
import { storageSuite } from "@letterboxd-ratings/storage-testkit"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"
import { layer } from "../json-storage.mjs"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "json-storage-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

storageSuite(
  "JsonStorage",
  (place) => layer({ folder: path.join(folder, place), options: {} }).pipe(Layer.provide(NodeContext.layer)),
  {
    writeFormat: (place, format) =>
      Effect.sync(() => {
        const file = path.join(folder, place, "ratings.json")
        fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/"format":\d+/u, `"format":${format}`))
      }),
    // All of it is written anew with each batch.
    rows: 20_000
  }
)
