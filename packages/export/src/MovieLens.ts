/**
 * The layout of the MovieLens datasets, which most recommender libraries read.
 *
 * @since 0.1.0
 */
import { displayName, type EncodedRating, formatRating } from "@letterboxd-ratings/core"
import { stringify } from "csv-stringify/sync"
import { DateTime, Effect, Stream } from "effect"
import { rowsAtOnce, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { keptRatingColumns, textIn } from "./RatingColumns.ts"

/** What MovieLens says of a film without genres. */
const noGenres = "(no genres listed)"

/**
 * `ratings.csv` (userId, movieId, rating, timestamp, and what else the dataset keeps of ratings), `movies.csv` (movieId, title, genres) and `links.csv` (movieId,
 * letterboxdId, letterboxdSlug).
 *
 * @since 0.1.0
 * @category constructors
 */
export const movieLens: ExportFormat = {
  name: "movielens",
  notes: [
    "`movieId` is Letterboxd's own number of a film, the same as `letterboxdId`; `title` is `Title (Year)` where both are known.",
    "`timestamp` (seconds since 1970) is when the member's list was read, not when the film was rated: the site does not show that.",
    "`genres` is always `(no genres listed)`: lists of films do not include them."
  ],
  write: (folder, { films, keeps, ratings, readAt }) =>
    Effect.gen(function* () {
      const kept = keptRatingColumns(keeps).map((column) => ({ name: column.name, text: textIn(column) }))
      const standard = ({ filmId, rating, userId }: EncodedRating) =>
        `${userId},${filmId},${formatRating(rating)},${Math.floor(DateTime.toEpochMillis(readAt(userId)) / 1000)}`
      const row =
        kept.length === 0
          ? (rating: EncodedRating) => `${standard(rating)}\n`
          : (rating: EncodedRating) => `${[standard(rating), ...kept.map(({ text }) => text(rating))].join(",")}\n`
      const header = ["userId", "movieId", "rating", "timestamp", ...kept.map(({ name }) => name)].join(",")
      const all = [...films.values()]
      const table = (
        name: string,
        columns: ReadonlyArray<string>,
        rows: ReadonlyArray<ReadonlyArray<string | number>>
      ) =>
        writeFile(
          folder,
          name,
          `${columns.join(",")}\n`,
          Stream.succeed({ text: stringify([...rows], { quoted_match: /\r/u }), rows: rows.length })
        )
      return [
        yield* writeFile(
          folder,
          "ratings.csv",
          `${header}\n`,
          Stream.map(Stream.grouped(ratings, rowsAtOnce), (some) => ({
            text: Array.from(some, row).join(""),
            rows: some.length
          }))
        ),
        yield* table(
          "movies.csv",
          ["movieId", "title", "genres"],
          all.map((film) => [film.id, displayName(film), noGenres])
        ),
        yield* table(
          "links.csv",
          ["movieId", "letterboxdId", "letterboxdSlug"],
          all.map(({ id, slug = "" }) => [id, id, slug])
        )
      ]
    })
}
