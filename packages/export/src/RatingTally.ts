/**
 * What a data card says of the ratings of an export, counted while they are written.
 *
 * @since 0.1.0
 */
import { growingNumbers, idPlaces, type RatingBlock, type StorageError } from "@letterboxd-ratings/core"
import { Stream } from "effect"
import { type Core, coresOf } from "./Cores.ts"
import { type Quantile, quantilesOf } from "./Quantiles.ts"
import { orderOf, type RatingPairs, ratersOf, startsOf } from "./RatingPairs.ts"

/**
 * - `perStars`: how many ratings of each number of half stars (0 to 10) there are.
 * - `members`, `films`: how many have ratings. `perMember`, `perFilm`: quantiles of the numbers of their ratings.
 * - `doubled`: how many ratings are of a film that the same member rated before.
 * - `cores`: the k-cores for 5, 10 and 20.
 * - `dated`: how many ratings have a day, between `firstDay` and `lastDay`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingTally {
  readonly ratings: number
  readonly perStars: ReadonlyArray<number>
  readonly members: number
  readonly films: number
  readonly perMember: ReadonlyArray<Quantile>
  readonly perFilm: ReadonlyArray<Quantile>
  readonly doubled: number
  readonly cores: ReadonlyArray<Core>
  readonly dated: number
  readonly firstDay?: string
  readonly lastDay?: string
}

const parts = [0, 0.25, 0.5, 0.75, 0.9, 1]
const coreSizes = [5, 10, 20]

/** How many rows repeat a member and a film. */
const doubledIn = ({ film, films, members, start }: RatingPairs): number => {
  const seenBy = new Int32Array(films.length).fill(-1)
  let doubled = 0
  for (let u = 0; u < members.length; u++)
    for (let row = start[u] ?? 0; row < (start[u + 1] ?? 0); row++) {
      const f = film[row] ?? 0
      if (seenBy[f] === u) doubled += 1
      seenBy[f] = u
    }
  return doubled
}

/** The sizes of the groups that begin at these rows, the smallest first. */
const sizesOf = (start: Int32Array): Int32Array =>
  start
    .subarray(1)
    .map((end, i) => end - (start[i] ?? 0))
    .toSorted()

const makeTally = (expected: number) => {
  const perStars = Array.from({ length: 11 }, () => 0)
  const users = idPlaces()
  const films = idPlaces()
  const userOf = growingNumbers((n) => new Int32Array(n), expected)
  const filmOf = growingNumbers((n) => new Int32Array(n), expected)
  let dated = 0
  let firstDay: string | undefined
  let lastDay: string | undefined
  return {
    count: ({ facts = [], filmIds, halfStars, size, userIds }: RatingBlock): void => {
      for (let row = 0; row < size; row++) {
        const stars = halfStars[row] ?? 0
        perStars[stars] = (perStars[stars] ?? 0) + 1
        userOf.add(users.at(userIds[row] ?? 0))
        filmOf.add(films.at(filmIds[row] ?? 0))
      }
      for (const { ratedOn } of facts) {
        if (ratedOn === undefined) continue
        dated += 1
        if (firstDay === undefined || ratedOn < firstDay) firstDay = ratedOn
        if (lastDay === undefined || ratedOn > lastDay) lastDay = ratedOn
      }
    },
    result: (): RatingTally => {
      const start = startsOf(userOf.all(), users.size())
      const film = filmOf.all()
      const pairs = {
        members: { length: users.size() },
        films: { length: films.size() },
        start,
        film: orderOf(userOf.all(), start).map((row) => film[row] ?? 0)
      }
      return {
        ratings: film.length,
        perStars,
        members: users.size(),
        films: films.size(),
        perMember: quantilesOf(sizesOf(start), parts),
        perFilm: quantilesOf(sizesOf(ratersOf(pairs).start), parts),
        doubled: doubledIn(pairs),
        cores: coresOf(pairs, () => coreSizes),
        dated,
        ...(firstDay === undefined ? {} : { firstDay }),
        ...(lastDay === undefined ? {} : { lastDay })
      }
    }
  }
}

/**
 * The same ratings, which are tallied each time they are read; `tally` gives what the last reading found, and costs a few
 * visits of each rating. About as many are `expected`. Costs eight bytes of memory for each rating, and up to thirty while
 * they are summed up.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tallied = (
  ratings: Stream.Stream<RatingBlock, StorageError>,
  expected: number
): { readonly ratings: Stream.Stream<RatingBlock, StorageError>; readonly tally: () => RatingTally } => {
  let current = makeTally(0)
  return {
    tally: () => current.result(),
    ratings: Stream.suspend(() => {
      const mine = makeTally(expected)
      current = mine
      return Stream.map(ratings, (block) => {
        mine.count(block)
        return block
      })
    })
  }
}
