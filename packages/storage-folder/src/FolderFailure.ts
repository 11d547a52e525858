/**
 * From what a file system says to what a person can act on.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import { type Remedy, StorageError, type StorageErrorReason } from "@letterboxd-ratings/core"
import { Effect, Option, Schema } from "effect"

const decodeCode = Schema.decodeUnknownOption(Schema.Struct({ code: Schema.String }))

/** What is said of something that has a name this tool wants to give. */
export const inTheWay = "this name is taken by something that this tool did not create. Move it elsewhere"

/** What a failure holds besides the words: what can be done about it, and what caused it. */
export interface MoreOfFailure {
  readonly cause?: unknown
  readonly remedy?: Remedy
}

const choosePlace: Remedy = { _tag: "ChoosePlace" }

const known: Readonly<Record<string, readonly [StorageErrorReason, string, Remedy?]>> = {
  ENOSPC: ["Full", "the disk is full. What was committed is safe"],
  EDQUOT: ["Full", "the disk quota is used up. What was committed is safe"],
  EACCES: ["NotPermitted", "permission was denied. Correct the rights of the file or folder", choosePlace],
  EPERM: ["NotPermitted", "the operation is not permitted. Correct the rights of the file or folder", choosePlace],
  EEXIST: ["AlreadyThere", inTheWay],
  EROFS: ["NotPermitted", "the file system is read-only", choosePlace],
  ENOTDIR: ["InvalidOption", "a part of the path is a file, not a folder", choosePlace],
  ENAMETOOLONG: ["InvalidOption", "the path is too long", choosePlace],
  ELOOP: ["InvalidOption", "a symbolic link leads back to itself", choosePlace]
}

/**
 * The failures of a storage: `storageError` makes one about a place, `codedError` one of what the system said (`ENOSPC`
 * ...), if it is known, `storageFailure` one of a failed call of the file system, and `about` names the place in
 * whatever call fails.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderFailures {
  readonly storageError: (
    reason: StorageErrorReason,
    place: string,
    detail: string,
    more?: MoreOfFailure
  ) => StorageError
  readonly codedError: (place: string, code: string, cause?: unknown) => StorageError | undefined
  readonly storageFailure: (place: string, error: PlatformError) => StorageError
  readonly about: (
    place: string
  ) => <A, R>(effect: Effect.Effect<A, PlatformError, R>) => Effect.Effect<A, StorageError, R>
}

/**
 * The failures of the storage called `storage`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failuresOf = (storage: string): FolderFailures => {
  const storageError: FolderFailures["storageError"] = (reason, place, detail, { cause, remedy } = {}) =>
    new StorageError({
      reason,
      storage,
      place,
      detail,
      ...(remedy === undefined ? {} : { remedy }),
      ...(cause === undefined ? {} : { cause })
    })
  const codedError: FolderFailures["codedError"] = (place, code, cause) => {
    const [reason, words, remedy] = known[code] ?? []
    return reason === undefined || words === undefined
      ? undefined
      : storageError(reason, place, words, { cause, ...(remedy === undefined ? {} : { remedy }) })
  }
  const storageFailure: FolderFailures["storageFailure"] = (place, error) => {
    const code = Option.getOrUndefined(decodeCode(error.cause))?.code
    return (
      (code === undefined ? undefined : codedError(place, code, error)) ??
      (error._tag === "SystemError" && error.reason === "PermissionDenied"
        ? codedError(place, "EACCES", error)
        : undefined) ??
      storageError(
        "Failed",
        place,
        `reading or writing failed (${code ?? error.message}). What was committed is safe`,
        { cause: error }
      )
    )
  }
  return {
    storageError,
    codedError,
    storageFailure,
    about: (place) => Effect.mapError((error) => storageFailure(place, error))
  }
}
