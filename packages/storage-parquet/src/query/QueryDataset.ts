/**
 * SQL over a dataset of any storage: its rows are read through the port into a database in memory that can do nothing but
 * answer.
 */
import { FileSystem } from "@effect/platform"
import {
  type RowOf,
  type RowTable,
  type StorageError,
  type WholeDataset,
  withoutForgotten
} from "@letterboxd-ratings/core"
import { Chunk, Effect, type Scope, Stream } from "effect"
import { type Connection, identifier, openDuckDb, type Statement, type WrittenValues } from "../DuckDb.ts"
import type { RowColumn } from "../ParquetColumns.ts"
import { inColumns, ratingsInColumns } from "../ParquetTables.ts"
import { writingFailed } from "../StorageFailure.ts"
import { type Cell, cellOf, isNumeric } from "./Cell.ts"
import { QueryError, queryFailed } from "./QueryError.ts"
import {
  filmColumns,
  memberColumns,
  memberRows,
  rowTableColumns,
  storedSchema,
  tablesFor,
  viewStatements
} from "./Views.ts"

/**
 * The result of a query. Rows come as they are asked for, and have a cell for each column.
 *
 * @since 0.1.0
 * @category models
 */
export interface QueryResult {
  readonly columns: ReadonlyArray<{ readonly name: string; readonly isNumeric: boolean }>
  readonly rows: Stream.Stream<ReadonlyArray<Cell>, QueryError>
}

const database = "the database of the query"
const toError = writingFailed(database)

/** A table without rows, and how it gets them. */
const made = <Row, E>(
  connection: Connection,
  name: string,
  columns: ReadonlyArray<RowColumn<Row>>,
  rows: (columns: ReadonlyArray<RowColumn<Row>>) => Stream.Stream<ReadonlyArray<WrittenValues>, E>
): Effect.Effect<Effect.Effect<void, StorageError | E>, StorageError> =>
  Effect.as(
    connection.run(
      `create table ${storedSchema}.${name} (${columns.map((column) => `${identifier(column.name)} ${column.type.toString()}`).join(", ")})`,
      toError
    ),
    Effect.gen(function* () {
      const { append, close } = yield* connection.appender(storedSchema, name, columns, toError)
      yield* Stream.runForEach(rows(columns), append)
      yield* close
    }).pipe(Effect.scoped)
  )

/** The only statement of a text, if it is one that only reads. */
const onlyQuery = (
  connection: Connection,
  sql: string
): Effect.Effect<Statement<QueryError>, QueryError, Scope.Scope> =>
  Effect.gen(function* () {
    const refused = (detail: string) => new QueryError({ reason: "NotAQuery", detail })
    const [query, second] = yield* connection.statements(sql, queryFailed)
    if (query === undefined) return yield* refused("There is no statement.")
    if (second !== undefined) return yield* refused("There is more than one statement.")
    if (!query.isQuery) return yield* refused("The statement does not only read.")
    if (query.parameters > 0)
      return yield* new QueryError({ reason: "Invalid", detail: "it has parameters, which nothing gives values to." })
    return query
  })

/** From here on, statements reach no file, no network and no setting. */
const lockedUp = ["set enable_external_access = false", "set lock_configuration = true"]

/** The columns of a result, each with a name of its own. */
const distinct = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return names.map((name) => {
    let one = name
    for (let n = 1; seen.has(one); n++) one = `${name}_${n}`
    seen.add(one)
    return one
  })
}

/**
 * Answers one query over the views `ratings`, `watched`, `films`, `members`, `changes` and `readings`. The dataset gives its
 * rows through its own streams, so they are the committed ones, and only those of tables that the query names. Needs at most
 * 512 MB of memory for the database; what is more goes to a temporary folder, which is removed when the scope closes.
 *
 * The query can read the views, and nothing else: no file, no network, no setting. Everything but one statement that reads is
 * refused before it runs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const queryDataset = (
  whole: WholeDataset,
  sql: string
): Effect.Effect<QueryResult, QueryError | StorageError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const spillFolder = yield* fs
      .makeTempDirectoryScoped({ prefix: "lb-query-" })
      .pipe(Effect.mapError(writingFailed("the folder for temporary files")))
    const connection = yield* Effect.flatMap(openDuckDb(database, spillFolder), ({ connect }) => connect)
    const state = withoutForgotten(whole.state)
    const { keeps } = state
    const tables = tablesFor(sql, keeps)
    yield* connection.run(`create schema ${storedSchema}`, toError)
    const table = <T extends RowTable>(
      name: T,
      rows: (columns: ReadonlyArray<RowColumn<RowOf<T>>>) => Stream.Stream<ReadonlyArray<WrittenValues>, StorageError>
    ) =>
      tables.includes(name) ? made(connection, name, rowTableColumns(name, keeps), rows) : Effect.succeed(Effect.void)
    const filled = [
      yield* made(connection, "films", filmColumns(keeps), inColumns(Stream.fromIterable(state.films.values()))),
      yield* made(connection, "members", memberColumns(keeps), inColumns(Stream.fromIterable(memberRows(state)))),
      yield* table("ratings", ratingsInColumns(whole.ratings)),
      yield* table("watched", inColumns(whole.watched)),
      yield* table("changes", inColumns(whole.changes)),
      yield* table("readings", inColumns(whole.readings))
    ]
    for (const statement of [...viewStatements(tables, keeps), ...lockedUp]) yield* connection.run(statement, toError)
    // What is wrong with the query is said before millions of rows are read.
    yield* Effect.scoped(onlyQuery(connection, sql))
    yield* Effect.all(filled, { discard: true })
    // A plan made for empty tables may leave them out.
    const query = yield* onlyQuery(connection, sql)
    const columns = query.columns()
    const names = distinct(columns.map(({ name }) => name))
    return {
      columns: columns.map(({ type }, i) => ({ name: names[i] ?? "", isNumeric: isNumeric(type) })),
      rows: Stream.mapConcatChunk(query.blocks, (block) =>
        Chunk.map(Chunk.range(0, (block[0]?.length ?? 0) - 1), (row) =>
          block.map((values) => cellOf(values[row] ?? null))
        )
      )
    }
  })
