import { FetchHttpClient } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Harvest, RatingsStorage } from "@letterboxd-ratings/core"
import { exportToStorage } from "@letterboxd-ratings/export"
import { type Behaviour, generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { HttpPolicy, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { DateTime, Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import packageJson from "../package.json" with { type: "json" }
import { sample } from "../../../vitest.sample.ts"
import { filesIn, inEmptyFolder, lb } from "./Lb.ts"
import { postgres } from "./Postgres.ts"

const world = generateWorld({ members: 16, mostFilms: 250 })
const someone = world.members.slice(0, 10).find(({ films }) => films.length > 150)?.username ?? "nobody"
const epoch = 1_700_000_000
const variables = { SOURCE_DATE_EPOCH: String(epoch) }

/** First one page cannot be had, so that a member is partial and completed by the second run. */
const behaviours: ReadonlyArray<{ readonly mode: "new" | "continue"; readonly behaviour: Partial<Behaviour> }> = [
  { mode: "new", behaviour: { faults: [{ path: `/${someone}/films/page/2/`, kind: "status", status: 502 }] } },
  { mode: "continue", behaviour: { faults: [] } }
]
const batches = 2
const batchSize = 5

const withSandbox = (test: (site: Sandbox.Sandbox) => Promise<void>) =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(Sandbox.make({ world }), (site) => Effect.promise(() => test(site)))))

/** Both runs by the built command into a storage. */
const runInto = async (
  site: Sandbox.Sandbox,
  folder: string,
  storage: string,
  out: string,
  more: Readonly<Record<string, string>> = {}
) => {
  for (const { behaviour, mode } of behaviours) {
    await Effect.runPromise(site.behave(behaviour))
    const { code, err } = await lb(
      folder,
      [
        "run",
        "--mode",
        mode,
        "--storage",
        storage,
        "--out",
        out,
        "--base-url",
        site.url,
        "--rate",
        "unlimited",
        "--quiet",
        "--batches",
        `${batches / (mode === "new" ? 1 : 2)}`,
        "--batch-size",
        `${batchSize}`,
        "--max-retries",
        "0"
      ],
      { ...variables, ...more }
    )
    assert.strictEqual(code, mode === "new" ? 2 : 0, err)
  }
}

/** The same runs without the command, into memory, and from there to CSV. */
const runIntoMemory = (site: Sandbox.Sandbox, folder: string) =>
  Effect.gen(function* () {
    const memory = MemoryStorage.make({ place: "memory" })
    const source = LetterboxdSource.layer({ ...LetterboxdSource.defaults, baseUrl: site.url }).pipe(
      Layer.provide(HttpPolicy.layer({ ...HttpPolicy.defaults, requestsPerSecond: Infinity, maxRetries: 0 })),
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
    )
    for (const { behaviour, mode } of behaviours) {
      yield* site.behave(behaviour)
      yield* Harvest.report({
        mode,
        existing: "refuse",
        batches: batches / (mode === "new" ? 1 : 2),
        batchSize,
        membersInFlight: 7,
        timestamp: DateTime.unsafeMake(epoch * 1000)
      }).pipe(Effect.provide(Layer.merge(source, Layer.succeed(RatingsStorage, memory))))
    }
    const csv = yield* CsvStorage.make({ ...CsvStorage.defaults, folder })
    yield* exportToStorage(memory, csv, {
      folder,
      existing: "refuse",
      listFiles: true,
      tool: `letterboxd-ratings ${packageJson.version}`
    })
  }).pipe(Effect.provide(Layer.merge(NodeContext.layer, NodeProcessTable.layer)), Effect.runPromise)

describe("lb export", () => {
  const schema = `lb_export_${process.pid}`
  const durable: Readonly<
    Record<string, { readonly options?: string; readonly variables?: Readonly<Record<string, string>> }>
  > = {
    csv: {},
    sqlite: {},
    parquet: {},
    ...(postgres.url === undefined
      ? {}
      : { postgres: { options: `schema=${schema}`, variables: { LB_STORAGE_URL: postgres.url } } })
  }
  const others = sample(
    "storages that a run is exported from",
    Object.keys(durable).filter((name) => name !== "csv"),
    1
  )
  const compared = ["csv", ...others]

  it(
    `makes the same bytes of a run, whatever storage it went into: memory, ${compared.join(", ")}${postgres.reason}`,
    inEmptyFolder(async (folder) => {
      await withSandbox(async (site) => {
        await runIntoMemory(site, path.join(folder, "from-memory"))
        const fromMemory = filesIn(path.join(folder, "from-memory"))
        assert.isAbove(Object.keys(fromMemory).length, 7)
        for (const storage of compared) {
          const { options, variables: more = {} } = durable[storage] ?? {}
          const chosen = options === undefined ? {} : { LB_STORAGE_OPTIONS: options }
          await runInto(site, folder, storage, storage, { ...more, ...chosen })
          const back = await lb(
            folder,
            ["export", "--from", storage, "--out", storage, "--to", "csv", "--into", `from-${storage}`],
            { ...more, ...chosen }
          )
          assert.strictEqual(back.code, 0, back.err)
          assert.deepStrictEqual(filesIn(path.join(folder, `from-${storage}`)), fromMemory, storage)
          assert.strictEqual((await lb(folder, ["verify", "--out", `from-${storage}`])).code, 0)
        }
        // What is exported is what a run into CSV files writes itself.
        const direct = filesIn(path.join(folder, "csv"))
        for (const name of Object.keys(direct).filter((one) => one.startsWith("latest_")))
          assert.strictEqual(direct[name], fromMemory[name], name)
        // And it can be gone on with.
        const copy = `from-${others[0]}`
        for (const out of ["csv", copy]) {
          const { code, err } = await lb(
            folder,
            [
              "run",
              "--mode",
              "continue",
              "--out",
              out,
              "--base-url",
              site.url,
              "--rate",
              "unlimited",
              "--quiet",
              "--batches",
              "1",
              "--batch-size",
              "1"
            ],
            variables
          )
          assert.strictEqual(code, 0, err)
        }
        const [one, other] = [filesIn(path.join(folder, "csv")), filesIn(path.join(folder, copy))]
        for (const name of Object.keys(one).filter((file) => file.startsWith("latest_")))
          assert.strictEqual(one[name], other[name], name)
      })
      await postgres.drop(schema)
    }),
    120_000
  )

  it(
    "goes from any storage to any other and back, and tells how many there are",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--quiet"])
      const out = await lb(folder, ["export", "--to", "sqlite", "--json"])
      assert.strictEqual(out.code, 0, out.err)
      const told: unknown = JSON.parse(out.out)
      assert.nestedPropertyVal(told, "users", 20)
      assert.nestedPropertyVal(told, "place", "data_output-sqlite/ratings.sqlite")
      const sqlite = await lb(folder, ["verify", "--storage", "sqlite", "--out", "data_output-sqlite"])
      assert.strictEqual(sqlite.code, 0, sqlite.out)
      const again = await lb(folder, [
        "export",
        "--from",
        "sqlite",
        "--out",
        "data_output-sqlite",
        "--to",
        "sqlite",
        "--into",
        "again"
      ])
      assert.strictEqual(again.code, 0, again.err)
      assert.include(again.out, "Every row was counted")
      const layouts = ["movielens", "recbole", "kaggle", "huggingface", "jsonl", "spreadsheet", "parquet-file"]
      for (const layout of sample("layouts", layouts, 2)) {
        const first = await lb(folder, ["export", "--to", layout])
        const second = await lb(folder, [
          "export",
          "--from",
          "sqlite",
          "--out",
          "again",
          "--to",
          layout,
          "--into",
          `${layout}-2`
        ])
        assert.deepStrictEqual([first.code, second.code], [0, 0], `${first.err}${second.err}`)
        assert.deepStrictEqual(
          filesIn(path.join(folder, `${layout}-2`)),
          filesIn(path.join(folder, `data_output-${layout}`))
        )
      }
    }),
    180_000
  )

  it(
    "writes one member for the import of Letterboxd, and to other layouts",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--quiet", "--batch-size", "3"])
      const status = await lb(folder, ["query", "--json", "select username, count(*) as n from ratings group by 1"])
      assert.strictEqual(status.code, 0, status.err)
      const [{ n = 0, username = "" } = {}] = JSON.parse(
        `[${status.out.trim().split("\n").join(",")}]`
      ) as ReadonlyArray<{
        readonly n?: number
        readonly username?: string
      }>
      const done = await lb(folder, ["export", "--to", "letterboxd", "--member", username.toUpperCase()])
      assert.strictEqual(done.code, 0, done.err)
      const place = `data_output-letterboxd-${username}`
      assert.include(done.out, `${place} holds ${n} ratings of`)
      const lines = fs.readFileSync(path.join(folder, place, "letterboxd.csv"), "utf8").split("\r\n")
      assert.strictEqual(lines.length, n + 2)
      assert.match(lines[1] ?? "", /^https:\/\/boxd\.it\/\w+,/u)
      const json = await lb(folder, ["export", "--to", "jsonl"], { LB_MEMBER: username })
      assert.strictEqual(json.code, 0, json.err)
      const rows = fs.readFileSync(path.join(folder, `data_output-jsonl-${username}`, "ratings.jsonl"), "utf8")
      assert.strictEqual(rows.trim().split("\n").length, n)
    }),
    60_000
  )

  it(
    "says what is wrong, exit 1, and writes nothing",
    inEmptyFolder(async (folder) => {
      await lb(folder, [
        "run",
        "--mode",
        "new",
        "--source",
        "sandbox",
        "--quiet",
        "--batches",
        "1",
        "--batch-size",
        "2"
      ])
      const cases: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [[], "--to is missing"],
        [["--to", "movilens"], `Did you mean "movielens"?`],
        [["--to", "sqlite", "--anonymise"], "--anonymise is for layouts"],
        [["--to", "jsonl", "--salt", "x"], "--salt is only for --anonymise"],
        [["--to", "jsonl", "--into-options", "a=b"], "is for storages"],
        [["--to", "sqlite", "--into-options", "fiel=x"], `Did you mean "file"?`],
        [["--to", "jsonl", "--from", "sqlite"], "no dataset here"],
        [["--to", "csv", "--into", "data_output"], "--into data_output is the folder of the dataset itself"],
        [["--to", "jsonl", "--into", "data_output"], "--into data_output is the folder of the dataset itself"],
        [["--to", "postgres"], "LB_INTO_URL"],
        [["--to", "letterboxd"], "--member is missing"],
        [["--to", "letterboxd", "--member", "nobody"], "it has no member nobody"],
        [["--to", "letterboxd", "--member", "nobody", "--anonymise"], "the ratings of one member show who it is"],
        [["--to", "letterboxd", "--member", "nobody", "--contiguous"], "--contiguous is for recommenders"],
        [["--to", "sqlite", "--member", "nobody"], "--member is for layouts"],
        [["--to", "huggingface", "--timestamps", "none"], "movielens, kaggle and recbole"],
        [["--to", "./nothing.mjs"], "cannot be loaded"]
      ]
      for (const [args, words] of cases) {
        const { code, err, out } = await lb(folder, ["export", ...args])
        assert.strictEqual(code, 1, `${args.join(" ")}: ${out}${err}`)
        assert.include(err, words)
        assert.deepStrictEqual(fs.readdirSync(folder), ["data_output"], args.join(" "))
      }
    }),
    180_000
  )

  it(
    "leaves names out, and gives the same ids under the same salt",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--quiet"])
      const anonymous = async (into: string, more: Readonly<Record<string, string>>) => {
        const { code, err } = await lb(folder, ["export", "--to", "movielens", "--anonymise", "--into", into], more)
        assert.strictEqual(code, 0, err)
        return filesIn(path.join(folder, into))
      }
      const one = await anonymous("one", { LB_SALT: "secret" })
      assert.deepStrictEqual(await anonymous("two", { LB_SALT: "secret" }), one)
      const random = await anonymous("three", {})
      assert.notStrictEqual(random["ratings.csv"], one["ratings.csv"])
      assert.strictEqual(random["movies.csv"], one["movies.csv"])
    }),
    180_000
  )
})
