import { assert, it } from "@effect/vitest"
import { jsonLines, movieLens } from "@letterboxd-ratings/export"
import { blocksOfRows, EncodedRating } from "@letterboxd-ratings/core"
import { Effect, Redacted, Schema, Stream } from "effect"
import * as fc from "fast-check"
import { tallied } from "../src/RatingTally.ts"
import { anyLists, countsOf, exported, type Lists, strictRows } from "./ExportedLists.ts"

const salt = Redacted.make("pepper")

const cardOf = (...of: Parameters<typeof exported>) =>
  Effect.map(exported(...of), (files) => files.get("DATA_CARD.md") ?? "")

/** The cells of the row of a table that begins with this cell, without it. */
const rowOf = (card: string, first: string): ReadonlyArray<string> => {
  const rows = card
    .split("\n")
    .map((line) => line.slice(2, -2).split(" | "))
    .filter(([cell]) => cell === first)
  assert.strictEqual(rows.length, 1, `${first} in ${card}`)
  return rows[0]?.slice(1) ?? []
}

type Pair = readonly [member: number, film: number]

const ratedPairs = (lists: Lists): ReadonlyArray<Pair> =>
  lists.flatMap((list, i) =>
    Array.from(list).flatMap(([id, { stars }]): ReadonlyArray<Pair> => (stars === undefined ? [] : [[i, id]]))
  )

const countsOfEach = (pairs: ReadonlyArray<Pair>, side: 0 | 1): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  for (const pair of pairs) counts.set(pair[side], (counts.get(pair[side]) ?? 0) + 1)
  return counts
}

const countsBy = (pairs: ReadonlyArray<Pair>, side: 0 | 1): ReadonlyArray<number> =>
  [...countsOfEach(pairs, side).values()].toSorted((a, b) => a - b)

/** The k-core as it is defined: who has too few is taken away, until nothing changes. */
const coreOf = (pairs: ReadonlyArray<Pair>, k: number): ReadonlyArray<Pair> => {
  const byMember = countsOfEach(pairs, 0)
  const byFilm = countsOfEach(pairs, 1)
  const left = pairs.filter(([member, film]) => (byMember.get(member) ?? 0) >= k && (byFilm.get(film) ?? 0) >= k)
  return left.length === pairs.length ? pairs : coreOf(left, k)
}

/** A list of many films of few, so that there are k-cores. */
const denseLists: fc.Arbitrary<Lists> = fc.array(
  fc
    .uniqueArray(fc.integer({ min: 1, max: 14 }), { minLength: 4, maxLength: 14 })
    .map((ids) => new Map(ids.map((id) => [id, { stars: 7, day: undefined }]))),
  { minLength: 4, maxLength: 12 }
)

it.effect.prop(
  "a card's numbers are those of a plain computation",
  { lists: fc.oneof(anyLists, denseLists), isAnonymous: fc.boolean() },
  ({ isAnonymous, lists }) =>
    Effect.gen(function* () {
      const card = yield* cardOf(lists, jsonLines, isAnonymous ? { salt } : {})
      const pairs = ratedPairs(lists)
      const counts = [countsBy(pairs, 0), countsBy(pairs, 1)] as const
      for (const [side, name] of ["member", "film"].entries()) {
        const of = counts[side] ?? []
        if (of.length === 0) continue
        const least = (part: number) => of.find((_, i) => i + 1 >= part * of.length)
        assert.deepStrictEqual(
          rowOf(card, name),
          [0, 0.25, 0.5, 0.75, 0.9, 1].map((part) => `${least(part)}`)
        )
      }
      for (const k of [5, 10, 20]) {
        const core = coreOf(pairs, k)
        assert.deepStrictEqual(
          rowOf(card, `${k}`).slice(0, 3),
          [new Set(core.map(([member]) => member)).size, new Set(core.map(([, film]) => film)).size, core.length].map(
            String
          )
        )
      }
      const density = Number.parseFloat(rowOf(card, "density")[0] ?? "")
      if (pairs.length > 0)
        assert.approximately(density, (100 * pairs.length) / (counts[0].length * counts[1].length), 0.06)
      assert.deepStrictEqual(rowOf(card, "films that a member rated twice"), ["none"])

      const days = lists
        .flatMap((list) => [...list.values()])
        .flatMap(({ day, stars }) => (stars === undefined || day === undefined ? [] : [day]))
        .toSorted()
      const [dated = ""] = rowOf(card, "ratings with the day of the rating")
      if (isAnonymous) assert.strictEqual(dated, "none: days are left out")
      else if (days.length === 0) assert.strictEqual(dated, "none")
      else {
        assert.match(dated, new RegExp(`^${days.length}, `, "u"))
        assert.include(dated, `: ${days[0]} to ${days.at(-1)}`)
      }
      assert.match(
        rowOf(card, "ratings without a day")[0] ?? "",
        new RegExp(`^${isAnonymous ? pairs.length : pairs.length - days.length}:`, "u")
      )
    }),
  { fastCheck: { numRuns: 25 } }
)

it.effect("a film that a member rated twice is told, and a second reading counts anew", () =>
  Effect.gen(function* () {
    const rows = [
      [1, 7],
      [2, 7],
      [1, 8],
      [1, 7],
      [1, 7]
    ].map(([userId, filmId]) => Schema.decodeUnknownSync(EncodedRating)({ userId, filmId, rating: 3 }))
    const { ratings, tally } = tallied(blocksOfRows(Stream.fromIterable(rows)), 0)
    assert.strictEqual(tally().ratings, 0)
    for (const time of [1, 2]) {
      yield* Stream.runDrain(ratings)
      const { doubled, films, members, ratings: counted } = tally()
      assert.deepStrictEqual(
        { doubled, films, members, counted },
        { doubled: 2, films: 2, members: 2, counted: 5 },
        `${time}`
      )
    }
  })
)

const one = new Map([[1, { stars: 8, day: "2024-02-29" }]])

it.effect("a card counts members whose time of reading is unknown, and never says that it was in 1970", () =>
  Effect.gen(function* () {
    const records = [{ readAt: "1970-01-01T00:00:00.000Z", state: "unproven" }, {}]
    const card = yield* cardOf([one, one], movieLens, { records })
    assert.notInclude(card, "1970-01-01")
    assert.deepStrictEqual(rowOf(card, "read"), ["2026-01-05 to 2026-01-05 (UTC)"])
    assert.deepStrictEqual(rowOf(card, "time of reading unknown"), ["1 member"])
    const all = yield* cardOf([one], movieLens, { records })
    assert.notInclude(all, "1970-01-01")
    assert.deepStrictEqual(rowOf(all, "read"), ["unknown"])

    const undated = new Map([[1, { stars: 8, day: undefined }]])
    const files = yield* exported([undated, undated], movieLens, { records })
    assert.deepStrictEqual(
      strictRows(files.get("ratings.csv"), ",").map((row) => [row.get("timestamp"), row.get("timestamp_kind")]),
      [
        ["0", "unknown"],
        [`${Date.UTC(2026, 0, 5) / 1000}`, "read"]
      ]
    )
  })
)

it.effect("a card says what proves which lists; without names, nothing of that", () =>
  Effect.gen(function* () {
    const records = [
      { source: "export", proof: "export" },
      { source: "freeth", proof: "none", state: "unproven" },
      { source: "freeth", proof: "none", state: "unproven" },
      { state: "partial" },
      {},
      { source: "a|b `c` <script>\n| sealed | x | y | 9 |", proof: "none", state: "unproven" }
    ]
    const lists = records.map(() => one)
    const card = yield* cardOf(lists, jsonLines, { records })
    const proof = card.slice(card.indexOf("## Proof"), card.indexOf("## Before"))
    assert.deepStrictEqual(
      proof
        .split("\n")
        .filter((line) => line.startsWith("|"))
        .slice(2),
      [
        "| unproven | freeth | none | 2 |",
        "| complete | export | export | 1 |",
        "| complete | the site's pages | the site's pages | 1 |",
        "| partial | the site's pages | none | 1 |",
        String.raw`| unproven | a\|b \`c\` \<script\> \| sealed \| x \| y \| 9 \| | none | 1 |`
      ]
    )
    const anonymous = yield* cardOf(lists, jsonLines, { records, salt })
    assert.notInclude(anonymous, "Proof")
    assert.notInclude(anonymous, "member_")
    assert.notInclude(anonymous, "2024-02-29")
    assert.notInclude(anonymous, "<script>")
    assert.include(anonymous, "may still identify them")
  })
)

it.effect("a card describes each column that has a header, in its order", () =>
  Effect.gen(function* () {
    const lists: Lists = [
      new Map([
        [1, { stars: 8, day: "2024-02-29" }],
        [2, { stars: undefined, day: undefined }]
      ])
    ]
    const files = yield* exported(lists, movieLens)
    const card = files.get("DATA_CARD.md") ?? ""
    assert.strictEqual(countsOf(lists).watched, 1)
    for (const [name, text] of files) {
      if (!name.endsWith(".csv")) continue
      const told = card
        .split("\n")
        .filter((line) => line.startsWith(`| \`${name}\` | \``) && line.split(" | ").length === 3)
        .map((line) => line.split(" | "))
      assert.deepStrictEqual(
        told.map(([, column]) => column?.replaceAll("`", "")),
        text.split("\n")[0]?.split(",")
      )
      for (const [, , meaning = ""] of told) assert.match(meaning, /^[A-Z].* \|$/u)
    }
    assert.include(card, "in a file of their own")
    assert.include(yield* cardOf(lists, jsonLines), "not included")
  })
)
