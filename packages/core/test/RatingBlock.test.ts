import { assert, describe, it } from "@effect/vitest"
import {
  blocksOfRows,
  EncodedRating,
  filterBlock,
  growingBlock,
  idPlaces,
  type LinePiece,
  ratingBlockOf,
  ratingLines,
  ratingsOf,
  rowsOfBlocks
} from "@letterboxd-ratings/core"
import { Chunk, Effect, Schema, Stream } from "effect"
import * as fc from "fast-check"

const largestId = 2_147_483_647
const id = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: largestId }), fc.constant(largestId))
const plain = fc.record({ userId: id, filmId: id, rating: fc.integer({ min: 1, max: 10 }).map((half) => half / 2) })
const withFacts = fc.record(
  {
    userId: id,
    filmId: id,
    rating: fc.integer({ min: 1, max: 10 }).map((half) => half / 2),
    ratedOn: fc.constantFrom("2024-02-29", "2025-01-01"),
    liked: fc.boolean()
  },
  { requiredKeys: ["userId", "filmId", "rating"] }
)
const decode = Schema.decodeUnknownSync(Schema.Array(EncodedRating))
const ratings = fc.oneof(fc.array(plain), fc.array(withFacts)).map((rows) => decode(rows))

describe("ratings by columns", () => {
  it("are the same ratings, in their order", () => {
    fc.assert(fc.property(ratings, (rows) => assert.deepStrictEqual(ratingsOf(ratingBlockOf(rows)), rows)))
  })

  it.effect("are the same ratings in streams, chunk by chunk", () =>
    Effect.forEach(fc.sample(fc.tuple(ratings, fc.integer({ min: 1, max: 5 })), 50), ([rows, size]) =>
      Effect.gen(function* () {
        const blocks = blocksOfRows(Stream.rechunk(Stream.fromIterable(rows), size))
        assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Stream.runCollect(rowsOfBlocks(blocks))), rows)
      })
    )
  )

  it("grow one by one beyond the room they had", () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 100 }), fc.nat(40), (rows, room) => {
        const { add, block } = growingBlock(room)
        for (const { filmId, rating, userId } of rows) add(userId, filmId, rating * 2)
        assert.deepStrictEqual(ratingsOf(block()), decode(rows))
      })
    )
  })

  it("are filtered by their row", () => {
    fc.assert(
      fc.property(ratings, fc.integer({ min: 1, max: 4 }), (rows, n) => {
        const kept = filterBlock(ratingBlockOf(rows), (row) => row % n === 0)
        assert.deepStrictEqual(
          ratingsOf(kept),
          rows.filter((_, row) => row % n === 0)
        )
      })
    )
  })
})

describe("places of ids", () => {
  it("are counted from 0 in the order in which ids are first seen", () => {
    fc.assert(
      fc.property(fc.array(id), fc.array(id, { maxLength: 4_000, size: "max" }), (first, seen) => {
        const places = idPlaces(first)
        const expected = new Map<number, number>()
        for (const one of first) if (!expected.has(one)) expected.set(one, expected.size)
        assert.strictEqual(places.size(), expected.size)
        for (const one of seen) {
          if (!expected.has(one)) expected.set(one, expected.size)
          assert.strictEqual(places.at(one), expected.get(one))
        }
        assert.deepStrictEqual(Array.from(places.ids()), [...expected.keys()])
      }),
      { numRuns: 50 }
    )
  })
})

describe("lines of ratings", () => {
  it("are the texts of their pieces, in bytes, from block to block", () => {
    const text = (n: number): string => ["", "A", "Amélie, ", '"', "日本", "\u{1F600}", "x".repeat(300)][n % 7] ?? ""
    const pieces: ReadonlyArray<LinePiece> = [
      { of: "member", text: ({ userId }) => `${userId}${text(userId)},` },
      { of: "film", text: ({ filmId }) => `${text(filmId)}${filmId},` },
      { of: "stars", text: ({ rating }) => rating.toFixed(1) },
      { of: "rating", text: ({ liked, ratedOn }) => `,${ratedOn ?? ""},${liked ?? ""}\n` }
    ]
    fc.assert(
      fc.property(fc.array(ratings, { maxLength: 4 }), (blocks) => {
        const lines = ratingLines(pieces)
        for (const rows of blocks) {
          const expected = rows.map((row) => pieces.map((piece) => piece.text(row)).join("")).join("")
          assert.strictEqual(new TextDecoder("utf-8", { ignoreBOM: true }).decode(lines(ratingBlockOf(rows))), expected)
        }
      })
    )
  })
})
