/**
 * Shows the progress of long work: a status line on a terminal, plain lines elsewhere, JSON with `--json`.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Fiber, Ref, Schedule, type Scope } from "effect"
import { Screen } from "../Screen.ts"

const eraseLine = "\r\u001B[2K"
const hideCursor = "\u001B[?25l"
const showCursor = "\u001B[?25h"

/**
 * The messages of long work with events.
 *
 * - `encode`: an event as JSON.
 * - `warnings`: what is shown of an event even with `--quiet`.
 * - `line`: the line for an event, if it has one.
 * - `initial`, `next`: what is counted, and how an event adds to it.
 * - `status`: the status line, and a number that grows whenever something happens.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProgressWords<Event, Counted> {
  readonly encode: (event: Event) => string
  readonly warnings: (event: Event) => ReadonlyArray<string>
  readonly line: (event: Event) => string | undefined
  readonly initial: Counted
  readonly next: (counted: Counted, event: Event) => Counted
  readonly status: (counted: Counted) => Effect.Effect<{
    readonly happened: number
    readonly line: (elapsedMillis: number, quietMillis: number, columns: number) => string
  }>
}

/**
 * `show` shows an event. `end` removes the status line, so that later output starts on an empty line.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShownProgress<Event> {
  readonly show: (event: Event) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

/**
 * Starts to show progress, with a status line on a terminal.
 *
 * @since 0.1.0
 * @category constructors
 */
export const showProgress = <Event, Counted>(
  words: ProgressWords<Event, Counted>,
  how: "json" | "quiet" | "lines"
): Effect.Effect<ShownProgress<Event>, never, Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const progress = yield* Ref.make(words.initial)
    const startedAt = yield* Clock.currentTimeMillis
    // How much had happened when it last changed, and the time of that change.
    const latest = yield* Ref.make({ at: startedAt, happened: 0 })
    const hasStatus = how === "lines" && (yield* screen.columns) !== undefined

    const drawStatus = Effect.gen(function* () {
      const columns = yield* screen.columns
      if (columns === undefined) return
      const now = yield* Clock.currentTimeMillis
      const { happened, line } = yield* Effect.flatMap(Ref.get(progress), words.status)
      const { at } = yield* Ref.updateAndGet(latest, (before) =>
        before.happened === happened ? before : { at: now, happened }
      )
      yield* screen.err(eraseLine + line(now - startedAt, now - at, columns))
    })

    const show = (event: Event): Effect.Effect<void> =>
      Effect.gen(function* () {
        yield* Ref.update(progress, (before) => words.next(before, event))
        if (how === "json") return yield* screen.out(`${words.encode(event)}\n`)
        if (how === "quiet") {
          return yield* Effect.forEach(words.warnings(event), (note) => screen.err(`${note}\n`), { discard: true })
        }
        const line = words.line(event)
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
