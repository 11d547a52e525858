/**
 * The rows of a dataset, read as they were committed.
 */
import type { FileSystem, Path } from "@effect/platform"
import type { RowCounts, RowOf, RowTable, StorageError } from "@letterboxd-ratings/core"
import { entryBytes, type FileEntry, keepsIn } from "@letterboxd-ratings/storage-folder"
import { Chunk, Effect, Either, Stream } from "effect"
import { csvTable } from "./CsvCells.ts"
import { type CsvManifest, rowFiles } from "./CsvManifest.ts"
import { damagedLine } from "./MappingFiles.ts"
import { failures, storageError } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

const quotesIn = (line: string): number => line.split(`"`).length - 1

/** Whole records out of lines, of which those within quotes are parts of one. */
const recordsIn = (
  lines: ReadonlyArray<string>
): { readonly records: ReadonlyArray<string>; readonly rest: string } => {
  const records: Array<string> = []
  let open: string | undefined
  for (const line of lines) {
    const record = open === undefined ? line : `${open}\n${line}`
    open = quotesIn(record) % 2 === 1 ? record : undefined
    if (open === undefined) records.push(record)
  }
  return { records, rest: open === undefined ? "" : `${open}\n` }
}

/**
 * The committed lines of a file below its header, in blocks, without their line ends. Fails at the end where the bytes
 * are not what was committed.
 */
const committedLines = (
  folder: string,
  entry: FileEntry,
  header: string
): Stream.Stream<ReadonlyArray<string>, StorageError, Files> =>
  Stream.suspend(() => {
    const decoder = new TextDecoder("utf-8")
    let rest = ""
    let isFirst = true
    return entryBytes(failures, folder, entry).pipe(
      Stream.mapEffect((bytes) => {
        const text = rest + decoder.decode(bytes, { stream: true })
        const lines = text.split("\n")
        const unfinished = lines.pop() ?? ""
        const whole = text.includes(`"`) ? recordsIn(lines) : { records: lines, rest: "" }
        rest = whole.rest + unfinished
        if (!isFirst) return Effect.succeed(whole.records)
        isFirst = false
        return `${whole.records[0] ?? ""}\n` === header
          ? Effect.succeed(whole.records.slice(1))
          : storageError(
              "Damaged",
              `${folder}/${entry.name}`,
              `it does not begin with "${header.trimEnd()}". Restore it from a copy`
            )
      })
    )
  })

/** All committed rows of a table in order, some thousands at a time; none of one that the dataset does not keep. */
export const rowBlocks = <T extends RowTable>(
  folder: string,
  manifest: CsvManifest,
  name: T
): Stream.Stream<ReadonlyArray<RowOf<T>>, StorageError, Files> =>
  Stream.suspend(() => {
    const entry = manifest.files[rowFiles[name]]
    if (entry === undefined) return Stream.empty
    const { header, read } = csvTable(name, keepsIn(manifest))
    let line = 1
    return Stream.mapEffect(committedLines(folder, entry, header), (lines) => {
      const rows: Array<RowOf<T>> = []
      for (const text of lines) {
        line += 1
        const row = read(text)
        if (Either.isLeft(row))
          return damagedLine(
            `${folder}/${entry.name}`,
            line,
            `(${text.slice(0, 80)}) is no row of ${name}: ${row.left}`
          )
        rows.push(row.right)
      }
      return Effect.succeed(rows)
    })
  })

/** Rows of a block in chunks: a fold over a stream cannot take so many at once. */
const chunksOf = <Row>(rows: ReadonlyArray<Row>): Stream.Stream<Row> =>
  Stream.fromChunks(
    ...Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, i) =>
      Chunk.unsafeFromArray(rows.slice(i * rowsAtOnce, (i + 1) * rowsAtOnce))
    )
  )

const rowsAtOnce = 4_096

/** The rows of a table, of the manifest that counts when the stream is run. */
export const committedRows =
  (now: () => { readonly folder: string; readonly manifest: CsvManifest }) =>
  <T extends RowTable>(name: T): Stream.Stream<RowOf<T>, StorageError, Files> =>
    Stream.suspend(() => {
      const { folder, manifest } = now()
      return Stream.flatMap(rowBlocks(folder, manifest, name), chunksOf)
    })

/** How many rows a manifest says there are. */
export const rowCounts = ({ files }: CsvManifest): RowCounts => ({
  ratings: files[rowFiles.ratings].rows,
  watched: files[rowFiles.watched]?.rows ?? 0,
  changes: files[rowFiles.changes]?.rows ?? 0,
  readings: files[rowFiles.readings]?.rows ?? 0
})
