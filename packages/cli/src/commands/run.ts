/**
 * `lb run`: adds members to a dataset.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Command } from "../Command.ts"
import {
  exportOptions,
  importOptions,
  namesOptions,
  refreshOptions,
  queryOptions,
  reportOptions
} from "../options/OptionTable.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import { startRun } from "../StartRun.ts"

const run = (flags: Flags) =>
  Effect.gen(function* () {
    const settings = yield* Effect.catchAll(resolveSettings(flags), endWithInvalid)
    const { mode } = settings
    if (mode === undefined) {
      return yield* endWith(
        1,
        "--mode is missing. Use --mode new to start a dataset, or --mode continue to continue one."
      )
    }
    yield* startRun({
      settings,
      mode,
      resume: yield* pasteable("run --mode continue", flags, ["mode", "yes"]),
      restart: yield* pasteable(`run --mode ${mode}`, flags, ["mode"]),
      ...(settings.membersList === "all"
        ? {}
        : { allowed: yield* pasteable(`run --mode ${mode}`, { ...flags, membersList: "all" }, ["mode"]) }),
      failed: { command: "run", flags }
    })
  })

/**
 * @since 0.1.0
 * @category models
 */
export const runCommand: Command = {
  name: "run",
  summary: "Starts a dataset, or adds members to one.",
  what: "Adds members to a dataset: reads the films of popular members, and commits their ratings batch by batch.",
  usage: "--mode new|continue [OPTIONS]",
  examples: [
    ["lb run --mode new --source sandbox", "try it on a generated site on this machine; no request leaves it"],
    [
      "lb run --mode new --batches 5 --batch-size 20",
      "start a dataset of 100 members from letterboxd.com, in data_output"
    ],
    ["lb run --mode continue", "continue: complete partial members, and add 20 more"]
  ],
  takes: (key) =>
    !exportOptions.has(key) &&
    !importOptions.has(key) &&
    !refreshOptions.has(key) &&
    !namesOptions.has(key) &&
    !reportOptions.has(key) &&
    !queryOptions.has(key),
  run: ({ flags }) => run(flags)
}
