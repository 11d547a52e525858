/**
 * `lb user`: reads one member.
 *
 * @since 0.1.0
 */
import { Args, Command } from "@effect/cli"
import { UsernameFromText } from "@letterboxd-ratings/core"
import { Effect, Either, Schema } from "effect"
import { flagsOf, helpOf } from "../options/Flags.ts"
import { exportOptions, type OptionKey } from "../options/OptionTable.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { endWith, endWithError, startRun } from "../StartRun.ts"

const ofRunsOnly = new Set<OptionKey>(["mode", "batches", "batchSize", "membersList", "yes"])

const user = (name: string, flags: Flags) =>
  Effect.gen(function*() {
    const settings = yield* Effect.catchAll(resolveSettings(flags), (error) => endWithError(error))
    const username = Schema.decodeEither(UsernameFromText)(name)
    if (Either.isLeft(username)) {
      return yield* endWith(1, `"${name}" is not a member's name: 2 to 15 letters, digits or underscores, as in the address of the profile.`)
    }
    const command = pasteable(`user ${username.right}`, flags, [])
    yield* startRun({ settings, mode: "either", only: username.right, resume: command, restart: command })
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const userCommand = Command.make(
  "user",
  { name: Args.text({ name: "NAME" }), ...flagsOf((key) => !ofRunsOnly.has(key) && !exportOptions.has(key)) },
  ({ flags, name }) => user(name, flags)
).pipe(
  Command.withDescription(helpOf(
    "Reads one member into the dataset, and into users/user_NAME_raw.csv and users/user_NAME_translated.csv beside it. A member who is there already is replaced by what the site says now, if the list was read completely; otherwise the rows stay as they are.",
    [
      ["lb user davee", "add or refresh the member davee"],
      ["lb user member_1 --source sandbox --test-mode", "try it on the sandbox"]
    ]
  ))
)
