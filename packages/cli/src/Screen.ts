/**
 * Where words go: what a command is asked for goes to `out`, what it tells on the way to `err`.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"

/**
 * `out` and `err` write text as it is, line ends included; nothing that is written has colours. `width` is how many
 * letters a line of `out` can show. `ask` asks for a yes, and takes it for a no where nobody can answer. `columns` is the
 * width of the terminal behind `err`, absent where there is none or it cannot move its cursor.
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
    readonly columns: Effect.Effect<number | undefined>
  }
>() {}
