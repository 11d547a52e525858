/**
 * A dataset in an SQLite file that any SQL tool can query.
 *
 * @since 0.1.0
 * @module
 */
import { Reactivity } from "@effect/experimental"
import { FileSystem, Path } from "@effect/platform"
import type { SqlClient } from "@effect/sql/SqlClient"
import { LibsqlClient } from "@effect/sql-libsql"
import { SqlError } from "@effect/sql/SqlError"
import { type CommitReceipt, type DatasetState, emptyDatasetState, type OpenDataset, type OpenMode, RatingsStorage, StorageError } from "@letterboxd-ratings/core"
import { Config, type ConfigError, type Context, DateTime, Deferred, Effect, Layer, Option, Ref, Scope, Stream } from "effect"
import type { ParseError } from "effect/ParseResult"
import { about, storageError, storageName } from "./SqliteFailure.ts"
import { createTables, emptyTables, readDatasetRow, readRatings, readState, writeBatch, writeWhole } from "./Tables.ts"
import { verifyTables } from "./Verification.ts"

/**
 * - `folder`: where the file is. Made by the first run.
 * - `file`: its name, `ratings.sqlite` where nothing is said.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqliteStorageOptions {
  readonly folder: string
  readonly file?: string
}

type Services = FileSystem.FileSystem | Path.Path

/**
 * A storage in a file. A commit is one transaction and costs what the batch holds; opening costs what members and
 * films there are. WAL keeps readers and the writer out of each other's way; a file beside (`.lock`) lets one writer in,
 * and SQLite frees it when its process ends, however it ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: SqliteStorageOptions): Effect.Effect<Context.Tag.Service<RatingsStorage>, never, Services> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const file = options.file ?? "ratings.sqlite"
    const place = path.join(options.folder, file)

    const damaged = (error: unknown) =>
      error instanceof StorageError ? error : storageError("Damaged", place, `what is stored there is no dataset of this tool (${String(error)})`, error)

    /** A connection until the scope ends. Reading opens none where there is no file: SQLite would make one. */
    const connect = (at: string) =>
      Effect.provide(LibsqlClient.make({ url: `file:${path.resolve(at)}` }), Reactivity.layer).pipe(
        // The driver throws where it cannot open a file at all.
        Effect.catchAllDefect((defect) => new SqlError({ cause: defect, message: String(defect) })),
        about(at)
      )

    const datasetRow = (sql: SqlClient) =>
      readDatasetRow(sql).pipe(Effect.catchTag("ParseError", (error) => Effect.fail(damaged(error))), about(place))

    const isFileThere = Effect.mapError(fs.exists(place), (error) => storageError("NotPermitted", place, error.message, error))

    const exists = Effect.gen(function*() {
      if (!(yield* isFileThere)) return false
      return Option.isSome(yield* datasetRow(yield* connect(place)))
    }).pipe(Effect.scoped)

    /** The open file with its dataset row, for reading. */
    const reading = Effect.gen(function*() {
      if (!(yield* isFileThere)) return yield* storageError("NothingThere", place, "there is no dataset")
      const sql = yield* connect(place)
      const row = yield* datasetRow(sql)
      if (Option.isNone(row)) return yield* storageError("NothingThere", place, "there is no dataset")
      return { sql, row: row.value }
    })

    const stateOf = (sql: SqlClient, row: Option.Option.Value<Effect.Effect.Success<ReturnType<typeof readDatasetRow>>>) =>
      readState(sql, row).pipe(Effect.catchTag("ParseError", (error) => Effect.fail(damaged(error))), about(place))

    /** Holds the lock until the scope ends. What was made for it alone goes with it. */
    const lock = Effect.gen(function*() {
      const lockFile = `${place}.lock`
      const wasThere = yield* isFileThere
      const isNewFolder = !(yield* Effect.orElseSucceed(fs.exists(options.folder), () => false))
      yield* Effect.acquireRelease(
        Effect.mapError(fs.makeDirectory(options.folder, { recursive: true }), (error) =>
          storageError("NotPermitted", options.folder, `the folder cannot be made: ${error.message}`, error)),
        () =>
          Effect.gen(function*() {
            if (wasThere || (yield* exists)) return
            // What a first batch left that could not be committed.
            for (const left of [lockFile, place, `${place}-wal`, `${place}-shm`]) yield* fs.remove(left, { force: true })
            if (isNewFolder && (yield* fs.readDirectory(options.folder)).length === 0) yield* fs.remove(options.folder, { recursive: true })
          }).pipe(Effect.ignore)
      )
      const held = yield* Deferred.make<void, StorageError>()
      yield* Effect.gen(function*() {
        const sql = yield* connect(lockFile)
        yield* sql.withTransaction(Effect.zipRight(Deferred.succeed(held, undefined), Effect.never))
      }).pipe(
        Effect.scoped,
        about(place),
        Effect.catchAll((error) => Deferred.fail(held, error)),
        Effect.forkScoped
      )
      yield* Deferred.await(held)
    })

    /** Whether there is a dataset, if that suits the mode. */
    const isThereFor = (mode: OpenMode) =>
      Effect.gen(function*() {
        const isThere = yield* exists
        if (mode._tag === "continue" && !isThere) {
          return yield* storageError("NothingThere", place, "there is no dataset to go on with. Start one with --mode new")
        }
        if (mode._tag === "new" && mode.existing === "refuse" && isThere) {
          return yield* storageError(
            "AlreadyThere",
            place,
            "there is a dataset already. Go on with it (--mode continue), choose another folder (--out), or let it be moved aside (--yes)"
          )
        }
        return isThere
      })

    /** A copy of what is there, before it is overwritten. */
    const keepAside = (sql: SqlClient) =>
      Effect.gen(function*() {
        const time = DateTime.formatIso(yield* DateTime.now).slice(0, 19).replaceAll(/[-:]/gu, "").replace("T", "-")
        let aside = `${options.folder}.bak-${time}`
        for (let n = 2; yield* Effect.orElseSucceed(fs.exists(aside), () => false); n++) aside = `${options.folder}.bak-${time}-${n}`
        yield* Effect.mapError(fs.makeDirectory(aside, { recursive: true }), (error) =>
          storageError("NotPermitted", aside, `the old dataset cannot be kept: ${error.message}`, error))
        yield* sql`vacuum into ${path.resolve(aside, file)}`
      })

    return {
      name: storageName,
      place,
      capabilities: { replaceMember: true, durable: true, exclusive: true },
      exists,
      inspect: Effect.gen(function*() {
        const { row, sql } = yield* reading
        const state = yield* stateOf(sql, row)
        const { size } = yield* Effect.mapError(fs.stat(place), (error) => storageError("NotPermitted", place, error.message, error))
        return { state, bytes: Number(size), committedAt: row.committed_at }
      }).pipe(Effect.scoped),
      verify: () =>
        Effect.flatMap(reading, ({ sql }) => about(place)(verifyTables(sql))).pipe(Effect.scoped),
      open: (mode) =>
        Effect.gen(function*() {
          yield* isThereFor(mode)
          yield* lock
          // Again: the one who held the lock may have written.
          const isThere = yield* isThereFor(mode)
          const scope = yield* Effect.scope
          const client = yield* Ref.make(Option.none<SqlClient>())
          // The file of a new dataset is made by its first batch.
          const sqlClient = Effect.flatMap(
            Ref.get(client),
            Option.match({
              onSome: (sql) => Effect.succeed(sql),
              onNone: () =>
                connect(place).pipe(
                  Effect.tap((sql) => about(place)(sql`pragma journal_mode = wal`)),
                  Effect.tap((sql) => Ref.set(client, Option.some(sql))),
                  Effect.provideService(Scope.Scope, scope)
                )
            })
          )
          let state: DatasetState = emptyDatasetState
          if (mode._tag === "continue") {
            const { row, sql } = yield* reading
            state = yield* stateOf(sql, row)
          }
          let held: CommitReceipt = { batches: state.batches, ratings: state.ratings }
          let isFirst = mode._tag === "new"

          /** Writes in one transaction, which makes a new dataset with its first batch. */
          const writing = (write: (sql: SqlClient) => Effect.Effect<CommitReceipt, SqlError | ParseError | StorageError>) =>
            Effect.gen(function*() {
              const sql = yield* sqlClient
              if (isFirst && isThere) yield* keepAside(sql)
              held = yield* sql.withTransaction(Effect.gen(function*() {
                if (isFirst) {
                  yield* createTables(sql)
                  yield* emptyTables(sql)
                }
                return yield* write(sql)
              }))
              isFirst = false
              return held
            }).pipe(Effect.catchTag("ParseError", (error) => Effect.fail(damaged(error))), about(place))

          const dataset: OpenDataset = {
            state,
            notes: [],
            ratings: Stream.unwrap(Effect.map(sqlClient, (sql) => readRatings(sql, damaged))),
            commit: (batch) => writing((sql) => writeBatch(sql, batch, held)),
            load: (whole) =>
              isFirst
                ? writing((sql) => writeWhole(sql, whole))
                : storageError("AlreadyThere", place, "a whole dataset can be loaded into an empty one only")
          }
          return dataset
        })
    }
  })

/**
 * An SQLite file as the storage of a program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: SqliteStorageOptions): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(RatingsStorage, make(options))

/**
 * `layer`, with options from the configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<SqliteStorageOptions>
): Layer.Layer<RatingsStorage, ConfigError.ConfigError, Services> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
