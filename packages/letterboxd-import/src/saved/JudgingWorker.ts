/**
 * The program of a thread that judges saved pages: a page and what was asked for comes in, the verdict goes out.
 */
// Threads have no origin.
/* oxlint-disable unicorn/require-post-message-target-origin */
import { judgeFilmsResponse, type PageResponse } from "@letterboxd-ratings/letterboxd-source"
import { parentPort } from "node:worker_threads"
import type { AskedPage } from "./Judging.ts"

parentPort?.on("message", ([asked, response]: [AskedPage, PageResponse]) => {
  parentPort?.postMessage(judgeFilmsResponse(asked, response))
})
