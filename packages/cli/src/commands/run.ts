/**
 * `lb run`: adds members to a dataset.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Command } from "../Command.ts"
import { exportOptions } from "../options/OptionTable.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { endWith, endWithError, startRun } from "../StartRun.ts"

const run = (flags: Flags) =>
  Effect.gen(function* () {
    const settings = yield* Effect.catchAll(resolveSettings(flags), (error) => endWithError(error))
    const { mode } = settings
    if (mode === undefined) {
      return yield* endWith(
        1,
        "--mode is missing. Say --mode new to start a dataset, or --mode continue to go on with one."
      )
    }
    yield* startRun({
      settings,
      mode,
      resume: pasteable("run --mode continue", flags, ["mode", "yes"]),
      restart: pasteable(`run --mode ${mode}`, flags, ["mode"])
    })
  })

/**
 * @since 0.1.0
 * @category models
 */
export const runCommand: Command = {
  name: "run",
  summary: "Adds members to a dataset, or starts one.",
  what: "Adds members to a dataset: reads the films of popular members and commits their ratings batch by batch.",
  usage: "--mode new|continue [OPTIONS]",
  examples: [
    ["lb run --mode new --source sandbox", "try it: a generated site on this machine, nothing is asked of anybody"],
    ["lb run --mode new --batches 5 --batch-size 20", "a dataset of 100 members from letterboxd.com, in data_output"],
    ["lb run --mode continue", "go on: complete what is partial, add 20 more members"]
  ],
  takes: (key) => !exportOptions.has(key),
  run: ({ flags }) => run(flags)
}
