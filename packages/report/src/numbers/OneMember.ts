/**
 * The numbers of one member, beside those of the others.
 *
 * @since 0.1.0
 */
import type { Film } from "@letterboxd-ratings/core"
import { type Likeness, likenessTo } from "./Agreement.ts"
import { type Decade, decadesOf } from "./FilmNumbers.ts"
import { fewestOthers, type Generosity, generosityOf } from "./Generosity.ts"
import type { RatingsMatrix } from "./RatingsMatrix.ts"
import { countRatings, CountsTable, numberOf, type StarCounts, sumOf } from "./Stars.ts"

/**
 * A film that the member rated. `others` members rated it too; `othersMean` is the mean of their ratings, where at least three
 * did, and `difference` by how many stars the member gave more.
 *
 * @since 0.1.0
 * @category models
 */
export interface OwnFilm {
  readonly film: Film
  readonly stars: number
  readonly isLiked: boolean
  readonly others: number
  readonly othersMean?: number
  readonly difference?: number
}

/**
 * - `stars`, `starsOfOthers`: the ratings by half stars.
 * - `generosity`: absent where others rated too few of the films.
 * - `years`: ratings by the year they were given in. `lastYear` is the last of them, with its twelve months. Both are empty
 *   where the dataset does not keep days; `undated` ratings have none.
 * - `decades`: by the year the films came out.
 * - `favourites`: the films with the most stars; of equals those that the member liked, then those that the others rated lower.
 * - `above`, `below`: the films that the member gave more or fewer stars than the others, the greatest difference first.
 * - `nearest`: the members with the greatest shrunk correlation, if it is positive; `compared` is how many had enough films in
 *   common.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberNumbers {
  readonly member: number
  readonly ratings: number
  readonly stars: StarCounts
  readonly starsOfOthers: StarCounts
  readonly generosity?: Generosity
  readonly years: ReadonlyArray<{ readonly year: number; readonly counts: StarCounts }>
  readonly lastYear?: { readonly year: number; readonly months: ReadonlyArray<number> }
  readonly undated: number
  readonly decades: ReadonlyArray<Decade>
  readonly withoutYear: number
  readonly favourites: ReadonlyArray<OwnFilm>
  readonly above: ReadonlyArray<OwnFilm>
  readonly below: ReadonlyArray<OwnFilm>
  readonly compared: number
  readonly nearest: ReadonlyArray<Likeness>
}

const listed = 10

/** Less than any difference: films that too few others rated come last. */
const leastDifference = -5

const millisOfADay = 86_400_000

const ownFilms = (
  { film, films, halfStars, liked, start }: RatingsMatrix,
  byFilm: CountsTable,
  member: number
): ReadonlyArray<OwnFilm> => {
  const own: Array<OwnFilm> = []
  for (let row = start[member] ?? 0; row < (start[member + 1] ?? 0); row++) {
    const f = film[row] ?? 0
    const one = films[f]
    if (one === undefined) continue
    const counts = byFilm.of(f)
    const stars = (halfStars[row] ?? 0) / 2
    const others = numberOf(counts) - 1
    const othersMean = (sumOf(counts) - stars) / others
    own.push({
      film: one,
      stars,
      isLiked: liked?.[row] === 1,
      others,
      ...(others < fewestOthers ? {} : { othersMean, difference: stars - othersMean })
    })
  }
  return own
}

const timesOfMember = ({ day, halfStars, start }: RatingsMatrix, member: number) => {
  const years = new Map<number, Array<number>>()
  const months = new Map<number, Array<number>>()
  let undated = 0
  for (let row = start[member] ?? 0; row < (start[member + 1] ?? 0); row++) {
    const one = day?.[row] ?? 0
    if (one === 0) {
      undated += 1
      continue
    }
    const date = new Date(one * millisOfADay)
    const year = date.getUTCFullYear()
    const counts = years.get(year) ?? Array.from({ length: 11 }, () => 0)
    const half = halfStars[row] ?? 0
    counts[half] = (counts[half] ?? 0) + 1
    years.set(year, counts)
    const ofYear = months.get(year) ?? Array.from({ length: 12 }, () => 0)
    ofYear[date.getUTCMonth()] = (ofYear[date.getUTCMonth()] ?? 0) + 1
    months.set(year, ofYear)
  }
  const sorted = [...years].toSorted(([a], [b]) => a - b).map(([year, counts]) => ({ year, counts }))
  const last = sorted.at(-1)?.year
  return {
    years: sorted,
    undated,
    ...(last === undefined ? {} : { lastYear: { year: last, months: months.get(last) ?? [] } })
  }
}

/**
 * The numbers of the member at a place in the matrix. Visits each rating a few times.
 *
 * @since 0.1.0
 * @category constructors
 */
export const memberNumbers = (matrix: RatingsMatrix, member: number): MemberNumbers => {
  const counted = countRatings(matrix)
  const { byFilm, byMember } = counted
  const stars = byMember.of(member)
  const own = ownFilms(matrix, byFilm, member)
  const ownByFilm = new CountsTable(matrix.films.length)
  for (let row = matrix.start[member] ?? 0; row < (matrix.start[member + 1] ?? 0); row++)
    ownByFilm.add(matrix.film[row] ?? 0, matrix.halfStars[row] ?? 0)
  const compare = likenessTo(matrix, member)
  const likenesses = matrix.members.flatMap((_, other) => {
    const found = other === member ? undefined : compare(other)
    return found === undefined ? [] : [found]
  })
  const generosity = generosityOf(matrix, counted).find((one) => one.member === member)
  const byDifference = own
    .filter(({ difference }) => difference !== undefined)
    .toSorted((a, b) => (b.difference ?? 0) - (a.difference ?? 0) || b.others - a.others || a.film.id - b.film.id)
  return {
    member,
    ratings: own.length,
    stars,
    starsOfOthers: byFilm.total().map((n, half) => n - (stars[half] ?? 0)),
    ...(generosity === undefined ? {} : { generosity }),
    ...timesOfMember(matrix, member),
    ...decadesOf(matrix, ownByFilm),
    favourites: own
      .toSorted(
        (a, b) =>
          b.stars - a.stars ||
          Number(b.isLiked) - Number(a.isLiked) ||
          (b.difference ?? leastDifference) - (a.difference ?? leastDifference) ||
          a.film.id - b.film.id
      )
      .slice(0, listed),
    above: byDifference.filter(({ difference }) => (difference ?? 0) > 0).slice(0, listed),
    below: byDifference
      .filter(({ difference }) => (difference ?? 0) < 0)
      .toReversed()
      .slice(0, listed),
    compared: likenesses.length,
    nearest: likenesses
      .filter(({ shrunk }) => shrunk > 0)
      .toSorted((a, b) => b.shrunk - a.shrunk || b.inCommon - a.inCommon || a.member - b.member)
      .slice(0, listed)
  }
}
