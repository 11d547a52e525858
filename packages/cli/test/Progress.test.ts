import { assert, describe, it } from "@effect/vitest"
import { type SourceActivity, UsernameFromText } from "@letterboxd-ratings/core"
import { Effect, Ref, Schema, TestClock } from "effect"
import * as fc from "fast-check"
import { runWords, statusOf } from "../src/progress/RunWords.ts"
import { showProgress } from "../src/progress/ShowProgress.ts"
import { Screen } from "../src/Screen.ts"

const username = Schema.decodeSync(UsernameFromText)
const count = fc.integer({ min: 0, max: 10_000_000 })
const some = fc.record({
  progress: fc.record({
    batchSize: fc.integer({ min: 1, max: 10_000 }),
    membersToRead: count,
    membersRead: count,
    batches: count,
    inBatch: count,
    pages: count,
    ratings: count,
    reading: fc
      .array(fc.tuple(fc.stringMatching(/^[a-z0-9_]{2,15}$/u), fc.integer({ min: 1, max: 500 })), { maxLength: 9 })
      .map((members) => new Map(members.map(([name, pages]) => [username(name), { pages, lastPage: 300 }])))
  }),
  activity: fc.record({
    requests: count,
    retries: count,
    pausedMillis: count,
    requestsPerSecond: fc.double({ min: 0, noNaN: true }),
    unreadListings: count,
    pausedUntil: count
  }),
  now: count,
  elapsedMillis: count,
  quietMillis: count
})
const part =
  /^(?:\[#*-*\] \d+ %|\d+\/\d+ members|no response for [\da-z ]+|about [\da-z ]+ left|[\d,]+ (?:rating|page|request)s?|[\d.]+ requests\/s|paused [\da-z ]+ in total|batch \d+ \[#*-*\] \d+\/\d+|[a-z0-9_]+ \d+\/300|waiting until \d\d:\d\d:\d\d|[\da-z ]+ left|the site refused a request as one too many)$/u

describe("the status lines", () => {
  it("are made of whole parts, and leave a column free, at any width", () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 200 }), ({ activity, progress, ...times }, columns) => {
        const lines = statusOf(progress, activity, { ...times, columns })
        assert.isAtMost(lines.length, 3)
        for (const line of lines) {
          assert.isBelow(line.length, columns)
          for (const one of line.split(" · ")) assert.match(one, part)
        }
        if (columns >= 40 && progress.membersToRead > 0) assert.match(lines[0] ?? "", /^\[/u)
      }),
      { numRuns: 500 }
    )
  })

  it("show bars, the share, the time left, members under way, and why the run waits", () => {
    const activity = {
      requests: 40,
      retries: 0,
      pausedMillis: 60_000,
      requestsPerSecond: 2,
      unreadListings: 0,
      pausedUntil: 90_000
    }
    const progress = {
      batchSize: 10,
      membersToRead: 20,
      membersRead: 5,
      batches: 0,
      inBatch: 5,
      pages: 30,
      ratings: 1_500,
      reading: new Map([
        [username("davee"), { pages: 3, lastPage: 11 }],
        [username("anna"), { pages: 1 }]
      ])
    }
    const at = (columns: number) =>
      statusOf(progress, activity, { now: 30_000, elapsedMillis: 20_000, quietMillis: 10_000, columns }).map((line) =>
        line.replace(/\d\d:\d\d:\d\d/u, "TIME")
      )
    assert.deepStrictEqual(at(160), [
      "[#####---------------] 25 % · 5/20 members · about 1m left · 2.0 requests/s · 1,500 ratings · 30 pages · 40 requests · paused 1m in total",
      "batch 1 [#####-----] 5/10 · davee 3/11 · anna",
      "waiting until TIME · 1m left · the site refused a request as one too many"
    ])
    assert.deepStrictEqual(at(40), [
      "[##--------] 25 % · 5/20 members",
      "batch 1 [#####-----] 5/10 · davee 3/11",
      "waiting until TIME · 1m left"
    ])
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
      const shown = yield* Effect.provideService(showProgress(runWords(Ref.get(activity), 10), "lines"), Screen, screen)
      yield* TestClock.adjust("1 seconds")
      assert.notInclude(yield* Ref.get(written), "no response")
      yield* TestClock.adjust("20 seconds")
      assert.match(yield* Ref.get(written), /no response for 2[01]s/u)
      yield* shown.show({
        _tag: "PageRead",
        username: username("davee"),
        page: 1,
        verdict: "Films",
        ratings: 70
      })
      yield* TestClock.adjust("1 seconds")
      assert.notInclude(yield* Ref.get(written), "no response")
      assert.include(yield* Ref.get(written), "70 ratings")
      // What comes afterwards has a line of its own.
      yield* shown.end
      assert.strictEqual(yield* Ref.get(written), "\r\u001B[1A\u001B[J")
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(yield* Ref.get(written), "\r\u001B[1A\u001B[J")
    })
  )

  it.scoped("are written over, at once, and only if they changed; a screen that became narrower is cleaned up", () =>
    Effect.gen(function* () {
      const writes = yield* Ref.make<ReadonlyArray<string>>([])
      const columns = yield* Ref.make(100)
      const screen = Screen.of({
        out: () => Effect.void,
        err: (text) => Ref.update(writes, (before) => [...before, text]),
        width: Effect.succeed(100),
        ask: () => Effect.succeed(false),
        answer: (_, fallback) => Effect.succeed(fallback),
        columns: Ref.get(columns)
      })
      const words = {
        encode: (event: string) => event,
        warnings: () => [],
        line: (event: string) => (event === "" ? undefined : event),
        initial: 0,
        next: (counted: number) => counted + 1,
        status: (counted: number) =>
          Effect.succeed({ happened: counted, lines: () => [`one ${counted}`, `two ${"x".repeat(50)}`] })
      }
      const shown = yield* Effect.provideService(showProgress(words, "lines"), Screen, screen)
      const written = (since: number) => Effect.map(Ref.get(writes), (all) => all.slice(since))
      yield* TestClock.adjust("2 seconds")
      const two = `two ${"x".repeat(50)}`
      assert.deepStrictEqual(yield* written(0), ["\u001B[?25l", `\r\u001B[Jone 0\n${two}`])
      yield* shown.show("a line")
      assert.deepStrictEqual(yield* written(2), [`\r\u001B[1A\u001B[Ja line\none 1\n${two}`])
      yield* TestClock.adjust("2 seconds")
      assert.lengthOf(yield* written(3), 0)
      yield* shown.show("")
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* written(3), [`\r\u001B[1Aone 2\u001B[K\n${two}\u001B[K\u001B[J`])
      // The second line takes two rows now, so there are three to go back over.
      yield* Ref.set(columns, 40)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* written(4), [`\r\u001B[2A\u001B[Jone 2\n${two}`])
      yield* shown.end
      assert.deepStrictEqual(yield* written(5), ["\r\u001B[2A\u001B[J"])
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
      const shown = yield* Effect.provideService(
        showProgress(runWords(Effect.succeed(idle), 10), "quiet"),
        Screen,
        screen
      )
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
