/**
 * `lb config`: the value of each option, and where it comes from.
 *
 * @since 0.1.0
 */
import { Path } from "@effect/platform"
import { Effect } from "effect"
import type { Command } from "../Command.ts"
import { endWithInvalid } from "../CommandEnding.ts"
import { configFileName } from "../options/ConfigFile.ts"
import { optionGroups, type OptionKey, optionKeys, queryOptions, variableOf } from "../options/OptionTable.ts"
import { Environment, type Flags, resolveSettings, type Settings } from "../options/Settings.ts"
import { shownValue } from "../options/ValueText.ts"
import { Screen } from "../Screen.ts"
import { printable } from "../Shown.ts"

/** What is set by a variable only, because it may hold a password. */
const urlsOf = ({ intoUrl, storageUrl }: Settings) => [
  { name: "LB_STORAGE_URL", isSet: storageUrl !== undefined },
  { name: "LB_INTO_URL", isSet: intoUrl !== undefined }
]

const config = (flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const path = yield* Path.Path
    const { variables } = yield* Environment
    const settings = yield* resolveSettings(flags)
    // The file itself is read before other options.
    const file = path.resolve(flags.config ?? variables[variableOf("config")] ?? configFileName)
    const from = (key: OptionKey): string => settings.said.get(key) ?? "default"
    if (settings.json && settings.said.get("json") === "--json") {
      const values = optionKeys.map((key) => [key, { value: shownValue(key, settings), from: from(key) }] as const)
      const urls = urlsOf(settings).map(
        ({ isSet, name }) => [name, { value: isSet ? "(hidden)" : "", from: isSet ? "variable" : "default" }] as const
      )
      return yield* screen.out(
        `${JSON.stringify({ file, ...Object.fromEntries([...values, ...urls]), files: settings.files })}\n`
      )
    }
    const rows = optionGroups.flatMap(({ keys }) =>
      keys.map((key) => [key, printable(shownValue(key, settings)), printable(from(key))] as const)
    )
    const fileNames = Object.entries(settings.files).map(
      ([key, name]) => [`files.${key}`, printable(name), printable(`"files" in ${file}`)] as const
    )
    const urls = urlsOf(settings).map(
      ({ isSet, name }) => [name, isSet ? "(hidden)" : "", isSet ? "variable" : "default"] as const
    )
    const all = [...rows, ...fileNames, ...urls]
    const column = Math.max(...all.map(([name]) => name.length))
    const said = all.filter(([, , place]) => place !== "default")
    const others = all.filter(([, , place]) => place === "default")
    yield* screen.out(
      [
        ...(said.length === 0
          ? [`Nothing is set by a flag, a variable or ${printable(file)}.`]
          : said.map(([name, value, place]) => `${name.padEnd(column)}  ${value}  (${place})`)),
        "",
        "Defaults:",
        ...others.map(([name, value]) => `${name.padEnd(column)}  ${value}`.trimEnd())
      ]
        .map((line) => `${line}\n`)
        .join("")
    )
  }).pipe(Effect.catchTags({ InvalidSettings: endWithInvalid }))

/**
 * @since 0.1.0
 * @category models
 */
export const configCommand: Command = {
  name: "config",
  summary: "Shows the value of each option, and where it comes from.",
  what: "Shows the value of each option, and where it comes from: a flag, a variable, the configuration file, or the default. Takes the options of all commands, so put config in the place of a command to see what it would use. Shows no secrets, reads no dataset, and changes nothing.",
  usage: "[OPTIONS]",
  examples: [
    ["lb config", "what commands in this folder use"],
    ["lb config --rate 1 --json", "the same with a flag, as JSON"]
  ],
  takes: (key) => !queryOptions.has(key),
  run: ({ flags }) => config(flags)
}
