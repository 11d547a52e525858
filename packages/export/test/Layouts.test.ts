import { assert, it } from "@effect/vitest"
import { movieLens, recBole, type Timestamps } from "@letterboxd-ratings/export"
import { Effect, Redacted } from "effect"
import * as fc from "fast-check"
import { anyLists, countsOf, exported, type Lists, readSeconds, strictRows } from "./ExportedLists.ts"

const id32 = (text = ""): number => {
  assert.match(text, /^[1-9]\d*$/u)
  assert.isAtMost(Number(text), 2 ** 31 - 1)
  return Number(text)
}

/** The films that are not rated, with their members. */
const watchedIn = (lists: Lists) =>
  lists.flatMap((list, i) => Array.from(list).flatMap(([id, { stars }]) => (stars === undefined ? [[i + 1, id]] : [])))

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
      assert.strictEqual(rows.length, countsOf(lists).ratings)
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
      assert.deepStrictEqual(
        strictRows(files.get("watched.csv"), ",").map((row) => [id32(row.get("userId")), id32(row.get("movieId"))]),
        watchedIn(lists)
      )
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
      assert.strictEqual(inter.length, countsOf(lists).ratings)
      assert.deepStrictEqual(
        users.map((row) => [Number(row.get("user_id:token")), Number(row.get("ratings:float"))]),
        lists.flatMap((list, i) => {
          const { ratings } = countsOf([list])
          return ratings === 0 ? [] : [[i + 1, ratings]]
        })
      )
      assert.deepStrictEqual(
        strictRows(files.get("letterboxd-watched.inter"), "\t").map((row) => [
          id32(row.get("user_id:token")),
          id32(row.get("item_id:token"))
        ]),
        watchedIn(lists)
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
