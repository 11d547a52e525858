/**
 * `lb user`: reads one member.
 *
 * @since 0.1.0
 */
import { Effect, Either } from "effect"
import type { Command } from "../Command.ts"
import { memberNamed } from "../options/MemberName.ts"
import { exportOptions, importOptions, type OptionKey, refreshOptions } from "../options/OptionTable.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { endWith, endWithInvalid, startRun } from "../StartRun.ts"

const ofRunsOnly = new Set<OptionKey>(["mode", "batches", "batchSize", "membersList", "skip", "yes"])

const user = (name: string, flags: Flags) =>
  Effect.gen(function* () {
    const settings = yield* Effect.catchAll(resolveSettings(flags), endWithInvalid)
    const username = memberNamed(name)
    if (Either.isLeft(username)) return yield* endWith(1, username.left)
    const command = yield* pasteable(`user ${username.right}`, flags, [])
    yield* startRun({
      settings,
      mode: "either",
      only: username.right,
      resume: command,
      restart: command,
      failed: { command: "user", flags }
    })
  })

/**
 * @since 0.1.0
 * @category models
 */
export const userCommand: Command = {
  name: "user",
  summary: "Adds or refreshes one member.",
  what: "Reads one member into the dataset. With --storage csv, the member's ratings are also in users/user_NAME_raw.csv and users/user_NAME_translated.csv; later runs keep these files up to date. If the member is in the dataset already, the new ratings replace the old ones, but only if the whole list was read.",
  usage: "NAME [OPTIONS]",
  examples: [
    ["lb user davee", "add or refresh the member davee"],
    ["lb user https://letterboxd.com/davee/", "the same, by the URL of the profile; @davee works too"],
    ["lb user member_1 --source sandbox --test-mode", "try it on the sandbox"]
  ],
  argument: { name: "NAME", isOptional: false },
  takes: (key) =>
    !ofRunsOnly.has(key) && !exportOptions.has(key) && !importOptions.has(key) && !refreshOptions.has(key),
  run: ({ flags, words: [name = ""] }) => user(name, flags)
}
