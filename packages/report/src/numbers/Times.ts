/**
 * What the times in a dataset can tell, and what they cannot.
 *
 * @since 0.1.0
 */
import type { RatingsMatrix } from "./RatingsMatrix.ts"

const millisOfADay = 86_400_000

/**
 * A member who rated more films than this on one day did not see them all on it.
 *
 * @since 0.1.0
 * @category models
 */
export const mostFilmsOfADay = 20

/**
 * - `firstReading`, `lastReading`: when lists were read, in milliseconds since 1970; `unknownReadings` members have none.
 * - `keepsDays`: whether the dataset keeps the days of ratings; `dated` ratings have one, between `firstDay` and `lastDay`.
 * - `inBulk`: how many of these are of days on which the member rated more than twenty films.
 * - `afterReading`: how many are later than the day after the member's list was read, which cannot be.
 *
 * @since 0.1.0
 * @category models
 */
export interface Times {
  readonly firstReading?: number
  readonly lastReading?: number
  readonly unknownReadings: number
  readonly keepsDays: boolean
  readonly dated: number
  readonly firstDay?: number
  readonly lastDay?: number
  readonly inBulk: number
  readonly afterReading: number
}

const leastAndMost = (numbers: Iterable<number>) => {
  let least = Infinity
  let most = -Infinity
  for (const n of numbers) {
    least = Math.min(least, n)
    most = Math.max(most, n)
  }
  return { least, most }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const timesOf = ({ day, members, start }: RatingsMatrix): Times => {
  const readings = members.flatMap(({ readAt }) =>
    readAt === undefined || readAt.epochMillis === 0 ? [] : [readAt.epochMillis]
  )
  const read = leastAndMost(readings)
  let dated = 0
  let inBulk = 0
  let afterReading = 0
  let firstDay = Infinity
  let lastDay = -Infinity
  for (const [u, { readAt }] of members.entries()) {
    if (day === undefined) break
    const perDay = new Map<number, number>()
    const readOn =
      readAt === undefined || readAt.epochMillis === 0 ? Infinity : Math.floor(readAt.epochMillis / millisOfADay)
    for (const one of day.subarray(start[u], start[u + 1])) {
      if (one === 0) continue
      dated += 1
      // Days are those of the member's own time zone.
      if (one > readOn + 1) afterReading += 1
      perDay.set(one, (perDay.get(one) ?? 0) + 1)
    }
    for (const [one, films] of perDay) {
      if (films > mostFilmsOfADay) inBulk += films
      firstDay = Math.min(firstDay, one)
      lastDay = Math.max(lastDay, one)
    }
  }
  return {
    ...(readings.length === 0 ? {} : { firstReading: read.least, lastReading: read.most }),
    unknownReadings: members.length - readings.length,
    keepsDays: day !== undefined,
    dated,
    ...(dated === 0 ? {} : { firstDay: firstDay * millisOfADay, lastDay: lastDay * millisOfADay }),
    inBulk,
    afterReading
  }
}
