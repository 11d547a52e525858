/**
 * What an SQLite file holds, and what only SQLite knows of it.
 */
import type { SqlError } from "@effect/sql/SqlError"
import { stateTables } from "@letterboxd-ratings/core"
import {
  datasetTable,
  type DatasetThere,
  readDatasetRow,
  type SqlDatabase,
  sqliteDialect,
  UnreadableTables
} from "@letterboxd-ratings/storage-sql"
import { Effect, Option, Schema } from "effect"
import type { Sql } from "./SqliteConnection.ts"

/** An open file as a database of tables. */
export const databaseOf = (sql: Sql): SqlDatabase => ({ sql, dialect: sqliteDialect })

/** What a file holds: what any database can, or what somebody else keeps there. */
export type FileContent = DatasetThere | { readonly _tag: "SomethingElse" }

const decodeNames = Schema.decodeUnknown(Schema.Array(Schema.Struct({ name: Schema.String })))

/** Looks at what a file holds, without reading members, films or rows. */
export const readContent = (sql: Sql): Effect.Effect<FileContent, SqlError | UnreadableTables> =>
  Effect.gen(function* () {
    const [first] = yield* decodeNames(
      yield* sql`select name from sqlite_master where name <> ${unfinishedTable} order by type = 'table' and name = ${datasetTable} desc limit 1`
    ).pipe(Effect.mapError((error) => new UnreadableTables({ message: String(error) })))
    if (first === undefined) return { _tag: "Nothing" }
    if (first.name !== datasetTable) return { _tag: "SomethingElse" }
    const there = yield* readDatasetRow(databaseOf(sql))
    return there._tag === "Nothing" ? { _tag: "SomethingElse" } : there
  })

/** Says in a file's header that we made it: "LBRD". */
const applicationId = 0x4c425244

/** Writes into a file's header that we made it. */
export const markAsOurs = (sql: Sql): Effect.Effect<unknown, SqlError> =>
  sql`pragma application_id = ${sql.literal(String(applicationId))}`

/** A table that is in a file as long as it waits for its place, with one row: the name of that place. */
const unfinishedTable = "letterboxd_ratings_unfinished"

/** Writes into a file that it is unfinished, and what its place is. */
export const markUnfinished = (sql: Sql, place: string): Effect.Effect<unknown, SqlError> =>
  Effect.zipRight(
    sql`create table ${sql(unfinishedTable)} (place text not null)`,
    sql`insert into ${sql(unfinishedTable)} values (${place})`
  )

/** Removes the mark from a file that is in its place. */
export const markFinished = (sql: Sql): Effect.Effect<unknown, SqlError> => sql`drop table ${sql(unfinishedTable)}`

const isMarked = Schema.is(Schema.Tuple(Schema.Struct({ name: Schema.String })))

/** Whether a file says that it is unfinished. */
export const isUnfinished = (sql: Sql): Effect.Effect<boolean, SqlError> =>
  Effect.map(sql`select name from sqlite_master where type = 'table' and name = ${unfinishedTable}`, isMarked)

const decodePlaces = Schema.decodeUnknownOption(Schema.Tuple(Schema.Struct({ place: Schema.String })))

/** The place that a file waits for, if it says that it does. */
export const placeWaitedFor = (sql: Sql): Effect.Effect<Option.Option<string>, SqlError> =>
  Effect.flatMap(isUnfinished(sql), (isWaiting) =>
    isWaiting
      ? Effect.map(sql`select place from ${sql(unfinishedTable)}`, (rows) =>
          Option.map(decodePlaces(rows), ([{ place }]) => place)
        )
      : Effect.succeedNone
  )

/**
 * The checks that SQLite does by itself: pages, indexes and constraints of all tables, and what rows of the small tables
 * name. What rows of the large ones name is told apart by the checks of every dataset.
 */
export const ownChecks: ReadonlyArray<string> = [
  "select integrity_check as message from pragma_integrity_check where integrity_check <> 'ok' limit 20",
  ...Object.values(stateTables).map(
    ({ name }) =>
      `select 'a row of ${name} names a row of ' || parent || ' that is not there' as message
      from pragma_foreign_key_check('${name}') limit 20`
  )
]
