/**
 * What the live page shows. The page itself knows nothing of runs: it puts these texts and numbers where they belong.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import { timeOfDay } from "../progress/RunWords.ts"
import { printable } from "../Shown.ts"

/**
 * A row of a list, with a bar if `all` is above 0.
 *
 * @since 0.1.0
 * @category models
 */
export interface LiveRow {
  readonly name: string
  readonly words: string
  readonly done: number
  readonly all: number
}

/**
 * The rows of a list that are shown. `more` counts the others; `none` is shown instead of rows.
 *
 * @since 0.1.0
 * @category models
 */
export interface LiveList {
  readonly title: string
  readonly rows: ReadonlyArray<LiveRow>
  readonly more: number
  readonly none: string
}

/**
 * A picture of a run or of a dataset, as it is at a moment. `state` is `working` as long as something is done, `waiting`
 * while something holds it up, `stopped` where it ended too early; `now` says it in a sentence that changes seldom.
 * `bars` are numbers in the order of time, such as ratings in each second.
 *
 * @since 0.1.0
 * @category models
 */
export interface LivePicture {
  readonly title: string
  readonly lead: string
  readonly state: "working" | "waiting" | "stopped" | "done"
  readonly now: string
  readonly progress?: { readonly done: number; readonly all: number; readonly words: string }
  readonly numbers: ReadonlyArray<readonly [value: string, name: string]>
  readonly bars?: { readonly title: string; readonly values: ReadonlyArray<number>; readonly words: string }
  readonly lists: ReadonlyArray<LiveList>
}

const longestText = 300

/**
 * A text from outside, cut where it is very long, without characters that are not seen.
 *
 * @since 0.1.0
 * @category constructors
 */
export const brief = (text: string): string => {
  const clean = printable(text.slice(0, 2 * longestText))
  return clean.length <= longestText ? clean : `${clean.slice(0, longestText)}...`
}

/**
 * A list of at most `most` rows, the first of all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listOf = (
  title: string,
  none: string,
  rows: ReadonlyArray<Pick<LiveRow, "name" | "words"> & Partial<LiveRow>>,
  most: number
): LiveList => ({
  title,
  none,
  rows: rows
    .slice(0, most)
    .map(({ all = 0, done = 0, name, words }) => ({ name: brief(name), words: brief(words), done, all })),
  more: Math.max(0, rows.length - most)
})

const aDay = 86_400_000

/**
 * A time in milliseconds since 1970, in the time zone of this machine, with its day if that is not near `now`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const momentOf = (millis: number, now: number): string =>
  Math.abs(millis - now) < aDay
    ? timeOfDay(millis)
    : DateTime.formatLocal(DateTime.unsafeMake(millis), { dateStyle: "medium", timeStyle: "short", locale: "en-GB" })
