/**
 * The layout of the MovieLens datasets, which most recommender libraries read.
 *
 * @since 0.1.0
 */
import {
  displayName,
  type EncodedWatch,
  type FilmId,
  formatRating,
  type LinePiece,
  rowTables,
  type UserId
} from "@letterboxd-ratings/core"
import { stringify } from "csv-stringify/sync"
import { Effect, Stream } from "effect"
import { fileColumn } from "./ColumnMeanings.ts"
import { writeParts } from "./ExportedDataset.ts"
import { type FileColumn, linesOf, ofRatings, ofWatched, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { keptRatingColumns, textIn } from "./RatingColumns.ts"
import { ratingTimes, timePieces, timestampNotes } from "./RatingTimes.ts"
import { writeSorted } from "./SortedRatings.ts"

/** What MovieLens says of a film without genres. */
const noGenres = "(no genres listed)"

/** The number of IMDb as MovieLens has it: digits alone. */
const imdbDigits = (imdbId: string | undefined): string => imdbId?.replace(/^tt/u, "") ?? ""

/**
 * `ratings.csv` (userId, movieId, rating, timestamp, and behind them what else is known), sorted by both ids, `movies.csv`
 * (movieId, title, genres), `links.csv` (movieId, imdbId, tmdbId, letterboxdId, letterboxdSlug), `tags.csv`, which has no
 * rows, and `watched.csv` (userId, movieId) if the dataset keeps films without a rating. Costs memory for all ratings: see `writeSorted`.
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
      const { films, indexes, keeps, watched } = dataset
      const { isMixed } = ratingTimes(dataset, timestamps)
      const kept = keptRatingColumns(keeps)
      const movieIdOf = (id: FilmId): number => indexes?.films.get(id) ?? id
      const userIdOf = (id: UserId): number => indexes?.users.get(id) ?? id
      const facts = kept.map((column) => textIn(column))
      const pieces: ReadonlyArray<LinePiece> = [
        { of: "member", text: ({ userId }) => `${userIdOf(userId)},` },
        { of: "film", text: ({ filmId }) => `${movieIdOf(filmId)},` },
        { of: "stars", text: ({ rating }) => formatRating(rating) },
        ...timePieces(dataset, timestamps, ","),
        facts.length === 0
          ? { of: "stars", text: () => "\n" }
          : { of: "rating", text: (rating) => `${facts.map((text) => `,${text(rating)}`).join("")}\n` }
      ]
      const userId =
        indexes === undefined
          ? fileColumn("userId", "integer")
          : fileColumn("userId", "integer", "The index of the member.")
      const movieId =
        indexes === undefined
          ? fileColumn("movieId", "integer")
          : fileColumn("movieId", "integer", "The index of the film.")
      const columns = [
        userId,
        movieId,
        fileColumn("rating", "stars"),
        ...(timestamps === "none" ? [] : [fileColumn("timestamp", "integer")]),
        ...(isMixed ? [fileColumn("timestamp_kind", "text")] : []),
        ...kept.map(({ name, type }) => fileColumn(name, type))
      ]
      const headerOf = (all: ReadonlyArray<FileColumn>) => `${all.map(({ name }) => name).join(",")}\n`
      const all = [...films.values()].toSorted((one, other) => one.id - other.id)
      const table = (
        name: string,
        about: string,
        columns: ReadonlyArray<FileColumn>,
        rows: ReadonlyArray<ReadonlyArray<string | number>>
      ) =>
        Effect.map(
          writeFile(
            folder,
            name,
            headerOf(columns),
            Stream.succeed({ text: stringify([...rows], { quoted_match: /\r/u }), rows: rows.length })
          ),
          (file) => ({ ...file, about, columns })
        )
      const factsOfWatched = rowTables.watched.columns(keeps).filter(({ keep }) => keep !== undefined)
      const watchedRow = (row: EncodedWatch) =>
        `${[userIdOf(row.userId), movieIdOf(row.filmId), ...factsOfWatched.map(({ get }) => get(row) ?? "")].join(",")}\n`
      const watchedColumns = [userId, movieId, ...factsOfWatched.map(({ name, type }) => fileColumn(name, type))]
      return [
        ...(yield* writeParts(dataset, "ratings", "csv", (name, ratings) =>
          ofRatings(writeSorted(folder, name, headerOf(columns), ratings, pieces), columns)
        )),
        yield* table(
          "movies.csv",
          "Films.",
          [
            movieId,
            fileColumn("title", "text", "Title (Year) where both are known."),
            fileColumn("genres", "text", "Always (no genres listed): lists of films do not include them.")
          ],
          all.map((film) => [movieIdOf(film.id), displayName(film), noGenres])
        ),
        yield* table(
          "links.csv",
          "The ids of films elsewhere.",
          [
            movieId,
            fileColumn("imdbId", "text", "The id of the film at IMDb, digits alone. Empty where it is not known."),
            fileColumn(
              "tmdbId",
              "integer",
              "The number of the film at The Movie Database. Empty where it is not known."
            ),
            fileColumn("letterboxdId", "integer"),
            fileColumn("letterboxdSlug", "text")
          ],
          all.map(({ id, imdbId, slug = "", tmdbId = "" }) => [movieIdOf(id), imdbDigits(imdbId), tmdbId, id, slug])
        ),
        yield* table(
          "tags.csv",
          "Tags, of which there are none. Loaders open this file.",
          [userId, movieId, fileColumn("tag", "text"), fileColumn("timestamp", "integer", "Seconds since 1970.")],
          []
        ),
        ...(watched === undefined
          ? []
          : [
              yield* ofWatched(
                writeFile(folder, "watched.csv", headerOf(watchedColumns), linesOf(watched, watchedRow)),
                watchedColumns
              )
            ])
      ]
    })
}
