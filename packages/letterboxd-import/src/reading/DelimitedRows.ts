/**
 * The rows of a delimited file (CSV and its relatives), in blocks, with the numbers of their lines. The file is UTF-8, with
 * or without a byte order mark. Its separator follows from its header. A line that is no CSV costs that line only.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform"
import { ImportError } from "@letterboxd-ratings/core"
import { parse } from "csv-parse/sync"
import { Effect, Either, Stream } from "effect"

/**
 * How a delimited file is written. `header` holds the names of its columns, without spaces around them.
 *
 * @since 0.1.0
 * @category models
 */
export interface DelimitedForm {
  readonly separator: "," | ";" | "\t"
  readonly hasMark: boolean
  readonly header: ReadonlyArray<string>
}

/**
 * A row below the header. `line` is the line on which it begins, from 1. It may have fewer or more cells than the header.
 * The cells share memory with the block; see `detachedText`.
 *
 * @since 0.1.0
 * @category models
 */
export interface DelimitedRow {
  readonly line: number
  readonly cells: ReadonlyArray<string>
}

/**
 * Rows that stand together. `damaged` has the numbers of lines that are no CSV: a quote that nobody closed, or a sign behind
 * a closing quote. `bytes` is how much of the file was read so far. `isOpen` says that the file ends within the last row
 * of this block, which then may be cut: there is no line end.
 *
 * @since 0.1.0
 * @category models
 */
export interface DelimitedBlock {
  readonly form: DelimitedForm
  readonly rows: ReadonlyArray<DelimitedRow>
  readonly damaged: ReadonlyArray<number>
  readonly bytes: number
  readonly isOpen: boolean
}

/**
 * The most characters of a row.
 *
 * @since 0.1.0
 * @category models
 */
export const longestRow = 1_048_576

/**
 * The most columns of a row.
 *
 * @since 0.1.0
 * @category models
 */
export const mostColumns = 1000

/** So much of a file is read at once. */
const chunkSize = 262_144

const separators = [",", ";", "\t"] as const

const damaged = (place: string, line: number, detail: string, advice?: string) =>
  new ImportError({ reason: "Damaged", place, line, detail, ...(advice === undefined ? {} : { advice }) })

/** Where the record ends that begins at `from` and has quotes: the place of its line end. */
const quotedEnd = (text: string, from: number, separator: string): number | "unfinished" | "damaged" => {
  for (let at = from; ;) {
    if (text[at] === `"`) {
      let closing = at
      do {
        closing = text.indexOf(`"`, closing + (closing === at ? 1 : 2))
        if (closing === -1 || closing + 1 === text.length) return "unfinished"
      } while (text[closing + 1] === `"`)
      const next = closing + 1
      if (text[next] === "\n" || text.startsWith("\r\n", next)) return text.indexOf("\n", next)
      if (text[next] === "\r" && next + 1 === text.length) return "unfinished"
      if (text[next] !== separator) return "damaged"
      at = next + 1
    } else {
      const lineEnd = text.indexOf("\n", at)
      if (lineEnd === -1) return "unfinished"
      const end = text.indexOf(separator, at)
      const fieldEnd = end === -1 || end > lineEnd ? lineEnd : end
      const quote = text.indexOf(`"`, at)
      if (quote !== -1 && quote < fieldEnd) return "damaged"
      if (fieldEnd === lineEnd) return lineEnd
      at = fieldEnd + 1
    }
  }
}

/** The text of a record without its line end. */
const recordText = (text: string, from: number, lineEnd: number): string =>
  text.slice(from, lineEnd > from && text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd)

const linesIn = (text: string, from: number, to: number): number => {
  let n = 0
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) n += 1
  return n
}

/** The cells of records with quotes, one array a record. */
const quotedCells = (
  place: string,
  line: number,
  records: ReadonlyArray<string>,
  separator: string
): Either.Either<ReadonlyArray<ReadonlyArray<string>>, ImportError> => {
  const notCsv = () => damaged(place, line, "it is not CSV from here on")
  return Either.try({
    try: () => parse(records.join("\n"), { delimiter: separator, record_delimiter: "\n", relax_column_count: true }),
    catch: notCsv
  }).pipe(Either.filterOrLeft((cells) => cells.length === records.length, notCsv))
}

interface Rows {
  readonly rows: ReadonlyArray<DelimitedRow>
  readonly damaged: ReadonlyArray<number>
  /** Where the first record begins that is not there whole. */
  readonly end: number
  readonly lines: number
}

/** The whole records of a text, which ends in a line end if it is the last one. */
const rowsIn = (
  place: string,
  text: string,
  firstLine: number,
  separator: string,
  isLast: boolean,
  most: number
): Either.Either<Rows, ImportError> => {
  const rows: Array<{ readonly line: number; cells: ReadonlyArray<string> }> = []
  const damagedLines: Array<number> = []
  const quoted: Array<{ line: number; cells: ReadonlyArray<string> }> = []
  const quotedTexts: Array<string> = []
  let line = firstLine
  let quote = -1
  let at = 0
  while (rows.length < most) {
    const lineEnd = text.indexOf("\n", at)
    if (lineEnd === -1) break
    if (quote < at) quote = text.indexOf(`"`, at)
    if (quote === -1) quote = text.length
    if (lineEnd - at > longestRow) return Either.left(tooLong(place, line))
    if (quote > lineEnd) {
      const record = recordText(text, at, lineEnd)
      if (record !== "") {
        const cells = record.split(separator)
        if (cells.length > mostColumns) damagedLines.push(line)
        else rows.push({ line, cells })
      }
      at = lineEnd + 1
      line += 1
      continue
    }
    const end = quotedEnd(text, at, separator)
    if (end === "unfinished" && !isLast && text.length - at <= longestRow) break
    if (typeof end !== "number" || end - at > longestRow) {
      damagedLines.push(line)
      at = lineEnd + 1
      line += 1
      continue
    }
    const row = { line, cells: [] }
    rows.push(row)
    quoted.push(row)
    quotedTexts.push(recordText(text, at, end))
    line += linesIn(text, at, end + 1)
    at = end + 1
  }
  const all = { rows, damaged: damagedLines, end: at, lines: line - firstLine }
  if (quoted.length === 0) return Either.right(all)
  return Either.map(quotedCells(place, firstLine, quotedTexts, separator), (cells) => {
    for (const [n, row] of quoted.entries()) row.cells = cells[n] ?? []
    const isTooWide = ({ cells }: DelimitedRow) => cells.length > mostColumns
    if (!quoted.some(isTooWide)) return all
    return {
      ...all,
      rows: rows.filter((row) => !isTooWide(row)),
      damaged: [...damagedLines, ...rows.filter(isTooWide).map(({ line }) => line)].sort((a, b) => a - b)
    }
  })
}

const tooLong = (place: string, line: number) =>
  new ImportError({
    reason: "TooLarge",
    place,
    line,
    detail: `a row is longer than ${longestRow} characters`,
    advice: "Check that this is a table with one row a line."
  })

interface Header {
  readonly form: DelimitedForm
  readonly end: number
  readonly nextLine: number
}

/** The header of a file; `undefined` if it is not there whole. */
const headerIn = (
  place: string,
  text: string,
  hasMark: boolean,
  wanted: ReadonlyArray<string>,
  isLast: boolean
): Either.Either<Header | undefined, ImportError> => {
  // A line that only spreadsheets read.
  const hint = /^sep=.\r?\n/u.exec(text)?.[0] ?? ""
  const behindHint = text.slice(hint.length)
  const firstLine = hint === "" ? 1 : 2
  let best: (Header & { readonly found: number }) | undefined
  let isUnfinished = false
  for (const separator of separators) {
    const read = rowsIn(place, behindHint, firstLine, separator, isLast, 1)
    if (Either.isLeft(read)) return Either.left(read.left)
    const { damaged: damagedLines, end, lines, rows } = read.right
    // With another separator than its own, a header in quotes is no CSV.
    if (damagedLines.length > 0) continue
    const row = rows[0]
    if (row === undefined) {
      isUnfinished ||= end === 0
      continue
    }
    if (row.cells.length > mostColumns) continue
    const header = row.cells.map((cell) => cell.trim())
    const found = wanted.filter((name) => header.includes(name)).length
    const isBetter =
      best === undefined || found > best.found || (found === best.found && header.length > best.form.header.length)
    if (isBetter) {
      best = { form: { separator, hasMark, header }, end: hint.length + end, nextLine: firstLine + lines, found }
    }
  }
  if (best !== undefined) return Either.right(best)
  if (isUnfinished && !isLast)
    return text.length > longestRow ? Either.left(tooLong(place, 1)) : Either.right(undefined)
  return Either.left(
    text.trim() === ""
      ? new ImportError({ reason: "Incomplete", place, detail: "it is empty" })
      : damaged(place, firstLine, "its first line does not name columns")
  )
}

/**
 * The rows of a delimited file, in blocks of about the size of the chunks of `bytes`. There is at least one block, which has
 * the header, even if there are no rows. `wanted` are names of columns: of the separators comma, semicolon and tab the one
 * is taken with which the header has most of these, then the one with which it has most columns. Empty lines are passed
 * over. The numbers of damaged lines come with the blocks; fails with `ImportError` (`Damaged`) if the file is not UTF-8,
 * (`Incomplete`) if it is empty, (`TooLarge`) if a row is longer than `longestRow`. Takes the memory of two chunks and a row.
 *
 * @since 0.1.0
 * @category constructors
 */
export const delimitedBlocks = <E, R>(
  place: string,
  bytes: Stream.Stream<Uint8Array, E, R>,
  wanted: ReadonlyArray<string> = []
): Stream.Stream<DelimitedBlock, E | ImportError, R> =>
  Stream.suspend(() => {
    const decoder = new TextDecoder("utf-8", { fatal: true })
    let rest = ""
    let line = 1
    let read = 0
    let form: DelimitedForm | undefined
    const mark: Array<number> = []
    const decode = (chunk: Uint8Array | undefined): Either.Either<string, ImportError> =>
      Either.try({
        try: () => (chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })),
        catch: () =>
          damaged(place, line, "it cannot be read as UTF-8 near this line", "Save it as UTF-8, or get the file again.")
      })
    const take = (part: string, isLast: boolean): Either.Either<ReadonlyArray<DelimitedBlock>, ImportError> => {
      let text = rest + part
      const isOpen = isLast && text !== "" && !text.endsWith("\n")
      if (isOpen) text += "\n"
      if (form === undefined) {
        const hasMark = mark[0] === 0xef && mark[1] === 0xbb && mark[2] === 0xbf
        const header = headerIn(place, text, hasMark, wanted, isLast)
        if (Either.isLeft(header)) return Either.left(header.left)
        if (header.right === undefined) {
          rest = text
          return Either.right([])
        }
        form = header.right.form
        line = header.right.nextLine
        text = text.slice(header.right.end)
      }
      const known = form
      return Either.flatMap(rowsIn(place, text, line, known.separator, isLast, Infinity), (found) => {
        rest = text.slice(found.end)
        line += found.lines
        if (rest.length > longestRow) return Either.left(tooLong(place, line))
        return Either.right([
          {
            form: known,
            rows: found.rows,
            damaged: found.damaged,
            bytes: read,
            isOpen: isOpen && found.rows.length > 0
          }
        ])
      })
    }
    const block = (chunk: Uint8Array | undefined) =>
      Effect.suspend(() => {
        read += chunk?.length ?? 0
        for (let n = 0; mark.length < 3 && n < (chunk?.length ?? 0); n++) mark.push(chunk?.[n] ?? 0)
        return Either.flatMap(decode(chunk), (text) => take(text, chunk === undefined))
      })
    return Stream.concat(
      Stream.mapEffect(bytes, block),
      Stream.fromEffect(Effect.suspend(() => block(undefined)))
    ).pipe(Stream.flattenIterables)
  })

/**
 * The names of the columns of a file that begins with these bytes; none if it begins with something else.
 *
 * @since 0.1.0
 * @category constructors
 */
export const headerFrom = (head: Uint8Array, wanted: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  const text = new TextDecoder().decode(head)
  return Either.match(headerIn("", `${text}\n`, false, wanted, true), {
    onLeft: () => [],
    onRight: (header) => header?.form.header ?? []
  })
}

/**
 * The bytes of a file, or the first ones of it. Fails with `ImportError` (`Unreadable`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const fileBytes = (
  place: string,
  most?: number
): Stream.Stream<Uint8Array, ImportError, FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.map(FileSystem.FileSystem, (fs) =>
      fs.stream(place, { chunkSize, ...(most === undefined ? {} : { bytesToRead: most }) })
    )
  ).pipe(
    Stream.mapError((cause) => new ImportError({ reason: "Unreadable", place, detail: "it cannot be read", cause }))
  )

/** So many columns are listed in a message, each with so many characters. */
const listedColumns = 20
const listedCharacters = 40

const isOneWord = (name: string): boolean => /^[\p{L}\p{M}\p{N}_.-]+$/u.test(name)

/**
 * The columns that a header has, for a message. It may be a row of a table without a header, which can hold private words:
 * names of several words, addresses and the like are counted and not shown.
 */
const columnWords = (header: ReadonlyArray<string>): string => {
  const names = Array.from(new Set(header)).filter((name) => name.trim() !== "")
  const listed = names
    .filter(isOneWord)
    .slice(0, listedColumns)
    .map((name) => {
      const letters = Array.from(name.slice(0, 4 * listedCharacters))
      return letters.length <= listedCharacters ? name : `${letters.slice(0, listedCharacters).join("")}...`
    })
  const others = names.length - listed.length
  if (names.length === 0) return "none with a name"
  const counted = others === 0 ? [] : [`${others} ${others === 1 ? "other" : "others"}`]
  return [...(listed.length === 0 ? [] : [listed.join(", ")]), ...counted].join(" and ")
}

/**
 * Where the columns with these names stand. Fails with `Incomplete` if the header lacks one, and says which ones it has; fails
 * with `Invalid` if one stands twice.
 *
 * @since 0.1.0
 * @category constructors
 */
export const columnsAt = <const Names extends ReadonlyArray<string>>(
  place: string,
  { header }: DelimitedForm,
  names: Names
): Either.Either<{ readonly [N in Names[number]]: number }, ImportError> => {
  const missing = names.filter((name) => !header.includes(name))
  if (missing.length > 0) {
    return Either.left(
      new ImportError({
        reason: "Incomplete",
        place,
        line: 1,
        detail: `the column${missing.length === 1 ? "" : "s"} ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing; it has ${columnWords(header)}`,
        advice: "Check that this is the right file, and the names of its columns."
      })
    )
  }
  const doubled = names.filter((name) => header.indexOf(name) !== header.lastIndexOf(name))
  if (doubled.length > 0) {
    return Either.left(
      new ImportError({
        reason: "Invalid",
        place,
        line: 1,
        detail: `the column ${doubled.join(" and ")} stands twice, and nothing tells which one counts`,
        advice: "Rename one of them."
      })
    )
  }
  // Entries lose which place belongs to which name. There is one for each.
  return Either.right(
    Object.fromEntries(names.map((name) => [name, header.indexOf(name)])) as { readonly [N in Names[number]]: number }
  )
}

/**
 * What is said of a file that is not written with commas, in words.
 *
 * @since 0.1.0
 * @category constructors
 */
export const formWords = ({ separator }: DelimitedForm): ReadonlyArray<string> =>
  separator === "," ? [] : [`Its values are separated by ${separator === ";" ? "semicolons" : "tabs"}.`]

/**
 * A number as a table writes it, with a decimal point or a decimal comma; `undefined` if the text is no such number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decimalFrom = (text: string): { readonly value: number; readonly hasComma: boolean } | undefined => {
  const match = /^\s*(\d{1,15})(?:([.,])(\d{1,15}))?\s*$/u.exec(text)
  if (match === null) return undefined
  return { value: Number(`${match[1] ?? ""}.${match[3] ?? "0"}`), hasComma: match[2] === "," }
}

/**
 * A copy of a text that does not keep the text alive from which it was cut. The text comes from UTF-8.
 *
 * @since 0.1.0
 * @category constructors
 */
export const detachedText = (text: string): string => Buffer.from(text, "utf8").toString("utf8")
