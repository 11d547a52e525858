/**
 * One JSON object a line, complete in itself.
 *
 * @since 0.1.0
 */
import type { EncodedRating } from "@letterboxd-ratings/core"
import { writeParts } from "./ExportedDataset.ts"
import { fileColumn } from "./ColumnMeanings.ts"
import { linesOf, ofRatings, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { ratingColumns } from "./RatingColumns.ts"

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
    const line = (rating: EncodedRating) => {
      const values: { [name: string]: unknown } = {}
      for (const { get, name } of columns) values[name] = get(rating) ?? null
      return `${JSON.stringify(values)}\n`
    }
    return writeParts(dataset, "ratings", "jsonl", (name, ratings) =>
      ofRatings(writeFile(folder, name, "", linesOf(ratings, line)), told)
    )
  }
}
