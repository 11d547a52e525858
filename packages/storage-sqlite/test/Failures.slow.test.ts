import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  noRowStreams,
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
import { Context, DateTime, Effect, Layer, Schema, Stream, Struct } from "effect"
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

/** Marks a file as one that waits for a place, as a new dataset is until it is there. */
const marked = (file: string, place: string) =>
  asking(file, (sql) =>
    Effect.gen(function* () {
      yield* sql`create table letterboxd_ratings_unfinished (place text not null)`
      yield* sql`insert into letterboxd_ratings_unfinished values (${path.join(fs.realpathSync(path.dirname(place)), path.basename(place))})`
    })
  )

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
        ...noRowStreams,
        ratings: Stream.fail(damaged)
      }
      const error = yield* opened(startNew, (dataset) => Effect.flip(dataset.load(whole)))
      assert.deepStrictEqual([error.storage, error.place, error.detail], ["other", "elsewhere", damaged.detail])
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
      yield* marked(file, file)
      fs.renameSync(file, `${file}.new`)
      yield* opened(goOn, commitRest)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      assert.lengthOf(yield* usersIn, 6)
      fs.copyFileSync(file, `${file}.new`)
      yield* opened(goOn, () => Effect.void)
      assert.deepStrictEqual(names(), ["ratings.sqlite", "ratings.sqlite.new"])
    })
  )

  inStorage("removes a new dataset that did not come to take the place of the old one", ({ file, names }) =>
    Effect.gen(function* () {
      yield* opened(startNew, commitFirst)
      fs.copyFileSync(file, `${file}.new`)
      yield* marked(`${file}.new`, file)
      yield* opened(goOn, () => Effect.void)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      fs.writeFileSync(`${file}.new`, "")
      yield* opened(setAside, fresh)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      assert.deepStrictEqual(yield* usersIn, ["fresh"])
    })
  )

  it.live("is marked, as long as it is unfinished, for the place that it waits for", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const file = path.join(folder, "ratings.sqlite")
        const seen = new Array<unknown>()
        /** Copies the file at the moment before it is renamed, as one whose process ended then. */
        const watched = Layer.map(NodeContext.layer, (context) => {
          const node = Context.get(context, FileSystem.FileSystem)
          return Context.add(context, FileSystem.FileSystem, {
            ...node,
            rename: (from, to) =>
              Effect.zipRight(
                Effect.sync(() => {
                  seen.push(path.basename(from))
                  fs.copyFileSync(from, path.join(folder, "copy"))
                }),
                node.rename(from, to)
              )
          })
        })
        yield* Effect.provide(
          opened(startNew, commitFirst),
          SqliteStorage.layer({ folder }).pipe(Layer.provide(watched))
        )
        assert.deepStrictEqual(seen, ["ratings.sqlite.new"])
        fs.rmSync(file)
        fs.renameSync(path.join(folder, "copy"), `${file}.new`)
        yield* Effect.gen(function* () {
          yield* opened(goOn, () => Effect.void)
          assert.deepStrictEqual(fs.readdirSync(folder), ["ratings.sqlite"])
          assert.lengthOf(yield* usersIn, 3)
        }).pipe(Effect.provide(at(folder)))
      })
    )
  )

  inStorage("leaves alone what somebody copied to the name of a new dataset", ({ file, names }) =>
    Effect.gen(function* () {
      yield* opened(startNew, commitFirst)
      fs.copyFileSync(file, `${file}.new`)
      const copies = [
        () => Effect.void,
        () => marked(`${file}.new`, `${file}-elsewhere`),
        // The process that made the dataset ended before it removed the mark, and somebody copied that.
        () => Effect.map(marked(file, file), () => fs.copyFileSync(file, `${file}.new`))
      ]
      for (const change of copies) {
        yield* change()
        const copy = fs.readFileSync(`${file}.new`)
        for (const mode of [startNew, setAside]) {
          const refused = yield* failureOf(opened(mode, fresh))
          assert.strictEqual(refused.reason, "AlreadyThere")
          assert.strictEqual(refused.place, mode === startNew ? file : `${file}.new`)
        }
        for (let i = 0; i < 2; i++) yield* opened(goOn, () => Effect.void)
        assert.isTrue(copy.equals(fs.readFileSync(`${file}.new`)))
      }
      assert.lengthOf(yield* usersIn, 3)
      // Nor is another place's taken for the dataset where that is not there.
      fs.rmSync(file)
      yield* asking(`${file}.new`, (sql) => sql`update letterboxd_ratings_unfinished set place = 'elsewhere'`)
      for (const mode of [startNew, setAside, goOn]) {
        const refused = yield* failureOf(opened(mode, fresh))
        assert.strictEqual(refused.reason, "AlreadyThere")
        assert.strictEqual(refused.place, `${file}.new`)
      }
      assert.deepStrictEqual(names(), ["ratings.sqlite.new"])
    })
  )

  inStorage("leaves alone what is no file of its own under that name", ({ file, names }) =>
    Effect.gen(function* () {
      yield* opened(startNew, commitFirst)
      const elsewhere = path.join(path.dirname(path.dirname(file)), "elsewhere")
      const others = [
        () => fs.writeFileSync(`${file}.new`, "notes"),
        () => fs.mkdirSync(`${file}.new`),
        () => fs.symlinkSync(elsewhere, `${file}.new`)
      ]
      for (const make of others) {
        make()
        yield* opened(goOn, () => Effect.void)
        assert.strictEqual((yield* failureOf(opened(setAside, fresh))).place, `${file}.new`)
        assert.deepStrictEqual(names(), ["ratings.sqlite", "ratings.sqlite.new"])
        assert.isFalse(fs.existsSync(elsewhere))
        fs.rmSync(`${file}.new`, { recursive: true })
      }
    })
  )

  inStorage("takes nothing for its lock that is none, and makes nothing through a link", ({ file, folder, names }) =>
    Effect.gen(function* () {
      const lock = `${file}.lock`
      const elsewhere = path.join(path.dirname(folder), "elsewhere")
      const emptyElsewhere = path.join(path.dirname(folder), "empty")
      fs.writeFileSync(emptyElsewhere, "")
      yield* opened(startNew, commitFirst)
      const others = [
        () => fs.symlinkSync(elsewhere, lock),
        () => fs.symlinkSync(emptyElsewhere, lock),
        () => fs.writeFileSync(lock, "do not touch"),
        () => fs.mkdirSync(lock)
      ]
      for (const make of others) {
        make()
        const before = fs.lstatSync(lock)
        for (const mode of [goOn, setAside]) {
          const refused = yield* failureOf(opened(mode, fresh))
          assert.strictEqual(refused.reason, "AlreadyThere")
          assert.strictEqual(refused.place, lock)
        }
        assert.strictEqual(fs.lstatSync(lock).ino, before.ino)
        assert.isFalse(fs.existsSync(elsewhere))
        fs.rmSync(lock, { recursive: true })
      }
      // Left by a process that was killed.
      fs.writeFileSync(lock, "")
      yield* opened(goOn, () => Effect.void)
      assert.deepStrictEqual(names(), ["ratings.sqlite"])
      fs.renameSync(file, elsewhere)
      fs.symlinkSync(`${elsewhere}-not`, file)
      assert.strictEqual((yield* failureOf(opened(startNew, fresh))).reason, "AlreadyThere")
      assert.isTrue(fs.lstatSync(file).isSymbolicLink())
    })
  )

  inStorage("leaves a lock to who made it after its own was moved away", ({ file }) =>
    Effect.gen(function* () {
      const lock = `${file}.lock`
      yield* opened(startNew, () =>
        Effect.sync(() => {
          fs.renameSync(lock, `${lock}-moved`)
          fs.writeFileSync(lock, "")
        })
      )
      assert.isTrue(fs.existsSync(lock))
    })
  )

  it.live("takes no name for its file that is one of those beside another file", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        for (const ending of [".new", ".lock", ".NEW", "-journal", "-wal", "-shm"]) {
          const file = `ratings.sqlite${ending}`
          const asked = Effect.provide(
            opened(startNew, fresh),
            SqliteStorage.layer({ folder, file }).pipe(Layer.provide(NodeContext.layer))
          )
          assert.strictEqual((yield* failureOf(asked)).reason, "InvalidOption")
        }
        assert.deepStrictEqual(fs.readdirSync(folder), [])
      })
    )
  )

  inStorage("touches no database of another program, under none of its names", ({ file, folder, names }) =>
    Effect.gen(function* () {
      fs.mkdirSync(folder)
      for (const theirs of [file, `${file}.new`]) {
        yield* asking(theirs, (sql) =>
          Effect.zipRight(sql`create table ratings (n integer)`, sql`insert into ratings values (1)`)
        )
        const content = fs.readFileSync(theirs)
        for (const mode of [startNew, setAside]) {
          const refused = yield* failureOf(opened(mode, fresh))
          assert.strictEqual(refused.reason, "AlreadyThere")
          assert.deepStrictEqual(refused.remedy, theirs === file ? { _tag: "ChoosePlace" } : undefined)
        }
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
