/**
 * A table in a file that another program wrote: the original tool, a spreadsheet, an editor. Its form (encoding,
 * separator, line ends) is found out, and its rows are read in blocks, so that a file of any size takes the same memory.
 */
import { FileSystem } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { parse } from "csv-parse/sync"
import { Effect, Either, Option, Schema, Stream } from "effect"
import { about, failures } from "./StorageFailure.ts"

/**
 * How a table is written. `hasHint` says that its first line is one that only a spreadsheet reads (`sep=;`). `header`
 * holds the names of the columns, which end before line `firstLine`.
 */
export interface TableForm {
  readonly encoding: "UTF-8" | "UTF-16LE" | "UTF-16BE" | "Windows-1252"
  readonly hasMark: boolean
  readonly hasHint: boolean
  readonly separator: "," | ";" | "\t"
  readonly lineEnd: "\n" | "\r\n" | "\r"
  readonly header: ReadonlyArray<string>
  readonly firstLine: number
}

/** Whole rows, as they stand in the file; `line` is the number of the first one. */
export interface TableBlock {
  readonly text: string
  readonly line: number
}

export interface TableRow {
  readonly line: number
  readonly cells: ReadonlyArray<string>
}

/** `blocks` may be run more than once. */
export interface ForeignTable {
  readonly form: TableForm
  readonly blocks: Stream.Stream<TableBlock, StorageError | TableError, FileSystem.FileSystem>
}

/**
 * A file that cannot be read as the table it should be.
 *
 * - `Encoding`: it is neither UTF-8 nor UTF-16.
 * - `Syntax`: it is no CSV.
 * - `Columns`: a column is missing, or stands twice.
 */
export class TableError extends Schema.TaggedError<TableError>("@letterboxd-ratings/storage-csv/TableError")(
  "TableError",
  {
    reason: Schema.Literal("Encoding", "Syntax", "Columns"),
    place: Schema.String,
    line: Schema.optionalWith(Schema.Number, { exact: true }),
    detail: Schema.String
  }
) {
  override get message(): string {
    return `${this.place}${this.line === undefined ? "" : `:${this.line}`}: ${this.detail}`
  }
}

/** So much of a file is read at once. */
const chunkSize = 256 * 1024

/** A row is shorter than this many characters; a longer one is a quote that nobody closed. */
const longestRow = 1024 * 1024

/** The header stands within so many bytes. */
const headBytes = 64 * 1024

const separators = [",", ";", "\t"] as const

const Records = Schema.Array(
  Schema.Struct({ record: Schema.Array(Schema.String), info: Schema.Struct({ lines: Schema.Number }) })
)
const decodeRecords = Schema.decodeUnknownEither(Records)

/** Text from a file as a message may show it: short, and without signs that a terminal obeys. */
export const shown = (text: string): string =>
  `"${(text.length > 80 ? `${text.slice(0, 80)}...` : text).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`)}"`

const decoderOf = (encoding: TableForm["encoding"]) => new TextDecoder(encoding.toLowerCase(), { fatal: true })

/** The encoding that the mark at the beginning of a file tells. */
const markOf = (head: Uint8Array): Pick<TableForm, "encoding" | "hasMark"> =>
  head[0] === 0xff && head[1] === 0xfe
    ? { encoding: "UTF-16LE", hasMark: true }
    : head[0] === 0xfe && head[1] === 0xff
      ? { encoding: "UTF-16BE", hasMark: true }
      : { encoding: "UTF-8", hasMark: head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf }

const signOf = (lineEnd: TableForm["lineEnd"]): string => (lineEnd === "\r" ? "\r" : "\n")

const countOf = (text: string, sign: string): number => {
  let n = 0
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1)) n += 1
  return n
}

/**
 * Where the record that begins at `from` ends, behind its line end; the end of the text where it has none. A line end
 * within quotes ends no record.
 */
export const recordEnd = (text: string, from: number, lineEnd: TableForm["lineEnd"]): number => {
  const sign = signOf(lineEnd)
  let quotes = 0
  for (let at = from; ;) {
    const end = text.indexOf(sign, at)
    if (end === -1) return text.length
    quotes += countOf(text.slice(at, end), `"`)
    if (quotes % 2 === 0) return end + 1
    at = end + 1
  }
}

/** Where the last record ends that is there whole; 0 where none is. */
const lastRecordEnd = (text: string, lineEnd: TableForm["lineEnd"]): number => {
  const sign = signOf(lineEnd)
  let last = 0
  for (let from = 0; ;) {
    const opening = text.indexOf(`"`, from)
    const end = text.lastIndexOf(sign, opening === -1 ? text.length : opening)
    if (end >= from) last = end + 1
    const closing = opening === -1 ? -1 : text.indexOf(`"`, opening + 1)
    if (closing === -1) return last
    from = closing + 1
  }
}

/** The rows of a block. Fails with `Syntax` where it is no CSV. Lines without a value are passed over. */
export const rowsOf = (
  place: string,
  { lineEnd, separator }: TableForm,
  { line, text }: TableBlock
): Either.Either<ReadonlyArray<TableRow>, TableError> => {
  const hasValue = ({ cells }: TableRow) => cells.some((cell) => cell.trim() !== "")
  if (!text.includes(`"`)) {
    const lines = text.split(signOf(lineEnd))
    return Either.right(
      lines
        .map((row, n) => ({ line: line + n, cells: (row.endsWith("\r") ? row.slice(0, -1) : row).split(separator) }))
        .filter(hasValue)
    )
  }
  const syntaxError = (cause: unknown) =>
    new TableError({
      reason: "Syntax",
      place,
      line,
      detail: `it is not CSV from here on (${cause instanceof Error ? shown(cause.message) : "it has no rows"})`
    })
  const options = {
    delimiter: separator,
    record_delimiter: lineEnd === "\r" ? ["\r"] : ["\r\n", "\n"],
    info: true,
    relax_column_count: true
  }
  return Either.try({ try: (): unknown => parse(text, options), catch: syntaxError }).pipe(
    Either.flatMap((records) => Either.mapLeft(decodeRecords(records), syntaxError)),
    Either.map((records) =>
      records.map(({ info, record }) => ({ line: line + info.lines - 1, cells: record })).filter(hasValue)
    )
  )
}

/**
 * Opens a table that has these columns, in any order and with others between. Fails with `TableError` where it has not.
 * It is in UTF-8, or in UTF-16 where a mark says so, unless `encoding` says otherwise.
 */
export const openTable = (
  place: string,
  columns: ReadonlyArray<string>,
  encoding?: TableForm["encoding"]
): Effect.Effect<ForeignTable, StorageError | TableError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const read = yield* about(place)(Stream.runHead(fs.stream(place, { bytesToRead: headBytes, chunkSize: headBytes })))
    const head = Option.getOrElse(read, () => new Uint8Array())
    const mark = encoding === undefined ? markOf(head) : { encoding, hasMark: false }
    const decoder = decoderOf(mark.encoding)
    const text = yield* decoded(place, () => decoder.decode(head, { stream: true }))
    // Names of columns hold no line end.
    const lineEnd = /\r\n?|\n/u.exec(text)?.[0] === "\r" ? "\r" : /^[^\n]*\r\n/u.test(text) ? "\r\n" : "\n"
    const firstEnd = recordEnd(text, 0, lineEnd)
    const hasHint = /^sep=.\s*$/u.test(text.slice(0, firstEnd))
    const from = hasHint ? firstEnd : 0
    const end = recordEnd(text, from, lineEnd)
    const record = text.slice(from, end)
    const line = hasHint ? 2 : 1
    const formOf = (separator: TableForm["separator"]) => {
      const form: TableForm = {
        ...mark,
        hasHint,
        separator,
        lineEnd,
        header: [],
        firstLine: line + Math.max(1, countOf(record, signOf(lineEnd)))
      }
      return Either.map(rowsOf(place, form, { text: record, line }), (rows) => ({
        ...form,
        header: rows[0]?.cells.map((cell) => cell.trim()) ?? []
      }))
    }
    // With another separator than its own, a header in quotes is no CSV.
    const forms = separators.flatMap((separator) =>
      Either.match(formOf(separator), { onLeft: () => [], onRight: (form) => [form] })
    )
    if (forms.length === 0) return yield* new TableError({ reason: "Syntax", place, line, detail: "it is not CSV" })
    const missingIn = ({ header }: TableForm) => columns.filter((column) => !header.includes(column))
    const form = forms.reduce((best, other) => (missingIn(other).length < missingIn(best).length ? other : best))
    const missing = missingIn(form)
    if (missing.length > 0) {
      return yield* new TableError({
        reason: "Columns",
        place,
        line,
        detail: `the column ${missing.join(" and ")} is missing`
      })
    }
    const doubled = columns.filter((column) => form.header.filter((name) => name === column).length > 1)
    if (doubled.length > 0) {
      return yield* new TableError({
        reason: "Columns",
        place,
        line,
        detail: `the column ${doubled.join(" and ")} stands twice, and nothing tells which one counts`
      })
    }
    return { form, blocks: blocksOf(place, form, end) }
  })

const decoded = (place: string, decode: () => string): Effect.Effect<string, TableError> =>
  Effect.try({
    try: decode,
    catch: () =>
      new TableError({ reason: "Encoding", place, detail: "it cannot be read as UTF-8. Save it in that encoding" })
  })

/** The rows of a file behind its first `skipped` characters, in blocks. */
const blocksOf = (
  place: string,
  { encoding, firstLine, lineEnd }: TableForm,
  skipped: number
): ForeignTable["blocks"] =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const decoder = decoderOf(encoding)
      let rest = ""
      let line = firstLine
      let toSkip = skipped
      const blockOf = (text: string): ReadonlyArray<TableBlock> => {
        if (text === "") return []
        const block = { text, line }
        line += countOf(text, signOf(lineEnd))
        return [block]
      }
      const take = (part: string) =>
        Effect.suspend(() => {
          const skippedNow = Math.min(toSkip, part.length)
          toSkip -= skippedNow
          const text = rest + part.slice(skippedNow)
          const end = lastRecordEnd(text, lineEnd)
          rest = text.slice(end)
          const blocks = blockOf(text.slice(0, end))
          return rest.length > longestRow
            ? Effect.fail(
                new TableError({
                  reason: "Syntax",
                  place,
                  line,
                  detail: "it is not CSV from here on (a quote is not closed)"
                })
              )
            : Effect.succeed(blocks)
        })
      return fs.stream(place, { chunkSize }).pipe(
        Stream.mapError((error) => failures.storageFailure(place, error)),
        Stream.mapEffect((bytes) =>
          Effect.flatMap(
            decoded(place, () => decoder.decode(bytes, { stream: true })),
            take
          )
        ),
        Stream.concat(
          Stream.fromEffect(
            Effect.flatMap(
              decoded(place, () => decoder.decode()),
              take
            )
          )
        ),
        Stream.concat(Stream.sync(() => blockOf(rest))),
        Stream.flattenIterables
      )
    })
  )

/** What is said of a form that is not ours. */
export const formWords = ({ encoding, hasHint, hasMark, lineEnd, separator }: TableForm): ReadonlyArray<string> => [
  ...(encoding === "UTF-8" ? (hasMark ? ["it begins with a byte order mark"] : []) : [`it is written in ${encoding}`]),
  ...(hasHint ? [`its first line is "sep=${separator === "\t" ? "\\t" : separator}"`] : []),
  ...(separator === ";"
    ? ["its values are separated by semicolons"]
    : separator === "\t"
      ? ["its values are separated by tabs"]
      : []),
  ...(lineEnd === "\r\n" ? ["its lines end in CR LF"] : lineEnd === "\r" ? ["its lines end in CR"] : [])
]
