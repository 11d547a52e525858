/**
 * Tables of films: which slug has which number, and what else is known of a film.
 */
import type { FileSystem } from "@effect/platform"
import {
  type Film,
  FilmId,
  ImdbId,
  ImportError,
  type KnownFilms,
  Slug,
  titleFromText,
  TmdbId,
  Year
} from "@letterboxd-ratings/core"
import { Effect, Option, Schema, Stream } from "effect"
import { columnsAt, decimalFrom, delimitedBlocks, detachedText, fileBytes } from "../reading/DelimitedRows.ts"
import { mostFilms } from "./GroupedRatings.ts"

/** What a table tells of a film, all of it optional. */
export interface FilmFacts {
  readonly id?: FilmId
  readonly slug?: Slug
  readonly title?: string
  readonly year?: number
  readonly tmdbId?: TmdbId
  readonly imdbId?: ImdbId
}

/** A film of a row: with its number, or only with its slug, or with neither. */
export type RowFilm =
  | { readonly _tag: "Numbered"; readonly film: Film }
  | { readonly _tag: "Slug"; readonly slug: Slug }
  | { readonly _tag: "Unknown"; readonly key: string }

/** What a cell of films holds: a film, or a link that leads elsewhere on the site. */
export type NamedFilm = RowFilm | { readonly _tag: "Elsewhere" }

/** The most characters of a slug, a title or another name of a film. */
const longestText = 500

const decodeSlug = Schema.decodeUnknownOption(Slug)
const decodeFilmId = Schema.decodeUnknownOption(FilmId)
const decodeTmdbId = Schema.decodeUnknownOption(TmdbId)
const decodeImdbId = Schema.decodeUnknownOption(ImdbId)
const decodeYear = Schema.decodeUnknownOption(Year)

/** A whole number as tables write it: `7`, and `7.0` where pandas wrote it. */
const wholeNumber = (text: string): number | undefined => {
  const number = decimalFrom(text)?.value
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined
}

/** Letterboxd's number of a film, from its digits. */
export const filmIdFrom = (text: string): FilmId | undefined => Option.getOrUndefined(decodeFilmId(wholeNumber(text)))

/** A slug, bare or within an address: `rocky`, `/film/rocky/`, `https://letterboxd.com/film/rocky/`. */
export const slugFrom = (text: string): Slug | undefined => {
  if (text.length > longestText) return undefined
  const bare = text.trim().replace(/^(?:https?:\/\/(?:www\.)?letterboxd\.com)?\/film\/([^/\s]+)\/?$/u, "$1")
  return Option.getOrUndefined(decodeSlug(bare))
}

/**
 * The number of a film from the address of its poster, `film-poster/5/1/0/9/0/51090-`: there it stands twice, digit by
 * digit and whole. `undefined` if both differ, or if the address is of another kind (a poster that a member chose).
 */
export const filmIdFromPoster = (address: string): FilmId | undefined => {
  const match = /film-poster\/((?:\d\/){1,12})(\d{1,12})-/u.exec(address.slice(0, 2000))
  if (match === null) return undefined
  const [, digits = "", number = ""] = match
  return digits.replaceAll("/", "") === number ? filmIdFrom(number) : undefined
}

/** A number of TMDB. */
export const tmdbIdFrom = (text: string): TmdbId | undefined => Option.getOrUndefined(decodeTmdbId(wholeNumber(text)))

/** A number of IMDb, with `tt` or as digits only. */
export const imdbIdFrom = (text: string): ImdbId | undefined => {
  const digits = /^\s*(?:tt)?(\d{1,10})(?:\.0)?\s*$/u.exec(text)?.[1]
  return digits === undefined || /^0*$/u.test(digits)
    ? undefined
    : Option.getOrUndefined(decodeImdbId(`tt${digits.padStart(7, "0")}`))
}

/** A year of four digits. */
export const yearFrom = (text: string): number | undefined => Option.getOrUndefined(decodeYear(wholeNumber(text)))

/** A title, if there is one. */
export const titleFrom = (text: string): string | undefined => {
  const title = titleFromText(text)
  return title === "" || title.length > longestText ? undefined : detachedText(title)
}

/** The facts that are there. */
export const factsOf = (facts: { readonly [K in keyof FilmFacts]?: FilmFacts[K] | undefined }): FilmFacts => ({
  ...(facts.id === undefined ? {} : { id: facts.id }),
  ...(facts.slug === undefined ? {} : { slug: facts.slug }),
  ...(facts.title === undefined ? {} : { title: facts.title }),
  ...(facts.year === undefined ? {} : { year: facts.year }),
  ...(facts.tmdbId === undefined ? {} : { tmdbId: facts.tmdbId }),
  ...(facts.imdbId === undefined ? {} : { imdbId: facts.imdbId })
})

/** The table of films that the user named: numbers by slugs, and by numbers elsewhere that only one film has. */
export interface FilmBridge {
  readonly bySlug: ReadonlyMap<Slug, FilmFacts>
  readonly byTmdb: ReadonlyMap<TmdbId, FilmFacts>
  readonly byImdb: ReadonlyMap<ImdbId, FilmFacts>
}

/** No films. */
export const noBridge: FilmBridge = { bySlug: new Map(), byTmdb: new Map(), byImdb: new Map() }

/** Adds a film under a number elsewhere; one that two films have tells nothing. */
const addOnce = <K>(films: Map<K, FilmFacts | undefined>, key: K | undefined, film: FilmFacts) => {
  if (key === undefined) return
  const other = films.get(key)
  films.set(key, films.has(key) && other?.id !== film.id ? undefined : film)
}

const certain = <K>(films: ReadonlyMap<K, FilmFacts | undefined>): ReadonlyMap<K, FilmFacts> =>
  new Map([...films].flatMap(([key, film]) => (film === undefined ? [] : [[key, film] as const])))

/**
 * Reads the table of films that the user named. Fails with `InvalidOption` if it cannot be read, if a row of it has no slug
 * or no number, or if it gives a slug two numbers.
 */
export const readBridge = (place: string): Effect.Effect<FilmBridge, ImportError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const bySlug = new Map<Slug, FilmFacts>()
    const byTmdb = new Map<TmdbId, FilmFacts | undefined>()
    const byImdb = new Map<ImdbId, FilmFacts | undefined>()
    const wrong = (line: number, detail: string) =>
      Effect.fail(new ImportError({ reason: "InvalidOption", place, line, detail }))
    yield* Stream.runForEach(delimitedBlocks(place, fileBytes(place), ["slug", "film_id"]), ({ damaged, form, rows }) =>
      Effect.gen(function* () {
        const at = yield* columnsAt(place, form, ["slug", "film_id"])
        const cellOf = (cells: ReadonlyArray<string>, name: string) => cells[form.header.indexOf(name)] ?? ""
        if (damaged[0] !== undefined) return yield* wrong(damaged[0], "it is not CSV")
        for (const { cells, line } of rows) {
          const slug = slugFrom(detachedText(cells[at.slug] ?? ""))
          const id = filmIdFrom(cells[at.film_id] ?? "")
          if (slug === undefined) return yield* wrong(line, "there is no slug")
          if (id === undefined) return yield* wrong(line, "there is no film number")
          const other = bySlug.get(slug)
          if (other !== undefined && other.id !== id)
            return yield* wrong(
              line,
              `the film of this slug has the number ${other.id ?? ""} in another row, and ${id} here`
            )
          const film = factsOf({
            id,
            slug,
            title: titleFrom(cellOf(cells, "title")),
            year: yearFrom(cellOf(cells, "year")),
            tmdbId: tmdbIdFrom(cellOf(cells, "tmdb_id")),
            imdbId: imdbIdFrom(cellOf(cells, "imdb_id"))
          })
          bySlug.set(slug, film)
          addOnce(byTmdb, film.tmdbId, film)
          addOnce(byImdb, film.imdbId, film)
          if (bySlug.size > mostFilms) return yield* wrong(line, `it has more than ${mostFilms} films`)
        }
      })
    ).pipe(
      Effect.mapError(
        ({ advice, detail, line, reason }) =>
          new ImportError({
            reason: "InvalidOption",
            place,
            ...(line === undefined ? {} : { line }),
            detail,
            advice:
              advice === undefined || reason === "Incomplete"
                ? "The table of films needs the columns slug and film_id, and can have tmdb_id and imdb_id."
                : advice
          })
      )
    )
    return { bySlug, byTmdb: certain(byTmdb), byImdb: certain(byImdb) }
  })

/**
 * Where numbers of films come from, the surest first: the dataset's own films (they are as old as its ratings), the table
 * that the user named, and the films that are known. `disagreeing` counts the films for which these differ.
 */
export interface FilmNumbers {
  readonly filmOf: (slug: Slug, own: FilmFacts | undefined) => RowFilm
  readonly disagreeing: () => number
}

/** Numbers of films by what is known. */
export const filmNumbers = (bridge: FilmBridge, films: KnownFilms): FilmNumbers => {
  let disagreeing = 0
  return {
    disagreeing: () => disagreeing,
    filmOf: (slug, own) => {
      const bridged = bridge.bySlug.get(slug)
      const known = films.idOf(slug)
      const ids = [own?.id, bridged?.id, known].filter((id) => id !== undefined)
      const id = ids[0]
      if (ids.some((other) => other !== id)) disagreeing += 1
      if (id === undefined) return { _tag: "Slug", slug }
      const same = bridged?.id === id ? bridged : undefined
      return { _tag: "Numbered", film: { ...same, ...own, id, slug } }
    }
  }
}
