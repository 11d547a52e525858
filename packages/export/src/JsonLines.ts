/**
 * One JSON object a line, complete in itself.
 *
 * @since 0.1.0
 */
import { type EncodedRating, type LinePiece, linesOfBlocks } from "@letterboxd-ratings/core"
import { writeParts } from "./ExportedDataset.ts"
import { fileColumn } from "./ColumnMeanings.ts"
import { ofRatings, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { type RatingColumn, ratingColumns } from "./RatingColumns.ts"

/** `"name":value` of columns that stand together. */
const properties =
  (columns: ReadonlyArray<RatingColumn>): LinePiece["text"] =>
  (rating: EncodedRating) =>
    columns.map(({ get, name }) => `${JSON.stringify(name)}:${JSON.stringify(get(rating) ?? null)}`).join(",")

/** The pieces of a rating as a line: columns that stand together and are of the same are one. */
export const piecesOf = (columns: ReadonlyArray<RatingColumn>): ReadonlyArray<LinePiece> => {
  const pieces: Array<LinePiece> = []
  for (let from = 0; from < columns.length;) {
    const of = columns[from]?.of ?? "rating"
    const after = columns.findIndex((column, i) => i > from && column.of !== of)
    const end = after === -1 ? columns.length : after
    const text = properties(columns.slice(from, end))
    const [beginning, ending] = [from === 0 ? "{" : ",", end === columns.length ? "}\n" : ""]
    pieces.push({ of, text: (rating) => `${beginning}${text(rating)}${ending}` })
    from = end
  }
  return pieces
}

/**
 * `ratings.jsonl`: user_id, username, film_id, film_slug, film_title, film_year, rating, and what else the dataset keeps.
 * What is not known is `null`; an anonymous export has no `username`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const jsonLines: ExportFormat = {
  name: "jsonl",
  notes: () => ["`film_title` and `film_year` are `null` where the site's pages did not tell them."],
  write: (folder, dataset) => {
    const columns = ratingColumns(dataset)
    const told = columns.map(({ name, type }) => fileColumn(name, type))
    return writeParts(dataset, "ratings", "jsonl", (name, ratings) =>
      ofRatings(writeFile(folder, name, "", linesOfBlocks(ratings, piecesOf(columns))), told)
    )
  }
}
