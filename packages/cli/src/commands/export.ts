/**
 * `lb export`: a dataset for other tools, or in another storage.
 *
 * @since 0.1.0
 */
import { Path } from "@effect/platform"
import { RatingsStorage } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import packageJson from "../../package.json" with { type: "json" }
import type { Command } from "../Command.ts"
import { InvalidSettings } from "../ExitCode.ts"
import { nearest } from "../Nearest.ts"
import { exportOptions, type OptionKey } from "../options/OptionTable.ts"
import {
  type Flags,
  folderOf,
  pasteable,
  resolveSettings,
  type Settings,
  withoutEndSlashes
} from "../options/Settings.ts"
import { formatNames, formatOf } from "../plugins/Formats.ts"
import { isModule } from "../plugins/LoadedModule.ts"
import { keepsFiles, storageNames, storageOf } from "../plugins/Storages.ts"
import { Screen } from "../Screen.ts"
import { endWithError } from "../StartRun.ts"

const otherOptions = new Set<OptionKey>(["storageOptions", "out", "testMode", "filmLabel", "json", "yes", "config"])

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

/** The settings as the storage on one side of the export has to know them: what is about files is about CSV. */
const sideOf = (
  settings: Settings,
  storage: string,
  side: Pick<Settings, "storageOptions" | "storageUrl">
): Settings => ({
  ...settings,
  ...side,
  storage,
  files: storage === "csv" ? settings.files : {},
  said: storage === "csv" ? settings.said : new Map([...settings.said].filter(([key]) => key !== "filmLabel"))
})

const exporting = (flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const { from = settings.storage, to } = settings
    const known = [...storageNames, ...formatNames]
    if (to === undefined)
      return yield* invalid(
        `--to is missing. Say what to export to: ${known.join(", ")}, or a module that brings a storage.`
      )
    const format = formatOf(to)
    if (format === undefined && !storageNames.includes(to) && !isModule(to)) {
      return yield* invalid(
        `${settings.said.get("to") ?? "--to"} is "${to}", which is neither a storage nor a layout. Known: ${known.join(", ")}. Did you mean "${nearest(to, known)}"?`
      )
    }
    if (format === undefined && settings.anonymise) {
      return yield* invalid(
        `--anonymise goes with a layout (${formatNames.join(", ")}), not with the storage ${to}: a storage goes on with its members by name. Leave it out, or choose a layout.`
      )
    }
    if (settings.salt !== undefined && !settings.anonymise)
      return yield* invalid(
        `${settings.said.get("salt") ?? "--salt"} goes with --anonymise. Leave it out, or say both.`
      )
    if (format !== undefined && Object.keys(settings.intoOptions).length > 0)
      return yield* invalid(
        `${settings.said.get("intoOptions") ?? "--into-options"} goes with a storage, not with the layout ${to}. Leave it out.`
      )

    const { exportFiles, exportToStorage } = yield* Effect.promise(() => import("@letterboxd-ratings/export"))
    const path = yield* Path.Path
    const folder = yield* folderOf(settings)
    // Beside the dataset also where its folder is said as "." or "..".
    const beside = ["", ".", ".."].includes(path.basename(folder)) ? path.resolve(folder) : folder
    const into =
      settings.into === undefined ? `${beside}-${isModule(to) ? "export" : to}` : withoutEndSlashes(settings.into)
    const options = {
      folder: into,
      existing: settings.yes ? "set-aside" : "refuse",
      tool: `letterboxd-ratings ${packageJson.version}`
    } as const
    const origin = yield* Layer.build(
      yield* storageOf(sideOf(settings, from, settings), folder, { memberFiles: false })
    )
    const report = yield* Effect.gen(function* () {
      const storage = yield* RatingsStorage
      if (format !== undefined) {
        const salt = settings.anonymise ? { salt: Redacted.make(settings.salt ?? randomBytes(32).toString("hex")) } : {}
        const done = yield* exportFiles(storage, yield* format, { ...options, ...salt })
        return { ...done, place: into }
      }
      const side = sideOf(settings, to, {
        storageOptions: settings.intoOptions,
        storageUrl: settings.intoUrl ?? settings.storageUrl
      })
      const target = yield* Effect.provide(
        RatingsStorage,
        yield* Layer.build(yield* storageOf(side, into, { memberFiles: false }))
      )
      const done = yield* exportToStorage(storage, target, { ...options, listFiles: keepsFiles(to) })
      return { ...done, place: target.place }
    }).pipe(Effect.provide(origin))
    const { films, notes, place, ratings, users } = report
    for (const note of notes) yield* screen.err(`${note}\n`)
    if (settings.json)
      return yield* screen.out(
        `${JSON.stringify({ place, dataCard: `${into}/DATA_CARD.md`, users, films, ratings })}\n`
      )
    const number = (n: number) => n.toLocaleString("en-US")
    yield* screen.out(
      `${place} holds ${number(ratings)} ratings of ${number(films)} films by ${number(users)} members, all of them counted. What it is stands in ${into}/DATA_CARD.md.\n`
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: (error) => endWithError(error),
      StorageError: (error) => endWithError(error, `Try again with: ${pasteable("export", flags, [])}`)
    })
  )

/**
 * @since 0.1.0
 * @category models
 */
export const exportCommand: Command = {
  name: "export",
  summary: "Writes a dataset as other tools read it, or copies it into another storage.",
  what: "Writes a dataset as other tools read it, or copies it into another storage, with a data card that says what it is. All of it is there at the end, every row counted, or nothing.",
  usage: "--to NAME [OPTIONS]",
  examples: [
    ["lb export --to movielens", "ratings.csv, movies.csv and links.csv for recommenders, in data_output-movielens"],
    ["lb export --to jsonl --anonymise --into shared", "without names"],
    ["lb export --to spreadsheet", "a table to look at in Excel or LibreOffice"],
    ["lb export --to sqlite", "a database to query, in data_output-sqlite"],
    ["lb export --from sqlite --out data_output-sqlite --to csv --into back", "and back"]
  ],
  takes: (key) => exportOptions.has(key) || otherOptions.has(key),
  run: ({ flags }) => exporting(flags)
}
