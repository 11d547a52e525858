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

/** Control characters and halves of characters. */
const noText = /[\p{Cc}\p{Cs}]/u

/**
 * The id that a number is; `undefined` if it is none. Costs a fraction of what asking the schema does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const filmIdFromNumber = (n: number): FilmId | undefined =>
  Number.isInteger(n) && n >= 1 && n <= 2_147_483_647 ? FilmId.make(n, { disableValidation: true }) : undefined

/**
 * The part of a film's address that names it: `the-apartment` in `/film/the-apartment/`. A slug can change, and
 * `null`, `nan` and `1984` are possible ones.
 *
 * @since 0.1.0
 * @category models
 */
export const Slug = Schema.String.pipe(
  Schema.pattern(/^[^\s/]+$/u),
  Schema.filter((text) => !noText.test(text) || "it has control characters"),
  Schema.brand("Slug")
)

/**
 * @since 0.1.0
 * @category models
 */
export type Slug = typeof Slug.Type

/**
 * The title of a film as a source gives it: not empty, no space around it, no control characters, no halves of characters,
 * at most 2,000 characters. Every storage keeps such a title as it is. Datasets of earlier versions may hold others.
 *
 * @since 0.1.0
 * @category models
 */
export const Title = Schema.String.pipe(
  Schema.maxLength(2_000),
  Schema.filter(
    (text) =>
      (/^\S(?:.*\S)?$/su.test(text) && !noText.test(text)) || "a title has no space around it and no control characters"
  )
)

/**
 * Makes a title of a text, as pages and files have it: control characters become a space, halves of characters become
 * U+FFFD, and space around the title goes. A text without a title becomes an empty text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const titleFromText = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, " ")
    .replace(/\p{Cs}/gu, "\uFFFD")
    .trim()

/**
 * The year a film came out, four digits.
 *
 * @since 0.1.0
 * @category models
 */
export const Year = Schema.Int.pipe(Schema.between(1000, 9999))

/**
 * The number of a film at The Movie Database.
 *
 * @since 0.1.0
 * @category models
 */
export const TmdbId = Schema.Int.pipe(Schema.between(1, 2_147_483_647), Schema.brand("TmdbId"))

/**
 * @since 0.1.0
 * @category models
 */
export type TmdbId = typeof TmdbId.Type

/**
 * The number of a film at IMDb: `tt` and seven digits or more.
 *
 * @since 0.1.0
 * @category models
 */
export const ImdbId = Schema.String.pipe(Schema.pattern(/^tt\d{7,10}$/u), Schema.brand("ImdbId"))

/**
 * @since 0.1.0
 * @category models
 */
export type ImdbId = typeof ImdbId.Type

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
