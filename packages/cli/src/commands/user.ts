/**
 * `lb user`: reads members by name.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Command } from "../Command.ts"
import { checkFailedFile, namesOf } from "../NamesFile.ts"
import {
  exportOptions,
  importOptions,
  namesOptions,
  type OptionKey,
  refreshOptions,
  queryOptions,
  reportOptions
} from "../options/OptionTable.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { shown } from "../Shown.ts"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import { startRun } from "../StartRun.ts"

const ofRunsOnly = new Set<OptionKey>(["mode", "batches", "batchSize", "membersList", "skip", "yes"])

const user = (words: ReadonlyArray<string>, flags: Flags) =>
  Effect.gen(function* () {
    const settings = yield* Effect.catchAll(resolveSettings(flags), endWithInvalid)
    const { failed: failedFile, input } = settings
    const names = yield* namesOf(words, input)
    if (names.length === 0) return yield* endWith(1, noNames(input))
    if (failedFile !== undefined)
      yield* Effect.catchAll(checkFailedFile(failedFile), ({ message }) => endWith(1, message))
    // What failed is what is left, except for what standard input said.
    const next = failedFile === undefined ? flags : { ...flags, input: failedFile }
    const command = yield* pasteable(["user", ...(failedFile === undefined ? words : [])].join(" "), next, [])
    yield* startRun({
      settings,
      mode: "either",
      only: names,
      ...(failedFile === undefined ? {} : { failedFile }),
      resume: command,
      restart: command,
      failed: { command: "user", flags }
    })
  })

const noNames = (input: string | undefined): string =>
  input === undefined
    ? "lb user needs a NAME, for example lb user davee. All options: lb user --help"
    : `${input === "-" ? "Standard input" : shown(input)} has no names. Nothing was read.`

/**
 * @since 0.1.0
 * @category models
 */
export const userCommand: Command = {
  name: "user",
  summary: "Adds or refreshes members by name.",
  what: "Reads members into the dataset, each once, in the order given. With --storage csv, the ratings of each are also in users/user_NAME_raw.csv and users/user_NAME_translated.csv; later runs keep these files up to date. If a member is in the dataset already, the new ratings replace the old ones, but only if the whole list was read.",
  usage: "NAME... [-i FILE] [--failed FILE] [OPTIONS]",
  examples: [
    ["lb user davee", "add or refresh the member davee"],
    ["lb user https://letterboxd.com/davee/", "the same, by the URL of the profile; @davee works too"],
    [
      "lb user -i names.txt --failed left.txt",
      "the members of a file; then the rest with -i left.txt --failed left.txt"
    ],
    ["lb user member_1 --source sandbox --test-mode", "try it on the sandbox"]
  ],
  argument: { name: "NAME", isOptional: true, isMany: true },
  takes: (key) =>
    !ofRunsOnly.has(key) &&
    !exportOptions.has(key) &&
    !reportOptions.has(key) &&
    !queryOptions.has(key) &&
    !importOptions.has(key) &&
    (namesOptions.has(key) || !refreshOptions.has(key)),
  run: ({ flags, words }) => user(words, flags)
}
