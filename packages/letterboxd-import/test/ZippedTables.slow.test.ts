import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import type { ImportItem } from "@letterboxd-ratings/core"
import {
  type DatasetFiles,
  freethFiles,
  generateWorld,
  movieLensFiles,
  originalFiles,
  packFiles,
  samlearnerFiles
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect } from "effect"
import * as fc from "fast-check"
import { filmId, importPaths, membersOf, onlyRefusal, readOf, refusedOf, username, writeFiles } from "./Imported.ts"
import { folderWith } from "./ImportedItems.ts"

const world = generateWorld({ seed: 5, members: 8, mostFilms: 60, private: [3], gone: [4], renamed: [6] })
const modifiedAt = DateTime.unsafeMake("2023-10-05T00:00:00Z")

const raw = "user_id,film_id,rating,liked\n1,7,4.0,true\n"
const datasets: Readonly<Record<string, readonly [kind: string, files: DatasetFiles]>> = {
  samlearner: ["samlearner", samlearnerFiles(world)],
  freeth: ["freeth", freethFiles(world)],
  movielens: ["movielens", movieLensFiles(world, { links: "letterboxd", users: true })],
  "the original tool": ["original", originalFiles(world, "latest")],
  "the original tool, in its folders": ["original", originalFiles(world, "subfolders")],
  "the CSV storage, with bytes that nobody committed": [
    "original",
    {
      "latest_raw_user_ratings.csv": `${raw}1,8,3.0,\n`,
      "latest_user_mappings.csv": "username,numeric_user_id\nann,1\n",
      "manifest.json": JSON.stringify({ files: { rawRatings: { bytes: raw.length } } })
    }
  ],
  "users of MovieLens, whom nobody names": ["movielens", movieLensFiles(world, { links: "elsewhere", users: false })],
  "a table without a column": ["samlearner", { "ratings_export.csv": "_id,movie_id,user_id\n1,rocky,ann\n" }]
}

const zipOf = (files: Readonly<Record<string, string | Uint8Array>>) =>
  packFiles(new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)])), {
    modifiedAt,
    isZip64: false
  })

const prefixed = (files: DatasetFiles, below: string): DatasetFiles =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${below}${name}`, text]))

/** What is told of inputs, wherever these are. Progress comes in steps that depend on how bytes come. */
const toldOf = (items: ReadonlyArray<ImportItem>, place: string) =>
  JSON.parse(JSON.stringify(items.filter(({ _tag }) => _tag !== "Progress")).replaceAll(place, "PLACE"))

const provide = Effect.provide(NodeContext.layer)

describe("a public dataset in a ZIP", () => {
  for (const [name, [kind, files]] of Object.entries(datasets)) {
    it.scoped(`is read as from a folder: ${name}`, () =>
      Effect.gen(function* () {
        const folder = yield* folderWith(files)
        const expected = toldOf(yield* importPaths([folder]), folder)
        const found = expected.find(({ _tag }: ImportItem) => _tag === "Found")
        assert.strictEqual(found?.kind, kind)
        for (const below of ["", "ml-25m/", "a/b c/"]) {
          const others = below === "" ? {} : { [`__MACOSX/${below}._ratings.csv`]: "x" }
          const content = yield* zipOf({ ...others, ...prefixed(files, below) })
          const zips = yield* writeFiles([["archive.zip", content]])
          const place = `${zips}/archive.zip`
          const told = toldOf(yield* importPaths([place]), place)
          assert.deepStrictEqual(
            JSON.parse(JSON.stringify(told).replaceAll(`PLACE/${below}`, "PLACE/")),
            JSON.parse(JSON.stringify(expected))
          )
          assert.deepStrictEqual(toldOf(yield* importPaths([zips]), place), told)
          assert.deepStrictEqual(toldOf(yield* importPaths([place], { format: kind }), place), told)
        }
      }).pipe(provide)
    )
  }

  it.scoped("is named in messages like a folder", () =>
    Effect.gen(function* () {
      const text = "user_name,film_id,rating\nann,rocky,4\nann,rocky\n"
      const content = yield* zipOf({ "ratings.csv": text, "films.csv": "film_id,film_name,year,poster_url\n" })
      const folder = yield* writeFiles([["archive.zip", content]])
      const [read] = readOf(yield* importPaths([`${folder}/archive.zip`]))
      assert.include(read?.notes.join("\n"), `the first is line 3 of ${folder}/archive.zip/ratings.csv`)
      assert.strictEqual(read?.place, `${folder}/archive.zip`)
    }).pipe(provide)
  )

  it.scoped("is refused as a whole if a byte of it is wrong", () =>
    Effect.gen(function* () {
      const files = freethFiles(world)
      const content = yield* zipOf(files)
      const expected = membersOf(yield* importPaths([yield* folderWith(files)])).length
      const place = `${yield* writeFiles([["archive.zip", content]])}/archive.zip`
      assert.strictEqual(membersOf(yield* importPaths([place])).length, expected)
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) =>
            Effect.gen(function* () {
              const wrong = Uint8Array.from(content)
              wrong[at] = (wrong[at] ?? 0) ^ change
              const folder = yield* writeFiles([["archive.zip", wrong]])
              const items = yield* importPaths([`${folder}/archive.zip`])
              // A byte of a time or of the like harms nothing.
              if (refusedOf(items).length === 0) assert.strictEqual(membersOf(items).length, expected)
              else assert.deepStrictEqual(membersOf(items), [])
            }).pipe(Effect.scoped, provide, Effect.runPromise)
          ),
          { numRuns: 60 }
        )
      )
      const cut = yield* writeFiles([["archive.zip", content.subarray(0, content.length / 2)]])
      assert.strictEqual(onlyRefusal(yield* importPaths([`${cut}/archive.zip`])).reason, "Damaged")
    }).pipe(provide)
  )

  it.scoped("may have larger files than an export, in little memory", () =>
    Effect.gen(function* () {
      const line = Buffer.from(`${"x".repeat(1_000_000)}\n`)
      const text = Buffer.concat([
        Buffer.from("_id,movie_id,rating_val,user_id\n"),
        ...Array.from({ length: 270 }, () => line),
        Buffer.from("1,rocky,7,ann\n")
      ])
      const zips = yield* writeFiles([
        ["archive.zip", yield* zipOf({ "ratings_export.csv": text, "movie_data.csv": "_id,movie_id\n" })]
      ])
      const before = process.memoryUsage().arrayBuffers
      let most = 0
      const timer = setInterval(() => {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      }, 20)
      const items = yield* importPaths([`${zips}/archive.zip`])
      clearInterval(timer)
      assert.deepStrictEqual(refusedOf(items), [])
      const [read] = readOf(items)
      assert.strictEqual(read?.counts.withoutNumber, 1)
      assert.strictEqual(read?.counts.notDecoded, 270)
      assert.isBelow(most, 100_000_000)
    }).pipe(provide)
  )

  it.scoped("may hold one table of anybody's, and no other file", () =>
    Effect.gen(function* () {
      const options = { format: "table", columns: { user: "user", film: "film", rating: "rating" } }
      const table = "user,film,rating\nann,film:7,4.5\n"
      const folder = yield* writeFiles([
        ["one.zip", yield* zipOf({ "a/my table.csv": table })],
        ["two.zip", yield* zipOf({ "a.csv": table, "b.csv": table })]
      ])
      const [member] = membersOf(yield* importPaths([`${folder}/one.zip`], options))
      assert.strictEqual(member?.username, username("ann"))
      const rated = member?.list._tag === "Unproven" ? member.list.films : []
      assert.deepStrictEqual(
        rated.map(({ film, rating }) => [film.id, rating as number | undefined]),
        [[filmId(7), 4.5]]
      )
      const two = onlyRefusal(yield* importPaths([`${folder}/two.zip`], options))
      assert.include(two.message, "the ZIP holds 2 files")
    }).pipe(provide)
  )

  it.scoped("with files of no known dataset is no input", () =>
    Effect.gen(function* () {
      const content = yield* zipOf({ "a/ratings.csv": "x\n", "b/films.csv": "y\n" })
      const folder = yield* writeFiles([["archive.zip", content]])
      assert.strictEqual(onlyRefusal(yield* importPaths([`${folder}/archive.zip`])).reason, "NotRecognised")
      const forced = onlyRefusal(yield* importPaths([`${folder}/archive.zip`], { format: "freeth" }))
      assert.strictEqual(forced.reason, "Incomplete")
      assert.include(forced.message, "there is no ratings.csv in ")
    }).pipe(provide)
  )
})

describe("a file of a public dataset", () => {
  it.scoped("is read under any name if its header tells what it is", () =>
    Effect.gen(function* () {
      const files = freethFiles(world)
      const folder = yield* writeFiles([
        ["letterboxd_2023.csv", files["ratings.csv"] ?? ""],
        ["films.csv", files["films.csv"] ?? ""]
      ])
      const items = yield* importPaths([`${folder}/letterboxd_2023.csv`])
      assert.deepStrictEqual(refusedOf(items), [])
      assert.deepStrictEqual(
        membersOf(items).map(({ username }) => username),
        membersOf(yield* importPaths([yield* folderWith(files)])).map(({ username }) => username)
      )
    }).pipe(provide)
  )
})
