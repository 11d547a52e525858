/**
 * How fast members change, by what their readings found.
 *
 * @since 0.1.0
 */
import { type DateTime, Effect, Stream } from "effect"
import { loggedReadings } from "../dataset/History.ts"
import { ratingBlocksOf } from "../dataset/RatingBlock.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import type { UserId } from "../domain/Member.ts"

/**
 * How fast a member's list changes.
 *
 * - `ratings`: how many ratings are added, changed or removed in a day.
 * - `hidden`: how many of them in a day leave the number of films as it is.
 * - `times`: how often a day something changes at all, between `slowest` and `fastest`.
 * - `readings`: how many pairs of complete readings this is known from.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChangeRate {
  readonly ratings: number
  readonly hidden: number
  readonly times: number
  readonly readings: number
}

/** Once a year: a list that never changed may still do so. */
const slowest = 1 / 365
/** Once a day: whoever changes faster cannot be followed anyway. */
const fastest = 1

/** What is taken for granted of a member of whom nothing is known: 30 days of the average of all members. */
const priorDays = 30
/** The average of all members where no history tells it: ratings a day, and the share of them that is hidden. */
const usualRate = 0.3
const usualHiddenShare = 0.05

const millisOfADay = 86_400_000

/** What the pairs of complete readings of a member found. */
interface Observed {
  /** What feeds found since the last complete reading. */
  byFeeds: number
  last?: { readonly at: number; readonly films: number }
  pairs: number
  changedPairs: number
  days: number
  ratings: number
  hidden: number
}

const nothingObserved = (): Observed => ({ byFeeds: 0, pairs: 0, changedPairs: 0, days: 0, ratings: 0, hidden: 0 })

/**
 * The number of changes of a Poisson process a day, from how many of `pairs` looks at it, `days` apart, found that it had
 * changed. Changes between two looks count once, which the plain share would underestimate (Cho and Garcia-Molina,
 * "Estimating frequency of change", 2003, the estimator of section 4.2).
 *
 * @since 0.1.0
 * @category constructors
 */
export const changeFrequency = (pairs: number, changed: number, days: number): number =>
  -Math.log((pairs - changed + 0.5) / (pairs + 0.5)) / days

/**
 * How fast the members of a dataset change, and how fast one changes of whom nothing is known. Reads the history of the
 * dataset; costs memory for each member.
 *
 * @since 0.1.0
 * @category constructors
 */
export const changeRates = (
  dataset: Pick<OpenDataset, "changes" | "ratingBlocks" | "ratings" | "readings" | "state">
): Effect.Effect<(userId: UserId) => ChangeRate, StorageError> =>
  Effect.gen(function* () {
    // How many ratings the readings that were committed at a time changed.
    const changes = new Map<UserId, Map<number, number>>()
    yield* Stream.runForEach(dataset.changes, ({ at, userId }) =>
      Effect.sync(() => {
        const times = changes.get(userId) ?? new Map<number, number>()
        changes.set(userId, times)
        times.set(at.epochMillis, (times.get(at.epochMillis) ?? 0) + 1)
      })
    )
    const observed = new Map<UserId, Observed>()
    yield* Stream.runForEach(
      loggedReadings({ ...dataset, ratings: ratingBlocksOf(dataset) }),
      ({ at, films, readAt, state, userId }) =>
        Effect.sync(() => {
          if (state !== "sealed") return
          const one = observed.get(userId) ?? nothingObserved()
          observed.set(userId, one)
          const days = one.last === undefined ? 0 : (readAt.epochMillis - one.last.at) / millisOfADay
          const foundNow = changes.get(userId)?.get(at.epochMillis) ?? 0
          // Entries of a feed change rows, and leave the time of the last complete reading as it is.
          if (one.last !== undefined && days === 0) {
            one.byFeeds += foundNow
            return
          }
          if (one.last !== undefined && days > 0) {
            const found = foundNow + one.byFeeds
            one.byFeeds = 0
            one.pairs += 1
            one.days += days
            one.ratings += found
            if (found > 0) one.changedPairs += 1
            // Films that came and went, beyond what the numbers tell.
            one.hidden += Math.max(0, found - Math.abs(films - one.last.films))
          }
          one.last = { at: readAt.epochMillis, films }
        })
    )
    let days = priorDays
    let ratings = usualRate * priorDays
    let hidden = usualHiddenShare * usualRate * priorDays
    for (const one of observed.values()) {
      days += one.days
      ratings += one.ratings
      hidden += one.hidden
    }
    const average = { ratings: ratings / days, hidden: hidden / days }
    return (userId) => {
      const one = observed.get(userId) ?? nothingObserved()
      const shrunk = (found: number, usual: number) => (found + usual * priorDays) / (one.days + priorDays)
      const times =
        one.pairs === 0 ? average.ratings : changeFrequency(one.pairs, one.changedPairs, one.days / one.pairs)
      return {
        ratings: shrunk(one.ratings, average.ratings),
        hidden: shrunk(one.hidden, average.hidden),
        times: Math.min(fastest, Math.max(slowest, times)),
        readings: one.pairs
      }
    }
  })

/**
 * The days between two times; 0 where the second is not later.
 *
 * @since 0.1.0
 * @category constructors
 */
export const daysBetween = (from: DateTime.Utc, to: DateTime.Utc): number =>
  Math.max(0, to.epochMillis - from.epochMillis) / millisOfADay
