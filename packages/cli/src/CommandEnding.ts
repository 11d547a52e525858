/**
 * The last words of a command that fails, and its exit code.
 *
 * @since 0.1.0
 */
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import { type Failed, withAdvice } from "./Advice.ts"
import { CommandEnded, exitCodeOfStorageError, type InvalidSettings } from "./ExitCode.ts"
import type { Environment } from "./Environment.ts"
import { Screen } from "./Screen.ts"

/**
 * Writes the last message, and ends the command with an exit code.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endWith = (code: 1 | 2 | 3 | 4, words: string): Effect.Effect<never, CommandEnded, Screen> =>
  Effect.gen(function* () {
    const screen = yield* Screen
    yield* screen.err(`${words}\n`)
    return yield* new CommandEnded({ code })
  })

/**
 * Ends the command because of an error of the storage. `next` says what was kept and how to continue; it is
 * shown if the error may be temporary.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endWithError = (
  error: StorageError,
  failed: Failed,
  next?: string
): Effect.Effect<never, CommandEnded, Screen | Environment> =>
  Effect.flatMap(withAdvice(error, failed), (advice) =>
    endWith(
      exitCodeOfStorageError(error.reason),
      `${advice}${next !== undefined && error.isRetryable ? ` ${next}` : ""}`
    )
  )

/**
 * Ends the command because of an error in the settings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endWithInvalid = (error: InvalidSettings): Effect.Effect<never, CommandEnded, Screen> =>
  endWith(1, error.message)
