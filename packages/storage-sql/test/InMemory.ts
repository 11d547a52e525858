/**
 * SQLite in memory, as a database of tables.
 */
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import { Effect, Schema, Stream } from "effect"
import Database from "libsql"
import { type SqlDatabase, sqliteDialect } from "@letterboxd-ratings/storage-sql"

const decodeRows = Schema.decodeUnknownSync(Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })))

export const inMemory = (): SqlDatabase => {
  const database = new Database(":memory:")
  const ask = (sql: string, parameters: ReadonlyArray<unknown>) =>
    Effect.try({
      try: () => {
        const statement = database.prepare(sql)
        if (statement.reader) return decodeRows(statement.all([...parameters]))
        statement.run([...parameters])
        return []
      },
      catch: (cause) => new SqlError({ cause, message: String(cause) })
    })
  const execute: Connection["execute"] = (sql, parameters) => ask(sql, parameters)
  const connection: Connection = {
    execute,
    executeRaw: ask,
    executeUnprepared: execute,
    executeValues: (sql, parameters) =>
      Effect.map(ask(sql, parameters), (rows) => rows.map((row) => Object.values(row))),
    executeStream: (sql, parameters) => Stream.fromIterableEffect(ask(sql, parameters))
  }
  return {
    sql: Statement.make(Effect.succeed(connection), Statement.makeCompilerSqlite(), [], undefined),
    dialect: sqliteDialect
  }
}
