/**
 * A dataset as one Parquet file, with all names in it: a layout for `lb export`.
 *
 * @since 0.1.0
 */
import { type ExportFormat, fileColumn, ofRatings, ratingColumns, writeParts } from "@letterboxd-ratings/export"
import { rowColumn } from "./ParquetColumns.ts"
import { writeParquet } from "./ParquetFile.ts"
import { ratingsInColumns } from "./ParquetTables.ts"

/**
 * `ratings.parquet`: user_id, username, film_id, film_slug, film_title, film_year, rating, and what else is kept of films
 * and ratings behind theirs, compressed with zstd, in the order of the dataset. An anonymous export has no `username`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingsFile: ExportFormat = {
  name: "parquet-file",
  notes: () => [
    "`film_title` and `film_year` are null where the site's pages did not tell them. `rating` is in stars, 0.5 to 5.0."
  ],
  write: (folder, dataset) => {
    const shown = ratingColumns(dataset)
    const columns = shown.map((column) => ({ ...rowColumn(column), of: column.of }))
    const told = shown.map(({ name, type }) => fileColumn(name, type))
    return writeParts(dataset, "ratings", "parquet", (name, ratings) =>
      ofRatings(writeParquet(folder, name, columns, ratingsInColumns(ratings)(columns)), told)
    )
  }
}
