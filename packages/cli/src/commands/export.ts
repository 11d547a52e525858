/**
 * `lb export`: writes a dataset for other tools, or copies it into another storage.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { RatingsStorage, type StorageError } from "@letterboxd-ratings/core"
import { NodeSha256 } from "@letterboxd-ratings/export/node"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import packageJson from "../../package.json" with { type: "json" }
import { InvalidSettings } from "../ExitCode.ts"
import { didYouMean } from "../Nearest.ts"
import { flagOf, preparationKeys } from "../options/OptionTable.ts"
import {
  type Flags,
  folderOf,
  pasteable,
  quoted,
  resolveSettings,
  type Settings,
  withoutEndSlashes
} from "../options/Settings.ts"
import { formatNames, formatOf } from "../plugins/Formats.ts"
import { isModule } from "../plugins/LoadedModule.ts"
import { keepsFiles, storageNames, storageOf } from "../plugins/Storages.ts"
import { Screen } from "../Screen.ts"
import { count } from "../progress/RunWords.ts"
import { printable } from "../Shown.ts"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

/** The settings for the storage on one side of the export. File settings are for CSV only. */
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

/** The layouts with a column for the time of a rating. */
const layoutsWithTimes: ReadonlySet<string> = new Set(["movielens", "kaggle", "recbole"])

/** The layouts in which ids may be indexes. */
const layoutsWithIndexes: ReadonlySet<string> = new Set(["movielens", "kaggle", "recbole"])

/** The layout for one member. */
const layoutOfMember = "letterboxd"

const listed = (names: ReadonlySet<string>): string => [...names].join(", ").replace(/, (?=[^,]*$)/u, " and ")

/** What is wrong with the options that say whose ratings are exported. */
const memberProblem = (settings: Settings, to: string, isLayout: boolean): string | undefined => {
  const { anonymise, member, said } = settings
  const place = said.get("member") ?? "--member"
  if (member === undefined)
    return to === layoutOfMember
      ? `--member is missing: the layout ${to} is for the ratings of one member. Add --member NAME.`
      : undefined
  if (!isLayout)
    return `${place} is for layouts (${formatNames.join(", ")}), not for the storage ${to}: a storage holds a whole dataset. Remove it, or choose a layout.`
  return anonymise
    ? `--anonymise is for exports of all members: the ratings of one member show who it is. Remove --anonymise or ${place}.`
    : undefined
}

/** What is wrong with the options that prepare an export. */
const preparationProblem = (settings: Settings, to: string, isLayout: boolean): string | undefined => {
  const { contiguous, said, split } = settings
  const asked = preparationKeys.find((key) => said.has(key) && (key !== "contiguous" || contiguous))
  const place = (key: (typeof preparationKeys)[number]): string => said.get(key) ?? `--${flagOf(key)}`
  if (asked !== undefined && to === layoutOfMember)
    return `${place(asked)} is for recommenders, not for the layout ${to}. Remove it, or choose another layout.`
  if (asked !== undefined && !isLayout)
    return `${place(asked)} is for layouts (${formatNames.join(", ")}), not for the storage ${to}: a storage holds a whole dataset. Remove it, or choose a layout.`
  if (contiguous && !layoutsWithIndexes.has(to))
    return `${place("contiguous")} is for ${listed(layoutsWithIndexes)}, not for ${to}. Remove it.`
  if (said.has("seed") && split === undefined) return `${place("seed")} is only for --split. Remove it, or use both.`
  if (split?._tag === "time" && settings.anonymise)
    return `${place("split")} cannot be by time with --anonymise: an anonymous export has no days of ratings. Choose another split, or remove --anonymise.`
  return undefined
}

const preparationOf = ({ contiguous, minFilmRatings, minUserRatings, seed, split }: Settings) =>
  split === undefined && minFilmRatings === undefined && minUserRatings === undefined && !contiguous
    ? {}
    : {
        preparation: {
          contiguous,
          seed,
          ...(split === undefined ? {} : { split }),
          ...(minFilmRatings === undefined ? {} : { minFilmRatings }),
          ...(minUserRatings === undefined ? {} : { minUserRatings })
        }
      }

const tryAgain = (flags: Flags) => Effect.map(pasteable("export", flags, []), (command) => `Try again with: ${command}`)

/**
 * @since 0.1.0
 * @category constructors
 */
export const exporting = (flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const { from = settings.storage, to } = settings
    const known = [...storageNames, ...formatNames]
    if (to === undefined) return yield* invalid(`--to is missing. Use one of ${known.join(", ")}, or a storage module.`)
    const format = formatOf(to)
    if (format === undefined && !storageNames.includes(to) && !isModule(to)) {
      return yield* invalid(
        `${settings.said.get("to") ?? "--to"} is "${to}", which is neither a storage nor a layout. Use one of ${known.join(", ")}.${didYouMean(to, known, (one) => `"${one}"`)}`
      )
    }
    const wrongMember = memberProblem(settings, to, format !== undefined)
    if (wrongMember !== undefined) return yield* invalid(wrongMember)
    if (format === undefined && settings.anonymise) {
      return yield* invalid(
        `--anonymise is for layouts (${formatNames.join(", ")}), not for the storage ${to}: a storage needs the names to continue the dataset. Remove --anonymise, or choose a layout.`
      )
    }
    if (settings.salt !== undefined && !settings.anonymise)
      return yield* invalid(`${settings.said.get("salt") ?? "--salt"} is only for --anonymise. Remove it, or use both.`)
    if (settings.said.has("timestamps") && !layoutsWithTimes.has(to))
      return yield* invalid(
        `${settings.said.get("timestamps") ?? "--timestamps"} is for ${listed(layoutsWithTimes)}, not for ${to}. Remove it.`
      )
    if (format !== undefined && Object.keys(settings.intoOptions).length > 0)
      return yield* invalid(
        `${settings.said.get("intoOptions") ?? "--into-options"} is for storages, not for the layout ${to}. Remove it.`
      )
    if (settings.films !== undefined && format === undefined)
      return yield* invalid(
        `${settings.said.get("films") ?? "--films"} is for layouts (${formatNames.join(", ")}), not for the storage ${to}. Remove it, or choose a layout.`
      )
    const problem = preparationProblem(settings, to, format !== undefined)
    if (problem !== undefined) return yield* invalid(problem)

    const numbers =
      settings.films === undefined
        ? {}
        : {
            numbers: yield* (yield* Effect.promise(
              () => import("@letterboxd-ratings/letterboxd-import")
            )).readNumbersBySlug(settings.films)
          }
    const { exportFiles, exportToStorage } = yield* Effect.promise(() => import("@letterboxd-ratings/export"))
    const path = yield* Path.Path
    const folder = yield* folderOf(settings)
    // Next to the dataset, even if its folder is "." or "..".
    const beside = ["", ".", ".."].includes(path.basename(folder)) ? path.resolve(folder) : folder
    const ofMember = settings.member === undefined ? "" : `-${settings.member}`
    const into =
      settings.into === undefined
        ? `${beside}-${isModule(to) ? "export" : to}${ofMember}`
        : withoutEndSlashes(settings.into)
    if (path.resolve(into) === path.resolve(folder))
      return yield* invalid(`--into ${quoted(into)} is the folder of the dataset itself. Choose another one.`)
    const options = {
      folder: into,
      existing: settings.yes ? "set-aside" : "refuse",
      tool: `letterboxd-ratings ${packageJson.version}`,
      ...(settings.asOf === undefined ? {} : { asOf: settings.asOf })
    } as const
    const origin = yield* Layer.build(
      yield* storageOf(sideOf(settings, from, settings), folder, { memberFiles: false })
    )
    // Errors about the target of the export; the others are about its origin.
    const aboutTarget = (error: StorageError) =>
      Effect.flatMap(tryAgain(flags), (next) => endWithError(error, { command: "export", flags, into }, next))
    const isUnder = (places: ReadonlyArray<string>) => (error: StorageError) =>
      places.some((place) => error.place === place || error.place.startsWith(`${place}/`))
    const report = yield* Effect.gen(function* () {
      const storage = yield* RatingsStorage
      if (format !== undefined) {
        const salt = settings.anonymise ? { salt: Redacted.make(settings.salt ?? randomBytes(32).toString("hex")) } : {}
        const done = yield* exportFiles(storage, yield* format, {
          ...options,
          ...salt,
          ...preparationOf(settings),
          ...numbers,
          ...(settings.member === undefined ? {} : { member: settings.member }),
          timestamps: settings.timestamps
        }).pipe(Effect.catchIf(isUnder([into]), aboutTarget))
        return { ...done, place: into }
      }
      const side = sideOf(settings, to, {
        storageOptions: settings.intoOptions,
        storageUrl: settings.intoUrl ?? settings.storageUrl
      })
      const target = yield* Effect.provide(
        RatingsStorage,
        yield* Effect.catchTag(
          Layer.build(yield* storageOf(side, into, { memberFiles: false, isTarget: true })),
          "StorageError",
          aboutTarget
        )
      )
      const done = yield* exportToStorage(storage, target, { ...options, listFiles: keepsFiles(to) }).pipe(
        Effect.catchIf(isUnder([into, target.place]), aboutTarget)
      )
      return { ...done, place: target.place }
    }).pipe(Effect.provide(origin))
    const { films, notes, place, ratings, users } = report
    const { asideFileName } = yield* Effect.promise(() => import("@letterboxd-ratings/letterboxd-import"))
    const aside = path.join(folder, asideFileName)
    if (yield* Effect.orElseSucceed((yield* FileSystem.FileSystem).exists(aside), () => false)) {
      const next = format === undefined ? " Copy the file beside the new dataset: later imports take them in." : ""
      yield* screen.err(`Not exported: the ratings in ${printable(aside)}, whose films have no known number.${next}\n`)
    }
    for (const note of notes) yield* screen.err(`${printable(note)}\n`)
    if (settings.json)
      return yield* screen.out(
        `${JSON.stringify({ place, dataCard: `${into}/DATA_CARD.md`, users, films, ratings, parts: report.parts })}\n`
      )
    yield* screen.out(
      `${place} holds ${count(ratings, "rating")} of ${count(films, "film")} by ${count(users, "member")}. Every row was counted. Description: ${into}/DATA_CARD.md\n`
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(NodeProcessTable.layer, NodeSha256.layer)),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      ImportError: ({ message }) => endWith(1, printable(message)),
      StorageError: (error) =>
        Effect.flatMap(tryAgain(flags), (next) => endWithError(error, { command: "export", flags }, next))
    })
  )
