import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb } from "./Lb.ts"

/** Storages that are packages of their own, with what they leave in the folder. */
const storages = {
  sqlite: ["ratings.sqlite"],
  parquet: ["films.parquet", "manifest.json", "members.parquet", "ratings"]
}

describe("lb, with another storage", () => {
  for (const [storage, files] of Object.entries(storages)) {
    it(`keeps a dataset in ${storage}: starts it, goes on with it, tells of it, proves it`, inEmptyFolder(async (folder) => {
      const args = ["--storage", storage, "--out", "data"]
      const started = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", ...args])
      assert.strictEqual(started.code, 0, started.err)
      const refused = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", ...args])
      assert.strictEqual(refused.code, 1, refused.err)
      const continued = await lb(folder, ["run", "--mode", "continue", "--source", "sandbox", ...args, "--batches", "1"])
      assert.strictEqual(continued.code, 0, continued.err)
      const user = await lb(folder, ["user", "cinephile4", "--source", "sandbox", ...args])
      assert.strictEqual(user.code, 0, user.err)
      const status: unknown = JSON.parse((await lb(folder, ["status", ...args, "--json"])).out)
      assert.deepInclude(status, { users: 30, partial: 0, batches: 4 })
      const verified = await lb(folder, ["verify", ...args])
      assert.strictEqual(verified.code, 0, verified.out)
      assert.include(verified.out, "is sound")
      assert.includeMembers(fs.readdirSync(path.join(folder, "data")), files)
    }), 180_000)
  }

  it("refuses an option the storage does not have, and a value it does not know", inEmptyFolder(async (folder) => {
    const run = ["run", "--mode", "new", "--source", "sandbox", "--storage", "parquet", "--storage-options"]
    const unknown = await lb(folder, [...run, "compresion=zstd"])
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.err, `Did you mean "compression"?`)
    const value = await lb(folder, [...run, "compression=zip"])
    assert.strictEqual(value.code, 1)
    assert.include(value.err, "Choose one of zstd, snappy, gzip, none")
    assert.deepStrictEqual(fs.readdirSync(folder), [])
  }))
})
