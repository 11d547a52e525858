/**
 * The k-core of ratings: what is left when members and films with few ratings are left out, again and again.
 *
 * @since 0.1.0
 */
import { orderOf, startsOf } from "./RatingPairs.ts"

/** The fewest ratings that a member and a film must have to stay. */
export interface Minima {
  readonly userRatings: number
  readonly filmRatings: number
}

/** Ratings by numbers: row `i` is a rating by the member `userOf[i]`, below `users`, of the film `filmOf[i]`, below `films`. */
export interface NumberedRatings {
  readonly users: number
  readonly films: number
  readonly userOf: ArrayLike<number>
  readonly filmOf: ArrayLike<number>
}

/**
 * The core: 1 for each member and film that stays. A rating stays if both do. `rounds` counts how often something had to
 * be left out.
 */
export interface Core {
  readonly users: Uint8Array
  readonly films: Uint8Array
  readonly rounds: number
}

/** One side of the ratings: the members with their films, or the films with their members. */
const sideOf = (size: number, minimum: number, owners: ArrayLike<number>, others: ArrayLike<number>) => {
  const start = startsOf(owners, size)
  // The others of each owner stand together.
  const linked = orderOf(owners, start)
  for (let i = 0; i < linked.length; i++) linked[i] = others[linked[i] ?? 0] ?? 0
  const counts = start.subarray(1).map((end, one) => end - (start[one] ?? 0))
  const stays = new Uint8Array(size).fill(1)
  let falling = Array.from({ length: size }, (_, one) => one).filter((one) => (counts[one] ?? 0) < minimum)
  return {
    stays,
    /** Leaves out all that have too few ratings by now. */
    leaveOut: (): ReadonlyArray<number> => {
      const left = falling
      falling = []
      for (const one of left) stays[one] = 0
      return left
    },
    linkedTo: (one: number): Int32Array => linked.subarray(start[one], start[one + 1]),
    loseRating: (one: number): void => {
      const count = counts[one] ?? 0
      counts[one] = count - 1
      // Once only, on the way below the minimum: what is left out already is below it.
      if (count === minimum) falling.push(one)
    }
  }
}

/**
 * The largest set of members and films in which each has the minimum of ratings by, or of, the others in it. There is
 * only one. Costs time in proportion to the ratings, however many rounds there are, and 8 bytes of memory for each.
 */
export const kCore = ({ filmOf, films, userOf, users }: NumberedRatings, minima: Minima): Core => {
  const members = sideOf(users, minima.userRatings, userOf, filmOf)
  const titles = sideOf(films, minima.filmRatings, filmOf, userOf)
  for (let rounds = 0; ; rounds++) {
    const leftMembers = members.leaveOut()
    const leftFilms = titles.leaveOut()
    if (leftMembers.length === 0 && leftFilms.length === 0) return { users: members.stays, films: titles.stays, rounds }
    for (const member of leftMembers) for (const film of members.linkedTo(member)) titles.loseRating(film)
    for (const film of leftFilms) for (const member of titles.linkedTo(film)) members.loseRating(member)
  }
}
