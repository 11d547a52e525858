import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { sample } from "../../../vitest.sample.ts"
import { inEmptyFolder, lbProcess, start } from "./Lb.ts"
import { postgres } from "./Postgres.ts"

const schema = `lb_locks_${process.pid}`

/** How each storage is asked for, and what somebody may remove by hand who wonders what it is. */
const storages: ReadonlyArray<{
  readonly name: string
  readonly args: ReadonlyArray<string>
  readonly removable: ReadonlyArray<string>
  readonly variables?: Readonly<Record<string, string>>
}> = [
  { name: "csv", args: [], removable: [] },
  { name: "sqlite", args: ["--storage", "sqlite"], removable: ["ratings.sqlite.lock"] },
  { name: "parquet", args: ["--storage", "parquet"], removable: [] },
  ...(postgres.url === undefined
    ? []
    : [
        {
          name: "postgres",
          args: ["--storage", "postgres", "--storage-options", `schema=${schema}`],
          removable: [],
          variables: { LB_STORAGE_URL: postgres.url }
        }
      ])
]

const Status = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Struct({ ratings: Schema.Int, users: Schema.Int, batches: Schema.Int }))
)

describe(`a dataset at which a run is at work${postgres.reason}`, () => {
  for (const { args, name, removable, variables = {} } of sample("storages that are locked", storages, 1)) {
    it(
      `is refused to every other run, as often as they ask, and loses nothing: ${name}`,
      inEmptyFolder(async (folder) => {
        const run = (mode: string, ...more: ReadonlyArray<string>) => [
          "run",
          "--mode",
          mode,
          "--source",
          "sandbox",
          "--out",
          "data",
          ...args,
          ...more
        ]
        const first = start(folder, run("new", "--batches", "30", "--batch-size", "1", "--rate", "1"), variables)
        try {
          while (first.process.exitCode === null && !first.said().includes("Batch 1 committed"))
            await new Promise((resolve) => first.process.stderr?.once("data", resolve))
          for (const remove of [[], removable]) {
            for (const file of remove) fs.rmSync(path.join(folder, "data", file))
            for (const other of [
              run("continue", "--batches", "1", "--quiet"),
              run("new", "--yes", "--batches", "1", "--quiet"),
              run("new", "--batches", "1", "--quiet")
            ]) {
              const { code, err } = await lbProcess(folder, other, variables)
              assert.include([1, 4], code, `${other.join(" ")}: ${err}`)
              if (!other.includes("new") || other.includes("--yes")) {
                assert.strictEqual(code, 4, err)
                assert.match(err, /in use by (?:process \d+ on|letterboxd-ratings on|another process)/u)
              }
            }
          }
          // It was at work all the time.
          assert.isNull(first.process.exitCode)
        } finally {
          first.process.kill("SIGINT")
        }
        const { code, err } = await first.ended
        assert.strictEqual(code, 130, err)
        const committed = [...err.matchAll(/^Batch (\d+) committed: .*\((?<ratings>[\d,]+) in total\)$/gmu)].at(-1)
        const status = Status((await lbProcess(folder, ["status", "--json", "--out", "data", ...args], variables)).out)
        assert.isAtLeast(status.batches, Number(committed?.[1]))
        if (status.batches === Number(committed?.[1]))
          assert.strictEqual(status.ratings, Number(committed?.groups?.["ratings"]?.replaceAll(",", "")))
        assert.strictEqual((await lbProcess(folder, ["verify", "--out", "data", ...args], variables)).code, 0)
        assert.deepStrictEqual(
          fs.readdirSync(folder).filter((entry) => entry !== "data"),
          []
        )
        await postgres.drop(schema)
      }),
      300_000
    )
  }
})
