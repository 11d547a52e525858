/**
 * From what SQLite says to what a person can act on.
 */
import type { SqlError } from "@effect/sql/SqlError"
import { type Remedy, StorageError, type StorageErrorReason } from "@letterboxd-ratings/core"
import { failuresOf } from "@letterboxd-ratings/storage-folder"
import type { UnreadableTables } from "@letterboxd-ratings/storage-sql"
import { Effect, Option, Schema } from "effect"

/** What this storage is called in reports and errors. */
export const storageName = "sqlite"

/** How calls of the file system fail here. */
export const failures = failuresOf(storageName)

/** An error of this storage about `place`, and what can be done about it. */
export const storageError = (
  reason: StorageErrorReason,
  place: string,
  detail: string,
  { cause, remedy }: { readonly cause?: unknown; readonly remedy?: Remedy | undefined } = {}
): StorageError =>
  new StorageError({
    reason,
    storage: storageName,
    place,
    detail,
    ...(remedy === undefined ? {} : { remedy }),
    ...(cause === undefined ? {} : { cause })
  })

const decodeFailure = Schema.decodeUnknownOption(Schema.Struct({ code: Schema.String, message: Schema.String }))

const known: ReadonlyArray<readonly [code: string, StorageErrorReason, words: string, remedy?: Remedy]> = [
  ["SQLITE_BUSY", "Locked", "in use by another process. Wait until it is done"],
  ["SQLITE_LOCKED", "Locked", "in use by another process. Wait until it is done"],
  ["SQLITE_FULL", "Full", "the disk is full. Make room and go on; what was committed is safe"],
  // Where there is no room for the file that tells what is in the log.
  ["SQLITE_IOERR_SHMSIZE", "Full", "the disk is full. Make room and go on; what was committed is safe"],
  [
    "SQLITE_IOERR",
    "Failed",
    "the file cannot be read or written. See whether the disk is full or broken; what was committed is safe"
  ],
  [
    "SQLITE_READONLY",
    "NotPermitted",
    "it may not be written. Correct the rights of the file and its folder, or choose another folder"
  ],
  [
    "SQLITE_CANTOPEN",
    "NotPermitted",
    "it cannot be opened. Correct the rights of the file and its folder, or choose another folder"
  ],
  [
    "SQLITE_PERM",
    "NotPermitted",
    "permission was denied. Correct the rights of the file and its folder, or choose another folder"
  ],
  ["SQLITE_NOTADB", "Damaged", "the file is not an SQLite database", { _tag: "ChoosePlace" }],
  ["SQLITE_CORRUPT", "Damaged", "the file is damaged", { _tag: "Verify" }]
]

/** What a failure means for `place`. */
export const failureAbout =
  (place: string) =>
  (error: SqlError | StorageError | UnreadableTables): StorageError => {
    // By the tag: the error of somebody else's stream may be of another copy of core.
    if (error._tag === "StorageError") return error
    if (error._tag === "UnreadableTables") {
      return storageError("Damaged", place, `what is stored there is no dataset of this tool (${error.message})`, {
        cause: error
      })
    }
    const failure = Option.getOrUndefined(decodeFailure(error.cause))
    const [, reason, words, remedy] = known.find(([code]) => failure?.code.startsWith(code)) ?? [
      "",
      "Failed" as const,
      `SQLite failed (${failure?.message ?? error.message}). What was committed is safe`
    ]
    return storageError(reason, place, words, { cause: error, remedy })
  }

/** Names `place` in the failure of statements. */
export const about =
  (place: string) =>
  <A, R>(effect: Effect.Effect<A, SqlError | StorageError | UnreadableTables, R>): Effect.Effect<A, StorageError, R> =>
    Effect.mapError(effect, failureAbout(place))
