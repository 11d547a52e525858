import { FileSystem } from "@effect/platform"
import { loadWorld } from "@letterboxd-ratings/fixtures"
import { Console, Effect, Schema } from "effect"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Benchmark } from "./Benchmark.ts"
import * as BenchDatabase from "./BenchDatabase.ts"
import { Committed } from "./intoAStorage.ts"
import { figure, measuredNode } from "./MeasuredProcess.ts"
import { realWorld } from "./SandboxProcess.ts"

const child = fileURLToPath(new URL("intoAStorage.ts", import.meta.url))
const decodeCommitted = Schema.decode(Schema.parseJson(Committed))
const membersInABatch = 10

/** Writes what each batch holds into a line of a file, so that who commits them has nothing else in memory. */
const writeBatches = (file: string, files: NonNullable<typeof realWorld>) =>
  Effect.gen(function* () {
    const world = yield* loadWorld(files)
    const known = new Set<number>()
    const lines: Array<string> = []
    for (let from = 0; from < world.members.length; from += membersInABatch) {
      const members = world.members.slice(from, from + membersInABatch)
      const films = members
        .flatMap((member) => member.films)
        .map(({ film }) => film)
        .filter(({ id }) => !known.has(id) && known.add(id))
      lines.push(
        JSON.stringify({
          films,
          members: members.map(({ films: watched, username }) => ({
            username,
            ratings: watched.flatMap(({ film, rating }) => (rating === undefined ? [] : [[film.id, rating]]))
          }))
        })
      )
    }
    yield* (yield* FileSystem.FileSystem).writeFileString(file, lines.join("\n"))
  })

export const intoStorages: Benchmark = {
  about: "the real ratings into each storage, batch by batch, beside the memory storage: speed, size, memory",
  isShort: false,
  figures: ({ storages }) =>
    Effect.gen(function* () {
      if (realWorld === undefined) {
        yield* Console.error("  (not measured: there is no ../shared/world here)")
        return []
      }
      yield* BenchDatabase.emptied
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const batches = path.join(folder, "batches.jsonl")
      yield* writeBatches(batches, realWorld)
      const figures = yield* Effect.forEach(storages, (name) =>
        Effect.gen(function* () {
          const { megabytes, said } = yield* measuredNode([
            ...process.execArgv,
            child,
            name,
            path.join(folder, name),
            batches
          ])
          const { bytes, readSeconds, rows, seconds, slowestMillis } = yield* decodeCommitted(said)
          const one = (what: string, unit: "rows/s" | "ms" | "MB", value: number) =>
            value === 0
              ? []
              : [figure({ name: `${rows} ratings into ${name}: ${what}`, unit, value }, undefined, undefined)]
          return [
            ...one("committed", "rows/s", rows / seconds),
            ...one("slowest batch", "ms", slowestMillis),
            ...one("on disk", "MB", bytes / 1e6),
            ...one("read back", "rows/s", rows / readSeconds),
            ...one("peak memory", "MB", megabytes)
          ]
        })
      )
      return figures.flat()
    })
}
