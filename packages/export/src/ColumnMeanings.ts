/**
 * What the columns of layouts mean, for data cards and descriptions of datasets.
 *
 * @since 0.1.0
 */
import type { StoredType } from "@letterboxd-ratings/core"
import type { FileColumn } from "./ExportedFile.ts"

const member = "The number of the member in this dataset. In an anonymous export, a salted number."
const film = "Letterboxd's own number of the film."
const slug = "The part of the film's address on Letterboxd that names it."
const title = "The title of the film."

/** By the names that columns have in layouts. */
const meanings: Readonly<Record<string, string>> = {
  user_id: member,
  userId: member,
  username: "The member's name on Letterboxd.",
  film_id: film,
  movieId: film,
  letterboxdId: film,
  letterboxdSlug: slug,
  tag: "A tag.",
  slug,
  title,
  year: "The year in which the film came out.",
  tmdb_id: "The number of the film at The Movie Database.",
  imdb_id: "The id of the film at IMDb: tt and digits.",
  rating: "Stars, 0.5 to 5.0 in halves.",
  rated_on: "The day of the rating. Empty where the source did not tell it.",
  liked: "Whether the member likes the film. Empty where the source did not tell it.",
  timestamp: "Seconds since 1970. `timestamp_kind` says of what. Without that column, of the time of reading.",
  timestamp_kind:
    "What `timestamp` is: `rated` (the day of the rating, midnight UTC), `read` (when the member's list was read) or `unknown` (neither is known, and it is 0).",
  state:
    "What is known of the member's list: sealed (proven complete), partial, gone, private, renamed or unproven. Empty where only the number is known.",
  read_at: "When the member's list was last read. Empty where it is not known.",
  films: "How many films were seen in the member's list, rated or not.",
  stated_films: "How many films the member's pages state.",
  ratings: "How many films of the list are rated.",
  source: "The kind of file that the list comes from. Empty if it was read from the site's pages.",
  proof: "What proves the list, if it is not the site's pages: export, saved-pages, feed or none."
}

/**
 * A column with what it means; a name with `film_` before it means what the name alone does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fileColumn = (
  name: string,
  type: StoredType,
  description = meanings[name] ?? meanings[name.replace(/^film_/u, "")] ?? ""
): FileColumn => ({ name, type, description })
