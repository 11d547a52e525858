/**
 * Ratings in the layout of MovieLens, as our own export writes it and others do.
 */
import { type FilmId, ImportError, splitDisplayName, type Username } from "@letterboxd-ratings/core"
import { type DateTime, Effect } from "effect"
import {
  type FilmBridge,
  type FilmFacts,
  type FilmNumbers,
  factsOf,
  filmIdFrom,
  imdbIdFrom,
  type RowFilm,
  slugFrom,
  titleFrom,
  tmdbIdFrom
} from "./FilmTables.ts"
import type { NamedFile } from "../reading/NamedFiles.ts"
import { memberFrom } from "./RatingsInput.ts"
import { LeftOut, numberNotes, readSmallTable, tablesKind } from "./TableFiles.ts"

const integerKey = (text: string): string | undefined => /^\s*(\d{1,15})(?:\.0)?\s*$/u.exec(text)?.[1]

/** The members of a table of users, by the numbers that `ratings.csv` has. */
const readUsers = (file: NamedFile | undefined, place: string, leftOut: LeftOut) =>
  Effect.gen(function* () {
    if (file === undefined) {
      return yield* new ImportError({
        reason: "NoName",
        place,
        detail: "ratings.csv has numbers of users, and there is no users.csv that names them (columns userId,username)",
        advice:
          "Put a users.csv beside it. If the column userId has names of members of Letterboxd, import ratings.csv as a table with its columns named."
      })
    }
    const users = new Map<string, Username>()
    yield* readSmallTable(file, ["userId", "username"], leftOut, "it is cut or names no member", (cell, line) => {
      const user = integerKey(cell("userId"))
      const username = memberFrom(cell("username"))
      if (user === undefined || username === undefined) return false
      const other = users.get(user)
      if (other !== undefined && other !== username) {
        return new ImportError({
          reason: "Damaged",
          place: file.place,
          line,
          detail: `the user ${user} has two names`,
          advice: "Correct the table."
        })
      }
      users.set(user, username)
      return true
    })
    return users
  })

/** The films of `links.csv` and `movies.csv`, by the numbers that `ratings.csv` has. */
const readFilms = (
  files: { readonly links?: NamedFile; readonly movies?: NamedFile },
  leftOut: LeftOut,
  numbers: FilmNumbers,
  bridge: FilmBridge
) =>
  Effect.gen(function* () {
    const titles = new Map<string, { readonly title?: string; readonly year?: number }>()
    if (files.movies !== undefined) {
      yield* readSmallTable(files.movies, ["movieId", "title"], leftOut, "it is cut or has no number", (cell) => {
        const movie = integerKey(cell("movieId"))
        if (movie === undefined) return false
        titles.set(movie, splitDisplayName(titleFrom(cell("title")) ?? ""))
        return true
      })
    }
    const films = new Map<string, RowFilm>()
    let hasLetterboxd = false
    if (files.links !== undefined) {
      const form = yield* readSmallTable(files.links, ["movieId"], leftOut, "it is cut or has no number", (cell) => {
        const movie = integerKey(cell("movieId"))
        if (movie === undefined) return false
        const tmdbId = tmdbIdFrom(cell("tmdbId"))
        const imdbId = imdbIdFrom(cell("imdbId"))
        const { title, year } = titles.get(movie) ?? {}
        const slug = slugFrom(cell("letterboxdSlug"))
        const facts = (id: FilmId | undefined): FilmFacts => factsOf({ id, slug, title, year, tmdbId, imdbId })
        const own = filmIdFrom(cell("letterboxdId"))
        if (own !== undefined) {
          films.set(movie, { _tag: "Numbered", film: { ...facts(own), id: own } })
          return true
        }
        if (slug !== undefined) {
          films.set(movie, numbers.filmOf(slug, facts(undefined)))
          return true
        }
        const byTmdb = tmdbId === undefined ? undefined : bridge.byTmdb.get(tmdbId)
        const byImdb = imdbId === undefined ? undefined : bridge.byImdb.get(imdbId)
        // Where both lead to films, these are the same, or nothing is known.
        const found = byTmdb?.id === (byImdb?.id ?? byTmdb?.id) ? byTmdb : byTmdb === undefined ? byImdb : undefined
        if (found?.id !== undefined) {
          films.set(movie, { _tag: "Numbered", film: { ...facts(found.id), ...found, id: found.id } })
        }
        return true
      })
      hasLetterboxd = form?.header.includes("letterboxdId") === true || form?.header.includes("letterboxdSlug") === true
    }
    return { films, hasLetterboxd }
  })

/**
 * `ratings.csv` with `links.csv`, which has Letterboxd's numbers where our export wrote it, and numbers of TMDB and IMDb
 * otherwise: these need a table of films. `movies.csv` has titles. Members need a `users.csv`, because `ratings.csv` only
 * has numbers of them; without it the input is refused, as nobody knows whose ratings these are. Ratings of MovieLens itself
 * are of people who are no members.
 */
export const movielens = tablesKind({
  name: "movielens",
  words: "ratings in the layout of MovieLens",
  keeps: ["film_numbers"],
  ratings: { names: ["ratings.csv"], columns: ["userId", "movieId", "rating"] },
  files: {
    users: { names: ["users.csv"], columns: ["userId", "username"] },
    links: { names: ["links.csv"], columns: ["movieId"] },
    movies: { names: ["movies.csv"], columns: ["movieId", "title"] }
  },
  subfolders: [""],
  isFolder: (names) => names.has("ratings.csv") && (names.has("movies.csv") || names.has("links.csv")),
  input: ({ files, modifiedAt, place, ratings }, numbers, bridge) =>
    Effect.gen(function* () {
      const leftOut = new LeftOut()
      const users = yield* readUsers(files.users, place, leftOut)
      const { films, hasLetterboxd } = yield* readFilms(files, leftOut, numbers, bridge)
      if (films.size === 0 && !hasLetterboxd) {
        return yield* new ImportError({
          reason: "Incomplete",
          place: ratings.place,
          detail:
            files.links === undefined
              ? "there is no links.csv beside it, so nothing tells which films these are"
              : "no film of links.csv has a number of Letterboxd, and no table of films has its numbers of TMDB or IMDb",
          advice: "Name a table of films (slug,film_id,tmdb_id,imdb_id) that has the films of links.csv."
        })
      }
      return {
        columns: { user: "userId", film: "movieId", rating: "rating" },
        scale: "stars" as const,
        memberOf: (text) => {
          const user = integerKey(text)
          return user === undefined ? undefined : users.get(user)
        },
        filmOf: (text) => {
          const movie = integerKey(text)
          return movie === undefined ? undefined : (films.get(movie) ?? { _tag: "Unknown", key: movie })
        },
        readAt: (): DateTime.Utc => modifiedAt,
        notDecoded: leftOut.rows,
        notes: () => [...leftOut.notes, ...numberNotes(numbers)]
      }
    })
})
