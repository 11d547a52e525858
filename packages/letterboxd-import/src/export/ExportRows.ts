/**
 * The rows of the CSV files of an export, read in a stream.
 *
 * Rows that are written as Letterboxd writes them are read from bytes by who asks for them. Others are made to texts and split
 * here; asking csv-parse for each would cost most of an import's time. Only what is no plain CSV goes to csv-parse, which knows
 * whether it is a row.
 */
import { ImportError } from "@letterboxd-ratings/core"
import { parse } from "csv-parse/sync"
import { Effect, Either, Option, Stream } from "effect"
import { isUtf8 } from "node:buffer"
import type { ExportFiles } from "./ExportFiles.ts"

/** The most bytes that a record may have. */
const mostRecordBytes = 1_048_576

/** The most records that a file may have. */
const mostRecords = 2_000_000

/** The most bytes that a file may have. */
const mostBytes = 256 * 1_048_576

/**
 * Takes rows from bytes that are UTF-8, if the header is `header`. `take` takes those that begin at `from`, up to `most` of them
 * and up to the first line that it does not know: it gives where that begins, and how many rows were taken, each of one
 * line. What it takes must be what `row` of the sink takes of the same lines.
 */
export interface PlainRows {
  readonly header: string
  readonly take: (
    bytes: Buffer,
    from: number,
    line: number,
    most: number
  ) => { readonly end: number; readonly rows: number }
}

/**
 * What becomes of rows: `row` gets the cells of the asked columns, `unreadable` the lines that are no row. Rows that `plain`
 * takes do not come to `row`.
 */
export interface RowSink {
  readonly row: (cells: ReadonlyArray<string>, line: number) => void
  readonly unreadable: (line: number, lines: number) => void
  readonly plain?: PlainRows
}

/**
 * How a file is read. `columns` must stand in the header. `isChecked` tells whether a checksum proves that the file ends
 * where it should: where not, a last line without a line end may be cut, and is unreadable. With `mostRows` the rest is not
 * read.
 */
export interface RowsOptions {
  readonly place: string
  readonly columns: ReadonlyArray<string>
  readonly isChecked: boolean
  readonly mostRows?: number
}

/** How the file was written. `isCut` tells that its last line has no line end and was not taken. */
export interface RowsForm {
  readonly delimiter: string
  readonly isCut: boolean
}

const countOf = (text: string, part: string): number => {
  let count = 0
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) count += 1
  return count
}

/** The cells of a record as csv-parse reads it; nothing if it is no record. */
const parsedCells = (record: string, delimiter: string): ReadonlyArray<string> | undefined => {
  try {
    const records: ReadonlyArray<ReadonlyArray<string>> = parse(record, {
      delimiter,
      record_delimiter: "\n",
      relax_column_count: true,
      max_record_size: mostRecordBytes
    })
    return records.length === 1 ? records[0] : undefined
  } catch {
    return undefined
  }
}

/** A record of so many characters has fewer bytes than it may have. */
const surelyShort = mostRecordBytes / 4

/**
 * The cells of a record with quotes; nothing if it is no record. A cell in quotes begins and ends with one, and each quote in
 * it is doubled.
 */
export const quotedCells = (record: string, delimiter: string): ReadonlyArray<string> | undefined => {
  if (record.length > surelyShort) return parsedCells(record, delimiter)
  const cells: Array<string> = []
  for (let at = 0; ;) {
    let end: number
    if (record.charCodeAt(at) === quoteCode) {
      let isDoubled = false
      let closing = record.indexOf('"', at + 1)
      while (closing !== -1 && record.charCodeAt(closing + 1) === quoteCode) {
        isDoubled = true
        closing = record.indexOf('"', closing + 2)
      }
      end = closing + 1
      if (closing === -1 || (end < record.length && !record.startsWith(delimiter, end)))
        return parsedCells(record, delimiter)
      const cell = record.slice(at + 1, closing)
      cells.push(isDoubled ? cell.replaceAll('""', '"') : cell)
    } else {
      const next = record.indexOf(delimiter, at)
      end = next === -1 ? record.length : next
      const cell = record.slice(at, end)
      if (cell.includes('"')) return parsedCells(record, delimiter)
      cells.push(cell)
    }
    if (end === record.length) return cells
    at = end + delimiter.length
  }
}

const quoteCode = 0x22
const lineFeed = 0x0a

/** The delimiter of a header. The names of columns hold neither. */
const delimiterOf = (header: string): string => {
  const counts = [",", ";", "\t"].map((delimiter) => ({ delimiter, count: countOf(header, delimiter) }))
  return counts.reduce((most, next) => (next.count > most.count ? next : most)).delimiter
}

/** The names of the columns of a header line. */
export const columnsOf = (header: string): ReadonlyArray<string> => {
  const text = header.replace(/\r$/u, "")
  const delimiter = delimiterOf(text)
  const cells = text.includes('"') ? (quotedCells(text, delimiter) ?? []) : text.split(delimiter)
  return cells.map((name) => name.trim())
}

/** Where the record ends that begins at `from`, behind its line end; the end of the bytes if it is not there. */
const recordEnd = (bytes: Uint8Array, from: number): number => {
  let isOpen = false
  for (let at = from; at < bytes.length; at++) {
    const sign = bytes[at]
    if (sign === quoteCode) isOpen = !isOpen
    else if (sign === lineFeed && !isOpen) return at + 1
  }
  return bytes.length
}

/** Reads rows as bytes come. `feed` and `end` give what is wrong with the file as a whole. */
const makeRows = ({ columns, isChecked, mostRows = Infinity, place }: RowsOptions, sink: RowSink) => {
  let rest: Buffer = Buffer.alloc(0)
  let pending = ""
  let line = 1
  let records = 0
  let rows = 0
  let width = 0
  let delimiter = ","
  let order: ReadonlyArray<number> | undefined
  let isInOrder = true
  let isPlain = false
  let isFirst = true
  let read = 0

  const error = (reason: ImportError["reason"], detail: string, at?: number, advice?: string) =>
    new ImportError({
      reason,
      place,
      detail,
      ...(at === undefined ? {} : { line: at }),
      ...(advice === undefined ? {} : { advice })
    })

  const readHeader = (text: string): ImportError | undefined => {
    delimiter = delimiterOf(text)
    const names = columnsOf(text)
    width = names.length
    const found = columns.map((column) => names.indexOf(column))
    const missing = columns.filter((_, i) => found[i] === -1)
    if (missing.length > 0)
      return error("Incomplete", `the header has no column ${missing.join(", ")}`, 1, "Get the export again.")
    const twice = columns.find((column) => names.indexOf(column) !== names.lastIndexOf(column))
    if (twice !== undefined)
      return error("Invalid", `the header has the column ${twice} twice`, 1, "Get the export again.")
    order = found
    isInOrder = found.every((at, i) => at === i)
    isPlain = text === sink.plain?.header && mostRows === Infinity
    return undefined
  }

  const take = (cells: ReadonlyArray<string> | undefined, line: number, lines: number, isDecoded: boolean): void => {
    if (cells === undefined || cells.length !== width || (!isDecoded && cells.some((cell) => cell.includes("\uFFFD"))))
      sink.unreadable(line, lines)
    else if (rows < mostRows) {
      rows += 1
      sink.row(isInOrder || order === undefined ? cells : order.map((at) => cells[at] ?? ""), line)
    }
  }

  /** Takes the complete records of a text whose last line is complete; what is left is an open cell. */
  const takeRecords = (text: string, isDecoded: boolean): ImportError | undefined => {
    let at = 0
    let quote = text.indexOf('"')
    while (at < text.length) {
      let end = text.indexOf("\n", at)
      let lines = 1
      const isQuoted = quote !== -1 && quote < end
      if (isQuoted) {
        let quotes = 0
        for (;;) {
          while (quote !== -1 && quote < end) {
            quotes += 1
            quote = text.indexOf('"', quote + 1)
          }
          if (quotes % 2 === 0) break
          end = text.indexOf("\n", end + 1)
          if (end === -1) break
          lines += 1
        }
        if (end === -1) break
      }
      const record = text.slice(at, text.charCodeAt(end - 1) === 13 && end > at ? end - 1 : end)
      at = end + 1
      if (order === undefined) {
        const wrong = readHeader(record)
        if (wrong !== undefined) return wrong
        line += lines
        continue
      }
      // A blank line is no record.
      if (record !== "") {
        records += 1
        if (records > mostRecords) return error("TooLarge", `the file has more than ${mostRecords} rows`)
        take(isQuoted ? quotedCells(record, delimiter) : record.split(delimiter), line, lines, isDecoded)
      }
      line += lines
    }
    pending = text.slice(at)
    return undefined
  }

  /** Takes the complete records of a block whose last line is complete. */
  const takeBlock = (block: Buffer): ImportError | undefined => {
    const isDecoded = isUtf8(block)
    let at = 0
    if (sink.plain !== undefined && isDecoded && pending === "") {
      while (at < block.length) {
        if (isPlain) {
          const taken = sink.plain.take(block, at, line, mostRecords - records)
          records += taken.rows
          line += taken.rows
          at = taken.end
        } else if (order !== undefined) break
        const end = recordEnd(block, at)
        const wrong = end === at ? undefined : takeRecords(block.toString("utf8", at, end), isDecoded)
        if (wrong !== undefined) return wrong
        at = end
      }
      if (at === block.length) return undefined
    }
    return takeRecords(pending + block.toString("utf8", at), isDecoded)
  }

  const feed = (chunk: Uint8Array): ImportError | undefined => {
    read += chunk.length
    if (read > mostBytes) return error("TooLarge", `the file has more than ${mostBytes} bytes`)
    const bytes =
      rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk])
    if (isFirst && bytes.length < 3) {
      rest = Buffer.from(bytes)
      return undefined
    }
    if (isFirst && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)))
      return error("Invalid", "the file is UTF-16 text", 1, "Save it as CSV with UTF-8.")
    const nul = chunk.indexOf(0)
    if (nul !== -1) {
      const at = line + countOf(pending, "\n") + countOf(bytes.toString("latin1", 0, bytes.indexOf(0)), "\n")
      return error("Damaged", "the file holds NUL bytes", at)
    }
    const isMarked = isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    isFirst = false
    const end = bytes.lastIndexOf(10) + 1
    const block = bytes.subarray(isMarked ? Math.min(3, end) : 0, end)
    // Without a line end the mark stays for the next time.
    if (isMarked && end === 0) isFirst = true
    rest = end === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(end))
    if (block.length > 0) {
      const wrong = takeBlock(block)
      if (wrong !== undefined) return wrong
    }
    return rest.length + pending.length > mostRecordBytes
      ? error("TooLarge", `the row that begins here has more than ${mostRecordBytes} bytes`, line)
      : undefined
  }

  const end = (): ImportError | RowsForm => {
    const isMarked = isFirst && rest[0] === 0xef && rest[1] === 0xbb && rest[2] === 0xbf
    const last = isMarked ? rest.subarray(3) : rest
    const isCut = last.length > 0 && !isChecked && order !== undefined
    if (isCut) {
      sink.unreadable(line, countOf(pending, "\n") + 1)
    } else {
      const wrong = last.length > 0 ? takeRecords(`${pending}${last.toString("utf8")}\n`, isUtf8(last)) : undefined
      if (wrong !== undefined) return wrong
      if (pending !== "") sink.unreadable(line, countOf(pending.replace(/\n$/u, ""), "\n") + 1)
    }
    return order === undefined ? error("Damaged", "the file is empty") : { delimiter, isCut }
  }

  return { feed, end, isDone: () => rows >= mostRows }
}

/**
 * Reads a CSV file: UTF-8 with or without BOM, CRLF or LF, `,` `;` or tabs, real line breaks inside quotes. The header must
 * have the asked columns (`Incomplete`). NUL bytes are `Damaged`; a record of more than 1 MiB, more than 2,000,000 records
 * or 256 MiB are `TooLarge`. In memory stand one block of the file and at most one record.
 */
export const readRows = (
  files: ExportFiles,
  name: string,
  options: Omit<RowsOptions, "place" | "isChecked">,
  sink: RowSink
): Effect.Effect<RowsForm, ImportError> =>
  Effect.suspend(() => {
    const rows = makeRows({ ...options, place: files.placeOf(name), isChecked: files.isChecked }, sink)
    const end = (): Either.Either<RowsForm, ImportError> => {
      const form = rows.isDone() ? { delimiter: ",", isCut: false } : rows.end()
      return form instanceof ImportError ? Either.left(form) : Either.right(form)
    }
    const feed = (bytes: Uint8Array): Either.Either<boolean, ImportError> => {
      const wrong = rows.feed(bytes)
      return wrong === undefined ? Either.right(!rows.isDone()) : Either.left(wrong)
    }
    const whole = files.readAtOnce(name)
    return Option.isSome(whole)
      ? Either.flatMap(Either.flatMap(whole.value, feed), end)
      : Effect.zipRight(Stream.runForEachWhile(files.read(name), feed), Effect.suspend(end))
  })
