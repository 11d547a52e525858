import { NodeContext } from "@effect/platform-node"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { storageSuite } from "@letterboxd-ratings/storage-testkit"
import { processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "csv-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

storageSuite(
  "CsvStorage",
  (place) =>
    CsvStorage.layer({ ...CsvStorage.defaults, folder: path.join(folder, place) }).pipe(
      Layer.provide(Layer.merge(NodeContext.layer, processTable(1)))
    ),
  {
    writeFormat: (place, format) =>
      Effect.sync(() => {
        const manifest = path.join(folder, place, "manifest.json")
        fs.writeFileSync(manifest, fs.readFileSync(manifest, "utf8").replace(/"format": \d+/u, `"format": ${format}`))
      })
  }
)
