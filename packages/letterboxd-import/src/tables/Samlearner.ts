/**
 * The dataset of samlearner on Kaggle: eleven million ratings, 2022.
 */
import { factsOf, filmIdFromPoster, imdbIdFrom, titleFrom, tmdbIdFrom, yearFrom } from "./FilmTables.ts"
import { ratingsBySlug } from "./RatingsBySlug.ts"
import { tablesKind } from "./TableFiles.ts"

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
  input: ratingsBySlug({
    columns: { user: "user_id", film: "movie_id", rating: "rating_val" },
    scale: "half stars",
    factsIn: (cell) =>
      factsOf({
        id: filmIdFromPoster(cell("image_url")),
        title: titleFrom(cell("movie_title")),
        year: yearFrom(cell("year_released")),
        tmdbId: cell("tmdb_link").includes("/tv/") ? undefined : tmdbIdFrom(cell("tmdb_id")),
        imdbId: imdbIdFrom(cell("imdb_id"))
      })
  })
})
