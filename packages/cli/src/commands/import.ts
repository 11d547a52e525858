/**
 * `lb import`: takes exports, saved pages, archives, feeds and public datasets into a dataset.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { Import, type ImportEvent, type ImportReport, RatingsStorage, type Username } from "@letterboxd-ratings/core"
import { filmsUrl, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Layer, Option, Ref } from "effect"
import { CommandEnded, InvalidSettings } from "../ExitCode.ts"
import { writeMissingPages } from "../MissingPages.ts"
import { type Flags, folderOf, pasteable, quoted, resolveSettings, type Settings } from "../options/Settings.ts"
import { keepsFiles, storageNames, storageOf } from "../plugins/Storages.ts"
import { importWords, resultOfImport } from "../progress/ImportWords.ts"
import { showProgress } from "../progress/ShowProgress.ts"
import { Screen } from "../Screen.ts"
import { grouped, printable } from "../Shown.ts"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"

/** 0: everything was taken. 2: inputs were refused, or pages are missing. 1: nothing could be imported. */
const codeOf = ({ inputs, leadToForgotten, missingPages, refused }: ImportReport, asideFile: string): 0 | 1 | 2 =>
  refused.length > 0 && inputs.every(({ place }) => place === asideFile)
    ? 1
    : refused.length > 0 || missingPages.length > 0 || leadToForgotten !== undefined
      ? 2
      : 0

const sourceOf = (settings: Settings, paths: ReadonlyArray<string>, folder: string) =>
  Effect.map(
    Effect.promise(() => import("@letterboxd-ratings/letterboxd-import")),
    ({ asideFileName, asideIn, LetterboxdImport }) => ({
      aside: asideIn(folder),
      asideFileName,
      source: LetterboxdImport.layer({
        paths,
        datasetFolder: folder,
        baseUrls: [LetterboxdSource.liveSite, ...(settings.baseUrl === undefined ? [] : [settings.baseUrl])],
        ...(settings.as === undefined ? {} : { as: settings.as }),
        ...(settings.format === "auto" ? {} : { format: settings.format }),
        ...(settings.columns === undefined ? {} : { columns: settings.columns }),
        ...(settings.films === undefined ? {} : { films: settings.films })
      })
    })
  )

/** The missing pages of this import, and those of earlier ones: of members whose other saved pages the dataset has. */
const allMissingPages = (now: ImportReport["missingPages"]) =>
  Effect.gen(function* () {
    const all = new Map(now.map((member) => [member.username, member]))
    const storage = yield* RatingsStorage
    const summary = yield* Effect.option(storage.inspect)
    if (Option.isSome(summary))
      for (const { missing, proof, state, username } of summary.value.state.members.values())
        if (state === "partial" && proof === "saved-pages" && missing.length > 0 && !all.has(username))
          all.set(username, { username, pages: missing })
    return [...all.values()]
  })

/** The storage that keeps a dataset in the folder, if it is not the one that was asked for. */
const otherStorageIn = (settings: Settings, folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    // To load the storages takes longer than to import many files.
    const isEmpty = Effect.map(fs.readDirectory(folder), (names) => names.length === 0)
    if (yield* Effect.orElseSucceed(isEmpty, () => true)) return undefined
    for (const name of storageNames.filter((one) => keepsFiles(one) && one !== settings.storage)) {
      const own: Settings = { ...settings, storage: name, storageOptions: {}, files: {}, said: new Map() }
      // A storage that is not installed keeps no dataset here that could be gone on with.
      const isThere = yield* storageOf(own, folder, { memberFiles: false }).pipe(
        Effect.flatMap((layer) =>
          Effect.provide(
            Effect.flatMap(RatingsStorage, ({ exists }) => exists),
            Layer.provide(layer, NodeProcessTable.layer)
          )
        ),
        Effect.orElseSucceed(() => false)
      )
      if (isThere) return name
    }
    return undefined
  })

/** The command to import the same again, with paths that it does not take for options. */
const sameAgain = (paths: ReadonlyArray<string>, flags: Flags) =>
  pasteable(`import ${paths.map((path) => quoted(path.startsWith("-") ? `./${path}` : path)).join(" ")}`, flags, [])

/**
 * @since 0.1.0
 * @category constructors
 */
export const importing = (paths: ReadonlyArray<string>, flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    if (settings.columns !== undefined && settings.format !== "table") {
      return yield* new InvalidSettings({
        problems: [`${settings.said.get("columns") ?? "--columns"} is for tables. Add --format table.`]
      })
    }
    const path = yield* Path.Path
    const folder = yield* folderOf(settings)
    const storageLayer = yield* storageOf(settings, folder, { memberFiles: false })
    const again = yield* sameAgain(paths, flags)
    const { aside, asideFileName, source } = yield* sourceOf(settings, paths, folder)
    yield* Effect.gen(function* () {
      const storage = yield* RatingsStorage
      const progress = yield* showProgress(importWords, settings.json ? "json" : settings.quiet ? "quiet" : "lines")
      const committed = yield* Ref.make(`Nothing was committed. Try again with: ${again}`)
      const tell = (event: ImportEvent) =>
        Effect.zipRight(
          event._tag === "BatchCommitted"
            ? Ref.set(
                committed,
                `${storage.place} holds ${grouped(event.totalRatings)} ratings; what was imported so far is committed. Continue with: ${again}`
              )
            : Effect.void,
          progress.show(event)
        )
      const mode = (yield* storage.exists) ? ("continue" as const) : ("new" as const)
      const other = mode === "new" ? yield* otherStorageIn(settings, folder) : undefined
      if (other !== undefined) {
        return yield* endWith(
          1,
          `${folder} holds a dataset that is stored as ${other}. Use --storage ${other}, or choose another folder (--out).`
        )
      }
      const report = yield* Import.report(
        {
          mode,
          existing: "refuse",
          isDryRun: settings.dryRun,
          aside: yield* aside,
          ...(settings.batchSize === undefined ? {} : { membersInABatch: settings.batchSize }),
          ...(settings.keep === undefined ? {} : { keep: settings.keep }),
          ...(settings.timestamp === undefined ? {} : { timestamp: settings.timestamp })
        },
        tell
      ).pipe(
        Effect.ensuring(progress.end),
        Effect.onInterrupt(() =>
          Effect.flatMap(Ref.get(committed), (words) => screen.err(`\nInterrupted. ${words}\n`))
        ),
        Effect.catchTag("StorageError", (error) =>
          Effect.flatMap(Ref.get(committed), (words) => endWithError(error, { command: "import", flags }, words))
        )
      )
      const site = (settings.baseUrl ?? LetterboxdSource.liveSite).replace(/\/+$/u, "")
      const addressOf = (username: Username, page: number) => filmsUrl(site, username, "films", page)
      const pages = settings.dryRun
        ? Option.none()
        : yield* writeMissingPages(folder, yield* allMissingPages(report.missingPages), addressOf)
      const words = `${resultOfImport(report, storage.place, addressOf, {
        aside: path.join(folder, asideFileName),
        ...(Option.isSome(pages) ? { pages: pages.value } : {})
      })}\n`
      yield* settings.json ? screen.err(words) : screen.out(words)
      const code = codeOf(report, path.join(folder, asideFileName))
      if (code !== 0) return yield* new CommandEnded({ code })
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(source, storageLayer)), Effect.provide(NodeProcessTable.layer))
  }).pipe(
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      ImportError: (error) => endWith(1, printable(error.message)),
      StorageError: (error) =>
        Effect.flatMap(sameAgain(paths, flags), (again) =>
          endWithError(error, { command: "import", flags }, `Try again with: ${again}`)
        )
    })
  )
