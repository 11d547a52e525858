/**
 * The import source for files of Letterboxd: official exports and whatever other kinds there are.
 *
 * @since 0.1.0
 * @module
 */
import type { FileSystem, Path } from "@effect/platform"
import { ImportError, ImportItem, ImportSource, type Keep, type Username } from "@letterboxd-ratings/core"
import { type Context, Effect, Layer, Stream } from "effect"
import { followedByAside } from "./aside/AsideInput.ts"
import { officialExport } from "./export/OfficialExport.ts"
import type { ImportOptions, InputKind } from "./InputKind.ts"
import { feed } from "./feed/FeedInput.ts"
import { savedPages } from "./saved/SavedPages.ts"
import { tables } from "./tables/Tables.ts"
import { findInputs, type SearchedFolder } from "./Inputs.ts"

/**
 * The kinds of inputs, in the order in which inputs are read. The first one that recognises an input takes it.
 *
 * @since 0.1.0
 * @category models
 */
export const inputKinds: ReadonlyArray<InputKind> = [officialExport, savedPages, ...tables, feed]

/**
 * The files and folders to import. `as` is the member that inputs without a name belong to. `format` is the name of a kind that all of them are of, whatever they look like.
 * `datasetFolder` is the folder of the dataset, in which earlier imports kept ratings whose films had no known number.
 *
 * @since 0.1.0
 * @category models
 */
export interface LetterboxdImportOptions extends Omit<ImportOptions, "as"> {
  readonly as?: Username
  readonly paths: ReadonlyArray<string>
  readonly format?: string
  readonly datasetFolder?: string
}

const filesInWords = (count: number): string => (count === 1 ? "1 file" : `${count} files`)

/** What is told of a folder in which inputs were found: what was not taken. */
const notesOfFolder = ({ again, firstOther, hidden, others, path }: SearchedFolder): ReadonlyArray<ImportItem> =>
  [
    ...(hidden > 0 ? [`${filesInWords(hidden)} with a hidden name ignored.`] : []),
    ...(others > 0
      ? [
          `${filesInWords(others)} of no known kind ignored${firstOther === undefined ? "" : `, the first: ${firstOther}`}.`
        ]
      : []),
    ...(again > 0 ? [`${filesInWords(again)} reached a second time ignored.`] : [])
  ].map((note) => ImportItem.Note({ place: path, note }))

/**
 * An import source over files. The paths are looked at once, when it is made; the inputs are read by `items`, those of one
 * kind after those of the other, in the order of the paths. `keeps` are the facts that the kinds of the found inputs tell.
 * Fails with `InvalidOption` if no kind has the name `format`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { as, datasetFolder, format, paths, ...options }: LetterboxdImportOptions,
  kinds: ReadonlyArray<InputKind> = inputKinds
): Effect.Effect<Context.Tag.Service<ImportSource>, ImportError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    const forced = kinds.find(({ name }) => name === format)
    if (format !== undefined && forced === undefined)
      return yield* new ImportError({
        reason: "InvalidOption",
        place: format,
        detail: "no kind of input has this name",
        advice: `Use one of ${kinds.map(({ name }) => name).join(", ")}.`
      })
    const inputs = yield* findInputs(paths, kinds, forced === undefined ? {} : { forced })
    const keeps = new Set<Keep>()
    for (const [kind, candidates] of inputs.byKind)
      if (candidates.length > 0) for (const keep of kind.keeps) keeps.add(keep)
    return {
      name: "files",
      keeps: Array.from(keeps),
      items: (films) =>
        Stream.suspend(() => {
          let isNameUsed = false
          const given: ImportOptions =
            as === undefined
              ? options
              : {
                  ...options,
                  as: Effect.sync(() => {
                    isNameUsed = true
                    return as
                  })
                }
          const unusedName = Stream.suspend(() =>
            as === undefined || isNameUsed
              ? Stream.empty
              : Stream.make(
                  ImportItem.Note({
                    note: `No input used the name ${as}, which is for inputs that do not name their member.`
                  })
                )
          )
          const read = Stream.fromIterable(inputs.refused.map((error) => ImportItem.Refused({ error }))).pipe(
            Stream.concat(Stream.fromIterable(inputs.folders.flatMap(notesOfFolder))),
            Stream.concat(
              Stream.fromIterable(inputs.byKind).pipe(
                Stream.flatMap(([kind, candidates]) =>
                  candidates.length === 0 ? Stream.empty : kind.items(candidates, given, films)
                )
              )
            )
          )
          return followedByAside(read, datasetFolder, films).pipe(
            Stream.concat(unusedName),
            Stream.provideContext(context)
          )
        })
    }
  })

/**
 * Provides the import source over files.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: LetterboxdImportOptions
): Layer.Layer<ImportSource, ImportError, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(ImportSource, make(options))
