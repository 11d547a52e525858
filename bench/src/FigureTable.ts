/**
 * Figures as a table that is read on a terminal and in Markdown.
 */
import { type Beside, type Figure, ratiosOf, type Unit } from "./Figure.ts"

const grouped = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 })
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

/** A number with three digits, or all digits before the point if there are more. */
const short = (value: number): string => (value >= 1_000 ? whole : grouped).format(value)

const amount = (value: number, unit: Unit): string => `${short(value)} ${unit}`

/** What all figures with such a value are compared with, if that is the same for all of them. */
const commonWhat = (all: ReadonlyArray<Beside | undefined>): string | undefined => {
  const [what, ...others] = new Set(all.flatMap((one) => (one === undefined ? [] : [one.what])))
  return others.length === 0 ? what : undefined
}

const besideIn = (what: string | undefined) => (other: Beside | undefined, unit: Unit) =>
  other === undefined ? "" : `${amount(other.value, unit)}${what === undefined ? ` (${other.what})` : ""}`

const titled = (title: string, what: string | undefined): string => (what === undefined ? title : `${title}: ${what}`)

/**
 * A table with a row for each figure. Columns that no figure has a value in are left out. What all figures are compared with
 * stands in the heading, otherwise beside each value.
 */
export const figureTable = (figures: ReadonlyArray<Figure>): string => {
  const limit = commonWhat(figures.map(({ limit }) => limit))
  const original = commonWhat(figures.map(({ original }) => original))
  const limitCell = besideIn(limit)
  const originalCell = besideIn(original)
  const headings = [
    "figure",
    "measured",
    titled("limit", limit),
    "times the limit",
    titled("the original's way", original),
    "times as much as ours"
  ]
  const rows = figures.map((figure) => {
    const ratios = ratiosOf(figure)
    return [
      figure.name,
      amount(figure.value, figure.unit),
      limitCell(figure.limit, figure.unit),
      ratios.limit === undefined ? "" : short(ratios.limit),
      originalCell(figure.original, figure.unit),
      ratios.original === undefined ? "" : short(ratios.original)
    ].map((cell) => cell.replaceAll("|", "\\|"))
  })
  const shown = headings.map((_, i) => rows.some((cells) => cells[i] !== ""))
  const lines = [headings, ...rows].map((cells) => cells.filter((_, i) => shown[i]))
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`
  const [first = [], ...others] = lines
  return [
    line(first),
    `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`,
    ...others.map(line)
  ].join("\n")
}
