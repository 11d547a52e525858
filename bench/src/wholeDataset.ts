import { FileSystem } from "@effect/platform"
import { RatingsStorage } from "@letterboxd-ratings/core"
import { Console, Effect, Option } from "effect"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Benchmark } from "./Benchmark.ts"
import * as BenchDatabase from "./BenchDatabase.ts"
import type { Figure } from "./Figure.ts"
import { type StorageName, storages } from "./intoAStorage.ts"
import { inMillions, makeLargeDataset } from "./LargeDataset.ts"
import { figure, figuresOf, measuredLb, measuredNode, type ProcessBeside } from "./MeasuredProcess.ts"
import { timed } from "./Measuring.ts"
import * as OriginalTool from "./OriginalTool.ts"

const readBytes = fileURLToPath(new URL("readBytes.mjs", import.meta.url))

const layouts: ReadonlyArray<string> = [
  "movielens",
  "movielens --anonymise",
  "movielens --min-user-ratings 20 --min-film-ratings 20 --split random:0.1 --contiguous",
  "recbole",
  "jsonl",
  "spreadsheet",
  "parquet-file",
  "huggingface",
  "kaggle"
]

/** The commands that read a dataset in the storage `from`. `into` is where they may write. */
const commandsOn = (
  from: StorageName,
  into: string,
  isFull: boolean
): ReadonlyArray<readonly [string, ReadonlyArray<string>]> => {
  const named = (words: string, ...more: ReadonlyArray<string>): readonly [string, ReadonlyArray<string>] => [
    words,
    [...words.split(" "), ...more, "--storage", from]
  ]
  return [
    named("status"),
    named("verify"),
    named("inspect ratings"),
    named("inspect member member_7 member_8"),
    [
      "query",
      [
        "query",
        "select film_title, avg(rating), count(*) as n from ratings group by all order by n desc limit 10",
        "--storage",
        from
      ]
    ],
    named("report", "--out-file", path.join(into, "report.html")),
    named("report --member member_7", "--out-file", path.join(into, "member.html")),
    // All layouts read a storage in the same way, so that one tells what another storage costs them.
    ...(from === "csv" || isFull ? layouts : layouts.slice(0, 1)).map(
      (layout): readonly [string, ReadonlyArray<string>] => [
        `export --to ${layout}`,
        ["export", "--from", from, "--into", path.join(into, "export"), "--to", ...layout.split(" ")]
      ]
    )
  ]
}

const database =
  BenchDatabase.url === undefined ? {} : { LB_STORAGE_URL: BenchDatabase.url, LB_INTO_URL: BenchDatabase.url }
const schema = `schema=${BenchDatabase.schema}`

/** What opening a dataset to go on takes, in this process. */
const opening = (storage: StorageName, folder: string) =>
  timed(Effect.scoped(Effect.flatMap(RatingsStorage, (storage) => storage.open({ _tag: "continue" })))).pipe(
    Effect.map(([, millis]) => millis),
    Effect.provide(storages[storage](folder))
  )

const onDataset = (ratings: number, names: ReadonlyArray<StorageName>, isFull: boolean) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const folder = yield* fileSystem.makeTempDirectoryScoped()
    yield* BenchDatabase.emptied
    const csv = path.join(folder, "csv")
    yield* makeLargeDataset(csv, ratings)
    const joined = yield* OriginalTool.join(csv)
    const original: ProcessBeside | undefined = Option.getOrUndefined(
      Option.map(joined, ({ took }) => ({ what: "Python joins the rows of CSV one by one", took }))
    )
    const limitOf = (name: StorageName) =>
      Effect.map(
        // The bytes of a server's tables are read by the server. Those of the same ratings in CSV are the nearest to them.
        measuredNode([readBytes, path.join(folder, name === "postgres" ? "csv" : name)]),
        (took): ProcessBeside => ({
          what: name === "postgres" ? "Node reads the bytes of the CSV files" : "Node reads the bytes",
          took
        })
      )

    const figures: Array<Figure> = []
    for (const name of names) {
      const data = path.join(folder, name)
      const from = `${inMillions(ratings)} ratings in ${name}`
      if (name !== "csv") {
        yield* Console.error(`  ${from}: export --to ${name}`)
        const into = name === "postgres" ? ["--into-options", schema] : []
        const took = yield* measuredLb(["export", "--out", csv, "--to", name, "--into", data, ...into], database)
        const limit = yield* limitOf("csv")
        figures.push(...figuresOf(`${inMillions(ratings)} ratings: export csv --to ${name}`, took, { limit, original }))
      }
      const limit = yield* limitOf(name)
      figures.push(
        figure(
          { name: `${from}: open to go on`, unit: "ms", value: yield* opening(name, data) },
          { what: limit.what, value: limit.took.seconds * 1000 },
          original === undefined ? undefined : { what: original.what, value: original.took.seconds * 1000 }
        )
      )
      const options = name === "postgres" ? ["--storage-options", schema] : []
      const into = path.join(folder, "into")
      for (const [words, args] of commandsOn(name, into, isFull)) {
        yield* Console.error(`  ${from}: ${words}`)
        yield* fileSystem.makeDirectory(into)
        const took = yield* measuredLb([...args, "--out", data, ...options], database)
        yield* fileSystem.remove(into, { recursive: true })
        figures.push(...figuresOf(`${from}: ${words}`, took, { limit, original }))
      }
      if (name !== "csv") yield* fileSystem.remove(data, { recursive: true, force: true })
    }
    return figures
  }).pipe(Effect.scoped)

export const wholeDataset: Benchmark = {
  about: "opening, verifying, looking at, reporting on and exporting a whole dataset, in each storage",
  isShort: true,
  figures: ({ isFull, ratings, storages }) =>
    Effect.map(
      Effect.forEach(ratings, (one) =>
        onDataset(
          one,
          storages.filter((name) => name !== "memory"),
          isFull
        )
      ),
      (figures) => figures.flat()
    )
}
