/**
 * The tables of a dataset as a database declares them, from the declaration in core.
 *
 * @since 0.1.0
 */
import {
  type Keeps,
  type Member,
  noKeeps,
  type RowOf,
  type RowReader,
  type RowTable,
  rowTables,
  rowTablesOf,
  stateTables,
  type Table,
  type TableColumn
} from "@letterboxd-ratings/core"
import type { SqlDialect } from "./SqlDialect.ts"
import { quoted, type TableShape } from "./TableShape.ts"

/**
 * What the tables of a dataset hold: the columns of its format, of what it keeps.
 *
 * @since 0.1.0
 * @category models
 */
export interface Layout {
  readonly format: number
  readonly keeps: Keeps
}

/** What all tables have, whatever their rows are. */
type AnyTable = Pick<Table<never>, "columns" | "key" | "name">

/** The names of the tables that are held in memory. */
type StateTable = keyof typeof stateTables

/** Those that others name come first. */
const stateNames = ["films", "members", "updates"] as const satisfies ReadonlyArray<StateTable>

/** The column by which a database knows the order of rows. */
export const position = "position"

/** What the declaration leaves open: whether rows stand in the order in which they came, or in that of their keys. */
const hasPosition: { readonly [T in StateTable]: boolean } = { films: true, members: false, updates: true }

/** What no two rows share besides the key, as properties of a row. */
const uniqueIn: { readonly [T in StateTable]: ReadonlyArray<keyof Member> } = {
  films: [],
  members: ["username"],
  updates: []
}

/**
 * The name of the table with one row, about the dataset.
 *
 * @since 0.1.0
 * @category models
 */
export const datasetTable = "dataset"

/** The columns of a table in a dataset. */
export const columnsIn = <Row>(
  table: Pick<Table<Row>, "columns">,
  { format, keeps }: Layout
): ReadonlyArray<TableColumn<Row>> => table.columns(keeps).filter(({ since }) => since <= format)

/**
 * A table as a dataset holds it: for statements about its rows. `isLarge` tells tables with many rows from those that are
 * held in memory.
 */
export interface HeldTable<Row> extends Pick<Table<Row>, "key" | "name"> {
  readonly columns: ReadonlyArray<TableColumn<Row>>
  readonly hasPosition: boolean
  readonly isLarge: boolean
  readonly read: RowReader<Row>
}

const held = <Row>(
  table: Table<Row>,
  layout: Layout,
  place: Pick<HeldTable<Row>, "hasPosition" | "isLarge">
): HeldTable<Row> => {
  const columns = columnsIn(table, layout)
  return { name: table.name, key: table.key, columns, ...place, read: table.reader(columns) }
}

/** A table with many rows. */
export const rowTableIn = <T extends RowTable>(name: T, layout: Layout): HeldTable<RowOf<T>> =>
  held<RowOf<T>>(rowTables[name], layout, { hasPosition: true, isLarge: true })

/** The tables that are held in memory. */
export const stateTablesIn = (layout: Layout) => ({
  films: held(stateTables.films, layout, { hasPosition: hasPosition.films, isLarge: false }),
  members: held(stateTables.members, layout, { hasPosition: hasPosition.members, isLarge: false }),
  updates: held(stateTables.updates, layout, { hasPosition: hasPosition.updates, isLarge: false })
})

/** The table whose rows a column names wherever it stands: the one of which it is the key. */
const ownerOf = (column: string): string | undefined =>
  stateNames.find((name) => {
    const { key } = stateTables[name]
    return key.length === 1 && key[0] === column
  })

const columnShapes = (
  dialect: SqlDialect,
  table: AnyTable,
  layout: Layout,
  inTable: (name: string) => string,
  unique: ReadonlyArray<string> = []
): TableShape["columns"] =>
  columnsIn(table, layout).map(({ isOptional, name, nullableSince = 0, property, type }) => {
    const { check, name: typeName } = dialect.types[type]
    const isKey = table.key.length === 1 && table.key[0] === name
    const isNullable = isOptional && nullableSince <= layout.format
    const owner = ownerOf(name)
    return {
      name,
      isNullable,
      definition: [
        typeName,
        isKey ? "primary key" : isNullable ? "" : "not null",
        unique.includes(property) ? "unique" : "",
        owner === undefined || owner === table.name ? "" : `references ${inTable(owner)}`,
        check === undefined ? "" : `check (${check(quoted(name))})`
      ]
        .filter((part) => part !== "")
        .join(" ")
    }
  })

const rowShape = (
  dialect: SqlDialect,
  name: RowTable,
  layout: Layout,
  inTable: (name: string) => string
): TableShape => {
  const table = rowTables[name]
  const { constraints, position: definition } = dialect.keysOfRows(table.key)
  const columns = columnShapes(dialect, table, layout, inTable)
  return {
    name,
    isSmall: false,
    columns: [{ name: position, definition, isNullable: false }, ...columns],
    constraints,
    // The key is an index by its first column.
    indexes: columns.flatMap(({ name: column }) =>
      ownerOf(column) === undefined || column === table.key[0]
        ? []
        : [{ name: `${name}_by_${column.replace(/_id$/u, "")}`, column }]
    )
  }
}

const stateShape = (
  dialect: SqlDialect,
  name: StateTable,
  layout: Layout,
  inTable: (name: string) => string
): TableShape => {
  const columns = columnShapes(dialect, stateTables[name], layout, inTable, uniqueIn[name])
  const isKey = (column: string) => stateTables[name].key.includes(column)
  return {
    name,
    isSmall: true,
    columns: [
      ...columns.filter((column) => isKey(column.name)),
      ...(hasPosition[name] ? [{ name: position, definition: "integer not null unique", isNullable: false }] : []),
      ...columns.filter((column) => !isKey(column.name))
    ],
    constraints: [],
    indexes: []
  }
}

const aboutShape = ({ count, types }: SqlDialect, { format, keeps }: Layout): TableShape => {
  const always = rowTablesOf(noKeeps)
  const column = (name: string, definition: string) => ({ name, definition, isNullable: false })
  const counted = (name: string) => column(name, `${count} not null`)
  return {
    name: datasetTable,
    isSmall: false,
    columns: [
      column("one", "integer primary key check (one = 1)"),
      column("format", "integer not null"),
      column("batches", "integer not null"),
      ...always.map(counted),
      column("id_gaps", "integer not null"),
      column("committed_at", `${types.instant.name} not null`),
      ...(format === 1 ? [] : [column("keeps", types.texts.name)]),
      ...rowTablesOf(keeps)
        .filter((name) => !always.includes(name))
        .map((name) => column(name, `${count} not null default 0`))
    ],
    constraints: [],
    indexes: []
  }
}

/** The tables of a dataset, in the order in which they can be created. */
export const tableShapes = (
  dialect: SqlDialect,
  layout: Layout,
  inTable: (name: string) => string
): ReadonlyArray<TableShape> => [
  aboutShape(dialect, layout),
  ...stateNames.map((name) => stateShape(dialect, name, layout, inTable)),
  ...rowTablesOf(layout.keeps).map((name) => rowShape(dialect, name, layout, inTable))
]
