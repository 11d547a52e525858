/**
 * One JSON object a line, complete in itself.
 *
 * @since 0.1.0
 */
import type { EncodedRating } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { rowsAtOnce, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"

/**
 * `ratings.jsonl`: user_id, username, film_id, film_slug, film_title, film_year, rating. What is not known is `null`; an
 * anonymous export has no `username`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const jsonLines: ExportFormat = {
  name: "jsonl",
  notes: ["`film_title` and `film_year` are `null` where the site's pages did not tell them."],
  write: (folder, { films, ratings, usernames }) => {
    const line = ({ filmId, rating, userId }: EncodedRating) => {
      const film = films.get(filmId)
      const columns = {
        user_id: userId,
        ...(usernames === undefined ? {} : { username: usernames.get(userId) ?? null }),
        film_id: filmId,
        film_slug: film?.slug ?? null,
        film_title: film?.title ?? null,
        film_year: film?.year ?? null,
        rating
      }
      return `${JSON.stringify(columns)}\n`
    }
    const content = Stream.map(Stream.grouped(ratings, rowsAtOnce), (some) => ({
      text: Array.from(some, line).join(""),
      rows: some.length
    }))
    return writeFile(folder, "ratings.jsonl", "", content).pipe(Effect.map((file) => [file]))
  }
}
