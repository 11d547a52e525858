/**
 * What makes a folder one of this storage.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { type DatasetFolderKind, manifestName } from "@letterboxd-ratings/storage-folder"
import { Effect } from "effect"
import { readManifest } from "./CommittedFiles.ts"
import type { FileNames } from "./FileNames.ts"
import { about, failures } from "./StorageFailure.ts"

const filesOfDataset = (names: FileNames): ReadonlyArray<string> => [
  manifestName,
  names.rawRatings,
  names.translatedRatings,
  names.userMappings,
  names.filmMappings,
  names.userUpdates
]

/** Whether a folder holds a dataset, ours or one without a manifest. */
const holdsDataset = (folder: string, names: FileNames): Effect.Effect<boolean, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* about(folder)(fs.exists(folder)))) return false
    const path = yield* Path.Path
    // The original tool may have put its files into folders of their own.
    for (const subfolder of ["", "training", "mappings"]) {
      for (const name of filesOfDataset(names)) {
        const place = path.join(folder, subfolder, name)
        if (yield* about(place)(fs.exists(place))) return true
      }
    }
    return false
  })

/** Folders whose files have these names. */
export const csvFolder = (names: FileNames): DatasetFolderKind => ({
  failures,
  holdsDataset: (folder) => holdsDataset(folder, names),
  isCommitted: (folder) => Effect.map(readManifest(folder), (manifest) => manifest !== undefined)
})
