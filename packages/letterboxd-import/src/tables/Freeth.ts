/**
 * The dataset of freeth on Kaggle: eighteen million ratings, October 2023.
 */
import { factsOf, filmIdFromPoster, titleFrom, yearFrom } from "./FilmTables.ts"
import { ratingsBySlug } from "./RatingsBySlug.ts"
import { tablesKind } from "./TableFiles.ts"

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
  input: ratingsBySlug({
    columns: { user: "user_name", film: "film_id", rating: "rating" },
    scale: "stars",
    factsIn: (cell) =>
      factsOf({
        id: filmIdFromPoster(cell("poster_url")),
        title: titleFrom(cell("film_name")),
        year: yearFrom(cell("year"))
      })
  })
})
