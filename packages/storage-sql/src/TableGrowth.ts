/**
 * From no tables, or those of a dataset that keeps less, to those of a dataset that keeps more.
 *
 * @since 0.1.0
 */
import { type Layout, tableShapes } from "./DeclaredTables.ts"
import { labelViews } from "./LabelViews.ts"
import { nameIn, type SqlDatabase } from "./SqlDatabase.ts"
import { columnsAdded, createTable, quoted } from "./TableShape.ts"

/**
 * The names of the tables and views of a dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const namesOfTables = ({ dialect }: Pick<SqlDatabase, "dialect">, layout: Layout): ReadonlyArray<string> => [
  ...tableShapes(dialect, layout, quoted).map(({ name }) => name),
  ...labelViews(layout, quoted).map(([name]) => name)
]

/**
 * The names of the indexes of a dataset, which no table of the same database can have.
 *
 * @since 0.1.0
 * @category constructors
 */
export const namesOfIndexes = ({ dialect }: Pick<SqlDatabase, "dialect">, layout: Layout): ReadonlyArray<string> =>
  tableShapes(dialect, layout, quoted).flatMap(({ indexes }) => indexes.map(({ name }) => name))

/**
 * The statements that bring tables from one layout to another one, inside a transaction. Columns and tables are only ever
 * added. Rows of large tables stay where they are; a small table is made anew where its format changes, since an older
 * one may ask for more than the new one does. `indexes` come after the rows: made of a table that is full, they cost a
 * fraction.
 *
 * @since 0.1.0
 * @category constructors
 */
export const growth = (
  database: Pick<SqlDatabase, "dialect" | "schema">,
  before: Layout | undefined,
  after: Layout
): { readonly tables: ReadonlyArray<string>; readonly indexes: ReadonlyArray<string> } => {
  const { dialect } = database
  const inTable = nameIn(database)
  const held = before === undefined ? [] : tableShapes(dialect, before, inTable)
  const heldViews = before === undefined ? [] : labelViews(before, inTable)
  const shapes = tableShapes(dialect, after, inTable)
  const isNew = (name: string) => !held.some((shape) => shape.name === name)
  return {
    tables: [
      ...heldViews.toReversed().map(([name]) => `drop view if exists ${inTable(name)}`),
      ...shapes.flatMap((shape) => {
        const old = held.find(({ name }) => name === shape.name)
        if (old === undefined) return [createTable(shape, inTable)]
        if (shape.isSmall && before?.format !== after.format) return dialect.remade(old, shape, inTable)
        return columnsAdded(old, shape).map(
          ({ definition, name }) => `alter table ${inTable(shape.name)} add column ${quoted(name)} ${definition}`
        )
      }),
      ...labelViews(after, inTable).map(([name, query]) => `create view ${inTable(name)} as ${query}`)
    ],
    indexes: shapes
      .filter(({ name }) => isNew(name))
      .flatMap(({ indexes, name: table }) =>
        indexes.map(({ column, name }) => `create index ${quoted(name)} on ${inTable(table)} (${quoted(column)})`)
      )
  }
}
