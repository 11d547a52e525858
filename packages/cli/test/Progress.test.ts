import { assert, describe, it } from "@effect/vitest"
import { type SourceActivity, UsernameFromText } from "@letterboxd-ratings/core"
import { Effect, Ref, Schema, TestClock } from "effect"
import * as fc from "fast-check"
import { runWords, statusOf } from "../src/progress/RunWords.ts"
import { showProgress } from "../src/progress/ShowProgress.ts"
import { Screen } from "../src/Screen.ts"

const count = fc.integer({ min: 0, max: 10_000_000 })
const some = fc.record({
  progress: fc.record({ membersToRead: count, membersRead: count, pages: count, ratings: count }),
  activity: fc.record({
    requests: count,
    retries: count,
    pausedMillis: count,
    requestsPerSecond: fc.double({ min: 0, noNaN: true }),
    unreadListings: count
  }),
  elapsed: count,
  quiet: count
})
const part =
  /^(?:\[#*-*\] \d+ %|\d+\/\d+ members|no response for [\da-z ]+|about [\da-z ]+ left|[\d,]+ (?:rating|page)s?|[\d,]+ requests? \([\d.]+\/s\)|paused [\da-z ]+ in total)$/u

describe("the status line", () => {
  it("is made of whole parts, and leaves a column free, at any width", () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 200 }), ({ activity, elapsed, progress, quiet }, columns) => {
        const line = statusOf(progress, activity, elapsed, quiet, columns)
        assert.isBelow(line.length, columns)
        if (line !== "") for (const one of line.split(" · ")) assert.match(one, part)
        if (columns >= 40 && progress.membersToRead > 0) assert.match(line, /^\[/u)
      }),
      { numRuns: 500 }
    )
  })

  it("shows a bar, the share and the time left", () => {
    const activity = { requests: 40, retries: 0, pausedMillis: 0, requestsPerSecond: 2, unreadListings: 0 }
    const progress = { membersToRead: 20, membersRead: 5, pages: 30, ratings: 1_500 }
    assert.strictEqual(
      statusOf(progress, activity, 20_000, 0, 120),
      "[#####---------------] 25 % · 5/20 members · about 1m left · 1,500 ratings · 30 pages · 40 requests (2.0/s)"
    )
    assert.strictEqual(statusOf(progress, activity, 20_000, 0, 40), "[##--------] 25 % · 5/20 members")
  })

  it.scoped("says that the site does not answer, and for how long", () =>
    Effect.gen(function* () {
      const written = yield* Ref.make("")
      const activity = yield* Ref.make<SourceActivity>({
        requests: 1,
        retries: 0,
        pausedMillis: 0,
        requestsPerSecond: 2,
        unreadListings: 0
      })
      const screen = Screen.of({
        out: () => Effect.void,
        err: (text) => Ref.set(written, text),
        width: Effect.succeed(120),
        ask: () => Effect.succeed(false),
        answer: (_, fallback) => Effect.succeed(fallback),
        columns: Effect.succeed(120)
      })
      const shown = yield* Effect.provideService(showProgress(runWords(Ref.get(activity)), "lines"), Screen, screen)
      yield* TestClock.adjust("1 seconds")
      assert.notInclude(yield* Ref.get(written), "no response")
      yield* TestClock.adjust("20 seconds")
      assert.match(yield* Ref.get(written), /no response for 2[01]s/u)
      yield* shown.show({
        _tag: "PageRead",
        username: Schema.decodeSync(UsernameFromText)("davee"),
        page: 1,
        verdict: "Films",
        ratings: 70
      })
      yield* TestClock.adjust("1 seconds")
      assert.notInclude(yield* Ref.get(written), "no response")
      assert.include(yield* Ref.get(written), "70 ratings")
      // What comes afterwards has a line of its own.
      yield* shown.end
      assert.strictEqual(yield* Ref.get(written), "\r\u001B[2K")
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(yield* Ref.get(written), "\r\u001B[2K")
    })
  )

  it.scoped("shows what opening changed in a dataset, also where only warnings are asked for", () =>
    Effect.gen(function* () {
      const written = yield* Ref.make("")
      const screen = Screen.of({
        out: () => Effect.void,
        err: (text) => Ref.update(written, (before) => before + text),
        width: Effect.succeed(120),
        ask: () => Effect.succeed(false),
        answer: (_, fallback) => Effect.succeed(fallback),
        columns: Effect.succeed(undefined)
      })
      const idle = { requests: 0, retries: 0, pausedMillis: 0, requestsPerSecond: 2, unreadListings: 0 }
      const shown = yield* Effect.provideService(showProgress(runWords(Effect.succeed(idle)), "quiet"), Screen, screen)
      yield* shown.show({
        _tag: "RunStarted",
        mode: "continue",
        source: "sandbox",
        storage: "csv",
        place: "data",
        users: 1,
        ratings: 1,
        membersToAdd: 1,
        membersToComplete: 0,
        notes: ["12 bytes were set aside."]
      })
      assert.strictEqual(yield* Ref.get(written), "12 bytes were set aside.\n")
    })
  )
})
