/**
 * A dataset in a schema of a PostgreSQL database, for many readers.
 *
 * @since 0.1.0
 * @module
 */
import { Reactivity } from "@effect/experimental"
import { PgClient } from "@effect/sql-pg"
import { TransactionConnection } from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import {
  emptyDatasetState,
  openedDataset,
  type OpenMode,
  RatingsStorage,
  rowStreams,
  type StorageError
} from "@letterboxd-ratings/core"
import {
  type DatasetRow,
  type DatasetThere,
  lookingRefused,
  notCleared,
  openingRefused,
  type OpeningRefused,
  readState,
  rowsIn,
  rowsOfMembersIn,
  UnreadableTables,
  verifyTables,
  writeChanges
} from "@letterboxd-ratings/storage-sql"
import { Context, DateTime, Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import { about, failureAbout, storageError, storageName } from "./PostgresFailure.ts"
import {
  bytesOf,
  createSchema,
  type Database,
  databaseOf,
  foreignNames,
  namesTaken,
  readContent,
  renameSchema
} from "./PostgresSchema.ts"

/**
 * - `url`: `postgres://user:password@host:5432/database`. Never shown.
 * - `schema`: the schema the tables are in, `letterboxd` where nothing is said. Made by the first batch.
 *
 * @since 0.1.0
 * @category models
 */
export interface PostgresStorageOptions {
  readonly url: Redacted.Redacted
  readonly schema?: string
}

/** Runs statements on connections of their own, also where the caller is in a transaction of another client. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.mapInputContext(
    effect,
    (context: Context.Context<R>) =>
      Context.omit(TransactionConnection)(context as Context.Context<R | TransactionConnection>) as Context.Context<R>
  )

/** The address without what must not be seen. */
const placeOf = (url: Redacted.Redacted, schema: string): string => {
  const text = Redacted.value(url)
  if (!URL.canParse(text)) return `schema ${schema}`
  const { host, pathname } = new URL(text)
  return `${host}${pathname}, schema ${schema}`
}

const decodeHolders = Schema.decodeUnknownOption(
  Schema.NonEmptyArray(
    Schema.Struct({ name: Schema.String, pid: Schema.Int, client: Schema.String, since: Schema.DateFromSelf })
  )
)

const decodeStatements = Schema.decodeUnknown(Schema.Array(Schema.Struct({ statement: Schema.String })))

/** Takes from the files of the server what was removed from the tables of a schema. Not in a transaction. */
const makeTablesAnew = ({ sql }: Database, schema: string) =>
  Effect.gen(function* () {
    const statements = yield* Effect.flatMap(
      sql`select format('vacuum full %I.%I', schemaname, tablename) as statement from pg_tables where schemaname = ${schema}`,
      (rows) => Effect.mapError(decodeStatements(rows), ({ message }) => new UnreadableTables({ message }))
    )
    yield* Effect.forEach(statements, ({ statement }) => sql.unsafe(statement), { discard: true })
  })

/** Who holds the lock of a schema, as far as the server tells. */
const holderOf = (connection: Connection, schema: string): Effect.Effect<string, SqlError> =>
  Effect.map(
    connection.execute(
      `select coalesce(nullif(application_name, ''), 'another process') as name, pid,
         coalesce(host(client_addr), 'this machine') as client, backend_start as since
       from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and granted and objsubid = 2
         and classid::bigint::bit(32) = hashtext('letterboxd-ratings')::bit(32)
         and objid::bigint::bit(32) = hashtext($1)::bit(32)`,
      [schema],
      undefined
    ),
    (rows) =>
      Option.match(decodeHolders(rows), {
        onNone: () => "another process",
        onSome: ([{ client, name, pid, since }]) =>
          `${name} on ${client} (connection ${pid} of the server) since ${since.toISOString()}`
      })
  )

/**
 * A storage in a database. A commit is one transaction and costs what the batch holds. One writer at a time is let in
 * by an advisory lock, which the server frees when the writer's connection ends; readers see whole batches at any time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: PostgresStorageOptions): Context.Tag.Service<RatingsStorage> => {
  const schema = options.schema ?? "letterboxd"
  const place = placeOf(options.url, schema)

  const refuse = ({ detail, reason, remedy }: OpeningRefused) => storageError(reason, place, detail, remedy)
  const isSchemaName = /^[a-z_][a-z0-9_]{0,40}$/u.test(schema)
  const connect = isSchemaName
    ? PgClient.make({ url: options.url, applicationName: "letterboxd-ratings", maxConnections: 4 }).pipe(
        Effect.provide(Reactivity.layer),
        Effect.map((sql) => databaseOf(sql, schema)),
        about(place)
      )
    : storageError(
        "InvalidOption",
        place,
        `"${schema}" cannot be a schema's name here: small letters, digits and underscores, 41 at most`
      )

  const contentOf = (database: Database) => about(place)(readContent(database))
  const stateOf = (database: Database, row: DatasetRow) => about(place)(readState(database, row))

  /** Looks at one moment of the dataset. */
  const looking = <A>(look: (database: Database, row: DatasetRow) => Effect.Effect<A, StorageError>) =>
    Effect.gen(function* () {
      const database = yield* connect
      return yield* alone(
        database.sql.withTransaction(
          Effect.gen(function* () {
            yield* database.sql`set transaction isolation level repeatable read read only`
            const content = yield* contentOf(database)
            return content._tag === "Dataset"
              ? yield* look(database, content.row)
              : yield* refuse(lookingRefused(content))
          })
        )
      )
    }).pipe(Effect.scoped, about(place))

  /** Holds the lock on a connection of its own until the scope ends. */
  const lock = ({ sql }: Database) =>
    Effect.gen(function* () {
      const connection = yield* sql.reserve
      const rows = yield* connection.execute(
        "select pg_try_advisory_lock(hashtext('letterboxd-ratings'), hashtext($1)) as held",
        [schema],
        undefined
      )
      const isHeld = Schema.is(Schema.Tuple(Schema.Struct({ held: Schema.Literal(true) })))(rows)
      if (!isHeld) {
        const holder = yield* holderOf(connection, schema)
        return yield* storageError("Locked", place, `in use by ${holder}. Wait until it is done`)
      }
      yield* Effect.addFinalizer(() =>
        Effect.ignore(connection.execute("select pg_advisory_unlock_all()", [], undefined))
      )
    }).pipe(about(place))

  /** What is there, if that suits the mode. */
  const contentFor = (database: Database, mode: OpenMode) =>
    Effect.tap(contentOf(database), (content) => {
      const refused = openingRefused(mode, content)
      return refused === undefined ? Effect.void : refuse(refused)
    })

  /** Fails where something else has a name that a dataset in this schema would give. */
  const checkNames = (database: Database) =>
    Effect.flatMap(about(place)(namesTaken(database)), ([taken]) =>
      taken === undefined
        ? Effect.void
        : storageError(
            "AlreadyThere",
            place,
            `"${taken}" in the schema has the name of a part of the dataset, and was not made by this tool. Nothing was written. Move it elsewhere, or choose another schema`
          )
    )

  /** Moves the schema aside, if nothing of anybody else is in it. */
  const moveAside = (database: Database, there: DatasetThere) =>
    Effect.gen(function* () {
      const [foreign] = yield* foreignNames(database, there)
      if (foreign !== undefined) {
        return yield* storageError(
          "AlreadyThere",
          place,
          `"${foreign}" in the schema was not made by this tool, so the schema is not moved aside. Move it elsewhere, or choose another schema`
        )
      }
      const time = DateTime.formatIso(yield* DateTime.now)
        .slice(0, 19)
        .replaceAll(/[-:]/gu, "")
        .replace("T", "_")
      yield* renameSchema(database, `${schema}_bak_${time}`)
    })

  return {
    name: storageName,
    place,
    exists: Effect.flatMap(connect, contentOf).pipe(
      Effect.map(({ _tag }) => _tag !== "Nothing"),
      Effect.scoped
    ),
    inspect: looking((database, row) =>
      Effect.gen(function* () {
        const state = yield* stateOf(database, row)
        return { state, bytes: yield* about(place)(bytesOf(database)), committedAt: row.committedAt }
      })
    ),
    verify: () => looking((database, row) => about(place)(verifyTables(database, row))),
    open: (mode) =>
      Effect.gen(function* () {
        const database = yield* connect
        yield* contentFor(database, mode)
        yield* lock(database)
        // Again: the one who held the lock may have written.
        const content = yield* contentFor(database, mode)
        if (content._tag === "Nothing") yield* checkNames(database)
        let isFirst = mode._tag === "new"
        const committed = <A>(rows: Stream.Stream<A, SqlError | UnreadableTables>) =>
          Stream.suspend(() => (isFirst ? Stream.empty : Stream.mapError(rows, failureAbout(place))))
        return yield* openedDataset({
          storage: storageName,
          place,
          state:
            mode._tag === "continue" && content._tag === "Dataset"
              ? yield* stateOf(database, content.row)
              : emptyDatasetState,
          notes: [],
          ...(mode._tag === "continue" && content._tag === "Dataset" ? { committedAt: content.row.committedAt } : {}),
          rows: {
            ...rowStreams((name) => committed(rowsIn(database, name))),
            rowsOfMembers: (name, some) => committed(rowsOfMembersIn(database, name, some))
          },
          // In one transaction, which makes a new dataset with its first changes.
          write: (changes) =>
            alone(
              database.sql.withTransaction(
                Effect.gen(function* () {
                  if (isFirst && content._tag !== "Nothing") yield* moveAside(database, content)
                  if (isFirst) yield* createSchema(database)
                  const counts = yield* writeChanges(database, changes)
                  return Option.isSome(counts)
                    ? counts.value
                    : yield* storageError(
                        "Locked",
                        place,
                        "another process has written to it meanwhile; this batch was not kept",
                        { _tag: "Continue" }
                      )
                })
              )
            ).pipe(
              about(place),
              Effect.tap(() => {
                isFirst = false
                // The server keeps removed rows until their tables are made anew.
                return changes.forgotten.size === 0
                  ? Effect.void
                  : alone(makeTablesAnew(database, schema)).pipe(about(place), Effect.mapError(notCleared))
              })
            )
        })
      })
  }
}

/**
 * A schema of a database as the storage of a program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: PostgresStorageOptions): Layer.Layer<RatingsStorage> =>
  Layer.sync(RatingsStorage, () => make(options))
