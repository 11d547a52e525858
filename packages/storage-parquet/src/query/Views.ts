/**
 * The tables of a dataset as a query sees them: those of core as they are, and a view on each that has the names of members
 * and films beside their ids.
 */
import { type DuckDBValue, DuckDBTimestampValue, TIMESTAMP } from "@duckdb/node-api"
import {
  type Cell,
  type DatasetState,
  type Keeps,
  type Member,
  type RowOf,
  type RowTable,
  rowTables,
  rowTablesOf,
  stateTables,
  type TableColumn
} from "@letterboxd-ratings/core"
import { identifier } from "../DuckDb.ts"
import { rowColumn, type RowColumn } from "../ParquetColumns.ts"

/** The schema of the tables behind the views. */
export const storedSchema = "stored"

/**
 * The views, by name.
 *
 * @since 0.1.0
 * @category models
 */
export const viewNames = ["ratings", "watched", "films", "members", "changes", "readings"] as const

/** A column of a table. Times are in UTC: those with a zone would be shown in the zone of this machine. */
const columnOf = <Row>(column: Cell<Row> & { readonly name: string }): RowColumn<Row> => {
  if (column.type !== "instant") return rowColumn(column)
  const { get } = column
  return {
    name: column.name,
    type: TIMESTAMP,
    value: (row): DuckDBValue => {
      const at = get(row)
      return at === undefined ? null : new DuckDBTimestampValue(BigInt(Date.parse(at)) * 1_000n)
    }
  }
}

/** The key of the hash of a forgotten member's name is nobody's business. */
const isShown = ({ name }: { readonly name: string }): boolean => name !== "salt"

const columnsOf = <Row>(columns: ReadonlyArray<TableColumn<Row>>): ReadonlyArray<RowColumn<Row>> =>
  columns.filter(isShown).map((column) => columnOf(column))

/** The columns of a table with many rows. */
export const rowTableColumns = <T extends RowTable>(name: T, keeps: Keeps): ReadonlyArray<RowColumn<RowOf<T>>> =>
  columnsOf(rowTables[name].columns(keeps))

/** The columns of films and members. */
export const filmColumns = (keeps: Keeps) => columnsOf(stateTables.films.columns(keeps))
export const memberColumns = (keeps: Keeps) => columnsOf(stateTables.members.columns(keeps))

/** All members, in the order of their ids; nothing but the id is known of some. */
export const memberRows = ({ members, users }: DatasetState): ReadonlyArray<Member> =>
  Array.from(users, ([username, userId]) => members.get(username) ?? { username, userId })

/**
 * The tables with many rows that a query may be about, by the words in it: reading what it does not need would cost more than
 * the query. A query that names no view may be about any.
 */
export const tablesFor = (sql: string, keeps: Keeps): ReadonlyArray<RowTable> => {
  const text = sql.toLowerCase()
  const isNamed = (name: string) => text.includes(name)
  const all = rowTablesOf(keeps)
  return viewNames.some(isNamed) ? all.filter(isNamed) : all
}

/** What stands beside an id. */
const besides: Readonly<Record<string, ReadonlyArray<string>>> = {
  user_id: ["m.username"],
  film_id: ["f.title as film_title", "f.slug as film_slug", "f.year as film_year"]
}

/** `at` means something in SQL, and would have to be quoted. */
const timeNames: Readonly<Partial<Record<RowTable, string>>> = { changes: "changed_at", readings: "committed_at" }

const named = (table: RowTable, column: string): string => {
  const own = `r.${identifier(column)}`
  return column === "at" ? `${own} as ${timeNames[table] ?? "at"}` : own
}

/** A view on a table with many rows. */
const rowView = (name: RowTable, keeps: Keeps): string => {
  const isNamed = name === "readings"
  const columns = rowTableColumns(name, keeps)
    .flatMap((column) => [named(name, column.name)].concat(isNamed ? [] : (besides[column.name] ?? [])))
    .join(", ")
  const names = isNamed
    ? ""
    : ` left join ${storedSchema}.members m on m.user_id = r.user_id left join ${storedSchema}.films f on f.film_id = r.film_id`
  return `create view ${name} as select ${columns} from ${storedSchema}.${name} r${names}`
}

/** The statements that make the views on tables that are there. */
export const viewStatements = (tables: ReadonlyArray<RowTable>, keeps: Keeps): ReadonlyArray<string> => [
  `create view films as from ${storedSchema}.films`,
  `create view members as from ${storedSchema}.members`,
  ...tables.map((name) => rowView(name, keeps))
]
