import { assert, describe, it } from "@effect/vitest"
import { allKeeps, formatOf, Keep, noKeeps, rowTables, stateTables } from "@letterboxd-ratings/core"
import {
  growth,
  type Layout,
  namesOfTables,
  postgresDialect,
  type SqlDatabase,
  sqliteDialect
} from "@letterboxd-ratings/storage-sql"
import { Effect } from "effect"
import * as fc from "fast-check"
import { inMemory } from "./InMemory.ts"

const layoutOf = (keeps: Iterable<Keep>): Layout => ({ format: formatOf(new Set(keeps)), keeps: new Set(keeps) })

const grow = (database: SqlDatabase, before: Layout | undefined, after: Layout) => {
  const { indexes, tables } = growth(database, before, after)
  return Effect.forEach([...tables, ...indexes], (statement) => database.sql.unsafe(statement), { discard: true })
}

/** Everything a database can tell of its columns, and the indexes and views there are. */
const schemaOf = ({ sql }: SqlDatabase) =>
  Effect.all([
    sql`select t.type as kind, t.name as "table", c.name, c.type, c."notnull", c.pk from sqlite_master t, pragma_table_info(t.name) c
      where t.type in ('table', 'view') order by 1, 2, 3`,
    sql`select type, name from sqlite_master where name not like 'sqlite_autoindex%' order by 1, 2`
  ])

describe("the tables of a dataset", () => {
  it.effect("come to be the same, whatever was kept first and whatever joined later", () =>
    Effect.gen(function* () {
      const paths = fc.sample(
        fc.array(fc.uniqueArray(fc.constantFrom(...Keep.literals), { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        { numRuns: 60, seed: 4 }
      )
      for (const path of paths) {
        const [grown, atOnce] = [inMemory(), inMemory()]
        let before: Layout | undefined
        for (const more of path) {
          const after: Layout = layoutOf([...(before?.keeps ?? []), ...more])
          const { sql } = grown
          yield* sql`begin`
          yield* grow(grown, before, after)
          if (before === undefined) {
            yield* sql`insert into films (film_id, position, slug) values (1, 1, 'one')`
            yield* sql`insert into members (user_id, username) values (1, 'one')`
            yield* sql`insert into updates (user_id, position, last_updated) values (1, 1, '')`
            yield* sql`insert into ratings (user_id, film_id, rating) values (1, 1, 5)`
          }
          yield* sql`commit`
          before = after
        }
        if (before === undefined) return assert.fail("no path")
        yield* grow(atOnce, undefined, before)
        assert.deepStrictEqual(yield* schemaOf(grown), yield* schemaOf(atOnce), JSON.stringify(path))
        const rows = yield* grown.sql`select username, film_title, rating from translated_ratings`
        assert.deepStrictEqual(rows, [{ username: "one", film_title: "one", rating: 5 }])
      }
    })
  )

  it("have every column of the declaration, and each table is known by its name", () => {
    for (const dialect of [sqliteDialect, postgresDialect]) {
      const after = layoutOf(allKeeps)
      const statements = growth({ dialect }, undefined, after).tables.join("\n")
      for (const { columns, name } of [...Object.values(rowTables), ...Object.values(stateTables)]) {
        assert.include(namesOfTables({ dialect }, after), name)
        for (const column of columns(allKeeps)) assert.include(statements, `"${column.name}" `)
      }
      assert.notInclude(namesOfTables({ dialect }, layoutOf(noKeeps)), "watched")
    }
  })

  it("stay as they are where nothing joins, but for the views", () => {
    const layout = layoutOf(["liked"])
    const { indexes, tables } = growth({ dialect: postgresDialect, schema: "s" }, layout, layout)
    assert.deepStrictEqual(indexes, [])
    for (const statement of tables) assert.match(statement, /^(?:create view|drop view if exists) "s"\./u)
  })
})
