/**
 * A Parquet file of an export.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { describeFile, type ExportedFile } from "@letterboxd-ratings/export"
import { Effect, Stream } from "effect"
import { copyOptions } from "./Compression.ts"
import { type Column, openDuckDb, parquetAt, quoted, type WrittenValues } from "./DuckDb.ts"
import { about, storageError, writingFailed } from "./StorageFailure.ts"

/** So many rows are held in memory at once, names and all: two row groups. */
const rowsOfAPart = 245_760

/**
 * Writes rows, given column by column, as a Parquet file `fileName` of a folder, compressed with zstd, in their order, and
 * flushes it. Holds two row groups in memory.
 */
export const writeParquet = (
  folder: string,
  fileName: string,
  columns: ReadonlyArray<Column>,
  all: Stream.Stream<ReadonlyArray<WrittenValues>, StorageError>
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
          const part = `${place}.part-${parts.length}`
          parts.push(part)
          written += yield* table.copyTo(part, options)
          held = 0
        })
        yield* Stream.runForEach(all, (some) =>
          Effect.gen(function* () {
            yield* table.append(some)
            held += some[0]?.length ?? 0
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
          : yield* storageError("Failed", place, `it holds ${copied} rows where ${written} were given to it`)
      })
    )
    for (const part of parts) yield* about(part)(fs.remove(part))
    yield* about(place)(Effect.scoped(Effect.flatMap(fs.open(place, { flag: "r+" }), (file) => file.sync)))
    return yield* describeFile(folder, fileName, rows)
  })
