/**
 * The text of values and rows, and how it is read back, by the columns that core declares. A row's writer and reader are
 * put together once for its columns, and then run for millions of rows.
 */
import {
  type Cell,
  formatRating,
  type Keeps,
  ratingsByHalfStars,
  type RowOf,
  type RowTable,
  rowTables,
  type StoredType,
  type TableColumn
} from "@letterboxd-ratings/core"
import { parse } from "csv-parse/sync"
import { stringify } from "csv-stringify/sync"
import { Either, Option, Schema } from "effect"

const mayNeedQuotes = /[",\r\n]/u

/**
 * A field as csv-stringify writes it. Most fields need no quotes, and asking it for each would cost most of a
 * commit's time.
 */
export const field = (text: string): string =>
  mayNeedQuotes.test(text) ? stringify([[text]], { quoted_match: /\r/u, eof: false }) : text

const starTexts = ratingsByHalfStars.map((rating) => (rating === undefined ? "" : formatRating(rating)))
const starsByText = new Map(starTexts.map((text, halfStars) => [text, halfStars / 2]))

/** A value as text; an unknown one is empty. */
export type CellText<Row> = (row: Row) => string

/** How a column's values are written. */
export const cellText = <Row>(cell: Cell<Row>): CellText<Row> => {
  switch (cell.type) {
    case "integer":
    case "boolean":
    case "instant":
    case "day": {
      const { get } = cell
      return (row) => {
        const value = get(row)
        return value === undefined ? "" : `${value}`
      }
    }
    case "stars":
      return (row) => starTexts[(cell.get(row) ?? 0) * 2] ?? ""
    case "text":
      return (row) => field(cell.get(row) ?? "")
    case "integers":
    case "texts":
    case "counts":
      return (row) => {
        const value = cell.get(row)
        return value === undefined ? "" : field(JSON.stringify(value))
      }
  }
}

/** How a row of such values is written, with its line end. */
export const rowText = <Row>(cells: ReadonlyArray<CellText<Row>>): ((row: Row) => string) => {
  const [first = () => "", second = () => "", third = () => "", ...more] = cells
  if (cells.length === 3) return (row) => `${first(row)},${second(row)},${third(row)}\n`
  if (cells.length < 3) return (row) => `${cells.map((cell) => cell(row)).join(",")}\n`
  return (row) => {
    let text = `${first(row)},${second(row)},${third(row)}`
    for (const cell of more) text += `,${cell(row)}`
    return `${text}\n`
  }
}

/** A number that is written as we write numbers; else the text itself, which is no number. */
const readNumber = (text: string): unknown => {
  const number = Number(text)
  return String(number) === text ? number : text
}

const decodeJson = Schema.decodeUnknownOption(Schema.parseJson())
const readJson = (text: string): unknown => Option.getOrElse(decodeJson(text), () => text)
const asText = (text: string): unknown => text

/** The stored form of a value's text; the text itself where it is none, which is a value of no such column. */
const storedForms: { readonly [T in StoredType]: (text: string) => unknown } = {
  integer: readNumber,
  stars: (text) => starsByText.get(text) ?? text,
  boolean: (text) => (text === "true" ? true : text === "false" ? false : text),
  text: asText,
  instant: asText,
  day: asText,
  integers: readJson,
  texts: readJson,
  counts: readJson
}

/** How texts of values of this type are read; an empty one is an unknown value. */
export const cellReader = (type: StoredType): ((text: string) => unknown) => {
  const read = storedForms[type]
  return (text) => (text === "" ? undefined : read(text))
}

/** The header of a file with such columns. */
export const headerText = (columns: ReadonlyArray<{ readonly name: string }>): string =>
  `${columns.map(({ name }) => name).join(",")}\n`

const decodeCells = Schema.decodeUnknownOption(Schema.Tuple(Schema.Array(Schema.String)))

/** The fields of one row. */
const cellsOf = (line: string): ReadonlyArray<string> =>
  line.includes(`"`)
    ? Either.try(() => parse(line, { record_delimiter: "\n" }) as unknown).pipe(
        Either.match({ onLeft: () => [], onRight: (rows) => Option.getOrElse(decodeCells(rows), () => [[]])[0] })
      )
    : line.split(",")

/** The rows of a table as lines of a file. */
export interface CsvTable<Row> {
  readonly columns: ReadonlyArray<TableColumn<Row>>
  readonly header: string
  readonly write: (row: Row) => string
  readonly read: (line: string) => Either.Either<Row, string>
}

/** The lines of a table of a dataset that keeps so much. */
export const csvTable = <T extends RowTable>(name: T, keeps: Keeps): CsvTable<RowOf<T>> => {
  const table = rowTables[name]
  const columns = table.columns(keeps)
  const readRow = table.reader(columns)
  const readers = columns.map(({ type }) => cellReader(type))
  return {
    columns,
    header: headerText(columns),
    write: rowText(columns.map((column) => cellText(column))),
    read: (line) => {
      const cells = cellsOf(line)
      if (cells.length !== readers.length)
        return Either.left(`it has ${cells.length} fields instead of ${readers.length}`)
      return readRow(readers.map((cell, i) => cell(cells[i] ?? "")))
    }
  }
}
