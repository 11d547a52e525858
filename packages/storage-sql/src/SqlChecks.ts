/**
 * Whether the tables of a dataset are sound.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import { checksInSql, mostProblems, rowTables, rowTablesOf, type Verification } from "@letterboxd-ratings/core"
import { Effect, Schema } from "effect"
import { type DatasetRow, unreadable } from "./DatasetRow.ts"
import { columnsIn, position } from "./DeclaredTables.ts"
import { numberOf } from "./RowStatements.ts"
import { nameIn, type SqlDatabase, type UnreadableTables } from "./SqlDatabase.ts"
import { quoted } from "./TableShape.ts"

/** Queries for values of large tables that a column of theirs cannot have. Opening a dataset reads the small ones. */
const valueChecks = (database: SqlDatabase, row: DatasetRow): ReadonlyArray<string> => {
  const { types } = database.dialect
  const at = quoted(position)
  return rowTablesOf(row.keeps).flatMap((name) => {
    const table = nameIn(database)(name)
    return columnsIn<never>(rowTables[name], row).flatMap(({ name: column, type }) => {
      const { check } = types[type]
      if (check === undefined) return []
      const value = quoted(column)
      return [
        `select 'row ' || (select count(*) from ${table} before where before.${at} <= found.${at})
          || ' of ${name}: ${column} cannot be ' || ${value} as message
        from (select ${at}, ${value} from ${table} where not (${check(value)}) order by ${at} limit ${mostProblems}) found
        order by ${at}`
      ]
    })
  })
}

const decodeMessages = Schema.decodeUnknown(Schema.Array(Schema.Tuple(Schema.String)))

/**
 * Proves what is in the tables, in memory that does not depend on the number of rows. `own` are the checks that only the
 * database can do, each a query for sentences. There is nothing to rebuild: what can be derived is a view.
 *
 * @since 0.1.0
 * @category constructors
 */
export const verifyTables = (
  database: SqlDatabase,
  row: DatasetRow,
  own: ReadonlyArray<string> = []
): Effect.Effect<Verification, SqlError | UnreadableTables> =>
  Effect.gen(function* () {
    const { counts, idGaps, keeps } = row
    const problems: Array<string> = []
    for (const check of [
      ...own,
      ...checksInSql({ table: nameIn(database), keeps, idGaps, counts }),
      ...valueChecks(database, row)
    ]) {
      const rows = yield* unreadable(
        Effect.flatMap(database.sql.unsafe(check).values, (found) => decodeMessages(found))
      )
      for (const [message] of rows) problems.push(message)
    }
    const ratings = yield* numberOf(database, `select count(*) from ${nameIn(database)(rowTables.ratings.name)}`)
    return { ratings, problems, repaired: [] }
  })
