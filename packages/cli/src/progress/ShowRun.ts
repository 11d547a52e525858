/**
 * Shows the progress of a run: on the screen, and with `--ui` also in a browser.
 *
 * @since 0.1.0
 */
import { activityOf, type HarvestEvent, type RatingsSource } from "@letterboxd-ratings/core"
import { type Context, Effect, type Scope } from "effect"
import type { Settings } from "../options/Settings.ts"
import type { Screen } from "../Screen.ts"
import { runWords } from "./RunWords.ts"
import { type ShownProgress, showProgress } from "./ShowProgress.ts"

const usualBatchSize = 10

/**
 * The number of members in a batch of a run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const batchSizeOf = ({ batchSize = usualBatchSize }: Pick<Settings, "batchSize">): number => batchSize

/**
 * Starts to show the progress of a run from `source`, as the settings ask for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const showRun = (
  settings: Settings,
  source: Context.Tag.Service<RatingsSource>
): Effect.Effect<ShownProgress<HarvestEvent>, never, Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const activity = activityOf(source)
    const batchSize = batchSizeOf(settings)
    // Before the status lines, which are written below what was there.
    const live = settings.ui
      ? yield* Effect.flatMap(
          Effect.promise(() => import("../live/ShowLive.ts")),
          ({ showLive }) => showLive({ activity, batchSize, port: settings.uiPort })
        )
      : undefined
    const onScreen = yield* showProgress(
      runWords(activity, batchSize),
      settings.json ? "json" : settings.quiet ? "quiet" : "lines"
    )
    if (live === undefined) return onScreen
    return {
      show: (event) => Effect.zipRight(live.show(event), onScreen.show(event)),
      end: Effect.zipRight(onScreen.end, live.end)
    }
  })
