/**
 * The dataset of freeth on Kaggle: eighteen million ratings, October 2023.
 */
import type { Slug } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import { type FilmFacts, factsOf, filmIdFromPoster, slugFrom, titleFrom, yearFrom } from "./FilmTables.ts"
import { memberFrom } from "./RatingsInput.ts"
import { LeftOut, numberNotes, readSmallTable, tablesKind } from "./TableFiles.ts"

/** `ratings.csv` has members by their names and films by their slugs, in stars; `films.csv` has addresses of posters. */
export const freeth = tablesKind({
  name: "freeth",
  words: "dataset of freeth (Kaggle, October 2023)",
  keeps: [],
  ratings: { names: ["ratings.csv"], columns: ["user_name", "film_id", "rating"] },
  files: { films: { names: ["films.csv"], columns: ["film_id", "film_name", "year", "poster_url"] } },
  subfolders: [""],
  isFolder: (names) =>
    names.has("ratings.csv") && names.has("films.csv") && !names.has("profile.csv") && !names.has("movies.csv"),
  input: ({ files, modifiedAt }, numbers) =>
    Effect.gen(function* () {
      const own = new Map<Slug, FilmFacts>()
      const leftOut = new LeftOut()
      if (files.films !== undefined) {
        yield* readSmallTable(files.films, ["film_id"], leftOut, "it is cut or names no film", (cell) => {
          const slug = slugFrom(cell("film_id"))
          if (slug === undefined) return false
          own.set(
            slug,
            factsOf({
              id: filmIdFromPoster(cell("poster_url")),
              slug,
              title: titleFrom(cell("film_name")),
              year: yearFrom(cell("year")),
              tmdbId: undefined,
              imdbId: undefined
            })
          )
          return true
        })
      }
      return {
        columns: { user: "user_name", film: "film_id", rating: "rating" },
        scale: "stars" as const,
        memberOf: memberFrom,
        filmOf: (text) => {
          const slug = slugFrom(text)
          return slug === undefined ? undefined : numbers.filmOf(slug, own.get(slug))
        },
        readAt: () => modifiedAt,
        notDecoded: leftOut.rows,
        notes: () => [...leftOut.notes, ...numberNotes(numbers)]
      }
    })
})
