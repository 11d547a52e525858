import { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import * as path from "node:path"
import type { Benchmark } from "./Benchmark.ts"
import { figuresOf, measuredBareNode, measuredLb, medianOf, type Took } from "./MeasuredProcess.ts"
import * as OriginalTool from "./OriginalTool.ts"

const rounds = 5

export const startUp: Benchmark = {
  about: "commands that do little, beside Node alone",
  isShort: true,
  figures: () =>
    Effect.gen(function* () {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const dataset = path.join(folder, "dataset")
      yield* measuredLb([..."run --mode new --source sandbox --batches 1 --quiet --out".split(" "), dataset])
      const commands: ReadonlyArray<readonly [string, (round: number) => ReadonlyArray<string>]> = [
        ["--version", () => ["--version"]],
        ["--help", () => ["--help"]],
        ["status", () => ["status", "--out", dataset]],
        ["verify", () => ["verify", "--out", dataset]],
        ["log", () => ["log", "--out", dataset]],
        [
          "export --to movielens",
          (round) => [
            "export",
            "--to",
            "movielens",
            "--out",
            dataset,
            "--into",
            path.join(folder, `movielens-${round}`)
          ]
        ],
        ["report", (round) => ["report", "--out", dataset, "--out-file", path.join(folder, `report-${round}.html`)]]
      ]
      // In turns, so that whatever else the machine does meets all of them.
      const took = new Map(commands.map(([name]) => [name, new Array<Took>()]))
      const bare: Array<Took> = []
      const python: Array<Took> = []
      for (let round = 0; round < rounds; round++) {
        bare.push(yield* measuredBareNode)
        const original = yield* OriginalTool.start
        if (Option.isSome(original)) python.push(original.value.took)
        for (const [name, args] of commands) took.get(name)?.push(yield* measuredLb(args(round)))
      }
      const limit = { what: "node -e 0", took: medianOf(bare) }
      const original =
        python.length === 0
          ? undefined
          : { what: "python3 that loads csv, html.parser and urllib", took: medianOf(python) }
      return [...took].flatMap(([name, all]) => figuresOf(`lb ${name}`, medianOf(all), { limit, original }))
    })
}
