/**
 * Judges saved pages in threads.
 *
 * @since 0.1.0
 */
// Threads have no origin.
/* oxlint-disable unicorn/require-post-message-target-origin */
import { judgeFilmsResponse, type PageResponse, type PageVerdict } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Predicate, type Scope } from "effect"
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { type AskedPage, type Judging, judgingHere } from "./Judging.ts"

const mostThreads = 4

/** Pages that wait for each thread, so that it never waits for one. */
const pagesForEachThread = 3

/** To start a thread takes as long as to judge so many pages. */
const pagesBeforeThreads = 50

/**
 * The program of a thread. It is beside this file once both are built. From the sources there is none, because Node 20
 * does not run them.
 */
const builtProgram: URL | undefined = import.meta.url.endsWith(".ts")
  ? undefined
  : new URL(`./JudgingWorker${/\.[a-z]+$/u.exec(import.meta.url)?.[0] ?? ".js"}`, import.meta.url)

interface Waiting {
  readonly asked: AskedPage
  readonly response: PageResponse
  readonly resume: (verdict: PageVerdict) => void
}

const isVerdict = (value: unknown): value is PageVerdict => Predicate.hasProperty(value, "_tag")

/** A thread and the pages it has, in the order in which it judges them. */
const startThread = (program: URL) => {
  const worker = new Worker(program, { execArgv: [] })
  const waiting: Array<Waiting> = []
  let isRunning = true
  /** A thread that cannot run leaves its pages to this one. */
  const stop = () => {
    isRunning = false
    for (const { asked, response, resume } of waiting.splice(0)) resume(judgeFilmsResponse(asked, response))
  }
  worker.on("message", (verdict: unknown) => {
    const one = waiting.shift()
    one?.resume(isVerdict(verdict) ? verdict : judgeFilmsResponse(one.asked, one.response))
  })
  worker.on("error", stop)
  worker.on("exit", stop)
  return {
    pages: () => (isRunning ? waiting.length : Infinity),
    judge: (one: Waiting) => {
      waiting.push(one)
      worker.postMessage([one.asked, one.response])
    },
    close: () => worker.terminate()
  }
}

/**
 * Judges pages in as many threads as there are cores, at most 4, which end with the scope. The first 50 pages are judged
 * in the thread of the caller, as are all of them if there is one core, or if threads cannot be started. `program` is what
 * a thread runs, by default the one that is built with this package.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeJudgingPool = (
  options: { readonly program?: URL; readonly threads?: number; readonly pagesBefore?: number } = {}
): Effect.Effect<Judging, never, Scope.Scope> =>
  Effect.suspend(() => {
    const program = options.program ?? builtProgram
    const size = options.threads ?? Math.min(availableParallelism(), mostThreads)
    if (program === undefined || size < 2) return Effect.succeed(judgingHere)
    const pagesBefore = options.pagesBefore ?? pagesBeforeThreads
    let threads: ReadonlyArray<ReturnType<typeof startThread>> | undefined
    let judged = 0
    const start = () => {
      try {
        return Array.from({ length: size }, () => startThread(program))
      } catch {
        return []
      }
    }
    const judging: Judging = {
      atOnce: size * pagesForEachThread,
      judge: (asked, response) =>
        Effect.async((resume) => {
          judged += 1
          if (judged > pagesBefore) threads ??= start()
          const free =
            threads === undefined || threads.length === 0
              ? undefined
              : threads.reduce((least, thread) => (thread.pages() < least.pages() ? thread : least))
          if (free === undefined || free.pages() === Infinity) {
            resume(Effect.sync(() => judgeFilmsResponse(asked, response)))
          } else {
            free.judge({ asked, response, resume: (verdict) => resume(Effect.succeed(verdict)) })
          }
        })
    }
    return Effect.acquireRelease(Effect.succeed(judging), () =>
      Effect.promise(() => Promise.all((threads ?? []).map((thread) => thread.close())))
    )
  })
