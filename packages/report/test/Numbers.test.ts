import { assert, describe, it } from "@effect/vitest"
import { readWhole } from "@letterboxd-ratings/core"
import { datasetNumbers, memberNumbers, readMatrix } from "@letterboxd-ratings/report"
import { Effect } from "effect"
import * as fc from "fast-check"
import { filled, type GivenMember } from "./ReportedDataset.ts"
import { assertSameMember, assertSameNumbers } from "./SameNumbers.ts"

const films = Array.from({ length: 40 }, (_, i) => ({
  id: i + 1,
  slug: `film-${i}`,
  title: `Film ${i}`,
  ...(i % 9 === 0 ? {} : { year: 1950 + i * 2 })
}))

/** Members with some of the films. Few have many, so that all of the minimums are met and missed. */
const someMembers = fc.array(
  fc.record({
    ratings: fc.uniqueArray(fc.record({ film: fc.constantFrom(...films), half: fc.integer({ min: 1, max: 10 }) }), {
      selector: ({ film }) => film.id,
      minLength: 1,
      maxLength: 40
    }),
    last: fc.integer({ min: 0, max: 3 })
  }),
  { minLength: 1, maxLength: 14 }
)

const numbersOf = (members: ReadonlyArray<GivenMember>, again: ReadonlyArray<GivenMember> = []) =>
  Effect.gen(function* () {
    const storage = yield* filled((commit) =>
      Effect.gen(function* () {
        yield* commit(1, members, ["rated_on", "liked"])
        // Read again, so that their rows stand behind the others.
        if (again.length > 0) yield* commit(3, again, ["changes"])
      })
    )
    const whole = yield* readWhole(storage)
    const matrix = yield* readMatrix(whole)
    return { matrix, numbers: yield* datasetNumbers(whole, matrix) }
  }).pipe(Effect.scoped)

const ann = (n: number, more: Partial<GivenMember["ratings"][number]> = {}) =>
  films.slice(0, n).map((film) => Object.assign({ film, stars: 3 }, more))

describe("the numbers of a report", () => {
  it("are those of a plain computation, for any ratings, in any order", async () => {
    await fc.assert(
      fc.asyncProperty(someMembers, async (some) => {
        const members = some.map(({ ratings }, i) => ({
          name: `member_${i}`,
          ratings: ratings.map(({ film, half }) => ({ film, stars: half / 2 }))
        }))
        const again = members.filter((_, i) => some[i]?.last === 0)
        const { matrix, numbers } = await Effect.runPromise(numbersOf(members, again))
        assertSameNumbers(numbers, matrix, members)
        for (const member of members.keys()) assertSameMember(memberNumbers(matrix, member), matrix, members)
      }),
      { numRuns: 60 }
    )
  }, 60_000)

  it.effect("say how far members differ on a film, from 0 to 2.25 stars and more for a few", () =>
    Effect.gen(function* () {
      const [one, other] = films
      assert(one !== undefined && other !== undefined)
      const members = Array.from({ length: 40 }, (_, i) => ({
        name: `member_${i}`,
        ratings: [
          { film: one, stars: i % 2 === 0 ? 0.5 : 5 },
          { film: other, stars: 4 }
        ]
      }))
      const { numbers } = yield* numbersOf(members)
      assert.deepStrictEqual(
        numbers.lists.dividing.map(({ film }) => film.id),
        [1, 2]
      )
      // 400 of 780 pairs are 4.5 stars apart.
      assert.approximately(numbers.lists.dividing[0]?.difference ?? NaN, (4.5 * 400) / 780, 1e-12)
      assert.strictEqual(numbers.lists.dividing[1]?.difference, 0)
    })
  )

  it.effect("tell when ratings were entered, and which days say little or nothing", () =>
    Effect.gen(function* () {
      const { matrix, numbers } = yield* numbersOf([
        {
          name: "ann",
          ratings: [
            ...ann(25, { ratedOn: "2025-03-01", liked: true }),
            ...films.slice(25, 30).map((film, i) => ({ film, stars: 4, ratedOn: `2025-0${i + 4}-10` })),
            ...films.slice(30, 33).map((film) => ({ film, stars: 2 }))
          ]
        },
        { name: "bob", ratings: ann(2, { ratedOn: "2027-01-01" }) }
      ])
      const day = (text: string) => Date.parse(`${text}T00:00:00Z`)
      assert.deepInclude(numbers.times, {
        keepsDays: true,
        dated: 32,
        inBulk: 25,
        afterReading: 2,
        firstDay: day("2025-03-01"),
        lastDay: day("2027-01-01"),
        unknownReadings: 0
      })
      const member = memberNumbers(matrix, 0)
      assert.strictEqual(member.undated, 3)
      assert.deepStrictEqual(
        member.years.map(({ counts, year }) => [year, counts.reduce((a, b) => a + b, 0)]),
        [[2025, 30]]
      )
      assert.deepStrictEqual(member.lastYear, { year: 2025, months: [0, 0, 25, 1, 1, 1, 1, 1, 0, 0, 0, 0] })
      assert.isTrue(member.favourites.slice(5).every(({ isLiked }) => isLiked))
    })
  )

  it.effect("tell how the dataset grew, and what readings changed", () =>
    Effect.gen(function* () {
      const before = [
        { name: "ann", ratings: ann(10) },
        { name: "bob", ratings: ann(5) }
      ]
      const then = yield* numbersOf(before)
      assert.isFalse(then.numbers.growth.isRecorded)
      assert.deepStrictEqual(
        then.numbers.growth.steps.map(({ members, ratings }) => [members, ratings]),
        [[2, 15]]
      )
      const { numbers } = yield* numbersOf(before, [
        { name: "ann", ratings: [...ann(6).slice(1), ...ann(1, { stars: 5 }), ...ann(12).slice(9)] },
        { name: "cat", ratings: ann(3) }
      ])
      assert.isTrue(numbers.growth.isRecorded)
      assert.deepStrictEqual(
        numbers.growth.steps.map(({ at: _, ...step }) => step),
        [
          { newMembers: 2, readAgain: 0, members: 2, ratings: 15, added: 0, changed: 0, removed: 0 },
          { newMembers: 1, readAgain: 1, members: 3, ratings: 17, added: 2, changed: 1, removed: 3 }
        ]
      )
    })
  )

  it.effect("group members by state, source and proof, with the coverage of their lists", () =>
    Effect.gen(function* () {
      const { numbers } = yield* numbersOf([
        { name: "ann", ratings: ann(10), record: { statedFilms: 10 } },
        { name: "bob", ratings: ann(4), record: { films: 6 } },
        { name: "cat", ratings: ann(5), record: { state: "partial", missing: [2], films: 5, statedFilms: 20 } },
        { name: "dan", ratings: ann(3), record: { source: "export", proof: "export" } },
        { name: "eve", ratings: [], record: { state: "gone" } }
      ])
      assert.deepStrictEqual(numbers.seals, [
        { state: "sealed", isRead: true, members: 2, ratings: 14, films: 16, stated: 10, filmsOfStated: 10 },
        {
          state: "sealed",
          isRead: true,
          source: "export",
          proof: "export",
          members: 1,
          ratings: 3,
          films: 3,
          stated: 0,
          filmsOfStated: 0
        },
        { state: "partial", isRead: true, members: 1, ratings: 5, films: 5, stated: 20, filmsOfStated: 5 },
        { state: "gone", isRead: true, members: 1, ratings: 0, films: 0, stated: 0, filmsOfStated: 0 }
      ])
    })
  )
})
