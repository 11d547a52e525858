/**
 * How the columns that core declares stand in Parquet files.
 */
import {
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  MAP,
  mapValue,
  TIMESTAMPTZ,
  VARCHAR
} from "@duckdb/node-api"
import type { Cell, StoredType } from "@letterboxd-ratings/core"
import type { Column } from "./DuckDb.ts"

/** A column of a file, and how a row's value gets into it. */
export interface RowColumn<Row> extends Column {
  readonly value: (row: Row) => DuckDBValue
}

const types: { readonly [T in StoredType]: DuckDBType } = {
  integer: INTEGER,
  stars: DOUBLE,
  boolean: BOOLEAN,
  text: VARCHAR,
  instant: TIMESTAMPTZ,
  day: DATE,
  integers: LIST(INTEGER),
  texts: LIST(VARCHAR),
  counts: MAP(VARCHAR, INTEGER)
}

const millisOfADay = 86_400_000

/** A value as DuckDB takes it; `null` where the row has none. */
const valueOf = <Row>(cell: Cell<Row>): ((row: Row) => DuckDBValue) => {
  const known =
    <V>(get: (row: Row) => V | undefined, convert: (value: V) => DuckDBValue) =>
    (row: Row) => {
      const value = get(row)
      return value === undefined ? null : convert(value)
    }
  switch (cell.type) {
    case "integer":
    case "stars":
    case "boolean":
    case "text": {
      const { get } = cell
      return (row) => get(row) ?? null
    }
    case "instant":
      return known(cell.get, (at) => new DuckDBTimestampTZValue(BigInt(Date.parse(at)) * 1_000n))
    case "day":
      return known(cell.get, (day) => new DuckDBDateValue(Date.parse(day) / millisOfADay))
    case "integers":
    case "texts":
      return known<ReadonlyArray<DuckDBValue>>(cell.get, listValue)
    case "counts":
      return known(cell.get, (counts) => mapValue(Object.entries(counts).map(([key, value]) => ({ key, value }))))
  }
}

/** A column as it stands in a file. */
export const rowColumn = <Row>(column: Cell<Row> & { readonly name: string }): RowColumn<Row> => ({
  name: column.name,
  type: types[column.type],
  value: valueOf(column)
})

const isoOf = (millis: number): string => new Date(millis).toISOString()

/** The stored form of what DuckDB gives, where it is another one. What is of another type is left as it is. */
const storedForms: { readonly [T in StoredType]?: (value: DuckDBValue) => unknown } = {
  instant: (value) => (value instanceof DuckDBTimestampTZValue ? isoOf(Number(value.micros / 1_000n)) : value),
  day: (value) => (value instanceof DuckDBDateValue ? isoOf(value.days * millisOfADay).slice(0, 10) : value),
  integers: (value) => (value instanceof DuckDBListValue ? value.items : value),
  texts: (value) => (value instanceof DuckDBListValue ? value.items : value),
  counts: (value) =>
    value instanceof DuckDBMapValue ? Object.fromEntries(value.entries.map((entry) => [entry.key, entry.value])) : value
}

/** How values of a type are read; none where they are what they are. */
export const storedForm = (type: StoredType): ((value: DuckDBValue) => unknown) | undefined => storedForms[type]
