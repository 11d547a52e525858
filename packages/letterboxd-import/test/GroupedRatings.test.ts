import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { makeGroupedRatings } from "../src/tables/GroupedRatings.ts"

describe("makeGroupedRatings", () => {
  it.prop(
    "keeps each film of each member once, with the last value, in the order of the last rows",
    [
      fc.array(
        fc.record({
          member: fc.integer({ min: 0, max: 2000 }).map((n) => (n < 1900 ? n % 7 : n)),
          film: fc.integer({ min: 0, max: 134_217_727 }).map((n) => (n % 3 === 0 ? n % 5000 : n % 9)),
          value: fc.integer({ min: 1, max: 20 })
        }),
        { maxLength: 200 }
      )
    ],
    ([rows]) => {
      const grouped = makeGroupedRatings()
      const expected = new Map<number, Map<number, number>>()
      for (const { film, member, value } of rows) {
        grouped.add(member, film, value)
        const films = expected.get(member) ?? new Map<number, number>()
        films.delete(film)
        films.set(film, value)
        expected.set(member, films)
      }
      assert.strictEqual(grouped.rows(), rows.length)
      for (const round of [1, 2]) {
        for (const [member, films] of expected) {
          assert.deepStrictEqual(
            grouped.of(member).map(({ film, value }) => [film, value] as const),
            [...films],
            `round ${round}`
          )
        }
      }
      assert.deepStrictEqual(grouped.of(2001), [])
    }
  )

  it("keeps rows of several blocks", () => {
    const grouped = makeGroupedRatings()
    const rows = 2_500_000
    for (let n = 0; n < rows; n++) grouped.add(n % 3, Math.floor(n / 3), (n % 20) + 1)
    let sum = 0
    for (const member of [0, 1, 2]) {
      const ratings = grouped.of(member)
      sum += ratings.length
      assert.isTrue(ratings.every(({ film, value }) => value === ((film * 3 + member) % 20) + 1))
    }
    assert.strictEqual(sum, rows)
  })
})
