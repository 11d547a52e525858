/**
 * The same real ratings into each storage, batch by batch: how fast, how large, in how much memory.
 */
import { loadWorld } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { type Result, storageNames } from "./intoAStorage.ts"

const shared = fileURLToPath(new URL("../../../shared/world/", import.meta.url))
const child = fileURLToPath(new URL("intoAStorage.ts", import.meta.url))
const membersInABatch = 10

/** Writes what each batch holds into a line of a file, so that who commits them has nothing else in memory. */
const writeBatches = (file: string) =>
  Effect.gen(function* () {
    const world = yield* loadWorld({ films: `${shared}films.csv`, watched: `${shared}watched.csv.gz` })
    const known = new Set<number>()
    const lines: Array<string> = []
    for (let from = 0; from < world.members.length; from += membersInABatch) {
      const members = world.members.slice(from, from + membersInABatch)
      const films = members
        .flatMap((member) => member.films)
        .map(({ film }) => film)
        .filter(({ id }) => !known.has(id) && known.add(id))
      lines.push(
        JSON.stringify({
          films,
          members: members.map(({ films: watched, username }) => ({
            username,
            ratings: watched.flatMap(({ film, rating }) => (rating === undefined ? [] : [[film.id, rating]]))
          }))
        })
      )
    }
    fs.writeFileSync(file, lines.join("\n"))
  })

const measure = (storage: string, folder: string, batches: string): Promise<Result> =>
  new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [...process.execArgv, child, storage, folder, batches], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let said = ""
    process_.stdout.on("data", (data: Buffer) => {
      said += data.toString("utf8")
    })
    process_.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(said) as Result) : reject(new Error(`${storage} ended with ${code}`))
    )
  })

export const intoStorages = async (): Promise<void> => {
  if (!fs.existsSync(shared)) {
    process.stdout.write("  (not measured: there is no ../shared/world here)\n")
    return
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const batches = path.join(folder, "batches.jsonl")
    await Effect.runPromise(writeBatches(batches))
    process.stdout.write(
      "  | storage | rows | rows a second | slowest batch, ms | MB on disk | read back, rows a second | peak memory, MB |\n  |---|---|---|---|---|---|---|\n"
    )
    for (const storage of storageNames) {
      const { bytes, megabytes, readSeconds, rows, seconds, slowestMillis } = await measure(
        storage,
        path.join(folder, storage),
        batches
      )
      const number = (n: number) => Math.round(n).toLocaleString("en-US")
      process.stdout.write(
        `  | ${storage} | ${number(rows)} | ${number(rows / seconds)} | ${number(slowestMillis)} | ${(bytes / 1e6).toFixed(1)} | ${number(rows / readSeconds)} | ${number(megabytes)} |\n`
      )
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
