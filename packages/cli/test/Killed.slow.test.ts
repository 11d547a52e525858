import { NodeContext } from "@effect/platform-node"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { RatingsStorage, readWhole, rowsOfBlocks } from "@letterboxd-ratings/core"
import { generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { PostgresStorage } from "@letterboxd-ratings/storage-postgres"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Chunk, Effect, Exit, Layer, Option, Random, Redacted, Scope, Stream } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { isFull, sample } from "../../../vitest.sample.ts"
import { buildDyingBin } from "./DyingCommand.ts"
import { filesIn, lbProcess, start } from "./Lb.ts"
import { postgres } from "./Postgres.ts"

const batches = 4
const world = generateWorld({ members: 30, mostFilms: 300 })
const epoch = { SOURCE_DATE_EPOCH: "1700000000" }
const scope = Effect.runSync(Scope.make())
let site: Sandbox.Sandbox
let folder: string
let dyingBin: string

const args = (data: string, mode: "new" | "continue", count: number) => [
  "run",
  "--mode",
  mode,
  "--base-url",
  site.url,
  "--rate",
  "unlimited",
  "--batches",
  String(count),
  "--batch-size",
  "3",
  "--out",
  data,
  "--quiet"
]

/** A storage whose datasets outlive their process, as the command is told of it, and as this process looks at it. */
interface Durable {
  readonly name: string
  readonly variables: (data: string) => Readonly<Record<string, string>>
  readonly storage: (data: string) => Layer.Layer<RatingsStorage>
  /** At how many random instants it is killed, and at how many of them in a sample. */
  readonly instants: number
  readonly sampledInstants: number
  /** Whether it commits through the file system of the platform, whose calls can be counted. */
  readonly usesFileSystem: boolean
}

const platform = Layer.merge(NodeContext.layer, NodeProcessTable.layer)
const schemaOf = (data: string) => `lb_killed_${process.pid}_${data.replaceAll("-", "_")}`

const durables: ReadonlyArray<Durable> = [
  {
    name: "csv",
    variables: () => epoch,
    storage: (data) =>
      CsvStorage.layer({ ...CsvStorage.defaults, folder: path.join(folder, data) }).pipe(Layer.provide(platform)),
    instants: 50,
    sampledInstants: 2,
    usesFileSystem: true
  },
  {
    name: "sqlite",
    variables: () => ({ ...epoch, LB_STORAGE: "sqlite" }),
    storage: (data) => SqliteStorage.layer({ folder: path.join(folder, data) }).pipe(Layer.provide(platform)),
    instants: 12,
    sampledInstants: 2,
    usesFileSystem: false
  },
  {
    name: "parquet",
    variables: () => ({ ...epoch, LB_STORAGE: "parquet" }),
    storage: (data) => ParquetStorage.layer({ folder: path.join(folder, data) }).pipe(Layer.provide(platform)),
    instants: 12,
    sampledInstants: 2,
    usesFileSystem: true
  },
  ...(postgres.url === undefined
    ? []
    : [
        {
          name: "postgres",
          variables: (data: string) => ({
            ...epoch,
            LB_STORAGE: "postgres",
            LB_STORAGE_URL: postgres.url ?? "",
            LB_STORAGE_OPTIONS: `schema=${schemaOf(data)}`
          }),
          storage: (data: string) =>
            PostgresStorage.layer({ url: Redacted.make(postgres.url ?? ""), schema: schemaOf(data) }),
          instants: 12,
          sampledInstants: 2,
          usesFileSystem: false
        }
      ])
]

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-killed-"))
  site = await Effect.runPromise(
    Effect.provideService(Sandbox.make({ world, behaviour: { latencyMillis: 8 } }), Scope.Scope, scope)
  )
  dyingBin = await buildDyingBin()
  return async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    fs.rmSync(dyingBin, { force: true })
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

/** How many batches are committed, as one sees who changes nothing. */
const committedIn = ({ storage }: Durable, data: string): Promise<number> =>
  Effect.gen(function* () {
    const there = yield* RatingsStorage
    const summary = yield* Effect.option(there.inspect)
    return Option.match(summary, { onNone: () => 0, onSome: ({ state }) => state.batches })
  }).pipe(Effect.provide(storage(data)), Effect.runPromise)

/** Opens a dataset, proves it, and takes everything that is in it, with the bytes of its files where they have to be the same. */
const contentOf = ({ name, storage }: Durable, data: string) =>
  Effect.gen(function* () {
    const there = yield* RatingsStorage
    const { state, ratings } = yield* Effect.scoped(
      Effect.flatMap(readWhole(there), (whole) =>
        Effect.map(Stream.runCollect(rowsOfBlocks(whole.ratings)), (rows) => ({
          ...whole,
          ratings: Chunk.toReadonlyArray(rows)
        }))
      )
    )
    const { problems } = yield* there.verify({ repair: false })
    // What a death left behind committed bytes is kept aside.
    const files = Object.entries(name === "csv" ? filesIn(path.join(folder, data)) : {})
    return {
      state,
      ratings,
      problems,
      files: Object.fromEntries(files.filter(([file]) => !/\.uncommitted(?:-\d+)?$/u.test(file)))
    }
  }).pipe(Effect.provide(storage(data)), Effect.runPromise)

type Content = Awaited<ReturnType<typeof contentOf>>

const undisturbedRun = async (durable: Durable): Promise<Content> => {
  const data = `${durable.name}-undisturbed`
  const { code, err } = await lbProcess(folder, args(data, "new", batches), durable.variables(data))
  assert.strictEqual(code, 0, err)
  const content = await contentOf(durable, data)
  assert.deepStrictEqual(content.problems, [])
  await postgres.drop(schemaOf(data))
  return content
}

/** Goes on until all batches are there, and compares the dataset with the one that was never disturbed. */
const finish = async (durable: Durable, data: string, what: string, undisturbed: Content) => {
  const committed = await committedIn(durable, data)
  if (committed < batches) {
    const rest = committed === 0 ? args(data, "new", batches) : args(data, "continue", batches - committed)
    const { code, err } = await lbProcess(folder, rest, durable.variables(data))
    assert.strictEqual(code, 0, `${what}: ${err}`)
  }
  assert.deepStrictEqual(await contentOf(durable, data), undisturbed, what)
  fs.rmSync(path.join(folder, data), { recursive: true, force: true })
  await postgres.drop(schemaOf(data))
  return committed
}

/** Runs two at a time: there are two cores. */
const twoAtATime = <A>(items: ReadonlyArray<A>, run: (item: A) => Promise<void>) =>
  Effect.runPromise(Effect.forEach(items, (item) => Effect.promise(() => run(item)), { concurrency: 2, discard: true }))

for (const durable of sample("storages whose runs are killed", durables, 2)) {
  const { instants: howOften, name, sampledInstants, usesFileSystem, variables } = durable

  describe(`lb run into ${name}, killed with SIGKILL`, () => {
    let undisturbed: Content
    beforeAll(async () => {
      undisturbed = await undisturbedRun(durable)
    })

    it(`at ${howOften} random instants, it goes on to the same dataset`, async () => {
      // Spread over the run: some after the start, the others after each of the commits.
      const instants = Effect.runSync(
        Effect.all(
          Array.from({ length: howOften }, (_, i) =>
            Effect.map(Random.nextIntBetween(0, i % batches === 0 ? 700 : 60), (millis) => ({
              after: i % batches,
              millis
            }))
          )
        ).pipe(Effect.withRandom(Random.make("instants")))
      )
      const reached = new Set<number>()
      const chosen = sample(`instants to kill a run into ${name}`, [...instants.entries()], sampledInstants)
      await twoAtATime(chosen, async ([i, { after, millis }]) => {
        const data = `${name}-instant-${i}`
        const run = start(
          folder,
          args(data, "new", batches).filter((word) => word !== "--quiet"),
          variables(data)
        )
        let timer = after === 0 ? setTimeout(() => run.process.kill("SIGKILL"), millis) : undefined
        run.process.stderr?.on("data", () => {
          if (timer === undefined && run.said().includes(`Batch ${after} committed`)) {
            timer = setTimeout(() => run.process.kill("SIGKILL"), millis)
          }
        })
        await run.ended
        clearTimeout(timer)
        reached.add(
          await finish(
            durable,
            data,
            `killed ${millis} ms after ${after === 0 ? "the start" : `batch ${after}`}`,
            undisturbed
          )
        )
      })
      // The few instants of a sample may all fall between the same two batches.
      if (isFull) assert.isAbove(reached.size, 2, "the instants should fall between different batches")
    }, 500_000)

    if (usesFileSystem) {
      it("at boundaries of its writes, it goes on to the same bytes", async () => {
        const countFile = path.join(folder, `${name}-calls`)
        await start(
          folder,
          args(`${name}-counted`, "new", batches),
          { ...variables(""), COUNT_CALLS_TO: countFile },
          dyingBin
        ).ended
        const calls = Number(fs.readFileSync(countFile, "utf8"))
        assert.isAbove(calls, 60)
        // Every boundary is tried within one process by the storage's own tests; here each twelfth one, with a real death.
        const deaths = Array.from({ length: calls }, (_, i) => i + 1).filter((call) => call % 12 === 0)
        await twoAtATime(sample(`writes to kill a run into ${name} at`, deaths, 2), async (call) => {
          const data = `${name}-call-${call}`
          const { signal } = await start(
            folder,
            args(data, "new", batches),
            { ...variables(data), DIE_AT_CALL: String(call) },
            dyingBin
          ).ended
          assert.strictEqual(signal, "SIGKILL")
          await finish(durable, data, `killed at call ${call}`, undisturbed)
        })
      }, 500_000)
    }

    it("lets one process in at a time, and the next one at once after a death", async () => {
      const data = `${name}-locked`
      await lbProcess(folder, args(data, "new", 1), variables(data))
      const slow = start(
        folder,
        ["run", "--mode", "continue", "--base-url", site.url, "--rate", "5", "--batches", "20", "--out", data],
        variables(data)
      )
      await new Promise<void>((resolve) => {
        slow.process.stderr?.on("data", () => resolve())
      })
      const second = await lbProcess(folder, args(data, "continue", 1), variables(data))
      assert.strictEqual(second.code, 4)
      assert.include(
        second.err,
        ["csv", "parquet"].includes(name)
          ? `in use by process ${slow.process.pid} on ${os.hostname()} since`
          : name === "postgres"
            ? "in use by letterboxd-ratings on"
            : "in use by another process"
      )
      const status = await lbProcess(folder, ["status", "--out", data], variables(data))
      assert.strictEqual(status.code, 0, "looking is allowed")
      slow.process.kill("SIGKILL")
      await slow.ended
      assert.strictEqual((await lbProcess(folder, args(data, "continue", 1), variables(data))).code, 0)
      await postgres.drop(schemaOf(data))
    }, 60_000)
  })
}

if (postgres.url === undefined) {
  describe("lb run into postgres, killed with SIGKILL", () => {
    it.skip(`is not tried here${postgres.reason}`, () => {})
  })
}
