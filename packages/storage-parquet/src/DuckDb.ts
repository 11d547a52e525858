/**
 * DuckDB as a reader and writer of Parquet: an instance in memory that knows nothing, keeps nothing, and downloads
 * nothing.
 */
import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
  StatementType
} from "@duckdb/node-api"
import type { StorageError } from "@letterboxd-ratings/core"
import { Chunk, Effect, Option, type Scope, Stream, SynchronizedRef } from "effect"
import { storageError, writingFailed } from "./StorageFailure.ts"

type ToError = (cause: unknown) => StorageError

/** A column of a table or file, named as readers see it. */
export interface Column {
  readonly name: string
  readonly type: DuckDBType
}

/** A column's values, row by row. */
export type Values = ReadonlyArray<DuckDBValue>

/** A column's values to be written: numbers may come in an array of numbers, which costs no memory for each. */
export type WrittenValues = Values | Int32Array | Float64Array

/** A way to run statements, one at a time. What they fail with is said by whoever knows what they are about. */
export interface Connection {
  readonly run: (sql: string, toError: ToError) => Effect.Effect<number, StorageError>
  readonly rows: (sql: string, toError: ToError) => Effect.Effect<ReadonlyArray<unknown>, StorageError>
  readonly blocks: (sql: string, toError: ToError) => Stream.Stream<ReadonlyArray<Values>, StorageError>
  readonly table: (columns: ReadonlyArray<Column>, place: string) => Effect.Effect<Table, StorageError, Scope.Scope>
  /** Appends to a table of a schema that is there. Rows are seen by others at the end of the scope, if `close` was run. */
  readonly appender: (
    schema: string,
    table: string,
    columns: ReadonlyArray<Column>,
    toError: ToError
  ) => Effect.Effect<Appender, StorageError, Scope.Scope>
  /** Understands statements, and runs none. */
  readonly statements: <E>(
    sql: string,
    toError: (cause: unknown) => E
  ) => Effect.Effect<ReadonlyArray<Statement<E>>, E, Scope.Scope>
}

/** Adds rows to a table. */
interface Appender extends Pick<Table, "append"> {
  readonly close: Effect.Effect<void, StorageError>
}

/** A statement that was understood. `isQuery` says that it is one that only reads. */
export interface Statement<E> {
  readonly isQuery: boolean
  readonly parameters: number
  /** Nothing is known of them where a parameter has no value. */
  readonly columns: () => ReadonlyArray<Column>
  readonly blocks: Stream.Stream<ReadonlyArray<Values>, E>
}

/** A table in memory that becomes a file. */
interface Table {
  readonly append: (columns: ReadonlyArray<WrittenValues>) => Effect.Effect<void, StorageError>
  /** Writes all rows into a file in the order they came in, and empties the table. */
  readonly copyTo: (place: string, options: string) => Effect.Effect<number, StorageError>
}

/** Connections to one instance. */
export interface DuckDb {
  readonly connect: Effect.Effect<Connection, StorageError, Scope.Scope>
}

/** A text as it stands in a statement. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A name as it stands in a statement, whatever else it means there. */
export const identifier = (name: string): string => `"${name.replaceAll(`"`, `""`)}"`

/** A path as a pattern that fits this file only: what is read is taken for a pattern, in which a backslash has no name. */
const exactly = (place: string): string => quoted(place.replaceAll(/[*?[]/gu, (sign) => `[${sign}]`))

/** The rows of files, in order. A folder may be called `year=2024`, and that is nothing a row says. */
export const parquetAt = (places: ReadonlyArray<string>, options = ""): string =>
  `read_parquet([${places.map(exactly).join(", ")}], hive_partitioning = false${options})`

/**
 * An instance until the scope ends. It may use so much memory that a row group of a file fits many times; queries that
 * want more put it into `spillFolder`, or fail where there is none.
 */
export const openDuckDb = (place: string, spillFolder = ""): Effect.Effect<DuckDb, StorageError, Scope.Scope> =>
  /[*?[]/u.test(place) && place.includes("\\")
    ? storageError("InvalidOption", place, "DuckDB cannot name a path that has a backslash and one of * ? [ in it", {
        remedy: { _tag: "ChoosePlace" }
      })
    : openInstance(place, spillFolder)

const openInstance = (place: string, spillFolder: string): Effect.Effect<DuckDb, StorageError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.tryPromise({
        try: () =>
          DuckDBInstance.create(":memory:", {
            threads: "2",
            memory_limit: "512MB",
            temp_directory: spillFolder,
            preserve_insertion_order: "true",
            enable_external_file_cache: "false",
            autoinstall_known_extensions: "false",
            autoload_known_extensions: "false"
          }),
        catch: writingFailed(place)
      }),
      (instance) => Effect.sync(() => instance.closeSync())
    ),
    (instance) => ({
      connect: Effect.map(
        Effect.acquireRelease(
          Effect.tryPromise({ try: () => instance.connect(), catch: writingFailed(place) }),
          (connection) => Effect.sync(() => connection.closeSync())
        ),
        connectionOf
      )
    })
  )

/** Interrupted, it waits until DuckDB has let go: a connection that works must not be closed. */
const promised = <A, E>(
  connection: DuckDBConnection,
  start: () => Promise<A>,
  toError: (cause: unknown) => E
): Effect.Effect<A, E> =>
  Effect.async((resume) => {
    const running = start().then(
      (value) => resume(Effect.succeed(value)),
      (cause: unknown) => resume(Effect.fail(toError(cause)))
    )
    return Effect.promise(() => {
      connection.interrupt()
      return running
    })
  })

/** What a vector holds at once. */
export const rowsAtOnce = 2_048

/** DuckDB would take a larger number for another one, without a word. */
const largestInteger = 2 ** 31 - 1
const isTooLarge = (value: DuckDBValue): boolean =>
  typeof value === "number" ? value > largestInteger : value instanceof DuckDBListValue && value.items.some(isTooLarge)

/** The rows of a result, in blocks of columns, as they are asked for. */
const blocksOf = <E>(
  connection: DuckDBConnection,
  start: () => Promise<DuckDBResult>,
  toError: (cause: unknown) => E
): Stream.Stream<ReadonlyArray<Values>, E> =>
  Stream.unwrap(
    Effect.map(promised(connection, start, toError), (result) =>
      Stream.repeatEffectChunkOption(
        Effect.flatMap(
          Effect.mapError(
            promised(connection, () => result.fetchChunk(), toError),
            Option.some
          ),
          (chunk) =>
            chunk === null || chunk.rowCount === 0
              ? Effect.fail(Option.none())
              : Effect.succeed(Chunk.of(chunk.getColumns()))
        )
      )
    )
  )

const appendTo = (appender: DuckDBAppender, chunk: DuckDBDataChunk, values: ReadonlyArray<WrittenValues>): void => {
  const rows = values[0]?.length ?? 0
  for (let from = 0; from < rows; from += rowsAtOnce) {
    // One chunk serves all rows: its memory is not the collector's, which would let millions of rows wait in it.
    chunk.reset()
    chunk.setColumns(values.map((column) => Array.from<DuckDBValue>(column.slice(from, from + rowsAtOnce))))
    appender.appendDataChunk(chunk)
  }
}

const connectionOf = (connection: DuckDBConnection): Connection => {
  const run: Connection["run"] = (sql, toError) =>
    Effect.map(
      promised(connection, () => connection.run(sql), toError),
      (result) => result.rowsChanged
    )
  return {
    run,
    rows: (sql, toError) =>
      promised(connection, async () => (await connection.runAndReadAll(sql)).getRowObjectsJS(), toError),
    blocks: (sql, toError) => blocksOf(connection, () => connection.stream(sql), toError),
    appender: (schema, table, columns, toError) => {
      const doing = <A>(act: () => A) => Effect.try({ try: act, catch: toError })
      const chunk = DuckDBDataChunk.create(columns.map(({ type }) => type))
      return Effect.map(
        Effect.acquireRelease(
          promised(connection, () => connection.createAppender(table, schema), toError),
          (appender) => Effect.ignore(doing(() => appender.closeSync()))
        ),
        (appender) => ({
          append: (values) => doing(() => appendTo(appender, chunk, values)),
          close: doing(() => appender.closeSync())
        })
      )
    },
    statements: (sql, toError) =>
      Effect.flatMap(
        promised(connection, () => connection.extractStatements(sql), toError),
        (extracted) =>
          Effect.forEach(
            Array.from({ length: extracted.count }, (_, i) => i),
            (i) =>
              Effect.map(
                Effect.acquireRelease(
                  promised(connection, () => extracted.prepare(i), toError),
                  (prepared) => Effect.sync(() => prepared.destroySync())
                ),
                (prepared) => ({
                  isQuery: prepared.statementType === StatementType.SELECT,
                  parameters: prepared.parameterCount,
                  columns: () =>
                    Array.from({ length: prepared.columnCount }, (_, at) => ({
                      name: prepared.columnName(at),
                      type: prepared.columnType(at)
                    })),
                  blocks: blocksOf(connection, () => prepared.stream(), toError)
                })
              )
          )
      ),
    table: (columns, place) => {
      const toError = writingFailed(place)
      const doing = <A>(act: () => A) => Effect.try({ try: act, catch: toError })
      const chunk = DuckDBDataChunk.create(columns.map(({ type }) => type))
      // Rows that are deleted stay in memory until their table is dropped, so each file gets a table of its own.
      const empty = Effect.zipRight(
        run(
          `create or replace temp table rows (${columns.map(({ name, type }) => `${identifier(name)} ${type.toString()}`).join(", ")})`,
          toError
        ),
        promised(connection, () => connection.createAppender("rows", null, "temp"), toError)
      )
      const close = (appender: DuckDBAppender) => doing(() => appender.closeSync())
      return Effect.map(
        Effect.acquireRelease(Effect.flatMap(empty, SynchronizedRef.make), (current) =>
          Effect.ignore(Effect.zipRight(Effect.flatMap(current, close), run("drop table rows", toError)))
        ),
        (current) => ({
          append: (values) => {
            const wide = columns.find((_, i) => values[i]?.some(isTooLarge))
            if (wide !== undefined)
              return storageError(
                "Unsupported",
                place,
                `a value of ${wide.name} is larger than ${largestInteger}, the largest a column of these files holds`
              )
            return Effect.flatMap(current, (appender) => doing(() => appendTo(appender, chunk, values)))
          },
          copyTo: (to, options) =>
            Effect.gen(function* () {
              yield* Effect.flatMap(current, (appender) => doing(() => appender.flushSync()))
              const rows = yield* run(`copy rows to ${quoted(to)} (${options})`, writingFailed(to))
              yield* SynchronizedRef.updateEffect(current, (appender) => Effect.zipRight(close(appender), empty))
              return rows
            })
        })
      )
    }
  }
}
