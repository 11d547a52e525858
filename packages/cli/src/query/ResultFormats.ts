/**
 * Rows of a query as text: a table for a screen, JSON, CSV, Markdown.
 *
 * @since 0.1.0
 */
import type { Cell, QueryResult } from "@letterboxd-ratings/storage-parquet/query"
import { count } from "../progress/RunWords.ts"
import { printable } from "../Shown.ts"
import { columnsOf, fitted } from "./TextWidth.ts"

type Columns = QueryResult["columns"]
type Row = ReadonlyArray<Cell>

/**
 * A way to write rows: what comes before them, what some of them are, and what comes at the end, after so many rows. Nothing is
 * held but what lays out a table.
 *
 * @since 0.1.0
 * @category models
 */
export interface RowWriter {
  readonly rows: (some: ReadonlyArray<Row>) => string
  readonly end: (rows: number) => string
}

/** A cell as text; nothing where there is no value. */
const textOf = (cell: Cell | undefined): string =>
  cell === null || cell === undefined ? "" : typeof cell === "object" ? JSON.stringify(cell) : String(cell)

const lines = (some: ReadonlyArray<string>): string => some.map((line) => `${line}\n`).join("")

/** So many of the first rows lay out the table. */
const rowsForWidths = 1_000

/** Columns need so much to be read. Where that is too wide for the screen, each row is a list of its cells. */
const narrowest = 8
const gap = "  "

/** The widths of columns that want to be so wide: the widest give way until all fit. */
const widthsWithin = (wanted: ReadonlyArray<number>, width: number): ReadonlyArray<number> => {
  const widths = [...wanted]
  const room = width - gap.length * (widths.length - 1)
  const least = Math.max(1, Math.min(narrowest, Math.floor(room / Math.max(1, widths.length))))
  let used = widths.reduce((sum, n) => sum + n, 0)
  while (used > room) {
    const most = Math.max(...widths)
    if (most <= least) break
    const next = Math.max(least, ...widths.filter((n) => n < most))
    const widest = widths.filter((n) => n === most).length
    const by = Math.max(1, Math.min(most - next, Math.floor((used - room) / widest)))
    let left = used - room
    for (const [i, n] of widths.entries()) {
      if (n !== most || left <= 0) continue
      widths[i] = n - by
      left -= by
      used -= by
    }
  }
  return widths
}

/** Each row as lines of a name and a value, with an empty line behind it. */
const listWriter = (columns: Columns, width: number): RowWriter => {
  const names = columns.map(({ name }) => printable(name))
  const column = Math.min(Math.max(...names.map(columnsOf)), Math.floor((width - gap.length) / 2))
  return {
    rows: (some) =>
      some
        .map((row) =>
          lines(
            names
              .map((name, i) => {
                const value = printable(textOf(row[i]))
                const cell = fitted(value, width - column - gap.length, "left")
                return `${fitted(name, column, "left")}${gap}${cell}`.trimEnd()
              })
              .concat("")
          )
        )
        .join(""),
    end: (rows) => `${count(rows, "row")}\n`
  }
}

/** Whether columns that are as narrow as can be read fit on the screen. */
const isTooWide = (columns: Columns, width: number): boolean =>
  columns.reduce((sum, { name }) => sum + Math.min(narrowest, columnsOf(printable(name))) + gap.length, -gap.length) >
  width

/**
 * A table for a screen: cells that are too long are cut, control characters are replaced. The first thousand rows decide how wide
 * the columns are.
 */
const tableWriter = (columns: Columns, width: number): RowWriter => {
  const names = columns.map(({ name }) => printable(name))
  let held: Array<ReadonlyArray<string>> = []
  let widths: ReadonlyArray<number> | undefined
  const rowOf = (cells: ReadonlyArray<string>, own: ReadonlyArray<number>): string =>
    cells
      .map((cell, i) => fitted(cell, own[i] ?? 0, columns[i]?.isNumeric === true ? "right" : "left"))
      .join(gap)
      .trimEnd()
  const layOut = (): string => {
    const own = widthsWithin(
      names.map((name, i) => held.reduce((most, cells) => Math.max(most, columnsOf(cells[i] ?? "")), columnsOf(name))),
      width
    )
    widths = own
    const first = held
    held = []
    return lines([
      rowOf(names, own),
      own.map((n) => "─".repeat(n)).join(gap),
      ...first.map((cells) => rowOf(cells, own))
    ])
  }
  return {
    rows: (some) => {
      const texts = some.map((row) => columns.map((_, i) => printable(textOf(row[i]))))
      if (widths !== undefined) {
        const own = widths
        return lines(texts.map((cells) => rowOf(cells, own)))
      }
      held.push(...texts)
      return held.length < rowsForWidths ? "" : layOut()
    },
    end: (rows) => `${widths === undefined ? layOut() : ""}${count(rows, "row")}\n`
  }
}

/** JSON in which a terminal finds nothing to obey. */
const safely = (json: string): string =>
  json.replaceAll(/[\u007F-\u009F\u2028\u2029\p{Cf}]/gu, (letter) =>
    Array.from({ length: letter.length }, (_, i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")
  )

const jsonWriter = (columns: Columns): RowWriter => ({
  rows: (some) =>
    lines(
      some.map((row) =>
        safely(JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null]))))
      )
    ),
  end: () => ""
})

const quoted = (text: string): string => (/[",\r\n]|^\s|\s$/u.test(text) ? `"${text.replaceAll(`"`, `""`)}"` : text)

/** A row with one empty cell would be an empty line, which readers skip. */
const csvLine = (cells: ReadonlyArray<string>): string =>
  cells.length === 1 && cells[0] === "" ? `""` : cells.map(quoted).join(",")

const csvWriter = (columns: Columns): RowWriter => {
  let header = lines([csvLine(columns.map(({ name }) => name))])
  const withHeader = (text: string) => {
    const all = header + text
    header = ""
    return all
  }
  return {
    rows: (some) => withHeader(lines(some.map((row) => csvLine(columns.map((_, i) => textOf(row[i])))))),
    end: () => withHeader("")
  }
}

/** A text that Markdown shows as it is, in one cell of a table. */
const inMarkdown = (text: string): string =>
  printable(text.replaceAll(/\s+/gu, " "))
    .replaceAll(/[\\|`*_[\]~#$]/gu, String.raw`\$&`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/:\/\/|www\./gu, (sign) => `${sign.slice(0, -1)}&#${sign.codePointAt(sign.length - 1) ?? 0};`)

const markdownWriter = (columns: Columns): RowWriter => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  let header = lines([
    line(columns.map(({ name }) => inMarkdown(name))),
    line(columns.map(({ isNumeric }) => (isNumeric ? "---:" : "---")))
  ])
  const withHeader = (text: string) => {
    const all = header + text
    header = ""
    return all
  }
  return {
    rows: (some) => withHeader(lines(some.map((row) => line(columns.map((_, i) => inMarkdown(textOf(row[i]))))))),
    end: () => withHeader("")
  }
}

/**
 * How rows with these columns are written in a format.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writerOf = (format: "table" | "json" | "csv" | "md", columns: Columns, width: number): RowWriter => {
  switch (format) {
    case "table":
      return isTooWide(columns, width) ? listWriter(columns, width) : tableWriter(columns, width)
    case "json":
      return jsonWriter(columns)
    case "csv":
      return csvWriter(columns)
    case "md":
      return markdownWriter(columns)
  }
}
