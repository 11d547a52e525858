import { assert, describe, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import * as fc from "fast-check"
import { MemberRecord } from "../src/dataset/Tables.ts"
import type { ChangeRate } from "../src/refresh/ChangeRates.ts"
import { changeFrequency } from "../src/refresh/ChangeRates.ts"
import { canBeRefreshed, type Look, makePlan, type RefreshFacts } from "../src/refresh/RefreshPlan.ts"

const now = DateTime.unsafeMake("2026-06-01T00:00:00Z")
const record = Schema.decodeUnknownSync(MemberRecord)

interface Known {
  readonly state: MemberRecord["state"]
  readonly days: number
  readonly pages: number
  readonly films: number
  readonly listed: number | undefined
  readonly look: Look | undefined
  readonly rate: ChangeRate
}

const known: fc.Arbitrary<Known> = fc.record({
  state: fc.constantFrom("sealed", "sealed", "sealed", "gone", "private", "partial", "renamed"),
  days: fc.integer({ min: 0, max: 400 }),
  pages: fc.integer({ min: 0, max: 40 }),
  films: fc.integer({ min: 0, max: 2_000 }),
  listed: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
  look: fc.constantFrom("same", "changed", "unknown", undefined),
  rate: fc.record({
    ratings: fc.double({ min: 0, max: 5, noNaN: true }),
    hidden: fc.double({ min: 0, max: 1, noNaN: true }),
    times: fc.double({ min: 1 / 365, max: 1, noNaN: true }),
    readings: fc.integer({ min: 0, max: 9 })
  })
})

const factsOf = (all: ReadonlyArray<Known>, more: Partial<RefreshFacts> = {}): RefreshFacts => {
  const records = all.map(({ days, films, pages, state }, i) =>
    record({
      username: `member_${i}`,
      userId: i + 1,
      state,
      readAt: DateTime.formatIso(DateTime.subtract(now, { days })),
      lastPage: pages,
      missing: [],
      films,
      statedFilms: films,
      ratings: films,
      doubts: [],
      verdicts: {}
    })
  )
  return {
    state: { members: new Map(records.map((one) => [one.username, one])) },
    rateOf: ({ userId }) => all[userId - 1]?.rate ?? { ratings: 0, hidden: 0, times: 0, readings: 0 },
    listed: new Map(
      records.flatMap(({ username }, i) => {
        const films = all[i]?.listed
        return films === undefined ? [] : [[username, films] as const]
      })
    ),
    looked: new Map(
      records.flatMap(({ username }, i) => {
        const look = all[i]?.look
        return look === undefined ? [] : [[username, look] as const]
      })
    ),
    now,
    ...more
  }
}

const unread = { ratings: 0.2, hidden: 0.01, times: 0.1, readings: 0 }
const one = (more: Partial<Known>): Known => ({
  state: "sealed",
  days: 10,
  pages: 3,
  films: 200,
  listed: undefined,
  look: undefined,
  rate: unread,
  ...more
})

describe("a plan", () => {
  it("accounts for each member once, keeps to its budget, and reads no partial or renamed member", () => {
    fc.assert(
      fc.property(fc.array(known, { maxLength: 30 }), fc.integer({ min: 0, max: 200 }), (all, budget) => {
        const facts = factsOf(all, { budget })
        const plan = makePlan(facts)
        const members = [...facts.state.members.values()]
        assert.strictEqual(
          plan.members.length + plan.unchanged + plan.notDue + plan.beyondBudget,
          members.filter(canBeRefreshed).length
        )
        assert.isAtMost(
          plan.members.reduce((sum, { requests }) => sum + requests, 0),
          budget
        )
        assert.strictEqual(new Set(plan.members.map(({ username }) => username)).size, plan.members.length)
        for (const { username } of plan.members) {
          const found = facts.state.members.get(username)
          assert.isTrue(found !== undefined && canBeRefreshed(found))
        }
        // Whoever has another count is read, or is said to be beyond the budget.
        const withoutLimit = makePlan({ ...facts, budget: Infinity })
        assert.strictEqual(withoutLimit.beyondBudget, 0)
        const planned = new Set(withoutLimit.members.map(({ username }) => username))
        for (const { state, statedFilms, username } of members) {
          const listed = facts.listed.get(username)
          if (state === "sealed" && listed !== undefined && listed !== statedFilms) assert.isTrue(planned.has(username))
        }
      })
    )
  })

  it("asks nothing of members with the same count who are not due, and reads those who are", () => {
    const plan = makePlan(
      factsOf([
        one({ listed: 200 }),
        one({ listed: 201 }),
        one({ listed: 200, days: 181 }),
        one({ listed: 200, days: 20, rate: { ...unread, hidden: 0.3 } }),
        one({ listed: 200, days: 10, rate: { ...unread, hidden: 0.9 } })
      ])
    )
    assert.deepStrictEqual(plan.members.map(({ reason, username }) => `${username} ${reason}`).toSorted(), [
      "member_1 count",
      "member_2 due",
      "member_3 due"
    ])
    assert.deepStrictEqual([plan.unchanged, plan.notDue], [2, 0])
  })

  it("looks at the first part of members who are not listed where a change is likely, and reads on where it shows one", () => {
    const likely = one({ days: 30 })
    const { members } = makePlan(factsOf([likely, one({ days: 1 }), { ...likely, pages: 1, films: 5 }]))
    assert.deepStrictEqual(
      members.map(({ isLook, requests, username }) => [username as string, isLook, requests]).toSorted(),
      [
        ["member_0", true, 1],
        ["member_2", false, 1]
      ]
    )
    const [seen] = makePlan(factsOf([{ ...likely, look: "changed" }])).members
    assert.deepStrictEqual([seen?.isLook, seen?.reason, seen?.requests], [false, "first-part", 3])
    assert.strictEqual(makePlan(factsOf([{ ...likely, look: "same" }])).unchanged, 1)
    assert.strictEqual(makePlan(factsOf([{ ...likely, look: "unknown" }])).notDue, 1)
  })

  it("spends a budget where a request finds most", () => {
    const plan = makePlan(
      factsOf([one({ pages: 30, films: 2_000, listed: 2_001 }), one({ pages: 1, films: 60, listed: 70 })], {
        budget: 30
      })
    )
    assert.deepStrictEqual(
      plan.members.map(({ username }) => username as string),
      ["member_1"]
    )
    assert.strictEqual(plan.beyondBudget, 1)
  })

  it("has who is asked for, in that order, and nobody else", () => {
    const facts = factsOf([one({ listed: 999 }), one({}), one({})])
    const asked = [...facts.state.members.keys()].toReversed().slice(0, 2)
    assert.deepStrictEqual(
      makePlan({ ...facts, asked }).members.map(({ reason, username }) => [username, reason]),
      asked.map((username) => [username, "asked"])
    )
  })
})

describe("how often a list changes", () => {
  it("is estimated closely, also where several changes fall between two readings", () => {
    // A Poisson process with `rate` a day is seen to have changed with this probability.
    for (const rate of [0.02, 0.1, 0.3]) {
      const days = 5
      const pairs = 200
      const changed = Math.round(pairs * (1 - Math.exp(-rate * days)))
      assert.approximately(changeFrequency(pairs, changed, days), rate, rate * 0.1)
    }
    // It is finite where each reading found changes, and not zero where none did.
    assert.isBelow(changeFrequency(3, 3, 10), Infinity)
    assert.strictEqual(changeFrequency(3, 0, 10), 0)
  })
})
