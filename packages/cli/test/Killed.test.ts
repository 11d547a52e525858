import { assert, beforeAll, describe, it } from "@effect/vitest"
import { generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect, Exit, Random, Scope } from "effect"
import { build } from "esbuild"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { filesIn, lb, start } from "./Lb.ts"

const batches = 4
const world = generateWorld({ members: 30, mostFilms: 300 })
const variables = { SOURCE_DATE_EPOCH: "1700000000" }
const scope = Effect.runSync(Scope.make())
let site: Sandbox.Sandbox
let folder: string
let dyingBin: string
let undisturbed: Readonly<Record<string, string>>

const args = (data: string, mode: "new" | "continue", count: number) => [
  "run", "--mode", mode, "--yes", "--base-url", site.url, "--rate", "unlimited", "--batches", String(count), "--batch-size", "3", "--out", data, "--quiet"
]

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-killed-"))
  site = await Effect.runPromise(Effect.provideService(Sandbox.make({ world, behaviour: { latencyMillis: 8 } }), Scope.Scope, scope))
  dyingBin = path.join(folder, "dying.mjs")
  await build({
    entryPoints: [fileURLToPath(new URL("DyingBin.ts", import.meta.url))],
    outfile: dyingBin,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@letterboxd-ratings/source"],
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    logLevel: "error"
  })
  const { code, err } = await lb(folder, args("undisturbed", "new", batches), variables)
  assert.strictEqual(code, 0, err)
  undisturbed = filesIn(path.join(folder, "undisturbed"))
  return async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

/** Goes on until all batches are there, proves the dataset, and compares it with the one that was never disturbed. */
const finish = async (data: string, what: string) => {
  const manifest = path.join(folder, data, "manifest.json")
  const committed = fs.existsSync(manifest) ? (JSON.parse(fs.readFileSync(manifest, "utf8")) as { batches: number }).batches : 0
  const rest = committed === 0 ? args(data, "new", batches) : args(data, "continue", Math.max(1, batches - committed))
  if (committed < batches) {
    const { code, err } = await lb(folder, rest, variables)
    assert.strictEqual(code, 0, `${what}: ${err}`)
  } else {
    // Nothing is left to do, but what the killed process left must be put right by the next opener.
    const { code, err } = await lb(folder, ["verify", "--repair", "--out", data], variables)
    assert.strictEqual(code, 0, `${what}: ${err}`)
  }
  const verified = await lb(folder, ["verify", "--out", data])
  assert.strictEqual(verified.code, 0, `${what}: ${verified.out}`)
  assert.deepStrictEqual(filesIn(path.join(folder, data)), undisturbed, what)
  fs.rmSync(path.join(folder, data), { recursive: true })
  return committed
}

/** Runs two at a time: there are two cores. */
const twoAtATime = <A>(items: ReadonlyArray<A>, run: (item: A) => Promise<void>) =>
  Effect.runPromise(Effect.forEach(items, (item) => Effect.promise(() => run(item)), { concurrency: 2, discard: true }))

describe("lb run, killed with SIGKILL", () => {
  it("at 50 random instants, it goes on to the same bytes", async () => {
    // Spread over the run: some after the start, the others after each of the commits.
    const instants = Effect.runSync(
      Effect.all(Array.from({ length: 50 }, (_, i) => Effect.map(Random.nextIntBetween(0, i % batches === 0 ? 700 : 60), (millis) => ({ after: i % batches, millis }))))
        .pipe(Effect.withRandom(Random.make("instants")))
    )
    const reached = new Set<number>()
    await twoAtATime([...instants.entries()], async ([i, { after, millis }]) => {
      const data = `instant-${i}`
      const run = start(folder, args(data, "new", batches).filter((word) => word !== "--quiet"), variables)
      let timer = after === 0 ? setTimeout(() => run.process.kill("SIGKILL"), millis) : undefined
      run.process.stderr?.on("data", () => {
        if (timer === undefined && run.said().includes(`Batch ${after} committed`)) {
          timer = setTimeout(() => run.process.kill("SIGKILL"), millis)
        }
      })
      await run.ended
      clearTimeout(timer)
      reached.add(await finish(data, `killed ${millis} ms after ${after === 0 ? "the start" : `batch ${after}`}`))
    })
    assert.isAbove(reached.size, 2, "the instants should fall between different batches")
  }, 500_000)

  it("at boundaries of its writes, it goes on to the same bytes", async () => {
    const countFile = path.join(folder, "calls")
    await start(folder, args("counted", "new", batches), { ...variables, COUNT_CALLS_TO: countFile }, dyingBin).ended
    const calls = Number(fs.readFileSync(countFile, "utf8"))
    assert.isAbove(calls, 60)
    // Every boundary is tried within one process by the storage's own tests; here each fifth one, with a real death.
    const deaths = Array.from({ length: calls }, (_, i) => i + 1).filter((call) => call % 5 === 0)
    await twoAtATime(deaths, async (call) => {
      const data = `call-${call}`
      const { signal } = await start(folder, args(data, "new", batches), { ...variables, DIE_AT_CALL: String(call) }, dyingBin).ended
      assert.strictEqual(signal, "SIGKILL")
      await finish(data, `killed at call ${call}`)
    })
  }, 500_000)

  it("lets one process in at a time, and the next one at once after a death", async () => {
    const data = "locked"
    await lb(folder, args(data, "new", 1), variables)
    const slow = start(folder, ["run", "--mode", "continue", "--base-url", site.url, "--rate", "5", "--batches", "20", "--out", data], variables)
    await new Promise<void>((resolve) => {
      slow.process.stderr?.on("data", () => resolve())
    })
    const second = await lb(folder, args(data, "continue", 1), variables)
    assert.strictEqual(second.code, 4)
    assert.include(second.err, `process ${slow.process.pid} on ${os.hostname()} is at work here`)
    const status = await lb(folder, ["status", "--out", data])
    assert.strictEqual(status.code, 0, "looking is allowed")
    slow.process.kill("SIGKILL")
    await slow.ended
    assert.strictEqual((await lb(folder, args(data, "continue", 1), variables)).code, 0)
  }, 60_000)
})
