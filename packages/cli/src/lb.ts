/**
 * The command `lb`. To add a subcommand, add it to a group here.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Command } from "./Command.ts"
import { completionsOf, readCommandLine } from "./CommandLine.ts"
import { configCommand } from "./commands/config.ts"
import { doctorCommand } from "./commands/doctor.ts"
import { exportCommand } from "./commands/export.ts"
import { initCommand } from "./commands/init.ts"
import { inspectCommand } from "./commands/inspect.ts"
import { importCommand } from "./commands/import.ts"
import { logCommand } from "./commands/log.ts"
import { forgetCommand } from "./commands/forget.ts"
import { pageCommand } from "./commands/page.ts"
import { pluginsCommand } from "./commands/plugins.ts"
import { queryCommand } from "./commands/query.ts"
import { refreshCommand } from "./commands/refresh.ts"
import { renameCommand } from "./commands/rename.ts"
import { reportCommand } from "./commands/report.ts"
import { runCommand } from "./commands/run.ts"
import { statusCommand } from "./commands/status.ts"
import { userCommand } from "./commands/user.ts"
import { verifyCommand } from "./commands/verify.ts"
import { type CommandGroup, helpOfAll, helpOfCommand, helpOfCompletions } from "./Help.ts"
import { Screen } from "./Screen.ts"
import { endWith } from "./CommandEnding.ts"
import { installedParts, versionLines } from "./plugins/Installed.ts"

/**
 * The commands in the groups of the help, the usual ones first. To add a command, add it to a group.
 *
 * @since 0.1.0
 * @category models
 */
export const commandGroups: ReadonlyArray<CommandGroup> = [
  { title: "Usual commands", commands: [runCommand, importCommand, statusCommand, reportCommand, exportCommand] },
  { title: "Members", commands: [userCommand, refreshCommand, renameCommand, forgetCommand] },
  { title: "Look", commands: [inspectCommand, queryCommand, logCommand] },
  { title: "Check", commands: [verifyCommand, doctorCommand, pageCommand] },
  { title: "Set up", commands: [initCommand, configCommand, pluginsCommand] }
]

/**
 * The commands, in the order of the help.
 *
 * @since 0.1.0
 * @category models
 */
export const commands: ReadonlyArray<Command> = commandGroups.flatMap((group) => group.commands)

/**
 * Runs `lb` with the words after it on the command line.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lb = (version: string, words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const asked = yield* readCommandLine(commands, words)
    switch (asked._tag) {
      case "Help": {
        const width = yield* screen.width
        return yield* screen.out(
          asked.command === undefined ? helpOfAll(commandGroups, version, width) : helpOfCommand(asked.command, width)
        )
      }
      case "CompletionsHelp":
        return yield* screen.out(helpOfCompletions(yield* screen.width))
      case "Version":
        return yield* screen.out(
          asked.isVerbose
            ? versionLines(yield* installedParts)
                .map(([name, one]) => `${name.padEnd(16)}  ${one}\n`)
                .join("")
            : `${version}\n`
        )
      case "Completions":
        return yield* screen.out(yield* completionsOf(commands, asked.shell))
      case "Wrong":
        return yield* endWith(1, asked.sentence)
      case "Run":
        return yield* asked.command.run(asked.given)
    }
  })
