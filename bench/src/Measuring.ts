/**
 * Times of effects, and the middle of several measurements.
 */
import { Clock, Effect } from "effect"

/** The middle value, the upper one of two. NaN of none. */
export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** What an effect gives, and the milliseconds that it takes. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, number], E, R> =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeNanos
    const value = yield* effect
    return [value, Number((yield* Clock.currentTimeNanos) - began) / 1e6]
  })
