/**
 * `lb run`: adds members to a dataset.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import { startRun } from "../StartRun.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const run = (flags: Flags) =>
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
