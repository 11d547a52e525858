import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { allKeeps, RatingsStorage } from "@letterboxd-ratings/core"
import { growth, sqliteDialect } from "@letterboxd-ratings/storage-sql"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { batchOf, commitKept, formatOneSuite, formatOneTables } from "@letterboxd-ratings/storage-testkit"
import { Effect, Layer, Schema, Stream } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"
import { openSqlite, type Sql } from "../src/SqliteConnection.ts"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sqlite-format-one-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const fileOf = (place: string) => path.join(folder, place, "ratings.sqlite")

const layerAt = (place: string) =>
  SqliteStorage.layer({ folder: path.join(folder, place) }).pipe(Layer.provide(NodeContext.layer))

const asking = <A, E, R>(file: string, ask: (sql: Sql) => Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.flatMap(openSqlite(file), ask))

/** The statements by which the versions of format 1 made their tables, word for word. */
const tablesOfThen = [
  `create table dataset (
    one integer primary key check (one = 1),
    format integer not null,
    batches integer not null,
    ratings integer not null,
    id_gaps integer not null,
    committed_at text not null
  )`,
  `create table members (
    user_id integer primary key,
    username text not null unique,
    state text check (state in ('sealed', 'partial', 'gone', 'private', 'renamed')),
    read_at text,
    last_page integer,
    films integer,
    stated_films integer,
    ratings integer,
    renamed_to text,
    missing_pages text,
    doubts text,
    verdicts text,
    seen_films text
  )`,
  `create table films (
    film_id integer primary key,
    position integer not null unique,
    slug text not null,
    title text,
    year integer
  )`,
  `create table ratings (
    position integer primary key,
    user_id integer not null references members,
    film_id integer not null references films,
    rating real not null check (rating between 0.5 and 5 and rating * 2 = cast(rating * 2 as integer)),
    unique (user_id, film_id)
  )`,
  `create table updates (
    user_id integer primary key references members,
    position integer not null unique,
    last_updated text not null
  )`,
  `create view film_labels as
    select film_id, slug as film_slug,
      case when title is null then slug when year is null then title else title || ' (' || year || ')' end as film_title
    from films`,
  `create view translated_ratings as
    select username, film_title, rating
    from ratings join members using (user_id) join film_labels using (film_id)
    order by ratings.position`,
  `create view user_updates as
    select username, last_updated from updates join members using (user_id) order by updates.position`,
  `create index ratings_by_film on ratings (film_id)`
]

type Row = (typeof formatOneTables)["films"][number]

const insertAll = (sql: Sql, table: string, rows: ReadonlyArray<Row>, isInPosition: boolean) =>
  Effect.forEach(
    rows.map((row, i) => (isInPosition ? { position: i + 1, ...row } : row)),
    (row) => {
      const values = Object.values(row).map((value) =>
        typeof value === "object" && value !== null ? JSON.stringify(value) : value
      )
      return sql.unsafe(
        `insert into ${table} (${Object.keys(row).join(", ")}) values (${values.map(() => "?").join(", ")})`,
        values
      )
    }
  )

const writeThen = (place: string) => {
  fs.mkdirSync(path.dirname(fileOf(place)))
  return asking(fileOf(place), (sql) =>
    Effect.gen(function* () {
      yield* sql`begin`
      yield* sql`pragma application_id = 1279414852`
      for (const statement of tablesOfThen) yield* sql.unsafe(statement)
      const { dataset, films, members, ratings, updates } = formatOneTables
      yield* insertAll(sql, "members", members, false)
      yield* insertAll(sql, "films", films, true)
      yield* insertAll(sql, "ratings", ratings, true)
      yield* insertAll(sql, "updates", updates, true)
      yield* sql`insert into dataset (one, format, batches, ratings, id_gaps, committed_at)
        values (1, 1, ${dataset.batches}, ${dataset.ratings}, ${dataset.idGaps}, ${dataset.committedAt})`
      yield* sql`commit`
      yield* sql`pragma journal_mode = wal`
    })
  )
}

const decodeColumns = Schema.decodeUnknown(
  Schema.Array(
    Schema.Struct({
      table: Schema.String,
      name: Schema.String,
      type: Schema.String,
      notnull: Schema.Int,
      pk: Schema.Int
    })
  )
)

/** The columns of all tables and views, in the order of their names. */
const columnsIn = (file: string) =>
  asking(file, (sql) =>
    Effect.flatMap(
      sql`select t.name as "table", c.name, c.type, c."notnull", c.pk from sqlite_master t, pragma_table_info(t.name) c
        where t.type in ('table', 'view') order by 1, 2`,
      decodeColumns
    )
  )

const formatOf = (place: string) =>
  asking(fileOf(place), (sql) =>
    Effect.map(
      Effect.flatMap(
        sql`select format from dataset`,
        Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ format: Schema.Int })))
      ),
      ([{ format }]) => format
    )
  )

formatOneSuite("SqliteStorage", layerAt, { write: writeThen, format: formatOf })

const committed = (place: string, until: number) =>
  Effect.flatMap(RatingsStorage, (storage) =>
    Effect.scoped(
      Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) => commitKept(dataset, 0, until))
    )
  ).pipe(Effect.provide(layerAt(place)))

describe("SqliteStorage and the tables of its formats", () => {
  it.live("is as it was where the batch that asks for more cannot be written", () =>
    Effect.gen(function* () {
      yield* writeThen("failed")
      const [columns, storage] = [yield* columnsIn(fileOf("failed")), yield* RatingsStorage]
      yield* Effect.scoped(
        Effect.gen(function* () {
          const dataset = yield* storage.open({ _tag: "continue" })
          // A rating of a film that is in no table.
          const batch = batchOf(dataset.state, 1, [{ name: "new", ratings: [[999, 1]] }], [])
          yield* Effect.flip(dataset.commit({ ...batch, keeps: allKeeps }))
          assert.deepStrictEqual(yield* columnsIn(fileOf("failed")), columns)
          assert.strictEqual(yield* formatOf("failed"), 1)
          const next = batchOf(dataset.state, 1, [{ name: "new", ratings: [[10, 1]] }], [])
          yield* dataset.commit({ ...next, keeps: ["liked"] })
          assert.deepStrictEqual((yield* Stream.runCollect(dataset.ratings)).length, 5)
        })
      )
      assert.strictEqual(yield* formatOf("failed"), 2)
      assert.deepStrictEqual((yield* storage.verify({ repair: false })).problems, [])
    }).pipe(Effect.provide(layerAt("failed")))
  )

  it.live("writes a dataset that keeps nothing with the tables, columns and types of format 1", () =>
    Effect.gen(function* () {
      yield* writeThen("then")
      yield* committed("now", 1)
      assert.strictEqual(yield* formatOf("now"), 1)
      assert.deepStrictEqual(yield* columnsIn(fileOf("now")), yield* columnsIn(fileOf("then")))
    })
  )

  it.live("has the same tables whether a dataset kept everything at once or little by little", () =>
    Effect.gen(function* () {
      yield* committed("grown", 3)
      const atOnce = path.join(folder, "at-once.sqlite")
      const { indexes, tables } = growth({ dialect: sqliteDialect }, undefined, { format: 2, keeps: allKeeps })
      yield* asking(atOnce, (sql) => Effect.forEach([...tables, ...indexes], (statement) => sql.unsafe(statement)))
      assert.deepStrictEqual(yield* columnsIn(fileOf("grown")), yield* columnsIn(atOnce))
      const refused = yield* Effect.flip(
        asking(fileOf("grown"), (sql) => sql`insert into ratings (user_id, film_id, rating) values (1, 999, 5)`)
      )
      assert.include(JSON.stringify(refused.cause), "FOREIGN")
      const labels = yield* asking(
        fileOf("grown"),
        (sql) => sql`select username, film_title, rating, rated_on, liked from translated_ratings`
      )
      assert.deepStrictEqual(labels.at(-1), {
        username: "whole",
        film_title: "Four, whose slug is unknown (2004)",
        rating: 2,
        rated_on: "1999-12-31",
        liked: null
      })
    })
  )

  it.live("says what is wrong with values that a table without its constraints would take", () =>
    Effect.gen(function* () {
      yield* committed("damaged", 3)
      yield* asking(fileOf("damaged"), (sql) =>
        Effect.gen(function* () {
          yield* sql`pragma ignore_check_constraints = on`
          yield* sql`pragma foreign_keys = off`
          yield* sql`update ratings set rating = 0.7, liked = 5 where position = 2`
          yield* sql`update watched set film_id = 77 where position = 1`
          yield* sql`insert into updates (user_id, position, last_updated) values (66, 9, '2026-01-01T00:00:00.000Z')`
        })
      )
      const storage = yield* RatingsStorage
      const { problems } = yield* storage.verify({ repair: false })
      for (const problem of [
        "row 2 of ratings: rating cannot be 0.7",
        "row 2 of ratings: liked cannot be 5",
        "row 1 of watched: unknown film 77",
        "a row of updates names a row of members that is not there"
      ]) {
        assert.include(problems, problem)
      }
      const refused = yield* Effect.flip(Effect.scoped(storage.open({ _tag: "continue" })))
      assert.strictEqual(refused.reason, "Damaged")
      assert.include(refused.message, "unknown user 66")
    }).pipe(Effect.provide(layerAt("damaged")))
  )
})
