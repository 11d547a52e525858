/**
 * How much members agree: on the same film, and over all the films they have in common.
 *
 * @since 0.1.0
 */
import type { RatingsMatrix } from "./RatingsMatrix.ts"
import type { CountsTable } from "./Stars.ts"

/**
 * Two members are compared if they rated at least so many films both.
 *
 * @since 0.1.0
 * @category models
 */
export const fewestInCommon = 10

/**
 * A correlation over n films is multiplied by n / (n + this), so that a few films in common do not look like a likeness.
 *
 * @since 0.1.0
 * @category models
 */
export const correlationWeight = 25

/** Pairs grow with the square of the members. */
const mostSampled = 200

/**
 * Another member: how many films both rated, Pearson's correlation of their ratings of them, and the same shrunk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Likeness {
  readonly member: number
  readonly inCommon: number
  readonly correlation: number
  readonly shrunk: number
}

/**
 * Compares members with one of them, by their places in the matrix. None where they have too few films in common, or one of
 * them gave the same stars to all of those.
 *
 * @since 0.1.0
 * @category constructors
 */
export const likenessTo = (
  { film, films, halfStars, start }: RatingsMatrix,
  one: number
): ((other: number) => Likeness | undefined) => {
  const own = new Uint8Array(films.length)
  for (let row = start[one] ?? 0; row < (start[one + 1] ?? 0); row++) own[film[row] ?? 0] = halfStars[row] ?? 0
  return (member) => {
    let n = 0
    let x = 0
    let y = 0
    let xx = 0
    let yy = 0
    let xy = 0
    for (let row = start[member] ?? 0; row < (start[member + 1] ?? 0); row++) {
      const a = own[film[row] ?? 0] ?? 0
      if (a === 0) continue
      const b = halfStars[row] ?? 0
      n += 1
      x += a
      y += b
      xx += a * a
      yy += b * b
      xy += a * b
    }
    // Whole numbers all, so that a member without variance is told exactly.
    const variance = (n * xx - x * x) * (n * yy - y * y)
    if (n < fewestInCommon || variance === 0) return undefined
    const correlation = (n * xy - x * y) / Math.sqrt(variance)
    return { member, inCommon: n, correlation, shrunk: (correlation * n) / (n + correlationWeight) }
  }
}

/**
 * - `differences`: of all pairs of ratings of the same film, the number that differ by 0, 0.5, ... 4.5 stars.
 * - `sampled`, `candidates`: how many members were compared with each other, of how many with enough ratings.
 * - `pairs`: the pairs of these that have enough films in common.
 *
 * @since 0.1.0
 * @category models
 */
export interface Agreement {
  readonly differences: ReadonlyArray<{ readonly stars: number; readonly pairs: number }>
  readonly sampled: number
  readonly candidates: number
  readonly pairs: ReadonlyArray<{ readonly inCommon: number; readonly correlation: number; readonly shrunk: number }>
}

const differencesIn = (byFilm: CountsTable): Agreement["differences"] => {
  const pairs = Array.from({ length: 10 }, () => 0)
  for (let f = 0; f < byFilm.length; f++) {
    const counts = byFilm.of(f)
    for (let half = 1; half <= 10; half++) {
      const n = counts[half] ?? 0
      if (n === 0) continue
      pairs[0] = (pairs[0] ?? 0) + (n * (n - 1)) / 2
      for (let more = 1; half + more <= 10; more++) pairs[more] = (pairs[more] ?? 0) + n * (counts[half + more] ?? 0)
    }
  }
  return pairs.map((count, half) => ({ stars: half / 2, pairs: count }))
}

/**
 * The members that are compared: all with enough ratings, or as many as are affordable, at equal distances in the order of
 * ids. The same dataset gives the same members.
 */
const sampleOf = ({ members, start }: RatingsMatrix) => {
  const candidates = members.flatMap((_, u) => ((start[u + 1] ?? 0) - (start[u] ?? 0) >= fewestInCommon ? [u] : []))
  const count = Math.min(mostSampled, candidates.length)
  return {
    candidates: candidates.length,
    sample: Array.from({ length: count }, (_, i) => candidates[Math.floor((i * candidates.length) / count)] ?? 0)
  }
}

/**
 * Costs the square of at most 200 members.
 *
 * @since 0.1.0
 * @category constructors
 */
export const agreementOf = (matrix: RatingsMatrix, byFilm: CountsTable): Agreement => {
  const { candidates, sample } = sampleOf(matrix)
  const pairs = sample.flatMap((one, i) => {
    const compare = likenessTo(matrix, one)
    return sample.slice(i + 1).flatMap((other) => {
      const found = compare(other)
      return found === undefined
        ? []
        : [{ inCommon: found.inCommon, correlation: found.correlation, shrunk: found.shrunk }]
    })
  })
  return { differences: differencesIn(byFilm), sampled: sample.length, candidates, pairs }
}
