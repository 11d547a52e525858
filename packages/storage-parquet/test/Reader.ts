/**
 * Somebody else who reads a folder: a DuckDB that knows nothing of this storage.
 */
import { DuckDBInstance } from "@duckdb/node-api"
import { Effect } from "effect"

const instance = Effect.acquireRelease(
  Effect.promise(() => DuckDBInstance.create(":memory:")),
  (opened) => Effect.sync(() => opened.closeSync())
)

/** Runs a statement, and gives its rows. */
export const query = (sql: string) =>
  Effect.scoped(
    Effect.flatMap(instance, (opened) =>
      Effect.promise(async () => {
        const connection = await opened.connect()
        const rows = (await connection.runAndReadAll(sql)).getRowsJS()
        connection.closeSync()
        return rows
      })
    )
  )

export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/** The rows of `ratings/*.parquet`, as a pattern finds them. */
export const rowsByPattern = (folder: string) =>
  query(`select user_id, film_id, rating from read_parquet(${quoted(`${folder}/ratings/*.parquet`)})`)
