/**
 * The times of ratings in layouts that have a column for it.
 *
 * @since 0.1.0
 */
import type { EncodedRating, LinePiece } from "@letterboxd-ratings/core"
import { DateTime, Schema } from "effect"
import type { ExportedDataset } from "./ExportedDataset.ts"

/**
 * Which times ratings get:
 *
 * - `rated`: the day on which the film was rated, where it is known (at midnight, UTC), and otherwise the time of reading.
 *   A column says which it is, if the dataset keeps days.
 * - `read`: the time at which the member's list was read, the same for all its ratings.
 * - `none`: no time at all.
 *
 * @since 0.1.0
 * @category models
 */
export const Timestamps = Schema.Literal("rated", "read", "none")

/**
 * @since 0.1.0
 * @category models
 */
export type Timestamps = typeof Timestamps.Type

/**
 * A time in seconds since 1970, and what it is the time of. An `unknown` one is 0.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingTime {
  readonly seconds: number
  readonly kind: "rated" | "read" | "unknown"
}

const secondsOf = (at: DateTime.Utc): number => Math.floor(DateTime.toEpochMillis(at) / 1000)

/**
 * The times of the ratings of a dataset. `isMixed` says that there may be both kinds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingTimes = (
  { keeps, readAt }: Pick<ExportedDataset, "keeps" | "readAt">,
  timestamps: Timestamps
): { readonly isMixed: boolean; readonly timeOf: (rating: EncodedRating) => RatingTime } => {
  const isMixed = timestamps === "rated" && keeps.has("rated_on")
  const days = new Map<string, number>()
  return {
    isMixed,
    timeOf: ({ ratedOn, userId }) => {
      if (!isMixed || ratedOn === undefined) {
        const seconds = secondsOf(readAt(userId))
        return { seconds, kind: seconds === 0 ? "unknown" : "read" }
      }
      const known = days.get(ratedOn)
      if (known !== undefined) return { seconds: known, kind: "rated" }
      const seconds = Date.parse(`${ratedOn}T00:00:00Z`) / 1000
      days.set(ratedOn, seconds)
      return { seconds, kind: "rated" }
    }
  }
}

/** The times as pieces of a line, each behind a separator. */
export const timePieces = (
  dataset: Pick<ExportedDataset, "keeps" | "readAt">,
  timestamps: Timestamps,
  separator: string
): ReadonlyArray<LinePiece> => {
  const { isMixed, timeOf } = ratingTimes(dataset, timestamps)
  const text = (rating: EncodedRating): string => {
    const { kind, seconds } = timeOf(rating)
    return isMixed ? `${separator}${seconds}${separator}${kind}` : `${separator}${seconds}`
  }
  return timestamps === "none" ? [] : [{ of: isMixed ? "rating" : "member", text }]
}

/**
 * What a data card says of these times.
 *
 * @since 0.1.0
 * @category constructors
 */
export const timestampNotes = (timestamps: Timestamps): ReadonlyArray<string> => {
  switch (timestamps) {
    case "none":
      return ["There is no `timestamp`: it was left out (`--timestamps none`)."]
    case "read":
      return [
        "`timestamp` (seconds since 1970) is when the member's list was read, the same for all of a member's ratings. It is 0 where that is not known. It is not when films were rated: do not split by it."
      ]
    case "rated":
      return [
        "`timestamp` (seconds since 1970) is the day of the rating (midnight, UTC) where `timestamp_kind` is `rated`, and when the member's list was read where it is `read`. It is 0 where neither is known (`unknown`). Without that column, it is always the time of reading: the source did not tell days. Split by time only rows with `rated`."
      ]
  }
}
