/**
 * From what PostgreSQL says to what a person can act on.
 */
import { SqlError } from "@effect/sql/SqlError"
import { type Remedy, StorageError, type StorageErrorReason } from "@letterboxd-ratings/core"
import { UnreadableTables } from "@letterboxd-ratings/storage-sql"
import { Effect, Option, Schema } from "effect"

/** What this storage is called in reports and errors. */
export const storageName = "postgres"

/** An error of this storage about `place`: what happened, and what can be done about it. */
export const storageError = (
  reason: StorageErrorReason,
  place: string,
  detail: string,
  remedy?: Remedy
): StorageError =>
  new StorageError({ reason, storage: storageName, place, detail, ...(remedy === undefined ? {} : { remedy }) })

const decodeFailure = Schema.decodeUnknownOption(
  Schema.Struct({
    code: Schema.optionalWith(Schema.String, { exact: true }),
    message: Schema.String
  })
)

/** What can be done where the server cannot be reached. */
const correctAddress: Remedy = { _tag: "CorrectAddress" }

/** By the beginning of the error's code, as the manual's appendix A lists them, or of the connection's. */
const known: ReadonlyArray<readonly [code: string, StorageErrorReason, words: string, remedy?: Remedy]> = [
  ["53100", "Full", "the server's disk is full. Make room and go on; what was committed is safe"],
  ["55P03", "Locked", "another process is at work on it. Wait until it is done"],
  ["28", "NotPermitted", "the server refuses the user", correctAddress],
  ["42501", "NotPermitted", "the user may not do this. Give it the rights to create a schema, or choose another user"],
  ["25006", "NotPermitted", "the server is read-only. Choose another one"],
  ["3D000", "InvalidOption", "there is no such database", correctAddress],
  ["ECONNREFUSED", "Failed", "the server cannot be reached", correctAddress],
  ["ENOTFOUND", "Failed", "the server's name is not known", correctAddress]
]

/** What a failure means for `place`. */
export const failureAbout =
  (place: string) =>
  (error: SqlError | StorageError | UnreadableTables): StorageError => {
    if (error instanceof StorageError) return error
    if (error instanceof UnreadableTables) {
      return storageError("Damaged", place, `what is stored there is no dataset of this tool (${error.message})`)
    }
    const failure = Option.getOrUndefined(decodeFailure(error.cause))
    const [, reason, words, remedy] = known.find(([code]) => failure?.code?.startsWith(code)) ?? [
      "",
      "Failed" as const,
      `PostgreSQL failed (${failure?.message ?? error.message}). What was committed is safe`
    ]
    // The cause stays out: it may know the address with its password.
    return storageError(reason, place, words, remedy)
  }

/**
 * Names `place` in the failure of statements. A commit that fails counts as a defect with @effect/sql; here it is a
 * failure like others: the transaction was not kept.
 */
export const about =
  (place: string) =>
  <A, R>(effect: Effect.Effect<A, SqlError | StorageError | UnreadableTables, R>): Effect.Effect<A, StorageError, R> =>
    Effect.catchSomeDefect(effect, (defect) =>
      defect instanceof SqlError ? Option.some(Effect.fail(defect)) : Option.none()
    ).pipe(Effect.mapError(failureAbout(place)))
