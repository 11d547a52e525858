/**
 * SQLite's SQL.
 *
 * @since 0.1.0
 */
import type { SqlDialect, SqlType } from "./SqlDialect.ts"
import { columnsAdded, createTable, keyConstraint, quotedAll } from "./TableShape.ts"

const asItIs = (text: string): string => text

const integer: SqlType = { name: "integer", fromText: asItIs }
const text: SqlType = { name: "text", fromText: asItIs }

/** Lists and counts are JSON texts. */
const json: SqlType = {
  ...text,
  write: JSON.stringify,
  read: (value) => {
    if (typeof value !== "string") return value
    try {
      return JSON.parse(value) as unknown
    } catch {
      return value
    }
  }
}

/**
 * SQLite, version 3.39 or later.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sqliteDialect: SqlDialect = {
  types: {
    integer,
    stars: {
      name: "real",
      fromText: asItIs,
      check: (column) => `${column} between 0.5 and 5 and ${column} * 2 = cast(${column} * 2 as integer)`
    },
    boolean: {
      ...integer,
      check: (column) => `${column} in (0, 1)`,
      read: (value) => (value === 0 ? false : value === 1 ? true : value)
    },
    text,
    instant: text,
    day: text,
    integers: json,
    texts: json,
    counts: json
  },
  count: "integer",
  parameter: (n) => `?${n}`,
  listed: (parameter) => `(select value, key + 1 as n from json_each(${parameter})) as listed`,
  rowsAtOnce: 32_768,
  keysOfRows: (key) => ({ position: "integer primary key", constraints: keyConstraint("unique", key) }),
  // A primary key of this type is the number of the row, which costs least where SQLite gives it.
  countsRows: true,
  // SQLite changes no constraint of a table. While it is made anew, rows of others name rows that are not there. Afterwards
  // a row that names none is refused at once again: a `commit` that fails would leave its statement open.
  remade: (before, after, table) => {
    const added = columnsAdded(before, after)
    const names = quotedAll(after.columns.filter((column) => !added.includes(column)).map(({ name }) => name))
    return [
      "pragma defer_foreign_keys = on",
      `create temp table rows_to_keep as select ${names} from ${table(after.name)}`,
      `drop table ${table(after.name)}`,
      createTable(after, table),
      `insert into ${table(after.name)} (${names}) select ${names} from temp.rows_to_keep`,
      "drop table temp.rows_to_keep",
      "pragma defer_foreign_keys = off"
    ]
  }
}
