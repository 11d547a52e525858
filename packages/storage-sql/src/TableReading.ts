/**
 * What is in the tables of a dataset.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import {
  type DatasetState,
  type Film,
  type FilmId,
  type Member,
  type MemberRecord,
  type RowOf,
  type RowStreams,
  rowTables,
  rowTablesOf,
  type RowTable,
  stateTables,
  type StorageError,
  type Table,
  type TableColumn,
  type UserId,
  type Username
} from "@letterboxd-ratings/core"
import { Chunk, type DateTime, Effect, Option, Schema, Stream } from "effect"
import { Count, type DatasetRow, readDatasetRow, unreadable } from "./DatasetRow.ts"
import { columnsIn, hasPosition, type Layout, position } from "./DeclaredTables.ts"
import { decoding } from "./RowStatements.ts"
import { nameIn, type SqlDatabase, UnreadableTables } from "./SqlDatabase.ts"
import { quoted, quotedAll } from "./TableShape.ts"

/** What is asked for to read columns, in their order. */
const selected = <Row>({ dialect }: SqlDatabase, columns: ReadonlyArray<TableColumn<Row>>): string =>
  columns
    .map(({ name, type }) => {
      const { selected = (column: string) => column } = dialect.types[type]
      return selected(quoted(name))
    })
    .join(", ")

const all = <Row>(database: SqlDatabase, table: Table<Row>, layout: Layout, isInPosition: boolean) => {
  const columns = columnsIn(table, layout)
  return Effect.flatMap(
    database.sql.unsafe(
      `select ${selected(database, columns)} from ${nameIn(database)(table.name)}
      order by ${quotedAll(isInPosition ? [position] : table.key)}`
    ).values,
    decoding(database, { name: table.name, columns, read: table.reader(columns) })
  )
}

/** A member who only has an id has no state. */
const isRecord = (member: Member): member is MemberRecord => member.state !== undefined

/**
 * All of a dataset but the rows of its large tables. Costs what members and films there are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readState = (
  database: SqlDatabase,
  row: DatasetRow
): Effect.Effect<DatasetState, SqlError | UnreadableTables> =>
  Effect.gen(function* () {
    const users = new Map<Username, UserId>()
    const names = new Map<UserId, Username>()
    const members = new Map<Username, MemberRecord>()
    for (const member of yield* all(database, stateTables.members, row, hasPosition.members)) {
      users.set(member.username, member.userId)
      names.set(member.userId, member.username)
      if (isRecord(member)) members.set(member.username, member)
    }
    const films = new Map<FilmId, Film>()
    for (const film of yield* all(database, stateTables.films, row, hasPosition.films)) films.set(film.id, film)
    const updates = new Map<Username, DateTime.Utc>()
    for (const { lastUpdated, userId } of yield* all(database, stateTables.updates, row, hasPosition.updates)) {
      const username = names.get(userId)
      if (username === undefined) {
        return yield* new UnreadableTables({ message: `${stateTables.updates.name}: unknown user ${userId}` })
      }
      updates.set(username, lastUpdated)
    }
    return { ...row.counts, users, films, members, updates, keeps: row.keeps, batches: row.batches }
  })

const rowsAtOnce = 4_096
const decodePosition = Schema.decodeUnknown(Count)

const pages = <Row>(
  database: SqlDatabase,
  table: Table<Row>,
  layout: Layout
): Stream.Stream<Row, SqlError | UnreadableTables> => {
  const columns = columnsIn(table, layout)
  const decoded = decoding(database, { name: table.name, columns, read: table.reader(columns) })
  const statement = `select ${selected(database, columns)}, ${quoted(position)} from ${nameIn(database)(table.name)}
    where ${quoted(position)} > ${database.dialect.parameter(1)} order by ${quoted(position)} limit ${rowsAtOnce}`
  return Stream.paginateChunkEffect(0, (last) =>
    Effect.gen(function* () {
      const rows = yield* database.sql.unsafe(statement, [last]).values
      const some = Chunk.unsafeFromArray(yield* decoded(rows))
      const end = rows.at(-1)?.[columns.length]
      return [
        some,
        rows.length < rowsAtOnce ? Option.none() : Option.some(yield* unreadable(decodePosition(end)))
      ] as const
    })
  )
}

/**
 * The rows of the large tables in their order, page by page: no statement is open while somebody reads slowly. What the
 * dataset keeps is looked up when a stream is run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowsIn = <T extends RowTable>(
  database: SqlDatabase,
  name: T
): Stream.Stream<RowOf<T>, SqlError | UnreadableTables> =>
  Stream.unwrap(
    Effect.map(readDatasetRow(database), (there) =>
      there._tag === "Dataset" && rowTablesOf(there.row.keeps).includes(name)
        ? pages<RowOf<T>>(database, rowTables[name], there.row)
        : Stream.empty
    )
  )

/**
 * The rows of all tables, from a way to read those of one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowStreams = (
  rows: <T extends RowTable>(name: T) => Stream.Stream<RowOf<T>, StorageError>
): RowStreams => ({
  ratings: rows("ratings"),
  watched: rows("watched"),
  changes: rows("changes")
})
