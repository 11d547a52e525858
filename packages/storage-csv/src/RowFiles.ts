/**
 * The rows of a dataset, read as they were committed.
 */
import type { FileSystem, Path } from "@effect/platform"
import type { RowCounts, RowOf, RowTable, StorageError } from "@letterboxd-ratings/core"
import { entryBytes, keepsIn } from "@letterboxd-ratings/storage-folder"
import { Chunk, Effect, Either, Stream } from "effect"
import { type CsvTable, csvTable } from "./CsvCells.ts"
import { type CsvManifest, rowFiles } from "./CsvManifest.ts"
import { damagedLine } from "./MappingFiles.ts"
import { longestRow, readPlainRatings } from "./RatingBytes.ts"
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

/** Rows of a block of bytes, or what is wrong in it. */
type Block<Row> = Either.Either<ReadonlyArray<Row>, NoRow | "OtherHeader">

/**
 * Reads the lines of a file below its header out of one block of bytes after the other. A line that is not whole yet waits
 * for the next block.
 */
const lineReader = <Row>({ header, read }: CsvTable<Row>, name: string, linesBefore = 0) => {
  // A mark of the byte order is no part of a text, but it is one of a line in the middle of a file.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: linesBefore > 0 })
  let rest = ""
  let isFirst = linesBefore === 0
  // The header is the first line.
  let line = Math.max(linesBefore, 1)
  return (bytes: Uint8Array): Block<Row> => {
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

/** Reads rows in a plain form from bytes, as `readPlainRatings` does. */
type PlainReader<Row> = (bytes: Uint8Array, from: number, rows: Array<Row>) => number

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte)

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  if (first.length === 0) return second
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/**
 * Reads the rows of a file out of one block of bytes after the other: by `plain`, if there is such a reader, up to the first
 * line that is not in its form, and by lines from there on.
 */
export const blockReader = <Row>(
  table: CsvTable<Row>,
  name: string,
  plain?: PlainReader<Row>
): ((bytes: Uint8Array) => Block<Row>) => {
  let byLines = plain === undefined ? lineReader(table, name) : undefined
  let rest = new Uint8Array()
  let line = 0
  return (bytes) => {
    if (byLines !== undefined || plain === undefined) return (byLines ??= lineReader(table, name))(bytes)
    const header = line === 0 ? new TextEncoder().encode(table.header) : new Uint8Array()
    const block = joined(rest, bytes)
    const rows: Array<Row> = []
    if (!startsWith(block, header)) return (byLines = lineReader(table, name))(block)
    const end = plain(block, header.length, rows)
    line += rows.length + (line === 0 ? 1 : 0)
    const left = block.subarray(end)
    if (left.length < longestRow && !left.includes(0x0a)) {
      rest = left.slice()
      return Either.right(rows)
    }
    byLines = lineReader(table, name, line)
    return Either.map(byLines(left), (more) => [...rows, ...more])
  }
}

const plainReaders: { readonly [T in RowTable]?: PlainReader<RowOf<T>> } = { ratings: readPlainRatings }

/** The plain form has the three columns that every dataset has. */
const plainColumns = 3

/**
 * All committed rows of a table in order, some thousands at a time; none of one that the dataset does not keep. Fails at the
 * end where the bytes are not what was committed.
 */
export const rowBlocks = <T extends RowTable>(
  folder: string,
  manifest: CsvManifest,
  name: T
): Stream.Stream<ReadonlyArray<RowOf<T>>, StorageError, Files> =>
  Stream.suspend(() => {
    const entry = manifest.files[rowFiles[name]]
    if (entry === undefined) return Stream.empty
    const table = csvTable(name, keepsIn(manifest))
    const read = blockReader(table, name, table.columns.length === plainColumns ? plainReaders[name] : undefined)
    return Stream.mapEffect(entryBytes(failures, folder, entry), (bytes) =>
      Either.match(read(bytes), {
        onRight: (rows) => Effect.succeed(rows),
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
