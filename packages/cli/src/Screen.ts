/**
 * Where words go: what a command is asked for goes to `out`, what it tells on the way to `err`.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"

/**
 * `out` and `err` write text as it is, line ends included. `isInteractive` says that a person can be asked;
 * `columns` is the width of the terminal behind `err`, absent where there is none or it cannot move its cursor.
 *
 * @since 0.1.0
 * @category services
 */
export class Screen extends Context.Tag("@letterboxd-ratings/cli/Screen")<
  Screen,
  {
    readonly out: (text: string) => Effect.Effect<void>
    readonly err: (text: string) => Effect.Effect<void>
    readonly isInteractive: boolean
    readonly columns: Effect.Effect<number | undefined>
  }
>() {}
