import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { RatingsStorage, type StorageError } from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { makeDisk, processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { Cause, Chunk, Effect, Exit, Layer, Option, Stream } from "effect"
import {
  batchOf,
  commitRest,
  contentOf,
  film,
  freshFolder,
  goOn,
  history,
  leftLock,
  setAside,
  startNew,
  username,
  withDataset
} from "./Batches.ts"

const failureOf = <A, R>(effect: Effect.Effect<A, StorageError, R>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    assert(Exit.isFailure(exit), "it should have failed")
    const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
    return failure
  })

const files = (folder: string) =>
  Effect.map(contentOf(folder), ({ "manifest.json": _, "members.jsonl": __, ...rest }) => rest)

layer(NodeContext.layer)("CsvStorage", (it) => {
  it.scoped("writes the files as they are documented", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      assert.deepStrictEqual(yield* files(folder), {
        "latest_raw_user_ratings.csv":
          "user_id,film_id,rating\n5,10,5.0\n5,40,1.0\n1,20,1.0\n4,10,2.0\n4,30,4.0\n6,40,2.5\n",
        "latest_translated_user_ratings.csv": `username,film_title,rating\n123,Ten Again (2002),5.0\n123,"Forty\nLines (1940)",1.0\nnull,"Me, Myself & ""Irene"" (2000)",1.0\nhalf,Ten Again (2002),2.0\nhalf,Null,4.0\nlast,"Forty\nLines (1940)",2.5\n`,
        "latest_user_mappings.csv": "username,numeric_user_id\nnull,1\nempty,2\nhidden,3\nhalf,4\n123,5\nlast,6\n",
        "latest_film_mappings.csv": `film_id,film_title,film_slug\n10,Ten Again (2002),ten-2002\n20,"Me, Myself & ""Irene"" (2000)",comma\n30,Null,null\n40,"Forty\nLines (1940)",forty\n`,
        "latest_user_updates.csv":
          "username,last_updated\nnull,2026-01-01T00:04:00.000Z\nempty,2026-01-01T00:01:00.000Z\n123,2026-01-01T00:03:00.000Z\nhalf,2026-01-01T00:04:00.000Z\nlast,2026-01-01T00:05:00.000Z\n"
      })
    })
  )

  it.scoped("knows on opening what was committed", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      yield* withDataset(folder, goOn, (dataset) =>
        Effect.gen(function* () {
          const { films, members, ratings, updates, users } = dataset.state
          assert.deepStrictEqual(
            [...users].map(([name, id]) => `${name}=${id}`),
            ["null=1", "empty=2", "hidden=3", "half=4", "123=5", "last=6"]
          )
          assert.deepStrictEqual(
            [...films.values()].map(({ slug, title, year }) => `${slug} ${title} ${year}`),
            [
              "ten-2002 Ten Again 2002",
              `comma Me, Myself & "Irene" 2000`,
              "null Null undefined",
              "forty Forty\nLines 1940"
            ]
          )
          assert.strictEqual(members.get(username("hidden"))?.state, "private")
          assert.strictEqual(members.get(username("half"))?.state, "sealed")
          assert.isFalse(updates.has(username("hidden")))
          assert.strictEqual(ratings, 6)
          const rows = Chunk.toReadonlyArray(yield* Stream.runCollect(dataset.ratings))
          assert.deepStrictEqual(
            rows.map(({ filmId, rating, userId }) => [userId, filmId, rating] as ReadonlyArray<number>),
            [
              [5, 10, 5],
              [5, 40, 1],
              [1, 20, 1],
              [4, 10, 2],
              [4, 30, 4],
              [6, 40, 2.5]
            ]
          )
        })
      )
    })
  )

  it.scoped("gives the same bytes in one process or in one for each batch", () =>
    Effect.gen(function* () {
      const once = yield* freshFolder
      const often = yield* freshFolder
      yield* withDataset(once, startNew, commitRest)
      for (const [i, make] of history.entries()) {
        yield* withDataset(often, i === 0 ? startNew : goOn, (dataset) => dataset.commit(make(dataset.state)))
      }
      assert.deepStrictEqual(yield* contentOf(often), yield* contentOf(once))
    })
  )

  it.scoped("calls films by slug where that was chosen, and keeps to it", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const options = { filmLabel: "slug" } as const
      yield* withDataset(folder, startNew, commitRest, { options })
      const { "latest_film_mappings.csv": mapping = "", "latest_translated_user_ratings.csv": translated = "" } =
        yield* files(folder)
      assert.strictEqual(
        mapping,
        "film_id,film_title,film_slug\n10,ten-2002,ten-2002\n20,comma,comma\n30,null,null\n40,forty,forty\n"
      )
      assert.include(translated, "123,ten-2002,5.0\n")
      yield* withDataset(folder, goOn, ({ state }) => Effect.sync(() => assert.strictEqual(state.films.size, 4)), {
        options
      })
      const failure = yield* failureOf(withDataset(folder, goOn, () => Effect.void))
      assert.strictEqual(failure.reason, "InvalidOption")
      assert.include(failure.message, "by slug, not by title")
    })
  )

  it.scoped("writes each batch's rows into a file of their own where that was asked for", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest, { options: { versioned: true } })
      const written = yield* files(folder)
      const copies = Object.keys(written).filter((name) => name.startsWith("raw_user_ratings_"))
      assert.deepStrictEqual(
        copies,
        [1, 2, 3, 4, 5].map((n) => `raw_user_ratings_20260101-000${n}00.csv`)
      )
      assert.strictEqual(written["raw_user_ratings_20260101-000200.csv"], "user_id,film_id,rating\n4,30,3.5\n")
    })
  )

  it.scoped("uses the names it is given, and refuses names that overwrite or leave the folder", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const options = { files: { rawRatings: "r.csv", userMappings: "u.csv" } }
      yield* withDataset(folder, startNew, commitRest, { options })
      assert.include(Object.keys(yield* contentOf(folder)), "r.csv")
      yield* withDataset(folder, goOn, ({ state }) => Effect.sync(() => assert.strictEqual(state.users.size, 6)), {
        options
      })
      const wrong = yield* failureOf(withDataset(folder, goOn, () => Effect.void))
      assert.strictEqual(wrong.reason, "InvalidOption")
      for (const names of [
        { rawRatings: "../r.csv" },
        { rawRatings: "/r.csv" },
        { rawRatings: "" },
        { rawRatings: ".." },
        { rawRatings: "manifest.json" },
        { rawRatings: "x.csv", userMappings: "X.csv" }
      ]) {
        const failure = yield* failureOf(
          withDataset(yield* freshFolder, startNew, () => Effect.void, { options: { files: names } })
        )
        assert.strictEqual(failure.reason, "InvalidOption", JSON.stringify(names))
      }
    })
  )

  it.scoped("takes the last rating of the only member away", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, (dataset) =>
        dataset.commit(
          batchOf(dataset.state, 1, [{ name: "only", ratings: [[10, 1]] }], [film({ id: 10, slug: "ten" })])
        )
      )
      yield* withDataset(folder, goOn, (dataset) => dataset.commit(batchOf(dataset.state, 2, [{ name: "only" }], [])))
      assert.strictEqual((yield* files(folder))["latest_raw_user_ratings.csv"], "user_id,film_id,rating\n")
    })
  )

  it.scoped("leaves nothing behind where no batch was committed", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, () => Effect.void)
      assert.isFalse(yield* fs.exists(folder))
      yield* fs.makeDirectory(folder)
      yield* withDataset(folder, startNew, () => Effect.void)
      assert.deepStrictEqual(yield* contentOf(folder), {})
    })
  )

  it.scoped("does not go on where nothing is, nor start where something is", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      assert.strictEqual((yield* failureOf(withDataset(folder, goOn, () => Effect.void))).reason, "NothingThere")
      yield* withDataset(folder, startNew, commitRest)
      const before = yield* contentOf(folder)
      assert.strictEqual((yield* failureOf(withDataset(folder, startNew, commitRest))).reason, "AlreadyThere")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("sets an old dataset aside whole, with the first batch and not before", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const old = yield* contentOf(folder)
      yield* withDataset(folder, setAside, () => Effect.void)
      assert.deepStrictEqual(yield* fs.readDirectory(path.dirname(folder)), ["data"])
      assert.deepStrictEqual(yield* contentOf(folder), old)

      yield* withDataset(folder, setAside, (dataset) =>
        dataset.commit(
          batchOf(dataset.state, 9, [{ name: "fresh", ratings: [[1, 1]] }], [film({ id: 1, slug: "one" })])
        )
      )
      const beside = (yield* fs.readDirectory(path.dirname(folder))).toSorted()
      assert.strictEqual(beside.length, 2)
      assert.match(beside[1] ?? "", /^data\.bak-\d{8}-\d{6}$/u)
      assert.deepStrictEqual(yield* contentOf(path.join(path.dirname(folder), beside[1] ?? "")), old)
      assert.strictEqual((yield* files(folder))["latest_raw_user_ratings.csv"], "user_id,film_id,rating\n1,1,1.0\n")
    })
  )

  it.scoped("takes away what a batch that was not committed left, and keeps what may be somebody's", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const before = yield* contentOf(folder)
      for (const name of Object.keys(before).filter((file) => file.startsWith("latest"))) {
        yield* fs.writeFileString(path.join(folder, name), "torn,ro", { flag: "a" })
      }
      yield* fs.writeFileString(path.join(folder, "manifest.json.next-6"), "{")
      yield* fs.writeFileString(path.join(folder, "latest_film_mappings.csv.next-6"), "film_id")
      yield* fs.writeFileString(path.join(folder, "notes.next-6"), "mine")
      yield* fs.writeFileString(path.join(folder, ".lock"), leftLock)
      yield* withDataset(folder, goOn, () => Effect.void)
      const kept = Object.keys(before)
        .filter((file) => file.startsWith("latest"))
        .map((file) => [`${file}.uncommitted`, "torn,ro"])
      assert.deepStrictEqual(yield* contentOf(folder), {
        ...before,
        ...Object.fromEntries(kept),
        "notes.next-6": "mine"
      })
    })
  )

  it.scoped("refuses a dataset of which committed bytes are missing or changed, and touches nothing", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const whole = yield* contentOf(folder)
      const damages: ReadonlyArray<readonly [string, (text: string) => string | undefined]> = [
        ["latest_raw_user_ratings.csv", (text) => text.slice(0, -1)],
        ["latest_translated_user_ratings.csv", () => ""],
        ["latest_raw_user_ratings.csv", () => undefined],
        ["latest_user_mappings.csv", (text) => text.replace("null,1", "nulk,1")],
        ["latest_film_mappings.csv", (text) => text.replace("10,", "11,")],
        ["members.jsonl", (text) => text.replace("sealed", "seal3d")],
        ["manifest.json", (text) => text.slice(0, 100)],
        ["manifest.json", (text) => text.replace(`"format": 1`, `"format": "one"`)]
      ]
      for (const [name, damage] of damages) {
        const place = path.join(folder, name)
        const broken = damage(whole[name] ?? "")
        yield* broken === undefined ? fs.remove(place) : fs.writeFileString(place, broken)
        const before = yield* contentOf(folder)
        const failure = yield* failureOf(withDataset(folder, goOn, commitRest))
        assert.strictEqual(failure.reason, "Damaged", name)
        assert.include(failure.message, name)
        assert.deepStrictEqual(yield* contentOf(folder), before)
        yield* fs.writeFileString(place, whole[name] ?? "")
      }
      yield* withDataset(folder, goOn, () => Effect.void)
    })
  )

  it.scoped("takes no dataset of another storage for a damaged one", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* fs.makeDirectory(folder)
      yield* fs.writeFileString(path.join(folder, "manifest.json"), JSON.stringify({ format: 1, storage: "parquet" }))
      const failure = yield* failureOf(withDataset(folder, goOn, commitRest))
      assert.strictEqual(failure.reason, "InvalidOption")
      assert.include(failure.message, "that dataset is stored as parquet")
    })
  )

  it.scoped("lets one process in, names it to the next, and outlives its death", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, (dataset) =>
        Effect.gen(function* () {
          yield* commitRest(dataset)
          const lock = yield* fs.readFileString(path.join(folder, ".lock"))
          const failure = yield* failureOf(withDataset(folder, goOn, () => Effect.void, { pid: 2, running: [1, 2] }))
          assert.strictEqual(failure.reason, "Locked")
          assert.include(failure.message, "process 1 on here")
          assert.isTrue(failure.isRetryable)
          yield* Effect.addFinalizer(() => Effect.ignore(fs.writeFileString(path.join(folder, ".lock"), lock)))
        })
      )
      // The first process died and left its lock.
      yield* fs.writeFileString(
        path.join(folder, ".lock"),
        JSON.stringify({ process: { pid: 1, host: "here", startedAt: 1 }, since: "2026-01-01T00:00:00Z" })
      )
      yield* withDataset(folder, goOn, ({ state }) => Effect.sync(() => assert.strictEqual(state.batches, 5)), {
        pid: 2
      })
      assert.notInclude(yield* fs.readDirectory(folder), ".lock")
    })
  )

  it.scoped("lets one of many in that come at the same moment, over a lock that was left", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const pids = Array.from({ length: 12 }, (_, i) => i + 10)
      for (let round = 0; round < 10; round++) {
        yield* fs.writeFileString(
          path.join(folder, ".lock"),
          JSON.stringify({ process: { pid: 1, host: "here", startedAt: 1 }, since: "2026-01-01T00:00:00Z" })
        )
        let inside = 0
        let most = 0
        const entered = yield* Effect.forEach(
          pids,
          (pid) =>
            withDataset(
              folder,
              goOn,
              () =>
                Effect.sync(() => {
                  inside += 1
                  most = Math.max(most, inside)
                }).pipe(
                  Effect.zipRight(Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))),
                  Effect.ensuring(
                    Effect.sync(() => {
                      inside -= 1
                    })
                  )
                ),
              { pid, running: pids }
            ).pipe(Effect.option),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(most, 1)
        assert.isAtLeast(entered.filter(Option.isSome).length, 1)
      }
    })
  )

  it.scoped("opens behind a symbolic link, and sets aside the folder the link points at", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      const link = path.join(path.dirname(folder), "link")
      yield* withDataset(folder, startNew, commitRest)
      yield* fs.symlink(folder, link)
      yield* withDataset(link, goOn, ({ state }) => Effect.sync(() => assert.strictEqual(state.users.size, 6)))
      yield* withDataset(link, setAside, (dataset) =>
        dataset.commit(batchOf(dataset.state, 9, [{ name: "fresh" }], []))
      )
      assert.strictEqual(Object.keys(yield* contentOf(folder)).length, 7)
    })
  )

  it.scoped("writes as much for a batch whatever was committed before", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const disk = makeDisk()
      const costs: Array<number> = []
      yield* withDataset(
        folder,
        startNew,
        (dataset) =>
          Effect.gen(function* () {
            const users = new Map(dataset.state.users)
            for (let n = 0; n < 60; n++) {
              const batch = batchOf(
                { users, films: new Map() },
                10,
                [
                  {
                    name: `m_${1000 + n}`,
                    ratings: [
                      [1, 1],
                      [2, 2]
                    ]
                  }
                ],
                []
              )
              for (const { record } of batch.members) users.set(record.username, record.userId)
              const before = disk.bytesWritten()
              yield* dataset.commit(batch)
              costs.push(disk.bytesWritten() - before)
            }
          }),
        { disk }
      )
      assert.isAtMost(Math.max(...costs.slice(1)) - Math.min(...costs.slice(1)), 40)
    })
  )

  it.scoped("is refused a folder it may not write into, before anything is asked of a source", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      const failure = yield* failureOf(
        withDataset(folder, startNew, () => Effect.void, {
          disk: makeDisk({ at: 1, code: "EACCES", extent: "crash", shortWrite: false })
        })
      )
      assert.strictEqual(failure.reason, "NotPermitted")
      const file = path.join(path.dirname(folder), "file")
      yield* fs.writeFileString(file, "")
      assert.strictEqual(
        (yield* failureOf(withDataset(path.join(file, "data"), startNew, () => Effect.void))).reason,
        "InvalidOption"
      )
    })
  )
})

describe("CsvStorage.layer", () => {
  it.scoped("is a storage of its folder", () =>
    Effect.gen(function* () {
      const { place } = yield* RatingsStorage
      assert.strictEqual(place, "somewhere")
    }).pipe(
      Effect.provide(
        CsvStorage.layer({ folder: "somewhere", ...CsvStorage.defaults }).pipe(
          Layer.provide(Layer.mergeAll(NodeContext.layer, processTable(1)))
        )
      )
    )
  )
})
