import { assert, describe, it } from "@effect/vitest"
import { allKeeps, type EncodedRating, FilmId, noKeeps, Rating, UserId } from "@letterboxd-ratings/core"
import * as fc from "fast-check"
import { translation } from "../src/CsvChanges.ts"
import { translatedBytes } from "../src/TranslatedBytes.ts"

const rating = fc.record({
  userId: fc.integer({ min: 1, max: 5 }).map((n) => UserId.make(n)),
  filmId: fc.integer({ min: 1, max: 9 }).map((n) => FilmId.make(n)),
  rating: fc.integer({ min: 1, max: 10 }).map((n) => Rating.make(n / 2))
})
const names = {
  username: (id: UserId) => `member_${id}`,
  film: (id: FilmId) =>
    ["", "A", "Amélie (2001)", '"Film, the second"', "日本", "a\u{1F600}b", "x".repeat(400_000)][id] ?? `${id}`
}

describe("translations of ratings", () => {
  it("are the same as bytes and as texts, from block to block", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(rating, { maxLength: 8 }), { maxLength: 4 }),
        fc.constantFrom(noKeeps, allKeeps),
        (blocks: ReadonlyArray<ReadonlyArray<EncodedRating>>, keeps) => {
          const bytesOf = translatedBytes(keeps, names)
          const translate = translation(keeps, names)
          for (const block of blocks) assert.isTrue(Buffer.from(block.map(translate).join("")).equals(bytesOf(block)))
        }
      ),
      { numRuns: 50 }
    )
  })
})
