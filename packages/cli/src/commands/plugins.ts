/**
 * `lb plugins`: what sources, storages and layouts there are.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Command } from "../Command.ts"
import type { OptionKey } from "../options/OptionTable.ts"
import { installedParts, type Part } from "../plugins/Installed.ts"
import { Screen } from "../Screen.ts"
import { printable } from "../Shown.ts"

const options = new Set<OptionKey>(["json"])

const titles: Readonly<Record<Part["kind"], string>> = {
  source: "Sources (--source)",
  storage: "Storages (--storage)",
  layout: "Layouts (lb export --to)",
  command: "Commands with a package of their own"
}

const lineOf = ({ name, problem, remedy, version }: Part): string =>
  version === undefined
    ? `  ${name.padEnd(12)}  missing (${printable(problem ?? "")}). Install it with: ${remedy ?? ""}`
    : `  ${name.padEnd(12)}  ${printable(version)}`

const plugins = (isJson: boolean) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const parts = yield* installedParts
    if (isJson) return yield* screen.out(parts.map((part) => `${JSON.stringify(part)}\n`).join(""))
    const lines = (["source", "storage", "layout", "command"] as const).flatMap((kind) =>
      [`${titles[kind]}:`].concat(parts.filter((part) => part.kind === kind).map(lineOf))
    )
    yield* screen.out(
      `${lines.join("\n")}\nA source or a storage can also be a module of yours: --source ./my-source.mjs, --storage @scope/package.\n`
    )
  })

/**
 * @since 0.1.0
 * @category models
 */
export const pluginsCommand: Command = {
  name: "plugins",
  summary: "Shows the sources, storages and layouts, and what is missing.",
  what: "Shows the sources, storages and layouts with their versions. Loads the package of each; where one is missing, it shows why and how to install it. Reads no dataset and no site.",
  usage: "[OPTIONS]",
  examples: [
    ["lb plugins", "what can be used here"],
    ["lb plugins --json", "the same, as one JSON object for each"]
  ],
  takes: (key) => options.has(key),
  run: ({ flags: { json } }) => plugins(json === "true")
}
