/**
 * Statements for rows of any table. Rows come in as one JSON text: one statement, whatever their number.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import type { TableColumn } from "@letterboxd-ratings/core"
import { Chunk, Effect, Either, Schema } from "effect"
import { Count, unreadable } from "./DatasetRow.ts"
import { type HeldTable, position } from "./DeclaredTables.ts"
import { nameIn, type SqlDatabase, UnreadableTables } from "./SqlDatabase.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { quoted, quotedAll } from "./TableShape.ts"

/** The JSON text of a value of a column. Numbers, of which there are most, need no `JSON.stringify`. */
const cellText = <Row>({ types }: SqlDialect, { get, type }: TableColumn<Row>): ((row: Row) => string) => {
  const { write } = types[type]
  const isNumber = write === undefined && (type === "integer" || type === "stars")
  return (row) => {
    const value = get(row)
    if (value === undefined) return "null"
    return isNumber ? String(value) : (JSON.stringify(write === undefined ? value : write(value)) ?? "null")
  }
}

/** Rows as a JSON text of their values. */
const encoder = <Row>(dialect: SqlDialect, columns: ReadonlyArray<TableColumn<Row>>) => {
  const cells = columns.map((column) => cellText(dialect, column))
  return (rows: Iterable<Row>): string => {
    const texts: Array<string> = []
    for (const row of rows) {
      let text = ""
      for (const cell of cells) text += text === "" ? cell(row) : `,${cell(row)}`
      texts.push(text)
    }
    return texts.length === 0 ? "[]" : `[[${texts.join("],[")}]]`
  }
}

/** The values of columns, from the lists that `encoder` makes. */
const valuesListed = <Row>({ types }: SqlDialect, columns: ReadonlyArray<TableColumn<Row>>): ReadonlyArray<string> =>
  columns.map(({ type }, i) => types[type].fromText(`value ->> ${i}`))

const decodeCount = Schema.decodeUnknown(Schema.Tuple(Schema.Tuple(Count)))

/** The answer to a question for one number. */
export const numberOf = (
  database: SqlDatabase,
  statement: string,
  parameters: ReadonlyArray<unknown> = []
): Effect.Effect<number, SqlError | UnreadableTables> =>
  unreadable(
    Effect.map(
      Effect.flatMap(database.sql.unsafe(statement, parameters).values, (rows) => decodeCount(rows)),
      ([[n]]) => n
    )
  )

/** How rows are added to a table, behind those that are there. */
export const adding = <Row>(
  database: SqlDatabase,
  { columns, hasPosition, isLarge, name }: HeldTable<Row>
): Effect.Effect<(rows: Iterable<Row>) => Effect.Effect<void, SqlError>, SqlError | UnreadableTables> =>
  Effect.gen(function* () {
    const { dialect, sql } = database
    const table = nameIn(database)(name)
    const encoded = encoder(dialect, columns)
    const names = columns.map((column) => column.name)
    const values = valuesListed(dialect, columns)
    const isNumbered = hasPosition && !(isLarge && dialect.countsRows)
    let last = isNumbered ? yield* numberOf(database, `select coalesce(max(${quoted(position)}), 0) from ${table}`) : 0
    const statement = `insert into ${table} (${quotedAll(isNumbered ? [position, ...names] : names)})
      select ${[...(isNumbered ? [`cast(${dialect.parameter(2)} as ${dialect.count}) + n`] : []), ...values].join(", ")}
      from ${dialect.listed(dialect.parameter(1))}${isNumbered ? "" : " order by n"}`
    return (rows: Iterable<Row>) =>
      Effect.suspend(() => {
        const some = Array.from(rows)
        if (some.length === 0) return Effect.void
        const parameters = isNumbered ? [encoded(some), last] : [encoded(some)]
        last += some.length
        return Effect.asVoid(sql.unsafe(statement, parameters))
      })
  })

/** Adds rows that are all there. */
export const add = <Row>(
  database: SqlDatabase,
  table: HeldTable<Row>,
  rows: ReadonlyArray<Row>
): Effect.Effect<void, SqlError | UnreadableTables> =>
  rows.length === 0
    ? Effect.void
    : Effect.flatMap(adding(database, table), (put) =>
        Effect.forEach(Chunk.chunksOf(Chunk.unsafeFromArray(rows), database.dialect.rowsAtOnce), put, { discard: true })
      )

/** Gives rows that are there new values, told apart by their key. */
export const update = <Row>(
  database: SqlDatabase,
  { columns, key, name }: HeldTable<Row>,
  rows: ReadonlyArray<Row>
): Effect.Effect<void, SqlError> => {
  if (rows.length === 0) return Effect.void
  const { dialect, sql } = database
  const values = valuesListed(dialect, columns)
  const names = columns.map((column) => quoted(column.name))
  const changed = columns.flatMap((column) => (key.includes(column.name) ? [] : [quoted(column.name)]))
  return Effect.asVoid(
    sql.unsafe(
      `update ${nameIn(database)(name)} as held set ${changed.map((column) => `${column} = now.${column}`).join(", ")}
      from (select ${values.map((value, i) => `${value} as ${names[i] ?? ""}`).join(", ")}
        from ${dialect.listed(dialect.parameter(1))}) as now
      where ${key.map((column) => `held.${quoted(column)} = now.${quoted(column)}`).join(" and ")}`,
      [encoder(dialect, columns)(rows)]
    )
  )
}

/**
 * Gives rows with some values in a unique column values that no row has, until they are updated: rows may exchange their
 * values, and no database allows that in one step.
 */
export const vacate = (
  database: SqlDatabase,
  { key, name }: Pick<HeldTable<never>, "key" | "name">,
  column: string,
  values: ReadonlyArray<string>
): Effect.Effect<void, SqlError> => {
  if (values.length === 0) return Effect.void
  const { dialect, sql } = database
  return Effect.asVoid(
    sql.unsafe(
      `update ${nameIn(database)(name)} set ${quoted(column)} = '~' || ${key.map(quoted).join(" || '~' || ")}
      where ${quoted(column)} in (select value ->> 0 from ${dialect.listed(dialect.parameter(1))})`,
      [JSON.stringify(values.map((value) => [value]))]
    )
  )
}

/** Removes the rows that have one of some values in a column, and tells how many these were. */
export const remove = (
  database: SqlDatabase,
  name: string,
  column: Pick<TableColumn<never>, "name" | "type">,
  values: Iterable<unknown>
): Effect.Effect<number, SqlError | UnreadableTables> =>
  Effect.gen(function* () {
    const list = Array.from(values, (value) => [value])
    if (list.length === 0) return 0
    const { dialect, sql } = database
    const rows = `from ${nameIn(database)(name)} where ${quoted(column.name)} in
      (select ${dialect.types[column.type].fromText("value ->> 0")} from ${dialect.listed(dialect.parameter(1))})`
    const parameters = [JSON.stringify(list)]
    const removed = yield* numberOf(database, `select count(*) ${rows}`, parameters)
    if (removed > 0) yield* sql.unsafe(`delete ${rows}`, parameters)
    return removed
  })

/** Rows from what a statement gives for columns, and maybe more behind. */
export const decoding = <Row>(
  { dialect }: SqlDatabase,
  { columns, name, read }: HeldTable<Row>
): ((rows: ReadonlyArray<ReadonlyArray<unknown>>) => Effect.Effect<ReadonlyArray<Row>, UnreadableTables>) => {
  const readers = columns.map(({ type }) => dialect.types[type].read)
  const isAsItIs = readers.every((one) => one === undefined)
  return (rows) =>
    Effect.suspend(() => {
      const decoded: Array<Row> = []
      for (const row of rows) {
        const one = read(isAsItIs ? row : readers.map((reader, i) => (reader === undefined ? row[i] : reader(row[i]))))
        if (Either.isLeft(one)) return new UnreadableTables({ message: `${name}: ${one.left}` })
        decoded.push(one.right)
      }
      return Effect.succeed(decoded)
    })
}
