/** SQL over a dataset: what it gives, and what it cannot reach. */
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import {
  allKeeps,
  emptyDatasetState,
  EncodedRating,
  EncodedWatch,
  Film,
  MemberRecord,
  noRowStreams,
  ratingBlockOf,
  RatingChange,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { type Cell, queryDataset, QueryError } from "@letterboxd-ratings/storage-parquet/query"
import { Chunk, DateTime, Effect, Either, Schema, Stream } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const film = Schema.decodeUnknownSync(Film)
const rating = Schema.decodeUnknownSync(EncodedRating)
const record = (username: string, userId: number, more: object = {}) =>
  Schema.decodeUnknownSync(MemberRecord)({
    username,
    userId,
    state: "sealed",
    readAt: "2026-03-01T12:00:00.000Z",
    lastPage: 1,
    missing: [],
    films: 3,
    ratings: 2,
    doubts: ["list-moved"],
    verdicts: { Films: 2 },
    ...more
  })

const films = [
  film({ id: 1, slug: "one", title: "One | \u001B[31m", year: 2001 }),
  film({ id: 2, slug: "two", title: "Two" }),
  film({ id: 3 })
]
const members = [
  record("davee", 1, { seen: [1, 2, 3] }),
  record("anna", 2, { state: "partial", missing: [2, 5] }),
  record("0123456789", 4, { state: "forgotten", salt: "s3cret" })
]
const whole: WholeDataset = {
  ...noRowStreams,
  state: {
    ...emptyDatasetState,
    users: new Map(members.map(({ userId, username }) => [username, userId])),
    members: new Map(members.map((member) => [member.username, member])),
    films: new Map(films.map((one) => [one.id, one])),
    keeps: allKeeps
  },
  committedAt: DateTime.unsafeMake(0),
  ratings: Stream.make(
    ratingBlockOf([
      rating({ userId: 1, filmId: 1, rating: 4.5, ratedOn: "2026-02-28", liked: true }),
      rating({ userId: 1, filmId: 2, rating: 0.5 }),
      rating({ userId: 2, filmId: 1, rating: 3 })
    ])
  ),
  watched: Stream.make(Schema.decodeUnknownSync(EncodedWatch)({ userId: 1, filmId: 3 })),
  changes: Stream.make(
    Schema.decodeUnknownSync(RatingChange)({ at: "2026-03-01T12:00:00.123Z", userId: 1, filmId: 1, after: 4.5 })
  )
}

const ask = (sql: string, dataset: WholeDataset = whole) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { columns, rows } = yield* queryDataset(dataset, sql)
      return {
        names: columns.map(({ name }) => name),
        rows: Chunk.toReadonlyArray(yield* Stream.runCollect(rows))
      }
    })
  )
const rowsOf = (sql: string) => Effect.map(ask(sql), ({ rows }) => rows)
const refusal = (sql: string) =>
  Effect.map(Effect.either(ask(sql)), (answer) =>
    Either.isLeft(answer) && answer.left instanceof QueryError ? answer.left : assert.fail(`${sql}: it was answered`)
  )

layer(NodeContext.layer)("a query", (it) => {
  it.effect("sees ratings, watched films, changes, films and members, with names beside ids", () =>
    Effect.gen(function* () {
      const ratings = yield* ask("from ratings order by user_id, film_id")
      assert.deepStrictEqual(ratings, {
        names: [
          "user_id",
          "username",
          "film_id",
          "film_title",
          "film_slug",
          "film_year",
          "rating",
          "rated_on",
          "liked"
        ],
        rows: [
          [1, "davee", 1, "One | \u001B[31m", "one", 2001, 4.5, "2026-02-28", true],
          [1, "davee", 2, "Two", "two", null, 0.5, null, null],
          [2, "anna", 1, "One | \u001B[31m", "one", 2001, 3, null, null]
        ]
      })
      assert.deepStrictEqual(yield* rowsOf("select film_id, film_title, username from watched"), [[3, null, "davee"]])
      assert.deepStrictEqual(yield* rowsOf("select changed_at, username, film_slug, before, after from changes"), [
        ["2026-03-01T12:00:00.123Z", "davee", "one", null, 4.5]
      ])
      assert.deepStrictEqual(yield* rowsOf("select film_id, slug, title, year from films"), [
        [1, "one", "One | \u001B[31m", 2001],
        [2, "two", "Two", null],
        [3, null, null, null]
      ])
      // The name of a forgotten member is not there, nor what it is hashed with.
      const shown = yield* ask("select * from members")
      assert.notInclude(shown.names, "salt")
      assert.deepStrictEqual(
        yield* rowsOf("select username, state, missing_pages, doubts, verdicts, read_at from members"),
        [
          ["davee", "sealed", [], ["list-moved"], { Films: 2 }, "2026-03-01T12:00:00.000Z"],
          ["anna", "partial", [2, 5], ["list-moved"], { Films: 2 }, "2026-03-01T12:00:00.000Z"]
        ]
      )
    })
  )

  it.effect("gives values that JSON has, exact", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [sql: string, cell: Cell]> = [
        ["count(*) from ratings", 3],
        ["avg(rating) from ratings", 8 / 3],
        ["9007199254740993::bigint", "9007199254740993"],
        ["sum(i)::hugeint from range(10) t(i)", 45],
        ["1.50::decimal(4,2)", 1.5],
        ["0.1::decimal(38,20)", 0.1],
        ["12345678901234567890.12::decimal(38,2)", "12345678901234567890.12"],
        ["'nan'::double", "NaN"],
        ["null", null],
        ["{'a': [1, null], 'b': date '2026-03-01'}", { a: [1, null], b: "2026-03-01" }],
        ["map {1: true}", { "1": true }],
        ["timestamp '2026-03-01 12:00:00.000001'", "2026-03-01 12:00:00.000001"],
        ["interval '3 days'", "3 days"],
        ["''", ""]
      ]
      for (const [sql, cell] of cases) assert.deepStrictEqual(yield* rowsOf(`select ${sql}`), [[cell]], sql)
      assert.deepStrictEqual((yield* ask("select 1 as a, 2 as a, 3 as a_1")).names, ["a", "a_1", "a_1_1"])
      assert.deepStrictEqual(yield* rowsOf("from ratings where false"), [])
      assert.lengthOf(yield* rowsOf("from range(10000)"), 10_000)
    })
  )

  it.effect("may be any that reads, with or without a semicolon", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        (yield* rowsOf("show tables")).map(([name]) => name),
        ["changes", "films", "members", "ratings", "readings", "watched"]
      )
      assert.strictEqual((yield* rowsOf("describe ratings"))[0]?.[0], "user_id")
      assert.lengthOf(yield* rowsOf("summarize ratings"), 9)
      assert.deepStrictEqual(yield* rowsOf("values (1);"), [[1]])
      assert.deepStrictEqual(yield* rowsOf("with x as (from ratings) select count(*) from x -- all\n;"), [[3]])
    })
  )

  it.effect("reaches no file, no network and no setting, and changes nothing", () =>
    Effect.gen(function* () {
      const outside = fs.mkdtempSync(path.join(os.tmpdir(), "lb-outside-"))
      const secret = path.join(outside, "secret.csv")
      const target = path.join(outside, "target")
      try {
        fs.writeFileSync(secret, "a\nsecret\n")
        for (const sql of [
          `from read_csv('${secret}')`,
          `from '${secret}'`,
          `from read_text('${secret}')`,
          `from read_blob('${secret}')`,
          `from glob('${outside}/*')`,
          `from sniff_csv('${secret}')`,
          `from read_parquet('https://example.com/x.parquet')`,
          `copy ratings to '${target}'`,
          `attach '${target}' as other`,
          `export database '${target}'`,
          "load httpfs",
          "install httpfs",
          "set memory_limit = '100GB'",
          "set lock_configuration = false",
          "reset enable_external_access",
          "pragma enable_profiling",
          "create table mine as from ratings",
          "drop view ratings",
          "delete from stored.ratings",
          "insert into stored.films (film_id) values (9) returning *",
          "update stored.films set title = 'x'",
          `explain analyze copy ratings to '${target}'`,
          `from query('copy ratings to ''${target}''')`,
          "call enable_logging()",
          "prepare mine as from ratings",
          "begin",
          "checkpoint",
          "from ratings; from films",
          `from ratings; copy ratings to '${target}'`,
          "select $1",
          "",
          "  ;",
          "-- nothing"
        ]) {
          const { message, reason } = yield* refusal(sql)
          assert.include(["Invalid", "NotAQuery"], reason, sql)
          assert.notInclude(message, "\n")
          assert.match(message, /[.!?]$/u, sql)
        }
        // A switch of DuckDB that any query may set, for nothing.
        yield* Effect.either(ask(`from enable_logging(storage = 'file', storage_path = '${target}')`))
        assert.deepStrictEqual(fs.readdirSync(outside), ["secret.csv"])
      } finally {
        fs.rmSync(outside, { recursive: true })
      }
    })
  )

  it.effect("says what it does not understand, before it reads a row", () =>
    Effect.gen(function* () {
      const unread = { ...whole, ratings: Stream.dieMessage("a row was read") }
      const error = yield* Effect.flip(ask("select ratting from ratings", unread))
      assert.match(error.message, /^The query cannot be run: Binder Error: .*"ratting" not found.*"rating"/u)
      // What a query does not name is not read.
      assert.deepStrictEqual((yield* ask("select count(*) from films", unread)).rows, [[3]])
      assert.include((yield* refusal("selec 1")).message, "Parser Error")
      assert.include((yield* refusal("from nothing_here")).message, "nothing_here")
      assert.include((yield* refusal("select error('boo')")).message, "boo")
    })
  )

  it.effect("goes to a temporary folder for what does not fit into memory, and leaves nothing there", () =>
    Effect.gen(function* () {
      const left = () => fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith("lb-query-"))
      const before = left()
      // 800 MB of texts, with a limit of 512.
      assert.deepStrictEqual(
        yield* rowsOf("select count(distinct s) from (select repeat(i::text, 200) s from range(700000) t(i))"),
        [[700_000]]
      )
      assert.deepStrictEqual(left(), before)
    })
  )
})
