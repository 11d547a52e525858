/**
 * A command of `lb`: its help, its options, and what it does.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { Effect } from "effect"
import type { CommandEnded } from "./ExitCode.ts"
import type { OptionKey } from "./options/OptionTable.ts"
import type { Environment } from "./Environment.ts"
import type { Flags } from "./options/Settings.ts"
import type { Screen } from "./Screen.ts"

/**
 * What follows the name of a command on the command line: options of the table as texts, switches of this command only, and
 * its arguments.
 *
 * @since 0.1.0
 * @category models
 */
export interface Given {
  readonly flags: Flags
  readonly switches: ReadonlySet<string>
  readonly words: ReadonlyArray<string>
}

/**
 * - `summary`: what it does, in one line for the list of commands; `what`: in sentences.
 * - `usage`: what follows the name in the usage line.
 * - `argument`: the argument it takes, if any: one, or as many as are given.
 * - `takes`: whether it takes an option of the table.
 * - `switches`: options of this command only, with their help. They cannot be set by a variable or in the file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly what: string
  readonly usage: string
  readonly examples: readonly [Example, ...Array<Example>]
  readonly argument?: { readonly name: string; readonly isOptional: boolean; readonly isMany?: boolean }
  readonly takes: (key: OptionKey) => boolean
  readonly switches?: Readonly<Record<string, string>>
  readonly run: (
    given: Given
  ) => Effect.Effect<void, CommandEnded, Environment | FileSystem.FileSystem | Path.Path | Screen>
}

/**
 * A command to type, and what it does.
 *
 * @since 0.1.0
 * @category models
 */
export type Example = readonly [command: string, what: string]

/**
 * Commands that belong together, and what they have in common.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommandGroup {
  readonly title: string
  readonly commands: ReadonlyArray<Command>
}
