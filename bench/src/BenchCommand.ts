/**
 * The command line of the benchmarks.
 */
import { Args, Command, Options } from "@effect/cli"
import { Console, Effect, Record } from "effect"
import * as path from "node:path"
import { adoptAtScale } from "./adoptAtScale.ts"
import type { Benchmark } from "./Benchmark.ts"
import * as BenchDatabase from "./BenchDatabase.ts"
import { commitAtScale } from "./commitAtScale.ts"
import { FiguresOfARun, runOfNow, writeFigures } from "./FiguresFile.ts"
import { figureTable } from "./FigureTable.ts"
import { importFiles } from "./importFiles.ts"
import { type StorageName, storages } from "./intoAStorage.ts"
import { intoStorages } from "./intoStorages.ts"
import { parseAPage } from "./parseAPage.ts"
import { readTheSite } from "./readTheSite.ts"
import { refreshAtScale } from "./refreshAtScale.ts"
import { refreshAYear } from "./refreshAYear.ts"
import { startUp } from "./startUp.ts"
import { waitForTheSite } from "./waitForTheSite.ts"
import { wholeDataset } from "./wholeDataset.ts"

const benchmarks = {
  startUp,
  parseAPage,
  readTheSite,
  waitForTheSite,
  commitAtScale,
  wholeDataset,
  intoStorages,
  importFiles,
  adoptAtScale,
  refreshAtScale,
  refreshAYear
} satisfies Readonly<Record<string, Benchmark>>

const all: ReadonlyArray<readonly [string, Benchmark]> = Record.toEntries(benchmarks)
const defaultFile = "bench-figures.json"

const names = Args.choice(
  all.map(([name]): [string, string] => [name, name]),
  { name: "NAME" }
).pipe(
  Args.repeated,
  Args.withDescription(
    `What to measure. Without names: the short ones (${all.flatMap(([name, { isShort }]) => (isShort ? [name] : [])).join(", ")}), or all with --full. ${all.map(([name, { about }]) => `${name}: ${about}.`).join(" ")}`
  )
)
const ratings = Options.integer("ratings").pipe(
  Options.withDescription("The size of large datasets, for example 50000000. May be repeated. Default: 500000."),
  Options.repeated
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

export const benchCommand = Command.make("bench", { names, ratings, storages: storageNames, isFull, file }, (asked) =>
  Effect.gen(function* () {
    const place = path.resolve(calledIn, asked.file)
    const wanted = asked.storages.length === 0 ? Record.keys(storages) : asked.storages
    if (!wanted.every(isThere)) yield* Console.error("(postgres is not measured: TEST_POSTGRES_URL names no server)")
    const extent = {
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
      yield* Console.log(`\n${name}: ${benchmark.about}`)
      const figures = yield* Effect.scoped(benchmark.figures(extent))
      yield* Console.log(`\n${figureTable(figures)}`)
      // After each one, so that a run that is stopped keeps what it measured.
      run = new FiguresOfARun({ ...run, benchmarks: { ...run.benchmarks, [name]: figures } })
      yield* writeFigures(place, run)
    }
    yield* Console.log(`\nThe figures are in ${path.relative(calledIn, place)}.`)
  })
).pipe(
  Command.withDescription(
    "Measures this repository on this machine. Each figure stands beside its limit (what bare Node or the bare parts take) and beside the original tool's way, measured in the same run. Trust ratios; other work on the machine changes the rest."
  )
)
