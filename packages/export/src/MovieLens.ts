/**
 * The layout of the MovieLens datasets, which most recommender libraries read.
 *
 * @since 0.1.0
 */
import { displayName, type EncodedRating, type FilmId, formatRating } from "@letterboxd-ratings/core"
import { stringify } from "csv-stringify/sync"
import { Effect, Stream } from "effect"
import { writeParts } from "./ExportedDataset.ts"
import { writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { keptRatingColumns, textIn } from "./RatingColumns.ts"
import { ratingTimes, timestampNotes } from "./RatingTimes.ts"
import { writeSorted } from "./SortedRatings.ts"

/** What MovieLens says of a film without genres. */
const noGenres = "(no genres listed)"

/** The number of IMDb as MovieLens has it: digits alone. */
const imdbDigits = (imdbId: string | undefined): string => imdbId?.replace(/^tt/u, "") ?? ""

/**
 * `ratings.csv` (userId, movieId, rating, timestamp, and behind them what else is known), sorted by both ids, `movies.csv`
 * (movieId, title, genres), `links.csv` (movieId, imdbId, tmdbId, letterboxdId, letterboxdSlug) and `tags.csv`, which has
 * no rows. Costs memory for all ratings: see `writeSorted`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const movieLens: ExportFormat = {
  name: "movielens",
  canHaveIndexes: true,
  notes: (timestamps, hasIndexes) => [
    `\`movieId\` is ${hasIndexes ? "an index of the film; `letterboxdId` is Letterboxd's own number" : "Letterboxd's own number of a film, the same as `letterboxdId`"}; \`title\` is \`Title (Year)\` where both are known.`,
    ...timestampNotes(timestamps),
    "`genres` is always `(no genres listed)`: lists of films do not include them.",
    "`tags.csv` has no rows. It is there because loaders open it."
  ],
  write: (folder, dataset, timestamps) =>
    Effect.gen(function* () {
      const { films, indexes, keeps } = dataset
      const { isMixed, timeOf } = ratingTimes(dataset, timestamps)
      const kept = keptRatingColumns(keeps).map((column) => ({ name: column.name, text: textIn(column) }))
      const movieIdOf = (id: FilmId): number => indexes?.films.get(id) ?? id
      const row = (rating: EncodedRating): string => {
        let line = `${indexes?.users.get(rating.userId) ?? rating.userId},${movieIdOf(rating.filmId)},${formatRating(rating.rating)}`
        if (timestamps !== "none") {
          const { kind, seconds } = timeOf(rating)
          line += isMixed ? `,${seconds},${kind}` : `,${seconds}`
        }
        for (const { text } of kept) line += `,${text(rating)}`
        return `${line}\n`
      }
      const header = [
        "userId",
        "movieId",
        "rating",
        ...(timestamps === "none" ? [] : ["timestamp"]),
        ...(isMixed ? ["timestamp_kind"] : []),
        ...kept.map(({ name }) => name)
      ].join(",")
      const all = [...films.values()].toSorted((one, other) => one.id - other.id)
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
        ...(yield* writeParts(dataset, "ratings", "csv", (name, ratings) =>
          writeSorted(folder, name, `${header}\n`, ratings, row)
        )),
        yield* table(
          "movies.csv",
          ["movieId", "title", "genres"],
          all.map((film) => [movieIdOf(film.id), displayName(film), noGenres])
        ),
        yield* table(
          "links.csv",
          ["movieId", "imdbId", "tmdbId", "letterboxdId", "letterboxdSlug"],
          all.map(({ id, imdbId, slug = "", tmdbId = "" }) => [movieIdOf(id), imdbDigits(imdbId), tmdbId, id, slug])
        ),
        yield* table("tags.csv", ["userId", "movieId", "tag", "timestamp"], [])
      ]
    })
}
