/**
 * When the next request may go out: one limiter for all of them.
 *
 * @since 0.1.0
 */
import type { SourceActivity } from "@letterboxd-ratings/core"
import { Clock, Effect, Random } from "effect"
import { StillRefused } from "./NotAnswered.ts"

/**
 * - `turn` waits until a request may be sent. Callers are served in the order they came. It fails at once while a pause
 *   goes on that is beyond patience.
 * - `refused` is told of a refusal ("too many requests"): everybody pauses, for `retryAfterMillis` where the site
 *   named a time, and the rate halves when refusals repeat. It tells whether the pause is worth waiting for.
 * - `answered` is told of a good answer; the rate recovers slowly after many.
 * - `snapshot` tells the present rate in requests a second, the milliseconds of all pauses so far, and when the present pause
 *   ends, if there is one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pacing {
  readonly turn: Effect.Effect<void, StillRefused>
  readonly refused: (sentAt: number, retryAfterMillis: number | undefined) => Effect.Effect<boolean>
  readonly answered: Effect.Effect<void>
  readonly snapshot: Effect.Effect<Pick<SourceActivity, "pausedMillis" | "pausedUntil" | "requestsPerSecond">>
}

/**
 * `requestsPerSecond` above 0, `Infinity` for no limit; `firstPauseMillis` is the pause after a refusal that names
 * no time, doubled with each further one up to `longestPauseMillis`, and none after `mostRefusals` of them. A time that the site names is kept to whatever it
 * is. After more than `mostRefusals` refusals without a good answer between them, or where their pauses last longer than
 * `patienceMillis` together, waiting is not worth it.
 *
 * @since 0.1.0
 * @category models
 */
export interface PacingOptions {
  readonly requestsPerSecond: number
  readonly firstPauseMillis: number
  readonly longestPauseMillis: number
  readonly mostRefusals: number
  readonly patienceMillis: number
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
    let refusedSince: number | undefined

    const isBeyondPatience = () => refusedSince !== undefined && pausedUntil - refusedSince > options.patienceMillis

    const turn: Effect.Effect<void, StillRefused> = Effect.gen(function* () {
      while (true) {
        const now = yield* Clock.currentTimeMillis
        if (pausedUntil > now && isBeyondPatience()) {
          return yield* new StillRefused({ retryAfterMillis: pausedUntil - now })
        }
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
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          answers = 0
          refusedSince ??= now
          // Requests that were under way when a pause began are refused for the same reason as the first.
          const isNews = sentAt >= pauseStarted
          if (isNews) {
            refusals += 1
            if (refusals % refusalsThatHalve === 0) {
              rate = rate === Infinity ? firstLimit : Math.max(lowestRate, rate / 2)
            }
          }
          if (isNews || retryAfterMillis !== undefined) {
            const jitter = yield* Random.nextRange(1, 1.5)
            // Where so many pauses did not help, further ones only put off the end: the lowered rate is pause enough.
            const ownWait =
              refusals > options.mostRefusals + 1
                ? 0
                : Math.min(options.firstPauseMillis * 2 ** (refusals - 1) * jitter, options.longestPauseMillis)
            const wait = retryAfterMillis ?? ownWait
            if (now + wait > pausedUntil) {
              pausedMillis += now + wait - Math.max(now, pausedUntil)
              pauseStarted = now
              pausedUntil = now + wait
              // Requests that wait for a later slot keep it.
              nextFree = Math.max(nextFree, pausedUntil)
            }
          }
          return refusals <= options.mostRefusals && !isBeyondPatience()
        }),
      answered: Effect.sync(() => {
        refusals = 0
        refusedSince = undefined
        answers += 1
        if (answers % answersThatRaise === 0 && rate < options.requestsPerSecond) {
          rate = Math.min(options.requestsPerSecond, rate * 1.1)
        }
      }),
      snapshot: Effect.map(Clock.currentTimeMillis, (now) => ({
        requestsPerSecond: rate,
        pausedMillis,
        ...(pausedUntil > now ? { pausedUntil } : {})
      }))
    }
  })
