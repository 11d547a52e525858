import { FileSystem, Path } from "@effect/platform"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { folderSuite } from "@letterboxd-ratings/storage-testkit/folder"
import { Effect } from "effect"
import { sample } from "../../../vitest.sample.ts"

folderSuite({
  name: "ParquetStorage",
  storage: (folder) => ParquetStorage.layer({ folder }),
  // DuckDB writes past the file system that counts: what no manifest names yet may be torn anywhere.
  afterDeath: (folder) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      if (!(yield* fs.exists(folder))) return
      const manifest = yield* Effect.orElseSucceed(fs.readFileString(path.join(folder, "manifest.json")), () => "")
      for (const name of yield* fs.readDirectory(folder, { recursive: true })) {
        if (!/\.parquet\.next-\d+$/u.test(name) || manifest.includes(`"${name}"`)) continue
        const place = path.join(folder, name)
        yield* fs.truncate(place, Math.floor(Number((yield* fs.stat(place)).size) / 2))
      }
    }),
  failures: [["ENOSPC", true, "Full"]],
  // The protocol is that of CSV files, where each call and whole writes are tried too.
  shortWrites: [true],
  step: 2,
  sample: (what, points) => sample(what, points, 5)
})
