/**
 * Runs the examples as somebody would who has nothing of this repository but the published packages: packs every public
 * package, installs the tarballs into a copy of `examples/` outside of the repository, and runs what its README says.
 */
import { execFileSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { outside, packed } from "./packed.mjs"

const folder = mkdtempSync(join(tmpdir(), "lb-examples-"))
const run = (command, args, cwd = folder) => {
  process.stdout.write(`\n$ ${[command, ...args].join(" ")}\n`)
  execFileSync(command, args, { cwd, stdio: "inherit", env: outside })
}

try {
  cpSync("examples", folder, { recursive: true, filter: (path) => !path.includes("node_modules") })
  const dependencies = packed(join(folder, "packed"))
  // The packages name each other by versions, which are not published yet.
  const overrides = { ...dependencies }
  // The versions the repository itself is tested with.
  const catalog = readFileSync("pnpm-workspace.yaml", "utf8")
    .split("\ncatalog:\n")[1]
    .split(/\n(?=\S)/u)[0]
  for (const name of [
    "effect",
    "@effect/platform",
    "@effect/platform-node",
    "@effect/cluster",
    "@effect/rpc",
    "@effect/sql",
    "@effect/workflow",
    "@effect/experimental",
    "@effect/vitest",
    "vitest",
    "vite",
    "fast-check",
    "tsx",
    "typescript",
    "@types/node"
  ]) {
    dependencies[name] = new RegExp(`^  "?${name}"?: (\\S+)$`, "mu").exec(catalog)[1]
  }
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ ...manifest, dependencies, pnpm: { overrides } }, undefined, 2)
  )

  run("pnpm", ["install", "--no-lockfile", "--prefer-offline"])
  run("npm", ["run", "typecheck"])
  run("npm", ["test"])
  run("npm", ["start"])
  run("npm", ["run", "harvest"])
  run("npx", [
    "lb",
    "verify",
    "--storage",
    "./json-storage.mjs",
    "--storage-options",
    "file=mine.json",
    "--out",
    "harvest"
  ])
  run("npx", [
    "lb",
    "export",
    "--from",
    "./json-storage.mjs",
    "--storage-options",
    "file=mine.json",
    "--out",
    "harvest",
    "--to",
    "sqlite",
    "--into",
    "copy"
  ])
  run("npx", ["lb", "verify", "--storage", "sqlite", "--out", "copy"])
  run("npm", ["run", "from-json"])
  run("npx", ["lb", "verify", "--out", "from-json"])
  run("npx", ["lb", "doctor", "--source", "./json-source.mjs", "--source-options", "file=lists.json"])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
