/**
 * The days in an export, as Letterboxd writes them and as spreadsheets do.
 *
 * @since 0.1.0
 */
import { Day } from "@letterboxd-ratings/core"
import { Option, Schema } from "effect"

const decodeDay = Schema.decodeOption(Day)

/** Days are few and occur often, in one export and in the next. */
export const mostKnownDays = 50_000

/** Reads `YYYY-MM-DD`, each day once. */
export const makeDayReader = (): ((text: string) => Day | undefined) => {
  const known = new Map<string, Day | undefined>()
  const find = (text: string): Day | undefined => {
    const found = known.get(text)
    if (found !== undefined || known.has(text)) return found
    if (known.size >= mostKnownDays) known.clear()
    const day = Option.getOrUndefined(decodeDay(text))
    known.set(text, day)
    return day
  }
  // Rows of one day stand together.
  let last = ""
  let lastDay: Day | undefined
  return (text) => {
    if (text.length !== 10) return undefined
    if (text !== last) {
      lastDay = find(text)
      last = text
    }
    return lastDay
  }
}

const slashes = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/u
const dots = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/u

/** The days of a file by the texts of its dates, and what was concluded about their order. */
export interface FileDays {
  readonly dayOf: (text: string) => Day | undefined
  readonly note?: string
}

/**
 * Reads the dates of one file. `6/30/2022` has the order that a day above 12 shows somewhere in the file, or that of the
 * United States if no day does. If some dates show one order and some the other, none of them is read.
 */
export const readDays = (
  texts: Iterable<string>,
  file: string,
  readDay: (text: string) => Day | undefined
): FileDays => {
  const days = new Map<string, Day | undefined>()
  const inSlashes: Array<{
    readonly text: string
    readonly first: string
    readonly second: string
    readonly year: string
  }> = []
  const dayFrom = (year: string, month: string, day: string) =>
    readDay(`${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`)
  for (const text of texts) {
    const [, first, second, year] = slashes.exec(text) ?? []
    const [, day, month, dotYear] = dots.exec(text) ?? []
    if (first !== undefined && second !== undefined && year !== undefined) inSlashes.push({ text, first, second, year })
    else if (day !== undefined && month !== undefined && dotYear !== undefined)
      days.set(text, dayFrom(dotYear, month, day))
    else days.set(text, readDay(text))
  }
  const dayOf = (text: string) => days.get(text)
  if (inSlashes.length === 0) return { dayOf }
  const isDayFirst = inSlashes.some(({ first }) => Number(first) > 12)
  const isMonthFirst = inSlashes.some(({ second }) => Number(second) > 12)
  if (isDayFirst && isMonthFirst)
    return { dayOf, note: `The dates of ${file} contradict each other: some have the day first, some the month.` }
  for (const { first, second, text, year } of inSlashes)
    days.set(text, isDayFirst ? dayFrom(year, second, first) : dayFrom(year, first, second))
  return {
    dayOf,
    note: isDayFirst
      ? `The dates of ${file} were written by a spreadsheet and read as day/month/year: a number above 12 comes first.`
      : isMonthFirst
        ? `The dates of ${file} were written by a spreadsheet and read as month/day/year: a number above 12 comes second.`
        : `The dates of ${file} were written by a spreadsheet and read as month/day/year: no day above 12 shows the order.`
  }
}
