/**
 * A dataset that a command reads whole, to show something of it.
 *
 * @since 0.1.0
 */
import { RatingsStorage, readWhole } from "@letterboxd-ratings/core"
import { Context, Effect, Layer } from "effect"
import { folderOf, type Settings } from "./options/Settings.ts"
import { storageOf } from "./plugins/Storages.ts"
import { Screen } from "./Screen.ts"

/**
 * Opens the dataset of the settings, holds it until the scope closes, and says what opening it changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const datasetToShow = (settings: Settings) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const built = yield* Layer.build(yield* storageOf(settings, yield* folderOf(settings), { memberFiles: false }))
    const whole = yield* readWhole(Context.get(built, RatingsStorage))
    for (const note of whole.notes) yield* screen.err(`${note}\n`)
    return whole
  })
