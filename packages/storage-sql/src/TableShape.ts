/**
 * A table as a database declares it.
 *
 * @since 0.1.0
 */

/**
 * A name in a statement.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Names in a statement, one after the other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quotedAll = (names: ReadonlyArray<string>): string => names.map(quoted).join(", ")

/**
 * A table as it is created. `isSmall` is one that may be made anew where it changes.
 *
 * @since 0.1.0
 * @category models
 */
export interface TableShape {
  readonly name: string
  readonly isSmall: boolean
  readonly columns: ReadonlyArray<{ readonly name: string; readonly definition: string; readonly isNullable: boolean }>
  readonly constraints: ReadonlyArray<string>
  readonly indexes: ReadonlyArray<{ readonly name: string; readonly column: string }>
}

/**
 * The statement that creates a table.
 *
 * @since 0.1.0
 * @category constructors
 */
export const createTable = ({ columns, constraints, name }: TableShape, inTable: (name: string) => string): string =>
  `create table ${inTable(name)} (${[
    ...columns.map((column) => `${quoted(column.name)} ${column.definition}`),
    ...constraints
  ].join(", ")})`

/**
 * The columns that one shape of a table has and another one lacks.
 *
 * @since 0.1.0
 * @category constructors
 */
export const columnsAdded = (before: TableShape, after: TableShape): TableShape["columns"] =>
  after.columns.filter(({ name }) => !before.columns.some((column) => column.name === name))

/**
 * A condition on a whole table that the values of some columns together tell rows apart.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keyConstraint = (kind: "primary key" | "unique", key: ReadonlyArray<string>): ReadonlyArray<string> =>
  key.length === 0 ? [] : [`${kind} (${quotedAll(key)})`]
