/**
 * PostgreSQL's SQL.
 *
 * @since 0.1.0
 */
import type { SqlDialect, SqlType } from "./SqlDialect.ts"
import { columnsAdded, keyConstraint, quoted } from "./TableShape.ts"

const typed = (name: string, more: Partial<SqlType> = {}): SqlType => ({
  name,
  fromText: (text) => `(${text})::${name}`,
  ...more
})

/** PostgreSQL keeps no NUL in its texts. */
const withoutNul = (value: unknown): unknown => (typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value)

const writeJson = (value: unknown): string => JSON.stringify(value).replaceAll(String.raw`\u0000`, String.raw`\ufffd`)

/**
 * PostgreSQL, version 14 or later, through a driver that gives times as `Date` and JSON as what it is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const postgresDialect: SqlDialect = {
  types: {
    integer: typed("integer"),
    stars: typed("real", {
      check: (column) => `${column} between 0.5 and 5 and mod((${column} * 2)::numeric, 1) = 0`
    }),
    boolean: typed("boolean"),
    text: { name: "text", fromText: (text) => text, write: withoutNul },
    instant: typed("timestamptz", { read: (value) => (value instanceof Date ? value.toISOString() : value) }),
    // The driver would give a day as midnight where this process is, and not everywhere is there one.
    day: typed("date", { selected: (column) => `to_char(${column}, 'YYYY-MM-DD')` }),
    integers: typed("jsonb", { write: writeJson }),
    texts: typed("jsonb", { write: writeJson }),
    // The names stay in their order.
    counts: typed("json", { write: writeJson })
  },
  count: "bigint",
  parameter: (n) => `$${n}`,
  listed: (parameter) => `json_array_elements(cast(${parameter} as json)) with ordinality as listed (value, n)`,
  rowsAtOnce: 4_096,
  keysOfRows: (key) => ({
    position: key.length === 0 ? "bigint primary key" : "bigint not null unique",
    constraints: keyConstraint("primary key", key)
  }),
  countsRows: false,
  remade: (before, after, table) => {
    const added = columnsAdded(before, after)
    const held = after.columns.filter((column) => !added.includes(column))
    return [
      `alter table ${table(after.name)} ${[
        // The name that the server gives to the condition of a column.
        ...held.map(({ name }) => `drop constraint if exists ${quoted(`${after.name}_${name}_check`)}`),
        ...held.filter(({ isNullable }) => isNullable).map(({ name }) => `alter column ${quoted(name)} drop not null`),
        ...added.map(({ definition, name }) => `add column ${quoted(name)} ${definition}`)
      ].join(", ")}`
    ]
  }
}
