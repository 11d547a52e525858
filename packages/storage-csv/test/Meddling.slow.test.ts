/** What becomes of a dataset that somebody else laid hands on. */
import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { readWhole, StorageError } from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { askStorage, makeDisk, processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { Cause, Effect, Exit, Option, Stream } from "effect"
import {
  batchOf,
  commitRest,
  contentOf,
  freshFolder,
  goOn,
  leftLock,
  setAside,
  startNew,
  verify,
  withDataset
} from "./Batches.ts"

const raw = "latest_raw_user_ratings.csv"

const filled = Effect.gen(function* () {
  const folder = yield* freshFolder
  yield* withDataset(folder, startNew, commitRest)
  return folder
})

const change = (folder: string, name: string, how: (text: string) => string) =>
  Effect.gen(function* () {
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
    Effect.gen(function* () {
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
    })
  )

  it.scoped("tells of rows that somebody added, and takes none of them away in silence", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder)
      yield* change(folder, raw, (text) => `${text}1,999999,4.0\n`)
      const { problems } = yield* verify(folder)
      assert.strictEqual(problems.length, 1)
      assert.include(problems[0], `${raw}: 13 bytes follow the committed data`)
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
    })
  )

  it.scoped("says that it keeps aside what a killed process may have left, and cuts off only zeros", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder)
      const notesOf = askStorage(CsvStorage.layer({ folder, ...CsvStorage.defaults }), (storage) =>
        Effect.scoped(Effect.map(storage.open(goOn), ({ notes }) => notes))
      )
      // A lock that was left does not prove that the row is not somebody's.
      for (const row of ["7,10,", "1,999999,4.0\n"]) {
        yield* change(folder, raw, (text) => `${text}${row}`)
        yield* fs.writeFileString(`${folder}/.lock`, leftLock)
        const { problems } = yield* verify(folder)
        assert.strictEqual(problems.length, 1)
        assert.include(problems[0], `${raw}: ${row.length} bytes follow the committed data`)
        const [note, earlier] = yield* notesOf
        assert.include(note, `${row.length} bytes that were not committed were set aside in`)
        const isFirst = row === "7,10,"
        assert.strictEqual(earlier, isFirst ? undefined : `Set aside earlier, and still there: ${raw}.uncommitted.`)
      }
      yield* change(folder, raw, (text) => `${text}\0\0\0`)
      yield* fs.writeFileString(`${folder}/.lock`, leftLock)
      assert.include((yield* notesOf)[0], "3 bytes that were not committed, all of them zero, were cut off")
      assert.deepStrictEqual(yield* contentOf(folder), {
        ...before,
        [`${raw}.uncommitted`]: "7,10,",
        [`${raw}.uncommitted-2`]: "1,999999,4.0\n"
      })
      // What a process that runs is adding is no problem.
      yield* change(folder, raw, (text) => `${text}7,10,`)
      yield* fs.writeFileString(`${folder}/.lock`, leftLock)
      assert.deepStrictEqual((yield* verify(folder, false, { running: [77] })).problems, [])
    })
  )

  for (const wasKilled of [false, true]) {
    it.scoped(`changes nothing where line ends became others${wasKilled ? ", and a process was killed too" : ""}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        for (const names of [
          [raw],
          ["latest_user_mappings.csv"],
          Object.keys(yield* contentOf(yield* filled)).filter((name) => name.endsWith(".csv"))
        ]) {
          const folder = yield* filled
          for (const name of names) yield* change(folder, name, (text) => text.replaceAll("\n", "\r\n"))
          const before = yield* contentOf(folder)
          if (wasKilled) {
            yield* fs.writeFileString(`${folder}/.lock`, leftLock)
          }
          const failure = yield* failureOf(opening(folder))
          assert.strictEqual(failure.reason, "Damaged")
          assert.include(failure.message, "Nothing was written")
          assert.deepStrictEqual(failure.remedy, { _tag: "Verify" })
          const { ".lock": lock, ...after } = yield* contentOf(folder)
          assert.deepStrictEqual(after, before)
          assert.isAbove((yield* verify(folder)).problems.length, 0)
          // What tells that a batch may be unfinished stays until somebody has dealt with it.
          assert.strictEqual(lock !== undefined, wasKilled)
        }
      })
    )
  }

  it.scoped("does not hand on ratings that are not those that were committed", () =>
    Effect.gen(function* () {
      const folder = yield* filled
      yield* change(folder, raw, (text) => text.replace("5,10,5.0", "5,10,4.0"))
      const before = yield* contentOf(folder)
      const reading = yield* failureOf(
        askStorage(CsvStorage.layer({ folder, ...CsvStorage.defaults }), (storage) =>
          Effect.scoped(Effect.flatMap(readWhole(storage), ({ ratings }) => Stream.runDrain(ratings)))
        )
      )
      assert.strictEqual(reading.reason, "Damaged")
      const replacing = yield* failureOf(
        withDataset(folder, goOn, (dataset) =>
          dataset.commit(batchOf(dataset.state, 9, [{ name: "last", ratings: [[10, 1]] }], []))
        )
      )
      assert.strictEqual(replacing.reason, "Damaged")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("refuses a dataset of its own that lost its manifest, and keeps what is known of members", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      yield* fs.remove(`${folder}/manifest.json`)
      const before = yield* contentOf(folder)
      const failure = yield* failureOf(opening(folder))
      assert.strictEqual(failure.reason, "Damaged")
      assert.include(failure.message, "manifest.json")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("writes nothing into a folder that was exchanged under it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const backup = yield* filled
      yield* withDataset(backup, goOn, more)
      const before = yield* contentOf(backup)
      const folder = yield* freshFolder
      const failure = yield* failureOf(
        withDataset(folder, startNew, (dataset) =>
          Effect.gen(function* () {
            yield* commitRest(dataset, 1)
            yield* fs.rename(folder, `${folder}.old`)
            yield* fs.copy(backup, folder)
            yield* more(dataset)
          })
        )
      )
      assert.strictEqual(failure.reason, "Locked")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("does not start over a dataset that was made while it waited for the lock", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const made = yield* filled
      const fs = yield* FileSystem.FileSystem
      let isMade = false
      // Another process comes first, and is done before this one has the lock.
      const late: FileSystem.FileSystem = {
        ...fs,
        link: (from, to) =>
          Effect.zipRight(
            isMade || !to.startsWith(folder)
              ? Effect.void
              : Effect.suspend(() => {
                  isMade = true
                  return fs.copy(made, folder, { overwrite: true })
                }),
            fs.link(from, to)
          )
      }
      const before = yield* contentOf(made)
      const failure = yield* failureOf(
        Effect.provideService(
          Effect.scoped(
            Effect.flatMap(CsvStorage.make({ folder, ...CsvStorage.defaults }), (storage) =>
              Effect.flatMap(storage.open(startNew), commitRest)
            )
          ).pipe(Effect.provide(processTable(1))),
          FileSystem.FileSystem,
          late
        )
      )
      assert.strictEqual(failure.reason, "AlreadyThere")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("does not follow a manifest out of its folder", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const victim = `${folder}-victim`
      yield* fs.writeFileString(victim, "mine")
      const name = victim.slice(victim.lastIndexOf("/") + 1)
      yield* change(folder, "manifest.json", (text) =>
        text.replace('"copies": []', `"copies": [{ "name": "../moved", "swap": "../${name}" }]`)
      )
      assert.strictEqual((yield* failureOf(opening(folder))).reason, "Damaged")
      yield* verify(folder, true).pipe(Effect.exit)
      assert.strictEqual(yield* fs.readFileString(victim), "mine")
    })
  )

  it.scoped("finds each number in the manifest that is another one, however large", () =>
    Effect.gen(function* () {
      for (const file of ["rawRatings", "translatedRatings", "userMappings", "filmMappings", "userUpdates"]) {
        for (const rows of [0, 7_777, 4_000_000_000, 1e15]) {
          const folder = yield* filled
          yield* change(folder, "manifest.json", (text) =>
            text.replace(new RegExp(`("${file}": \\{[^}]*"rows": )\\d+`, "u"), `$1${rows}`)
          )
          assert.isAbove((yield* verify(folder)).problems.length, 0, `${file} ${rows}`)
        }
      }
    })
  )

  it.scoped("takes no names for files that its own come and go under", () =>
    Effect.gen(function* () {
      for (const name of [
        ".lock-1",
        ".hidden",
        "manifest.json.next-2",
        "latest_user_mappings.csv.next-1",
        "users",
        "diagnostics",
        "DATA_CARD.md",
        "original-20260101-000000"
      ]) {
        const folder = yield* freshFolder
        const failure = yield* failureOf(
          withDataset(folder, startNew, commitRest, { options: { files: { rawRatings: name } } })
        )
        assert.strictEqual(failure.reason, "InvalidOption", name)
      }
    })
  )

  it.scoped("removes no folder beside that only looks like unfinished work of its own", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const whole = yield* filled
      const lockOf = (making?: string) =>
        JSON.stringify({
          process: { pid: 77, host: "here", startedAt: 1 },
          since: "2026-01-01T00:00:00.000Z",
          ...(making === undefined ? {} : { making })
        })
      const locks = [undefined, "", "not ours", leftLock, lockOf("data.new-3"), lockOf("data")]
      const contents = [[], ["manifest.json"], [raw], ["manifest.json", raw], ["notes.txt"]]
      const cases = locks.flatMap((lock) => contents.map((names) => ({ lock, names })))
      for (const mode of [goOn, setAside]) {
        const folder = yield* freshFolder
        yield* fs.copy(whole, folder)
        for (const [n, { lock, names }] of cases.entries()) {
          const other = `${folder}.new-${n + 10}`
          yield* fs.makeDirectory(other)
          if (lock !== undefined) yield* fs.writeFileString(`${other}/.lock`, lock)
          for (const name of names)
            yield* name === "notes.txt"
              ? fs.writeFileString(`${other}/${name}`, "mine")
              : fs.copyFile(`${whole}/${name}`, `${other}/${name}`)
        }
        // The name of the issue: a sound dataset whose last run was killed.
        yield* fs.copy(whole, `${folder}.new-2`)
        yield* fs.writeFileString(`${folder}.new-2/.lock`, leftLock)
        const before = yield* Effect.forEach(
          [2, ...cases.keys()].map((n, i) => (i === 0 ? n : n + 10)),
          (n) => contentOf(`${folder}.new-${n}`)
        )
        yield* withDataset(folder, mode, (dataset) => (mode === goOn ? more(dataset) : commitRest(dataset)), { pid: 2 })
        yield* fs.remove(folder, { recursive: true })
        yield* withDataset(folder, startNew, commitRest, { pid: 2 })
        const after = yield* Effect.forEach(
          [2, ...cases.keys()].map((n, i) => (i === 0 ? n : n + 10)),
          (n) => Effect.zipLeft(contentOf(`${folder}.new-${n}`), fs.stat(`${folder}.new-${n}`))
        )
        assert.deepStrictEqual(after, before)
      }
    })
  )

  it.scoped(
    "finishes what it proves to be its own: a new dataset with a batch takes the place it was made for",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* filled
        const before = yield* contentOf(folder)
        // Each call that changes something is the last one before the batch of the new dataset is in its place.
        let rolledForward = 0
        for (let at = 1; ; at++) {
          const again = yield* freshFolder
          yield* fs.copy(folder, again)
          const disk = makeDisk({ at, code: "EIO", extent: "crash", shortWrite: false })
          yield* Effect.exit(withDataset(again, setAside, (dataset) => commitRest(dataset, 1), { disk }))
          if (disk.calls() < at) break
          const parent = again.slice(0, again.lastIndexOf("/"))
          const left = yield* fs.readDirectory(parent)
          const staged = left.find((name) => name.includes(".new-"))
          const isBatchThere = staged !== undefined && (yield* fs.exists(`${parent}/${staged}/manifest.json`))
          const batches = yield* withDataset(again, goOn, ({ state }) => Effect.succeed(state.batches), { pid: 2 })
          if (isBatchThere) {
            rolledForward += 1
            assert.strictEqual(batches, 1, `call ${at}`)
          }
          const beside = yield* fs.readDirectory(parent)
          assert.isFalse(
            beside.some((name) => name.includes(".new-")),
            `call ${at}`
          )
          // The old one is in its place, or aside.
          const kept = batches === 1 ? beside.find((name) => name.includes(".bak-")) : "data"
          const { ".lock": _, ".lock-1": __, ...content } = yield* contentOf(`${parent}/${kept}`)
          assert.deepStrictEqual(content, before, `call ${at}`)
        }
        assert.isAbove(rolledForward, 0)
      }),
    120_000
  )

  it.scoped("keeps files that only look like those of an unfinished batch, and writes over none of them", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const others = [
        `${raw}.next-6`,
        "manifest.json.next-6",
        "users/user_null_raw.csv.next-6",
        "raw_user_ratings_20260101-000000.csv.next-6"
      ]
      const older = [`${raw}.next-2`, "users/notes.next-6", "raw_user_ratings_mine.next-6"]
      for (const wasKilled of [false, true]) {
        const folder = yield* filled
        const before = yield* contentOf(folder)
        yield* fs.makeDirectory(`${folder}/users`)
        const kept = wasKilled ? older : [...others, ...older]
        for (const name of kept) yield* fs.writeFileString(`${folder}/${name}`, "mine")
        if (wasKilled) yield* fs.writeFileString(`${folder}/.lock`, leftLock)
        yield* opening(folder)
        yield* verify(folder, true)
        const mine = Object.fromEntries(kept.map((name) => [name, "mine"]))
        assert.deepStrictEqual(yield* contentOf(folder), { ...before, ...mine })
        if (wasKilled) continue
        const failure = yield* failureOf(withDataset(folder, goOn, more))
        assert.strictEqual(failure.reason, "AlreadyThere")
        assert.include(failure.message, "manifest.json.next-6")
        assert.include(failure.message, "Move it elsewhere")
        const { ".lock": _, ...after } = yield* contentOf(folder)
        assert.deepStrictEqual(after, { ...before, ...mine })
      }
    })
  )

  it.scoped("takes no file for a committed one because of its name", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      // The fourth batch replaced rows: the manifest names the file that took the place of the ratings.
      yield* withDataset(folder, startNew, (dataset) => commitRest(dataset, 4))
      const before = yield* contentOf(folder)
      assert.include(before["manifest.json"], `${raw}.next-4`)
      for (const text of ["mine", `${before[raw]}1,40,5.0\n`, (before[raw] ?? "").replace("1,20,1.0", "1,20,2.0")]) {
        yield* fs.writeFileString(`${folder}/${raw}.next-4`, text)
        yield* fs.writeFileString(`${folder}/.lock`, leftLock)
        yield* opening(folder)
        assert.deepStrictEqual(yield* contentOf(folder), { ...before, [`${raw}.next-4`]: text })
      }
    })
  )

  it.scoped("cuts off nothing that somebody adds while it is open", () =>
    Effect.gen(function* () {
      for (const name of [raw, "latest_translated_user_ratings.csv", "latest_film_mappings.csv", "members.jsonl"]) {
        const folder = yield* filled
        const before = yield* contentOf(folder)
        const failure = yield* failureOf(
          withDataset(folder, goOn, (dataset) =>
            Effect.zipRight(
              change(folder, name, (text) => `${text}mine\n`),
              more(dataset)
            )
          )
        )
        assert.strictEqual(failure.reason, "Damaged")
        assert.include(failure.message, name)
        assert.deepStrictEqual(yield* contentOf(folder), { ...before, [name]: `${before[name]}mine\n` })
      }
    })
  )

  it.scoped("takes no lock that is not its own, neither over nor away", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder)
      yield* fs.writeFileString(`${folder}/.lock`, "somebody's")
      yield* fs.writeFileString(`${folder}/.lock-77`, "somebody's")
      yield* fs.writeFileString(`${folder}/.lock-1`, "somebody's")
      const failure = yield* failureOf(opening(folder))
      assert.strictEqual(failure.reason, "Locked")
      assert.include(failure.message, "move it elsewhere")
      const others = { ".lock-1": "somebody's", ".lock-77": "somebody's" }
      assert.deepStrictEqual(yield* contentOf(folder), { ...before, ...others, ".lock": "somebody's" })
      yield* fs.remove(`${folder}/.lock`)
      const ofAnother = JSON.stringify({
        process: { pid: 5, host: "here", startedAt: 1 },
        since: "2026-01-01T00:00:00.000Z"
      })
      yield* withDataset(folder, goOn, () => fs.writeFileString(`${folder}/.lock`, ofAnother))
      assert.deepStrictEqual(yield* contentOf(folder), { ...before, ...others, ".lock": ofAnother })
    })
  )

  it.scoped("remembers that a process was killed until what it left was dealt with", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder)
      yield* change(folder, raw, (text) => `${text}7,10,`)
      yield* fs.writeFileString(`${folder}/.lock`, leftLock)
      // Neither of these comes to the bytes of the unfinished batch.
      const failure = yield* failureOf(withDataset(folder, goOn, () => Effect.void, { options: { filmLabel: "slug" } }))
      assert.strictEqual(failure.reason, "InvalidOption")
      const films = yield* fs.readFileString(`${folder}/latest_film_mappings.csv`)
      yield* change(folder, "latest_film_mappings.csv", (text) => text.replace("10,", "11,"))
      assert.isAbove((yield* verify(folder, true)).problems.length, 0)
      yield* fs.writeFileString(`${folder}/latest_film_mappings.csv`, films)
      yield* opening(folder)
      assert.deepStrictEqual(yield* contentOf(folder), { ...before, [`${raw}.uncommitted`]: "7,10," })
    })
  )

  it.scoped("makes none of its files where somebody's is", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      // Of a new dataset: the names that no dataset of the original tool has.
      const folder = yield* freshFolder
      yield* fs.makeDirectory(folder)
      yield* fs.writeFileString(`${folder}/members.jsonl`, "mine")
      for (const tries of [1, 2]) {
        const failure = yield* failureOf(withDataset(folder, startNew, commitRest, { pid: tries }))
        assert.strictEqual(failure.reason, "AlreadyThere")
        assert.include(failure.message, "members.jsonl")
        assert.deepStrictEqual(yield* contentOf(folder), { "members.jsonl": "mine" })
      }
      // Of one that is taken over: what it wrote would be renamed from this.
      const original = yield* freshFolder
      yield* fs.makeDirectory(original)
      for (const [name, text] of [
        [raw, "user_id,film_id,rating\n1,51608,4\n"],
        ["latest_user_mappings.csv", "username,numeric_user_id\ndavee,1\n"],
        ["latest_film_mappings.csv", "film_id,film_title\n51608,fail-safe\n"]
      ] as const)
        yield* fs.writeFileString(`${original}/${name}`, text)
      const before = yield* contentOf(original)
      yield* fs.writeFileString(`${original}/${raw}.next-1`, "mine")
      for (const tries of [1, 2]) {
        const failure = yield* failureOf(withDataset(original, goOn, () => Effect.void, { pid: tries }))
        assert.strictEqual(failure.reason, "AlreadyThere")
        assert.include(failure.message, `${raw}.next-1`)
        assert.deepStrictEqual(yield* contentOf(original), { ...before, [`${raw}.next-1`]: "mine" })
      }
    })
  )

  it.scoped("refuses a second time, too, what it refused because of somebody's file", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      yield* fs.writeFileString(`${folder}/manifest.json.next-6`, "mine")
      const before = yield* contentOf(folder)
      for (const pid of [1, 2, 3]) {
        const failure = yield* failureOf(withDataset(folder, goOn, more, { pid }))
        assert.strictEqual(failure.reason, "AlreadyThere")
        assert.include(failure.message, "manifest.json.next-6")
        assert.deepStrictEqual(yield* contentOf(folder), before)
      }
    })
  )

  it.scoped("repairs over nobody's file", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      yield* change(folder, raw, (text) => text.replaceAll("\n", "\r\n"))
      yield* fs.writeFileString(`${folder}/${raw}.next-6`, "mine")
      const before = yield* contentOf(folder)
      for (const pid of [1, 2]) {
        const failure = yield* failureOf(verify(folder, true, { pid }))
        assert.strictEqual(failure.reason, "AlreadyThere")
        assert.deepStrictEqual(yield* contentOf(folder), before)
      }
    })
  )

  it.scoped("does with a manifest that was changed nothing to files that are not its own", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const copies of [
        `{ "name": "precious.txt", "swap": "mine.txt" }`,
        `{ "name": "precious.txt", "swap": "precious.txt.next-5" }`,
        `{ "name": "${raw}", "swap": "${raw}.next-5" }`,
        `{ "name": "users/user_null_raw.csv", "swap": "mine.txt" }`
      ]) {
        const folder = yield* filled
        for (const name of ["precious.txt", "mine.txt", "precious.txt.next-5", `${raw}.next-5`])
          yield* fs.writeFileString(`${folder}/${name}`, name)
        yield* change(folder, "manifest.json", (text) => text.replace('"copies": []', `"copies": [${copies}]`))
        yield* fs.writeFileString(`${folder}/.lock`, leftLock)
        const before = yield* contentOf(folder)
        assert.strictEqual((yield* failureOf(opening(folder))).reason, "Damaged")
        yield* Effect.exit(verify(folder, true))
        const { ".lock": lock, ...after } = yield* contentOf(folder)
        assert.isDefined(lock)
        assert.deepStrictEqual({ ...after, ".lock": leftLock }, before)
      }
      // A file of a member is one of its own; what it held is kept all the same.
      const folder = yield* filled
      yield* fs.makeDirectory(`${folder}/users`)
      yield* fs.writeFileString(`${folder}/users/user_null_raw.csv`, "mine")
      yield* fs.writeFileString(`${folder}/users/user_null_raw.csv.next-5`, "other")
      yield* change(folder, "manifest.json", (text) =>
        text.replace(
          '"copies": []',
          '"copies": [{ "name": "users/user_null_raw.csv", "swap": "users/user_null_raw.csv.next-5" }]'
        )
      )
      yield* fs.writeFileString(`${folder}/.lock`, leftLock)
      yield* opening(folder)
      assert.strictEqual((yield* contentOf(folder))["users/user_null_raw.csv.uncommitted"], "mine")
    })
  )

  it.scoped("says of a manifest that is none what is wrong, in a line", () =>
    Effect.gen(function* () {
      for (const [how, words] of [
        [(text: string) => text.replace('"format": 1,', ""), "format is missing"],
        [(text: string) => text.replace('"format": 1', '"format": "1"'), "format Expected"],
        [(text: string) => text.replace(/"batches": \d+/u, '"batches": 9007199254740991'), "batches"],
        [(text: string) => text.replace(/"rows": \d+/u, '"rows": 9000000000000000'), "files.rawRatings.rows"],
        [(text: string) => text.replace(/"rows": \d+/u, '"rows": 7777'), "7777 rows cannot stand in"],
        [(text: string) => text.replace(/"crc32": "[^"]*"/u, `"crc32": "${"x".repeat(9_000)}"`), "crc32"],
        [(text: string) => text.slice(1), "JSON"]
      ] as const) {
        const folder = yield* filled
        yield* change(folder, "manifest.json", how)
        const failure = yield* failureOf(opening(folder))
        assert.strictEqual(failure.reason, "Damaged")
        assert.include(failure.detail, words)
        assert.notInclude(failure.detail, "\n")
        assert.isBelow(failure.detail.length, 350)
        assert.notStrictEqual(failure.remedy?._tag, "Repair")
      }
    })
  )

  it.scoped("says of a folder without a dataset, or without its manifest, the same however it is asked", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const asked = (folder: string) =>
        Effect.gen(function* () {
          const storage = CsvStorage.layer({ folder, ...CsvStorage.defaults })
          const inspected = yield* failureOf(askStorage(storage, ({ inspect }) => inspect))
          const opened = yield* failureOf(opening(folder))
          const repaired = yield* Effect.either(verify(folder, true))
          const verified = yield* Effect.either(verify(folder))
          const said = (one: typeof verified) =>
            one._tag === "Left" ? (one.left instanceof StorageError ? one.left.message : "") : one.right.problems.join()
          assert.deepStrictEqual([inspected.message, said(verified)], [opened.message, opened.message])
          assert.include(repaired._tag === "Left" ? String(repaired.left) : "", opened.detail)
          return { reason: inspected.reason, isProblem: verified._tag === "Right", detail: opened.detail }
        })
      const empty = yield* freshFolder
      yield* fs.makeDirectory(empty)
      const other = yield* freshFolder
      yield* fs.makeDirectory(other)
      yield* fs.writeFileString(`${other}/notes.csv`, "mine")
      for (const folder of [yield* freshFolder, empty, other]) {
        const { isProblem, reason } = yield* asked(folder)
        assert.strictEqual(reason, "NothingThere")
        assert.isFalse(isProblem)
      }
      const lost = yield* filled
      yield* fs.remove(`${lost}/manifest.json`)
      const { detail, reason } = yield* asked(lost)
      assert.strictEqual(reason, "Damaged")
      assert.include(detail, "Restore it from a copy")
    })
  )

  it.scoped("says that it is damaged where a file is missing, whoever looks", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const name of Object.keys(yield* contentOf(yield* filled))) {
        if (name === "manifest.json") continue
        const folder = yield* filled
        yield* fs.remove(`${folder}/${name}`)
        const storage = CsvStorage.layer({ folder, ...CsvStorage.defaults })
        for (const failing of [Effect.asVoid(askStorage(storage, ({ inspect }) => inspect)), opening(folder)]) {
          const { message, reason, remedy } = yield* failureOf(failing)
          assert.deepStrictEqual([reason, remedy], ["Damaged", { _tag: "Verify" }], message)
          assert.include(message, `${name}: the file is missing`)
        }
      }
      const folder = yield* filled
      const { reason } = yield* failureOf(
        withDataset(folder, goOn, (dataset) =>
          Effect.zipRight(Effect.orDie(fs.remove(`${folder}/${raw}`)), more(dataset))
        )
      )
      assert.strictEqual(reason, "Damaged")
    })
  )

  it.scoped("is in use from the moment a process makes it, before anything is committed", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const other = { pid: 2, running: [1, 2] }
      const storage = CsvStorage.layer({ folder, ...CsvStorage.defaults })
      yield* withDataset(folder, startNew, () =>
        Effect.gen(function* () {
          for (const failing of [
            withDataset(folder, goOn, () => Effect.void, other),
            Effect.asVoid(askStorage(storage, ({ inspect }) => inspect, other))
          ])
            assert.strictEqual((yield* failureOf(failing)).reason, "Locked")
        })
      )
      assert.strictEqual((yield* failureOf(opening(folder))).reason, "NothingThere")
    })
  )

  it.scoped("counts a file that is missing once", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const name of [raw, "latest_translated_user_ratings.csv", "members.jsonl"]) {
        const folder = yield* filled
        yield* fs.remove(`${folder}/${name}`)
        const { problems } = yield* verify(folder)
        assert.strictEqual(problems.length, 1, problems.join("\n"))
        assert.include(problems[0], "the file is missing")
      }
    })
  )

  it.scoped("is seen where it is, between the two renamings of a new one that takes its place", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      let seen = 0
      for (let at = 1; ; at++) {
        const again = yield* freshFolder
        yield* fs.copy(folder, again)
        const disk = makeDisk({ at, code: "EIO", extent: "crash", shortWrite: false })
        yield* Effect.exit(withDataset(again, setAside, (dataset) => commitRest(dataset, 1), { disk }))
        if (disk.calls() < at) break
        const storage = CsvStorage.layer({ folder: again, ...CsvStorage.defaults })
        if (!(yield* fs.exists(again))) seen += 1
        assert.isTrue(yield* askStorage(storage, ({ exists }) => exists, { pid: 2 }))
        const { state } = yield* askStorage(storage, ({ inspect }) => inspect, { pid: 2 })
        assert.deepStrictEqual((yield* verify(again, false, { pid: 2 })).problems, [])
        const batches = yield* withDataset(again, goOn, (dataset) => Effect.succeed(dataset.state.batches), { pid: 2 })
        assert.strictEqual(state.batches, batches, `call ${at}`)
      }
      assert.isAbove(seen, 0)
    })
  )
})
