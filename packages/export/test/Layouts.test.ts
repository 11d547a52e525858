import { assert, it } from "@effect/vitest"
import {
  anonymousIds,
  type ExportFormat,
  jsonLines,
  movieLens,
  type Preparation,
  recBole,
  type Split,
  spreadsheet,
  type Timestamps
} from "@letterboxd-ratings/export"
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

/** Who rated what, as text, of the lists that a preparation leaves: counted, left out, and counted again. */
const naiveCore = (lists: Lists, minUserRatings: number, minFilmRatings: number): ReadonlySet<string> => {
  let pairs = lists.flatMap((list, i) =>
    Array.from(list).flatMap(([film, { stars }]) => (stars === undefined ? [] : [{ user: i + 1, film }]))
  )
  for (;;) {
    const left = pairs.filter(
      ({ film, user }) =>
        pairs.filter((one) => one.user === user).length >= minUserRatings &&
        pairs.filter((one) => one.film === film).length >= minFilmRatings
    )
    if (left.length === pairs.length) return new Set(pairs.map(({ film, user }) => `${user} ${film}`))
    pairs = left
  }
}

/** The numbers that stand in the place of ids: from 0, none missing, in the order of ids, and each id once. */
const indexIn = (text: string | undefined, id: string): ReadonlyMap<number, number> => {
  const rows = strictRows(text, ",")
  rows.forEach((row, i) => assert.strictEqual(row.get("index"), `${i}`))
  const ids = rows.map((row) => id32(row.get(id)))
  assert.deepStrictEqual(
    ids,
    [...new Set(ids)].toSorted((a, b) => a - b)
  )
  return new Map(ids.entries())
}

const anySplit = fc.constantFrom<Split>({ _tag: "random", share: 0.3 }, { _tag: "leave-one-out" })
const manyRatings = fc
  .array(
    fc
      .uniqueArray(
        fc.record({
          id: fc.integer({ min: 1, max: 9 }),
          stars: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined, freq: 8 })
        }),
        { selector: ({ id }) => id, minLength: 1, maxLength: 9 }
      )
      .map((rows) => new Map(rows.map(({ id, stars }) => [id, { stars, day: undefined }]))),
    { minLength: 4, maxLength: 7 }
  )
  .filter((lists) => countsOf(lists).ratings > 0)

for (const layout of [
  {
    format: movieLens,
    separator: ",",
    parts: ["ratings.train.csv", "ratings.test.csv"],
    names: ["userId", "movieId", "rating"],
    films: ["movies.csv", "movieId"],
    watched: "watched.csv"
  },
  {
    format: recBole,
    separator: "\t",
    parts: ["letterboxd.train.inter", "letterboxd.valid.inter", "letterboxd.test.inter"],
    names: ["user_id:token", "item_id:token", "rating:float"],
    films: ["letterboxd.item", "item_id:token"],
    watched: "letterboxd-watched.inter"
  }
] as const) {
  it.effect.prop(
    `${layout.format.name} with everything prepared: the k-core in parts, indexes in range, and joins complete`,
    {
      lists: manyRatings,
      split: anySplit,
      minima: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }))
    },
    ({ lists, minima: [minUserRatings, minFilmRatings], split }) =>
      Effect.gen(function* () {
        const expected = naiveCore(lists, minUserRatings, minFilmRatings)
        const preparation = { minUserRatings, minFilmRatings, split, contiguous: true }
        if (expected.size === 0) {
          const error = yield* Effect.flip(exported(lists, layout.format, { preparation }))
          assert.strictEqual(error._tag === "StorageError" ? error.reason : "", "InvalidOption")
          return
        }
        const files = yield* exported(lists, layout.format, { preparation })
        const users = indexIn(files.get("users.index.csv"), "userId")
        const films = indexIn(files.get("films.index.csv"), "filmId")
        for (const row of strictRows(files.get("users.index.csv"), ","))
          assert.strictEqual(row.get("username"), `member_${Number(row.get("userId")) - 1}`)
        const [userName, filmName, ratingName] = layout.names
        const found = new Map<string, string>()
        const card = files.get("DATA_CARD.md") ?? ""
        for (const name of layout.parts) {
          const rows = strictRows(files.get(name), layout.separator)
          assert.include(card, `| \`${name}\` | ${rows.length} |`)
          const keys = rows.map((row) => [Number(row.get(userName)), Number(row.get(filmName))] as const)
          assert.deepStrictEqual(
            keys,
            keys.toSorted(([a, b], [c, d]) => a - c || b - d)
          )
          rows.forEach((row, i) => {
            const [user = -1, film = -1] = keys[i] ?? []
            const [userId = 0, filmId = 0] = [users.get(user), films.get(film)]
            assert.strictEqual(row.get(ratingName), ((lists[userId - 1]?.get(filmId)?.stars ?? 0) / 2).toFixed(1))
            assert.isFalse(found.has(`${userId} ${filmId}`))
            found.set(`${userId} ${filmId}`, name)
          })
        }
        assert.deepStrictEqual(new Set(found.keys()), expected)
        // Every index is that of a member and a film with a rating.
        assert.deepStrictEqual(new Set(users.values()), new Set([...expected].map((key) => Number(key.split(" ")[0]))))
        assert.deepStrictEqual(new Set(films.values()), new Set([...expected].map((key) => Number(key.split(" ")[1]))))
        // So is every index of a film that was watched and not rated.
        const kept = { users: new Set(users.values()), films: new Set(films.values()) }
        assert.deepStrictEqual(
          strictRows(files.get(layout.watched), layout.separator).map((row) => [
            users.get(Number(row.get(userName))),
            films.get(Number(row.get(filmName)))
          ]),
          watchedIn(lists).filter(([user = 0, film = 0]) => kept.users.has(user) && kept.films.has(film))
        )
        const [filmsFile, filmId] = layout.films
        // A title in quotes may have a line end in it.
        const ids = Array.from((files.get(filmsFile) ?? "").matchAll(/^(\d+)[,\t]/gmu), ([, id]) => Number(id))
        assert.isTrue(files.get(filmsFile)?.startsWith(filmId))
        assert.deepStrictEqual(ids, [...films.keys()])
        assert.include(card, `| ratings | ${expected.size} |`)
        assert.include(card, `| films | ${films.size} |`)
        assert.include(card, `Left out: ${lists.length - users.size} of ${lists.length} members`)
        if (layout.format === movieLens) {
          const links = strictRows(files.get("links.csv"), ",")
          assert.deepStrictEqual(
            links.map((row) => [Number(row.get("movieId")), Number(row.get("letterboxdId"))]),
            [...films]
          )
        } else {
          assert.include(files.get("letterboxd.yaml"), "benchmark_filename: [train, valid, test]\n")
          const counts = strictRows(files.get("letterboxd.user"), "\t")
          assert.deepStrictEqual(
            counts.map((row) => [Number(row.get("user_id:token")), Number(row.get("ratings:float"))]),
            [...users].map(([index, id]) => [index, [...expected].filter((key) => key.startsWith(`${id} `)).length])
          )
        }
      }),
    { fastCheck: { numRuns: 15 } }
  )
}

it.effect.prop(
  "the parts of a split are the whole export, in every layout, and the same ratings in each",
  { lists: manyRatings, split: anySplit },
  ({ lists, split }) =>
    Effect.gen(function* () {
      const tests = new Map<string, number>()
      for (const format of [movieLens, jsonLines, spreadsheet]) {
        const unsplit = yield* exported(lists, format)
        const name = [...unsplit.keys()].find((one) => one.startsWith("ratings")) ?? ""
        const whole = unsplit.get(name) ?? ""
        const files = yield* exported(lists, format, { preparation: { split } })
        assert.isFalse(files.has(name))
        const [base, extension] = name.split(".")
        const linesOf = (text = "") => text.split(/(?<=\n)(?=[\d"{])/u)
        const withoutHeader = (text = "") => (format === jsonLines ? text : text.slice(text.indexOf("\n") + 1))
        const parts = ["train", "test"].map((part) => files.get(`${base}.${part}.${extension}`) ?? "")
        assert.deepStrictEqual(
          parts
            .flatMap((text) => linesOf(withoutHeader(text)))
            .filter((line) => line !== "")
            .toSorted(),
          linesOf(withoutHeader(whole)).toSorted()
        )
        if (format !== jsonLines)
          for (const text of parts) assert.isTrue(text.startsWith(whole.slice(0, whole.indexOf("\n") + 1)))
        tests.set(format.name, linesOf(withoutHeader(parts[1])).filter((line) => line !== "").length)
      }
      assert.strictEqual(new Set(tests.values()).size, 1)
    }),
  { fastCheck: { numRuns: 10 } }
)

it.effect("an anonymous export is split by its own ids, and its index names nobody", () =>
  Effect.gen(function* () {
    const lists: Lists = Array.from(
      { length: 6 },
      () => new Map(Array.from({ length: 9 }, (_, i) => [i + 1, { stars: 7, day: "2025-01-01" }]))
    )
    const testsUnder = (salt?: string) =>
      Effect.map(
        exported(lists, movieLens, {
          preparation: { split: { _tag: "random", share: 0.3 }, contiguous: true },
          ...(salt === undefined ? {} : { salt: Redacted.make(salt) })
        }),
        (files) => {
          const ids = indexIn(files.get("users.index.csv"), "userId")
          if (salt !== undefined) {
            assert.notInclude([...files.values()].join("\n"), "member_")
            const salted = anonymousIds(
              lists.map((_, i) => [`member_${i}` as never, (i + 1) as never] as const),
              Redacted.make(salt)
            )
            assert.deepStrictEqual(new Set<number>(ids.values()), new Set<number>(salted.values()))
          }
          return strictRows(files.get("ratings.test.csv"), ",").map((row) => row.get("movieId"))
        }
      )
    assert.deepStrictEqual(yield* testsUnder("one"), yield* testsUnder("one"))
    assert.notDeepEqual(yield* testsUnder("one"), yield* testsUnder("other"))
    assert.notDeepEqual(yield* testsUnder("one"), yield* testsUnder())
  })
)

it.effect("a preparation that cannot be done is refused, with what to do instead", () =>
  Effect.gen(function* () {
    const lists: Lists = [
      new Map([
        [1, { stars: 8, day: "2024-02-29" }],
        [2, { stars: 8, day: undefined }]
      ]),
      new Map([[1, { stars: 8, day: undefined }]])
    ]
    const byTime: Split = { _tag: "time", day: "2024-01-01" }
    const cases: ReadonlyArray<readonly [ExportFormat, Parameters<typeof exported>[2], string]> = [
      [jsonLines, { preparation: { contiguous: true } }, "the layout jsonl has no indexes"],
      [movieLens, { preparation: { split: byTime } }, "2 of 3 ratings cannot be split by time"],
      [movieLens, { preparation: { split: byTime }, salt: Redacted.make("s") }, "an anonymous export has no days"],
      [recBole, { preparation: { minFilmRatings: 3 } }, "no rating is left"],
      // A layout that knows nothing of parts.
      [
        { ...jsonLines, write: (folder, { parts: _, ...dataset }, times) => jsonLines.write(folder, dataset, times) },
        { preparation: { split: { _tag: "random", share: 0.5 } } },
        "3 and 0 ratings were written where the dataset has 3"
      ]
    ]
    for (const [format, options, words] of cases) {
      const error = yield* Effect.flip(exported(lists, format, options))
      assert.include(error.message, words)
    }
  })
)

it.effect("a split by time needs the days of all ratings, and tests with those of the day and later", () =>
  Effect.gen(function* () {
    const days = ["2024-12-31", "2025-01-01", "2025-06-30", "1999-12-31"]
    const lists: Lists = [new Map(days.map((day, i) => [i + 1, { stars: 7, day }]))]
    const preparation: Preparation = { split: { _tag: "time", day: "2025-01-01" } }
    for (const timestamps of timesOf) {
      const files = yield* exported(lists, movieLens, { preparation, timestamps })
      const movies = (part: string) =>
        strictRows(files.get(`ratings.${part}.csv`), ",").map((row) => row.get("movieId"))
      assert.deepStrictEqual(
        [movies("train"), movies("test")],
        [
          ["1", "4"],
          ["2", "3"]
        ]
      )
      assert.include(files.get("DATA_CARD.md"), "Ratings in the parts: train 2, test 2.")
    }
  })
)
