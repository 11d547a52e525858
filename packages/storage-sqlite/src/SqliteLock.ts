/**
 * A lock that SQLite holds: a transaction in a file.
 */
import { SqlError } from "@effect/sql/SqlError"
import { Effect, Option, Schema } from "effect"
import Database from "libsql"

const decodeCode = Schema.decodeUnknownOption(Schema.Struct({ code: Schema.String.pipe(Schema.startsWith("SQLITE_")) }))

/** The driver names a code in each failure but that of opening. */
const codeOf = (error: unknown): string =>
  Option.match(decodeCode(error), { onNone: () => "SQLITE_CANTOPEN", onSome: ({ code }) => code })

/**
 * Locks a file, which must be there, until what is returned has run; fails with `SQLITE_BUSY` where somebody else holds
 * it. The operating system ends the lock with its process. The driver lets go of a connection at once if no statement
 * was prepared on it, so none is.
 */
export const lockFile = (file: string): Effect.Effect<Effect.Effect<void>, SqlError> =>
  Effect.try({
    try: () => {
      const database = new Database(file)
      const close = Effect.sync(() => database.close())
      try {
        // Nothing is ever written, and no file is made beside for what could be.
        database.exec("pragma journal_mode = memory")
        database.exec("begin immediate")
        return close
      } catch (error) {
        database.close()
        throw error
      }
    },
    catch: (error) => {
      const message = error instanceof Error ? error.message : String(error)
      return new SqlError({ message, cause: { code: codeOf(error), message } })
    }
  })
