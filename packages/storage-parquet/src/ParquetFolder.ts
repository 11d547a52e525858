/**
 * The folder of a dataset: what is in it, and what a process that ended left in it.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import {
  type DatasetFolderKind,
  type FileEntry,
  filesBeside,
  findFiles,
  manifestName,
  readManifest as readManifestOf,
  removeFiles,
  removeIfEmpty,
  renameFiles,
  syncFolder
} from "@letterboxd-ratings/storage-folder"
import { Effect } from "effect"
import { decodeManifest, latestFormat, type Manifest } from "./Manifest.ts"
import { filmsName, membersName, partNumber, ratingsFolder } from "./ParquetFiles.ts"
import { about, failures, storageError, storageName } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/** The manifest of a folder; none where the folder has none. */
export const readManifest = (folder: string): Effect.Effect<Manifest | undefined, StorageError, Files> =>
  readManifestOf(failures, storageName, folder, decodeManifest, latestFormat)

/** The names of the parts in the folder of ratings, whole ones only. */
const partsIn = (folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const ratings = path.join(folder, ratingsFolder)
    if (!(yield* about(ratings)(fs.exists(ratings)))) return []
    return (yield* about(ratings)(fs.readDirectory(ratings))).filter((name) => partNumber(name) !== undefined)
  })

/** Whether a folder holds a dataset, or what is left of one whose manifest is lost. */
const holdsDataset = (folder: string): Effect.Effect<boolean, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const name of [manifestName, membersName, filmsName]) {
      const place = path.join(folder, name)
      if (yield* about(place)(fs.exists(place))) return true
    }
    return (yield* partsIn(folder)).length > 0
  })

export const parquetFolder: DatasetFolderKind = {
  failures,
  holdsDataset,
  isCommitted: (folder) => Effect.map(readManifest(folder), (manifest) => manifest !== undefined)
}

/** The manifest of a folder that must have one. */
export const manifestOf = (folder: string): Effect.Effect<Manifest, StorageError, Files> =>
  Effect.gen(function* () {
    const manifest = yield* readManifest(folder)
    if (manifest !== undefined) return manifest
    const path = yield* Path.Path
    return yield* (yield* holdsDataset(folder))
      ? storageError(
          "Damaged",
          path.join(folder, manifestName),
          "the file is missing, and nothing else says what is committed. Nothing was written. Restore it from a copy"
        )
      : storageError("NothingThere", folder, "there is no dataset. Start one with --mode new")
  })

/** The files a manifest vouches for. */
export const entriesOf = ({ films, members, parts }: Manifest): ReadonlyArray<FileEntry> => [members, films, ...parts]

/**
 * Finds the files a manifest names, each as long as it was when it was committed. What is returned finishes the commit
 * of a process that ended. Files are removed only where `wasLeft` says that one ended at work: else they are not ours.
 */
export const findCommitted = (folder: string, manifest: Manifest, wasLeft: boolean) =>
  Effect.map(
    Effect.filterOrElse(
      findFiles(failures, folder, entriesOf(manifest)),
      (found) => found.every(({ bytes, entry }) => bytes === entry.bytes),
      (found) => {
        const longer = found.find(({ bytes, entry }) => bytes > entry.bytes)
        return storageError(
          "Damaged",
          longer?.place ?? folder,
          `it holds ${longer?.bytes} bytes where ${longer?.entry.bytes} were committed. Nothing was written. Restore it from a copy`
        )
      }
    ),
    (found) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const renamings = found.flatMap(({ rename }) => (rename === undefined ? [] : [rename]))
        yield* renameFiles(failures, renamings)
        const removed: Array<string> = []
        for (const name of wasLeft ? manifest.removed : []) {
          const place = path.join(folder, name)
          if (yield* about(place)(fs.exists(place))) removed.push(place)
        }
        yield* removeFiles(failures, removed)
        for (const changed of new Set(
          [...renamings.map(({ to }) => to), ...removed].map((place) => path.dirname(place))
        ))
          yield* syncFolder(failures, changed)
        if (wasLeft) yield* removeLeftOver(folder, manifest.batches + 1)
      })
  )

const isOurs = (name: string): boolean => [manifestName, membersName, filmsName].includes(name)

/** What a batch that was not committed may have left beside; without a number, any batch. */
const leftBeside = (folder: string, batch?: number) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    return [
      ...(yield* filesBeside(failures, folder, batch, isOurs)),
      ...(yield* filesBeside(
        failures,
        path.join(folder, ratingsFolder),
        batch,
        (name) => partNumber(name) !== undefined
      ))
    ]
  })

const removeLeftOver = (folder: string, batch?: number): Effect.Effect<void, StorageError, Files> =>
  Effect.flatMap(leftBeside(folder, batch), (places) => removeFiles(failures, places))

/** Whether a commit on top of a manifest left something that the next opener has to deal with, as far as can be told. */
export const isUnfinished = (folder: string, { batches }: Manifest): Effect.Effect<boolean, never, Files> =>
  Effect.gen(function* () {
    if ((yield* leftBeside(folder, batches + 1)).length > 0) return true
    // Where the manifest is a new one already, old parts may be there still.
    return ((yield* readManifest(folder))?.batches ?? 0) !== batches
  }).pipe(Effect.orElseSucceed(() => true))

/** Removes what a process left that ended before it committed the first batch. */
export const removeFirstAttempt = (folder: string): Effect.Effect<void, StorageError, Files> =>
  Effect.flatMap(Path.Path, (path) =>
    Effect.zipRight(removeLeftOver(folder), removeIfEmpty(path.join(folder, ratingsFolder)))
  )

/**
 * Reads a dataset that nobody keeps from changing: where `read` finds something wrong and the dataset has changed
 * meanwhile, it reads again.
 */
export const readUnheld = <A, R>(
  folder: string,
  read: (manifest: Manifest) => Effect.Effect<A, StorageError, R>,
  isSound: (found: A) => boolean
): Effect.Effect<A, StorageError, R | Files> =>
  Effect.gen(function* () {
    const manifest = yield* manifestOf(folder)
    const found = yield* Effect.exit(read(manifest))
    if (found._tag === "Success" && isSound(found.value)) return found.value
    const after = yield* manifestOf(folder)
    if (after.batches !== manifest.batches || !sameTime(after, manifest))
      return yield* readUnheld(folder, read, isSound)
    return yield* found
  })

const sameTime = (one: Manifest, other: Manifest): boolean =>
  one.committedAt.epochMillis === other.committedAt.epochMillis
