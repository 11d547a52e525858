/**
 * What a batch costs that reads ten members again, in a dataset of half a million ratings and in one of five million.
 */
import { RatingsStorage } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { storages } from "./intoAStorage.ts"
import { batches, batchFrom, makeLargeDataset } from "./LargeDataset.ts"
import { runLb } from "./runLb.ts"

const names = ["csv", "sqlite", "parquet"] as const
const many = 5

/** The median time in milliseconds of batches that replace members, each at another place of the dataset. */
const replacing = (storage: (typeof names)[number], folder: string, all: number): Promise<number> =>
  Effect.gen(function* () {
    const dataset = yield* (yield* RatingsStorage).open({ _tag: "continue" })
    const times: Array<number> = []
    for (let i = 0; i < many; i++) {
      const first = Math.floor((all * i) / many) * 10 + 1
      const { members, ...batch } = batchFrom(first, false)
      const again = members.map(({ ratings, record }) => ({
        record,
        isNew: false,
        write: "replace" as const,
        ratings: ratings.slice(1)
      }))
      const began = performance.now()
      yield* dataset.commit({ ...batch, members: again, keeps: ["changes"] })
      times.push(performance.now() - began)
    }
    return times.toSorted((a, b) => a - b)[Math.floor(many / 2)] ?? 0
  }).pipe(Effect.scoped, Effect.provide(storages[storage](folder)), Effect.runPromise)

export const refreshAtScale = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const measured = new Map<string, Array<number>>(names.map((name) => [name, []]))
    for (const all of [Math.ceil(batches / 10), batches]) {
      const csv = path.join(folder, `csv-${all}`)
      await makeLargeDataset(csv, all)
      for (const name of names) {
        const data = path.join(folder, `${name}-${all}`)
        if (name !== "csv") await runLb(["export", "--out", csv, "--to", name, "--into", data])
      }
      for (const name of names)
        measured.get(name)?.push(await replacing(name, path.join(folder, `${name}-${all}`), all))
    }
    process.stdout.write("  | storage | 0.5 million, ms | 5 million, ms | times |\n  |---|---|---|---|\n")
    for (const [name, [small = 0, large = 0]] of measured)
      process.stdout.write(
        `  | ${name} | ${small.toFixed(0)} | ${large.toFixed(0)} | ${(large / small).toFixed(1)} |\n`
      )
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
