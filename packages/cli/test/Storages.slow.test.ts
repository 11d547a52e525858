import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { sample } from "../../../vitest.sample.ts"
import { inEmptyFolder, lbProcess, start } from "./Lb.ts"

/** Storages that are packages of their own, with what they leave in the folder. */
const storages = {
  sqlite: ["ratings.sqlite"],
  parquet: ["films.parquet", "manifest.json", "members.parquet", "ratings"]
}

describe("lb, with another storage", () => {
  for (const [storage, files] of sample("storages with a driver", Object.entries(storages), 1)) {
    it(
      `keeps a dataset in ${storage}: starts it, goes on with it, tells of it, proves it`,
      inEmptyFolder(async (folder) => {
        const args = ["--storage", storage, "--out", "data"]
        const started = await lbProcess(folder, ["run", "--mode", "new", "--source", "sandbox", ...args])
        assert.strictEqual(started.code, 0, started.err)
        const refused = await lbProcess(folder, ["run", "--mode", "new", "--source", "sandbox", ...args])
        assert.strictEqual(refused.code, 1, refused.err)
        const continued = await lbProcess(folder, [
          "run",
          "--mode",
          "continue",
          "--source",
          "sandbox",
          ...args,
          "--batches",
          "1"
        ])
        assert.strictEqual(continued.code, 0, continued.err)
        const user = await lbProcess(folder, ["user", "cinephile4", "--source", "sandbox", ...args])
        assert.strictEqual(user.code, 0, user.err)
        const status: unknown = JSON.parse((await lbProcess(folder, ["status", ...args, "--json"])).out)
        assert.deepInclude(status, { users: 30, partial: 0, batches: 4 })
        const verified = await lbProcess(folder, ["verify", ...args])
        assert.strictEqual(verified.code, 0, verified.out)
        assert.include(verified.out, "is valid")
        assert.includeMembers(fs.readdirSync(path.join(folder, "data")), files)
      }),
      180_000
    )
  }

  it(
    "refuses an option the storage does not have, and a value it does not know",
    inEmptyFolder(async (folder) => {
      const run = ["run", "--mode", "new", "--source", "sandbox", "--storage", "parquet", "--storage-options"]
      const unknown = await lbProcess(folder, [...run, "compresion=zstd"])
      assert.strictEqual(unknown.code, 1)
      assert.include(unknown.err, `Did you mean "compression"?`)
      const value = await lbProcess(folder, [...run, "compression=zip"])
      assert.strictEqual(value.code, 1)
      assert.include(value.err, "Choose one of zstd, snappy, gzip, none")
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    })
  )
})

describe("a storage whose package is not there", () => {
  it(
    "is one line that says what to install, and nothing else is the worse for it",
    inEmptyFolder(async (folder) => {
      // The command as it is published, with none of its optional packages.
      for (const part of ["bin", "dist", "package.json"])
        fs.cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), path.join(folder, part), { recursive: true })
      const alone = path.join(folder, "bin", "lb.mjs")
      for (const storage of ["sqlite", "parquet", "postgres"]) {
        const { code, err } = await start(
          folder,
          ["run", "--mode", "new", "--source", "sandbox", "--storage", storage],
          { LB_STORAGE_URL: "postgres://nobody@127.0.0.1:1/none" },
          alone
        ).ended
        assert.strictEqual(code, 1)
        assert.strictEqual(err.trimEnd().split("\n").length, 1, err)
        assert.include(err, `npm install @letterboxd-ratings/storage-${storage}`)
      }
      const { code, err } = await start(
        folder,
        ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "2", "--quiet"],
        {},
        alone
      ).ended
      assert.strictEqual(code, 0, err)
    }),
    60_000
  )
})
