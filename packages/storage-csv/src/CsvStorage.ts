/**
 * A dataset as CSV files that people and other programs read as they are.
 *
 * @since 0.1.0
 * @module
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type DatasetChanges,
  type DatasetState,
  type DatasetSummary,
  emptyDatasetState,
  openedDataset,
  rowsOfBlocks,
  type OpenDataset,
  ProcessTable,
  RatingsStorage,
  type StorageError
} from "@letterboxd-ratings/core"
import {
  commitsOf,
  type DatasetFolder,
  type FileCopy,
  type FolderForm,
  folderToRead,
  freeName,
  keepsIn,
  lastCommit,
  openFolder,
  readEntry,
  readManifest,
  readUnheld,
  recoverFolder,
  removeFirstAttempt,
  rowsOfFolder,
  stamp
} from "@letterboxd-ratings/storage-folder"
import { Context, DateTime, Effect, Layer, Stream } from "effect"
import { adopt } from "./Adoption.ts"
import { csvTable } from "./CsvCells.ts"
import { bytesOnCommit, bytesOnOpening, checkCommittedForm } from "./CommittedForm.ts"
import { partsOf, rowNames, withHeader, writeChanges } from "./CsvChanges.ts"
import { checkNames, csvFolder, csvForm } from "./CsvForm.ts"
import { type CsvManifest, emptyManifest, filesOf } from "./CsvManifest.ts"
import { verifyFolder } from "./CsvVerification.ts"
import { checkFileNames, defaultFileNames, type FileNames } from "./FileNames.ts"
import { filmLabel, type FilmLabel, mappingReaders } from "./MappingFiles.ts"
import { changedMemberFiles, rebuildMemberFiles } from "./MemberFiles.ts"
import { committedRows, ratingBlocks, rowCounts } from "./RowFiles.ts"
import { failures, storageError, storageName } from "./StorageFailure.ts"
import { checkNotLost, nothingThere } from "./WhatIsThere.ts"

/**
 * - `folder`: where the files are. Made by the first run.
 * - `files`: names other than the default ones.
 * - `filmLabel`: what films are called in the mapping and the translated file: `Title (Year)`, or the slug, as the
 *   original tool wrote. It stays the same for the life of a dataset.
 * - `versioned`: whether each batch's raw rows are written into a file of their own too.
 * - `memberFiles`: whether each member of a batch gets two files of its own too, `users/user_<name>_raw.csv` and
 *   `users/user_<name>_translated.csv`.
 *
 * @since 0.1.0
 * @category models
 */
export interface CsvStorageOptions {
  readonly folder: string
  readonly files: Partial<FileNames>
  readonly filmLabel: FilmLabel
  readonly versioned: boolean
  readonly memberFiles: boolean
}

/**
 * The options without a folder, as they are where nothing is said.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults: Omit<CsvStorageOptions, "folder"> = {
  files: {},
  filmLabel: "title",
  versioned: false,
  memberFiles: false
}

type Services = FileSystem.FileSystem | Path.Path | ProcessTable

/**
 * A storage in a folder. A commit costs what the batch holds, unless it renames films or rewrites members, which
 * rewrites the ratings once; opening costs what the mappings hold.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: CsvStorageOptions): Effect.Effect<Context.Tag.Service<RatingsStorage>, never, Services> =>
  Effect.gen(function* () {
    // Only these: the context also holds this layer's own scope, and a dataset closes with its opener's.
    const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
    const chosen = checkFileNames(options.folder, { ...defaultFileNames, ...options.files })
    return {
      name: storageName,
      place: options.folder,
      inspect: Effect.flatMap(chosen, (names) => inspect(options, names)).pipe(Effect.provide(services)),
      verify: ({ repair }) =>
        Effect.flatMap(chosen, (names) => verifyFolder(options.folder, names, repair)).pipe(Effect.provide(services)),
      exists: Effect.gen(function* () {
        const kind = csvFolder(yield* chosen)
        return yield* kind.holdsDataset(yield* folderToRead(kind, options.folder))
      }).pipe(Effect.provide(services)),
      open: (mode) =>
        Effect.gen(function* () {
          const names = yield* chosen
          const folder = yield* openFolder(csvFolder(names), options.folder, mode).pipe(
            Effect.catchIf(
              ({ reason }) => reason === "NothingThere",
              () => nothingThere(options.folder, names)
            )
          )
          const opening = { options, names, form: csvForm(names), folder }
          if (mode._tag === "new") return yield* openEmpty(opening)
          return yield* folder.isHeld ? openExisting(opening) : openUnheld(opening)
        }).pipe(Effect.provide(services))
    }
  })

/**
 * A folder of CSV files as the storage of a program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: CsvStorageOptions): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(RatingsStorage, make(options))

/** A folder that is being opened. */
interface Opening {
  readonly options: CsvStorageOptions
  readonly names: FileNames
  readonly form: FolderForm<CsvManifest>
  readonly folder: DatasetFolder
  /** The files that the first batch may replace, because they are kept elsewhere. */
  readonly replaces?: ReadonlySet<string>
}

/** What the files of a folder tell, without its rows. */
interface Found {
  readonly manifest: CsvManifest
  readonly state: DatasetState
}

const nothing = ({ names, options }: Pick<Opening, "names" | "options">) =>
  Effect.map(DateTime.now, (committedAt) => emptyManifest(names, { filmLabel: options.filmLabel, committedAt }))

const openEmpty = (opening: Opening) =>
  Effect.gen(function* () {
    const { folder, form } = opening
    if (folder.wasLeft) yield* Effect.zipRight(removeFirstAttempt(form, folder.work()), folder.finished)
    return yield* openDataset(opening, { manifest: yield* nothing(opening), state: emptyDatasetState }, [])
  })

/** Looks at what is there, and changes nothing. What is left to do is done by `finish`. */
const lookAt = ({ folder, form, names, options }: Opening, manifest: CsvManifest) =>
  Effect.gen(function* () {
    const place = folder.work()
    yield* checkOptions(options, names, manifest)
    const { wasLeft } = folder
    const finish = yield* recoverFolder(form, place, manifest, {
      wasLeft,
      tails: wasLeft ? "set-aside" : "refuse"
    })
    yield* checkCommittedForm(place, manifest, bytesOnOpening)
    return { found: { manifest, state: yield* readState(place, manifest) }, finish }
  })

const manifestIn = ({ folder, names, options }: Opening) => {
  const place = folder.work()
  return { folder: place, failures, manifest: existingManifest(options, names, place) }
}

/** What is left to do stays so. */
const openUnheld = (opening: Opening) =>
  Effect.flatMap(
    readUnheld(manifestIn(opening), (manifest) => lookAt(opening, manifest)),
    ({ found }) => openDataset(opening, found, [])
  )

const openExisting = (opening: Opening) =>
  Effect.gen(function* () {
    const { folder, form, options } = opening
    const place = folder.work()
    const isForeign = (yield* readManifest(form, place)) === undefined
    if (isForeign && folder.wasLeft) yield* removeFirstAttempt(form, place)
    const notes = isForeign ? yield* adoptForeign(opening) : []
    const manifest = yield* manifestIn(opening).manifest
    const { finish, found } = yield* lookAt(opening, manifest)
    const recovered = yield* finish
    yield* folder.finished
    if (!isForeign) return yield* openDataset(opening, found, recovered)
    // The original tool's files of single members are as old as their last reading.
    const { films, users } = found.state
    const followed = yield* rebuildMemberFiles(
      form,
      place,
      manifest,
      users,
      rowNames(users, (id) => films.get(id), options.filmLabel),
      folder.unfinished
    )
    return yield* openDataset(opening, { ...found, manifest: followed.manifest }, [
      ...notes,
      ...recovered,
      ...followed.notes
    ])
  })

/** Takes over a dataset of the original tool. One of ours that lost its manifest is none: its member records tell more. */
const adoptForeign = (opening: Opening) =>
  Effect.gen(function* () {
    const { folder, form, names } = opening
    const place = folder.work()
    yield* checkNotLost(place)
    const { forget, notes, replaces, whole } = yield* adopt(place, names)
    const found = { manifest: yield* nothing(opening), state: emptyDatasetState }
    const dataset = yield* openDataset({ ...opening, replaces }, found, [])
    yield* dataset.load(whole).pipe(
      Effect.onError(() =>
        // What was kept of files that are still there is kept once too often.
        Effect.ignore(
          Effect.whenEffect(
            forget,
            Effect.map(readManifest(form, place), (now) => now === undefined)
          )
        )
      )
    )
    return notes
  })

const existingManifest = (options: CsvStorageOptions, names: FileNames, place: string) =>
  Effect.flatMap(readManifest(csvForm(names), place), (manifest) =>
    manifest === undefined ? nothingThere(options.folder, names) : Effect.succeed(manifest)
  )

/** What the files of a folder tell, without its rows. Changes nothing. */
const readState = (place: string, manifest: CsvManifest) =>
  Effect.gen(function* () {
    const keeps = keepsIn(manifest)
    const read = <F extends keyof typeof mappingReaders>(file: F) =>
      Effect.map(readEntry(failures, place, manifest.files[file]), ({ text, where }) => [where, text] as const)
    const state: DatasetState = {
      ...rowCounts(manifest),
      users: yield* mappingReaders.userMappings(keeps)(...(yield* read("userMappings"))),
      films: yield* mappingReaders.filmMappings(keeps)(...(yield* read("filmMappings"))),
      updates: yield* mappingReaders.userUpdates(keeps)(...(yield* read("userUpdates"))),
      members: yield* mappingReaders.memberRecords()(...(yield* read("memberRecords"))),
      keeps,
      batches: manifest.batches
    }
    return state
  })

/** Tells what is there without locking it: another process may be adding to it, and the manifest says up to where. */
const inspect = (options: CsvStorageOptions, names: FileNames): Effect.Effect<DatasetSummary, StorageError, Services> =>
  Effect.flatMap(folderToRead(csvFolder(names), options.folder), (folder) =>
    readUnheld({ folder, failures, manifest: existingManifest(options, names, folder) }, (manifest) =>
      Effect.map(
        Effect.zipRight(checkCommittedForm(folder, manifest, bytesOnOpening), readState(folder, manifest)),
        (state) => ({
          state,
          bytes: filesOf(manifest).reduce((sum, [, { bytes }]) => sum + bytes, 0),
          files: filesOf(manifest).map(([, { name }]) => `${folder}/${name}`),
          committedAt: manifest.committedAt,
          options: { filmLabel: manifest.filmLabel }
        })
      )
    )
  )

const checkOptions = (
  options: CsvStorageOptions,
  names: FileNames,
  manifest: CsvManifest
): Effect.Effect<void, StorageError> =>
  Effect.gen(function* () {
    if (manifest.filmLabel !== options.filmLabel) {
      return yield* storageError(
        "InvalidOption",
        options.folder,
        `this dataset calls films by ${manifest.filmLabel}, not by ${options.filmLabel}`,
        { remedy: { _tag: "UseOption", option: "filmLabel", value: manifest.filmLabel } }
      )
    }
    yield* checkNames(options.folder, names, manifest)
  })

const openDataset = (
  opening: Opening,
  opened: Found,
  notes: ReadonlyArray<string>
): Effect.Effect<OpenDataset, never, Services> =>
  Effect.gen(function* () {
    const { folder, form, names, options, replaces } = opening
    const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
    const { commit, manifest: now, notes: kept } = commitsOf(form, options.folder, folder, opened.manifest, replaces)
    const asOpened = rowsOfFolder(folder, manifestIn(opening), opened.manifest)
    /** Reads what is committed when a stream is run. */
    const reading = <A>(read: (place: string, manifest: CsvManifest) => Stream.Stream<A, StorageError, Services>) =>
      Stream.suspend(() => read(folder.work(), now())).pipe(asOpened, Stream.provideContext(services))
    const blocks = reading(ratingBlocks)
    return yield* openedDataset({
      storage: storageName,
      place: options.folder,
      state: opened.state,
      notes,
      ...lastCommit(opened.manifest),
      rows: {
        ratings: rowsOfBlocks(blocks),
        watched: reading((place, manifest) => committedRows(place, manifest, "watched")),
        changes: reading((place, manifest) => committedRows(place, manifest, "changes")),
        readings: reading((place, manifest) => committedRows(place, manifest, "readings")),
        ratingBlocks: blocks
      },
      write: (changes) =>
        commit(changes.after.batches, (files, manifest) =>
          Effect.gen(function* () {
            // Somebody may have saved a file while the dataset was open.
            yield* checkCommittedForm(folder.work(), manifest, bytesOnCommit)
            yield* Stream.runForEach(copiesOf(options, folder.work(), names, manifest, changes), files.copy)
            return yield* writeChanges(
              { folder: folder.work(), names, label: options.filmLabel },
              files,
              manifest,
              changes
            )
          })
        ).pipe(
          Effect.map((manifest) => ({ ...rowCounts(manifest), notes: kept() })),
          Effect.provide(services)
        )
    })
  })

/** Files that are written with a batch and never read back: its raw rows, and those of single members. A load has none. */
const copiesOf = (
  { filmLabel: label, memberFiles, versioned }: CsvStorageOptions,
  folder: string,
  names: FileNames,
  manifest: CsvManifest,
  changes: DatasetChanges
): Stream.Stream<FileCopy, StorageError, FileSystem.FileSystem | Path.Path> => {
  if (changes.isWhole) return Stream.empty
  const {
    after: { films, keeps, users },
    committedAt,
    films: { changed },
    members: { added, renamed },
    rows
  } = changes
  const before = new Map(changed.map((film) => [film.before.id, film.before]))
  const namesThen = new Map(renamed.map(({ after, before: then }) => [after, then]))
  const isAdded = new Set(added.map(({ userId }) => userId))
  const usersBefore =
    renamed.length === 0
      ? users
      : new Map(Array.from(users).flatMap(([name, id]) => (isAdded.has(id) ? [] : [[namesThen.get(name) ?? name, id]])))
  const batchFile = Effect.gen(function* () {
    const path = yield* Path.Path
    const place = yield* freeName(
      failures,
      path.join(folder, `${names.rawRatingsPrefix}_${stamp(committedAt)}`),
      ".csv"
    )
    const { header, write } = csvTable("ratings", keeps)
    return { name: path.basename(place), content: withHeader(header, partsOf(rows.ratings.added, write)) }
  })
  return Stream.concat(
    versioned ? Stream.fromEffect(batchFile) : Stream.empty,
    changedMemberFiles(folder, manifest, {
      asked: memberFiles,
      changes,
      names: rowNames(users, (id) => films.get(id), label),
      namesBefore: rowNames(usersBefore, (id) => before.get(id) ?? films.get(id), label),
      relabelled: new Set(
        changed
          .filter((film) => filmLabel(film.before, label) !== filmLabel(film.after, label))
          .map(({ after }) => after.id)
      )
    })
  )
}
