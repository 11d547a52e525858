/** Refreshing, over a real socket, of a world in which days pass. */
import { assert, describe, it } from "@effect/vitest"
import { RatingsStorage } from "@letterboxd-ratings/core"
import { changingWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { Effect } from "effect"
import { datasetOf, ratingsIn, ratingsOf, timeOf } from "./RefreshedYear.ts"

const counts = Array.from({ length: 70 }, (_, i) => (i % 7 === 0 ? 160 : 20 + i))

describe("a refresh", () => {
  it.scopedLive(
    "of an unchanged world asks for the members list, and for nothing else",
    () =>
      Effect.gen(function* () {
        const changing = changingWorld({ seed: 1, films: counts })
        const site = yield* Sandbox.make({ world: changing.world() })
        const { refresh, start } = datasetOf(changing, site)
        yield* start
        const before = yield* ratingsIn()
        const report = yield* refresh()
        assert.deepStrictEqual(
          [report.requests, report.plan.members.length, report.plan.unchanged],
          // 30 members on a page; and robots.txt, which each start asks for.
          [3 + 1, 0, counts.length]
        )
        assert.isUndefined(report.run)
        assert.deepStrictEqual(yield* ratingsIn(), before)
      }).pipe(Effect.provide(MemoryStorage.layer({ place: "year" }))),
    60_000
  )

  it.scopedLive(
    "finds what changed, keeps the rest, and the dataset of each day can be had again",
    () =>
      Effect.gen(function* () {
        const changing = changingWorld({ seed: 7, films: counts })
        const site = yield* Sandbox.make({ world: changing.world() })
        const { refresh, start } = datasetOf(changing, site)
        yield* start
        const then = [{ day: 0, rows: yield* ratingsIn() }]
        assert.deepStrictEqual(then[0]?.rows, ratingsOf(changing.world()))
        for (let day = 1; day <= 120; day += 1) {
          yield* site.become(changing.nextDay())
          if (day % 20 !== 0) continue
          const report = yield* refresh()
          assert.strictEqual(report.plan.beyondBudget, 0)
          then.push({ day, rows: yield* ratingsIn() })
        }
        assert.isAbove(changing.changes(), 300)
        // All of it, at last.
        yield* site.become(changing.nextDay())
        const all = yield* refresh({ olderThanDays: 1e-9 })
        assert.isDefined(all.run)
        const storage = yield* RatingsStorage
        assert.deepStrictEqual((yield* storage.verify({ repair: false })).problems, [])
        const isPublic = (row: string) =>
          changing.world().members.some(({ state, username }) => state === "public" && row.startsWith(`${username} `))
        assert.deepStrictEqual((yield* ratingsIn()).filter(isPublic), ratingsOf(changing.world()))
        for (const { day, rows } of then) assert.deepStrictEqual(yield* ratingsIn(timeOf(day)), rows, `day ${day}`)
      }).pipe(Effect.provide(MemoryStorage.layer({ place: "year" }))),
    120_000
  )
})
