/**
 * Where the original tool's files are, in each of its generations: since April 2025 their names begin with `latest_`,
 * before they did not; they stand in the folder itself, or in subfolders.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Struct } from "effect"
import { defaultFileNames, type FileNames, memberFilesFolder } from "./FileNames.ts"
import { about } from "./StorageFailure.ts"

/** The files that hold a dataset, by what they hold. */
export const originalFiles = ["rawRatings", "translatedRatings", "userMappings", "filmMappings", "userUpdates"] as const

export type OriginalFile = (typeof originalFiles)[number]

const subfolders = ["", "training", "mappings", memberFilesFolder]

const namesOf = (file: OriginalFile, names: FileNames): ReadonlyArray<string> => {
  const chosen = new Set(Object.values(Struct.omit(names, file)))
  const known = [defaultFileNames[file], defaultFileNames[file].replace(/^latest_/u, "")]
  // A name that was chosen for another file is that file's.
  return [...new Set([names[file], ...known.filter((name) => !chosen.has(name))])]
}

/** The places of all files of each kind, the most likely one first. */
export const findOriginalFiles = (
  folder: string,
  names: FileNames
): Effect.Effect<
  Readonly<Record<OriginalFile, ReadonlyArray<string>>>,
  StorageError,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const found: Record<OriginalFile, Array<string>> = {
      rawRatings: [],
      translatedRatings: [],
      userMappings: [],
      filmMappings: [],
      userUpdates: []
    }
    for (const file of originalFiles) {
      for (const name of namesOf(file, names)) {
        for (const subfolder of subfolders) {
          const place = path.join(folder, subfolder, name)
          if (yield* about(place)(fs.exists(place))) found[file].push(place)
        }
      }
    }
    return found
  })
