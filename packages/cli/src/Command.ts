/**
 * What a command of `lb` is: its words for the help, what it takes, and what it does.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { Effect } from "effect"
import type { CommandEnded } from "./ExitCode.ts"
import type { OptionKey } from "./options/OptionTable.ts"
import type { Environment, Flags } from "./options/Settings.ts"
import type { Screen } from "./Screen.ts"

/**
 * What stands on the command line behind the name of a command: the options of the table by their texts, the switches
 * of this command alone, and its argument.
 *
 * @since 0.1.0
 * @category models
 */
export interface Given {
  readonly flags: Flags
  readonly switches: ReadonlySet<string>
  readonly argument: string | undefined
}

/**
 * - `summary`: what it does in a few words, for the list of all commands; `what`: in sentences.
 * - `usage`: what stands behind the name in the line that shows how it is used.
 * - `argument`: the one word it takes besides options; it takes none where this is absent.
 * - `takes`: the options of the table that go with it.
 * - `switches`: options of this command alone, with their help. They stand in no variable and in no file.
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
  readonly argument?: { readonly name: string; readonly isOptional: boolean }
  readonly takes: (key: OptionKey) => boolean
  readonly switches?: Readonly<Record<string, string>>
  readonly run: (
    given: Given
  ) => Effect.Effect<void, CommandEnded, Environment | FileSystem.FileSystem | Path.Path | Screen>
}

/**
 * A command to type, and what it is for.
 *
 * @since 0.1.0
 * @category models
 */
export type Example = readonly [command: string, what: string]
