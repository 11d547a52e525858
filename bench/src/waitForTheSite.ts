/**
 * How much longer a run takes than waiting for the site alone would: pages x latency / concurrency.
 */
import { generateWorld } from "@letterboxd-ratings/fixtures"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const latency = 50
const members = 40

const run = (args: ReadonlyArray<string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    spawn(process.execPath, [path.join(root, "packages/cli/bin/lb.mjs"), ...args], { stdio: ["ignore", "ignore", "inherit"] })
      .on("close", (code) => code === 0 ? resolve(performance.now() - began) : reject(new Error(`lb ended with ${code}`)))
  })

export const waitForTheSite = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  const port = 18_787
  const site = spawn(process.execPath, [path.join(root, "fixtures/bin/lb-sandbox.mjs"), "--port", String(port), "--latency", String(latency)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  try {
    await new Promise((resolve) => site.stdout.once("data", resolve))
    const pages = generateWorld().members.slice(0, members).reduce((sum, { films }) => sum + Math.max(1, Math.ceil(films.length / 72)), 0)
    for (const concurrency of [5, 10, 25]) {
      const took = await run([
        "run", "--mode", "new", "--quiet", "--base-url", `http://127.0.0.1:${port}`, "--rate", "unlimited",
        "--batches", String(members / 10), "--concurrency", String(concurrency), "--out", path.join(folder, String(concurrency))
      ])
      const limit = (pages * latency) / concurrency
      process.stdout.write(`  ${pages} pages at ${latency} ms, ${concurrency} at once: ${(took / 1000).toFixed(1)} s, ${(took / limit).toFixed(2)} times the wait (start included)\n`)
    }
  } finally {
    site.kill()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
