/**
 * `lb user`: reads one member.
 *
 * @since 0.1.0
 */
import { Effect, Either } from "effect"
import type { Command } from "../Command.ts"
import { memberNamed } from "../options/MemberName.ts"
import { exportOptions, type OptionKey } from "../options/OptionTable.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { endWith, endWithError, startRun } from "../StartRun.ts"

const ofRunsOnly = new Set<OptionKey>(["mode", "batches", "batchSize", "membersList", "skip", "yes"])

const user = (name: string, flags: Flags) =>
  Effect.gen(function* () {
    const settings = yield* Effect.catchAll(resolveSettings(flags), (error) => endWithError(error))
    const username = memberNamed(name)
    if (Either.isLeft(username)) return yield* endWith(1, username.left)
    const command = pasteable(`user ${username.right}`, flags, [])
    yield* startRun({ settings, mode: "either", only: username.right, resume: command, restart: command })
  })

/**
 * @since 0.1.0
 * @category models
 */
export const userCommand: Command = {
  name: "user",
  summary: "Adds or refreshes one member.",
  what: "Reads one member into the dataset, and into users/user_NAME_raw.csv and users/user_NAME_translated.csv beside it, which follow the ratings of the member from then on. A member who is there already is replaced by what the site says now, if the list was read completely; otherwise the rows stay as they are.",
  usage: "NAME [OPTIONS]",
  examples: [
    ["lb user davee", "add or refresh the member davee"],
    ["lb user https://letterboxd.com/davee/", "the same: the address of the profile will do, and @davee too"],
    ["lb user member_1 --source sandbox --test-mode", "try it on the sandbox"]
  ],
  argument: { name: "NAME", isOptional: false },
  takes: (key) => !ofRunsOnly.has(key) && !exportOptions.has(key),
  run: ({ argument = "", flags }) => user(argument, flags)
}
