/**
 * What makes a folder one of this storage.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { type DatasetFolderKind, manifestName } from "@letterboxd-ratings/storage-folder"
import { Effect } from "effect"
import { readManifest } from "./CommittedFiles.ts"
import type { FileNames } from "./FileNames.ts"
import { findOriginalFiles } from "./OriginalFiles.ts"
import { about, failures } from "./StorageFailure.ts"

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
  isCommitted: (folder) => Effect.map(readManifest(folder), (manifest) => manifest !== undefined)
})
