/** What becomes of a dataset that somebody else laid hands on. */
import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { readWhole, StorageError } from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { askStorage, processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { Cause, Effect, Exit, Option, Stream } from "effect"
import { batchOf, commitRest, contentOf, freshFolder, goOn, leftLock, setAside, startNew, verify, withDataset } from "./Batches.ts"

const raw = "latest_raw_user_ratings.csv"

const filled = Effect.gen(function*() {
  const folder = yield* freshFolder
  yield* withDataset(folder, startNew, commitRest)
  return folder
})

const change = (folder: string, name: string, how: (text: string) => string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, name)
    yield* fs.writeFileString(place, how(yield* fs.readFileString(place)))
  })

const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    const failure = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
    assert(failure instanceof StorageError, String(exit))
    return failure
  })

const opening = (folder: string) => withDataset(folder, goOn, () => Effect.void)
const more = (dataset: Parameters<typeof commitRest>[0]) =>
  dataset.commit(batchOf(dataset.state, 9, [{ name: "more", ratings: [[10, 1]] }], []))

layer(NodeContext.layer)("CsvStorage and other people's hands", (it) => {
  it.scoped("leaves folders alone that are only called like one of its own", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      for (const name of [".new-york", ".new-20261124-120000", ".new-1700000000000"]) {
        yield* fs.copy(folder, `${folder}${name}`)
      }
      yield* withDataset(folder, goOn, more)
      yield* withDataset(folder, setAside, commitRest)
      for (const name of [".new-york", ".new-20261124-120000", ".new-1700000000000"]) {
        assert.isTrue(yield* fs.exists(`${folder}${name}/manifest.json`), name)
      }
      yield* fs.remove(folder, { recursive: true })
      yield* withDataset(folder, startNew, commitRest)
      assert.isTrue(yield* fs.exists(`${folder}.new-york/manifest.json`))
    }))

  it.scoped("tells of rows that somebody added, and takes none of them away in silence", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder)
      yield* change(folder, raw, (text) => `${text}1,999999,4.0\n`)
      const { problems } = yield* verify(folder)
      assert.strictEqual(problems.length, 1)
      assert.include(problems[0], `${raw}: 13 bytes stand behind what was committed`)
      const failure = yield* failureOf(opening(folder))
      assert.strictEqual(failure.reason, "Damaged")
      assert.include(yield* fs.readFileString(`${folder}/${raw}`), "999999")
      const { problems: left, repaired } = yield* verify(folder, true)
      assert.deepStrictEqual(left, [])
      assert.include(repaired[0], "set aside")
      const { [`${raw}.uncommitted`]: kept, ...rest } = yield* contentOf(folder)
      assert.strictEqual(kept, "1,999999,4.0\n")
      assert.deepStrictEqual(rest, before)
      yield* withDataset(folder, goOn, more)
    }))

  it.scoped("says that it cuts off what a killed process left", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder)
      yield* change(folder, raw, (text) => `${text}7,10,`)
      yield* fs.writeFileString(`${folder}/.lock`, leftLock)
      assert.deepStrictEqual((yield* verify(folder)).problems, [])
      yield* askStorage(CsvStorage.layer({ folder, ...CsvStorage.defaults }), (storage) =>
        Effect.scoped(Effect.flatMap(storage.open(goOn), ({ notes }) =>
          Effect.sync(() => {
            assert.strictEqual(notes.length, 1)
            assert.include(notes[0], "5 bytes of a batch that was not finished were cut off")
          }))))
      assert.deepStrictEqual(yield* contentOf(folder), before)
    }))

  for (const wasKilled of [false, true]) {
    it.scoped(`changes nothing where line ends became others${wasKilled ? ", and a process was killed too" : ""}`, () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        for (const names of [[raw], ["latest_user_mappings.csv"], Object.keys(yield* contentOf(yield* filled)).filter((name) => name.endsWith(".csv"))]) {
          const folder = yield* filled
          for (const name of names) yield* change(folder, name, (text) => text.replaceAll("\n", "\r\n"))
          const before = yield* contentOf(folder)
          if (wasKilled) {
            yield* fs.writeFileString(`${folder}/.lock`, leftLock)
          }
          const failure = yield* failureOf(opening(folder))
          assert.strictEqual(failure.reason, "Damaged")
          assert.include(failure.message, "Nothing was written. See what `lb verify` says of it")
          assert.deepStrictEqual(yield* contentOf(folder), before)
          assert.isAbove((yield* verify(folder)).problems.length, 0)
        }
      }))
  }

  it.scoped("does not hand on ratings that are not those that were committed", () =>
    Effect.gen(function*() {
      const folder = yield* filled
      yield* change(folder, raw, (text) => text.replace("5,10,5.0", "5,10,4.0"))
      const before = yield* contentOf(folder)
      const reading = yield* failureOf(askStorage(CsvStorage.layer({ folder, ...CsvStorage.defaults }), (storage) =>
        Effect.scoped(Effect.flatMap(readWhole(storage), ({ ratings }) => Stream.runDrain(ratings)))))
      assert.strictEqual(reading.reason, "Damaged")
      const replacing = yield* failureOf(withDataset(folder, goOn, (dataset) => dataset.commit(batchOf(dataset.state, 9, [{ name: "last", ratings: [[10, 1]] }], []))))
      assert.strictEqual(replacing.reason, "Damaged")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    }))

  it.scoped("refuses a dataset of its own that lost its manifest, and keeps what is known of members", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      yield* fs.remove(`${folder}/manifest.json`)
      const before = yield* contentOf(folder)
      const failure = yield* failureOf(opening(folder))
      assert.strictEqual(failure.reason, "Damaged")
      assert.include(failure.message, "manifest.json")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    }))

  it.scoped("writes nothing into a folder that was exchanged under it", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const backup = yield* filled
      yield* withDataset(backup, goOn, more)
      const before = yield* contentOf(backup)
      const folder = yield* freshFolder
      const failure = yield* failureOf(withDataset(folder, startNew, (dataset) =>
        Effect.gen(function*() {
          yield* commitRest(dataset, 1)
          yield* fs.rename(folder, `${folder}.old`)
          yield* fs.copy(backup, folder)
          yield* more(dataset)
        })))
      assert.strictEqual(failure.reason, "Locked")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    }))

  it.scoped("does not start over a dataset that was made while it waited for the lock", () =>
    Effect.gen(function*() {
      const folder = yield* freshFolder
      const made = yield* filled
      const fs = yield* FileSystem.FileSystem
      let isMade = false
      // Another process comes first, and is done before this one has the lock.
      const late: FileSystem.FileSystem = {
        ...fs,
        link: (from, to) =>
          Effect.zipRight(
            isMade || !to.startsWith(folder) ? Effect.void : Effect.suspend(() => {
              isMade = true
              return fs.copy(made, folder, { overwrite: true })
            }),
            fs.link(from, to)
          )
      }
      const before = yield* contentOf(made)
      const failure = yield* failureOf(Effect.provideService(
        Effect.scoped(Effect.flatMap(CsvStorage.make({ folder, ...CsvStorage.defaults }), (storage) => Effect.flatMap(storage.open(startNew), commitRest))).pipe(
          Effect.provide(processTable(1))
        ),
        FileSystem.FileSystem,
        late
      ))
      assert.strictEqual(failure.reason, "AlreadyThere")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    }))

  it.scoped("does not follow a manifest out of its folder", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const victim = `${folder}-victim`
      yield* fs.writeFileString(victim, "mine")
      const name = victim.slice(victim.lastIndexOf("/") + 1)
      yield* change(folder, "manifest.json", (text) => text.replace("\"copies\": []", `"copies": [{ "name": "../moved", "swap": "../${name}" }]`))
      assert.strictEqual((yield* failureOf(opening(folder))).reason, "Damaged")
      yield* verify(folder, true).pipe(Effect.exit)
      assert.strictEqual(yield* fs.readFileString(victim), "mine")
    }))

  it.scoped("finds each number in the manifest that is another one, however large", () =>
    Effect.gen(function*() {
      for (const file of ["rawRatings", "translatedRatings", "userMappings", "filmMappings", "userUpdates"]) {
        for (const rows of [0, 7_777, 4_000_000_000, 1e15]) {
          const folder = yield* filled
          yield* change(folder, "manifest.json", (text) => text.replace(new RegExp(`("${file}": \\{[^}]*"rows": )\\d+`, "u"), `$1${rows}`))
          assert.isAbove((yield* verify(folder)).problems.length, 0, `${file} ${rows}`)
        }
      }
    }))

  it.scoped("takes no names for files that its own come and go under", () =>
    Effect.gen(function*() {
      for (const name of [".lock-1", ".hidden", "manifest.json.next-2", "latest_user_mappings.csv.next-1", "users", "diagnostics", "DATA_CARD.md", "original-20260101-000000"]) {
        const folder = yield* freshFolder
        const failure = yield* failureOf(withDataset(folder, startNew, commitRest, { options: { files: { rawRatings: name } } }))
        assert.strictEqual(failure.reason, "InvalidOption", name)
      }
    }))
})
