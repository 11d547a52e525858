/**
 * The command line of the benchmarks.
 */
import { Args, Command, Options } from "@effect/cli"
import { Console, Effect, Number, Record, Ref, Schema } from "effect"
import * as path from "node:path"
import type { Benchmark, Extent } from "./Benchmark.ts"
import * as BenchDatabase from "./BenchDatabase.ts"
import { FiguresOfARun, runOfNow, writeFigures } from "./FiguresFile.ts"
import { figureTable } from "./FigureTable.ts"
import { type StorageName, storages } from "./intoAStorage.ts"

/** Some of what was to be measured failed. What was measured is in the file. */
class BenchmarksFailed extends Schema.TaggedError<BenchmarksFailed>()("BenchmarksFailed", {
  failed: Schema.Positive
}) {
  override get message(): string {
    return `${this.failed} failed. What each of them said stands above.`
  }
}

const defaultFile = "bench-figures.json"

// Numbers are read here: the library takes no option of integers that may be repeated.
const ratings = Options.text("ratings").pipe(
  Options.withDescription("The size of large datasets, for example 50000000. May be repeated. Default: 500000."),
  Options.repeated,
  Options.withSchema(Schema.mutable(Schema.Array(Schema.NumberFromString.pipe(Schema.int(), Schema.positive()))))
)
const storageNames = Options.choiceWithValue(
  "storage",
  Record.keys(storages).map((name): [StorageName, StorageName] => [name, name])
).pipe(
  Options.withDescription(
    "A storage to measure. May be repeated. Default: all; postgres only if TEST_POSTGRES_URL names a server."
  ),
  Options.repeated
)
const isFull = Options.boolean("full").pipe(
  Options.withDescription(
    "Everything: all benchmarks, all layouts of exports from each storage, datasets of 500000 and of 5000000 ratings. It takes hours."
  )
)
const file = Options.file("json").pipe(
  Options.withDescription(`The file to write the figures to. Default: ${defaultFile} in the folder of the repository.`),
  Options.withDefault(defaultFile)
)

/** pnpm runs this in the folder of the package, and names the one it was called in. */
const calledIn = process.env["INIT_CWD"] ?? process.cwd()

const isThere = (name: StorageName): boolean => name !== "postgres" || BenchDatabase.url !== undefined

/** A command that measures benchmarks by their names. */
export const benchCommand = (benchmarks: Readonly<Record<string, Benchmark>>) => {
  const all = Record.toEntries(benchmarks)
  const names = Args.choice(
    all.map(([name]): [string, string] => [name, name]),
    { name: "NAME" }
  ).pipe(
    Args.repeated,
    Args.withDescription(
      `What to measure. Without names: the short ones (${all.flatMap(([name, { isShort }]) => (isShort ? [name] : [])).join(", ")}), or all with --full. ${all.map(([name, { about }]) => `${name}: ${about}.`).join(" ")}`
    )
  )
  return Command.make("bench", { names, ratings, storages: storageNames, isFull, file }, (asked) =>
    Effect.gen(function* () {
      const place = path.resolve(calledIn, asked.file)
      const wanted = asked.storages.length === 0 ? Record.keys(storages) : asked.storages
      if (!wanted.every(isThere)) yield* Console.error("(postgres is not measured: TEST_POSTGRES_URL names no server)")
      const failures = yield* Ref.make(0)
      const attempt: Extent["attempt"] = (name, figures) =>
        Console.error(`  ${name}`).pipe(
          Effect.zipRight(figures),
          Effect.catchAll(({ message }) =>
            Effect.as(
              Effect.zipRight(Console.error(`  failed: ${message}`), Ref.update(failures, Number.increment)),
              []
            )
          )
        )
      const extent: Extent = {
        attempt,
        ratings: asked.ratings.length > 0 ? asked.ratings : asked.isFull ? [500_000, 5_000_000] : [500_000],
        storages: wanted.filter(isThere),
        isFull: asked.isFull
      }
      const chosen = all.filter(([name, { isShort }]) =>
        asked.names.length > 0 ? asked.names.includes(name) : isShort || asked.isFull
      )
      let run = yield* runOfNow
      const { cores, node, processor } = run.machine
      yield* Console.log(`${cores} cores (${processor}), Node ${node}, load ${run.load.toFixed(1)}`)
      for (const [name, benchmark] of chosen) {
        yield* Console.log(`\n${benchmark.about}`)
        const figures = yield* attempt(name, Effect.scoped(benchmark.figures(extent)))
        yield* Console.log(`\n${figureTable(figures)}`)
        // After each one, so that a run that is stopped keeps what it measured.
        run = new FiguresOfARun({ ...run, benchmarks: { ...run.benchmarks, [name]: figures } })
        yield* writeFigures(place, run)
      }
      yield* Console.log(`\nThe figures are in ${path.relative(calledIn, place)}.`)
      const failed = yield* Ref.get(failures)
      if (failed > 0) return yield* Effect.fail(new BenchmarksFailed({ failed }))
    })
  ).pipe(
    Command.withDescription(
      "Measures this repository on this machine. Each figure stands beside its limit (what bare Node or the bare parts take) and beside the original tool's way, measured in the same run. Trust ratios; other work on the machine changes the rest."
    )
  )
}
