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
  rowTablesOf,
  type RowTable,
  type TableColumn,
  type UserId,
  type Username
} from "@letterboxd-ratings/core"
import { Chunk, type DateTime, Effect, Option, Schema, Stream } from "effect"
import { Count, type DatasetRow, readDatasetRow, unreadable } from "./DatasetRow.ts"
import { type HeldTable, position, rowTableIn, stateTablesIn } from "./DeclaredTables.ts"
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

const all = <Row>(database: SqlDatabase, table: HeldTable<Row>) =>
  Effect.flatMap(
    database.sql.unsafe(
      `select ${selected(database, table.columns)} from ${nameIn(database)(table.name)}
      order by ${quotedAll(table.hasPosition ? [position] : table.key)}`
    ).values,
    decoding(database, table)
  )

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
    const tables = stateTablesIn(row)
    const users = new Map<Username, UserId>()
    const names = new Map<UserId, Username>()
    const members = new Map<Username, MemberRecord>()
    for (const member of yield* all(database, tables.members)) {
      users.set(member.username, member.userId)
      names.set(member.userId, member.username)
      if (isRecord(member)) members.set(member.username, member)
    }
    const films = new Map<FilmId, Film>()
    for (const film of yield* all(database, tables.films)) films.set(film.id, film)
    const updates = new Map<Username, DateTime.Utc>()
    for (const { lastUpdated, userId } of yield* all(database, tables.updates)) {
      const username = names.get(userId)
      if (username === undefined) {
        return yield* new UnreadableTables({ message: `${tables.updates.name}: unknown user ${userId}` })
      }
      updates.set(username, lastUpdated)
    }
    return { ...row.counts, users, films, members, updates, keeps: row.keeps, batches: row.batches }
  })

const rowsAtOnce = 4_096
const decodePosition = Schema.decodeUnknown(Count)

const pages = <Row>(database: SqlDatabase, table: HeldTable<Row>): Stream.Stream<Row, SqlError | UnreadableTables> => {
  const decoded = decoding(database, table)
  const at = quoted(position)
  const statement = `select ${selected(database, table.columns)}, ${at} from ${nameIn(database)(table.name)}
    where ${at} > ${database.dialect.parameter(1)} order by ${at} limit ${rowsAtOnce}`
  return Stream.paginateChunkEffect(0, (last) =>
    Effect.gen(function* () {
      const rows = yield* database.sql.unsafe(statement, [last]).values
      const some = Chunk.unsafeFromArray(yield* decoded(rows))
      const end = rows.at(-1)?.[table.columns.length]
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
        ? pages(database, rowTableIn(name, there.row))
        : Stream.empty
    )
  )

/**
 * The rows of some members in a table, found by the index of its key. Holds the rows of one member at a time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowsOfMembersIn = <T extends "ratings" | "watched">(
  database: SqlDatabase,
  name: T,
  members: ReadonlyArray<UserId>
): Stream.Stream<RowOf<T>, SqlError | UnreadableTables> =>
  Stream.unwrap(
    Effect.map(readDatasetRow(database), (there) => {
      if (there._tag !== "Dataset" || !rowTablesOf(there.row.keeps).includes(name)) return Stream.empty
      const table = rowTableIn(name, there.row)
      const decoded = decoding(database, table)
      const statement = `select ${selected(database, table.columns)} from ${nameIn(database)(table.name)}
        where ${quoted("user_id")} = ${database.dialect.parameter(1)} order by ${quoted(position)}`
      return Stream.flatMap(Stream.fromIterable(members), (member) =>
        Stream.fromIterableEffect(Effect.flatMap(database.sql.unsafe(statement, [member]).values, decoded))
      )
    })
  )
