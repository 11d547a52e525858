import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { sample } from "../../../vitest.sample.ts"
import { buildDyingBin } from "./DyingCommand.ts"
import { lb, start } from "./Lb.ts"

const epoch = { SOURCE_DATE_EPOCH: "1700000000" }
let folder: string
let dyingBin: string

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-left-"))
  dyingBin = await buildDyingBin()
  const { code, err } = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--quiet"])
  assert.strictEqual(code, 0, err)
  return () => {
    fs.rmSync(dyingBin, { force: true })
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

/** Commands that make something beside its place first, given the name of the place. */
const makers: ReadonlyArray<readonly [name: string, args: (place: string) => ReadonlyArray<string>]> = [
  ["lb export", (place) => ["export", "--to", "jsonl", "--into", place, "--yes"]],
  ["lb report", (place) => ["report", "--out-file", place]]
]

for (const [name, args] of makers) {
  describe(`${name}, killed with SIGKILL`, () => {
    it("leaves nothing that the next one does not remove, but what it wrote nothing into, which is named", async () => {
      const key = name.replaceAll(/\W+/gu, "-")
      const countFile = path.join(folder, `${key}-calls`)
      const counted = await start(folder, args(`${key}-counted`), { ...epoch, COUNT_CALLS_TO: countFile }, dyingBin)
        .ended
      assert.strictEqual(counted.code, 0, counted.err)
      const calls = Array.from({ length: Number(fs.readFileSync(countFile, "utf8")) }, (_, i) => i + 1)
      assert.isAbove(calls.length, 5)
      const kill = async (call: number) => {
        const place = `${key}-${call}`
        const { signal } = await start(folder, args(place), { ...epoch, DIE_AT_CALL: String(call) }, dyingBin).ended
        assert.strictEqual(signal, "SIGKILL", `call ${call}`)
        const next = await start(folder, args(place), epoch, dyingBin).ended
        assert.strictEqual(next.code, 0, next.err)
        const beside = fs.readdirSync(folder)
        assert.include(beside, place)
        assert.deepStrictEqual(
          beside.filter((one) => one.startsWith(".lb-")),
          [],
          `call ${call}`
        )
        for (const left of beside.filter((one) => one.startsWith(`${place}.new-`))) {
          assert.include(next.err, `${left}.`, `call ${call}`)
          assert.isTrue(
            fs.readdirSync(path.join(folder, left)).every((one) => one.startsWith(".lock")),
            `call ${call}: what was written into ${left} is still there`
          )
        }
      }
      // One after the other: one process at a time reads a dataset that it could write.
      for (const call of sample(`calls to kill ${name} at`, calls, 4)) await kill(call)
    }, 500_000)
  })
}
