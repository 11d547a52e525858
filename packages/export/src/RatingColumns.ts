/**
 * The columns of layouts in which a row is a rating with all that is known of its film and member.
 *
 * @since 0.1.0
 */
import {
  type Cell,
  cellThrough,
  type EncodedRating,
  formatRating,
  type Keeps,
  type LinePiece,
  noKeeps,
  Rating,
  rowTables,
  stateTables,
  type TableColumn
} from "@letterboxd-ratings/core"
import { Schema } from "effect"
import type { ExportedDataset } from "./ExportedDataset.ts"

/**
 * A column of a layout: its name, and how its value is found from a rating. All ratings of a member have the same value in a
 * column that is `of` members, all of a film in one of films, and all of the same stars in one of stars.
 *
 * @since 0.1.0
 * @category models
 */
export type RatingColumn = Cell<EncodedRating> & { readonly name: string; readonly of: LinePiece["of"] }

const columnOf = (of: RatingColumn["of"], column: Cell<EncodedRating> & { readonly name: string }): RatingColumn => ({
  ...column,
  of
})

const isKept = ({ keep }: TableColumn<EncodedRating>): boolean => keep !== undefined

/**
 * The columns of ratings that a dataset keeps beyond the first three.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keptRatingColumns = (keeps: Keeps): ReadonlyArray<RatingColumn> =>
  rowTables.ratings
    .columns(keeps)
    .filter(isKept)
    .map((column) => columnOf("rating", column))

/**
 * All columns: user_id, username (not in an anonymous export), film_id, what is known of the film (film_slug,
 * film_title, film_year, and what else the dataset keeps of films), rating, and what else it keeps of ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingColumns = ({ films, keeps, usernames }: ExportedDataset): ReadonlyArray<RatingColumn> => {
  const [userId, filmId, ...ofRating] = rowTables.ratings.columns(noKeeps)
  if (userId === undefined || filmId === undefined) return []
  const ofFilm: Array<RatingColumn> = []
  for (const column of stateTables.films.columns(keeps)) {
    if (column.property === "id") continue
    const cell = cellThrough(column, (rating: EncodedRating) => films.get(rating.filmId))
    // Numbers elsewhere say themselves that they are a film's.
    ofFilm.push({ ...cell, of: "film", name: column.name.endsWith("_id") ? column.name : `film_${column.name}` })
  }
  const username: ReadonlyArray<RatingColumn> =
    usernames === undefined
      ? []
      : [{ name: "username", of: "member", type: "text", get: (rating) => usernames.get(rating.userId) }]
  return [
    columnOf("member", userId),
    ...username,
    columnOf("film", filmId),
    ...ofFilm,
    ...ofRating.map((column) => columnOf("stars", column)),
    ...keptRatingColumns(keeps)
  ]
}

const isRating = Schema.is(Rating)

/**
 * A value of a column as it stands in a CSV file, not quoted; empty where it is unknown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const textIn =
  (column: RatingColumn) =>
  (rating: EncodedRating): string => {
    const value = column.get(rating)
    if (value === undefined) return ""
    return column.type === "stars" && isRating(value) ? formatRating(value) : String(value)
  }
