/**
 * What a film is called, and what it is known as after it was seen again.
 *
 * @since 0.1.0
 */
import { Schema, Struct } from "effect"
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
  // Most films are seen thousands of times as what they are known as.
  if (known === seen || tellsNothingNew(known, seen)) return known
  const { year: _, ...rest } = { ...known, ...seen }
  const yearNow = seen.year ?? (rest.title === known.title ? known.year : undefined)
  const now: Film = yearNow === undefined ? rest : { ...rest, year: yearNow }
  return isSameFilm(known, now) ? known : now
}

/**
 * What a film is known as with what was unknown of it. A year belongs to its title. Returns `known` itself where nothing
 * was unknown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const filled = (known: Film, seen: Film): Film => {
  const { year, ...rest } = seen
  const isSameTitle = known.title === undefined || known.title === seen.title
  return seenAgain(known, { ...rest, ...(year === undefined || !isSameTitle ? {} : { year }), ...known })
}

const tellsNothingNew = (known: Film, seen: Film): boolean =>
  propertyNames.every((name) => seen[name] === undefined || seen[name] === known[name])

/** All that a film has: the compiler asks for what is new. */
const filmProperties: { readonly [K in keyof Film]-?: true } = {
  id: true,
  slug: true,
  title: true,
  year: true,
  tmdbId: true,
  imdbId: true
}

const propertyNames = Struct.keys(filmProperties)

const isSameFilm: (one: Film, other: Film) => boolean = Schema.equivalence(Film)
