/**
 * `lb config`: the value of each option, and where it comes from.
 *
 * @since 0.1.0
 */
import { Path } from "@effect/platform"
import { Effect } from "effect"
import { endWithInvalid } from "../CommandEnding.ts"
import { configFileName } from "../options/ConfigFile.ts"
import { optionGroups, type OptionKey, optionKeys, variableOf } from "../options/OptionTable.ts"
import { Environment } from "../Environment.ts"
import { type Flags, resolveSettings, type Settings } from "../options/Settings.ts"
import { shownValue } from "../options/ValueText.ts"
import { Screen } from "../Screen.ts"
import { printable } from "../Shown.ts"

/** What is set by a variable only, because it may hold a password. */
const urlsOf = ({ intoUrl, storageUrl }: Settings) => [
  { name: "LB_STORAGE_URL", isSet: storageUrl !== undefined },
  { name: "LB_INTO_URL", isSet: intoUrl !== undefined }
]

/**
 * @since 0.1.0
 * @category constructors
 */
export const config = (flags: Flags) =>
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
