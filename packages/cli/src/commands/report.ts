/**
 * `lb report`: one HTML page that shows a dataset, or one of its members.
 *
 * @since 0.1.0
 */
import { Path } from "@effect/platform"
import { RatingsStorage } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import packageJson from "../../package.json" with { type: "json" }
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"
import { InvalidSettings } from "../ExitCode.ts"
import { type Flags, folderOf, resolveSettings } from "../options/Settings.ts"
import { checkOwnFile, writeOwnFile } from "../OwnFile.ts"
import { storageOf } from "../plugins/Storages.ts"
import { count } from "../progress/RunWords.ts"
import { Screen } from "../Screen.ts"
import { printable } from "../Shown.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const report = (flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const path = yield* Path.Path
    const settings = yield* resolveSettings(flags)
    const { member } = settings
    if (settings.salt !== undefined && !settings.anonymise)
      return yield* new InvalidSettings({
        problems: [`${settings.said.get("salt") ?? "--salt"} is only for --anonymise. Remove it, or use both.`]
      })
    if (member !== undefined && settings.anonymise)
      return yield* new InvalidSettings({
        problems: [
          "--anonymise is for reports on a dataset: a report on one member shows who it is by the ratings. Remove --anonymise or --member."
        ]
      })
    const folder = yield* folderOf(settings)
    // Next to the dataset, even if its folder is "." or "..".
    const beside = ["", ".", ".."].includes(path.basename(folder)) ? path.resolve(folder) : folder
    const place = settings.outFile ?? `${beside}-report${member === undefined ? "" : `-${member}`}.html`

    const { reportMark, reportOnDataset, reportOnMember } = yield* Effect.promise(
      () => import("@letterboxd-ratings/report")
    )
    const kind = { mark: reportMark, option: "--out-file" }
    yield* checkOwnFile(kind, place)
    const options = {
      tool: `letterboxd-ratings ${packageJson.version}`,
      ...(settings.timestamp === undefined ? {} : { madeAt: settings.timestamp })
    }
    const layer = yield* storageOf(settings, folder, { memberFiles: false })
    const { notes, numbers, page } = yield* Effect.gen(function* () {
      const storage = yield* RatingsStorage
      if (member !== undefined) return yield* reportOnMember(storage, member, options)
      const salt = settings.anonymise ? { salt: Redacted.make(settings.salt ?? randomBytes(32).toString("hex")) } : {}
      return yield* reportOnDataset(storage, { ...options, ...salt })
    }).pipe(Effect.provide(layer))
    const leftovers = yield* writeOwnFile(kind, place, { text: page, what: "The report" })
    for (const note of [...leftovers, ...notes]) yield* screen.err(`${printable(note)}\n`)
    yield* screen.out(
      settings.json
        ? `${JSON.stringify({ place, ratings: numbers.ratings })}\n`
        : `${printable(place)} shows ${count(numbers.ratings, "rating")}. Open it in a browser.\n`
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      MemberNotReported: ({ message }) => endWith(1, message),
      OwnFileError: ({ message }) => endWith(1, message),
      StorageError: (error) => endWithError(error, { command: "report", flags })
    })
  )
