/**
 * The atomic files of RecBole.
 *
 * @since 0.1.0
 */
import {
  displayName,
  type FilmId,
  forEachRating,
  formatRating,
  type LinePiece,
  type RatingBlock,
  type StoredType,
  type UserId
} from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { fileColumn } from "./ColumnMeanings.ts"
import { type ExportedDataset, writeParts } from "./ExportedDataset.ts"
import { type FileColumn, linesOf, ofRatings, ofWatched, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { ratingTimes, timePieces, timestampNotes } from "./RatingTimes.ts"
import { writeSorted } from "./SortedRatings.ts"

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

const configOf = (fields: ReadonlyArray<string>, parts: ExportedDataset["parts"]): string =>
  [
    `dataset: ${dataset}`,
    ...(parts === undefined ? [] : [`benchmark_filename: [${parts.map(({ name }) => name).join(", ")}]`]),
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

/**
 * `letterboxd.inter` (user_id, item_id, rating, timestamp), sorted by both ids, `letterboxd.item` (item_id, movie_title,
 * release_year), `letterboxd.user` (user_id, ratings: how many the member has), `letterboxd.yaml`, the configuration that
 * loads them, and `letterboxd-watched.inter` (user_id, item_id) if the dataset keeps films without a rating. Costs memory for all ratings: see `writeSorted`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recBole: ExportFormat = {
  name: "recbole",
  canHaveIndexes: true,
  needsValidation: true,
  notes: (timestamps, hasIndexes) => [
    `RecBole looks for these files in a folder called \`${dataset}\` in its \`data_path\`: rename the folder, or export with \`--into dataset/${dataset}\`.`,
    `\`item_id\` is ${hasIndexes ? "an index of the film" : "Letterboxd's own number of a film"}. \`release_year\` is \`unknown\` where it is not known.`,
    ...timestampNotes(timestamps)
  ],
  write: (folder, exported, timestamps) =>
    Effect.gen(function* () {
      const { films, indexes, parts, watched } = exported
      const { isMixed } = ratingTimes(exported, timestamps)
      const userIdOf = (id: UserId): number => indexes?.users.get(id) ?? id
      const itemIdOf = (id: FilmId): number => indexes?.films.get(id) ?? id
      const counts = new Map<UserId, number>()
      const counting = (block: RatingBlock): RatingBlock => {
        forEachRating(block, ({ userId }) => counts.set(userId, (counts.get(userId) ?? 0) + 1))
        return block
      }
      const pieces: ReadonlyArray<LinePiece> = [
        { of: "member", text: ({ userId }) => `${userIdOf(userId)}\t` },
        { of: "film", text: ({ filmId }) => `${itemIdOf(filmId)}\t` },
        { of: "stars", text: ({ rating }) => formatRating(rating) },
        ...timePieces(exported, timestamps, "\t"),
        { of: "stars", text: () => "\n" }
      ]
      const ids = [
        field("user_id:token", "integer", ...(indexes === undefined ? [] : ["The index of the member."])),
        field(
          "item_id:token",
          "integer",
          indexes === undefined ? "Letterboxd's own number of the film." : "The index of the film."
        )
      ] as const
      const columns = [
        ...ids,
        field("rating:float", "stars"),
        ...(timestamps === "none" ? [] : [field("timestamp:float", "integer")]),
        ...(isMixed ? [field("timestamp_kind:token", "text")] : [])
      ]
      const headerOf = (all: ReadonlyArray<FileColumn>) => `${all.map(({ name }) => name).join("\t")}\n`
      const lines = (name: string, about: string, told: ReadonlyArray<FileColumn>, all: ReadonlyArray<string>) =>
        Effect.map(
          writeFile(folder, name, headerOf(told), Stream.succeed({ text: all.join(""), rows: all.length })),
          (file) => ({ ...file, about, columns: told })
        )
      return [
        ...(yield* writeParts(exported, dataset, "inter", (name, ratings) =>
          ofRatings(writeSorted(folder, name, headerOf(columns), Stream.map(ratings, counting), pieces), columns)
        )),
        yield* lines(
          `${dataset}.item`,
          "Films.",
          [
            ids[1],
            field("movie_title:token_seq", "text", "Title (Year) where both are known."),
            field("release_year:token", "text", "The year in which the film came out, or unknown.")
          ],
          [...films.values()]
            .toSorted((one, other) => one.id - other.id)
            .map((film) => `${itemIdOf(film.id)}\t${token(displayName(film))}\t${film.year ?? "unknown"}\n`)
        ),
        yield* lines(
          `${dataset}.user`,
          "Members with ratings.",
          [ids[0], field("ratings:float", "integer", "How many ratings of the member there are.")],
          [...counts]
            .toSorted(([one], [other]) => one - other)
            .map(([userId, ratingsOf]) => `${userIdOf(userId)}\t${ratingsOf}\n`)
        ),
        ...(watched === undefined
          ? []
          : [
              yield* ofWatched(
                writeFile(
                  folder,
                  `${dataset}-watched.inter`,
                  headerOf(ids),
                  linesOf(watched, ({ filmId, userId }) => `${userIdOf(userId)}\t${itemIdOf(filmId)}\n`)
                ),
                ids
              )
            ]),
        yield* writeFile(
          folder,
          `${dataset}.yaml`,
          configOf(
            columns.map(({ name }) => name.slice(0, name.indexOf(":"))),
            parts
          ),
          Stream.empty
        )
      ]
    })
}
