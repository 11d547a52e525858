/**
 * What a batch costs on an empty dataset and on one of 5 million ratings, what opening costs, and what rewriting all
 * of it with each batch would, as the original tool does.
 */
import { Effect, Stream } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { batches, batchFrom, makeLargeDataset, millionsOfRows, opened } from "./LargeDataset.ts"
import { runLb } from "./runLb.ts"

const timed = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<number, E> =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(effect, () => performance.now() - began)
  })

const median = (times: ReadonlyArray<number>): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0

export const commitAtScale = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const small = path.join(folder, "small")
    const onEmpty = await opened(small, { _tag: "new", existing: "refuse" }, (dataset) =>
      Effect.gen(function* () {
        yield* dataset.commit(batchFrom(1, true))
        return median(
          yield* Effect.forEach([11, 21, 31, 41, 51, 61, 71], (first) => timed(dataset.commit(batchFrom(first, false))))
        )
      })
    )

    const large = path.join(folder, "large")
    await makeLargeDataset(large)

    const began = performance.now()
    const { onLarge, opening } = await opened(large, { _tag: "continue" }, (dataset) =>
      Effect.gen(function* () {
        const opening = performance.now() - began
        const times = yield* Effect.forEach([0, 1, 2, 3, 4, 5, 6], (i) =>
          timed(dataset.commit(batchFrom((batches + i) * 10 + 1, false)))
        )
        return { opening, onLarge: median(times) }
      })
    )
    const status = await runLb(["status", "--out", large])
    const goingOn = await runLb([
      "run",
      "--mode",
      "continue",
      "--source",
      "sandbox",
      "--batches",
      "1",
      "--quiet",
      "--out",
      large
    ])
    const verified = await runLb(["verify", "--out", large])

    const rewriting = performance.now()
    const lines: Array<string> = []
    await opened(large, { _tag: "continue" }, (dataset) =>
      Stream.runForEachChunk(dataset.ratings, (rows) =>
        Effect.sync(() => {
          for (const row of rows) lines.push(`${row.userId},${row.filmId},${row.rating.toFixed(1)}`)
        })
      )
    )
    fs.writeFileSync(path.join(folder, "whole.csv"), lines.join("\n"))
    const rewrite = performance.now() - rewriting

    process.stdout.write(
      [
        `  a batch of 10 members, 13,000 ratings: ${onEmpty.toFixed(0)} ms on an empty dataset, ${onLarge.toFixed(0)} ms on ${millionsOfRows} million ratings: ${(onLarge / onEmpty).toFixed(2)} times`,
        `  reading and writing the raw ratings anew with each batch, as the original does: ${(rewrite / 1000).toFixed(1)} s, ${(rewrite / onLarge).toFixed(0)} times a batch`,
        `  opening ${millionsOfRows} million ratings to go on: ${(opening / 1000).toFixed(2)} s`,
        `  lb status on them: ${status.seconds.toFixed(1)} s, ${status.megabytes.toFixed(0)} MB`,
        `  lb run --mode continue with ten members of the sandbox: ${goingOn.seconds.toFixed(1)} s, ${goingOn.megabytes.toFixed(0)} MB`,
        `  lb verify: ${verified.seconds.toFixed(1)} s, ${verified.megabytes.toFixed(0)} MB`
      ].join("\n") + "\n"
    )
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
