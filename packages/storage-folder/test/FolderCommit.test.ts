import { FileSystem, type Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { type Keep, type StorageError } from "@letterboxd-ratings/core"
import {
  checkBytes,
  checkLengths,
  commitFolder,
  entryBytes,
  type FilePart,
  type FolderWriter,
  inPlace,
  readManifest,
  recoverFolder,
  removeFirstAttempt
} from "@letterboxd-ratings/storage-folder"
import { contentOf, freshFolder } from "@letterboxd-ratings/storage-testkit/folder"
import { Chunk, DateTime, Effect, Exit, Stream } from "effect"
import { failures, form, type LineManifest, nothing } from "./LineStorage.ts"

type Files = FileSystem.FileSystem | Path.Path

const text = (content: string, rows = 1): FilePart => ({ text: content, rows })
const content = (...parts: ReadonlyArray<string>) => Stream.fromIterable(parts.map((one) => text(one)))

const commit = (
  folder: string,
  before: LineManifest,
  write: (files: FolderWriter) => Effect.Effect<Partial<LineManifest>, StorageError, Files>
) =>
  commitFolder(form, folder, before, before.batches + 1, (files) =>
    Effect.map(write(files), (changed): LineManifest => ({
      ...before,
      rows: inPlace(before.rows),
      state: inPlace(before.state),
      ...changed,
      batches: before.batches + 1,
      copies: files.copies(),
      removed: files.removed()
    }))
  )

/** A folder with one batch. */
const begun = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* freshFolder
  yield* fs.makeDirectory(folder)
  const manifest = yield* commit(folder, nothing(DateTime.unsafeMake(0)), (files) =>
    Effect.gen(function* () {
      return {
        rows: yield* files.write("rows.txt", content("one\n", "two\n")),
        state: yield* files.write("state.json", content("{}")),
        last: yield* files.write("batches/1", content("1\n"))
      }
    })
  )
  return { folder, manifest }
})

const withoutManifest = (folder: string) => Effect.map(contentOf(folder), ({ "manifest.json": _, ...files }) => files)

const recover = (folder: string, manifest: LineManifest, wasLeft: boolean, tails: "refuse" | "set-aside") =>
  Effect.flatten(recoverFolder(form, folder, manifest, { wasLeft, tails }))

layer(NodeContext.layer)("a commit", (it) => {
  it.scoped("appends, replaces, makes, copies and removes files, and tells what they hold", () =>
    Effect.gen(function* () {
      const { folder, manifest } = yield* begun
      assert.deepStrictEqual(yield* withoutManifest(folder), {
        "batches/1": "1\n",
        "rows.txt": "one\ntwo\n",
        "state.json": "{}"
      })
      assert.deepStrictEqual([manifest.rows.bytes, manifest.rows.rows, manifest.rows.swap], [
        8,
        2,
        "rows.txt.next-1"
      ] as ReadonlyArray<unknown>)
      const next = yield* commit(folder, manifest, (files) =>
        Effect.gen(function* () {
          files.remove("batches/1")
          yield* files.copy({ name: "copies/copy.txt", content: content("copy") })
          return {
            rows: yield* files.append(manifest.rows, content("three\n")),
            state: yield* files.write("state.json", content(`{"n":2}`)),
            last: yield* files.writeWith("batches/2", (place) =>
              Effect.as(
                Effect.orDie(Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(place, "by another"))),
                7
              )
            )
          }
        })
      )
      assert.deepStrictEqual(yield* withoutManifest(folder), {
        "batches/2": "by another",
        "copies/copy.txt": "copy",
        "rows.txt": "one\ntwo\nthree\n",
        "state.json": `{"n":2}`
      })
      assert.deepStrictEqual([next.rows.rows, next.last?.rows, next.last?.bytes], [3, 7, 10])
      assert.isFalse("swap" in next.rows)
      assert.deepStrictEqual(next.removed, ["batches/1"])
      assert.deepStrictEqual((yield* readManifest(form, folder))?.batches, 2)
      for (const entry of form.entries(next)) yield* checkBytes(failures, folder, entry)
      const bytes = yield* Stream.runCollect(entryBytes(failures, folder, next.rows))
      assert.strictEqual(
        Chunk.toReadonlyArray(bytes).reduce((sum, { length }) => sum + length, 0),
        14
      )
    })
  )

  it.scoped("takes back what it wrote where it fails", () =>
    Effect.gen(function* () {
      const { folder, manifest } = yield* begun
      const before = yield* contentOf(folder)
      const exit = yield* Effect.exit(
        commit(folder, manifest, (files) =>
          Effect.gen(function* () {
            yield* files.append(manifest.rows, content("three\n"))
            yield* files.write("state.json", content("{}"))
            yield* files.copy({ name: "new/copy.txt", content: content("copy") })
            return yield* failures.storageError("Failed", folder, "it breaks off")
          })
        )
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(yield* contentOf(folder), before)
      const fs = yield* FileSystem.FileSystem
      assert.isFalse(yield* fs.exists(`${folder}/new`))
    })
  )

  it.scoped("keeps what somebody else wrote in the place of a copy, and writes over no file beside", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder, manifest } = yield* begun
      yield* fs.writeFileString(`${folder}/copy.txt`, "mine")
      const copy = (before?: string) =>
        commit(folder, manifest, (files) =>
          Effect.as(files.copy({ name: "copy.txt", content: content("copy"), before }), {})
        )
      yield* fs.writeFileString(`${folder}/copy.txt.next-2`, "mine too")
      assert.strictEqual((yield* Effect.flip(copy())).reason, "AlreadyThere")
      assert.strictEqual(yield* fs.readFileString(`${folder}/copy.txt.next-2`), "mine too")
      yield* fs.remove(`${folder}/copy.txt.next-2`)
      yield* fs.remove(`${folder}/copy.txt.uncommitted`)
      yield* copy()
      const files = yield* withoutManifest(folder)
      assert.strictEqual(files["copy.txt"], "copy")
      assert.strictEqual(files["copy.txt.uncommitted"], "mine")
    })
  )

  it.scoped("makes no file where one is that was not committed, be it there before or made meanwhile", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const when of ["before", "meanwhile"] as const) {
        for (const name of ["batches/2", "batches/3"]) {
          const { folder, manifest } = yield* begun
          const before = yield* contentOf(folder)
          const mine = fs.writeFileString(`${folder}/${name}`, "mine")
          if (when === "before") yield* mine
          const last = (files: FolderWriter) =>
            name === "batches/2"
              ? files.write(name, content("2\n"))
              : files.writeWith(name, (place) => Effect.as(Effect.orDie(fs.writeFileString(place, "3\n")), 1))
          let unfinished = 0
          const error = yield* commitFolder(
            form,
            folder,
            manifest,
            2,
            (files) =>
              Effect.gen(function* () {
                const rows = yield* files.append(manifest.rows, content("three\n"))
                const made = yield* last(files)
                if (when === "meanwhile") yield* Effect.orDie(mine)
                return { ...manifest, batches: 2, rows, state: inPlace(manifest.state), last: made }
              }),
            { unfinished: Effect.sync(() => unfinished++) }
          ).pipe(Effect.flip)
          assert.strictEqual(error.reason, "AlreadyThere")
          assert.include(error.message, name)
          assert.deepStrictEqual(yield* contentOf(folder), { ...before, [name]: "mine" })
          // All of it is taken back, so that the lock need not say anything.
          assert.strictEqual(unfinished, 0)
        }
      }
      // Nor the first one, be it a link that leads nowhere.
      const folder = yield* freshFolder
      yield* fs.makeDirectory(folder)
      yield* fs.symlink(`${folder}/nowhere`, `${folder}/rows.txt`)
      const first = yield* commit(folder, nothing(DateTime.unsafeMake(0)), (files) =>
        Effect.map(files.write("rows.txt", content("one\n")), (rows) => ({ rows }))
      ).pipe(Effect.flip)
      assert.strictEqual(first.reason, "AlreadyThere")
      assert.strictEqual(yield* fs.readLink(`${folder}/rows.txt`), `${folder}/nowhere`)
    })
  )

  it.scoped("is told to be unfinished only where something of it is left", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const isStuck of [false, true]) {
        const { folder, manifest } = yield* begun
        yield* fs.writeFileString(`${folder}/manifest.json.next-2`, "mine")
        let unfinished = 0
        const failing: FileSystem.FileSystem = {
          ...fs,
          remove: (place, options) =>
            isStuck && place.includes("state.json.next-2")
              ? Effect.asVoid(fs.readDirectory(`${folder}/nowhere`))
              : fs.remove(place, options)
        }
        const error = yield* commitFolder(
          form,
          folder,
          manifest,
          2,
          (files) =>
            Effect.map(files.write("state.json", content("{}")), (state) => ({ ...manifest, batches: 2, state })),
          { unfinished: Effect.sync(() => unfinished++) }
        ).pipe(Effect.flip, Effect.provideService(FileSystem.FileSystem, failing))
        assert.strictEqual(error.reason, "AlreadyThere")
        assert.include(error.message, "manifest.json.next-2")
        assert.strictEqual(unfinished, isStuck ? 1 : 0)
      }
    })
  )

  it.scoped("adds to no file that got longer while the batch was coming", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder, manifest } = yield* begun
      const before = yield* contentOf(folder)
      const error = yield* commit(folder, manifest, (files) =>
        Effect.gen(function* () {
          yield* Effect.orDie(fs.writeFileString(`${folder}/rows.txt`, "mine\n", { flag: "a" }))
          return { rows: yield* files.append(manifest.rows, content("three\n")) }
        })
      ).pipe(Effect.flip)
      assert.strictEqual(error.reason, "Damaged")
      assert.deepStrictEqual(yield* contentOf(folder), { ...before, "rows.txt": `${before["rows.txt"]}mine\n` })
    })
  )

  it.scoped("is refused where a file was changed meanwhile", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder, manifest } = yield* begun
      yield* checkLengths(failures, folder, form.entries(manifest))
      yield* fs.writeFileString(`${folder}/rows.txt`, "more\n", { flag: "a" })
      const error = yield* Effect.flip(checkLengths(failures, folder, form.entries(manifest)))
      assert.strictEqual(error.reason, "Damaged")
      assert.include(error.message, "it holds 13 bytes where 8 were committed")
    })
  )
})

layer(NodeContext.layer)("a recovery", (it) => {
  it.scoped("refuses bytes behind the committed ones, or sets them aside, and keeps no zeros", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const [tails, wasLeft, tail] of [
        ["refuse", false, "torn"],
        ["refuse", false, "\0\0"],
        ["set-aside", true, "torn"],
        ["set-aside", true, "\0\0"],
        ["set-aside", false, "torn"]
      ] as const) {
        const { folder, manifest } = yield* begun
        const before = yield* contentOf(folder)
        yield* fs.writeFileString(`${folder}/rows.txt`, tail, { flag: "a" })
        const exit = yield* Effect.exit(recover(folder, manifest, wasLeft, tails))
        const after = yield* contentOf(folder)
        assert.strictEqual(Exit.isFailure(exit), tails === "refuse", tails)
        if (tails === "refuse") assert.deepStrictEqual(after, { ...before, "rows.txt": `one\ntwo\n${tail}` })
        else assert.deepStrictEqual(after, { ...before, ...(tail === "torn" ? { "rows.txt.uncommitted": tail } : {}) })
      }
    })
  )

  it.scoped("cuts off nothing behind bytes that are not what was committed", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder, manifest } = yield* begun
      yield* fs.writeFileString(`${folder}/rows.txt`, "ONE\ntwo\ntorn")
      const before = yield* contentOf(folder)
      assert.strictEqual((yield* Effect.flip(recover(folder, manifest, true, "set-aside"))).reason, "Damaged")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("finishes renamings and removals, and takes away what an unfinished batch left", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder, manifest } = yield* begun
      const before = yield* contentOf(folder)
      yield* fs.rename(`${folder}/state.json`, `${folder}/state.json.next-1`)
      yield* fs.writeFileString(`${folder}/batches/0`, "old")
      const left = { ...manifest, removed: ["batches/0"], copies: [{ name: "copy.txt", swap: "copy.txt.next-1" }] }
      yield* fs.writeFileString(`${folder}/copy.txt.next-1`, "copy")
      yield* fs.writeFileString(`${folder}/rows.txt.next-2`, "unfinished")
      yield* fs.writeFileString(`${folder}/batches/2.next-2`, "unfinished")
      const others = { "rows.txt.next-7": "of another batch", "notes.next-2": "mine" }
      for (const [name, mine] of Object.entries(others)) yield* fs.writeFileString(`${folder}/${name}`, mine)
      yield* recover(folder, left, true, "set-aside")
      assert.deepStrictEqual(yield* contentOf(folder), { ...before, "copy.txt": "copy", ...others })
    })
  )

  it.scoped("touches no file beside where nobody ended at work", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder, manifest } = yield* begun
      yield* fs.writeFileString(`${folder}/rows.txt.next-2`, "mine")
      yield* fs.writeFileString(`${folder}/batches/0`, "mine")
      const before = yield* contentOf(folder)
      yield* recover(folder, { ...manifest, removed: ["batches/0"] }, false, "refuse")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("refuses a folder of which committed bytes are missing", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const damage of ["one\n", undefined]) {
        const { folder, manifest } = yield* begun
        const place = `${folder}/rows.txt`
        yield* damage === undefined ? fs.remove(place) : fs.writeFileString(place, damage)
        const error = yield* Effect.flip(recover(folder, manifest, true, "set-aside"))
        assert.strictEqual(error.reason, "Damaged")
        assert.include(error.message, place)
      }
    })
  )

  it.scoped("removes what a first batch left that was not committed, and nothing else", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* fs.makeDirectory(folder)
      for (const name of ["rows.txt.next-5", "manifest.json.next-5", "notes.next-5", "rows.txt.next-x"])
        yield* fs.writeFileString(`${folder}/${name}`, "")
      yield* removeFirstAttempt(form, folder)
      assert.deepStrictEqual(Object.keys(yield* contentOf(folder)), ["notes.next-5", "rows.txt.next-x"])
    })
  )
})

layer(NodeContext.layer)("a manifest", (it) => {
  const changed = (change: (manifest: string) => string) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { folder } = yield* begun
      const place = `${folder}/manifest.json`
      yield* fs.writeFileString(place, change(yield* fs.readFileString(place)))
      return yield* Effect.either(readManifest(form, folder))
    })
  const reasonOf = (change: (manifest: string) => string) =>
    Effect.map(changed(change), (read) => (read._tag === "Left" ? read.left.reason : "read"))

  it.scoped("is refused where it is newer, another storage's, or damaged", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* reasonOf((one) => one), "read")
      assert.strictEqual(yield* reasonOf((one) => one.replace(`"format": 1`, `"format": 99`)), "NewerFormat")
      assert.strictEqual(yield* reasonOf((one) => one.replace(`"lines"`, `"others"`)), "InvalidOption")
      assert.strictEqual(yield* reasonOf((one) => one.slice(0, 50)), "Damaged")
      assert.strictEqual(yield* reasonOf((one) => one.replace(`"rows.txt"`, `"../rows.txt"`)), "Damaged")
      const lists = (copies: string, removed: string) => (one: string) =>
        one.replace(`"copies": []`, `"copies": [${copies}]`).replace(`"removed": []`, `"removed": [${removed}]`)
      for (const [copies, removed, reason] of [
        [`{"name": "copy.txt", "swap": "copy.txt.next-1"}`, `"batches/0"`, "read"],
        [`{"name": "precious.txt", "swap": "precious.txt.next-1"}`, "", "Damaged"],
        [`{"name": "copy.txt", "swap": "mine.txt"}`, "", "Damaged"],
        [`{"name": "copy.txt", "swap": "copy.txt.next-2"}`, "", "Damaged"],
        [`{"name": "rows.txt", "swap": "rows.txt.next-1"}`, "", "Damaged"],
        ["", `"thesis.txt"`, "Damaged"],
        ["", `"rows.txt"`, "Damaged"]
      ] as const)
        assert.strictEqual(yield* reasonOf(lists(copies, removed)), reason, `${copies} ${removed}`)
      for (const [change, words] of [
        [(one: string) => one.replace(`"format": 1,`, ""), "format is missing"],
        [(one: string) => one.replace(`"format": 1`, `"format": "1"`), "format"],
        [(one: string) => one.replace(`"batches": 1,`, `"batches": 9007199254740991,`), "batches"],
        [(one: string) => one.replace(/"rows": \d+/u, `"rows": 9000000000000000`), "rows"],
        [(one: string) => one.replace(`"removed": []`, `"removed": [${"[".repeat(9)}1${"]".repeat(9)}]`), "removed"],
        [(one: string) => `${"x".repeat(5_000)}${one}`, "JSON"]
      ] as const) {
        const read = yield* changed(change)
        assert(read._tag === "Left", words)
        assert.strictEqual(read.left.reason, "Damaged")
        assert.include(read.left.detail, words)
        assert.notInclude(read.left.detail, "\n")
        assert.isBelow(read.left.detail.length, 350)
      }
      const keeping = (keep: string) => (one: string) => one.replace(`"format": 1`, `"format": 2, "keeps": [${keep}]`)
      assert.strictEqual(yield* reasonOf(keeping(`"liked" satisfies`)), "Damaged")
      assert.strictEqual(yield* reasonOf(keeping(`"unheard of"`)), "Damaged")
      const read = yield* changed(keeping(`"liked"`))
      const keeps: ReadonlyArray<Keep> = read._tag === "Right" ? (read.right?.keeps ?? []) : []
      assert.deepStrictEqual([...keeps], ["liked"])
    })
  )
})
