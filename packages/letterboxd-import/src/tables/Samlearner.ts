/**
 * The dataset of samlearner on Kaggle: eleven million ratings, 2022.
 */
import type { Slug } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import {
  type FilmFacts,
  factsOf,
  filmIdFromPoster,
  imdbIdFrom,
  slugFrom,
  titleFrom,
  tmdbIdFrom,
  yearFrom
} from "./FilmTables.ts"
import { memberFrom } from "./RatingsInput.ts"
import { LeftOut, numberNotes, readSmallTable, tablesKind } from "./TableFiles.ts"

/**
 * `ratings_export.csv` has members by their names and films by their slugs, in half stars; `movie_data.csv` has the films,
 * with numbers where the address of a poster holds one. `users_export.csv` tells nothing that is needed.
 */
export const samlearner = tablesKind({
  name: "samlearner",
  words: "dataset of samlearner (Kaggle, 2022)",
  keeps: ["film_numbers"],
  ratings: { names: ["ratings_export.csv"], columns: ["_id", "movie_id", "rating_val", "user_id"] },
  files: {
    users: { names: ["users_export.csv"], columns: ["_id", "num_ratings_pages", "username"] },
    films: { names: ["movie_data.csv"], columns: ["_id", "movie_id", "movie_title", "year_released"] }
  },
  subfolders: [""],
  isFolder: (names) => names.has("ratings_export.csv"),
  input: ({ files, modifiedAt }, numbers) =>
    Effect.gen(function* () {
      const own = new Map<Slug, FilmFacts>()
      const leftOut = new LeftOut()
      if (files.films !== undefined) {
        yield* readSmallTable(files.films, ["movie_id"], leftOut, "it is cut or names no film", (cell) => {
          const slug = slugFrom(cell("movie_id"))
          if (slug === undefined) return false
          own.set(
            slug,
            factsOf({
              id: filmIdFromPoster(cell("image_url")),
              slug,
              title: titleFrom(cell("movie_title")),
              year: yearFrom(cell("year_released")),
              tmdbId: cell("tmdb_link").includes("/tv/") ? undefined : tmdbIdFrom(cell("tmdb_id")),
              imdbId: imdbIdFrom(cell("imdb_id"))
            })
          )
          return true
        })
      }
      return {
        columns: { user: "user_id", film: "movie_id", rating: "rating_val" },
        scale: "half stars" as const,
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
