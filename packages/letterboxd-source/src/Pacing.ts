/**
 * When the next request may go out: one limiter for all of them.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Random } from "effect"

/**
 * - `turn` waits until a request may be sent. Callers are served in the order they came.
 * - `refused` is told of a refusal ("too many requests"): everybody pauses, for `retryAfterMillis` where the site
 *   named a time, and the rate halves when refusals repeat.
 * - `answered` is told of a good answer; the rate recovers slowly after many.
 * - `snapshot` tells the present rate in requests a second and the milliseconds of all pauses so far.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pacing {
  readonly turn: Effect.Effect<void>
  readonly refused: (sentAt: number, retryAfterMillis: number | undefined) => Effect.Effect<void>
  readonly answered: Effect.Effect<void>
  readonly snapshot: Effect.Effect<{ readonly requestsPerSecond: number; readonly pausedMillis: number }>
}

/**
 * `requestsPerSecond` above 0, `Infinity` for no limit; `firstPauseMillis` is the pause after a refusal that names
 * no time, doubled with each further one; no pause is longer than `longestPauseMillis`.
 *
 * @since 0.1.0
 * @category models
 */
export interface PacingOptions {
  readonly requestsPerSecond: number
  readonly firstPauseMillis: number
  readonly longestPauseMillis: number
}

/** Refusals in a row, each after a pause, that halve the rate. */
const refusalsThatHalve = 2
/** The rate an unlimited client falls to when refusals repeat. */
const firstLimit = 10
/** Good answers in a row after which a lowered rate rises by a tenth. */
const answersThatRaise = 25
const lowestRate = 0.05

/**
 * A token bucket that holds one token, so that requests are spaced evenly and never come in bursts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: PacingOptions): Effect.Effect<Pacing> =>
  Effect.sync(() => {
    let rate = options.requestsPerSecond
    let nextFree = 0
    let pausedUntil = 0
    let pauseStarted = 0
    let pausedMillis = 0
    let refusals = 0
    let answers = 0

    const turn: Effect.Effect<void> = Effect.gen(function*() {
      while (true) {
        const now = yield* Clock.currentTimeMillis
        const slot = Math.max(now, nextFree, pausedUntil)
        nextFree = slot + (rate === Infinity ? 0 : 1000 / rate)
        if (slot <= now) return
        yield* Effect.sleep(slot - now)
        // A pause that began while this request waited holds for it too.
        if (pausedUntil <= slot) return
      }
    })

    return {
      turn,
      refused: (sentAt, retryAfterMillis) =>
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          answers = 0
          // Requests that were under way when a pause began are refused for the same reason as the first.
          if (sentAt >= pauseStarted) {
            refusals += 1
            if (refusals % refusalsThatHalve === 0) {
              rate = rate === Infinity ? firstLimit : Math.max(lowestRate, rate / 2)
            }
          } else if (retryAfterMillis === undefined) return
          const jitter = yield* Random.nextRange(1, 1.5)
          const wait = retryAfterMillis ?? options.firstPauseMillis * 2 ** (refusals - 1) * jitter
          const until = now + Math.min(wait, options.longestPauseMillis)
          if (until <= pausedUntil) return
          pausedMillis += until - Math.max(now, pausedUntil)
          pauseStarted = now
          pausedUntil = until
          nextFree = until
        }),
      answered: Effect.sync(() => {
        refusals = 0
        answers += 1
        if (answers % answersThatRaise === 0 && rate < options.requestsPerSecond) {
          rate = Math.min(options.requestsPerSecond, rate * 1.1)
        }
      }),
      snapshot: Effect.sync(() => ({ requestsPerSecond: rate, pausedMillis }))
    }
  })
