/**
 * A table: its columns in their order, the schema of its rows, and how rows become stored values and come back.
 *
 * @since 0.1.0
 */
import { Either, Record, Schema, Struct } from "effect"
import { allKeeps, type Cell, type Column, type ColumnOrigin, type Keeps } from "./Column.ts"

/**
 * A column as those who write and read rows see it. `property` is its name in a row, `name` its name outside.
 *
 * @since 0.1.0
 * @category models
 */
export type TableColumn<Row> = ColumnOrigin &
  Cell<Row> & {
    readonly name: string
    readonly property: string
    readonly isOptional: boolean
    readonly nullableSince?: number
  }

/**
 * Makes a row out of the stored values of some columns, in their order; `null` and `undefined` are unknown values.
 * What it fails with names the column whose value is none, and shows the value.
 *
 * @since 0.1.0
 * @category models
 */
export type RowReader<Row> = (values: ReadonlyArray<unknown>) => Either.Either<Row, string>

/**
 * A table. `key` names the columns that tell rows apart; none of a table in which rows may be alike.
 *
 * - `columns` gives the columns of a dataset that keeps `keeps`, in order.
 * - `reader` reads rows that have these columns. Costs a fraction of what decoding with `row` does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Table<Row> {
  readonly name: string
  readonly key: ReadonlyArray<string>
  readonly keep?: ColumnOrigin["keep"]
  readonly columns: (keeps: Keeps) => ReadonlyArray<TableColumn<Row>>
  readonly reader: (columns: ReadonlyArray<TableColumn<Row>>) => RowReader<Row>
}

/** The columns of a table by the properties of its rows, for their schema. */
interface Columns {
  readonly [property: string]: { readonly field: Schema.Struct.Field }
}

/**
 * The fields of the schema of a table's rows.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields<C extends Columns> = { readonly [K in keyof C]: C[K]["field"] }

/**
 * The schema of a table's rows, as a struct of its columns.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowSchema = <C extends Columns>(columns: C): Schema.Struct<Fields<C>> =>
  // Mapping over the properties of an object loses which property has which type.
  Schema.Struct(Record.map(columns as Columns, ({ field }) => field) as Fields<C>)

/** What the compiler asks of the columns of a table: each property of a row has one, and its values are of its type. */
export type ColumnsOf<Row> = {
  readonly [K in keyof Row]-?: Column<Exclude<Row[K], undefined>, Schema.Struct.Field>
}

/** A value in an error. */
export const shown = (value: unknown): string =>
  (typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(JSON.stringify(value) ?? value)).slice(0, 80)

/**
 * @since 0.1.0
 * @category constructors
 */
export const makeTable = <Row extends object>(
  name: string,
  columns: ColumnsOf<Row>,
  { keep, key = [] }: { readonly key?: ReadonlyArray<keyof Row & string>; readonly keep?: ColumnOrigin["keep"] } = {}
): Table<Row> => {
  const one = <K extends keyof Row & string>(property: K): TableColumn<Row> => {
    const { isOptional, keep, name: outside, nullableSince, since, values } = columns[property]
    return {
      name: outside,
      property,
      since,
      isOptional,
      ...(keep === undefined ? {} : { keep }),
      ...(nullableSince === undefined ? {} : { nullableSince }),
      ...values.cell((row: Row) => row[property] as Exclude<Row[K], undefined> | undefined)
    }
  }
  const all = Struct.keys(columns).map(one)
  return {
    name,
    key: key.map((property) => columns[property].name),
    ...(keep === undefined ? {} : { keep }),
    columns: (keeps) => all.filter((column) => column.keep === undefined || keeps.has(column.keep)),
    reader: (read) => {
      const parts = read.map(({ property }) => {
        const { isOptional, name: column, values } = columns[property as keyof Row]
        return { property, column, isOptional, decode: values.decoder() }
      })
      // Rows that begin as copies of one are made faster than rows to which property by property is added.
      const blank: { [property: string]: unknown } = {}
      for (const { isOptional, property } of parts) if (!isOptional) blank[property] = undefined
      return (values) => {
        const row = { ...blank }
        for (let i = 0; i < parts.length; i++) {
          const part = parts[i]
          if (part === undefined) break
          const value = values[i]
          if (value === null || value === undefined) {
            if (part.isOptional) continue
            return Either.left(`${part.column} is missing`)
          }
          const decoded = part.decode(value)
          if (decoded === undefined) return Either.left(`${part.column} cannot be ${shown(value)}`)
          row[part.property] = decoded
        }
        // Each property was decoded by its column, and the columns are those of the row.
        return Either.right(row as Row)
      }
    }
  }
}

/**
 * Rows without what a dataset does not keep.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutUnkept = <Row extends object>(table: Table<Row>, keeps: Keeps): ((row: Row) => Row) => {
  const kept = new Set(table.columns(keeps).map(({ property }) => property))
  const dropped = table.columns(allKeeps).filter(({ property }) => !kept.has(property))
  return (row) => {
    if (dropped.every(({ get }) => get(row) === undefined)) return row
    const left: Partial<Row> = {}
    for (const property in row) if (kept.has(property)) left[property] = row[property]
    // Optional columns only are not kept, so what is left is a row.
    return left as Row
  }
}
