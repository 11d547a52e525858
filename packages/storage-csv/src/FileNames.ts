/**
 * What the files of a dataset are called.
 *
 * @since 0.1.0
 */
import type { StorageError } from "@letterboxd-ratings/core"
import { lockName, manifestName } from "@letterboxd-ratings/storage-folder"
import { Effect } from "effect"
import { storageError } from "./StorageFailure.ts"

/**
 * The names of the files a person may choose, each within the dataset's folder. `watchedFilms` and `changes` are there
 * in datasets that keep them. `rawRatingsPrefix` begins the names of the files that `versioned` adds.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileNames {
  readonly rawRatings: string
  readonly translatedRatings: string
  readonly userMappings: string
  readonly filmMappings: string
  readonly userUpdates: string
  readonly watchedFilms: string
  readonly changes: string
  readonly readings: string
  readonly rawRatingsPrefix: string
}

/**
 * The names the original tool gave its files, and those of the files it did not have.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultFileNames: FileNames = {
  rawRatings: "latest_raw_user_ratings.csv",
  translatedRatings: "latest_translated_user_ratings.csv",
  userMappings: "latest_user_mappings.csv",
  filmMappings: "latest_film_mappings.csv",
  userUpdates: "latest_user_updates.csv",
  watchedFilms: "latest_watched_films.csv",
  changes: "changes.csv",
  readings: "readings.csv",
  rawRatingsPrefix: "raw_user_ratings"
}

/** A name that is ours and cannot be chosen. */
export const memberRecordsName = "members.jsonl"

/** The folder of the files that hold one member each. */
export const memberFilesFolder = "users"

/** The names of the files of one member. */
export const memberFilePattern = /^user_([a-z0-9_]{2,15})_(raw|translated)\.csv$/u

/** Whether a name can be one of a file in a folder. */
const isFileName = (name: string): boolean =>
  name.trim() !== "" && name !== "." && name !== ".." && !/[/\\\0]/u.test(name)

/** Such names are given to files that come and go. */
const isPassing = (name: string): boolean => /^\.|\.next-\d+$|^original-/iu.test(name)

/** The names of the files of one batch, behind what they begin with. */
const batchFilePattern = /_\d{8}-\d{6}(?:-\d+)?\.csv$/u

/** Whether a name, from the folder on, is that of a file of one member. */
export const isMemberFile = (name: string): boolean =>
  name.startsWith(`${memberFilesFolder}/`) && memberFilePattern.test(name.slice(memberFilesFolder.length + 1))

/** Whether a name is that of the file of one batch, of any prefix or of one. */
export const isBatchFile = (name: string, prefix?: string): boolean => {
  const at = batchFilePattern.exec(name)?.index
  return at !== undefined && (prefix === undefined ? isTableFile(name) : name.slice(0, at) === prefix)
}

/** Whether a name can be one that was chosen for a file of a dataset, or its own of one. */
export const isTableFile = (name: string): boolean =>
  isFileName(name) &&
  !isPassing(name) &&
  !reserved.some((one) => one === name.toLowerCase() && one !== memberRecordsName)

const reserved: ReadonlyArray<string> = [
  manifestName,
  memberRecordsName,
  lockName,
  memberFilesFolder,
  "diagnostics",
  "data_card.md"
]

/**
 * Checks chosen names: two that are equal, or one that leaves the folder, would let a file overwrite another.
 */
export const checkFileNames = (folder: string, names: FileNames): Effect.Effect<FileNames, StorageError> => {
  const taken = new Map<string, string>(reserved.map((name) => [name, "a file or folder of this tool"]))
  for (const [option, name] of Object.entries(names)) {
    const wrong = (detail: string) =>
      Effect.fail(storageError("InvalidOption", folder, `files.${option} is "${name}", ${detail}`))
    if (!isFileName(name)) return wrong("which is not a name of a file in this folder")
    if (isPassing(name)) return wrong("which is what this tool calls files of its own that come and go")
    const other = taken.get(name.toLowerCase())
    if (other !== undefined) return wrong(`which is the name of ${other} too`)
    taken.set(name.toLowerCase(), `files.${option}`)
  }
  return Effect.succeed(names)
}
