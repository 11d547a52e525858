/**
 * How this storage fails.
 */
import type { StorageError } from "@letterboxd-ratings/core"
import { failuresOf } from "@letterboxd-ratings/storage-folder"

/** What this storage is called in reports and errors. */
export const storageName = "parquet"

export const failures = failuresOf(storageName)
export const { about, storageError } = failures

/** DuckDB gives no codes, only the system's words behind its own. */
const words: ReadonlyArray<readonly [said: string, code: string]> = [
  ["No space left on device", "ENOSPC"],
  ["Disk quota exceeded", "EDQUOT"],
  ["Permission denied", "EACCES"],
  ["Operation not permitted", "EPERM"],
  ["Read-only file system", "EROFS"],
  ["Not a directory", "ENOTDIR"],
  ["File name too long", "ENAMETOOLONG"]
]

const firstLine = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? ""

/** The failure of a statement about `place`, if the file system or the memory is to blame. */
const outsideFailure = (place: string, cause: unknown): StorageError | undefined => {
  const line = firstLine(cause)
  const code = words.find(([said]) => line.includes(said))?.[1]
  if (code !== undefined) return failures.codedError(place, code, cause)
  return line.startsWith("Out of Memory")
    ? storageError("Failed", place, `there is too little memory (${line}). What was committed is safe`, { cause })
    : undefined
}

/** What went wrong while `place` was written. */
export const writingFailed =
  (place: string) =>
  (cause: unknown): StorageError =>
    outsideFailure(place, cause) ??
    storageError("Failed", place, `it could not be written (${firstLine(cause)}). What was committed is safe`, {
      cause
    })

/** What went wrong while `place` was read: its bytes are what a manifest vouched for, so it is the content that is wrong. */
export const readingFailed =
  (place: string) =>
  (cause: unknown): StorageError =>
    outsideFailure(place, cause) ??
    storageError(
      "Damaged",
      place,
      `it cannot be read as Parquet (${firstLine(cause)}). Nothing was written. Restore it from a copy`,
      { cause }
    )
