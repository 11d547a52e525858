import { PgClient } from "@effect/sql-pg"
import { Reactivity } from "@effect/experimental"
import { assert, describe, it } from "@effect/vitest"
import {
  noRowStreams,
  allKeeps,
  emptyDatasetState,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  StorageError,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { PostgresStorage } from "@letterboxd-ratings/storage-postgres"
import { batchOf, commitRest, storageSuite } from "@letterboxd-ratings/storage-testkit"
import { Chunk, DateTime, Effect, Either, Fiber, Redacted, Schema, Stream, Struct } from "effect"
import { afterAll } from "vitest"
import { isFull } from "../../../vitest.sample.ts"

/** Where a server is said to be, it must be there; elsewhere the usual place is tried. */
const said = process.env["TEST_POSTGRES_URL"]
const address = said ?? "postgres://postgres@127.0.0.1:5432/test"
const url = Redacted.make(address)
const run = `lb_test_${process.pid}_`

/** The class as another copy of core would bring it, such as the one inside the bundle of the command. */
class ErrorOfAnotherCopy extends Schema.TaggedError<ErrorOfAnotherCopy>("another copy")(
  "StorageError",
  Struct.omit(StorageError.fields, "_tag")
) {
  readonly isRetryable = false
}

const asked = <A, E>(ask: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.flatMap(PgClient.make({ url, connectTimeout: 5_000 }), ask).pipe(
    Effect.provide(Reactivity.layer),
    Effect.scoped
  )

const answer = await Effect.runPromise(Effect.either(asked((sql) => sql`select 1`)))

if (said === undefined && Either.isLeft(answer)) {
  describe("PostgresStorage", () => {
    it.skip("needs a PostgreSQL server, and none answers at 127.0.0.1:5432. Set TEST_POSTGRES_URL to test with yours", () => {})
  })
} else {
  const schemaOf = (place: string) => `${run}${place.replaceAll("-", "_")}`
  const layerAt = (place: string) => PostgresStorage.layer({ url, schema: schemaOf(place) })

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

  storageSuite("PostgresStorage", layerAt, {
    runs: isFull ? 20 : 6,
    writeFormat: (place, format) =>
      Effect.asVoid(asked((sql) => sql`update ${sql(`${schemaOf(place)}.dataset`)} set format = ${format}`))
  })

  describe("PostgresStorage on its server", () => {
    it.live("shows readers whole batches while a batch is written", () =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        const opened = (mode: OpenMode, until?: number) =>
          Effect.scoped(Effect.flatMap(storage.open(mode), (dataset) => commitRest(dataset, until)))
        yield* opened({ _tag: "new", existing: "refuse" }, 1)
        const look = Effect.map(storage.inspect, ({ state }) => state.ratings)
        const seen = yield* Effect.zipRight(
          Effect.fork(opened({ _tag: "continue" })),
          Effect.flatMap(Effect.replicateEffect(look, 30), (before) =>
            Effect.map(Effect.repeat(look, { until: (ratings) => ratings === 6 }), (last) => [...before, last])
          )
        )
        const sizes = new Set([2, 3, 5, 6])
        assert.isTrue(
          seen.every((size) => sizes.has(size)),
          String(seen)
        )
      }).pipe(Effect.provide(layerAt("readers")))
    )

    it.live("says who is at work where a second process asks for the lock", () =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        yield* Effect.scoped(
          Effect.gen(function* () {
            const dataset = yield* storage.open({ _tag: "new", existing: "refuse" })
            yield* commitRest(dataset, 1)
            const error = yield* Effect.flip(Effect.scoped(storage.open({ _tag: "continue" })))
            assert.strictEqual(error.reason, "Locked")
            assert.match(
              error.message,
              /in use by letterboxd-ratings on .+ \(connection \d+ of the server\) since \d{4}-/u
            )
          })
        )
      }).pipe(Effect.provide(layerAt("holder")))
    )

    it.live("keeps a batch out that was made for a dataset another writer has changed", () =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        yield* Effect.scoped(
          Effect.gen(function* () {
            const dataset = yield* storage.open({ _tag: "new", existing: "refuse" })
            yield* commitRest(dataset, 1)
            // As after a broken connection, with which the lock is gone.
            yield* asked((sql) => sql`update ${sql(`${run}late.dataset`)} set batches = batches + 1`)
            const error = yield* Effect.flip(
              dataset.commit(batchOf(dataset.state, 9, [{ name: "late", ratings: [[10, 1]] }], []))
            )
            assert.strictEqual(error.reason, "Locked")
            const rows = yield* Stream.runCollect(dataset.ratings)
            assert.strictEqual(Chunk.size(rows), 2)
          })
        )
      }).pipe(Effect.provide(layerAt("late")))
    )

    it.live(
      "fails in words where its connection is cut in the middle of a batch, and keeps what was committed",
      () =>
        Effect.gen(function* () {
          const storage = yield* RatingsStorage
          const schema = `${run}cut`
          yield* Effect.scoped(
            Effect.gen(function* () {
              const dataset = yield* storage.open({ _tag: "new", existing: "refuse" })
              yield* commitRest(dataset, 1)
              const error = yield* asked((sql) =>
                sql.withTransaction(
                  Effect.gen(function* () {
                    // Whoever writes ratings waits for this one, and is cut off there.
                    yield* sql`lock table ${sql(`${schema}.ratings`)} in access exclusive mode`
                    const committing = yield* Effect.fork(Effect.flip(commitRest(dataset, 2)))
                    yield* sql`select pg_terminate_backend(l.pid) from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = ${schema} and l.pid <> pg_backend_pid() and not l.granted`.pipe(
                      Effect.repeat({ until: (rows) => rows.length > 0 })
                    )
                    return yield* Fiber.join(committing)
                  })
                )
              )
              assert.instanceOf(error, StorageError)
              assert.include(error.message, "What was committed is safe")
            })
          )
          assert.strictEqual((yield* storage.inspect).state.batches, 1)
          yield* Effect.scoped(Effect.flatMap(storage.open({ _tag: "continue" }), commitRest))
          assert.deepStrictEqual((yield* storage.verify({ repair: false })).problems, [])
        }).pipe(Effect.provide(layerAt("cut"))),
      30_000
    )

    it.live("passes on why a dataset that it loads could not be read, also where another copy of core says so", () =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        const damaged = new ErrorOfAnotherCopy({
          reason: "Damaged",
          storage: "other",
          place: "elsewhere",
          detail: "its content is not what was committed"
        })
        const whole: WholeDataset = {
          state: { ...emptyDatasetState, batches: 1 },
          committedAt: DateTime.unsafeMake(0),
          ...noRowStreams,
          ratings: Stream.fail(damaged)
        }
        const loading = Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) =>
          Effect.flip(dataset.load(whole))
        )
        const error = yield* Effect.scoped(loading)
        assert.deepStrictEqual([error.storage, error.place, error.detail], ["other", "elsewhere", damaged.detail])
        assert.isFalse(yield* storage.exists)
      }).pipe(Effect.provide(layerAt("broken")))
    )

    it.live("moves no schema aside in which somebody else keeps something", () =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        const opened = (mode: OpenMode) =>
          Effect.scoped(Effect.flatMap(storage.open(mode), (dataset) => commitRest(dataset, 1)))
        yield* opened({ _tag: "new", existing: "refuse" })
        yield* asked((sql) => sql`create table ${sql(`${schemaOf("shared")}.theirs`)} (n integer)`)
        const error = yield* Effect.flip(opened({ _tag: "new", existing: "set-aside" }))
        assert.strictEqual(error.reason, "AlreadyThere")
        assert.include(error.message, "theirs")
        assert.strictEqual((yield* storage.inspect).state.batches, 1)
      }).pipe(Effect.provide(layerAt("shared")))
    )

    it.live.each([
      { what: "a table", taken: "ratings", made: "create table @.ratings (n integer)" },
      { what: "a table for later", taken: "watched", made: "create table @.watched (n integer)" },
      { what: "an empty table", taken: "dataset", made: "create table @.dataset (n integer)" },
      { what: "a view", taken: "dataset", made: "create view @.dataset as select 1 as n" },
      { what: "a type", taken: "films", made: "create type @.films as enum ('one')" },
      {
        what: "an index",
        taken: "ratings_by_film",
        made: "create table @.theirs (n integer); create index ratings_by_film on @.theirs (n)"
      }
    ])(
      "starts no dataset in a schema in which somebody else's has one of its names: $what",
      ({ made, taken, what }) => {
        const at = what.replaceAll(" ", "_")
        return Effect.gen(function* () {
          const storage = yield* RatingsStorage
          yield* asked((sql) =>
            Effect.forEach([`create schema @`, ...made.split("; ")], (statement) =>
              sql.unsafe(statement.replaceAll("@", schemaOf(at)))
            )
          )
          for (const existing of ["refuse", "set-aside"] as const) {
            const refused = yield* Effect.flip(Effect.scoped(storage.open({ _tag: "new", existing })))
            assert.strictEqual(refused.reason, "AlreadyThere")
            assert.include(refused.detail, `"${taken}"`)
            assert.include(refused.detail, "another schema")
          }
        }).pipe(Effect.provide(layerAt(at)))
      }
    )

    it.live("says what is in the way where a dataset comes to keep more and something has that name", () =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        const opened = <A, E>(mode: OpenMode, use: (dataset: OpenDataset) => Effect.Effect<A, E>) =>
          Effect.scoped(Effect.flatMap(storage.open(mode), use))
        yield* opened({ _tag: "new", existing: "refuse" }, (dataset) => commitRest(dataset, 1))
        yield* asked((sql) => sql`create table ${sql(`${schemaOf("more")}.watched`)} (n integer)`)
        const refused = yield* opened({ _tag: "continue" }, (dataset) =>
          Effect.flip(
            dataset.commit({
              ...batchOf(dataset.state, 9, [{ name: "more", ratings: [[10, 1]] }], []),
              keeps: allKeeps
            })
          )
        )
        assert.strictEqual(refused.reason, "AlreadyThere")
        assert.include(refused.detail, `"watched"`)
        assert.strictEqual((yield* storage.inspect).state.batches, 1)
      }).pipe(Effect.provide(layerAt("more")))
    )

    it.live(
      "lets one of two processes in that come at once to a schema that is not there",
      () =>
        Effect.gen(function* () {
          const modes: ReadonlyArray<OpenMode> = [
            { _tag: "new", existing: "refuse" },
            { _tag: "continue" },
            { _tag: "new", existing: "set-aside" }
          ]
          for (let i = 0; i < 8; i++) {
            const storage = PostgresStorage.make({ url, schema: schemaOf(`once${i}`) })
            const [first, next, over] = yield* Effect.forEach(
              modes,
              (mode) =>
                Effect.either(Effect.scoped(Effect.flatMap(storage.open(mode), (dataset) => commitRest(dataset, 1)))),
              { concurrency: "unbounded" }
            )
            const reasons = [first, next, over].flatMap((done) =>
              done !== undefined && Either.isLeft(done) && done.left instanceof StorageError ? [done.left.reason] : []
            )
            for (const reason of reasons) assert.include(["Locked", "NothingThere", "AlreadyThere"], reason)
            assert.isBelow(reasons.length, modes.length)
            assert.deepStrictEqual((yield* storage.verify({ repair: false })).problems, [])
          }
        }),
      60_000
    )

    it.live.each([
      { wrong: "postgres://somebody:geheim@127.0.0.1:1/nowhere", reason: "Failed" },
      { wrong: address.replace(/[^/]*$/u, "no_such_database"), reason: "InvalidOption" }
    ])("says what is wrong with an address, and never the password: $reason", ({ reason, wrong }) =>
      Effect.gen(function* () {
        const storage = PostgresStorage.make({ url: Redacted.make(wrong) })
        const error = yield* Effect.flip(storage.exists)
        assert.strictEqual(error.reason, reason)
        assert.deepStrictEqual(error.remedy, { _tag: "CorrectAddress" })
        assert.notInclude(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`, "geheim")
      })
    )

    it.live("takes no name for a schema that is none", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(PostgresStorage.make({ url, schema: `x"; drop table y` }).exists)
        assert.strictEqual(error.reason, "InvalidOption")
      })
    )
  })
}
