/**
 * Shows the progress of long work: status lines on a terminal, plain lines elsewhere, JSON with `--json`.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Fiber, Ref, Schedule, type Scope } from "effect"
import { Screen } from "../Screen.ts"

const eraseToEndOfLine = "\u001B[K"
const eraseBelow = "\u001B[J"
const hideCursor = "\u001B[?25l"
const showCursor = "\u001B[?25h"

/**
 * When status lines are shown: `now` in milliseconds since 1970, how long after the start, how long after something happened
 * last, and how wide the screen is.
 *
 * @since 0.1.0
 * @category models
 */
export interface StatusNow {
  readonly now: number
  readonly elapsedMillis: number
  readonly quietMillis: number
  readonly columns: number
}

/**
 * The messages of long work with events.
 *
 * - `encode`: an event as JSON.
 * - `warnings`: what is shown of an event even with `--quiet`.
 * - `line`: the line for an event, if it has one.
 * - `initial`, `next`: what is counted, and how an event adds to it.
 * - `status`: the status lines, each shorter than the screen is wide, and a number that grows whenever something happens.
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
    readonly lines: (now: StatusNow) => ReadonlyArray<string>
  }>
}

/**
 * `show` shows an event. `end` removes the status lines, so that later output starts on an empty line.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShownProgress<Event> {
  readonly show: (event: Event) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

/**
 * Starts to show progress, with status lines below the others on a terminal. What changes is written over what was there, at once,
 * so nothing flickers.
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

    /** The status lines on the screen, and how wide it was. */
    const drawn = yield* Ref.make<{ readonly lines: ReadonlyArray<string>; readonly columns: number }>({
      lines: [],
      columns: 0
    })
    // Lines and status are written one after the other.
    const oneAtATime = Effect.unsafeMakeSemaphore(1).withPermits(1)

    /** The way back to where the status begins. A terminal that became narrower has broken its lines. */
    const toStart = (lines: ReadonlyArray<string>, columns: number): string => {
      const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / Math.max(1, columns))), 0)
      return rows > 1 ? `\r\u001B[${rows - 1}A` : "\r"
    }

    /** Writes `above`, complete lines, and the status below them. */
    const draw = (above: string) =>
      Effect.gen(function* () {
        const columns = yield* screen.columns
        if (columns === undefined) return yield* above === "" ? Effect.void : screen.err(above)
        const now = yield* Clock.currentTimeMillis
        const { happened, lines } = yield* Effect.flatMap(Ref.get(progress), words.status)
        const { at } = yield* Ref.updateAndGet(latest, (before) =>
          before.happened === happened ? before : { at: now, happened }
        )
        const status = lines({ now, elapsedMillis: now - startedAt, quietMillis: now - at, columns })
        const before = yield* Ref.getAndSet(drawn, { lines: status, columns })
        const back = toStart(before.lines, columns)
        const isResized = before.columns !== columns
        // Where lines were broken, a terminal remembers that they belong together, unless they are erased.
        if (above !== "" || isResized) return yield* screen.err(`${back}${eraseBelow}${above}${status.join("\n")}`)
        if (before.lines.join("\n") === status.join("\n")) return
        yield* screen.err(`${back}${status.map((line) => line + eraseToEndOfLine).join("\n")}${eraseBelow}`)
      }).pipe(oneAtATime)

    const eraseStatus = Effect.gen(function* () {
      const columns = yield* screen.columns
      const { lines } = yield* Ref.getAndSet(drawn, { lines: [], columns: 0 })
      yield* screen.err(toStart(lines, columns ?? Infinity) + eraseBelow)
    }).pipe(oneAtATime)

    const show = (event: Event): Effect.Effect<void> =>
      Effect.gen(function* () {
        yield* Ref.update(progress, (before) => words.next(before, event))
        if (how === "json") return yield* screen.out(`${words.encode(event)}\n`)
        if (how === "quiet") {
          return yield* Effect.forEach(words.warnings(event), (note) => screen.err(`${note}\n`), { discard: true })
        }
        const line = words.line(event)
        if (line !== undefined) yield* hasStatus ? draw(`${line}\n`) : screen.err(`${line}\n`)
      })

    if (hasStatus) {
      yield* Effect.acquireRelease(screen.err(hideCursor), () => Effect.zipRight(eraseStatus, screen.err(showCursor)))
    }
    const drawing = hasStatus
      ? yield* Effect.forkScoped(Effect.repeat(draw(""), Schedule.spaced("125 millis")))
      : undefined
    return {
      show,
      end: drawing === undefined ? Effect.void : Effect.zipRight(Fiber.interrupt(drawing), eraseStatus)
    }
  })
