import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  emptyDatasetState,
  Film,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  StorageError,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { batchOf, commitRest } from "@letterboxd-ratings/storage-testkit"
import { DateTime, Effect, Layer, Schema, Stream, Struct } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { openSqlite, type Sql } from "../src/SqliteConnection.ts"

const at = (folder: string) => SqliteStorage.layer({ folder }).pipe(Layer.provide(NodeContext.layer))

const inFolder = (test: (folder: string) => Effect.Effect<void, unknown>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sqlite-failures-"))),
    test,
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true }))
  )

const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert(error instanceof StorageError, String(error))
    return error
  })

describe("SqliteStorage where something is wrong", () => {
  it.live("says so where its file is a folder, or no database", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        fs.mkdirSync(path.join(folder, "ratings.sqlite"))
        for (const asked of [storage.exists, storage.inspect, Effect.scoped(storage.open({ _tag: "continue" }))]) {
          assert.include((yield* failureOf(Effect.asVoid<unknown, unknown, never>(asked))).message, "ratings.sqlite")
        }
        fs.rmdirSync(path.join(folder, "ratings.sqlite"))
        fs.writeFileSync(path.join(folder, "ratings.sqlite"), "no database ".repeat(1000))
        assert.strictEqual((yield* failureOf(storage.inspect)).reason, "Damaged")
        assert.isTrue(fs.readFileSync(path.join(folder, "ratings.sqlite"), "utf8").startsWith("no database"))
      }).pipe(Effect.provide(at(folder)))
    )
  )

  it.live("leaves nothing behind of a first batch that could not be committed, and no stranger's file is touched", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        const wrong = (dataset: Parameters<typeof commitRest>[0]) => {
          const batch = batchOf(dataset.state, 1, [{ name: "one", ratings: [[10, 1]] }], [])
          return dataset.commit(batch)
        }
        // The film of the rating is in no table.
        yield* failureOf(
          Effect.scoped(
            Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) =>
              Effect.zipRight(
                wrong(dataset),
                dataset.commit(batchOf(dataset.state, 2, [{ name: "one", ratings: [[10, 1]] }], []))
              )
            )
          )
        )
        assert.isFalse(yield* storage.exists)
        assert.deepStrictEqual(fs.readdirSync(folder), [])
      }).pipe(Effect.provide(at(path.join(folder, "data"))))
    )
  )
})

const startNew: OpenMode = { _tag: "new", existing: "refuse" }
const setAside: OpenMode = { _tag: "new", existing: "set-aside" }
const goOn: OpenMode = { _tag: "continue" }

const opened = <A, E, R>(mode: OpenMode, use: (dataset: OpenDataset) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(RatingsStorage, (storage) => Effect.scoped(Effect.flatMap(storage.open(mode), use)))
const commitFirst = (dataset: OpenDataset) => commitRest(dataset, 1)

const ten = Schema.decodeUnknownSync(Film)({ id: 10, slug: "ten" })
const fresh = (dataset: OpenDataset) =>
  dataset.commit(batchOf(dataset.state, 9, [{ name: "fresh", ratings: [[10, 3]] }], [ten]))

const asking = <A, E, R>(file: string, ask: (sql: Sql) => Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.flatMap(openSqlite(file), ask))

const usersIn = Effect.flatMap(RatingsStorage, (storage) =>
  Effect.map(storage.inspect, ({ state }) => [...state.users.keys()].map(String))
)

/** A test with a storage in a folder that is not there yet, its file, and what stands in the folder. */
const inStorage = (
  what: string,
  test: (place: {
    readonly folder: string
    readonly file: string
    readonly names: () => ReadonlyArray<string>
  }) => Effect.Effect<void, unknown, RatingsStorage>
) =>
  it.live(
    what,
    () =>
      inFolder((root) => {
        const folder = path.join(root, "data")
        return Effect.provide(
          test({ folder, file: path.join(folder, "ratings.sqlite"), names: () => fs.readdirSync(folder).toSorted() }),
          SqliteStorage.layer({ folder }).pipe(Layer.provide(NodeContext.layer))
        )
      }),
    120_000
  )

/** The class as another copy of core would bring it, such as the one inside the bundle of the command. */
class ErrorOfAnotherCopy extends Schema.TaggedError<ErrorOfAnotherCopy>("another copy")(
  "StorageError",
  Struct.omit(StorageError.fields, "_tag")
) {
  readonly isRetryable = false
}

describe("SqliteStorage and the dataset it loads", () => {
  inStorage("passes on why that could not be read, also where another copy of core says so", ({ names }) =>
    Effect.gen(function* () {
      const damaged = new ErrorOfAnotherCopy({
        reason: "Damaged",
        storage: "other",
        place: "elsewhere",
        detail: "its content is not what was committed"
      })
      const whole: WholeDataset = {
        state: { ...emptyDatasetState, batches: 1 },
        committedAt: DateTime.unsafeMake(0),
        ratings: Stream.fail(damaged),
        watched: Stream.empty,
        changes: Stream.empty
      }
      assert.strictEqual(yield* opened(startNew, (dataset) => Effect.flip(dataset.load(whole))), damaged)
      assert.throws(names)
    })
  )
})

describe("SqliteStorage and its file", () => {
  inStorage("is closed when its scope is: nothing but the file is there, and it stays what it is", ({ file, names }) =>
    Effect.gen(function* () {
      yield* opened(startNew, commitFirst)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      yield* opened(goOn, commitRest)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      const content = fs.readFileSync(file)
      yield* usersIn
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      assert.isTrue(content.equals(fs.readFileSync(file)))
    })
  )

  inStorage("is held by the database itself between commits, also where its lock file was removed", ({ file }) =>
    Effect.gen(function* () {
      yield* opened(startNew, (dataset) =>
        Effect.gen(function* () {
          yield* commitRest(dataset, 1)
          const refused = yield* Effect.flip(asking(file, (sql) => sql`begin immediate`))
          assert.include(JSON.stringify(refused.cause), "SQLITE_BUSY")
          fs.rmSync(`${file}.lock`)
          for (const mode of [goOn, setAside])
            assert.strictEqual((yield* failureOf(opened(mode, fresh))).reason, "Locked")
        })
      )
      assert.deepStrictEqual(yield* usersIn, ["null", "empty", "hidden"])
    })
  )

  inStorage("is left as it is by who is refused, with all that is beside", ({ names }) =>
    opened(startNew, (dataset) =>
      Effect.gen(function* () {
        const before = names()
        for (let i = 0; i < 3; i++) {
          for (const mode of [goOn, setAside, startNew]) {
            assert.strictEqual(
              (yield* failureOf(opened(mode, fresh))).reason,
              mode === goOn ? "NothingThere" : "Locked"
            )
          }
        }
        assert.deepStrictEqual(names(), before)
        yield* commitRest(dataset, 1)
        const after = names()
        for (const mode of [goOn, setAside, startNew])
          assert.strictEqual((yield* failureOf(opened(mode, fresh))).reason, "Locked")
        assert.deepStrictEqual(names(), after)
      })
    )
  )

  inStorage("is not moved aside while somebody reads it, and is when they are done", ({ file, folder }) =>
    Effect.gen(function* () {
      yield* opened(startNew, commitFirst)
      const refused = yield* asking(file, (sql) =>
        Effect.zipRight(
          sql`begin`,
          Effect.zipRight(sql`select count(*) from members`, failureOf(opened(setAside, fresh)))
        )
      )
      assert.strictEqual(refused.reason, "Locked")
      assert.deepStrictEqual(yield* usersIn, ["null", "empty", "hidden"])
      yield* opened(setAside, fresh)
      assert.deepStrictEqual(yield* usersIn, ["fresh"])
      const aside = fs.readdirSync(path.dirname(folder)).filter((name) => name.startsWith("data.bak-"))
      assert.lengthOf(aside, 1)
      const rows = yield* asking(
        path.join(path.dirname(folder), aside[0] ?? "", "ratings.sqlite"),
        (sql) => sql`select username from members order by user_id`
      )
      assert.deepStrictEqual(
        rows.map(({ username }) => username),
        ["null", "empty", "hidden"]
      )
    })
  )

  inStorage("takes no batch after it was exchanged by hand", ({ folder }) =>
    Effect.gen(function* () {
      const error = yield* opened(startNew, (dataset) =>
        Effect.gen(function* () {
          yield* commitRest(dataset, 1)
          fs.renameSync(folder, `${folder}-moved`)
          fs.cpSync(`${folder}-moved`, folder, { recursive: true })
          return yield* failureOf(fresh(dataset))
        })
      )
      assert.strictEqual(error.reason, "Locked")
      assert.include(error.message, "not the file any more")
    })
  )
})

describe("SqliteStorage and what others left", () => {
  inStorage("puts a new dataset in its place whose process ended just before, and goes on with it", ({ file, names }) =>
    Effect.gen(function* () {
      yield* opened(startNew, commitFirst)
      fs.renameSync(file, `${file}.new`)
      yield* opened(goOn, commitRest)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      assert.lengthOf(yield* usersIn, 6)
    })
  )

  inStorage("removes a new dataset that did not come to take the place of the old one", ({ file, names }) =>
    Effect.gen(function* () {
      yield* opened(startNew, commitFirst)
      fs.copyFileSync(file, `${file}.new`)
      yield* opened(goOn, () => Effect.void)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      fs.writeFileSync(`${file}.new`, "")
      yield* opened(setAside, fresh)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      assert.deepStrictEqual(yield* usersIn, ["fresh"])
    })
  )

  inStorage("touches no database of another program, under none of its names", ({ file, folder, names }) =>
    Effect.gen(function* () {
      fs.mkdirSync(folder)
      for (const theirs of [file, `${file}.new`]) {
        yield* asking(theirs, (sql) =>
          Effect.zipRight(sql`create table ratings (n integer)`, sql`insert into ratings values (1)`)
        )
        const content = fs.readFileSync(theirs)
        for (const mode of [startNew, setAside])
          assert.strictEqual((yield* failureOf(opened(mode, fresh))).reason, "AlreadyThere")
        assert.isTrue(content.equals(fs.readFileSync(theirs)))
        assert.deepStrictEqual(names(), [path.basename(theirs)])
        fs.rmSync(theirs)
      }
      // The log of a database that was removed would be read into the new one.
      fs.writeFileSync(`${file}-wal`, "theirs")
      assert.strictEqual((yield* failureOf(opened(startNew, fresh))).reason, "AlreadyThere")
      assert.deepStrictEqual(names(), ["ratings.sqlite-wal"])
    })
  )
})
