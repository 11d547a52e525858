/**
 * How many ratings the members or films in the middle have, and those at the ends.
 *
 * @since 0.1.0
 */

/**
 * `part` of the members or films (0 is the one with the fewest, 0.5 the median, 1 the one with the most) have at most
 * `ratings` ratings.
 *
 * @since 0.1.0
 * @category models
 */
export interface Quantile {
  readonly part: number
  readonly ratings: number
}

/**
 * Quantiles by the nearest rank: each is the number of ratings of one of them. `sorted` has these numbers, the smallest
 * first; without any, there are no quantiles.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quantilesOf = (sorted: Int32Array, parts: ReadonlyArray<number>): ReadonlyArray<Quantile> =>
  sorted.length === 0
    ? []
    : parts.map((part) => ({ part, ratings: sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1] ?? 0 }))
