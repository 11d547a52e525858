import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Random, TestClock } from "effect"
import { sample } from "../../../vitest.sample.ts"
import * as Pacing from "../src/transport/Pacing.ts"

const options: Pacing.PacingOptions = {
  requestsPerSecond: 2,
  firstPauseMillis: 2_000,
  longestPauseMillis: 120_000,
  mostRefusals: 5,
  patienceMillis: 3_600_000
}

/** When each of `count` requests that all wait from the start may go out. */
const departures = (pacing: Pacing.Pacing, count: number) =>
  Effect.gen(function* () {
    const waiting = yield* Effect.fork(
      Effect.forEach(Array.from({ length: count }), () => Effect.zipRight(pacing.turn, Clock.currentTimeMillis), {
        concurrency: "unbounded"
      })
    )
    yield* TestClock.adjust("10 hours")
    return yield* Fiber.join(waiting)
  })

describe("Pacing", () => {
  it.effect("spaces requests evenly, without a burst at the start", () =>
    Effect.gen(function* () {
      const times = yield* departures(yield* Pacing.make(options), 6)
      assert.deepStrictEqual(times, [0, 500, 1000, 1500, 2000, 2500])
    })
  )

  it.effect("lets everything through at once where there is no limit", () =>
    Effect.gen(function* () {
      const times = yield* departures(yield* Pacing.make({ ...options, requestsPerSecond: Infinity }), 50)
      assert.deepStrictEqual(new Set(times), new Set([0]))
    })
  )

  it.effect("sends nothing before Retry-After is over, and then one after the other", () =>
    Effect.gen(function* () {
      const pacing = yield* Pacing.make(options)
      yield* pacing.refused(0, 60_000)
      assert.deepStrictEqual(yield* departures(pacing, 3), [60_000, 60_500, 61_000])
      assert.strictEqual((yield* pacing.snapshot).pausedMillis, 60_000)
    })
  )

  it.effect("holds requests that were waiting already when the pause began", () =>
    Effect.gen(function* () {
      const pacing = yield* Pacing.make({ ...options, requestsPerSecond: 0.1 })
      yield* pacing.turn
      const waiting = yield* Effect.fork(Effect.zipRight(pacing.turn, Clock.currentTimeMillis))
      yield* TestClock.adjust("5 seconds")
      yield* pacing.refused(0, 120_000)
      yield* TestClock.adjust("1 hour")
      assert.isAtLeast(yield* Fiber.join(waiting), 125_000)
    })
  )

  it.effect("doubles its own pause while refusals repeat, within jitter and cap", () =>
    Effect.gen(function* () {
      const pacing = yield* Pacing.make({ ...options, requestsPerSecond: Infinity, longestPauseMillis: 20_000 })
      const waits: Array<number> = []
      for (let i = 0; i < 6; i++) {
        const sentAt = yield* Clock.currentTimeMillis
        yield* pacing.refused(sentAt, undefined)
        const waiting = yield* Effect.fork(Effect.zipRight(pacing.turn, Clock.currentTimeMillis))
        yield* TestClock.adjust("30 seconds")
        waits.push((yield* Fiber.join(waiting)) - sentAt)
      }
      for (const [i, wait] of waits.entries()) {
        assert.isAtLeast(wait, Math.min(20_000, 2_000 * 2 ** i))
        assert.isAtMost(wait, Math.min(20_000, 3_000 * 2 ** i))
      }
    })
  )

  it.effect("counts refusals of requests that were under way together as one", () =>
    Effect.gen(function* () {
      const pacing = yield* Pacing.make(options)
      yield* TestClock.adjust("10 seconds")
      for (let i = 0; i < 5; i++) yield* pacing.refused(9_000, 30_000)
      assert.deepStrictEqual(yield* pacing.snapshot, {
        requestsPerSecond: 2,
        pausedMillis: 30_000,
        pausedUntil: 40_000
      })
      yield* TestClock.adjust("30 seconds")
      assert.notProperty(yield* pacing.snapshot, "pausedUntil")
    })
  )

  it.effect("halves the rate when refusals repeat, and recovers slowly, never above what was asked for", () =>
    Effect.gen(function* () {
      const pacing = yield* Pacing.make(options)
      for (let i = 0; i < 4; i++) {
        yield* pacing.refused(yield* Clock.currentTimeMillis, 1_000)
        yield* TestClock.adjust("2 seconds")
      }
      assert.strictEqual((yield* pacing.snapshot).requestsPerSecond, 0.5)
      yield* Effect.repeatN(pacing.answered, 23)
      assert.strictEqual((yield* pacing.snapshot).requestsPerSecond, 0.5)
      yield* pacing.answered
      assert.closeTo((yield* pacing.snapshot).requestsPerSecond, 0.55, 1e-9)
      yield* Effect.repeatN(pacing.answered, 5_000)
      assert.strictEqual((yield* pacing.snapshot).requestsPerSecond, 2)
    })
  )

  it.effect(
    "is beyond patience after too many refusals in a row, or too long a pause, and fails at once until it is over",
    () =>
      Effect.gen(function* () {
        const pacing = yield* Pacing.make(options)
        const answers: Array<boolean> = []
        for (let i = 0; i < 7; i++) {
          answers.push(yield* pacing.refused(yield* Clock.currentTimeMillis, undefined))
          yield* TestClock.adjust("5 minutes")
        }
        assert.deepStrictEqual(answers, [true, true, true, true, true, false, false])
        yield* pacing.answered
        assert.isTrue(yield* pacing.refused(yield* Clock.currentTimeMillis, 3_600_000))
        yield* pacing.answered
        yield* TestClock.adjust("2 hours")
        assert.isFalse(yield* pacing.refused(yield* Clock.currentTimeMillis, 7_200_000))
        assert.strictEqual((yield* Effect.flip(pacing.turn)).retryAfterMillis, 7_200_000)
        yield* TestClock.adjust("2 hours")
        yield* pacing.turn
      })
  )

  it.effect(
    "over hours of refusals in any form, sends nothing earlier than it was told, nor faster than its rate",
    () =>
      Effect.gen(function* () {
        for (const seed of sample("random hours of refusals", [1, 2, 3, 5], 1)) {
          yield* Effect.gen(function* () {
            const start = yield* Clock.currentTimeMillis
            const pacing = yield* Pacing.make({ ...options, mostRefusals: Infinity, patienceMillis: Infinity })
            let notBefore = 0
            let previous = -Infinity
            const worker = Effect.gen(function* () {
              while ((yield* Clock.currentTimeMillis) - start < 3 * 3_600_000) {
                yield* pacing.turn
                const sentAt = yield* Clock.currentTimeMillis
                assert.isAtLeast(sentAt, notBefore, `seed ${seed}`)
                assert.isAtLeast(sentAt - previous, 499, `seed ${seed}`)
                previous = sentAt
                yield* Effect.sleep(yield* Random.nextIntBetween(20, 3_000))
                const draw = yield* Random.next
                if (draw < 0.85) yield* pacing.answered
                else {
                  const retryAfter = draw < 0.9 ? undefined : (yield* Random.nextIntBetween(0, 1_200)) * 1_000
                  yield* pacing.refused(sentAt, retryAfter)
                  if (retryAfter !== undefined)
                    notBefore = Math.max(notBefore, (yield* Clock.currentTimeMillis) + retryAfter)
                }
              }
            })
            const running = yield* Effect.fork(
              Effect.all(
                Array.from({ length: 5 }, () => worker),
                { concurrency: "unbounded" }
              )
            )
            yield* TestClock.adjust("5 hours")
            yield* Fiber.join(running)
            const { requestsPerSecond } = yield* pacing.snapshot
            assert.isAtLeast(requestsPerSecond, 0.05)
            assert.isAtMost(requestsPerSecond, 2)
          }).pipe(Effect.withRandom(Random.make(seed)))
        }
      }),
    60_000
  )

  it.effect("keeps its rate over time", () =>
    Effect.gen(function* () {
      const pacing = yield* Pacing.make(options)
      const counter = yield* Effect.fork(
        Effect.iterate(0, { while: (n) => n < 360, body: (n) => Effect.as(pacing.turn, n + 1) })
      )
      yield* TestClock.adjust(Duration.minutes(3))
      assert.strictEqual(yield* Fiber.join(counter), 360)
    })
  )
})
