/**
 * How much longer a run takes than waiting for the site alone would: pages x latency / concurrency.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const latency = 50
const port = 18_787
const url = `http://127.0.0.1:${port}`
const shared = path.join(root, "../shared/world")
// Real members have some ten pages each; those of the generated world are few and have fewer.
const world = fs.existsSync(shared)
  ? {
      members: 100,
      args: ["--films", path.join(shared, "films.csv"), "--watched", path.join(shared, "watched.csv.gz")]
    }
  : { members: 60, args: [] }

const run = (args: ReadonlyArray<string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    spawn(process.execPath, [path.join(root, "packages/cli/bin/lb.mjs"), ...args], {
      stdio: ["ignore", "ignore", "inherit"]
    }).on("close", (code) =>
      code === 0 ? resolve(performance.now() - began) : reject(new Error(`lb ended with ${code}`))
    )
  })

export const waitForTheSite = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  const site = spawn(
    process.execPath,
    [
      path.join(root, "fixtures/bin/lb-sandbox.mjs"),
      "--port",
      String(port),
      "--latency",
      String(latency),
      ...world.args
    ],
    {
      stdio: ["ignore", "pipe", "inherit"]
    }
  )
  try {
    await new Promise((resolve) => site.stdout.once("data", resolve))
    for (const concurrency of [5, 10, 25]) {
      await fetch(`${url}/__sandbox/reset`)
      const took = await run([
        "run",
        "--mode",
        "new",
        "--quiet",
        "--base-url",
        url,
        "--rate",
        "unlimited",
        "--batches",
        String(world.members / 10),
        "--concurrency",
        String(concurrency),
        "--out",
        path.join(folder, String(concurrency))
      ])
      const counts: unknown = await (await fetch(`${url}/__sandbox/requests`)).json()
      const pages = Object.values(counts ?? {}).reduce<number>((sum, count) => sum + Number(count), 0)
      const limit = (pages * latency) / concurrency
      process.stdout.write(
        `  ${pages} pages at ${latency} ms, ${concurrency} at once: ${(took / 1000).toFixed(1)} s, ${(took / limit).toFixed(2)} times the wait (start included)\n`
      )
    }
  } finally {
    site.kill()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
