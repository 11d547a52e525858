import { NodeContext } from "@effect/platform-node"
import { FileSystem } from "@effect/platform"
import { assert, it } from "@effect/vitest"
import { type Batch, EncodedRating, Film, MemberRecord, RatingsStorage } from "@letterboxd-ratings/core"
import { exportFiles, type ExportFormat, movieLens, recBole, type Timestamps } from "@letterboxd-ratings/export"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import * as fc from "fast-check"

const rating = Schema.decodeUnknownSync(EncodedRating)
const film = Schema.decodeUnknownSync(Film)
const record = Schema.decodeUnknownSync(MemberRecord)
const readAt = DateTime.unsafeMake(Date.UTC(2026, 0, 5))
const readSeconds = Date.UTC(2026, 0, 5) / 1000

/** Per member, by film: half stars, and the day if it is known. */
type Lists = ReadonlyArray<ReadonlyMap<number, { readonly stars: number; readonly day: string | undefined }>>

const titles = ["Plain", "Tab\there", "Line\nend", `"Quoted", and more`, "=1+1", "null", "ラヂオ"]

const batchOf = (lists: Lists): Batch => ({
  members: lists.map((list, i) => ({
    record: record({
      username: `member_${i}`,
      userId: i + 1,
      state: "sealed",
      readAt: DateTime.formatIso(readAt),
      lastPage: 1,
      missing: [],
      films: list.size,
      ratings: list.size,
      doubts: [],
      verdicts: {}
    }),
    isNew: true,
    write: "append",
    ratings: Array.from(list, ([id, { day, stars }]) =>
      rating({ userId: i + 1, filmId: id, rating: stars / 2, ...(day === undefined ? {} : { ratedOn: day }) })
    )
  })),
  newFilms: [...new Set(lists.flatMap((list) => [...list.keys()]))].map((id) =>
    film({ id, slug: `film-${id}`, title: titles[id % titles.length], ...(id % 2 === 0 ? { year: 2000 } : {}) })
  ),
  changedFilms: [],
  keeps: ["rated_on", "film_numbers"],
  committedAt: readAt
})

const exported = (
  lists: Lists,
  format: ExportFormat,
  more: { timestamps?: Timestamps; salt?: Redacted.Redacted } = {}
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const storage = yield* RatingsStorage
    yield* Effect.scoped(
      Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) => dataset.commit(batchOf(lists)))
    )
    yield* exportFiles(storage, format, { folder: `${folder}/out`, existing: "refuse", tool: "test", ...more })
    return yield* Effect.map(
      Effect.forEach(yield* fs.readDirectory(`${folder}/out`), (name) =>
        Effect.map(fs.readFileString(`${folder}/out/${name}`), (text) => [name, text] as const)
      ),
      (files) => new Map(files)
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(MemoryStorage.layer({ place: "layouts" })),
    Effect.provide(Layer.merge(NodeContext.layer, NodeProcessTable.layer))
  )

/** The rows of a file without quotes, as a loader splits them: each has as many cells as the header, and none is empty. */
const strictRows = (text: string | undefined, separator: string): ReadonlyArray<ReadonlyMap<string, string>> => {
  const [header = "", ...lines] = (text ?? "").split("\n")
  assert.strictEqual(lines.pop(), "")
  const names = header.split(separator)
  return lines.map((line) => {
    const cells = line.split(separator)
    assert.strictEqual(cells.length, names.length, line)
    return new Map(names.map((name, i) => [name, cells[i] ?? ""]))
  })
}

const id32 = (text = ""): number => {
  assert.match(text, /^[1-9]\d*$/u)
  assert.isAtMost(Number(text), 2 ** 31 - 1)
  return Number(text)
}

const anyLists: fc.Arbitrary<Lists> = fc.array(
  fc
    .uniqueArray(
      fc.record({
        id: fc.integer({ min: 1, max: 40 }),
        stars: fc.integer({ min: 1, max: 10 }),
        day: fc.option(fc.constantFrom("1999-12-31", "2024-02-29", "2026-01-04"), { nil: undefined })
      }),
      { selector: ({ id }) => id, maxLength: 12 }
    )
    .map((rows) => new Map(rows.map(({ id, ...row }) => [id, row]))),
  { minLength: 1, maxLength: 6 }
)

const timesOf: ReadonlyArray<Timestamps> = ["rated", "read", "none"]

it.effect.prop(
  "MovieLens is what its loaders expect: sorted, no empty cell, real days where they are known, and joins complete",
  { lists: anyLists, timestamps: fc.constantFrom(...timesOf) },
  ({ lists, timestamps }) =>
    Effect.gen(function* () {
      const files = yield* exported(lists, movieLens, { timestamps })
      const rows = strictRows(files.get("ratings.csv"), ",")
      const keys = rows.map((row) => [id32(row.get("userId")), id32(row.get("movieId"))] as const)
      assert.deepStrictEqual(
        keys,
        keys.toSorted(([a, b], [c, d]) => a - c || b - d)
      )
      assert.strictEqual(
        rows.length,
        lists.reduce((sum, list) => sum + list.size, 0)
      )
      for (const [i, row] of rows.entries()) {
        const [user = 0, movie = 0] = keys[i] ?? []
        const { day, stars = 0 } = lists[user - 1]?.get(movie) ?? {}
        assert.strictEqual(row.get("rating"), (stars / 2).toFixed(1))
        const isReal = timestamps === "rated" && day !== undefined
        const seconds = isReal ? Date.parse(`${day}T00:00:00Z`) / 1000 : readSeconds
        assert.strictEqual(row.get("timestamp"), timestamps === "none" ? undefined : `${seconds}`)
        assert.strictEqual(row.get("timestamp_kind"), timestamps === "rated" ? (isReal ? "rated" : "read") : undefined)
      }
      // Standard columns first.
      assert.match(files.get("ratings.csv") ?? "", /^userId,movieId,rating(?:,timestamp)?[,\n]/u)
      assert.strictEqual(files.get("tags.csv"), "userId,movieId,tag,timestamp\n")
      const movies = new Set(Array.from((files.get("links.csv") ?? "").matchAll(/^(\d+),/gmu), ([, id]) => Number(id)))
      for (const [, movie] of keys) assert.isTrue(movies.has(movie))
    }),
  { fastCheck: { numRuns: 15 } }
)

it.effect.prop(
  "RecBole reads it: tabs and no quotes, typed columns, no empty field, and joins complete",
  { lists: anyLists, timestamps: fc.constantFrom(...timesOf) },
  ({ lists, timestamps }) =>
    Effect.gen(function* () {
      const files = yield* exported(lists, recBole, { timestamps })
      const inter = strictRows(files.get("letterboxd.inter"), "\t")
      for (const name of ["inter", "item", "user"]) assert.notInclude(files.get(`letterboxd.${name}`), '"')
      const keys = inter.map((row) => [Number(row.get("user_id:token")), Number(row.get("item_id:token"))] as const)
      assert.deepStrictEqual(
        keys,
        keys.toSorted(([a, b], [c, d]) => a - c || b - d)
      )
      const items = strictRows(files.get("letterboxd.item"), "\t")
      const users = strictRows(files.get("letterboxd.user"), "\t")
      for (const row of [...inter, ...items, ...users])
        for (const value of row.values()) assert.notStrictEqual(value, "")
      const known = new Set(items.map((row) => id32(row.get("item_id:token"))))
      assert.strictEqual(known.size, items.length)
      for (const row of inter) assert.isTrue(known.has(id32(row.get("item_id:token"))))
      assert.strictEqual(
        inter.length,
        lists.reduce((sum, list) => sum + list.size, 0)
      )
      assert.deepStrictEqual(
        users.map((row) => [Number(row.get("user_id:token")), Number(row.get("ratings:float"))]),
        lists.flatMap((list, i) => (list.size === 0 ? [] : [[i + 1, list.size]]))
      )
      const columns = (files.get("letterboxd.inter") ?? "")
        .split("\n")[0]
        ?.split("\t")
        .map((one) => one.split(":")[0])
      assert.include(files.get("letterboxd.yaml"), `inter: [${columns?.join(", ") ?? ""}]`)
      assert.strictEqual(files.get("letterboxd.yaml")?.includes("TIME_FIELD"), timestamps !== "none")
    }),
  { fastCheck: { numRuns: 15 } }
)

it.effect("an anonymous export of each tells no name, no day of a rating, and other ids under another salt", () =>
  Effect.gen(function* () {
    const lists: Lists = [
      new Map([[1, { stars: 8, day: "2024-02-29" }]]),
      new Map([
        [1, { stars: 2, day: undefined }],
        [2, { stars: 3, day: "1999-12-31" }]
      ])
    ]
    for (const format of [movieLens, recBole]) {
      const idsUnder = (salt: string) =>
        Effect.map(exported(lists, format, { salt: Redacted.make(salt) }), (files) => {
          const text = [...files.values()].join("\n")
          assert.notInclude(text, "member_")
          assert.notInclude(text, `${Date.UTC(2024, 1, 29) / 1000}`)
          const rows = format === movieLens ? files.get("ratings.csv") : files.get("letterboxd.inter")
          return new Set(
            (rows ?? "")
              .trimEnd()
              .split("\n")
              .slice(1)
              .map((line) => line.split(/[,\t]/u)[0])
          )
        })
      const one = yield* idsUnder("one")
      const other = yield* idsUnder("other")
      assert.strictEqual(one.size, 2)
      assert.deepStrictEqual(
        [...one].filter((id) => other.has(id)),
        []
      )
    }
  })
)
