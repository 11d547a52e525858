/**
 * `lb verify`: verifies a dataset.
 *
 * @since 0.1.0
 */
import { membersAlike, RatingsStorage } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect } from "effect"
import { CommandEnded } from "../ExitCode.ts"
import { type Flags, folderOf, pasteable, resolveSettings } from "../options/Settings.ts"
import { storageOf } from "../plugins/Storages.ts"
import { alikeWords } from "../progress/AlikeWords.ts"
import { Screen } from "../Screen.ts"
import { endWithError, endWithInvalid } from "../CommandEnding.ts"
import { grouped } from "../Shown.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const verify = (flags: Flags, repair: boolean) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const folder = yield* folderOf(settings)
    const layer = yield* storageOf(settings, folder, { memberFiles: false })
    const { place, ...result } = yield* Effect.flatMap(RatingsStorage, (storage) =>
      Effect.gen(function* () {
        const found = yield* storage.verify({ repair })
        // A damaged dataset may be unreadable.
        const alike = found.problems.length > 0 ? [] : membersAlike((yield* storage.inspect).state.members.values())
        return { place: storage.place, ...found, alike }
      })
    ).pipe(Effect.provide(layer))
    const { canRepair, problems, ratings, repaired } = result
    const next =
      problems.length === 0
        ? ""
        : !repair && canRepair === true
          ? `To repair what can be repaired safely: ${yield* pasteable("verify --repair", flags, [])}`
          : `${repaired.length === 0 ? "It" : "The rest"} cannot be repaired safely. Restore it from a backup.`
    if (settings.json) yield* screen.out(`${JSON.stringify({ place, ...result })}\n`)
    else {
      for (const sentence of repaired) yield* screen.out(`Repaired: ${sentence.replace(/\.$/u, "")}.\n`)
      yield* screen.out(alikeWords(result.alike))
      for (const problem of problems) yield* screen.out(`Problem: ${problem}\n`)
      yield* screen.out(
        problems.length === 0
          ? `${place} is valid (${grouped(ratings)} ${ratings === 1 ? "rating" : "ratings"} checked).\n`
          : `${place} is damaged (${problems.length === 1 ? "1 problem" : `${problems.length} problems`}). ${next}\n`
      )
    }
    if (problems.length > 0) return yield* new CommandEnded({ code: 4 })
  }).pipe(
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      StorageError: (error) => endWithError(error, { command: "verify", flags })
    })
  )
