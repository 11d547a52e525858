/**
 * Films as Letterboxd knows them: its own number, the slug in its addresses, and a title with a year.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * Letterboxd's own number of a film, as in `film:240344`. It is the same in every generation of the site's
 * markup and stays when the film's slug or title changes. From 1 to 2,147,483,647, which every storage can keep: those
 * with columns keep 32 bits. The site's numbers are far below; a larger one is no film's.
 *
 * @since 0.1.0
 * @category models
 */
export const FilmId = Schema.Int.pipe(Schema.between(1, 2_147_483_647), Schema.brand("FilmId"))

/**
 * @since 0.1.0
 * @category models
 */
export type FilmId = typeof FilmId.Type

/**
 * The part of a film's address that names it: `the-apartment` in `/film/the-apartment/`. A slug can change, and
 * `null`, `nan` and `1984` are possible ones.
 *
 * @since 0.1.0
 * @category models
 */
export const Slug = Schema.String.pipe(Schema.pattern(/^[^\s/]+$/u), Schema.brand("Slug"))

/**
 * @since 0.1.0
 * @category models
 */
export type Slug = typeof Slug.Type

/**
 * A film. Title and year are absent where no source has told them: markup before 2025 shows titles without a
 * year, and datasets written with slugs as labels keep no titles. The year has four digits.
 *
 * @since 0.1.0
 * @category models
 */
export const Film = Schema.Struct({
  id: FilmId,
  slug: Slug,
  title: Schema.optionalWith(Schema.NonEmptyString, { exact: true }),
  year: Schema.optionalWith(Schema.Int.pipe(Schema.between(1000, 9999)), { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Film extends Schema.Schema.Type<typeof Film> {}

const trailingYear = /^(.*\S)\s+\((\d{4})\)$/su

/**
 * Splits a display name such as `Naked Lunch (1991)` into title and year. The year is the last `(YYYY)` and
 * nothing else; a name without one is all title. An empty name has neither.
 *
 * @since 0.1.0
 * @category constructors
 */
export const splitDisplayName = (name: string): { readonly title?: string; readonly year?: number } => {
  const trimmed = name.trim()
  const match = trailingYear.exec(trimmed)
  const title = match?.[1]
  const year = Number(match?.[2])
  if (title !== undefined && year >= 1000) return { title, year }
  return trimmed === "" ? {} : { title: trimmed }
}

/**
 * The name a person reads: `Title (Year)`, the title alone where the year is unknown, the slug where no title is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const displayName = (film: Film): string =>
  film.title === undefined ? film.slug : film.year === undefined ? film.title : `${film.title} (${film.year})`

/**
 * What a film is known as after it was seen again: the newest slug and title win, but a page that does not tell
 * the title or the year never erases one that is known. Returns `known` itself where nothing changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seenAgain = (known: Film, seen: Film): Film => {
  const title = seen.title ?? known.title
  const year = seen.year ?? (title === known.title ? known.year : undefined)
  if (seen.slug === known.slug && title === known.title && year === known.year) return known
  return {
    id: known.id,
    slug: seen.slug,
    ...(title === undefined ? {} : { title }),
    ...(year === undefined ? {} : { year })
  }
}
