/**
 * A database that holds a dataset.
 *
 * @since 0.1.0
 */
import type { Constructor } from "@effect/sql/Statement"
import { Data } from "effect"
import type { SqlDialect } from "./SqlDialect.ts"
import { quoted } from "./TableShape.ts"

/**
 * How statements are run, in which dialect, and the schema that the tables are in, where it must be named.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqlDatabase {
  readonly sql: Constructor
  readonly dialect: SqlDialect
  readonly schema?: string
}

/**
 * What stands in the tables is no dataset.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnreadableTables extends Data.TaggedError("UnreadableTables")<{ readonly message: string }> {}

/** The name of a table in a statement. */
export const nameIn =
  ({ schema }: Pick<SqlDatabase, "schema">) =>
  (table: string): string =>
    schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`
