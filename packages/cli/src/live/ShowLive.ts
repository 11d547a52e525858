/**
 * Shows the progress of a run in a browser.
 *
 * @since 0.1.0
 */
import type { HarvestEvent, SourceActivity } from "@letterboxd-ratings/core"
import { Clock, Effect, Either, Fiber, Ref, Schedule, type Scope } from "effect"
import type { ShownProgress } from "../progress/ShowProgress.ts"
import { Screen } from "../Screen.ts"
import { pictureOfRun, runAfter, runAtStart, runWithRequests } from "./LiveRun.ts"
import * as LiveServer from "./LiveServer.ts"

/** How often browsers get a picture. */
const pace = Schedule.spaced("250 millis")

/**
 * Serves the live page of a run until it ends, and tells its address. Where it cannot be served, the run goes on without
 * it, and a notice says why.
 *
 * @since 0.1.0
 * @category constructors
 */
export const showLive = ({
  activity,
  batchSize,
  port,
  token = LiveServer.newToken
}: {
  readonly activity: Effect.Effect<SourceActivity>
  readonly batchSize: number
  readonly port: number
  readonly token?: Effect.Effect<string>
}): Effect.Effect<ShownProgress<HarvestEvent>, never, Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const served = yield* Effect.either(LiveServer.make({ port, token: yield* token }))
    if (Either.isLeft(served)) {
      yield* screen.err(`${served.left.message} The run goes on without it.\n`)
      return { show: () => Effect.void, end: Effect.void }
    }
    const server = served.right
    yield* screen.err(`Live page, until the run ends: ${server.address}\n`)
    const run = yield* Ref.make(runAtStart(batchSize, yield* Clock.currentTimeMillis))
    const picture = (isOver: boolean) =>
      Effect.gen(function* () {
        const [done, now] = [yield* activity, yield* Clock.currentTimeMillis]
        return pictureOfRun(
          yield* Ref.updateAndGet(run, (before) => runWithRequests(before, done, now)),
          done,
          now,
          isOver
        )
      })
    // A picture that cannot be made is no reason to stop a run.
    const look = Effect.ignore(Effect.sandbox(Effect.flatMap(picture(false), server.show)))
    const showing = yield* Effect.forkScoped(Effect.repeat(look, pace))
    return {
      show: (event: HarvestEvent) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => Ref.update(run, (before) => runAfter(before, event, now))),
      end: Fiber.interrupt(showing).pipe(
        Effect.zipRight(Effect.flatMap(picture(true), server.end)),
        Effect.sandbox,
        Effect.ignore
      )
    }
  })
