/**
 * From what PostgreSQL says to what a person can act on.
 */
import { SqlError } from "@effect/sql/SqlError"
import { type Remedy, StorageError, type StorageErrorReason } from "@letterboxd-ratings/core"
import type { UnreadableTables } from "@letterboxd-ratings/storage-sql"
import { Effect, Option, Schema } from "effect"

/** What this storage is called in reports and errors. */
export const storageName = "postgres"

/** An error of this storage about `place`, and what can be done about it. */
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

/** By the beginning of the error's code, as the manual's appendix A lists them, or of the connection's. */
const known: ReadonlyArray<readonly [code: string, StorageErrorReason, words: string, remedy?: Remedy]> = [
  ["53100", "Full", "the server's disk is full. Make room and go on; what was committed is safe"],
  ["55P03", "Locked", "in use by another process. Wait until it is done"],
  ["28", "NotPermitted", "the server refused the user or the password", { _tag: "CorrectAddress" }],
  ["42501", "NotPermitted", "the user may not do this. Give it the right to create a schema, or choose another user"],
  ["25006", "NotPermitted", "the server is read-only", { _tag: "CorrectAddress" }],
  ["3D000", "InvalidOption", "the database does not exist", { _tag: "CorrectAddress" }],
  ["ECONNREFUSED", "Failed", "the server cannot be reached", { _tag: "CorrectAddress" }],
  ["ENOTFOUND", "Failed", "the name of the server is unknown", { _tag: "CorrectAddress" }]
]

/** What a failure means for `place`. */
export const failureAbout =
  (place: string) =>
  (error: SqlError | StorageError | UnreadableTables): StorageError => {
    // By the tag: the error of somebody else's stream may be of another copy of core.
    if (error._tag === "StorageError") return error
    if (error._tag === "UnreadableTables") {
      return storageError("Damaged", place, `what is stored there is no dataset of this tool (${error.message})`)
    }
    const failure = Option.getOrUndefined(decodeFailure(error.cause))
    if (failure?.code === "42P07" || failure?.code === "42710") {
      return storageError(
        "AlreadyThere",
        place,
        `something in the schema was not made by this tool and has a name that the dataset needs (${failure.message}). What was committed is safe. Move it elsewhere, or choose another schema`
      )
    }
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
