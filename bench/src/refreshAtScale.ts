import { FileSystem } from "@effect/platform"
import { RatingsStorage } from "@letterboxd-ratings/core"
import { Array as Arr, Effect } from "effect"
import * as path from "node:path"
import type { Benchmark } from "./Benchmark.ts"
import { type StorageName, storages } from "./intoAStorage.ts"
import { batchesOf, batchFrom, inMillions, makeLargeDataset } from "./LargeDataset.ts"
import { figure, measuredLb } from "./MeasuredProcess.ts"
import { median, timed } from "./Measuring.ts"

const names = ["csv", "sqlite", "parquet"] as const satisfies ReadonlyArray<StorageName>
const many = 5

/** The median time in milliseconds of batches that replace members, each at another place of the dataset. */
const replacing = (storage: (typeof names)[number], folder: string, all: number) =>
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
      const [, millis] = yield* timed(dataset.commit({ ...batch, members: again, keeps: ["changes"] }))
      times.push(millis)
    }
    return median(times)
  }).pipe(Effect.scoped, Effect.provide(storages[storage](folder)))

export const refreshAtScale: Benchmark = {
  about: "a batch that reads ten members again, in a dataset and in one a tenth as large",
  isShort: false,
  figures: ({ ratings }) =>
    Effect.gen(function* () {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const replacingIn = (all: number) =>
        Effect.gen(function* () {
          const csv = path.join(folder, `csv-${all}`)
          yield* makeLargeDataset(csv, all)
          for (const name of names) {
            const data = path.join(folder, `${name}-${all}`)
            if (name !== "csv") yield* measuredLb(["export", "--out", csv, "--to", name, "--into", data])
          }
          return yield* Effect.forEach(names, (name) =>
            Effect.map(replacing(name, path.join(folder, `${name}-${all}`), batchesOf(all)), (value) => ({
              name,
              value
            }))
          )
        })
      const figures = yield* Effect.forEach(ratings, (all) =>
        Effect.gen(function* () {
          const small = yield* replacingIn(Math.ceil(all / 10))
          const large = yield* replacingIn(all)
          return Arr.zipWith(large, small, ({ name, value }, { value: onSmall }) =>
            figure(
              { name: `ten members again on ${inMillions(all)} ratings in ${name}`, unit: "ms", value },
              { what: `the same on ${inMillions(Math.ceil(all / 10))}`, value: onSmall },
              undefined
            )
          )
        })
      )
      return figures.flat()
    })
}
