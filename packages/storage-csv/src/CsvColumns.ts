/**
 * The columns of each file. Those of rows are the tables' own; what the original tool called otherwise, or put together,
 * is said here.
 */
import {
  type Film,
  type Keeps,
  rowTables,
  stateTables,
  type StoredType,
  type TableColumn
} from "@letterboxd-ratings/core"
import { headerText } from "./CsvCells.ts"
import type { CsvFile } from "./CsvManifest.ts"

/** A column of a file. */
export interface CsvColumn {
  readonly name: string
  readonly type: StoredType
  readonly isOptional: boolean
}

/** The files that are CSV. */
export type CsvTableFile = Exclude<CsvFile, "memberRecords">

const text = (name: string): CsvColumn => ({ name, type: "text", isOptional: false })
const integer = (name: string): CsvColumn => ({ name, type: "integer", isOptional: false })

/** What the id, the label and the slug of a film tell. */
const labelled: ReadonlySet<string> = new Set<keyof Film>(["id", "slug", "title", "year"])

/** The columns of a film that stand behind its id, label and slug. */
export const furtherFilmColumns = (keeps: Keeps): ReadonlyArray<TableColumn<Film>> =>
  stateTables.films.columns(keeps).filter(({ property }) => !labelled.has(property))

/** The columns of each file of a dataset that keeps so much. */
export const columnsOf = (keeps: Keeps): { readonly [F in CsvTableFile]: ReadonlyArray<CsvColumn> } => {
  const ratings = rowTables.ratings.columns(keeps)
  return {
    rawRatings: ratings,
    translatedRatings: ratings.map((column) =>
      column.property === "userId" ? text("username") : column.property === "filmId" ? text("film_title") : column
    ),
    watchedFilms: rowTables.watched.columns(keeps),
    changes: rowTables.changes.columns(keeps),
    readings: rowTables.readings.columns(keeps),
    userMappings: [text("username"), integer("numeric_user_id")],
    filmMappings: [
      integer("film_id"),
      text("film_title"),
      { ...text("film_slug"), isOptional: true },
      ...furtherFilmColumns(keeps)
    ],
    userUpdates: [text("username"), { ...text("last_updated"), type: "instant" }]
  }
}

/** The first line of each file; none of one that is no CSV. */
export const headersOf = (keeps: Keeps): { readonly [F in CsvFile]: string } => {
  const columns = columnsOf(keeps)
  return {
    rawRatings: headerText(columns.rawRatings),
    translatedRatings: headerText(columns.translatedRatings),
    watchedFilms: headerText(columns.watchedFilms),
    changes: headerText(columns.changes),
    readings: headerText(columns.readings),
    userMappings: headerText(columns.userMappings),
    filmMappings: headerText(columns.filmMappings),
    userUpdates: headerText(columns.userUpdates),
    memberRecords: ""
  }
}
