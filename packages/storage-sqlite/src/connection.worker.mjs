/**
 * A connection to an SQLite file, in a thread of its own. The driver lets go of a connection when the memory of its
 * last statement is freed, which is at some time or other; a thread that ends frees all its memory. So a connection is
 * closed when its thread has ended, and not before.
 *
 * Takes `[sql, parameters]`, answers each with `{ rows }` or `{ failure }`, in order; `null` ends it. The first answer
 * says whether the file could be opened and read.
 */
// Threads have no origin.
/* oxlint-disable unicorn/require-post-message-target-origin */
import Database from "libsql"
import { parentPort, workerData } from "node:worker_threads"

const maxStatements = 200

/** The driver names a code in each failure but that of opening. */
const failureOf = (error) => {
  const code = typeof error?.code === "string" && error.code.startsWith("SQLITE_") ? error.code : undefined
  return {
    failure: { code: code ?? "SQLITE_CANTOPEN", message: error instanceof Error ? error.message : String(error) }
  }
}

const answering = (act) => {
  try {
    return { rows: act() }
  } catch (error) {
    return failureOf(error)
  }
}

let database
const statements = new Map()

const run = (sql, parameters) => {
  let statement = statements.get(sql)
  if (statement === undefined) {
    if (statements.size >= maxStatements) statements.clear()
    statement = database.prepare(sql)
    statements.set(sql, statement)
  }
  if (statement.reader) return statement.all(parameters)
  statement.run(parameters)
  return []
}

const opened = answering(() => {
  database = new Database(workerData)
  // The driver's own choice is memory, however much is to be sorted.
  run("pragma temp_store = file", [])
  // Opening reads nothing yet.
  return run("select count(*) as n from sqlite_master", [])
})
parentPort.postMessage(opened)
if (opened.failure === undefined) {
  parentPort.on("message", (asked) => {
    if (asked === null) {
      database.close()
      parentPort.close()
    } else {
      parentPort.postMessage(answering(() => run(...asked)))
    }
  })
} else {
  database?.close()
}
