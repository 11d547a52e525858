import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { filmIdFromNumber } from "../src/domain/Film.ts"
import { sampleOfRatings } from "../src/dataset/RatingsSample.ts"

const ratings = fc
  .array(
    fc.tuple(
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2_147_483_647 })),
      fc.integer({ min: 1, max: 10 })
    ),
    {
      maxLength: 200,
      size: "max"
    }
  )
  .map((all) =>
    all.flatMap(([number, halfStars]) => {
      const filmId = filmIdFromNumber(number)
      return filmId === undefined ? [] : [{ filmId, rating: halfStars / 2 }]
    })
  )

/** The bits of each rating mixed, in whole numbers of any size. */
const hashOf = (filmId: number, halfStars: number): number => {
  const low = (n: bigint) => n & 0xffff_ffffn
  let x = low(BigInt(filmId) * 0x9e37_79b1n + BigInt(halfStars) * 0x85eb_ca6bn)
  x = low((x ^ (x >> 15n)) * 0x85eb_ca6bn)
  x = low((x ^ (x >> 13n)) * 0xc2b2_ae35n)
  return Number(x ^ (x >> 16n))
}

describe("a sample of ratings", () => {
  it("has the films with the smallest hashes, ascending, a quarter of all and 32 at most", () => {
    let most = 0
    fc.assert(
      fc.property(ratings, (all) => {
        const ordered = all
          .map(({ filmId, rating }) => ({ filmId, hash: hashOf(filmId, rating * 2) }))
          .sort((a, b) => a.hash - b.hash || a.filmId - b.filmId)
          .map(({ filmId }) => filmId)
        const sample = sampleOfRatings(all)
        assert.deepStrictEqual(sample, ordered.slice(0, Math.min(32, Math.max(2, Math.ceil(all.length / 4)))))
        most = Math.max(most, sample.length)
      }),
      { numRuns: 500 }
    )
    assert.strictEqual(most, 32)
  })
})
