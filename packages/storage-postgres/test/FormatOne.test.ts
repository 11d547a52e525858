import { PgClient } from "@effect/sql-pg"
import { Reactivity } from "@effect/experimental"
import { assert, describe, it } from "@effect/vitest"
import { allKeeps, RatingsStorage } from "@letterboxd-ratings/core"
import { growth, postgresDialect } from "@letterboxd-ratings/storage-sql"
import { PostgresStorage } from "@letterboxd-ratings/storage-postgres"
import { batchOf, commitKept, formatOneSuite, formatOneTables } from "@letterboxd-ratings/storage-testkit"
import { DateTime, Effect, Either, Redacted, Schema, Stream } from "effect"
import { afterAll } from "vitest"

/** Where a server is said to be, it must be there; elsewhere the usual place is tried. */
const said = process.env["TEST_POSTGRES_URL"]
const url = Redacted.make(said ?? "postgres://postgres@127.0.0.1:5432/test")
const run = `lb_format_${process.pid}_`

const asked = <A, E>(ask: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.flatMap(PgClient.make({ url, connectTimeout: 5_000 }), ask).pipe(
    Effect.provide(Reactivity.layer),
    Effect.scoped
  )

const answer = await Effect.runPromise(Effect.either(asked((sql) => sql`select 1`)))

/** The statements by which the versions of format 1 made their tables, word for word but for the schema's name. */
const tablesOfThen = (schema: string) => [
  `create schema ${schema}`,
  `create table ${schema}.dataset (
    one integer primary key check (one = 1),
    format integer not null,
    batches integer not null,
    ratings bigint not null,
    id_gaps integer not null,
    committed_at timestamptz not null
  )`,
  `create table ${schema}.members (
    user_id integer primary key,
    username text not null unique,
    state text check (state in ('sealed', 'partial', 'gone', 'private', 'renamed')),
    read_at timestamptz,
    last_page integer,
    films integer,
    stated_films integer,
    ratings integer,
    renamed_to text,
    missing_pages jsonb,
    doubts jsonb,
    verdicts json,
    seen_films jsonb
  )`,
  `create table ${schema}.films (
    film_id integer primary key,
    position integer not null unique,
    slug text not null,
    title text,
    year integer
  )`,
  `create table ${schema}.ratings (
    position bigint not null unique,
    user_id integer not null references ${schema}.members,
    film_id integer not null references ${schema}.films,
    rating real not null check (rating between 0.5 and 5 and mod((rating * 2)::numeric, 1) = 0),
    primary key (user_id, film_id)
  )`,
  `create index ratings_by_film on ${schema}.ratings (film_id)`,
  `create table ${schema}.updates (
    user_id integer primary key references ${schema}.members,
    position integer not null unique,
    last_updated timestamptz not null
  )`,
  `create view ${schema}.film_labels as
    select film_id, slug as film_slug,
      case when title is null then slug when year is null then title else title || ' (' || year || ')' end as film_title
    from ${schema}.films`,
  `create view ${schema}.translated_ratings as
    select username, film_title, rating
    from ${schema}.ratings r join ${schema}.members using (user_id) join ${schema}.film_labels using (film_id)
    order by r.position`,
  `create view ${schema}.user_updates as
    select username, last_updated from ${schema}.updates u join ${schema}.members using (user_id) order by u.position`
]

type Row = (typeof formatOneTables)["films"][number]

const insertAll = (sql: PgClient.PgClient, table: string, rows: ReadonlyArray<Row>, isInPosition: boolean) =>
  Effect.forEach(
    rows.map((row, i) => (isInPosition ? { position: i + 1, ...row } : row)),
    (row) => {
      const values = Object.values(row).map((value) =>
        typeof value === "object" && value !== null ? JSON.stringify(value) : value
      )
      return sql.unsafe(
        `insert into ${table} (${Object.keys(row).join(", ")}) values (${values.map((_, i) => `$${i + 1}`).join(", ")})`,
        values
      )
    }
  )

const schemaOf = (place: string) => `${run}${place.replaceAll("-", "_")}`
const layerAt = (place: string) => PostgresStorage.layer({ url, schema: schemaOf(place) })

const writeThen = (place: string) =>
  asked((sql) =>
    Effect.gen(function* () {
      const schema = schemaOf(place)
      for (const statement of tablesOfThen(schema)) yield* sql.unsafe(statement)
      const { dataset, films, members, ratings, updates } = formatOneTables
      yield* insertAll(sql, `${schema}.members`, members, false)
      yield* insertAll(sql, `${schema}.films`, films, true)
      yield* insertAll(sql, `${schema}.ratings`, ratings, true)
      yield* insertAll(sql, `${schema}.updates`, updates, true)
      yield* sql`insert into ${sql(`${schema}.dataset`)} (one, format, batches, ratings, id_gaps, committed_at)
        values (1, 1, ${dataset.batches}, ${dataset.ratings}, ${dataset.idGaps}, ${dataset.committedAt})`
    })
  )

const decodeColumns = Schema.decodeUnknown(
  Schema.Array(
    Schema.Struct({ table: Schema.String, name: Schema.String, type: Schema.String, nullable: Schema.String })
  )
)

/** The columns of all tables and views, in the order of their names. */
const columnsIn = (schema: string) =>
  asked((sql) =>
    Effect.flatMap(
      sql`select table_name as "table", column_name as name, data_type as type, is_nullable as nullable
        from information_schema.columns where table_schema = ${schema} order by 1, 2`,
      decodeColumns
    )
  )

const formatOf = (place: string) =>
  asked((sql) =>
    Effect.map(
      Effect.flatMap(
        sql`select format from ${sql(`${schemaOf(place)}.dataset`)}`,
        Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ format: Schema.Int })))
      ),
      ([{ format }]) => format
    )
  )

const committed = (place: string, until: number) =>
  Effect.flatMap(RatingsStorage, (storage) =>
    Effect.scoped(
      Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) => commitKept(dataset, 0, until))
    )
  ).pipe(Effect.provide(layerAt(place)))

if (said === undefined && Either.isLeft(answer)) {
  describe("PostgresStorage and a dataset of format 1", () => {
    it.skip("needs a PostgreSQL server, and none answers at 127.0.0.1:5432. Set TEST_POSTGRES_URL to test with yours", () => {})
  })
} else {
  afterAll(() =>
    Effect.runPromise(
      asked((sql) =>
        Effect.gen(function* () {
          const rows = yield* sql<{
            readonly name: string
          }>`select nspname as name from pg_namespace where starts_with(nspname, ${run})`
          for (const { name } of rows) yield* sql`drop schema ${sql(name)} cascade`
        })
      )
    )
  )

  formatOneSuite("PostgresStorage", layerAt, { write: writeThen, format: formatOf })

  describe("PostgresStorage and the tables of its formats", () => {
    it.live("is as it was where the batch that asks for more cannot be written", () =>
      Effect.gen(function* () {
        yield* writeThen("failed")
        const [columns, storage] = [yield* columnsIn(schemaOf("failed")), yield* RatingsStorage]
        yield* Effect.scoped(
          Effect.gen(function* () {
            const dataset = yield* storage.open({ _tag: "continue" })
            // A rating of a film that is in no table.
            const batch = batchOf(dataset.state, 1, [{ name: "new", ratings: [[999, 1]] }], [])
            yield* Effect.flip(dataset.commit({ ...batch, keeps: allKeeps }))
            assert.deepStrictEqual(yield* columnsIn(schemaOf("failed")), columns)
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
        assert.deepStrictEqual(yield* columnsIn(schemaOf("now")), yield* columnsIn(schemaOf("then")))
      })
    )

    it.live("has the same tables whether a dataset kept everything at once or little by little", () =>
      Effect.gen(function* () {
        yield* committed("grown", 3)
        const schema = schemaOf("once")
        const { indexes, tables } = growth({ dialect: postgresDialect, schema }, undefined, {
          format: 2,
          keeps: allKeeps
        })
        yield* asked((sql) =>
          Effect.forEach([`create schema ${schema}`, ...tables, ...indexes], (statement) => sql.unsafe(statement))
        )
        assert.deepStrictEqual(yield* columnsIn(schemaOf("grown")), yield* columnsIn(schema))
        const labels = yield* asked(
          (sql) =>
            sql`select film_title, rated_on::text as rated_on from ${sql(`${schemaOf("grown")}.translated_ratings`)}`
        )
        assert.deepStrictEqual(labels.at(-1), {
          film_title: "Four, whose slug is unknown (2004)",
          rated_on: "1999-12-31"
        })
      })
    )

    it.live("takes a state that format 1 did not know, once it keeps more", () =>
      Effect.gen(function* () {
        yield* writeThen("states")
        const batch = { members: [], newFilms: [], changedFilms: [], committedAt: yield* DateTime.now }
        const storage = yield* RatingsStorage
        yield* Effect.scoped(
          Effect.flatMap(storage.open({ _tag: "continue" }), (dataset) =>
            dataset.commit({ ...batch, keeps: ["provenance"] })
          )
        )
        yield* asked((sql) => sql`update ${sql(`${schemaOf("states")}.members`)} set state = 'another'`)
        const refused = yield* Effect.flip(Effect.scoped(storage.open({ _tag: "continue" })))
        assert.strictEqual(refused.reason, "Damaged")
        assert.include(refused.message, 'state cannot be "another"')
      }).pipe(Effect.provide(layerAt("states")))
    )
  })
}
