import { assert, describe, it } from "@effect/vitest"
import { blocksOfRows, EncodedRating, rowsOfBlocks } from "@letterboxd-ratings/core"
import type { Split } from "@letterboxd-ratings/export"
import { Chunk, Effect, Schema, Stream } from "effect"
import * as fc from "fast-check"
import { hashesUnder, splitInParts } from "../src/Split.ts"

const rating = Schema.decodeUnknownSync(EncodedRating)
const row = (userId: number, filmId: number, ratedOn?: string) =>
  rating({ userId, filmId, rating: 2.5, ...(ratedOn === undefined ? {} : { ratedOn }) })

const keyOf = ({ filmId, userId }: EncodedRating): string => `${userId} ${filmId}`
const options = { place: "there", seed: "0", withValidation: false }

/** The ratings of each part, in their order. The stream comes in small pieces. */
const partsOf = (rows: ReadonlyArray<EncodedRating>, split: Split, more: Partial<typeof options> = {}) =>
  Effect.gen(function* () {
    const ratings = blocksOfRows(Stream.rechunk(Stream.fromIterable(rows), rows.length > 1000 ? 1000 : 3))
    const { notes, parts } = yield* splitInParts({ ratings }, split, { ...options, ...more })
    const found: { train: ReadonlyArray<EncodedRating>; valid?: typeof rows; test: typeof rows } = {
      train: [],
      test: []
    }
    for (const part of parts) {
      const first = Chunk.toReadonlyArray(yield* Stream.runCollect(rowsOfBlocks(part.ratings)))
      // A part may be read again.
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Stream.runCollect(rowsOfBlocks(part.ratings))), first)
      assert.strictEqual(part.rows, first.length)
      found[part.name] = first
    }
    return { ...found, notes }
  })

const anyDay = fc.constantFrom("2024-12-31", "2025-01-01", "2025-01-02")
const rowsWith = (day: fc.Arbitrary<string | undefined>) =>
  fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 30 }), day), {
      selector: ([user, film]) => `${user} ${film}`,
      maxLength: 60
    })
    .map((all) => all.map(([user, film, ratedOn]) => row(user, film, ratedOn)))
const anyRows = rowsWith(fc.option(anyDay, { nil: undefined }))
const anySeed = fc.stringMatching(/^[\w.-]{1,8}$/u)

const splitsWithoutTime: ReadonlyArray<Split> = [{ _tag: "random", share: 0.3 }, { _tag: "leave-one-out" }]

describe("a split", () => {
  it.effect.prop(
    "puts each rating into one part, and keeps their order",
    {
      rows: rowsWith(anyDay),
      split: fc.constantFrom<Split>(...splitsWithoutTime, { _tag: "time", day: "2025-01-01" }),
      seed: anySeed,
      withValidation: fc.boolean()
    },
    ({ rows, seed, split, withValidation }) =>
      Effect.gen(function* () {
        const parts = yield* partsOf(rows, split, { seed, withValidation })
        assert.strictEqual(parts.valid !== undefined, withValidation)
        const all = [parts.train, parts.valid ?? [], parts.test]
        assert.deepStrictEqual(all.flat().map(keyOf).toSorted(), rows.map(keyOf).toSorted())
        for (const part of all) {
          const keys = new Set(part.map(keyOf))
          assert.deepStrictEqual(
            part,
            rows.filter((one) => keys.has(keyOf(one)))
          )
        }
        // Validation takes nothing from testing.
        assert.deepStrictEqual(
          (yield* partsOf(rows, split, { seed, withValidation: !withValidation })).test,
          parts.test
        )
      }),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect.prop(
    "at random leaves each rating in its part when the dataset grows",
    { rows: anyRows, some: fc.func(fc.boolean()), seed: anySeed },
    ({ rows, seed, some }) =>
      Effect.gen(function* () {
        const before = rows.filter((one) => some(keyOf(one)))
        const split: Split = { _tag: "random", share: 0.3 }
        const grown = yield* partsOf(rows.toReversed(), split, { seed, withValidation: true })
        const small = yield* partsOf(before, split, { seed, withValidation: true })
        for (const name of ["train", "valid", "test"] as const)
          assert.includeMembers((grown[name] ?? []).map(keyOf), (small[name] ?? []).map(keyOf))
      }),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect("at random is near its share, for each member and film too, and another one under another seed", () =>
    Effect.gen(function* () {
      const users = 60
      const films = 400
      const rows = Array.from({ length: users * films }, (_, i) => row(1 + (i % users), 50_000 + Math.floor(i / users)))
      /** Five standard deviations. */
      const isNear = (count: number, of: number, share: number) =>
        Math.abs(count - of * share) < 5 * Math.sqrt(of * share * (1 - share))
      for (const share of [0.01, 0.1, 0.5]) {
        const tests: Array<ReadonlySet<string>> = []
        for (const seed of ["0", "1", "another"]) {
          const {
            test,
            train,
            valid = []
          } = yield* partsOf(rows, { _tag: "random", share }, { seed, withValidation: true })
          tests.push(new Set(test.map(keyOf)))
          assert.isTrue(isNear(test.length, rows.length, share), `${share} ${seed}: ${test.length}`)
          assert.isTrue(isNear(valid.length, valid.length + train.length, 0.1), `${share} ${seed}: ${valid.length}`)
          for (let user = 1; user <= users; user++)
            assert.isTrue(isNear(test.filter(({ userId }) => userId === user).length, films, share), `${user}`)
          for (let film = 50_000; film < 50_000 + films; film++)
            assert.isTrue(isNear(test.filter(({ filmId }) => filmId === film).length, users, share), `${film}`)
        }
        const [one = new Set<string>(), other = new Set<string>()] = tests
        const both = [...one].filter((key) => other.has(key)).length
        assert.isTrue(isNear(both, one.size, share), `${both} of ${one.size}`)
      }
    })
  )

  it("is by hashes that no version may change (computed in Python from the words in docs/exports.md)", () => {
    const hashes = hashesUnder("0")
    assert.deepStrictEqual(
      [
        [1, 51_818],
        [1, 51_819],
        [2, 51_818],
        [2_147_483_647, 2_147_483_647]
      ].map(([userId = 0, filmId = 0]) => hashes(row(userId, filmId))),
      [
        { split: 1_004_976_742, validation: 2_066_003_280 },
        { split: 3_461_458_552, validation: 2_621_091_233 },
        { split: 3_764_279_008, validation: 283_113_893 },
        { split: 500_464_776, validation: 3_881_011_435 }
      ]
    )
  })

  it.effect.prop(
    "that leaves one out takes the newest where all days are known, else by hash, and leaves a single rating alone",
    { rows: fc.oneof(anyRows, rowsWith(anyDay)), seed: anySeed },
    ({ rows, seed }) =>
      Effect.gen(function* () {
        const { notes, test } = yield* partsOf(rows, { _tag: "leave-one-out" }, { seed })
        const hashes = hashesUnder(seed)
        const smallest = (some: ReadonlyArray<EncodedRating>) =>
          some.toSorted((one, other) => hashes(one).split - hashes(other).split).slice(0, 1)
        const by = { day: 0, hash: 0, no: 0 }
        const expected = [...new Set(rows.map(({ userId }) => userId))].flatMap((user) => {
          const own = rows.filter(({ userId }) => userId === user)
          if (own.length === 1) {
            by.no += 1
            return []
          }
          if (own.some(({ ratedOn }) => ratedOn === undefined)) {
            by.hash += 1
            return smallest(own)
          }
          by.day += 1
          const [newest] = own
            .flatMap(({ ratedOn = "" }) => ratedOn)
            .toSorted()
            .toReversed()
          return smallest(own.filter(({ ratedOn }) => ratedOn === newest))
        })
        assert.deepStrictEqual(test.map(keyOf).toSorted(), expected.map(keyOf).toSorted())
        const words = (n: number) => (n === 1 ? "1 member" : `${n} members`)
        assert.include(notes[0], `the newest for ${words(by.day)},`)
        assert.include(notes[0], `the smallest hash for ${words(by.hash)}.`)
        assert.include(notes[0], `${words(by.no)} with a single rating`)
      }),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect.prop(
    "by time tests with a day and what is later, and is refused where days are missing, with their number",
    { rows: anyRows },
    ({ rows }) =>
      Effect.gen(function* () {
        const split: Split = { _tag: "time", day: "2025-01-01" }
        const without = rows.filter(({ ratedOn }) => ratedOn === undefined).length
        if (without > 0) {
          const error = yield* Effect.flip(partsOf(rows, split))
          assert.deepStrictEqual([error.reason, error.place], ["InvalidOption", "there"])
          assert.isTrue(error.detail.startsWith(`${without} of ${rows.length} ratings cannot be split by time`))
        }
        const known = rows.filter(({ ratedOn }) => ratedOn !== undefined)
        const { test, train } = yield* partsOf(known, split)
        assert.isTrue(test.every(({ ratedOn = "" }) => ratedOn >= "2025-01-01"))
        assert.isTrue(train.every(({ ratedOn = "" }) => ratedOn < "2025-01-01"))
        assert.strictEqual(test.length + train.length, known.length)
      }),
    { fastCheck: { numRuns: 60 } }
  )
})
