/**
 * How ratings are spread over members or films: many for a few, few for most.
 *
 * @since 0.1.0
 */
import { type Quantile, quantilesOf } from "@letterboxd-ratings/export"

/**
 * A place in the order of members or films by their ratings, the one with the most first.
 */
interface Rank {
  readonly rank: number
  readonly ratings: number
}

/**
 * - `ranks`: some places, close to each other at the top, for a chart with logarithmic axes.
 * - `with`, `without`: how many have ratings, and how many have none.
 * - `quantiles`: the number of ratings of those in the middle, at a tenth, and so on, by the nearest rank.
 * - `topShare`: the share of ratings that the first hundredth, tenth and half have, of those with ratings.
 *
 * @since 0.1.0
 * @category models
 */
export interface LongTail {
  readonly ranks: ReadonlyArray<Rank>
  readonly with: number
  readonly without: number
  readonly quantiles: ReadonlyArray<Quantile>
  readonly topShares: ReadonlyArray<{ readonly part: number; readonly share: number }>
}

const mostRanks = 120

/**
 * @since 0.1.0
 * @category constructors
 */
export const longTailOf = (counts: Int32Array): LongTail => {
  // Numbers of a typed array are put in order as numbers.
  const sorted = counts
    .filter((n) => n > 0)
    .toSorted()
    .toReversed()
  const n = sorted.length
  const total = sorted.reduce((sum, one) => sum + one, 0)
  const places = new Set<number>()
  if (n > 0) for (let i = 0; i < mostRanks; i++) places.add(Math.round(n ** (i / (mostRanks - 1))))
  const topShare = (part: number): number => {
    let sum = 0
    for (const one of sorted.subarray(0, Math.ceil(n * part))) sum += one
    return sum / total
  }
  return {
    ranks: [...places].map((rank) => ({ rank, ratings: sorted[rank - 1] ?? 0 })),
    with: n,
    without: counts.length - n,
    quantiles: quantilesOf(sorted.toReversed(), [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]),
    topShares: n === 0 ? [] : [0.01, 0.1, 0.5].map((part) => ({ part, share: topShare(part) }))
  }
}
