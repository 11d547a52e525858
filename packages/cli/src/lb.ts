/**
 * The command `lb`.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Screen } from "./Screen.ts"

/**
 * Runs `lb` with the words after it on the command line. Loads only what these words need.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lb = (version: string, words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    if (words.length === 1 && words[0] === "--version") return yield* screen.out(`${version}\n`)
    const { commandGroups, commands } = yield* Effect.promise(() => import("./CommandTable.ts"))
    const { readCommandLine } = yield* Effect.promise(() => import("./CommandLine.ts"))
    const asked = yield* readCommandLine(commands, words)
    switch (asked._tag) {
      case "Help": {
        const { helpOfAll, helpOfCommand } = yield* Effect.promise(() => import("./Help.ts"))
        const width = yield* screen.width
        return yield* screen.out(
          asked.command === undefined ? helpOfAll(commandGroups, version, width) : helpOfCommand(asked.command, width)
        )
      }
      case "CompletionsHelp": {
        const { helpOfCompletions } = yield* Effect.promise(() => import("./Help.ts"))
        return yield* screen.out(helpOfCompletions(yield* screen.width))
      }
      case "Version": {
        if (!asked.isVerbose) return yield* screen.out(`${version}\n`)
        const { installedParts, versionLines } = yield* Effect.promise(() => import("./plugins/Installed.ts"))
        const lines = versionLines(yield* installedParts)
        return yield* screen.out(lines.map(([name, one]) => `${name.padEnd(16)}  ${one}\n`).join(""))
      }
      case "Completions": {
        const { completionsOf } = yield* Effect.promise(() => import("./Completions.ts"))
        return yield* screen.out(yield* completionsOf(commands, asked.shell))
      }
      case "Wrong": {
        const { endWith } = yield* Effect.promise(() => import("./CommandEnding.ts"))
        return yield* endWith(1, asked.sentence)
      }
      case "Run":
        return yield* asked.command.run(asked.given)
    }
  })
