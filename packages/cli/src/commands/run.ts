/**
 * `lb run`: adds members to a dataset.
 *
 * @since 0.1.0
 */
import { Command } from "@effect/cli"
import { Effect } from "effect"
import { flagsOf, helpOf } from "../options/Flags.ts"
import { exportOptions } from "../options/OptionTable.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { endWith, endWithError, startRun } from "../StartRun.ts"

const run = (flags: Flags) =>
  Effect.gen(function*() {
    const settings = yield* Effect.catchAll(resolveSettings(flags), (error) => endWithError(error))
    const { mode } = settings
    if (mode === undefined) {
      return yield* endWith(1, "--mode is missing. Say --mode new to start a dataset, or --mode continue to go on with one.")
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
 * @category constructors
 */
export const runCommand = Command.make("run", flagsOf((key) => !exportOptions.has(key)), ({ flags }) => run(flags)).pipe(
  Command.withDescription(helpOf(
    "Adds members to a dataset: reads the films of popular members and commits their ratings batch by batch.",
    [
      ["lb run --mode new --source sandbox", "try it: a generated site on this machine, nothing is asked of anybody"],
      ["lb run --mode new --batches 5 --batch-size 20", "a dataset of 100 members from letterboxd.com, in data_output"],
      ["lb run --mode continue", "go on: complete what is partial, add 20 more members"]
    ]
  ))
)
