/**
 * The atomic files of RecBole.
 *
 * @since 0.1.0
 */
import {
  displayName,
  type EncodedRating,
  formatRating,
  type StorageError,
  type StoredType,
  type UserId
} from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { fileColumn } from "./ColumnMeanings.ts"
import { type FileColumn, type FileRows, rowsAtOnce, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { ratingTimes, timestampNotes } from "./RatingTimes.ts"
import { sortedRatings } from "./SortedRatings.ts"

/** The name of the dataset, which RecBole also expects its folder to have. */
const dataset = "letterboxd"

/**
 * A text without what would end a field or a line. RecBole reads its files with pandas, to which a quotation mark at the
 * beginning of a field is more than a character, so it becomes an apostrophe. A field is never empty.
 */
const token = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll('"', "'")
    .trim() || "unknown"

const configOf = (fields: ReadonlyArray<string>): string =>
  [
    `dataset: ${dataset}`,
    "USER_ID_FIELD: user_id",
    "ITEM_ID_FIELD: item_id",
    "RATING_FIELD: rating",
    ...(fields.includes("timestamp") ? ["TIME_FIELD: timestamp"] : []),
    "load_col:",
    `  inter: [${fields.join(", ")}]`,
    "  item: [item_id, movie_title, release_year]",
    "  user: [user_id, ratings]",
    ""
  ].join("\n")

/** A column, whose name ends in its kind in RecBole. */
const field = (name: string, type: StoredType, description?: string): FileColumn => ({
  ...fileColumn(name.slice(0, name.indexOf(":")), type, description),
  name
})

const pair = [
  field("user_id:token", "integer"),
  field("item_id:token", "integer", "Letterboxd's own number of the film.")
]

/**
 * `letterboxd.inter` (user_id, item_id, rating, timestamp), sorted by both ids, `letterboxd.item` (item_id, movie_title,
 * release_year), `letterboxd.user` (user_id, ratings: how many the member has), `letterboxd.yaml`, the configuration that
 * loads them, and `letterboxd-watched.inter` (user_id, item_id) if the dataset keeps films without a rating. Costs memory for all ratings: see `sortedRatings`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recBole: ExportFormat = {
  name: "recbole",
  notes: (timestamps) => [
    `RecBole looks for these files in a folder called \`${dataset}\` in its \`data_path\`: rename the folder, or export with \`--into dataset/${dataset}\`.`,
    "`item_id` is Letterboxd's own number of a film. `release_year` is `unknown` where it is not known.",
    ...timestampNotes(timestamps)
  ],
  write: (folder, exported, timestamps) =>
    Effect.gen(function* () {
      const { films, ratings, watched } = exported
      const { isMixed, timeOf } = ratingTimes(exported, timestamps)
      const counts = new Map<UserId, number>()
      const row = (rating: EncodedRating): string => {
        counts.set(rating.userId, (counts.get(rating.userId) ?? 0) + 1)
        const line = `${rating.userId}\t${rating.filmId}\t${formatRating(rating.rating)}`
        if (timestamps === "none") return `${line}\n`
        const { kind, seconds } = timeOf(rating)
        return isMixed ? `${line}\t${seconds}\t${kind}\n` : `${line}\t${seconds}\n`
      }
      const columns = [
        ...pair,
        field("rating:float", "stars"),
        ...(timestamps === "none" ? [] : [field("timestamp:float", "integer")]),
        ...(isMixed ? [field("timestamp_kind:token", "text")] : [])
      ]
      const file = (
        name: string,
        about: string,
        columns: ReadonlyArray<FileColumn>,
        content: Stream.Stream<FileRows, StorageError>
      ) =>
        Effect.map(
          writeFile(folder, name, `${columns.map((column) => column.name).join("\t")}\n`, content),
          (written) => ({ ...written, about, columns })
        )
      const lines = (all: ReadonlyArray<string>) => Stream.succeed({ text: all.join(""), rows: all.length })
      const inBlocks = <Row>(rows: Stream.Stream<Row, StorageError>, line: (row: Row) => string) =>
        Stream.map(Stream.grouped(rows, rowsAtOnce), (some) => ({
          text: Array.from(some, line).join(""),
          rows: some.length
        }))
      const sorted = yield* sortedRatings(ratings)
      const inter = yield* file(
        `${dataset}.inter`,
        "Ratings of films by members, sorted by both.",
        columns,
        inBlocks(sorted, row)
      )
      return [
        { ...inter, ratings: inter.rows ?? 0 },
        yield* file(
          `${dataset}.item`,
          "Films.",
          [
            field("item_id:token", "integer", "Letterboxd's own number of the film."),
            field("movie_title:token_seq", "text", "Title (Year) where both are known."),
            field("release_year:token", "text", "The year in which the film came out, or unknown.")
          ],
          lines(
            [...films.values()]
              .toSorted((one, other) => one.id - other.id)
              .map((film) => `${film.id}\t${token(displayName(film))}\t${film.year ?? "unknown"}\n`)
          )
        ),
        yield* file(
          `${dataset}.user`,
          "Members with ratings.",
          [
            field("user_id:token", "integer"),
            field("ratings:float", "integer", "How many ratings of the member there are.")
          ],
          lines(Array.from(counts, ([userId, count]) => `${userId}\t${count}\n`))
        ),
        ...(watched === undefined
          ? []
          : [
              yield* Effect.map(
                file(
                  `${dataset}-watched.inter`,
                  "Films that a member watched and did not rate, in the order of the dataset: implicit feedback.",
                  pair,
                  inBlocks(watched, ({ filmId, userId }) => `${userId}\t${filmId}\n`)
                ),
                (written) => ({ ...written, watched: written.rows ?? 0 })
              )
            ]),
        yield* writeFile(
          folder,
          `${dataset}.yaml`,
          configOf(columns.map(({ name }) => name.slice(0, name.indexOf(":")))),
          Stream.empty
        )
      ]
    })
}
