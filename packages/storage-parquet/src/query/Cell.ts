/**
 * What a query gives, as values that JSON has.
 */
import {
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue
} from "@duckdb/node-api"

/**
 * A value of a result. A whole number that is not exact as a number, and everything that JSON has no value for, is a text.
 *
 * @since 0.1.0
 * @category models
 */
export type Cell = null | boolean | number | string | ReadonlyArray<Cell> | { readonly [name: string]: Cell }

const numbers: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL
])

/** Whether the values of a column are numbers. */
export const isNumeric = (type: DuckDBType): boolean => numbers.has(type.typeId)

/** The microseconds that a date of JavaScript can name. */
const largestMicros = 8_640_000_000_000_000_000n

const timeOf = (value: DuckDBTimestampValue): string =>
  value.micros % 1_000n === 0n && value.micros >= -largestMicros && value.micros <= largestMicros
    ? new Date(Number(value.micros / 1_000n)).toISOString()
    : value.toString()

const own = (entries: Iterable<readonly [string, Cell]>): Cell => Object.fromEntries(entries)

/** A value of a result as one of JSON. Times without a zone are in UTC here. */
export const cellOf = (value: DuckDBValue): Cell => {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (typeof value === "bigint") {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value.toString()
  }
  if (value instanceof DuckDBTimestampValue) return timeOf(value)
  if (value instanceof DuckDBDateValue) return value.toString()
  if (value instanceof DuckDBDecimalValue) {
    const exact = value.toString()
    return String(value.toDouble()) === exact.replace(/\.?0+$/u, "") ? value.toDouble() : exact
  }
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(cellOf)
  if (value instanceof DuckDBStructValue)
    return own(Object.entries(value.entries).map(([name, one]) => [name, cellOf(one)]))
  if (value instanceof DuckDBMapValue) {
    return own(
      value.entries.map(({ key, value: one }): readonly [string, Cell] => {
        const name = cellOf(key)
        return [typeof name === "string" ? name : JSON.stringify(name), cellOf(one)]
      })
    )
  }
  return value.toString()
}
