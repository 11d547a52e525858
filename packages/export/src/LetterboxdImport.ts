/**
 * The ratings of one member as Letterboxd's own import takes them (letterboxd.com/import).
 *
 * @since 0.1.0
 */
import {
  type Film,
  type FilmId,
  formatRating,
  linkCode,
  type Rating,
  rowsOfBlocks,
  type StorageError
} from "@letterboxd-ratings/core"
import { stringify } from "csv-stringify/sync"
import { Effect, Option, Stream } from "effect"
import { fileColumn } from "./ColumnMeanings.ts"
import { failures, type FileColumn, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"

/** The import takes files of at most 1 MB. */
const mostBytes = 1_000_000

const encoder = new TextEncoder()

/** Lines in files that are not too large: each begins with the header. */
const filesOf = (header: string, lines: ReadonlyArray<Line>): ReadonlyArray<ReadonlyArray<Line>> => {
  const files: Array<Array<Line>> = [[]]
  const headerBytes = encoder.encode(header).length
  let bytes = headerBytes
  for (const line of lines) {
    const more = encoder.encode(line.text).length
    if (bytes + more > mostBytes && bytes > headerBytes) {
      files.push([])
      bytes = headerBytes
    }
    files.at(-1)?.push(line)
    bytes += more
  }
  return files
}

interface Line {
  readonly text: string
  readonly isRated: boolean
}

/**
 * `letterboxd.csv`: LetterboxdURI, Title, Year, Rating, and tmdbID and imdbID if the dataset keeps them, a film in a row; or
 * `letterboxd-1.csv` and so on, each of at most 1 MB, if it is more. Films that were watched and not rated have no rating.
 * There is no WatchedDate: a dataset keeps the days of ratings, and the import would make a diary entry of each. Holds the
 * member's rows in memory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const letterboxdImport: ExportFormat = {
  name: "letterboxd",
  isOfOneMember: true,
  notes: () => [
    "Import it at letterboxd.com/import, one file after the other. `LetterboxdURI` names the film; the other columns help where it fails.",
    "There is no `WatchedDate`: the dataset keeps the day of a rating, which is not the day on which the film was watched. The import makes no diary entries.",
    "A film without `Rating` was watched and not rated. The dataset holds no reviews, tags or directors."
  ],
  write: (folder, { films, keeps, ratings, watched = Stream.empty }) =>
    Effect.gen(function* () {
      const hasNumbers = keeps.has("film_numbers")
      const columns: ReadonlyArray<FileColumn> = [
        fileColumn("LetterboxdURI", "text", "The short link of the film."),
        ...(hasNumbers
          ? [
              fileColumn(
                "tmdbID",
                "integer",
                "The number of the film at The Movie Database. Empty where it is not known."
              ),
              fileColumn("imdbID", "text", "The id of the film at IMDb. Empty where it is not known.")
            ]
          : []),
        fileColumn("Title", "text", "The title of the film."),
        fileColumn("Year", "integer", "The year in which the film came out. Empty where it is not known."),
        fileColumn("Rating", "stars", "Stars, 0.5 to 5 in halves. Empty where the film was watched and not rated.")
      ]
      const cellsOf = ({ id, imdbId, title, tmdbId, year }: Film, stars: string): ReadonlyArray<string | number> => [
        Option.match(linkCode("film", id), { onNone: () => "", onSome: (code) => `https://boxd.it/${code}` }),
        ...(hasNumbers ? [tmdbId ?? "", imdbId ?? ""] : []),
        title ?? "",
        year ?? "",
        stars
      ]
      const lineOf = (filmId: FilmId, rating?: Rating): Effect.Effect<Line, StorageError> => {
        const film = films.get(filmId)
        return film === undefined
          ? failures.storageError("Damaged", folder, `film ${filmId} is rated, and the dataset does not have it`)
          : Effect.succeed({
              text: stringify([cellsOf(film, rating === undefined ? "" : formatRating(rating))], {
                record_delimiter: "\r\n"
              }),
              isRated: rating !== undefined
            })
      }
      const lines: Array<Line> = []
      const take = (line: Line) => Effect.sync(() => lines.push(line))
      yield* Stream.runForEach(rowsOfBlocks(ratings), ({ filmId, rating }) =>
        Effect.flatMap(lineOf(filmId, rating), take)
      )
      yield* Stream.runForEach(watched, ({ filmId }) => Effect.flatMap(lineOf(filmId), take))
      const header = stringify([columns.map(({ name }) => name)], { record_delimiter: "\r\n" })
      const files = filesOf(header, lines)
      return yield* Effect.forEach(files, (some, i) => {
        const ratingsIn = some.filter(({ isRated }) => isRated).length
        return Effect.map(
          writeFile(
            folder,
            files.length === 1 ? "letterboxd.csv" : `letterboxd-${i + 1}.csv`,
            header,
            Stream.succeed({ text: some.map(({ text }) => text).join(""), rows: some.length })
          ),
          (file) => ({
            ...file,
            ratings: ratingsIn,
            ...(ratingsIn === some.length ? {} : { watched: some.length - ratingsIn }),
            about: "Films that the member watched, with their ratings.",
            columns
          })
        )
      })
    })
}
