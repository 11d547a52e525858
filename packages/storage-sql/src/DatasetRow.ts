/**
 * The table with one row, about the whole dataset.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import { Keep, latestFormat, noRows, type RowCounts, rowTablesOf } from "@letterboxd-ratings/core"
import { DateTime, Effect, Record, Schema } from "effect"
import type { ParseError } from "effect/ParseResult"
import { datasetTable, type Layout } from "./DeclaredTables.ts"
import { nameIn, type SqlDatabase, UnreadableTables } from "./SqlDatabase.ts"
import { quoted, quotedAll } from "./TableShape.ts"

/**
 * What a dataset says of itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetRow extends Layout {
  readonly batches: number
  readonly counts: RowCounts
  readonly idGaps: number
  readonly committedAt: DateTime.Utc
}

/**
 * What a place holds: nothing, a dataset, or one of a format that this version does not know.
 *
 * @since 0.1.0
 * @category models
 */
export type DatasetThere =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Dataset"; readonly row: DatasetRow }
  | { readonly _tag: "NewerFormat"; readonly format: number }

/** A whole number as drivers give it, which may be larger than their numbers are. */
export const Count = Schema.Union(
  Schema.NonNegativeInt,
  Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative())
)

/** A row as a driver gives it. */
interface Values {
  readonly [column: string]: unknown
}

const decodeFormat = Schema.decodeUnknown(Schema.Struct({ format: Schema.Int }))

const Row = Schema.Struct({
  batches: Count,
  id_gaps: Count,
  committed_at: Schema.DateTimeUtc,
  keeps: Schema.Array(Keep),
  ...Record.map({ ...noRows }, () => Schema.optionalWith(Count, { default: () => 0 }))
})
const decodeRow = Schema.decodeUnknown(Row)

/** What cannot be decoded is not ours. */
export const unreadable = <A, R>(
  effect: Effect.Effect<A, SqlError | ParseError | UnreadableTables, R>
): Effect.Effect<A, SqlError | UnreadableTables, R> =>
  Effect.catchTag(effect, "ParseError", (error) => new UnreadableTables({ message: String(error) }))

/**
 * Reads the row about the dataset, from tables that are there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readDatasetRow = (database: SqlDatabase): Effect.Effect<DatasetThere, SqlError | UnreadableTables> =>
  Effect.gen(function* () {
    const { instant, texts } = database.dialect.types
    const [found] = yield* database.sql.unsafe<Values>(`select * from ${nameIn(database)(datasetTable)} limit 1`)
    if (found === undefined) return { _tag: "Nothing" } as const
    const { format } = yield* decodeFormat(found)
    // What else a row of a later format holds is not known.
    if (format > latestFormat) return { _tag: "NewerFormat", format } as const
    const row = yield* decodeRow({
      ...found,
      committed_at: instant.read === undefined ? found["committed_at"] : instant.read(found["committed_at"]),
      keeps: keepsOf(found["keeps"], texts.read)
    })
    const said: DatasetRow = {
      format,
      keeps: new Set(row.keeps),
      batches: row.batches,
      counts: Record.map({ ...noRows }, (_, name) => row[name]),
      idGaps: row.id_gaps,
      committedAt: row.committed_at
    }
    return { _tag: "Dataset", row: said } as const
  }).pipe(unreadable)

/** A dataset without the column keeps nothing. */
const keepsOf = (value: unknown, read: (value: unknown) => unknown = (it) => it): unknown =>
  value === undefined || value === null ? [] : read(value)

/**
 * Says that a dataset is at another batch from now on, if it is where it was; gives its format then, and none where it
 * is somewhere else. Comes before everything else in a transaction: of two writers, one waits here where the database
 * makes writers wait for rows, and then finds that it is late.
 */
export const claimDatasetRow = (
  database: SqlDatabase,
  before: number,
  after: number
): Effect.Effect<number | undefined, SqlError | UnreadableTables> => {
  const { parameter } = database.dialect
  return Effect.gen(function* () {
    const [claimed] = yield* database.sql.unsafe(
      `update ${nameIn(database)(datasetTable)} set batches = ${parameter(1)} where batches = ${parameter(2)} returning format`,
      [after, before]
    )
    return claimed === undefined ? undefined : (yield* decodeFormat(claimed)).format
  }).pipe(unreadable)
}

/** Writes the row, which is the first one of a new dataset. */
export const putDatasetRow = (
  database: SqlDatabase,
  isNew: boolean,
  { batches, committedAt, counts, format, idGaps, keeps }: DatasetRow
): Effect.Effect<unknown, SqlError> => {
  const { parameter } = database.dialect
  const table = nameIn(database)(datasetTable)
  const values: ReadonlyArray<readonly [column: string, value: unknown]> = [
    ["one", 1],
    ["format", format],
    ["batches", batches],
    ["id_gaps", idGaps],
    ["committed_at", DateTime.formatIso(committedAt)],
    ...(format === 1 ? [] : [["keeps", JSON.stringify([...keeps].toSorted())] as const]),
    ...rowTablesOf(keeps).map((name) => [name, counts[name]] as const)
  ]
  const columns = values.map(([column]) => column)
  return database.sql.unsafe(
    isNew
      ? `insert into ${table} (${quotedAll(columns)}) values (${columns.map((_, i) => parameter(i + 1)).join(", ")})`
      : `update ${table} set ${columns.map((column, i) => `${quoted(column)} = ${parameter(i + 1)}`).join(", ")}`,
    values.map(([, value]) => value)
  )
}
