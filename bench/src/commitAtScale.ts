import { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Benchmark } from "./Benchmark.ts"
import { batchesOf, batchFrom, inMillions, makeLargeDataset, opened, ratingsInABatch } from "./LargeDataset.ts"
import { figure, figuresOf, measuredBareNode, measuredLb } from "./MeasuredProcess.ts"
import { median, timed } from "./Measuring.ts"
import * as OriginalTool from "./OriginalTool.ts"

const rounds = 7

/** The median of milliseconds that batches take which come after the first `after` ones. */
const committing = (folder: string, after: number) =>
  opened(folder, { _tag: "continue" }, (dataset) =>
    Effect.map(
      Effect.forEach(
        Array.from({ length: rounds }, (_, i) => batchFrom((after + i) * 10 + 1, false)),
        (batch) => timed(dataset.commit(batch))
      ),
      (all) => median(all.map(([, millis]) => millis))
    )
  )

/** Appends as many bytes as a batch has in each of the two files of ratings, and flushes them: the limit of a commit. */
const appending = (folder: string) =>
  Effect.map(
    Effect.replicateEffect(
      timed(
        Effect.sync(() => {
          for (const [name, bytes] of [
            ["raw", 20],
            ["translated", 40]
          ] as const) {
            const file = fs.openSync(path.join(folder, name), "a")
            fs.writeSync(file, Buffer.alloc(ratingsInABatch * bytes, "x"))
            fs.fsyncSync(file)
            fs.closeSync(file)
          }
        })
      ),
      rounds
    ),
    (all) => median(all.map(([, millis]) => millis))
  )

export const commitAtScale: Benchmark = {
  about: "a batch on an empty and on a large dataset in CSV, beside writing everything anew; going on with a large one",
  isShort: true,
  figures: ({ ratings }) =>
    Effect.gen(function* () {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const small = path.join(folder, "small")
      yield* makeLargeDataset(small, 1)
      const onEmpty = yield* committing(small, 1)
      const limit = { what: "appending as many bytes, and flushing them", value: yield* appending(folder) }
      const bare = { what: "node -e 0", took: yield* measuredBareNode }
      const batch = `a batch of ${ratingsInABatch.toLocaleString("en-US")} ratings`
      const onLarge = yield* Effect.forEach(ratings, (all) =>
        Effect.gen(function* () {
          const large = path.join(folder, String(all))
          yield* makeLargeDataset(large, all)
          const value = yield* committing(large, batchesOf(all))
          const anew = Option.map(yield* OriginalTool.rewrite(large), ({ result }) => ({
            what: "Python writes all raw ratings anew",
            value: result.milliseconds
          }))
          const goingOn = yield* measuredLb([
            ..."run --mode continue --source sandbox --batches 1 --quiet --out".split(" "),
            large
          ])
          const on = `on ${inMillions(all)} ratings`
          return [
            figure({ name: `${batch} ${on}`, unit: "ms", value }, limit, Option.getOrUndefined(anew)),
            figure(
              { name: `${batch} ${on}, beside an empty dataset`, unit: "ms", value },
              { what: "the same on an empty dataset", value: onEmpty },
              undefined
            ),
            ...figuresOf(`ten members of the sandbox ${on}`, goingOn, { limit: bare })
          ]
        })
      )
      return [
        figure({ name: `${batch} on an empty dataset`, unit: "ms", value: onEmpty }, limit, undefined),
        ...onLarge.flat()
      ]
    })
}
