/**
 * The schema that a dataset is in, beside what it holds.
 */
import type { PgClient } from "@effect/sql-pg/PgClient"
import type { SqlError } from "@effect/sql/SqlError"
import { allKeeps, latestFormat } from "@letterboxd-ratings/core"
import {
  datasetTable,
  type DatasetThere,
  namesOfIndexes,
  namesOfTables,
  postgresDialect,
  readDatasetRow,
  type SqlDatabase,
  UnreadableTables
} from "@letterboxd-ratings/storage-sql"
import { Effect, Schema } from "effect"

/** The client, and the schema the tables are in. */
export interface Database extends SqlDatabase {
  readonly sql: PgClient
  readonly schema: string
}

/** A schema of a server as a database of tables. */
export const databaseOf = (sql: PgClient, schema: string): Database => ({ sql, dialect: postgresDialect, schema })

/** Looks at what the schema holds, without reading members, films or rows. */
export const readContent = (database: Database): Effect.Effect<DatasetThere, SqlError | UnreadableTables> =>
  Effect.flatMap(
    database.sql`select 1 from pg_tables where schemaname = ${database.schema} and tablename = ${datasetTable}`,
    (tables) => (tables.length === 0 ? Effect.succeed({ _tag: "Nothing" } as const) : readDatasetRow(database))
  )

const decodeNames = (rows: unknown) =>
  Schema.decodeUnknown(Schema.Array(Schema.Struct({ name: Schema.String })))(rows).pipe(
    Effect.mapBoth({
      onFailure: (error) => new UnreadableTables({ message: String(error) }),
      onSuccess: (found) => found.map(({ name }) => name)
    })
  )

/** What stands in the schema beside a dataset: tables, views, sequences, functions. */
export const foreignNames = (database: Database, there: DatasetThere) => {
  const { schema, sql } = database
  const layout = there._tag === "Dataset" ? there.row : { format: latestFormat, keeps: allKeeps }
  const ours = new Set(namesOfTables(database, layout))
  return Effect.map(
    Effect.flatMap(
      sql`select relname as name from pg_class c join pg_namespace n on n.oid = relnamespace
          where nspname = ${schema} and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        union select proname from pg_proc join pg_namespace n on n.oid = pronamespace where nspname = ${schema}
        order by name`,
      decodeNames
    ),
    (found) => found.filter((name) => !ours.has(name))
  )
}

/**
 * What has a name in the schema that a dataset will give: a table of it or an index, whatever it keeps one day. A type may
 * have none of them either, since each table is one.
 */
export const namesTaken = (database: Database) => {
  const { schema, sql } = database
  const layout = { format: latestFormat, keeps: allKeeps }
  const ours = new Set([...namesOfTables(database, layout), ...namesOfIndexes(database, layout)])
  return Effect.map(
    Effect.flatMap(
      sql`select relname as name from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = ${schema}
        union select typname from pg_type join pg_namespace n on n.oid = typnamespace where nspname = ${schema}
        order by name`,
      decodeNames
    ),
    (found) => found.filter((name) => ours.has(name))
  )
}

/** Makes the schema where it is not there. */
export const createSchema = ({ schema, sql }: Database) => sql`create schema if not exists ${sql(schema)}`

/** Moves what is there out of the way, whole, to a name that is free. */
export const renameSchema = ({ schema, sql }: Database, to: string) =>
  Effect.gen(function* () {
    const taken = new Set(
      yield* decodeNames(yield* sql`select nspname as name from pg_namespace where starts_with(nspname, ${to})`)
    )
    let free = to
    for (let n = 2; taken.has(free); n++) free = `${to}_${n}`
    yield* sql`alter schema ${sql(schema)} rename to ${sql(free)}`
  })

const decodeBytes = Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ bytes: Schema.NumberFromString })))

/** The size of the tables, with their indexes. */
export const bytesOf = ({ schema, sql }: Database) =>
  Effect.flatMap(
    sql`select coalesce(sum(pg_total_relation_size(quote_ident(schemaname) || '.' || quote_ident(tablename))), 0)::text as bytes
      from pg_tables where schemaname = ${schema}`,
    (rows) =>
      decodeBytes(rows).pipe(
        Effect.mapBoth({
          onFailure: (error) => new UnreadableTables({ message: String(error) }),
          onSuccess: ([{ bytes }]) => bytes
        })
      )
  )
