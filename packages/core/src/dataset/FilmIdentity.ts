/**
 * What a film is called, and what it is known as after it was seen again.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { splitDisplayName } from "../domain/Film.ts"
import { Film } from "./Tables.ts"

/**
 * The name a person reads: `Title (Year)`, the title alone where the year is unknown, the slug where no title is, and
 * the number, as in `film:240344`, where nothing else is known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const displayName = (film: Film): string =>
  film.title === undefined
    ? nameWithoutTitle(film)
    : film.year === undefined
      ? film.title
      : `${film.title} (${film.year})`

/**
 * What a film without a title is called: its slug, or its number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nameWithoutTitle = ({ id, slug }: Pick<Film, "id" | "slug">): string => slug ?? `film:${id}`

/**
 * A film as every storage gives it back: a title that ends with a year, and has none beside it, is title and year. In a file
 * with one column for both they cannot be told from each other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withYearOfTitle = (film: Film): Film =>
  film.year === undefined && film.title?.endsWith(")") === true ? { ...film, ...splitDisplayName(film.title) } : film

/**
 * What a film is known as after it was seen again: the newest wins, but a source that does not tell something never
 * erases what is known. A year belongs to its title. Returns `known` itself where nothing changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seenAgain = (known: Film, seen: Film): Film => {
  const { year: _, ...rest } = { ...known, ...seen }
  const yearNow = seen.year ?? (rest.title === known.title ? known.year : undefined)
  const now: Film = yearNow === undefined ? rest : { ...rest, year: yearNow }
  return isSameFilm(known, now) ? known : now
}

const isSameFilm: (one: Film, other: Film) => boolean = Schema.equivalence(Film)
