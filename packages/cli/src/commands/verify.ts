/**
 * `lb verify`: verifies a dataset.
 *
 * @since 0.1.0
 */
import { membersAlike, RatingsStorage } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect } from "effect"
import type { Command } from "../Command.ts"
import { CommandEnded } from "../ExitCode.ts"
import { isDatasetOption } from "../options/OptionTable.ts"
import { type Flags, folderOf, pasteable, resolveSettings } from "../options/Settings.ts"
import { storageOf } from "../plugins/Storages.ts"
import { alikeWords } from "../progress/AlikeWords.ts"
import { Screen } from "../Screen.ts"
import { endWithError, endWithInvalid } from "../CommandEnding.ts"

const verify = (flags: Flags, repair: boolean) =>
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
          ? `${place} is valid (${ratings.toLocaleString("en-US")} ${ratings === 1 ? "rating" : "ratings"} checked).\n`
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

/**
 * @since 0.1.0
 * @category models
 */
export const verifyCommand: Command = {
  name: "verify",
  summary: "Verifies a dataset row by row; --repair rebuilds what can be derived.",
  what: "Verifies a dataset: every file is as it was committed, ids are unique, the user and the film of every row are mapped, no rating is duplicated, and the translated ratings and the files of single members match the raw ratings row by row. Reports all damage, with exit code 4.",
  usage: "[--repair] [OPTIONS]",
  examples: [
    ["lb verify", "verify the dataset in data_output"],
    ["lb verify --repair", "verify it, and repair what can be repaired safely"]
  ],
  takes: isDatasetOption,
  switches: {
    repair:
      "Repair what can be repaired safely: rewrite files that a spreadsheet or an editor saved in another format, rebuild the translated ratings and the files of single members from the raw ratings, and move rows that other programs added to separate files. The old files are kept."
  },
  run: ({ flags, switches }) => verify(flags, switches.has("repair"))
}
