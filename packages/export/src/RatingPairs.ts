/**
 * Which member rated which film, in arrays of numbers, for numbers that look at all ratings more than once.
 *
 * @since 0.1.0
 */

/**
 * Ratings as rows, those of a member together: the rows of the member at place `u` are `start[u]` to `start[u + 1]`,
 * exclusively, and `film` has the place of the film of each row. Of `members` and `films` only their numbers matter.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingPairs {
  readonly members: { readonly length: number }
  readonly films: { readonly length: number }
  readonly start: Int32Array
  readonly film: Int32Array
}

/**
 * Where the rows of each kind begin if they stand together: those of the kind `i` at `start[i]` to `start[i + 1]`,
 * exclusively.
 *
 * @since 0.1.0
 * @category constructors
 */
export const startsOf = (kindOf: ArrayLike<number>, kinds: number): Int32Array => {
  const start = new Int32Array(kinds + 1)
  for (let row = 0; row < kindOf.length; row++) {
    const kind = kindOf[row] ?? 0
    start[kind + 1] = (start[kind + 1] ?? 0) + 1
  }
  for (let i = 0; i < kinds; i++) start[i + 1] = (start[i + 1] ?? 0) + (start[i] ?? 0)
  return start
}

/**
 * The rows in the order in which those of each kind stand together, each kind in the order it came in.
 *
 * @since 0.1.0
 * @category constructors
 */
export const orderOf = (kindOf: ArrayLike<number>, start: Int32Array): Int32Array => {
  const next = start.slice()
  const order = new Int32Array(kindOf.length)
  for (let row = 0; row < kindOf.length; row++) {
    const kind = kindOf[row] ?? 0
    order[next[kind] ?? 0] = row
    next[kind] = (next[kind] ?? 0) + 1
  }
  return order
}

/**
 * The members who rated each film: `members` has their places, film by film, and those of the film at place `f` are at
 * `start[f]` to `start[f + 1]` in it, exclusively. Four bytes for each rating.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratersOf = ({
  film,
  films,
  members: all,
  start: startOfMember
}: RatingPairs): { readonly start: Int32Array; readonly members: Int32Array } => {
  const start = startsOf(film, films.length)
  const next = start.slice()
  const members = new Int32Array(film.length)
  for (let u = 0; u < all.length; u++)
    for (let row = startOfMember[u] ?? 0; row < (startOfMember[u + 1] ?? 0); row++) {
      const f = film[row] ?? 0
      members[next[f] ?? 0] = u
      next[f] = (next[f] ?? 0) + 1
    }
  return { start, members }
}

/** Where each id stands among all, in the order of ids. */
export const ranksOf = (ids: ReadonlyArray<number>): Int32Array => {
  const ranks = new Int32Array(ids.length)
  for (const [rank, { place }] of ids
    .map((id, place) => ({ id, place }))
    .toSorted((one, other) => one.id - other.id)
    .entries())
    ranks[place] = rank
  return ranks
}
