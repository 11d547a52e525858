import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import packageJson from "../package.json" with { type: "json" }
import { inEmptyFolder, lb } from "./Lb.ts"

const objects = (out: string): ReadonlyArray<Record<string, string>> =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

describe("lb plugins", () => {
  it(
    "shows what is installed, with versions",
    inEmptyFolder(async (folder) => {
      const { code, err, out } = await lb(folder, ["plugins", "--json"])
      assert.strictEqual(code, 0, err)
      const parts = objects(out)
      const named = (kind: string) => parts.flatMap((part) => (part["kind"] === kind ? [part["name"]] : []))
      assert.deepStrictEqual(named("source"), ["letterboxd", "sandbox"])
      assert.deepStrictEqual(named("storage"), ["csv", "sqlite", "parquet", "postgres"])
      assert.include(named("layout"), "parquet-file")
      for (const part of parts) assert.match(part["version"] ?? "", /^\d+\.\d+\.\d+/u, part["name"])
      const table = await lb(folder, ["plugins"])
      assert.match(table.out, /^Storages \(--storage\):\n {2}csv +\d/mu)
      assert.include((await lb(folder, ["plugins", "--config", "x"])).err, "--config is not an option of lb plugins")
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    })
  )

  it(
    "says what is missing, and how to install it",
    inEmptyFolder(async (folder) => {
      // The command without its optional packages.
      const packageFolder = fileURLToPath(new URL("../", import.meta.url))
      for (const part of ["bin", "dist"])
        fs.cpSync(path.join(packageFolder, part), path.join(folder, "lb", part), { recursive: true })
      const ask = (...words: ReadonlyArray<string>) => {
        const options = { cwd: folder, encoding: "utf8", env: { PATH: process.env["PATH"] } } as const
        const { status, stdout } = spawnSync(process.execPath, ["lb/bin/lb.mjs", ...words], options)
        assert.strictEqual(status, 0)
        return stdout
      }
      const out = ask("plugins")
      for (const name of ["sqlite", "parquet", "postgres"])
        assert.match(
          out,
          new RegExp(
            `^  ${name} +missing \\(.+\\)\\. Install it with: npm install @letterboxd-ratings/storage-${name}$`,
            "mu"
          )
        )
      assert.match(out, /^ {2}csv +\d/mu)
      assert.match(out, /^ {2}query +missing .*storage-parquet$/mu)
      assert.match(ask("version", "-v"), /^storage parquet +not installed$/mu)
    })
  )
})

describe("lb version", () => {
  it(
    "is one line, and with -v what a bug report needs",
    inEmptyFolder(async (folder) => {
      for (const words of [["--version"], ["version"]])
        assert.strictEqual((await lb(folder, words)).out, `${packageJson.version}\n`)
      for (const words of [
        ["version", "-v"],
        ["--version", "--verbose"]
      ]) {
        const { code, out } = await lb(folder, words)
        assert.strictEqual(code, 0)
        assert.include(out, `node              ${process.versions.node}\n`)
        assert.include(out, process.platform)
        assert.match(out, /^storage sqlite +\d+\./mu)
        assert.notInclude(out, folder)
      }
      const wrong = await lb(folder, ["version", "--all"])
      assert.strictEqual(wrong.code, 1)
      assert.match(wrong.err, /^lb version takes only -v, not "--all"\..*\n$/u)
    })
  )
})
