/**
 * The rows of a dataset, read as they were committed.
 */
import type { FileSystem, Path } from "@effect/platform"
import {
  type EncodedRating,
  growingBlock,
  type RatingBlock,
  ratingBlockOf,
  ratingsOf,
  type RowCounts,
  type RowOf,
  type RowTable,
  type StorageError,
  streamOfRows
} from "@letterboxd-ratings/core"
import { entryBytes, keepsIn } from "@letterboxd-ratings/storage-folder"
import { Effect, Either, Stream } from "effect"
import { type CsvTable, csvTable } from "./CsvCells.ts"
import { type CsvManifest, rowFiles } from "./CsvManifest.ts"
import { damagedLine } from "./MappingFiles.ts"
import { longestRow, readPlainRatings, shortestRow } from "./RatingBytes.ts"
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

/** What a line is that is no row. */
interface NoRow {
  readonly line: number
  readonly what: string
}

/** What a block of bytes holds, or what is wrong in it. */
type Read<A> = Either.Either<A, NoRow | "OtherHeader">

/**
 * Reads the lines of a file below its header out of one block of bytes after the other. A line that is not whole yet waits
 * for the next block.
 */
export const lineReader = <Row>({ header, read }: CsvTable<Row>, name: string, linesBefore = 0) => {
  // A mark of the byte order is no part of a text, but it is one of a line in the middle of a file.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: linesBefore > 0 })
  let rest = ""
  let isFirst = linesBefore === 0
  // The header is the first line.
  let line = Math.max(linesBefore, 1)
  return (bytes: Uint8Array): Read<ReadonlyArray<Row>> => {
    const text = rest + decoder.decode(bytes, { stream: true })
    const lines = text.split("\n")
    const unfinished = lines.pop() ?? ""
    const whole = text.includes(`"`) ? recordsIn(lines) : { records: lines, rest: "" }
    rest = whole.rest + unfinished
    if (isFirst && `${whole.records[0] ?? ""}\n` !== header) return Either.left("OtherHeader")
    const rows: Array<Row> = []
    for (const text of isFirst ? whole.records.slice(1) : whole.records) {
      line += 1
      const row = read(text)
      if (Either.isLeft(row))
        return Either.left({ line, what: `(${text.slice(0, 80)}) is no row of ${name}: ${row.left}` })
      rows.push(row.right)
    }
    isFirst = false
    return Either.right(rows)
  }
}

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte)

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  if (first.length === 0) return second
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/** The plain form has the three columns that every dataset has. */
const plainColumns = 3

/**
 * Reads ratings out of one block of bytes after the other: from the bytes up to the first line that is not in our plain form,
 * and by lines from there on.
 */
export const ratingReader = (
  table: CsvTable<EncodedRating>,
  name: string
): ((bytes: Uint8Array) => Read<RatingBlock>) => {
  let byLines = table.columns.length === plainColumns ? undefined : lineReader(table, name)
  let rest = new Uint8Array()
  let line = 0
  // As many ratings are expected in a block as there were in the one before.
  let expected = 0
  return (bytes) => {
    if (byLines !== undefined) return Either.map(byLines(bytes), ratingBlockOf)
    const header = line === 0 ? new TextEncoder().encode(table.header) : new Uint8Array()
    const block = joined(rest, bytes)
    if (!startsWith(block, header)) {
      byLines = lineReader(table, name)
      return Either.map(byLines(block), ratingBlockOf)
    }
    const growing = growingBlock(expected === 0 ? Math.ceil(block.length / shortestRow) : expected)
    const end = readPlainRatings(block, header.length, growing)
    const ratings = growing.block()
    expected = Math.ceil(ratings.size * 1.1)
    line += ratings.size + (line === 0 ? 1 : 0)
    const left = block.subarray(end)
    if (left.length < longestRow && !left.includes(0x0a)) {
      rest = left.slice()
      return Either.right(ratings)
    }
    byLines = lineReader(table, name, line)
    return Either.map(byLines(left), (more) => ratingBlockOf([...ratingsOf(ratings), ...more]))
  }
}

/** What is read out of the committed bytes of a file, block by block. Fails at the end where they are not what was committed. */
const readBlocks = <T extends RowTable, A>(
  folder: string,
  manifest: CsvManifest,
  name: T,
  reader: (table: CsvTable<RowOf<T>>) => (bytes: Uint8Array) => Read<A>
): Stream.Stream<A, StorageError, Files> =>
  Stream.suspend(() => {
    const entry = manifest.files[rowFiles[name]]
    if (entry === undefined) return Stream.empty
    const table = csvTable(name, keepsIn(manifest))
    const read = reader(table)
    return Stream.mapEffect(entryBytes(failures, folder, entry), (bytes) =>
      Either.match(read(bytes), {
        onRight: (found) => Effect.succeed(found),
        onLeft: (wrong) =>
          wrong === "OtherHeader"
            ? storageError(
                "Damaged",
                `${folder}/${entry.name}`,
                `it does not begin with "${table.header.trimEnd()}". Restore it from a copy`
              )
            : damagedLine(`${folder}/${entry.name}`, wrong.line, wrong.what)
      })
    )
  })

/** All committed ratings in order, some thousands at a time. Fails at the end where the bytes are not what was committed. */
export const ratingBlocks = (folder: string, manifest: CsvManifest): Stream.Stream<RatingBlock, StorageError, Files> =>
  readBlocks(folder, manifest, "ratings", (table) => ratingReader(table, "ratings"))

/** A table whose rows are read by lines. */
type LineTable = Exclude<RowTable, "ratings">

/**
 * All committed rows of a table in order, some thousands at a time; none of one that the dataset does not keep. Fails at the
 * end where the bytes are not what was committed.
 */
export const rowBlocks = <T extends LineTable>(
  folder: string,
  manifest: CsvManifest,
  name: T
): Stream.Stream<ReadonlyArray<RowOf<T>>, StorageError, Files> =>
  readBlocks(folder, manifest, name, (table) => lineReader(table, name))

/** The same rows, one by one. */
export const committedRows = <T extends LineTable>(
  folder: string,
  manifest: CsvManifest,
  name: T
): Stream.Stream<RowOf<T>, StorageError, Files> => Stream.flatMap(rowBlocks(folder, manifest, name), streamOfRows)

/** How many rows a manifest says there are. */
export const rowCounts = ({ files }: CsvManifest): RowCounts => ({
  ratings: files[rowFiles.ratings].rows,
  watched: files[rowFiles.watched]?.rows ?? 0,
  changes: files[rowFiles.changes]?.rows ?? 0,
  readings: files[rowFiles.readings]?.rows ?? 0
})
