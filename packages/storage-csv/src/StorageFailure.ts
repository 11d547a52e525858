/**
 * From what a file system says to what a person can act on.
 */
import type { PlatformError } from "@effect/platform/Error"
import { StorageError, type StorageErrorReason } from "@letterboxd-ratings/core"
import { Effect, Option, Schema } from "effect"

/** What this storage is called in reports and errors. */
export const storageName = "csv"

/** An error of this storage about `place`. */
export const storageError = (reason: StorageErrorReason, place: string, detail: string, cause?: unknown): StorageError =>
  new StorageError({ reason, storage: storageName, place, detail, ...(cause === undefined ? {} : { cause }) })

const decodeCode = Schema.decodeUnknownOption(Schema.Struct({ code: Schema.String }))

const known: Readonly<Record<string, readonly [StorageErrorReason, string]>> = {
  ENOSPC: ["Full", "the disk is full. Make room and go on; what was committed is safe"],
  EDQUOT: ["Full", "the disk quota is used up. Make room and go on; what was committed is safe"],
  EACCES: ["NotPermitted", "permission was denied. Correct the rights of the file or folder, or choose another folder"],
  EPERM: ["NotPermitted", "the operation is not permitted. Correct the rights of the file or folder, or choose another folder"],
  EROFS: ["NotPermitted", "the file system is read-only. Choose another folder"],
  ENOTDIR: ["InvalidOption", "a part of the path is a file, not a folder. Choose another folder"],
  ENAMETOOLONG: ["InvalidOption", "the path is too long. Choose another folder"],
  ELOOP: ["InvalidOption", "a symbolic link leads back to itself. Choose another folder"]
}

/**
 * The storage error for a failed call on `place`.
 */
export const storageFailure = (place: string, error: PlatformError): StorageError => {
  const code = Option.getOrUndefined(decodeCode(error.cause))?.code
  const [reason, words] = (code === undefined ? undefined : known[code]) ??
    (error._tag === "SystemError" && error.reason === "PermissionDenied" ? known["EACCES"] : undefined) ??
    ["Failed", `reading or writing failed (${code ?? error.message}). What was committed is safe`]
  return storageError(reason, place, words, error)
}

/** Names `place` in the failure of a file-system call. */
export const about = (place: string) => <A, R>(effect: Effect.Effect<A, PlatformError, R>): Effect.Effect<A, StorageError, R> =>
  Effect.mapError(effect, (error) => storageFailure(place, error))
