/**
 * What makes a folder one of this storage.
 */
import { FileSystem, Path } from "@effect/platform"
import { rowTables, type StorageError } from "@letterboxd-ratings/core"
import {
  type DatasetFolderKind,
  type FolderForm,
  manifestName,
  readManifest,
  removeFirstAttempt as removeFilesOfFirstAttempt,
  removeIfEmpty
} from "@letterboxd-ratings/storage-folder"
import { Effect, Struct } from "effect"
import {
  entriesOf,
  filmsName,
  membersName,
  type ParquetManifest,
  parquetManifestText,
  partNumber
} from "./ParquetManifest.ts"
import { about, failures, storageError, storageName } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/** The folders of parts. */
export const partFolders: ReadonlyArray<string> = Object.keys(rowTables)

export const parquetForm: FolderForm<ParquetManifest> = {
  storage: storageName,
  failures,
  ...parquetManifestText,
  entries: entriesOf,
  subfolders: partFolders,
  rowTables: (manifest) =>
    Struct.keys(rowTables).filter((table) => table === "ratings" || manifest[table] !== undefined),
  isOurs: (name) => name === membersName || name === filmsName || partNumber(name) !== undefined,
  mayName: (name, as) =>
    as === "entry"
      ? name === membersName || name === filmsName || partNumber(name) !== undefined
      : as === "removed" && partNumber(name) !== undefined
}

/** Whether a folder holds a dataset, or what is left of one whose manifest is lost. */
const holdsDataset = (folder: string): Effect.Effect<boolean, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const name of [manifestName, membersName, filmsName]) {
      const place = path.join(folder, name)
      if (yield* about(place)(fs.exists(place))) return true
    }
    for (const name of partFolders) {
      const parts = path.join(folder, name)
      if (!(yield* about(parts)(fs.exists(parts)))) continue
      const names = yield* about(parts)(fs.readDirectory(parts))
      if (names.some((part) => partNumber(`${name}/${part}`) !== undefined)) return true
    }
    return false
  })

export const parquetFolder: DatasetFolderKind = {
  failures,
  form: parquetForm,
  holdsDataset,
  isCommitted: (folder) => Effect.map(readManifest(parquetForm, folder), (manifest) => manifest !== undefined)
}

/** The manifest of a folder that must have one. */
export const manifestOf = (folder: string): Effect.Effect<ParquetManifest, StorageError, Files> =>
  Effect.gen(function* () {
    const manifest = yield* readManifest(parquetForm, folder)
    if (manifest !== undefined) return manifest
    const path = yield* Path.Path
    return yield* (yield* holdsDataset(folder))
      ? storageError(
          "Damaged",
          path.join(folder, manifestName),
          "the file is missing, and nothing else says what is committed. Nothing was written. Restore it from a copy"
        )
      : storageError("NothingThere", folder, "no dataset here", { remedy: { _tag: "StartNew" } })
  })

/** Removes what a process left that ended before it committed the first batch. */
export const removeFirstAttempt = (folder: string): Effect.Effect<void, StorageError, Files> =>
  Effect.flatMap(Path.Path, (path) =>
    Effect.zipRight(
      removeFilesOfFirstAttempt(parquetForm, folder),
      Effect.forEach(partFolders, (name) => removeIfEmpty(path.join(folder, name)), { discard: true })
    )
  )
