/**
 * Numbers of films: the most rated, the best, those that divide members, and decades.
 *
 * @since 0.1.0
 */
import type { Film } from "@letterboxd-ratings/core"
import type { RatingsMatrix } from "./RatingsMatrix.ts"
import { type CountsTable, differenceOf, meanOf, numberOf, squaresOf, type StarCounts, sumOf } from "./Stars.ts"

/**
 * A film in a list: its ratings, their mean, and the mean shrunk towards that of all ratings (see `shrinkageOf`).
 * `difference` is by how many stars two of its members differ on average.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListedFilm {
  readonly film: Film
  readonly counts: StarCounts
  readonly ratings: number
  readonly mean: number
  readonly shrunk: number
  readonly difference: number
}

/**
 * How means of films are shrunk: the mean of all ratings, and how many ratings of this mean are added to those of a film.
 */
interface Shrinkage {
  readonly mean: number
  readonly weight: number
}

/** Where the ratings do not tell. */
const usualWeight = 10

/** Films that differ so little do not differ. */
const mostWeight = 1e6

/**
 * How much to shrink, from the ratings themselves: weight = s² / t², where s² is the variance of ratings of one film and t²
 * the variance of the films' own means, both by an analysis of variance. Where films differ no more than chance explains, or
 * there is too little to tell, the weight is 10.
 */
const shrinkageOf = (byFilm: CountsTable): Shrinkage => {
  const total = byFilm.total()
  const all = numberOf(total)
  const mean = meanOf(total)
  let films = 0
  let within = 0
  let between = 0
  let squaredCounts = 0
  for (let f = 0; f < byFilm.length; f++) {
    const counts = byFilm.of(f)
    const n = numberOf(counts)
    if (n === 0) continue
    films += 1
    within += squaresOf(counts)
    between += n * (meanOf(counts) - mean) ** 2
    squaredCounts += n * n
  }
  const ofOneFilm = within / (all - films)
  const ofFilms = (between / (films - 1) - ofOneFilm) / ((all - squaredCounts / all) / (films - 1))
  const weight = ofOneFilm / ofFilms
  return { mean, weight: weight >= 0 && weight < mostWeight ? weight : usualWeight }
}

/**
 * The fewest ratings with which a film is listed as one of the best or most dividing: one for twenty members, at least 5
 * and at most 50.
 */
const fewestRatings = (members: number): number => Math.max(5, Math.min(50, Math.ceil(members / 20)))

/** How many films a list has. */
const listed = 10

/** The first films of a list, by a number of theirs, the greatest first; of equals the most rated, then by id. */
const first = (films: ReadonlyArray<ListedFilm>, by: (film: ListedFilm) => number): ReadonlyArray<ListedFilm> =>
  films.toSorted((a, b) => by(b) - by(a) || b.ratings - a.ratings || a.film.id - b.film.id).slice(0, listed)

/**
 * The most rated films, and other lists. `fewest` is the number of ratings that a film in the others has at least, `eligible` the
 * number of films that have it.
 *
 * @since 0.1.0
 * @category models
 */
export interface FilmLists {
  readonly shrinkage: Shrinkage
  readonly fewest: number
  readonly eligible: number
  readonly mostRated: ReadonlyArray<ListedFilm>
  readonly best: ReadonlyArray<ListedFilm>
  readonly lowest: ReadonlyArray<ListedFilm>
  readonly dividing: ReadonlyArray<ListedFilm>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const filmLists = ({ films }: Pick<RatingsMatrix, "films">, byFilm: CountsTable, members: number): FilmLists => {
  const shrinkage = shrinkageOf(byFilm)
  const fewest = fewestRatings(members)
  const all = films.flatMap((film, f): ReadonlyArray<ListedFilm> => {
    const counts = byFilm.of(f)
    const ratings = numberOf(counts)
    if (ratings === 0) return []
    const shrunk = (sumOf(counts) + shrinkage.weight * shrinkage.mean) / (ratings + shrinkage.weight)
    return [{ film, counts, ratings, mean: meanOf(counts), shrunk, difference: differenceOf(counts) }]
  })
  const often = all.filter(({ ratings }) => ratings >= fewest)
  return {
    shrinkage,
    fewest,
    eligible: often.length,
    mostRated: first(all, ({ ratings }) => ratings),
    best: first(often, ({ shrunk }) => shrunk),
    lowest: first(often, ({ shrunk }) => -shrunk),
    dividing: first(often, ({ difference }) => difference)
  }
}

/**
 * The films of a decade, by the year they came out, that have ratings: how many, and those ratings.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decade {
  readonly decade: number
  readonly films: number
  readonly counts: StarCounts
}

/**
 * The decades with ratings, in order, and the ratings of films without a year.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decadesOf = (
  { films }: Pick<RatingsMatrix, "films">,
  byFilm: CountsTable
): { readonly decades: ReadonlyArray<Decade>; readonly withoutYear: number } => {
  const found = new Map<number, { films: number; counts: Array<number> }>()
  let withoutYear = 0
  for (const [f, { year }] of films.entries()) {
    const counts = byFilm.of(f)
    const n = numberOf(counts)
    if (n === 0) continue
    if (year === undefined) {
      withoutYear += n
      continue
    }
    const decade = Math.floor(year / 10) * 10
    const known = found.get(decade) ?? { films: 0, counts: counts.map(() => 0) }
    known.films += 1
    known.counts = known.counts.map((count, half) => count + (counts[half] ?? 0))
    found.set(decade, known)
  }
  return {
    decades: [...found].toSorted(([a], [b]) => a - b).map(([decade, { counts, films }]) => ({ decade, films, counts })),
    withoutYear
  }
}
