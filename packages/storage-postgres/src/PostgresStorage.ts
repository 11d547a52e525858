/**
 * A dataset in a schema of a PostgreSQL database, for many readers.
 *
 * @since 0.1.0
 * @module
 */
import { Reactivity } from "@effect/experimental"
import { PgClient } from "@effect/sql-pg"
import { TransactionConnection } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import {
  type CommitReceipt,
  type DatasetState,
  emptyDatasetState,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  StorageError
} from "@letterboxd-ratings/core"
import { Config, type ConfigError, Context, DateTime, Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import type { ParseError } from "effect/ParseResult"
import { about, storageError, storageName } from "./PostgresFailure.ts"
import {
  type Content,
  type Database,
  type DatasetRow,
  foreignNames,
  latestFormat,
  migrate,
  readContent,
  readRatings,
  readState,
  renameSchema,
  writeBatch,
  writeWhole
} from "./Tables.ts"
import { verifyTables } from "./Verification.ts"

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

  const damaged = (error: unknown) =>
    error instanceof StorageError
      ? error
      : storageError("Damaged", place, `what is stored there is no dataset of this tool (${String(error)})`)

  const isSchemaName = /^[a-z_][a-z0-9_]{0,40}$/u.test(schema)
  const connect = isSchemaName
    ? PgClient.make({ url: options.url, applicationName: "letterboxd-ratings", maxConnections: 4 }).pipe(
        Effect.provide(Reactivity.layer),
        Effect.map((sql): Database => ({ sql, schema })),
        about(place)
      )
    : storageError(
        "InvalidOption",
        place,
        `"${schema}" cannot be a schema's name here: small letters, digits and underscores, 41 at most`
      )

  const decoded = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.catchIf(
      effect,
      (error): error is Extract<E, { readonly _tag: "ParseError" }> =>
        Schema.is(Schema.Struct({ _tag: Schema.Literal("ParseError") }))(error),
      (error) => Effect.fail(damaged(error))
    )

  const contentOf = (database: Database) => about(place)(decoded(readContent(database)))
  const newerFormat = (format: number) =>
    storageError(
      "NewerFormat",
      place,
      `a newer version of this tool wrote the dataset (format ${format}; this one knows ${latestFormat}). Nothing was written. Update this tool, or start another dataset in another schema`
    )
  const stateOf = (database: Database, row: DatasetRow) => about(place)(decoded(readState(database, row)))

  /** Looks at one moment of the dataset. */
  const looking = <A>(look: (database: Database, row: DatasetRow) => Effect.Effect<A, StorageError>) =>
    Effect.gen(function* () {
      const database = yield* connect
      return yield* alone(
        database.sql.withTransaction(
          Effect.gen(function* () {
            yield* database.sql`set transaction isolation level repeatable read read only`
            const content = yield* contentOf(database)
            if (content._tag === "NewerFormat") return yield* newerFormat(content.format)
            return content._tag === "Nothing"
              ? yield* storageError("NothingThere", place, "there is no dataset")
              : yield* look(database, content.row)
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
      if (!isHeld)
        return yield* storageError("Locked", place, "another process is at work on it. Wait until it is done")
      yield* Effect.addFinalizer(() =>
        Effect.ignore(connection.execute("select pg_advisory_unlock_all()", [], undefined))
      )
    }).pipe(about(place))

  /** What is there, if that suits the mode. */
  const contentFor = (database: Database, mode: OpenMode): Effect.Effect<Content, StorageError> =>
    Effect.gen(function* () {
      const content = yield* contentOf(database)
      if (mode._tag === "continue") {
        if (content._tag === "Nothing")
          return yield* storageError(
            "NothingThere",
            place,
            "there is no dataset to go on with. Start one with --mode new"
          )
        if (content._tag === "NewerFormat") return yield* newerFormat(content.format)
      } else if (mode.existing === "refuse" && content._tag !== "Nothing") {
        return yield* storageError(
          "AlreadyThere",
          place,
          "there is a dataset already. Go on with it (--mode continue), choose another schema, or let it be moved aside (--yes)"
        )
      }
      return content
    })

  /** Moves the schema aside, if nothing of anybody else is in it. */
  const moveAside = (database: Database) =>
    Effect.gen(function* () {
      const [foreign] = yield* foreignNames(database)
      if (foreign !== undefined) {
        return yield* storageError(
          "AlreadyThere",
          place,
          `"${foreign}" in the schema was not made by this tool, so the schema is not moved aside. Move it elsewhere, or choose another schema (--storage-options schema=NAME)`
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
    capabilities: { replaceMember: true, durable: true, exclusive: true },
    exists: Effect.flatMap(connect, contentOf).pipe(
      Effect.map(({ _tag }) => _tag !== "Nothing"),
      Effect.scoped
    ),
    inspect: looking((database, row) =>
      Effect.gen(function* () {
        const state = yield* stateOf(database, row)
        const sizes = yield* Effect.flatMap(
          database.sql`select sum(pg_total_relation_size(quote_ident(schemaname) || '.' || quote_ident(tablename)))::text as bytes from pg_tables where schemaname = ${schema}`,
          Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ bytes: Schema.NumberFromString })))
        ).pipe(decoded, about(place))
        return { state, bytes: sizes[0].bytes, committedAt: row.committed_at }
      })
    ),
    verify: () => looking((database) => about(place)(decoded(verifyTables(database)))),
    open: (mode) =>
      Effect.gen(function* () {
        const database = yield* connect
        yield* contentFor(database, mode)
        yield* lock(database)
        // Again: the one who held the lock may have written.
        const content = yield* contentFor(database, mode)
        const isThere = content._tag !== "Nothing"
        let format = content._tag === "Dataset" ? content.row.format : 0
        const state: DatasetState =
          mode._tag === "continue" && content._tag === "Dataset"
            ? yield* stateOf(database, content.row)
            : emptyDatasetState
        let held: CommitReceipt = { batches: state.batches, ratings: state.ratings }
        let isFirst = mode._tag === "new"

        /** Writes in one transaction, which makes a new dataset with its first batch. */
        const writing = (write: Effect.Effect<Option.Option<CommitReceipt>, SqlError | ParseError | StorageError>) =>
          alone(
            database.sql.withTransaction(
              Effect.gen(function* () {
                if (isFirst && isThere) yield* moveAside(database)
                yield* migrate(database, isFirst ? 0 : format)
                const written = yield* write
                return Option.isSome(written)
                  ? written.value
                  : yield* storageError(
                      "Locked",
                      place,
                      "another process has written to it meanwhile; this batch was not kept. Run with --mode continue"
                    )
              })
            )
          ).pipe(
            decoded,
            about(place),
            Effect.tap((now) => {
              isFirst = false
              format = latestFormat
              held = now
            })
          )

        const dataset: OpenDataset = {
          state,
          notes: [],
          ratings: Stream.suspend(() => (isFirst ? Stream.empty : readRatings(database, damaged))),
          commit: (batch) => writing(writeBatch(database, batch, held)),
          load: (whole) =>
            isFirst
              ? writing(writeWhole(database, whole))
              : storageError("AlreadyThere", place, "a whole dataset can be loaded into an empty one only")
        }
        return dataset
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

/**
 * `layer`, with options from the configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<PostgresStorageOptions>
): Layer.Layer<RatingsStorage, ConfigError.ConfigError> => Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
