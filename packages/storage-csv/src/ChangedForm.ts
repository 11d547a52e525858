/**
 * Files of ours that another program saved in a form of its own: a spreadsheet, an editor, git. Their rows are written
 * anew in our form, and the checksum in the manifest proves whether they are what was committed, byte for byte.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  formatRating,
  ratingFromHalfStars,
  type StorageError,
  type StoredType,
  UsernameFromText
} from "@letterboxd-ratings/core"
import {
  crc32Of,
  type DatasetFolder,
  type FileEntry,
  freeName,
  makeFile,
  nextName,
  placeOf,
  syncFolder,
  writeBytes
} from "@letterboxd-ratings/storage-folder"
import { DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import { field, headerText } from "./CsvCells.ts"
import type { CsvColumn } from "./CsvColumns.ts"
import { type ForeignTable, formWords, openTable, rowsOf, shown, TableError, type TableForm } from "./ForeignTable.ts"
import { readHalfStars, readWholeNumber, readTime } from "./ForeignValues.ts"
import { about, failures, storageError } from "./StorageFailure.ts"

/**
 * What became of a file. `words` say how its form differs from ours. Where its rows in our form are what was committed,
 * `content` is that; else `difference` says what is not.
 */
export interface ChangedForm {
  readonly words: ReadonlyArray<string>
  readonly content?: Content
  readonly difference?: string
}

/** The text of a file in our form, in parts. */
type Content = Stream.Stream<string, StorageError | TableError, FileSystem.FileSystem>

/** A spreadsheet shows so many lines of a file, and saves no more. */
const linesOfSheet = 1_048_576

const encoder = new TextEncoder()
const decodeUsername = Schema.decodeUnknownEither(UsernameFromText)

/** A value as it stands in our form; `undefined` where the text is none. */
type Value = (text: string) => string | undefined
const wholeNumber: Value = (text) => {
  const read = readWholeNumber(text)
  return read === undefined ? undefined : String(read)
}
const words: Value = (text) => text
const valuesOf: { readonly [T in StoredType]: Value } = {
  integer: wholeNumber,
  stars: (text) =>
    Option.fromNullable(readHalfStars(text)).pipe(
      Option.flatMap(ratingFromHalfStars),
      Option.map(formatRating),
      Option.getOrUndefined
    ),
  // Spreadsheets write these in capitals.
  boolean: (text) => (/^(?:true|false)$/iu.test(text) ? text.toLowerCase() : undefined),
  text: words,
  instant: (text) => Option.getOrUndefined(Option.map(readTime(text), DateTime.formatIso)),
  day: (text) => Option.getOrUndefined(Option.map(readTime(text), DateTime.formatIsoDateUtc)),
  integers: words,
  texts: words,
  counts: words
}
const username: Value = (text) => Option.getOrUndefined(Either.getRight(decodeUsername(text)))

const valueOf = ({ isOptional, name, type }: CsvColumn): Value => {
  const value = name === "username" ? username : valuesOf[type]
  return isOptional ? (text) => (text === "" ? text : value(text)) : value
}

/** What was noticed of the rows while they were written anew. */
interface Noticed {
  /** Ways in which values are written that are not ours, each with the first one that is. */
  readonly values: Map<string, string>
  hasQuotes: boolean
  hasInnerLineEnds: boolean
  rows: number
}

/** A decimal comma that was not quoted makes two cells of a rating. */
const withDecimalComma = (cells: ReadonlyArray<string>, { header, separator }: TableForm): ReadonlyArray<string> => {
  const at = header.indexOf("rating")
  const [whole = "", tenths = ""] = cells.slice(at, at + 2)
  const isSplit =
    separator === "," && at !== -1 && cells.length === header.length + 1 && /^\d$/u.test(whole) && /^\d$/u.test(tenths)
  return isSplit ? [...cells.slice(0, at), `${whole},${tenths}`, ...cells.slice(at + 2)] : cells
}

const notice = ({ values }: Noticed, column: string, cell: string, ours: string): void => {
  const isDecimalComma = column === "rating" && cell.includes(",")
  const way = isDecimalComma ? "ratings have decimal commas" : `${column} is written otherwise`
  if (!values.has(way)) values.set(way, `${way} (${shown(cell)} for ${ours})`)
}

const quotesIn = (text: string): number => text.split(`"`).length

/** Whether whole rows are written as we write them. */
export const isInOurForm = (columns: ReadonlyArray<CsvColumn>, text: string): boolean => {
  const form: TableForm = {
    encoding: "UTF-8",
    hasMark: false,
    hasHint: false,
    separator: ",",
    lineEnd: "\n",
    header: columns.map(({ name }) => name),
    firstLine: 1
  }
  const values = columns.map((column) => valueOf(column))
  return Either.match(rowsOf("", form, { text, line: 1 }), {
    onLeft: () => false,
    onRight: (rows) =>
      text ===
      rows
        .map(({ cells }) =>
          cells.length === values.length ? `${cells.map((cell, i) => field(values[i]?.(cell) ?? "")).join(",")}\n` : ""
        )
        .join("")
  })
}

/** The rows of a table in our form. Fails with `TableError` at the first row that cannot be read. */
const inOurForm = (
  place: string,
  wanted: ReadonlyArray<CsvColumn>,
  { blocks, form }: ForeignTable,
  innerLineEnd: "\n" | "as it is",
  noticed: Noticed
): Content => {
  const columns = wanted.map((column) => ({
    column: column.name,
    value: valueOf(column),
    at: form.header.indexOf(column.name)
  }))
  const rows = Stream.mapEffect(blocks, (block) =>
    Effect.gen(function* () {
      let text = ""
      for (const row of yield* rowsOf(place, form, block)) {
        const cells = withDecimalComma(row.cells, form)
        const ours: Array<string> = []
        for (const { at, column, value } of columns) {
          const cell = cells.length === form.header.length ? (cells[at] ?? "") : ""
          const read = value(cell)
          if (read === undefined || cells.length !== form.header.length) {
            return yield* new TableError({
              reason: "Syntax",
              place,
              line: row.line,
              detail: `${shown(row.cells.join(form.separator))} cannot be read`
            })
          }
          if (read !== cell) notice(noticed, column, cell, read)
          noticed.hasInnerLineEnds ||= read.includes("\r\n")
          ours.push(field(innerLineEnd === "\n" ? read.replaceAll("\r\n", "\n") : read))
        }
        noticed.rows += 1
        text += `${ours.join(",")}\n`
      }
      noticed.hasQuotes ||= quotesIn(block.text) > quotesIn(text)
      return text
    })
  )
  return Stream.concat(Stream.succeed(headerText(wanted)), rows)
}

/** The checksum of text in parts, and how many bytes it has. */
const sumOf = (content: Content) =>
  Stream.runFold(content, { bytes: 0, crc32: crc32Of(new Uint8Array()) }, (sum, text) => {
    const bytes = encoder.encode(text)
    return { bytes: sum.bytes + bytes.length, crc32: crc32Of(bytes, sum.crc32) }
  })

const wordsOf = (
  form: TableForm,
  wanted: ReadonlyArray<CsvColumn>,
  { hasInnerLineEnds, hasQuotes, values }: Noticed
): ReadonlyArray<string> => [
  ...formWords(form),
  ...(`${form.header.join(",")}\n` === headerText(wanted) ? [] : ["its columns are others, or in another order"]),
  ...values.values(),
  ...(hasQuotes ? ["values are in quotes that need none"] : []),
  ...(hasInnerLineEnds ? ["line ends within titles are CR LF"] : [])
]

const differenceOf = (rows: number, { rows: committed }: FileEntry): string =>
  rows === committed
    ? "its values are others"
    : `it has ${rows} rows where ${committed} were committed${rows + 1 === linesOfSheet ? " (a spreadsheet saves no more)" : ""}`

/**
 * Finds out what became of a file that is not what was committed to it, with the columns that it should have; without, it
 * is that of the records of members. `undefined` where its form is ours, so that
 * nothing can be said but that it is another.
 */
export const examineForm = (
  place: string,
  wanted: ReadonlyArray<CsvColumn> | undefined,
  entry: FileEntry
): Effect.Effect<ChangedForm | undefined, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* about(place)(fs.exists(place)))) return undefined
    if (wanted === undefined) return yield* examineRecords(place, entry)
    const isCommitted = (sum: { readonly bytes: number; readonly crc32: string }) =>
      sum.bytes === entry.bytes && sum.crc32 === entry.crc32
    const examine = (encoding?: TableForm["encoding"]) =>
      Effect.gen(function* () {
        const table = yield* openTable(
          place,
          wanted.map(({ name }) => name),
          encoding
        )
        const content = (innerLineEnd: "\n" | "as it is", noticed: Noticed) =>
          inOurForm(place, wanted, table, innerLineEnd, noticed)
        const noticed: Noticed = { values: new Map(), hasQuotes: false, hasInnerLineEnds: false, rows: 0 }
        const sum = yield* Effect.either(sumOf(content("as it is", noticed)))
        const words = wordsOf(table.form, wanted, noticed)
        if (Either.isLeft(sum)) {
          const error = sum.left
          if (error._tag === "StorageError" || error.reason === "Encoding") return yield* error
          return { words, difference: `line ${error.line ?? 1}: ${error.detail}` }
        }
        const again = (innerLineEnd: "\n" | "as it is") =>
          Stream.suspend(() => content(innerLineEnd, { ...noticed, values: new Map() }))
        const proven = words.length > 0 ? words : ["it has lines without a value, or its last line has no end"]
        if (isCommitted(sum.right)) return { words: proven, content: again("as it is") }
        if (noticed.hasInnerLineEnds && isCommitted(yield* sumOf(again("\n")))) return { words, content: again("\n") }
        return { words, difference: differenceOf(noticed.rows, entry) }
      })
    const examined = yield* examine().pipe(
      // Older spreadsheets save so. Where it is another encoding, the checksum is not the committed one.
      Effect.catchIf(
        (error) => error._tag === "TableError" && error.reason === "Encoding",
        () => examine("Windows-1252")
      ),
      Effect.catchTag("TableError", () => Effect.succeed(undefined))
    )
    return examined === undefined || examined.words.length === 0 ? undefined : examined
  })

/** The records of members are lines of JSON, in which a line end can only be one. */
const examineRecords = (place: string, entry: FileEntry) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* about(place)(fs.readFile(place))
    const decoded = Either.try(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes))
    if (Either.isLeft(decoded)) return undefined
    const text = decoded.right
    const words = [
      ...(text.startsWith("\uFEFF") ? ["it begins with a byte order mark"] : []),
      ...(text.includes("\r\n") ? ["its lines end in CR LF"] : [])
    ]
    if (words.length === 0) return undefined
    const ours = `${text
      .replace(/^\uFEFF/u, "")
      .replaceAll("\r\n", "\n")
      .trimEnd()}\n`
    return crc32Of(encoder.encode(ours)) === entry.crc32
      ? { words, content: Stream.succeed(ours) }
      : { words, difference: "its lines are others" }
  })

/** What is said of a file whose form was changed. */
export const saidOf = (
  { content, difference, words }: ChangedForm,
  { rows }: FileEntry,
  canBeRebuilt: boolean
): string =>
  `another program saved it in another format: ${words.join(", ")}. ${
    content === undefined
      ? `Its rows are not what was committed: ${difference}. ${canBeRebuilt ? "A repair rebuilds it from the raw ratings" : "Restore it from a copy"}`
      : `None of its ${rows} rows changed: the checksum proves it. A repair restores the file, and keeps this version`
  }`

/** Keeps a file under another name before something else takes its place, and tells that name. */
export const keepChanged = (folder: string, place: string, name: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const kept = yield* freeName(failures, path.join(folder, `${name}.changed`))
    // Some file systems have no links.
    yield* about(kept)(Effect.orElse(fs.link(place, kept), () => fs.copyFile(place, kept)))
    yield* syncFolder(failures, folder)
    return kept
  })

/**
 * Writes a file anew in our form where that is proven to be what was committed, keeps the one that was there beside, and
 * says so. Nothing else changes: the manifest vouches for these bytes already. Where the last process ended at work, what
 * stands beside for the next batch is its own.
 */
export const restoreForm = (
  folder: string,
  batches: number,
  wanted: ReadonlyArray<CsvColumn> | undefined,
  entry: FileEntry,
  { unfinished, wasLeft }: Pick<DatasetFolder, "unfinished" | "wasLeft">
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = yield* placeOf(failures, folder, entry)
    const changed = yield* examineForm(place, wanted, entry)
    if (changed?.content === undefined) return []
    const beside = path.join(folder, nextName(entry.name, batches + 1))
    const changedMeanwhile = storageError(
      "Failed",
      place,
      "it was changed while it was read. Nothing was repaired. End what writes to it, and try again"
    )
    if (wasLeft) yield* about(beside)(fs.remove(beside, { force: true }))
    yield* makeFile(failures, beside, (opened) =>
      sumOf(
        Stream.tap(changed.content ?? Stream.empty, (text) => about(beside)(writeBytes(opened, encoder.encode(text))))
      ).pipe(
        Effect.filterOrFail(
          ({ bytes, crc32 }) => bytes === entry.bytes && crc32 === entry.crc32,
          () => changedMeanwhile
        )
      )
    ).pipe(Effect.catchTag("TableError", () => changedMeanwhile))
    const kept = yield* Effect.gen(function* () {
      const aside = yield* keepChanged(folder, place, entry.name)
      yield* about(place)(fs.rename(beside, place))
      yield* syncFolder(failures, folder)
      return aside
    }).pipe(Effect.onError(() => Effect.catchAll(fs.remove(beside, { force: true }), () => unfinished)))
    return [
      `${place} was written anew in our form (${changed.words.join(", ")}), and is proven to be what was committed; the file as it was is ${kept}`
    ]
  })
