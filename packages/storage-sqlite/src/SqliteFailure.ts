/**
 * From what SQLite says to what a person can act on.
 */
import { SqlError } from "@effect/sql/SqlError"
import { StorageError, type StorageErrorReason } from "@letterboxd-ratings/core"
import { Effect, Option, Schema } from "effect"

/** What this storage is called in reports and errors. */
export const storageName = "sqlite"

/** An error of this storage about `place`. */
export const storageError = (reason: StorageErrorReason, place: string, detail: string, cause?: unknown): StorageError =>
  new StorageError({ reason, storage: storageName, place, detail, ...(cause === undefined ? {} : { cause }) })

const decodeFailure = Schema.decodeUnknownOption(Schema.Struct({ code: Schema.String, message: Schema.String }))

const known: ReadonlyArray<readonly [code: string, StorageErrorReason, words: string]> = [
  ["SQLITE_BUSY", "Locked", "another process is at work on it. Wait until it is done"],
  ["SQLITE_LOCKED", "Locked", "another process is at work on it. Wait until it is done"],
  ["SQLITE_FULL", "Full", "the disk is full. Make room and go on; what was committed is safe"],
  ["SQLITE_READONLY", "NotPermitted", "it may not be written. Correct the rights of the file and its folder, or choose another folder"],
  ["SQLITE_CANTOPEN", "NotPermitted", "it cannot be opened. Correct the rights of the file and its folder, or choose another folder"],
  ["SQLITE_PERM", "NotPermitted", "permission was denied. Correct the rights of the file and its folder, or choose another folder"],
  ["SQLITE_NOTADB", "Damaged", "the file is not an SQLite database"],
  ["SQLITE_CORRUPT", "Damaged", "the file is damaged"]
]

/**
 * Names `place` in the failure of a statement. A commit that fails counts as a defect with @effect/sql; here it is a
 * failure like others: the transaction was not kept.
 */
export const about = (place: string) => <A, R>(effect: Effect.Effect<A, SqlError | StorageError, R>): Effect.Effect<A, StorageError, R> =>
  Effect.catchSomeDefect(effect, (defect) => defect instanceof SqlError ? Option.some(Effect.fail(defect)) : Option.none()).pipe(Effect.mapError((error) => {
    if (error instanceof StorageError) return error
    const failure = Option.getOrUndefined(decodeFailure(error.cause))
    const [, reason, words] = known.find(([code]) => failure?.code.startsWith(code)) ??
      ["", "Failed" as const, `SQLite failed (${failure?.message ?? error.message}). What was committed is safe`]
    return storageError(reason, place, words, error)
  }))
