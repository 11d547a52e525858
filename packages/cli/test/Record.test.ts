import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { filesIn, inEmptyFolder, lb } from "./Lb.ts"

const csvFiles = (folder: string) =>
  Object.fromEntries(Object.entries(filesIn(folder)).filter(([name]) => name.endsWith(".csv")))

describe("lb run --record", () => {
  it(
    "keeps a run, and lb import makes the same files of it without a request",
    inEmptyFolder(async (folder) => {
      const run = await lb(folder, [
        "run",
        "--mode",
        "new",
        "--source",
        "sandbox",
        "--batches",
        "6",
        "--batch-size",
        "10",
        "--record",
        "run.warc.gz",
        "--out",
        "run"
      ])
      assert.strictEqual(run.code, 0, run.err)
      const again = await lb(folder, ["import", "run.warc.gz", "--out", "imported"])
      assert.strictEqual(again.code, 0, again.err)
      assert.deepStrictEqual(csvFiles(path.join(folder, "imported")), csvFiles(path.join(folder, "run")))
      // A run that goes on has the sandbox at another address.
      const more = await lb(folder, [
        "run",
        "--mode",
        "continue",
        "--source",
        "sandbox",
        "--batches",
        "1",
        "--batch-size",
        "5",
        "--record",
        "run.warc.gz",
        "--out",
        "run"
      ])
      assert.strictEqual(more.code, 0, more.err)
      assert.strictEqual((await lb(folder, ["import", "run.warc.gz", "--out", "both"])).code, 0)
      assert.deepStrictEqual(csvFiles(path.join(folder, "both")), csvFiles(path.join(folder, "run")))
    }),
    120_000
  )

  it(
    "leaves a file alone that is no recording, and says so",
    inEmptyFolder(async (folder) => {
      fs.writeFileSync(path.join(folder, "notes.txt"), "mine")
      const { code, err } = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--record", "notes.txt"])
      assert.strictEqual(code, 1)
      assert.include(err, "notes.txt")
      assert.strictEqual(fs.readFileSync(path.join(folder, "notes.txt"), "utf8"), "mine")
      assert.isFalse(fs.existsSync(path.join(folder, "data_output")))
    }),
    30_000
  )
})
