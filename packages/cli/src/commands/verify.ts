/**
 * `lb verify`: proves a dataset.
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
import { endWithError } from "../StartRun.ts"

const verify = (flags: Flags, repair: boolean) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const folder = yield* folderOf(settings)
    const layer = yield* storageOf(settings, folder, { memberFiles: false })
    const { place, ...result } = yield* Effect.flatMap(RatingsStorage, (storage) =>
      Effect.gen(function* () {
        const found = yield* storage.verify({ repair })
        // What is damaged may not be readable at all.
        const alike = found.problems.length > 0 ? [] : membersAlike((yield* storage.inspect).state.members.values())
        return { place: storage.place, ...found, alike }
      })
    ).pipe(Effect.provide(layer))
    const { problems, ratings, repaired } = result
    if (settings.json) yield* screen.out(`${JSON.stringify({ place, ...result })}\n`)
    else {
      for (const sentence of repaired) yield* screen.out(`Repaired: ${sentence.replace(/\.$/u, "")}.\n`)
      yield* screen.out(alikeWords(result.alike))
      for (const problem of problems) yield* screen.out(`Broken: ${problem}\n`)
      yield* screen.out(
        problems.length === 0
          ? `${place} is sound: ${ratings.toLocaleString("en-US")} ratings were checked.\n`
          : `${place} is damaged in ${problems.length === 1 ? "one place" : `${problems.length} places`}. ${
              repair
                ? "What is left cannot be repaired without doubt; restore it from a copy"
                : `What can be repaired without doubt is repaired by: ${pasteable("verify --repair", flags, [])}`
            }.\n`
      )
    }
    if (problems.length > 0) return yield* new CommandEnded({ code: 4 })
  }).pipe(
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({ InvalidSettings: (error) => endWithError(error), StorageError: (error) => endWithError(error) })
  )

/**
 * @since 0.1.0
 * @category models
 */
export const verifyCommand: Command = {
  name: "verify",
  summary: "Proves a dataset, row by row; --repair mends what can be derived.",
  what: "Proves a dataset: every file is what was committed, ids are unique, every row's user and film are mapped, no rating stands twice, and the translated ratings and the files of single members are the raw ones, row by row. Exit 4 with what is broken.",
  usage: "[--repair] [OPTIONS]",
  examples: [
    ["lb verify", "is the dataset in data_output sound?"],
    ["lb verify --repair", "and repair what can be repaired without doubt"]
  ],
  takes: isDatasetOption,
  switches: {
    repair:
      "Repair what can be repaired without doubt: write files anew that a spreadsheet or an editor saved in another form, rebuild the translated ratings and the files of single members from the raw ratings, and set aside what somebody else added to a file. The files as they were are kept."
  },
  run: ({ flags, switches }) => verify(flags, switches.has("repair"))
}
