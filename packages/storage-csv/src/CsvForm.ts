/**
 * What makes a folder one of this storage.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { type DatasetFolderKind, type FolderForm, manifestName, readManifest } from "@letterboxd-ratings/storage-folder"
import { Effect } from "effect"
import { type CsvManifest, decodeManifest, encodeManifest, filesOf } from "./CsvManifest.ts"
import { type FileNames, memberFilePattern, memberFilesFolder, memberRecordsName } from "./FileNames.ts"
import { findOriginalFiles } from "./OriginalFiles.ts"
import { about, failures, storageName } from "./StorageFailure.ts"

/** The names of the files of one batch, behind what they begin with. */
const batchFilePattern = /^_\d{8}-\d{6}(?:-\d+)?\.csv$/u

/** How a dataset is kept whose files have these names. */
export const csvForm = ({ rawRatingsPrefix, ...names }: FileNames): FolderForm<CsvManifest> => {
  const chosen = new Set<string>([...Object.values(names), memberRecordsName])
  return {
    storage: storageName,
    failures,
    decode: decodeManifest,
    encode: encodeManifest,
    entries: (manifest) => filesOf(manifest).map(([, entry]) => entry),
    subfolders: [memberFilesFolder],
    isOurs: (name) =>
      chosen.has(name) ||
      (name.startsWith(rawRatingsPrefix) && batchFilePattern.test(name.slice(rawRatingsPrefix.length))) ||
      (name.startsWith(`${memberFilesFolder}/`) && memberFilePattern.test(name.slice(memberFilesFolder.length + 1)))
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
  holdsDataset: (folder) => holdsDataset(folder, names),
  isCommitted: (folder) => Effect.map(readManifest(csvForm(names), folder), (manifest) => manifest !== undefined)
})
