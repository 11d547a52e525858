/**
 * Reads pages in one of several stages, each of which does more than the one before, and prints as JSON what that took. A
 * process of its own, because what one stage leaves behind (compiled code, a grown heap) would help or hinder the next.
 *
 *   tsx pagesInStages.ts STAGE FILE       FILE has the URL of a page in each line
 */
import { parseFilmsPage } from "@letterboxd-ratings/letterboxd-source"
import { Schema } from "effect"
import * as fs from "node:fs"
import * as http from "node:http"
import { pathToFileURL } from "node:url"
import { gunzipSync } from "node:zlib"
import { tokenize } from "./BareParts.ts"

/** As many as a run has in flight. */
const atOnce = 5

const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce })

/** The bytes as they come from the socket. */
const bytesOf = (url: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    http
      .get(url, { agent, headers: { "accept-encoding": "gzip" } }, (response) => {
        const parts: Array<Buffer> = []
        response.on("data", (part: Buffer) => parts.push(part))
        response.on("end", () => resolve(Buffer.concat(parts)))
        response.on("error", reject)
      })
      .on("error", reject)
  })

const textOf = async (url: string): Promise<string> => (await fetch(url)).text()

const stages = {
  transport: bytesOf,
  unpacking: async (url) => gunzipSync(await bytesOf(url)),
  fetch: textOf,
  tokens: async (url) => tokenize(await textOf(url)),
  parser: async (url) => parseFilmsPage(await textOf(url))
} satisfies Readonly<Record<string, (url: string) => Promise<unknown>>>

export type Stage = keyof typeof stages

/** Seconds of processor time for all pages, without the start of the process. */
export const StageTook = Schema.Struct({ processor: Schema.Positive, pages: Schema.Positive.pipe(Schema.int()) })

const [, script = "", name = "", file = ""] = process.argv
if (import.meta.url === pathToFileURL(script).href) {
  const stage = new Map<string, (url: string) => Promise<unknown>>(Object.entries(stages)).get(name)
  if (stage === undefined) throw new Error(`Unknown: ${name}`)
  const urls = fs.readFileSync(file, "utf8").split("\n")
  const began = process.cpuUsage()
  let next = 0
  const worker = async () => {
    for (let url = urls[next++]; url !== undefined; url = urls[next++]) await stage(url)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const { system, user } = process.cpuUsage(began)
  const took: typeof StageTook.Type = { processor: (system + user) / 1e6, pages: urls.length }
  process.stdout.write(JSON.stringify(took))
  agent.destroy()
}
