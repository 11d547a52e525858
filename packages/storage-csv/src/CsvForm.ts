/**
 * What makes a folder one of this storage.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { type DatasetFolderKind, type FolderForm, manifestName, readManifest } from "@letterboxd-ratings/storage-folder"
import { Effect, Struct } from "effect"
import { type CsvManifest, csvManifestText, filesOf, rowFiles } from "./CsvManifest.ts"
import {
  type FileNames,
  isBatchFile,
  isMemberFile,
  isTableFile,
  memberFilesFolder,
  memberRecordsName
} from "./FileNames.ts"
import { findOriginalFiles } from "./OriginalFiles.ts"
import { about, failures, storageError, storageName } from "./StorageFailure.ts"

/** How a dataset is kept whose files have these names. */
export const csvForm = ({ rawRatingsPrefix, ...names }: FileNames): FolderForm<CsvManifest> => {
  const chosen = new Set<string>([...Object.values(names), memberRecordsName])
  return {
    storage: storageName,
    failures,
    ...csvManifestText,
    entries: (manifest) => filesOf(manifest).map(([, entry]) => entry),
    subfolders: [memberFilesFolder],
    rowTables: ({ files }) => Struct.keys(rowFiles).filter((table) => files[rowFiles[table]] !== undefined),
    isOurs: (name) => chosen.has(name) || isBatchFile(name, rawRatingsPrefix) || isMemberFile(name),
    // Other names may have been chosen when the dataset was made.
    mayName: (name, as) =>
      as === "entry" ? isTableFile(name) : as === "copy" && (isBatchFile(name) || isMemberFile(name))
  }
}

/** Whether a folder holds a dataset, ours or one without a manifest. */
const holdsDataset = (
  folder: string,
  names: FileNames
): Effect.Effect<boolean, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* about(folder)(fs.exists(folder)))) return false
    const path = yield* Path.Path
    const manifest = path.join(folder, manifestName)
    if (yield* about(manifest)(fs.exists(manifest))) return true
    return Object.values(yield* findOriginalFiles(folder, names)).some((places) => places.length > 0)
  })

/** Folders whose files have these names. */
export const csvFolder = (names: FileNames): DatasetFolderKind => ({
  failures,
  form: csvForm(names),
  holdsDataset: (folder) => holdsDataset(folder, names),
  isCommitted: (folder) => Effect.map(readManifest(csvForm(names), folder), (manifest) => manifest !== undefined)
})

/** Fails with `InvalidOption` where a dataset's files have other names than those that were chosen. */
export const checkNames = (
  folder: string,
  names: FileNames,
  manifest: CsvManifest
): Effect.Effect<void, StorageError> => {
  for (const [file, { name }] of filesOf(manifest)) {
    const chosen = file === "memberRecords" ? memberRecordsName : names[file]
    if (name !== chosen) {
      return storageError(
        "InvalidOption",
        folder,
        file === "memberRecords"
          ? `its manifest calls ${memberRecordsName} by another name. Restore manifest.json from a copy`
          : `files.${file} is ${chosen}, but in this dataset the file is called ${name}. Use that name`
      )
    }
  }
  return Effect.void
}
