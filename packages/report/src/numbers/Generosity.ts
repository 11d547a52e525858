/**
 * Whether members give more stars than others give the same films.
 *
 * @since 0.1.0
 */
import type { RatingsMatrix } from "./RatingsMatrix.ts"
import { type CountsTable, meanOf, numberOf, sumOf } from "./Stars.ts"

/**
 * A member, by its place in the matrix: how many of its films others rated too, by how many stars more than the others it
 * rated them on average, and the mean of all its ratings.
 *
 * @since 0.1.0
 * @category models
 */
export interface Generosity {
  readonly member: number
  readonly compared: number
  readonly stars: number
  readonly mean: number
}

/**
 * A film is compared if at least so many others rated it.
 *
 * @since 0.1.0
 * @category models
 */
export const fewestOthers = 3

/**
 * A member's generosity tells something from so many films on.
 *
 * @since 0.1.0
 * @category models
 */
export const fewestCompared = 20

/**
 * The generosity of each member with enough films to compare, the least first: g(u) = mean over the films of u that at least
 * three others rated of (r(u, i) − mean of the ratings of i by others).
 *
 * @since 0.1.0
 * @category constructors
 */
export const generosityOf = (
  { film, halfStars, members, start }: RatingsMatrix,
  { byFilm, byMember }: { readonly byFilm: CountsTable; readonly byMember: CountsTable }
): ReadonlyArray<Generosity> => {
  const ratings = new Int32Array(byFilm.length)
  const sums = new Float64Array(byFilm.length)
  for (let f = 0; f < byFilm.length; f++) {
    const counts = byFilm.of(f)
    ratings[f] = numberOf(counts)
    sums[f] = sumOf(counts)
  }
  const found: Array<Generosity> = []
  for (let member = 0; member < members.length; member++) {
    let compared = 0
    let sum = 0
    for (let row = start[member] ?? 0; row < (start[member + 1] ?? 0); row++) {
      const f = film[row] ?? 0
      const others = (ratings[f] ?? 0) - 1
      if (others < fewestOthers) continue
      const stars = (halfStars[row] ?? 0) / 2
      compared += 1
      sum += stars - ((sums[f] ?? 0) - stars) / others
    }
    if (compared >= fewestCompared)
      found.push({ member, compared, stars: sum / compared, mean: meanOf(byMember.of(member)) })
  }
  return found.toSorted((a, b) => a.stars - b.stars || a.member - b.member)
}
