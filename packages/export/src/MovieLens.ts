/**
 * The layout of the MovieLens datasets, which most recommender libraries read.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import {
  displayName,
  type EncodedRating,
  type EncodedWatch,
  formatRating,
  rowTables,
  type StorageError
} from "@letterboxd-ratings/core"
import { stringify } from "csv-stringify/sync"
import { Effect, Stream } from "effect"
import { fileColumn } from "./ColumnMeanings.ts"
import { type ExportedFile, type FileColumn, rowsAtOnce, writeFile } from "./ExportedFile.ts"
import type { ExportedDataset } from "./ExportedDataset.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { keptRatingColumns, textIn } from "./RatingColumns.ts"
import { ratingTimes, timestampNotes } from "./RatingTimes.ts"
import { sortedRatings } from "./SortedRatings.ts"

/** What MovieLens says of a film without genres. */
const noGenres = "(no genres listed)"

/** The number of IMDb as MovieLens has it: digits alone. */
const imdbDigits = (imdbId: string | undefined): string => imdbId?.replace(/^tt/u, "") ?? ""

/**
 * The films that members watched and did not rate, row by row: userId, movieId, and what else is kept of them.
 */
const writeWatched = (
  folder: string,
  { keeps, watched }: Required<Pick<ExportedDataset, "keeps" | "watched">>
): Effect.Effect<ExportedFile, StorageError, FileSystem.FileSystem | Path.Path> => {
  const names: Readonly<Record<string, string>> = { user_id: "userId", film_id: "movieId" }
  const columns = rowTables.watched.columns(keeps)
  const named = columns.map(({ name, type }) => fileColumn(names[name] ?? name, type))
  const line = (row: EncodedWatch) => `${columns.map(({ get }) => String(get(row) ?? "")).join(",")}\n`
  return writeFile(
    folder,
    "watched.csv",
    `${named.map(({ name }) => name).join(",")}\n`,
    Stream.map(Stream.grouped(watched, rowsAtOnce), (some) => ({
      text: Array.from(some, line).join(""),
      rows: some.length
    }))
  ).pipe(
    Effect.map((file) => ({
      ...file,
      watched: file.rows ?? 0,
      about: "Films that a member watched and did not rate, in the order of the dataset: implicit feedback.",
      columns: named
    }))
  )
}

/**
 * `ratings.csv` (userId, movieId, rating, timestamp, and behind them what else is known), sorted by both ids, `movies.csv`
 * (movieId, title, genres), `links.csv` (movieId, imdbId, tmdbId, letterboxdId, letterboxdSlug), `tags.csv`, which has
 * no rows, and `watched.csv` (userId, movieId) if the dataset keeps films without a rating. Costs memory for all ratings:
 * see `sortedRatings`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const movieLens: ExportFormat = {
  name: "movielens",
  notes: (timestamps) => [
    "`movieId` is Letterboxd's own number of a film, the same as `letterboxdId`; `title` is `Title (Year)` where both are known.",
    ...timestampNotes(timestamps),
    "`genres` is always `(no genres listed)`: lists of films do not include them.",
    "`tags.csv` has no rows. It is there because loaders open it."
  ],
  write: (folder, dataset, timestamps) =>
    Effect.gen(function* () {
      const { films, keeps, ratings, watched } = dataset
      const { isMixed, timeOf } = ratingTimes(dataset, timestamps)
      const kept = keptRatingColumns(keeps)
      const keptTexts = kept.map((column) => textIn(column))
      const row = (rating: EncodedRating): string => {
        let line = `${rating.userId},${rating.filmId},${formatRating(rating.rating)}`
        if (timestamps !== "none") {
          const { kind, seconds } = timeOf(rating)
          line += isMixed ? `,${seconds},${kind}` : `,${seconds}`
        }
        for (const text of keptTexts) line += `,${text(rating)}`
        return `${line}\n`
      }
      const columns = [
        fileColumn("userId", "integer"),
        fileColumn("movieId", "integer"),
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
      const sorted = yield* sortedRatings(ratings)
      const written = yield* writeFile(
        folder,
        "ratings.csv",
        headerOf(columns),
        Stream.map(Stream.grouped(sorted, rowsAtOnce), (some) => ({
          text: Array.from(some, row).join(""),
          rows: some.length
        }))
      )
      return [
        {
          ...written,
          ratings: written.rows ?? 0,
          about: "Ratings of films by members, sorted by both.",
          columns
        },
        yield* table(
          "movies.csv",
          "Films.",
          [
            fileColumn("movieId", "integer"),
            fileColumn("title", "text", "Title (Year) where both are known."),
            fileColumn("genres", "text", "Always (no genres listed): lists of films do not include them.")
          ],
          all.map((film) => [film.id, displayName(film), noGenres])
        ),
        yield* table(
          "links.csv",
          "The ids of films elsewhere.",
          [
            fileColumn("movieId", "integer"),
            fileColumn("imdbId", "text", "The id of the film at IMDb, digits alone. Empty where it is not known."),
            fileColumn(
              "tmdbId",
              "integer",
              "The number of the film at The Movie Database. Empty where it is not known."
            ),
            fileColumn("letterboxdId", "integer"),
            fileColumn("letterboxdSlug", "text", "The part of the film's address on Letterboxd that names it.")
          ],
          all.map(({ id, imdbId, slug = "", tmdbId = "" }) => [id, imdbDigits(imdbId), tmdbId, id, slug])
        ),
        yield* table(
          "tags.csv",
          "Tags, of which there are none. Loaders open this file.",
          [
            fileColumn("userId", "integer"),
            fileColumn("movieId", "integer"),
            fileColumn("tag", "text", "A tag."),
            fileColumn("timestamp", "integer", "Seconds since 1970.")
          ],
          []
        ),
        ...(watched === undefined ? [] : [yield* writeWatched(folder, { keeps, watched })])
      ]
    })
}
