import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { exportFiles, exportName, exportZip, feedPage, generateWorld } from "@letterboxd-ratings/fixtures"
import {
  findInputs,
  headBytes,
  type InputBounds,
  type InputKind,
  LetterboxdImport,
  officialExport
} from "@letterboxd-ratings/letterboxd-import"
import { Effect, Stream } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import {
  importPaths,
  membersOf,
  noFilms,
  notesOf,
  onlyRefusal,
  readOf,
  refusedOf,
  username,
  writeFiles
} from "./Imported.ts"

/** A kind that takes files of one ending. */
const kindOf = (name: string, ending: string): InputKind => ({
  name,
  keeps: [],
  recognises: ({ path }) => path.endsWith(ending),
  items: () => Stream.empty
})
const pages = kindOf("pages", ".html")
const feeds = kindOf("feeds", ".xml")

const find = (paths: ReadonlyArray<string>, options: { bounds?: InputBounds; forced?: InputKind } = {}) =>
  Effect.map(findInputs(paths, [pages, feeds], options), (inputs) => ({
    ...inputs,
    paths: Array.from(inputs.byKind, ([{ name }, found]) => [name, ...found.map(({ path }) => path)])
  }))

const member = generateWorld({ members: 1 }).members[0]
assert(member !== undefined)

describe("paths", () => {
  it.scoped("become inputs by kind, in the order of kinds and paths, those in a folder by name", () =>
    Effect.gen(function* () {
      const folder = yield* writeFiles(
        ["b.html", "a.xml", "c/z.html", "c/a.html", "x.html"].map((name) => [name, name] as const)
      )
      const { folders, paths, refused } = yield* find([`${folder}/x.html`, folder])
      assert.deepStrictEqual(refused, [])
      assert.deepStrictEqual(paths, [
        ["pages", ...["x.html", "b.html", "c/a.html", "c/z.html"].map((name) => `${folder}/${name}`)],
        ["feeds", `${folder}/a.xml`]
      ])
      assert.deepStrictEqual(folders, [{ path: folder, hidden: 0, others: 0, again: 1 }])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped(
    "that nothing recognises are refused with what was looked for; those of no kind in a folder are counted",
    () =>
      Effect.gen(function* () {
        const folder = yield* writeFiles([
          ["a.html", ""],
          ["a_files/style.css", ""],
          ["a_files/script.js", ""],
          [".DS_Store", ""],
          ["__MACOSX/a.html", ""],
          ["empty/b.txt", ""]
        ])
        const { folders, paths, refused } = yield* find([folder, `${folder}/a_files/style.css`, `${folder}/empty`])
        assert.deepStrictEqual(paths[0], ["pages", `${folder}/a.html`])
        assert.deepStrictEqual(folders[0], {
          path: folder,
          hidden: 2,
          others: 3,
          again: 0,
          firstOther: `${folder}/a_files/script.js`
        })
        // They were looked at as parts of the folder already.
        assert.deepStrictEqual(refused, [])
        const alone = yield* find([`${folder}/a_files/style.css`, `${folder}/empty`, `${folder}/none`])
        assert.deepStrictEqual(
          alone.refused.map(({ place, reason }) => [place, reason]),
          [
            [`${folder}/a_files/style.css`, "NotRecognised"],
            [`${folder}/empty`, "NotRecognised"],
            [`${folder}/none`, "Unreadable"]
          ]
        )
        assert.match(alone.refused[0]?.message ?? "", /looked for: pages; feeds/u)
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("with links in a circle end, and each file is taken once", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* writeFiles([["below/a.html", ""]])
      yield* fs.symlink(folder, `${folder}/below/circle`)
      yield* fs.symlink(`${folder}/below/a.html`, `${folder}/again.html`)
      yield* fs.symlink(`${folder}/nowhere`, `${folder}/gone.html`)
      const { folders, paths, refused } = yield* find([folder])
      assert.deepStrictEqual(paths[0], ["pages", `${folder}/again.html`])
      assert.deepStrictEqual(folders[0]?.again, 2)
      assert.deepStrictEqual(
        refused.map(({ place, reason }) => [place, reason]),
        [[`${folder}/gone.html`, "Unreadable"]]
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped.skipIf(process.platform !== "linux")(
    "whose names are no UTF-8 are refused, and say so (skipped where file systems have no such names)",
    () =>
      Effect.gen(function* () {
        const folder = yield* writeFiles([
          ["below/export/profile.csv", ""],
          ["below/export/ratings.csv", ""],
          ["a.html", ""]
        ])
        const latin1 = (name: string) => Buffer.from(`${folder}/${name}`, "latin1")
        writeFileSync(latin1("caf\u00E9.html"), "")
        mkdirSync(latin1("\u00E9t\u00E9"))
        // Without it, the folder around the export would be taken for the export.
        writeFileSync(latin1("below/\u00E9.html"), "")
        const { byKind, refused } = yield* findInputs([folder, `${folder}/n\uFFFD.html`], [officialExport, pages])
        assert.deepStrictEqual(
          Array.from(byKind.values(), (found) => found.map(({ path }) => path)),
          [[`${folder}/below/export`], [`${folder}/a.html`]]
        )
        assert.deepStrictEqual(
          refused.map(({ message, place }) => [place, message.slice(place.length)]),
          ["below/\uFFFD.html", "caf\uFFFD.html", "\uFFFDt\uFFFD", "n\uFFFD.html"]
            .map((name) => `${folder}/${name}`)
            .map((place) => [
              place,
              ": there is no such file or folder, or its name is not valid UTF-8, so that it cannot be opened. Check the path, or rename the file or folder, and try again."
            ])
        )
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("are looked into three levels deep, and to a number of files", () =>
    Effect.gen(function* () {
      const folder = yield* writeFiles(
        ["a.html", "1/a.html", "1/2/a.html", "1/2/3/a.html", "1/2/3/4/a.html"].map((name) => [name, ""] as const)
      )
      const { paths } = yield* find([folder])
      assert.deepStrictEqual(paths[0], [
        "pages",
        ...["1/2/a.html", "1/a.html", "a.html"].map((name) => `${folder}/${name}`)
      ])
      const { paths: few, refused } = yield* find([folder], { bounds: { levels: 3, files: 3 } })
      assert.strictEqual(refused[0]?.reason, "TooLarge")
      assert.isBelow(few[0]?.length ?? 0, 4)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("give the beginning of a file to recognise it by, and keep little of it", () =>
    Effect.gen(function* () {
      const folder = yield* writeFiles([["a.html", "x".repeat(100_000)]])
      let seen = 0
      const kind: InputKind = {
        ...pages,
        recognises: ({ head }) => {
          seen = head.length
          return true
        }
      }
      const { byKind } = yield* findInputs([`${folder}/a.html`], [kind])
      assert.strictEqual(seen, headBytes)
      const [input] = byKind.get(kind) ?? []
      assert.strictEqual(input?.head.buffer.byteLength, 16)
      assert.strictEqual(input?.bytes, 100_000)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("are of the kind that is forced, whatever they look like", () =>
    Effect.gen(function* () {
      const folder = yield* writeFiles([
        ["a.txt", ""],
        ["b/c.txt", ""],
        ["d/e.xml", ""]
      ])
      const { paths, refused } = yield* find([`${folder}/a.txt`, `${folder}/b`, `${folder}/d`], { forced: feeds })
      assert.deepStrictEqual(refused, [])
      assert.deepStrictEqual(paths[1], ["feeds", `${folder}/a.txt`, `${folder}/b`, `${folder}/d/e.xml`])
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("an import of files", () => {
  it.scoped("reads a folder of exports, and tells what it left", () =>
    Effect.gen(function* () {
      const other = { ...member, username: "other", displayName: "other" }
      const unpacked = Array.from(exportFiles(other), ([name, content]) => [`unpacked/${name}`, content] as const)
      const bytes = yield* exportZip(member)
      const folder = yield* writeFiles([
        ...unpacked,
        [exportName(member.username), bytes],
        ["cut.zip", bytes.subarray(0, 999)],
        ["notes.txt", "notes"],
        [".hidden", ""]
      ])
      const items = yield* importPaths([folder])
      assert.deepStrictEqual(
        membersOf(items).map(({ list, username }) => [username, list._tag]),
        [
          [username(member.username), "Complete"],
          [username("other"), "Complete"]
        ]
      )
      assert.deepStrictEqual(
        refusedOf(items).map(({ place, reason }) => [place, reason]),
        [[`${folder}/cut.zip`, "Damaged"]]
      )
      assert.deepStrictEqual(
        notesOf(items).map(({ note, place }) => [place, note]),
        [
          [folder, "1 file with a hidden name ignored."],
          [folder, `1 file of no known kind ignored, the first: ${folder}/notes.txt.`]
        ]
      )
      assert.strictEqual(readOf(items).length, 2)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("keeps what its kinds tell, and nothing without inputs", () =>
    Effect.gen(function* () {
      const folder = yield* writeFiles([
        ["a.txt", "a"],
        [exportName(member.username), yield* exportZip(member)]
      ])
      const keepsOf = (name: string) =>
        Effect.map(LetterboxdImport.make({ paths: [`${folder}/${name}`], baseUrls: [] }), ({ keeps }) => keeps)
      assert.deepStrictEqual(yield* keepsOf(exportName(member.username)), officialExport.keeps)
      assert.deepStrictEqual(yield* keepsOf("a.txt"), [])
      assert.strictEqual(onlyRefusal(yield* importPaths([`${folder}/a.txt`])).reason, "NotRecognised")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("says that a name for inputs without one was not used by any", () =>
    Effect.gen(function* () {
      const files = Array.from(exportFiles(member))
      const ratings = files.find(([name]) => name === "ratings.csv")?.[1] ?? ""
      const folder = yield* writeFiles([
        ["ratings.csv", ratings],
        ["named.zip", yield* exportZip(member)],
        ["named.xml", feedPage(member)],
        ["table/ratings_export.csv", "_id,movie_id,rating_val,user_id\n1,rocky,7,ann\n"],
        ["cut.zip", "PK\u0003\u0004"]
      ])
      const notesWith = (names: ReadonlyArray<string>, as?: string) =>
        Effect.map(
          importPaths(
            names.map((name) => `${folder}/${name}`),
            as === undefined ? {} : { as: username(as) }
          ),
          (items) => notesOf(items).map(({ note, place }) => [place, note])
        )
      const unused = [[undefined, "No input used the name other, which is for inputs that do not name their member."]]
      for (const names of [["named.zip"], ["named.xml"], ["table"], ["cut.zip"], ["named.zip", "table", "named.xml"]]) {
        assert.deepStrictEqual(yield* notesWith(names, "other"), unused, names.join(" "))
        assert.deepStrictEqual(yield* notesWith(names), [])
      }
      for (const names of [["ratings.csv"], ["named.zip", "ratings.csv"]])
        assert.deepStrictEqual(yield* notesWith(names, "other"), [], names.join(" "))
      const source = yield* LetterboxdImport.make({
        paths: [`${folder}/ratings.csv`],
        baseUrls: [],
        as: username("other")
      })
      const twice = Effect.map(Stream.runCollect(source.items(noFilms)), (items) => notesOf([...items]))
      assert.deepStrictEqual([yield* twice, yield* twice], [[], []])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("reads as a format that is forced, and knows no other", () =>
    Effect.gen(function* () {
      const folder = yield* writeFiles([["a.txt", "a"]])
      const error = onlyRefusal(yield* importPaths([`${folder}/a.txt`], { format: "export", as: username("other") }))
      assert.strictEqual(error.reason, "Incomplete")
      const invalid = yield* Effect.flip(LetterboxdImport.make({ paths: [folder], format: "exports", baseUrls: [] }))
      assert.strictEqual(invalid.reason, "InvalidOption")
      assert.include(invalid.message, "Use one of export")
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
