/**
 * Output: results go to `out`, progress and messages to `err`.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"

/**
 * `out` and `err` write text as it is, including line ends, without colours. `width` is the line width of `out`. `ask` asks a
 * yes-or-no question; without a terminal the answer is no. `answer` asks for a text; the answer is `fallback` if nothing is typed,
 * and without a terminal. `columns` is the width of the terminal of `err`, absent if there
 * is none or if it cannot move its cursor.
 *
 * @since 0.1.0
 * @category services
 */
export class Screen extends Context.Tag("@letterboxd-ratings/cli/Screen")<
  Screen,
  {
    readonly out: (text: string) => Effect.Effect<void>
    readonly err: (text: string) => Effect.Effect<void>
    readonly width: Effect.Effect<number>
    readonly ask: (question: string) => Effect.Effect<boolean>
    readonly answer: (question: string, fallback: string) => Effect.Effect<string>
    readonly columns: Effect.Effect<number | undefined>
  }
>() {}
