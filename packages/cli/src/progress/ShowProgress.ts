/**
 * Shows the progress of a run: a status line on a terminal, plain lines elsewhere, JSON with `--json`.
 *
 * @since 0.1.0
 */
import { HarvestEvent, type SourceActivity } from "@letterboxd-ratings/core"
import { Clock, Effect, Fiber, Ref, Schedule, Schema, type Scope } from "effect"
import { Screen } from "../Screen.ts"
import { lineOf, noProgress, progressed, statusOf } from "./RunWords.ts"

const encodeEvent = Schema.encodeSync(Schema.parseJson(HarvestEvent))

const eraseLine = "\r\u001B[2K"
const hideCursor = "\u001B[?25l"
const showCursor = "\u001B[?25h"

/**
 * `show` shows an event. `end` removes the status line, so that later output starts on an empty line.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShownProgress {
  readonly show: (event: HarvestEvent) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

/**
 * Starts to show a run, with a status line on a terminal.
 *
 * @since 0.1.0
 * @category constructors
 */
export const showProgress = (
  activity: Effect.Effect<SourceActivity>,
  how: "json" | "quiet" | "lines"
): Effect.Effect<ShownProgress, never, Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const progress = yield* Ref.make(noProgress)
    const startedAt = yield* Clock.currentTimeMillis
    // The number of requests and pages when it last changed, and the time of that change.
    const latest = yield* Ref.make({ at: startedAt, happened: 0 })
    const hasStatus = how === "lines" && (yield* screen.columns) !== undefined

    const drawStatus = Effect.gen(function* () {
      const columns = yield* screen.columns
      if (columns === undefined) return
      const now = yield* Clock.currentTimeMillis
      const done = yield* activity
      const soFar = yield* Ref.get(progress)
      const happened = done.requests + soFar.pages + soFar.membersRead
      const { at } = yield* Ref.updateAndGet(latest, (before) =>
        before.happened === happened ? before : { at: now, happened }
      )
      yield* screen.err(eraseLine + statusOf(soFar, done, now - startedAt, now - at, columns))
    })

    const show = (event: HarvestEvent): Effect.Effect<void> =>
      Effect.gen(function* () {
        yield* Ref.update(progress, (before) => progressed(before, event))
        if (how === "json") return yield* screen.out(`${encodeEvent(event)}\n`)
        if (how === "quiet") {
          // What opening changed in the dataset is a warning.
          const notes = event._tag === "RunStarted" ? event.notes : []
          return yield* Effect.forEach(notes, (note) => screen.err(`${note}\n`), { discard: true })
        }
        const line = lineOf(event)
        if (line !== undefined) yield* screen.err(`${hasStatus ? eraseLine : ""}${line}\n`)
      })

    if (hasStatus) {
      yield* Effect.acquireRelease(screen.err(hideCursor), () => screen.err(eraseLine + showCursor))
    }
    const drawing = hasStatus
      ? yield* Effect.forkScoped(Effect.repeat(drawStatus, Schedule.spaced("125 millis")))
      : undefined
    return {
      show,
      end: drawing === undefined ? Effect.void : Effect.zipRight(Fiber.interrupt(drawing), screen.err(eraseLine))
    }
  })
