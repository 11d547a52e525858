/**
 * Changes of a dataset, written into its tables.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import {
  type DatasetChanges,
  formatOf,
  type Member,
  type RowChanges,
  type RowCounts,
  type RowTable,
  rowTablesOf,
  type StorageError
} from "@letterboxd-ratings/core"
import { Chunk, Effect, Option, Stream } from "effect"
import { claimDatasetRow, putDatasetRow } from "./DatasetRow.ts"
import { type HeldTable, type Layout, rowTableIn, stateTablesIn } from "./DeclaredTables.ts"
import { add, adding, remove, update, vacate } from "./RowStatements.ts"
import type { SqlDatabase, UnreadableTables } from "./SqlDatabase.ts"
import { growth } from "./TableGrowth.ts"

type Failure = SqlError | StorageError | UnreadableTables

/**
 * Removes the rows of members that are replaced. What it gives adds those that join, once the members and films that they
 * name are there, and tells how many rows the table has then.
 */
const replacing = <Row extends { readonly userId: number }>(
  database: SqlDatabase,
  table: HeldTable<Row>,
  before: number,
  { added, replaced }: RowChanges<Row>
): Effect.Effect<Effect.Effect<number, Failure>, Failure> =>
  Effect.gen(function* () {
    const user = table.columns.find(({ property }) => property === ("userId" satisfies keyof Row))
    const removed = user === undefined ? 0 : yield* remove(database, table.name, user, replaced)
    const put = yield* adding(database, table)
    return Stream.rechunk(added, database.dialect.rowsAtOnce).pipe(
      Stream.mapChunksEffect((some) => Effect.as(put(some), Chunk.of(some.length))),
      Stream.runFold(before - removed, (rows, more) => rows + more)
    )
  })

/**
 * Writes changes inside a transaction, into no tables where the dataset is new. Gives the numbers of rows that the tables
 * hold then, or none where another writer was there in between. Costs what the changes hold: nothing reads a table from
 * end to end, but that of a dataset that keeps more from now on small tables are made anew once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeChanges = (
  database: SqlDatabase,
  changes: DatasetChanges
): Effect.Effect<Option.Option<RowCounts>, Failure> =>
  Effect.gen(function* () {
    const { after, before, committedAt, films, idGaps, members, rows, updates } = changes
    const { batches, keeps } = after
    const isNew = before.batches === 0
    const formatBefore = isNew ? undefined : yield* claimDatasetRow(database, before.batches, batches)
    if (!isNew && formatBefore === undefined) return Option.none()
    const layout: Layout = { format: formatOf(keeps), keeps }
    const isAsItWas = formatBefore === layout.format && before.keeps.size === keeps.size
    const grown = isAsItWas
      ? { tables: [], indexes: [] }
      : growth(database, formatBefore === undefined ? undefined : { format: formatBefore, keeps: before.keeps }, layout)
    yield* Effect.forEach(grown.tables, (statement) => database.sql.unsafe(statement), { discard: true })

    const prepared = <T extends RowTable>(name: T) =>
      rowTablesOf(keeps).includes(name)
        ? replacing(database, rowTableIn(name, layout), before[name], rows[name])
        : Effect.succeed(Effect.succeed(0))
    const filled = {
      ratings: yield* prepared("ratings"),
      watched: yield* prepared("watched"),
      changes: yield* prepared("changes"),
      readings: yield* prepared("readings")
    }
    const tables = stateTablesIn(layout)
    yield* add(database, tables.films, films.added)
    const filmsNow = films.changed.map((changed) => changed.after)
    yield* update(database, tables.films, filmsNow)
    const called = tables.members.columns.find(({ property }) => property === ("username" satisfies keyof Member))
    const namesBefore = members.renamed.map((renamed) => renamed.before)
    if (called !== undefined) yield* vacate(database, tables.members, called.name, namesBefore)
    yield* add(database, tables.members, members.added)
    yield* update(database, tables.members, members.changed)
    yield* add(database, tables.updates, updates.added)
    yield* update(database, tables.updates, updates.changed)
    const updated = tables.updates.columns.find(({ property }) => property === "userId")
    if (updated !== undefined) yield* remove(database, tables.updates.name, updated, updates.removed)
    const counts: RowCounts = {
      ratings: yield* filled.ratings,
      watched: yield* filled.watched,
      changes: yield* filled.changes,
      readings: yield* filled.readings
    }
    yield* Effect.forEach(grown.indexes, (statement) => database.sql.unsafe(statement), { discard: true })
    yield* putDatasetRow(database, isNew, { ...layout, batches, committedAt, counts, idGaps })
    return Option.some(counts)
  })
