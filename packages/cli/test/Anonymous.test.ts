/**
 * Exports without names, in every layout that `lb` has.
 */
import { DuckDBInstance } from "@duckdb/node-api"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { type Batch, EncodedRating, EncodedWatch, Film, MemberRecord } from "@letterboxd-ratings/core"
import { exportFiles } from "@letterboxd-ratings/export"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { formatNames, formatOf } from "../src/plugins/Formats.ts"

const decodeRating = Schema.decodeUnknownSync(EncodedRating)
const decodeWatch = Schema.decodeUnknownSync(EncodedWatch)
const decodeFilm = Schema.decodeUnknownSync(Film)
const decodeRecord = Schema.decodeUnknownSync(MemberRecord)

/** Names of which none occurs in a layout by itself, and the films of each with half stars; the rest was watched. */
const members = {
  zanzibar: { rated: [[3, 8] as const, [1, 7] as const], watched: [5] },
  quokka_1: { rated: [[1, 2] as const, [4, 10] as const], watched: [] },
  xylophone: { rated: [[5, 5] as const], watched: [1, 2] },
  brachiosaur: { rated: [[2, 1] as const, [3, 3] as const, [1, 9] as const], watched: [4] }
}
type Name = keyof typeof members
const names: ReadonlyArray<Name> = ["zanzibar", "quokka_1", "xylophone", "brachiosaur"]

const minute = (n: number) => DateTime.unsafeMake(Date.UTC(2026, 2, 3, 4, n))

/** Days of ratings, times of reading, and the time of the commit, as layouts write them. */
const telling = [
  "2024-02",
  "T04:",
  "## Proof",
  ...[1, 2, 3, 4, 5].map((day) => `${Date.UTC(2024, 1, 10 + day) / 1000}`),
  ...[0, 1, 2, 3, 59].map((n) => `${DateTime.toEpochMillis(minute(n)) / 1000}`)
]

/** The members in this order of discovery, with all that a dataset can keep of them. */
const batchOf = (order: ReadonlyArray<Name>): Batch => ({
  members: order.map((username, i) => {
    const { rated, watched } = members[username]
    return {
      record: decodeRecord({
        username,
        userId: i + 1,
        state: "sealed",
        readAt: DateTime.formatIso(minute(i)),
        lastPage: 1,
        missing: [],
        films: rated.length + watched.length,
        ratings: rated.length,
        doubts: [],
        verdicts: {},
        source: "export",
        proof: "export"
      }),
      isNew: true,
      write: "append",
      ratings: rated.map(([filmId, halfStars]) =>
        decodeRating({ userId: i + 1, filmId, rating: halfStars / 2, ratedOn: `2024-02-1${filmId}`, liked: true })
      ),
      watched: watched.map((filmId) => decodeWatch({ userId: i + 1, filmId, liked: false }))
    }
  }),
  newFilms: [...new Set(order.flatMap((name) => members[name].rated.map(([id]) => id)))].map((id) =>
    decodeFilm({ id, slug: `film-${id}`, title: `Film ${id}`, year: 2000, tmdbId: id })
  ),
  changedFilms: [],
  keeps: ["rated_on", "liked", "watched", "film_numbers", "provenance", "changes"],
  committedAt: minute(59)
})

/** A Parquet file as JSON, and the names of its columns. */
const parquetText = (place: string) =>
  Effect.scoped(
    Effect.flatMap(
      Effect.acquireRelease(
        Effect.promise(() => DuckDBInstance.create(":memory:")),
        (instance) => Effect.sync(() => instance.closeSync())
      ),
      (instance) =>
        Effect.promise(async () => {
          const connection = await instance.connect()
          const rows = await connection.runAndReadAll(`select * from read_parquet('${place}')`)
          connection.closeSync()
          return JSON.stringify(rows.getRowObjectsJson())
        })
    )
  )

/** Exports the members without names: the bytes of each file, and its text. */
const exported = (layout: string, order: ReadonlyArray<Name>, salt: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const format = formatOf(layout)
    if (format === undefined) return assert.fail(layout)
    const folder = `${yield* fs.makeTempDirectoryScoped()}/out`
    const storage = MemoryStorage.make({ place: "dataset" })
    yield* Effect.scoped(
      Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) => dataset.commit(batchOf(order)))
    )
    yield* exportFiles(storage, yield* format, {
      folder,
      existing: "refuse",
      tool: "test",
      salt: Redacted.make(salt)
    })
    const files: Array<{ readonly name: string; readonly bytes: string; readonly text: string }> = []
    for (const name of (yield* fs.readDirectory(folder, { recursive: true })).toSorted()) {
      const place = `${folder}/${name}`
      if ((yield* fs.stat(place)).type !== "File") continue
      const bytes = Buffer.from(yield* fs.readFile(place))
      files.push({
        name,
        bytes: bytes.toString("base64"),
        text: name.endsWith(".parquet") ? yield* parquetText(place) : bytes.toString("utf8")
      })
    }
    return files
  })

/** What the ids of members stand behind or before, in each of the layouts. */
const idsIn = (files: ReadonlyArray<{ readonly name: string; readonly text: string }>): ReadonlyArray<number> => {
  const ratings = files.find(({ name }) => /(?:^|\/)ratings\.|\.inter$/u.test(name))?.text ?? ""
  return Array.from(ratings.matchAll(/"user_id":(\d+)|^(\d+)[,\t]/gmu), ([, json, cell]) => Number(json ?? cell))
}

const layouts = formatNames.filter((name) => name !== "letterboxd")

it.layer(Layer.merge(NodeContext.layer, NodeProcessTable.layer))("an export without names", (it) => {
  for (const layout of layouts) {
    it.scoped(`tells no name, no day, no proof, and nothing by its order: ${layout}`, () =>
      Effect.gen(function* () {
        const files = yield* exported(layout, names, "one")
        assert.isAbove(files.length, 1)
        for (const { name, text } of files) {
          for (const member of names) assert.notInclude(text, member, name)
          for (const word of telling) assert.notInclude(text, word, name)
        }
        // In whatever order members and films were found, the bytes are the same.
        const others = yield* exported(layout, names.toReversed(), "one")
        assert.deepStrictEqual(
          others.map(({ bytes, name }) => ({ bytes, name })),
          files.map(({ bytes, name }) => ({ bytes, name }))
        )
      })
    )

    it.scoped(`cannot be joined by ids with one under another salt: ${layout}`, () =>
      Effect.gen(function* () {
        const [one, other] = [
          idsIn(yield* exported(layout, names, "one")),
          idsIn(yield* exported(layout, names, "two"))
        ]
        assert.strictEqual(one.length, 8)
        assert.strictEqual(new Set(one).size, names.length)
        assert.strictEqual(new Set(other).size, names.length)
        assert.deepStrictEqual(
          one.filter((id) => other.includes(id)),
          []
        )
        assert.deepStrictEqual(
          one,
          one.toSorted((a, b) => a - b)
        )
      })
    )
  }

  it.scoped("is not made of one member", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(exported("letterboxd", names, "one"))
      if (error._tag !== "StorageError") return assert.fail(error._tag)
      assert.strictEqual(error.reason, "InvalidOption")
      assert.include(error.message, "the ratings of one member show who it is")
    })
  )
})
