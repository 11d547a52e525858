/**
 * Numbers of films at TMDB and IMDb, from a table that is no part of the dataset.
 *
 * @since 0.1.0
 */
import type { Film, Slug, WholeDataset } from "@letterboxd-ratings/core"
import { counted } from "./NumberWords.ts"

/**
 * The numbers of films by their slugs.
 *
 * @since 0.1.0
 * @category models
 */
export type NumbersElsewhere = ReadonlyMap<Slug, Pick<Film, "imdbId" | "tmdbId">>

/** The dataset with these numbers for films without, and a sentence about them. A number of the dataset stays. */
export const withNumbersElsewhere = <A extends WholeDataset>(
  whole: A,
  numbers: NumbersElsewhere
): { readonly whole: A; readonly note: string } => {
  let filled = 0
  let disagreeing = 0
  const films = new Map<Film["id"], Film>()
  for (const [id, film] of whole.state.films) {
    const more = film.slug === undefined ? undefined : numbers.get(film.slug)
    const joined = { ...more, ...film }
    films.set(id, joined)
    if (more === undefined) continue
    if (joined.tmdbId !== film.tmdbId || joined.imdbId !== film.imdbId) filled += 1
    const isOther = (known: number | string | undefined, told: number | string | undefined) =>
      told !== undefined && known !== told
    if (isOther(joined.tmdbId, more.tmdbId) || isOther(joined.imdbId, more.imdbId)) disagreeing += 1
  }
  return {
    whole: {
      ...whole,
      state: { ...whole.state, films, keeps: new Set([...whole.state.keeps, "film_numbers"] as const) }
    },
    note: `Numbers at TMDB or IMDb of ${counted(filled, "film")} are from a table that is no part of the dataset, joined by slug.${
      disagreeing === 0
        ? ""
        : ` It has other numbers for ${counted(disagreeing, "film")}; those of the dataset were kept.`
    }`
  }
}
