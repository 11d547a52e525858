/**
 * A column of a table: what it is called, what stands in it, and in which datasets it is.
 *
 * @since 0.1.0
 */
import { DateTime, Option, Schema } from "effect"

/**
 * What a dataset can hold besides members, films and the stars of ratings. A dataset remembers what it keeps.
 *
 * - `rated_on`: the day a film was rated on, where the source tells it.
 * - `liked`: whether the member likes the film.
 * - `watched`: the films that a member saw and did not rate.
 * - `film_numbers`: the numbers of films at TMDB and IMDb.
 * - `provenance`: where a member's list comes from, and what proves it.
 * - `changes`: what later readings changed.
 *
 * @since 0.1.0
 * @category models
 */
export const Keep = Schema.Literal("rated_on", "liked", "watched", "film_numbers", "provenance", "changes")

/**
 * @since 0.1.0
 * @category models
 */
export type Keep = typeof Keep.Type

/**
 * What a dataset keeps, in no order.
 *
 * @since 0.1.0
 * @category models
 */
export type Keeps = ReadonlySet<Keep>

/**
 * What a dataset keeps where nothing is said.
 *
 * @since 0.1.0
 * @category models
 */
export const noKeeps: Keeps = new Set()

/**
 * All that a dataset can keep.
 *
 * @since 0.1.0
 * @category models
 */
export const allKeeps: Keeps = new Set(Keep.literals)

/**
 * How values are stored, whatever stores them. All of these are JSON:
 *
 * - `integer`: a whole number of 32 bits.
 * - `stars`: 0.5 to 5 in halves.
 * - `boolean`, `text`.
 * - `instant`: a time as ISO 8601 in UTC, to the millisecond.
 * - `day`: `YYYY-MM-DD`.
 * - `integers`, `texts`: lists.
 * - `counts`: whole numbers by name.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredValues {
  readonly integer: number
  readonly stars: number
  readonly boolean: boolean
  readonly text: string
  readonly instant: string
  readonly day: string
  readonly integers: ReadonlyArray<number>
  readonly texts: ReadonlyArray<string>
  readonly counts: { readonly [name: string]: number }
}

/**
 * @since 0.1.0
 * @category models
 */
export type StoredType = keyof StoredValues

/**
 * The stored form of a row's values, by their type. `undefined` is a value that the row does not have.
 *
 * @since 0.1.0
 * @category models
 */
export type Cell<Row> = {
  readonly [T in StoredType]: { readonly type: T; readonly get: (row: Row) => StoredValues[T] | undefined }
}[StoredType]

/**
 * The cells of another row, in which the row of a cell can be found: `undefined` where it is not there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const cellThrough = <Row, Other>(cell: Cell<Row>, find: (other: Other) => Row | undefined): Cell<Other> => {
  const get = (other: Other) => {
    const row = find(other)
    return row === undefined ? undefined : cell.get(row)
  }
  // The type and what `get` gives still belong together, which the compiler loses sight of.
  return { ...cell, get } as Cell<Other>
}

/**
 * The values of a column: their schema, their stored form, and how they are decoded from it. `decoder` makes a
 * function for many rows, which gives `undefined` where the stored form is not one of this column.
 *
 * @since 0.1.0
 * @category models
 */
export interface ColumnValues<A, I> {
  readonly schema: Schema.Schema<A, I>
  readonly cell: <Row>(value: (row: Row) => A | undefined) => Cell<Row>
  readonly decoder: () => (stored: unknown) => A | undefined
}

type Decode<A> = (stored: unknown) => A | undefined

/** Asking a schema costs tens of times as much as remembering: so many values of a column are remembered. */
const mostRemembered = 131_072

const remembering = <A>(decode: Decode<A>): Decode<A> => {
  const known = new Map<unknown, A>()
  return (stored) => {
    const before = known.get(stored)
    if (before !== undefined) return before
    const decoded = decode(stored)
    if (decoded !== undefined && typeof stored !== "object" && known.size < mostRemembered) known.set(stored, decoded)
    return decoded
  }
}

/** Values whose stored form is what they are. */
const asTheyAre = <A, I>(schema: Schema.Schema<A, I>): (() => Decode<A>) => {
  const is = Schema.is(schema)
  return () => remembering((stored) => (is(stored) ? stored : undefined))
}

/** Numbers from `least` to `most` in steps. There are millions of them to decode, and no schema is asked. */
const steps =
  (least: number, most: number, step: number) =>
  <A extends number>(): Decode<A> => {
    const is = (stored: unknown): stored is A =>
      typeof stored === "number" && stored >= least && stored <= most && stored % step === 0
    return (stored) => (is(stored) ? stored : undefined)
  }
const ids = steps(1, 2_147_483_647, 1)
const halfStars = steps(0.5, 5, 0.5)

/**
 * How a column's values are stored: a constructor for each stored type.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stored = {
  /** Whole numbers from 1 to 2147483647, and the schema takes all of these. */
  id: <A extends number, I extends number>(schema: Schema.Schema<A, I>): ColumnValues<A, I> => ({
    schema,
    cell: (get) => ({ type: "integer", get }),
    decoder: ids
  }),
  integer: <A extends number, I extends number>(schema: Schema.Schema<A, I>): ColumnValues<A, I> => ({
    schema,
    cell: (get) => ({ type: "integer", get }),
    decoder: asTheyAre(schema)
  }),
  stars: <A extends number, I extends number>(schema: Schema.Schema<A, I>): ColumnValues<A, I> => ({
    schema,
    cell: (get) => ({ type: "stars", get }),
    decoder: halfStars
  }),
  boolean: (): ColumnValues<boolean, boolean> => ({
    schema: Schema.Boolean,
    cell: (get) => ({ type: "boolean", get }),
    decoder: asTheyAre(Schema.Boolean)
  }),
  text: <A extends string, I extends string>(schema: Schema.Schema<A, I>): ColumnValues<A, I> => ({
    schema,
    cell: (get) => ({ type: "text", get }),
    decoder: asTheyAre(schema)
  }),
  day: <A extends string, I extends string>(schema: Schema.Schema<A, I>): ColumnValues<A, I> => ({
    schema,
    cell: (get) => ({ type: "day", get }),
    decoder: asTheyAre(schema)
  }),
  instant: (): ColumnValues<DateTime.Utc, string> => ({
    schema: Schema.DateTimeUtc,
    cell: (value) => ({
      type: "instant",
      get: (row) => {
        const at = value(row)
        return at === undefined ? undefined : DateTime.formatIso(at)
      }
    }),
    decoder: () => {
      const decode = Schema.decodeUnknownOption(Schema.DateTimeUtc)
      return remembering((stored) => Option.getOrUndefined(decode(stored)))
    }
  }),
  integers: <A extends number, I extends number>(
    schema: Schema.Schema<A, I>
  ): ColumnValues<ReadonlyArray<A>, ReadonlyArray<I>> => ({
    schema: Schema.Array(schema),
    cell: (get) => ({ type: "integers", get }),
    decoder: asTheyAre(Schema.Array(schema))
  }),
  texts: <A extends string, I extends string>(
    schema: Schema.Schema<A, I>
  ): ColumnValues<ReadonlyArray<A>, ReadonlyArray<I>> => ({
    schema: Schema.Array(schema),
    cell: (get) => ({ type: "texts", get }),
    decoder: asTheyAre(Schema.Array(schema))
  }),
  counts: (): ColumnValues<StoredValues["counts"], StoredValues["counts"]> => {
    const schema = Schema.Record({ key: Schema.String, value: Schema.NonNegativeInt })
    return { schema, cell: (get) => ({ type: "counts", get }), decoder: asTheyAre(schema) }
  }
}

/**
 * In which datasets a column is: in those of the format `since` and later ones, and with `keep` only in those that keep
 * it. A row of a dataset without the column has no value for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ColumnOrigin {
  readonly since: number
  readonly keep?: Keep
}

/**
 * A column as a table declares it. `field` is its part of the schema of a row. `nullableSince` is the format since
 * which rows may lack a value, where that is not the one the column came with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Column<A, Field extends Schema.Struct.Field> extends ColumnOrigin {
  readonly name: string
  readonly isOptional: boolean
  readonly nullableSince?: number
  readonly field: Field
  readonly values: Pick<ColumnValues<A, never>, "cell" | "decoder">
}

/**
 * A column that every row has a value for. It is there since format 1.
 *
 * @since 0.1.0
 * @category constructors
 */
export const required = <A, I>(
  name: string,
  { cell, decoder, schema }: ColumnValues<A, I>
): Column<A, Schema.Schema<A, I>> => ({
  name,
  since: 1,
  isOptional: false,
  field: schema,
  values: { cell, decoder }
})

/**
 * A column whose value may be unknown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const optional = <A, I>(
  name: string,
  { cell, decoder, schema }: ColumnValues<A, I>,
  origin: Partial<ColumnOrigin> & { readonly nullableSince?: number } = {}
): Column<A, Schema.optionalWith<Schema.Schema<A, I>, { exact: true }>> => ({
  name,
  since: 1,
  ...origin,
  isOptional: true,
  field: Schema.optionalWith(schema, { exact: true }),
  values: { cell, decoder }
})
