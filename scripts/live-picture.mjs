/**
 * Makes the picture of the live page in `docs`: of a run on the sandbox, in a browser. Build first. `CHROMIUM` is the program
 * of the browser, if it is not where Debian puts it.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const { chromium } = createRequire(join(root, "packages/cli/package.json"))("playwright-core")

const folder = mkdtempSync(join(tmpdir(), "lb-picture-"))
const words = "run --mode new --source sandbox --rate 6 --batches 3 --batch-size 12 --ui".split(" ")
const run = spawn(process.execPath, [join(root, "packages/cli/bin/lb.mjs"), ...words], { cwd: folder })
const ended = new Promise((resolve) => run.on("close", resolve))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"]
})
try {
  const address = await new Promise((resolve, reject) => {
    let said = ""
    run.stderr.on("data", (data) => {
      said += data
      const [found] = /http:\S+/u.exec(said) ?? []
      if (found !== undefined) resolve(found)
    })
    void ended.then(() => reject(new Error(`lb ended: ${said}`)))
  })
  const viewport = { width: 1120, height: 1180 }
  const page = await browser.newPage({ viewport, colorScheme: "light" })
  await page.goto(address)
  await page.getByText("Batch 1", { exact: true }).waitFor({ timeout: 60_000 })
  await page.waitForTimeout(3000)
  await page.screenshot({ path: join(root, "docs/live.png") })
} finally {
  await browser.close()
  run.kill("SIGINT")
  await ended
  rmSync(folder, { recursive: true, force: true })
}
