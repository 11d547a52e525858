import { FileSystem } from "@effect/platform"
import { RatingsStorage } from "@letterboxd-ratings/core"
import { Effect, Option } from "effect"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Benchmark, Extent } from "./Benchmark.ts"
import * as BenchDatabase from "./BenchDatabase.ts"
import { type StorageName, storages } from "./intoAStorage.ts"
import { inMillions, makeLargeDataset } from "./LargeDataset.ts"
import { figure, figuresOf, measuredLb, measuredNode, type ProcessBeside } from "./MeasuredProcess.ts"
import { timed } from "./Measuring.ts"
import * as OriginalTool from "./OriginalTool.ts"

const readBytes = fileURLToPath(new URL("readBytes.mjs", import.meta.url))

const layouts: ReadonlyArray<string> = [
  "movielens",
  "movielens --anonymise",
  "movielens --min-user-ratings 5 --min-film-ratings 5 --split random:0.1 --contiguous",
  "recbole",
  "jsonl",
  "spreadsheet",
  "parquet-file",
  "huggingface",
  "kaggle"
]

const meansOfFilms = "select film_title, avg(rating), count(*) as n from ratings group by all order by n desc limit 10"

type Command = readonly [name: string, words: ReadonlyArray<string>]

/** Commands that read a dataset in the storage `from`. `into` is where they may write. */
const commandsOn = (from: StorageName, into: string, isFull: boolean): ReadonlyArray<Command> => {
  const reading = (name: string, ...more: ReadonlyArray<string>): Command => [
    name,
    [...name.split(" "), ...more, "--storage", from]
  ]
  const exporting = (layout: string): Command => [
    `export --to ${layout}`,
    ["export", "--from", from, "--into", path.join(into, "export"), "--to", ...layout.split(" ")]
  ]
  const report = (name: string) => reading(name, "--out-file", path.join(into, "report.html"))
  const [firstLayout = "", ...otherLayouts] = layouts
  return [
    reading("status"),
    reading("verify"),
    reading("inspect ratings"),
    report("report"),
    exporting(firstLayout),
    // What else reads a storage does that in the same way.
    ...(from === "csv" || isFull
      ? [
          reading("inspect member member_7 member_8"),
          reading("query", meansOfFilms),
          report("report --member member_7"),
          ...otherLayouts.map(exporting)
        ]
      : [])
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

const onDataset = (ratings: number, { attempt, isFull, storages: names }: Extent) =>
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

    const ofStorage = (name: StorageName) =>
      Effect.gen(function* () {
        const data = path.join(folder, name)
        const from = `${inMillions(ratings)} ratings in ${name}`
        const limit = yield* limitOf(name)
        const opened = yield* attempt(
          `${from}: open to go on`,
          Effect.map(opening(name, data), (value) => [
            figure(
              { name: `${from}: open to go on`, unit: "ms", value },
              { what: limit.what, value: limit.took.seconds * 1000 },
              original === undefined ? undefined : { what: original.what, value: original.took.seconds * 1000 }
            )
          ])
        )
        const options = name === "postgres" ? ["--storage-options", schema] : []
        const into = path.join(folder, "into")
        const read = yield* Effect.forEach(commandsOn(name, into, isFull), ([words, args]) =>
          attempt(
            `${from}: ${words}`,
            Effect.gen(function* () {
              yield* fileSystem.remove(into, { recursive: true, force: true })
              yield* fileSystem.makeDirectory(into)
              const took = yield* measuredLb([...args, "--out", data, ...options], database)
              return figuresOf(`${from}: ${words}`, took, { limit, original })
            })
          )
        )
        return [...opened, ...read.flat()]
      })

    const exported = (name: StorageName) =>
      Effect.gen(function* () {
        const options = name === "postgres" ? ["--into-options", schema] : []
        const data = path.join(folder, name)
        const took = yield* measuredLb(["export", "--out", csv, "--to", name, "--into", data, ...options], database)
        const limit = yield* limitOf("csv")
        return figuresOf(`${inMillions(ratings)} ratings in csv: export --to ${name}`, took, { limit, original })
      })

    const figures = yield* Effect.forEach(
      names.filter((name) => name !== "memory"),
      (name) =>
        name === "csv"
          ? ofStorage(name)
          : attempt(
              `${inMillions(ratings)} ratings in csv: export --to ${name}`,
              Effect.gen(function* () {
                const made = yield* exported(name)
                const read = yield* ofStorage(name)
                yield* fileSystem.remove(path.join(folder, name), { recursive: true, force: true })
                return [...made, ...read]
              })
            )
    )
    return figures.flat()
  }).pipe(Effect.scoped)

export const wholeDataset: Benchmark = {
  about: "opening, verifying, looking at, reporting on and exporting a whole dataset, in each storage",
  isShort: true,
  figures: (extent) =>
    Effect.map(
      Effect.forEach(extent.ratings, (ratings) => onDataset(ratings, extent)),
      (figures) => figures.flat()
    )
}
