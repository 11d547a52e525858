import { assert, beforeAll, describe, it } from "@effect/vitest"
import { generateWorld, waysIn } from "@letterboxd-ratings/fixtures"
import { Effect, Random } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { isFull, sample } from "../../../vitest.sample.ts"
import { filesIn, lbProcess, start } from "./Lb.ts"

const exports_ = 100
const instants = 50
const world = generateWorld({ members: 120, mostFilms: 150 })
const epoch = { SOURCE_DATE_EPOCH: "1700000000" }

let folder: string
let undisturbed: Readonly<Record<string, string>>
let millis: number

const args = (data: string) => ["import", "exports", "--batch-size", "10", "--out", data, "--quiet"]

/** What is in a dataset's folder, but for what a death left behind committed bytes, which is kept aside. */
const contentOf = (data: string) =>
  Object.fromEntries(
    Object.entries(filesIn(path.join(folder, data))).filter(([name]) => !/\.uncommitted(?:-\d+)?$/u.test(name))
  )

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-import-killed-"))
  fs.mkdirSync(path.join(folder, "exports"))
  let written = 0
  for (const file of waysIn("export", world)) {
    if (written === exports_) break
    const { content, name } = await Effect.runPromise(file)
    fs.writeFileSync(path.join(folder, "exports", name), content)
    written += 1
  }
  assert.strictEqual(written, exports_)
  const began = performance.now()
  const { code, err } = await lbProcess(folder, args("undisturbed"), epoch)
  millis = performance.now() - began
  assert.strictEqual(code, 0, err)
  undisturbed = contentOf("undisturbed")
  return () => fs.rmSync(folder, { recursive: true, force: true })
})

describe("lb import, killed with SIGKILL", () => {
  it(`at ${instants} random instants, gives the same bytes when it is run again`, async () => {
    const when = Effect.runSync(
      Effect.all(Array.from({ length: instants }, () => Random.nextIntBetween(0, Math.ceil(millis)))).pipe(
        Effect.withRandom(Random.make("imports"))
      )
    )
    const committedAt = new Set<number>()
    await Effect.runPromise(
      Effect.forEach(
        sample("instants to kill an import", [...when.entries()], 6),
        ([i, after]) =>
          Effect.promise(async () => {
            const data = `instant-${i}`
            const run = start(folder, args(data), epoch)
            const timer = setTimeout(() => run.process.kill("SIGKILL"), after)
            await run.ended
            clearTimeout(timer)
            const manifest = path.join(folder, data, "manifest.json")
            committedAt.add(
              fs.existsSync(manifest) ? Number(/"batches":\s*(\d+)/u.exec(fs.readFileSync(manifest, "utf8"))?.[1]) : 0
            )
            const again = await lbProcess(folder, args(data), epoch)
            assert.strictEqual(again.code, 0, again.err)
            assert.deepStrictEqual(contentOf(data), undisturbed, `killed ${after} ms after the start`)
            fs.rmSync(path.join(folder, data), { recursive: true, force: true })
          }),
        { concurrency: 2, discard: true }
      )
    )
    // The few instants of a sample may all come before the first batch, or after the last.
    if (isFull) assert.isAbove(committedAt.size, 1, "the instants should fall between different batches")
  }, 600_000)
})
