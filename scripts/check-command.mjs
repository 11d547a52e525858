/**
 * Tries the command as somebody would who has Node and npm, and nothing of this repository: installs the packed command
 * into an empty folder, makes a dataset, and prints how much was installed. With `--optional` also with all that is optional,
 * and a dataset in each storage that needs no server. Build first.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { outside, packed } from "./packed.mjs"

const command = "@letterboxd-ratings/cli"

const bytesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { name, parentPath }) => sum + statSync(join(parentPath, name)).size, 0)

const place = mkdtempSync(join(tmpdir(), "lb-command-"))
try {
  const withOptional = process.argv.includes("--optional") || process.env.LB_TESTS === "full"
  const tarballs = packed(join(place, "packed"), withOptional ? undefined : [command])
  const overrides = Object.fromEntries(Object.entries(tarballs).filter(([name]) => name !== command))

  const check = (name, more, storages) => {
    const folder = join(place, name)
    mkdirSync(folder)
    const manifest = { private: true, dependencies: { [command]: tarballs[command] }, overrides }
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest))
    const run = (program, args) => execFileSync(program, args, { cwd: folder, env: outside, encoding: "utf8" })
    run("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", ...more])
    const lb = (...args) => run("npx", ["--no-install", "lb", ...args])
    const says = (text, wanted) => {
      if (!text.includes(wanted)) throw new Error(`${name}: "${wanted}" is missing in:\n${text}`)
    }

    says(lb(), "lb run --mode new --source sandbox")
    for (const storage of storages) {
      const at = ["--storage", storage, "--out", storage]
      lb("run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--quiet", ...at)
      says(lb("verify", ...at), "is valid")
      says(lb("report", ...at), "Open it in a browser")
    }
    const modules = join(folder, "node_modules")
    const packages = readdirSync(modules, { recursive: true }).filter((file) =>
      /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/u.test(file)
    )
    process.stdout.write(
      `${name}: ${packages.length} ${packages.length === 1 ? "package" : "packages"}, ${(bytesIn(modules) / 1e6).toFixed(1)} MB; ${storages.join(", ")}\n`
    )
  }

  check("the command alone", ["--omit=optional"], ["csv"])
  if (withOptional) check("with all that is optional", [], ["csv", "sqlite", "parquet"])
} finally {
  rmSync(place, { recursive: true, force: true })
}
