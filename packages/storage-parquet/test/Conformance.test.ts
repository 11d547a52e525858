import { NodeContext } from "@effect/platform-node"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { storageSuite } from "@letterboxd-ratings/storage-testkit"
import { processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"
import { isFull } from "../../../vitest.sample.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "parquet-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

storageSuite(
  "ParquetStorage",
  (place) =>
    ParquetStorage.layer({ folder: path.join(folder, place) }).pipe(
      Layer.provide(Layer.merge(NodeContext.layer, processTable(1)))
    ),
  {
    runs: isFull ? 20 : 6,
    writeFormat: (place, format) =>
      Effect.sync(() => {
        const manifest = path.join(folder, place, "manifest.json")
        fs.writeFileSync(manifest, fs.readFileSync(manifest, "utf8").replace(/"format": \d+/u, `"format": ${format}`))
      })
  }
)
