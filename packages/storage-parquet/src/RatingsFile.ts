/**
 * A dataset as one Parquet file, with all names in it: a layout for `lb export`.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { EncodedRating, StorageError } from "@letterboxd-ratings/core"
import {
  describeFile,
  type ExportedDataset,
  type ExportedFile,
  type ExportFormat,
  fileColumn,
  ofRatings,
  ratingColumns,
  writeParts
} from "@letterboxd-ratings/export"
import { Chunk, Effect, Stream } from "effect"
import { copyOptions } from "./Compression.ts"
import { openDuckDb, parquetAt, quoted } from "./DuckDb.ts"
import { type RowColumn, rowColumn } from "./ParquetColumns.ts"
import { valuesOf } from "./ParquetTables.ts"
import { about, storageError, writingFailed } from "./StorageFailure.ts"

/** So many rows are held in memory at once, names and all: two row groups. */
const rowsOfAPart = 245_760

/**
 * `ratings.parquet`: user_id, username, film_id, film_slug, film_title, film_year, rating, and what else is kept of films
 * and ratings behind theirs, compressed with zstd, in the order of the dataset. An anonymous export has no `username`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingsFile: ExportFormat = {
  name: "parquet-file",
  notes: () => [
    "`film_title` and `film_year` are null where the site's pages did not tell them. `rating` is in stars, 0.5 to 5.0."
  ],
  write: (folder, dataset) => {
    const shown = ratingColumns(dataset)
    const columns = shown.map((column) => rowColumn(column))
    const told = shown.map(({ name, type }) => fileColumn(name, type))
    return writeParts(dataset, "ratings", "parquet", (name, ratings) =>
      ofRatings(writeRows(folder, name, columns, ratings), told)
    )
  }
}

const writeRows = (
  folder: string,
  fileName: string,
  columns: ReadonlyArray<RowColumn<EncodedRating>>,
  ratings: ExportedDataset["ratings"]
): Effect.Effect<ExportedFile, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, fileName)
    const options = copyOptions("zstd")
    const parts: Array<string> = []
    const rows = yield* Effect.scoped(
      Effect.gen(function* () {
        const duckDb = yield* openDuckDb(place)
        const connection = yield* duckDb.connect
        const table = yield* connection.table(columns, place)
        let held = 0
        let written = 0
        const writePart = Effect.gen(function* () {
          const part = path.join(folder, `part-${parts.length}`)
          parts.push(part)
          written += yield* table.copyTo(part, options)
          held = 0
        })
        yield* Stream.runForEachChunk(Stream.rechunk(ratings, 8_192), (some) =>
          Effect.gen(function* () {
            yield* table.append(valuesOf(columns, Chunk.toReadonlyArray(some)))
            held += some.length
            if (held >= rowsOfAPart) yield* writePart
          })
        )
        if (held > 0 || parts.length === 0) yield* writePart
        const copied = yield* connection.run(
          `copy (select * from ${parquetAt(parts)}) to ${quoted(place)} (${options})`,
          writingFailed(place)
        )
        return copied === written
          ? written
          : yield* storageError("Failed", place, `it holds ${copied} ratings where ${written} were given to it`)
      })
    )
    for (const part of parts) yield* about(part)(fs.remove(part))
    yield* about(place)(Effect.scoped(Effect.flatMap(fs.open(place, { flag: "r+" }), (file) => file.sync)))
    return yield* describeFile(folder, fileName, rows)
  })
