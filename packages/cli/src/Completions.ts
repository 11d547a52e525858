/**
 * Scripts that tell shells how to complete the words of `lb`.
 *
 * @since 0.1.0
 */
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import { Effect, Predicate } from "effect"
import type { Command } from "./Command.ts"
import type { Shell } from "./CommandLine.ts"
import { descriptorOf } from "./Descriptor.ts"
import type { OptionKey } from "./options/OptionTable.ts"
import { formatNames } from "./plugins/Formats.ts"
import { sourceNames } from "./plugins/Sources.ts"
import { storageNames } from "./plugins/Storages.ts"

const completions: Readonly<Record<Shell, typeof CommandDescriptor.getBashCompletions>> = {
  bash: CommandDescriptor.getBashCompletions,
  fish: CommandDescriptor.getFishCompletions,
  zsh: CommandDescriptor.getZshCompletions
}

/** The words that complete the value of an option. Modules and files may be given too, so they are not all there is. */
const choices: Readonly<Partial<Record<OptionKey, ReadonlyArray<string>>>> = {
  mode: ["new", "continue"],
  source: sourceNames,
  storage: storageNames,
  from: storageNames,
  to: [...formatNames, ...storageNames],
  timestamps: ["rated", "read", "none"],
  resultFormat: ["table", "json", "csv", "md"],
  filmLabel: ["title", "slug"],
  listing: ["films", "rated"],
  membersList: ["all", "this-week", "this-month", "this-year"]
}

/**
 * Corrects a line of a script, and removes the words that the parser would add and `lb` rejects: `--wizard` and
 * `--log-level`, the shell `sh`, and `--version` and `--completions` after a command.
 */
const corrected: Readonly<Record<Shell, (line: string) => string | undefined>> = {
  bash: (line) =>
    /^ *opts="-h /u.test(line)
      ? // Before a command, the list ends with the commands.
        line.replaceAll(
          line.endsWith(` --version"`)
            ? / --(?:completions|log-level|wizard|version)(?=[ "])/gu
            : / --(?:log-level|wizard)(?= )/gu,
          ""
        )
      : // Bash splits these words at spaces, not at the commas of the parser.
        line.replace(/(?<=compgen -W ")[\w,-]+(?=")/u, (words) => words.replaceAll(",", " ")),
  fish: (line) =>
    / -l (?:wizard|log-level) /u.test(line) ||
    (line.includes("__fish_seen_subcommand_from") && / -l (?:version|completions) /u.test(line))
      ? undefined
      : line.replace("{sh'',", "{"),
  zsh: (line) =>
    /^ *'--(?:wizard|log-level)\[/u.test(line) || /^ {9,}'--(?:version|completions)\[/u.test(line)
      ? undefined
      : line.replace("(sh bash", "(bash")
}

/**
 * A script that tells a shell how to complete the words of `lb`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const completionsOf = (commands: ReadonlyArray<Command>, shell: Shell): Effect.Effect<string> => {
  const [first, ...rest] = commands.map((command) => [command.name, descriptorOf(command, choices)] as const)
  const lb = CommandDescriptor.make("lb")
  return Effect.map(
    completions[shell](first === undefined ? lb : CommandDescriptor.withSubcommands(lb, [first, ...rest]), "lb"),
    (lines) =>
      lines
        .flatMap((text) => text.split("\n"))
        .map(corrected[shell])
        .filter(Predicate.isNotUndefined)
        .map((line) => `${line}\n`)
        .join("")
  )
}
