/**
 * What databases do in different ways: how they store values, take many rows in one statement, and change tables.
 *
 * @since 0.1.0
 */
import type { StoredType } from "@letterboxd-ratings/core"
import type { TableShape } from "./TableShape.ts"

/**
 * How values of a stored type stand in a column.
 *
 * - `name`: the type of the column.
 * - `check`: the condition that its values meet, where the type alone does not say it.
 * - `fromText`: the value, from an expression for its text.
 * - `write`: what stands in the JSON text of a row, where that is not the value itself.
 * - `selected`: what is asked for to read the column, where that is not the column itself.
 * - `read`: the value, from what the driver gives. What cannot be one stays as it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqlType {
  readonly name: string
  readonly check?: (column: string) => string
  readonly fromText: (text: string) => string
  readonly write?: (value: unknown) => unknown
  readonly selected?: (column: string) => string
  readonly read?: (value: unknown) => unknown
}

/**
 * A dialect of SQL.
 *
 * - `types`: how each stored type is kept.
 * - `count`: the type of a number of rows.
 * - `parameter`: the n-th parameter of a statement, from 1.
 * - `listed`: a table of the elements of a JSON list, which is a parameter: `value`, and `n` from 1.
 * - `rowsAtOnce`: how many rows go into one statement.
 * - `keysOfRows`: how a large table is declared, whose rows have a position, and a key where there is one.
 * - `countsRows`: whether the database gives the rows of a large table their positions itself, each the next one.
 * - `remade`: the statements that bring a table that is small from one shape to another one, with its rows; columns that
 *   had to have values may lack them afterwards. `table` gives the name of a table in a statement.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqlDialect {
  readonly types: { readonly [T in StoredType]: SqlType }
  readonly count: string
  readonly parameter: (n: number) => string
  readonly listed: (parameter: string) => string
  readonly rowsAtOnce: number
  readonly keysOfRows: (key: ReadonlyArray<string>) => {
    readonly position: string
    readonly constraints: ReadonlyArray<string>
  }
  readonly countsRows: boolean
  readonly remade: (before: TableShape, after: TableShape, table: (name: string) => string) => ReadonlyArray<string>
}
