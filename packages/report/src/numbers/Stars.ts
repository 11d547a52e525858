/**
 * Ratings counted by stars, and what follows from the counts.
 *
 * @since 0.1.0
 */
import type { RatingsMatrix } from "./RatingsMatrix.ts"

/** Half stars are 1 to 10. Place 0 is not used. */
const places = 11

/**
 * Counts by half stars: place 1 to 10 has how many ratings of 0.5 to 5 stars there are. Place 0 is empty.
 *
 * @since 0.1.0
 * @category models
 */
export type StarCounts = ReadonlyArray<number>

/**
 * Counts by half stars of many members or films in one array.
 *
 * @since 0.1.0
 * @category models
 */
export class CountsTable {
  private readonly counts: Int32Array
  /** How many members or films there are. */
  readonly length: number

  constructor(length: number) {
    this.length = length
    this.counts = new Int32Array(length * places)
  }

  add(at: number, halfStars: number): void {
    const place = at * places + halfStars
    this.counts[place] = (this.counts[place] ?? 0) + 1
  }

  of(at: number): StarCounts {
    return Array.from(this.counts.subarray(at * places, (at + 1) * places))
  }

  /** The counts of all together. */
  total(): StarCounts {
    const total = Array.from({ length: places }, () => 0)
    for (let i = 0; i < this.counts.length; i++) total[i % places] = (total[i % places] ?? 0) + (this.counts[i] ?? 0)
    return total
  }
}

/**
 * The ratings of each member and of each film, counted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const countRatings = ({ film, films, halfStars, members, start }: RatingsMatrix) => {
  const byMember = new CountsTable(members.length)
  const byFilm = new CountsTable(films.length)
  for (let u = 0; u < members.length; u++)
    for (let row = start[u] ?? 0; row < (start[u + 1] ?? 0); row++) {
      const half = halfStars[row] ?? 0
      byMember.add(u, half)
      byFilm.add(film[row] ?? 0, half)
    }
  return { byMember, byFilm }
}

/**
 * The number of ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const numberOf = (counts: StarCounts): number => counts.reduce((sum, n) => sum + n, 0)

/**
 * The sum of all stars.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sumOf = (counts: StarCounts): number => counts.reduce((sum, n, half) => sum + (n * half) / 2, 0)

/**
 * The mean in stars; `NaN` without ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const meanOf = (counts: StarCounts): number => sumOf(counts) / numberOf(counts)

/**
 * The sum of squared differences from the mean, in square stars; 0 without ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const squaresOf = (counts: StarCounts): number => {
  const n = numberOf(counts)
  if (n === 0) return 0
  const mean = sumOf(counts) / n
  return counts.reduce((sum, count, half) => sum + count * (half / 2 - mean) ** 2, 0)
}

/**
 * The rating in the middle, in stars: the lower one of two. `NaN` without ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const medianOf = (counts: StarCounts): number => {
  const half = (numberOf(counts) + 1) >> 1
  let seen = 0
  for (const [halfStars, count] of counts.entries()) {
    seen += count
    if (half > 0 && seen >= half) return halfStars / 2
  }
  return NaN
}

/**
 * By how many stars two members who rated the film differ, on average: the mean over all pairs of its ratings (Gini's mean
 * difference). 0 where all agree; 2.25 where half of many members give 0.5 stars and half give 5, which is the most that
 * many members can reach. Each step between two neighbouring values counts as much as the pairs that it divides:
 * D = 1/2 · 2/(n(n − 1)) · Σ N(k)·(n − N(k)), where N(k) ratings are of at most k half stars. `NaN` for fewer than two ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const differenceOf = (counts: StarCounts): number => {
  const n = numberOf(counts)
  let below = 0
  let divided = 0
  for (const count of counts) {
    below += count
    divided += below * (n - below)
  }
  return divided / (n * (n - 1))
}
