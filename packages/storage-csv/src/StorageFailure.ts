/**
 * How this storage fails.
 */
import { failuresOf } from "@letterboxd-ratings/storage-folder"

/** What this storage is called in reports and errors. */
export const storageName = "csv"

export const failures = failuresOf(storageName)
export const { about, storageError } = failures
