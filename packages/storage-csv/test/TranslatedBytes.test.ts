import { assert, describe, it } from "@effect/vitest"
import { allKeeps, FilmId, noKeeps, Rating, ratingBlockOf, UserId } from "@letterboxd-ratings/core"
import * as fc from "fast-check"
import { translation } from "../src/CsvChanges.ts"
import { translations } from "../src/TranslatedBytes.ts"

const rating = fc.record({
  userId: fc.integer({ min: 1, max: 5 }).map((n) => UserId.make(n)),
  filmId: fc.integer({ min: 1, max: 9 }).map((n) => FilmId.make(n)),
  rating: fc.integer({ min: 1, max: 10 }).map((n) => Rating.make(n / 2))
})
const names = {
  username: (id: UserId) => `member_${id}`,
  film: (id: FilmId) =>
    ["", "A", "Amélie (2001)", '"Film, the second"', "日本", "a\u{1F600}b", "x".repeat(400)][id] ?? `${id}`
}

describe("translations of ratings", () => {
  it("are found in their bytes and in no others, from block to block", () => {
    let others = 0
    fc.assert(
      fc.property(
        fc.array(fc.array(rating, { maxLength: 8 }), { maxLength: 4 }),
        fc.constantFrom(noKeeps, allKeeps),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (blocks, keeps, where, other) => {
          const translationsOf = translations(keeps, names)
          const translate = translation(keeps, names)
          for (const rows of blocks) {
            const found = new TextEncoder().encode(rows.map(translate).join(""))
            const { areIn, bytes } = translationsOf(ratingBlockOf(rows))
            assert.strictEqual(bytes, found.length)
            assert.isTrue(areIn(found))
            assert.isFalse(areIn(Uint8Array.of(...found, 0x0a)))
            if (found.length === 0) continue
            assert.isFalse(areIn(found.subarray(1)))
            const at = where % found.length
            found[at] = (found[at] ?? 0) ^ other
            assert.isFalse(areIn(found))
            others += 1
          }
        }
      ),
      { numRuns: 200 }
    )
    assert.isAbove(others, 100)
  })
})
