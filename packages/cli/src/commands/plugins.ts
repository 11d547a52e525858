/**
 * `lb plugins`: what sources, storages and layouts there are.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { installedParts, type Part } from "../plugins/Installed.ts"
import { Screen } from "../Screen.ts"
import { printable } from "../Shown.ts"

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

/**
 * @since 0.1.0
 * @category constructors
 */
export const plugins = (isJson: boolean) =>
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
