/**
 * A connection to an SQLite file that is closed when its scope is.
 */
// Threads have no origin.
/* oxlint-disable unicorn/require-post-message-target-origin */
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import { Effect, Schema, type Scope, Stream } from "effect"
import { pathToFileURL } from "node:url"
import { Worker } from "node:worker_threads"

/** Statements, as `@effect/sql` writes them. */
export type Sql = Statement.Constructor

const Answer = Schema.Union(
  Schema.Struct({ failure: Schema.Struct({ code: Schema.String, message: Schema.String }) }),
  Schema.Struct({ rows: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })) })
)
const isAnswer = Schema.is(Answer)
type Rows = Extract<typeof Answer.Type, { readonly rows: unknown }>["rows"]
type Resume = (effect: Effect.Effect<Rows, SqlError>) => void

/** From here it is found from `src` and from `dist`. */
const program = new URL("../src/connection.worker.mjs", import.meta.url)

const failure = (code: string, message: string) => new SqlError({ message, cause: { code, message } })

/** A thread, and how to ask it: answers come in the order of the questions. */
const startThread = (file: string) => {
  // What the command line of this process loads is not for the thread.
  const thread = new Worker(program, { workerData: file, execArgv: [] })
  const waiting: Array<Resume> = []
  let isRunning = true
  // The thread speaks first: it says whether the file is open.
  const opened = new Promise<Effect.Effect<Rows, SqlError>>((resolve) => waiting.push(resolve))
  thread.on("message", (answer: unknown) => {
    waiting.shift()?.(
      !isAnswer(answer)
        ? Effect.fail(failure("", "the thread of the connection gave an answer that is none"))
        : "failure" in answer
          ? Effect.fail(failure(answer.failure.code, answer.failure.message))
          : Effect.succeed(answer.rows)
    )
  })
  const end = (message: string) => {
    isRunning = false
    for (const resume of waiting.splice(0)) resume(Effect.fail(failure("", message)))
  }
  // A thread that fails also exits.
  thread.on("error", (error) => end(`the thread of the connection failed (${error.message})`))
  const ended = new Promise<void>((resolve) => {
    thread.on("exit", () => {
      end("the connection is closed")
      resolve()
    })
  })
  return {
    opened: Effect.flatten(Effect.promise(() => opened)),
    ask: (sql: string, parameters: ReadonlyArray<unknown>): Effect.Effect<Rows, SqlError> =>
      Effect.async((resume) => {
        if (!isRunning) return resume(Effect.fail(failure("", "the connection is closed")))
        waiting.push(resume)
        thread.postMessage([sql, parameters])
      }),
    close: Effect.promise(() => {
      if (isRunning) thread.postMessage(null)
      return ended
    })
  }
}

const compiler = Statement.makeCompilerSqlite()

/**
 * Opens a file that cannot be written, and beside which no file can be made. SQLite takes it for one that does not change,
 * so whoever reads must check that, and must not leave out a log beside it, which is not looked at.
 */
export const openUnchanging = (file: string): Effect.Effect<Sql, SqlError, Scope.Scope> =>
  openSqlite(`${pathToFileURL(file).href}?immutable=1`)

/**
 * Opens exactly this file, whatever its name looks like; makes it where it is not there. The connection is gone, with
 * its locks and the files beside, when the scope is closed.
 */
export const openSqlite = (file: string): Effect.Effect<Sql, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const { ask, opened } = yield* Effect.acquireRelease(
      Effect.sync(() => startThread(file)),
      (thread) => thread.close
    )
    yield* opened
    const execute: Connection["execute"] = (sql, parameters) => ask(sql, parameters)
    const connection: Connection = {
      execute,
      executeRaw: ask,
      executeUnprepared: execute,
      executeValues: (sql, parameters) =>
        Effect.map(ask(sql, parameters), (rows) => rows.map((row) => Object.values(row))),
      executeStream: (sql, parameters) => Stream.fromIterableEffect(ask(sql, parameters))
    }
    return Statement.make(Effect.succeed(connection), compiler, [["db.system.name", "sqlite"]], undefined)
  })
