/**
 * What it takes to export 5 million ratings into the storages that keep a database.
 */
import { PostgresStorage } from "@letterboxd-ratings/storage-postgres"
import { Effect, Redacted } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { makeLargeDataset } from "./LargeDataset.ts"
import { runLb } from "./runLb.ts"

const server = process.env["TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test"
const schema = "lb_bench_export"

const isServerThere = Effect.match(PostgresStorage.make({ url: Redacted.make(server), schema }).exists, {
  onFailure: () => false,
  onSuccess: () => true
})

export const exportIntoStorages = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const dataset = path.join(folder, "dataset")
    await makeLargeDataset(dataset)
    process.env["LB_INTO_URL"] = server
    process.stdout.write("  | --to | seconds | peak memory, MB |\n  |---|---|---|\n")
    for (const to of ["sqlite", "postgres"]) {
      if (to === "postgres" && !(await Effect.runPromise(isServerThere))) {
        process.stdout.write("  (postgres is not measured: no server answers; set TEST_POSTGRES_URL)\n")
        continue
      }
      const into = path.join(folder, to)
      const options = to === "postgres" ? ["--yes", "--into-options", `schema=${schema}`] : []
      const { megabytes, seconds } = await runLb(["export", "--out", dataset, "--into", into, "--to", to, ...options])
      process.stdout.write(`  | ${to} | ${seconds.toFixed(0)} | ${megabytes.toFixed(0)} |\n`)
    }
  } finally {
    delete process.env["LB_INTO_URL"]
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
