/**
 * What `lb inspect` found.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Histogram } from "./Histogram.ts"

/**
 * The result, as lines for a screen of some width, and as JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface Inspected {
  readonly lines: (width: number) => ReadonlyArray<string>
  readonly json: { readonly [name: string]: unknown }
}

/**
 * The dataset does not have what was asked for.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotInDataset extends Schema.TaggedError<NotInDataset>("@letterboxd-ratings/cli/NotInDataset")(
  "NotInDataset",
  { reason: Schema.Literal("NoMember", "NoFilm", "SeveralFilms"), message: Schema.String }
) {
  /** @since 0.1.0 */
  readonly isRetryable = false
}

/**
 * Names on the left and values on the right. Rows without a value are left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const factLines = (
  rows: ReadonlyArray<readonly [name: string, value: string | undefined]>
): ReadonlyArray<string> => {
  const known = rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  const column = Math.max(0, ...known.map(([name]) => name.length))
  return known.map(([name, value]) => `${name.padEnd(column)}  ${value}`)
}

/**
 * The number of ratings, their mean and their median.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingsWords = ({ mean, median, total }: Histogram): string =>
  mean === undefined || median === undefined
    ? "0"
    : `${total.toLocaleString("en-US")} (mean ${mean.toFixed(2)}, median ${median.toFixed(1)})`

/** So many rows of a list are shown on a screen. JSON has all. */
const mostRows = 20

/**
 * The first rows of a list, and how many more there are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const firstOf = <A>(rows: ReadonlyArray<A>, line: (row: A) => string): ReadonlyArray<string> => [
  ...rows.slice(0, mostRows).map((row) => `  ${line(row)}`),
  ...(rows.length > mostRows
    ? [`  ... and ${(rows.length - mostRows).toLocaleString("en-US")} more (--json has all)`]
    : [])
]
