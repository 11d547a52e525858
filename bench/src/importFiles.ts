import { FileSystem } from "@effect/platform"
import { loadWorld, type WayInKind, waysIn } from "@letterboxd-ratings/fixtures"
import { Console, Effect } from "effect"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Benchmark } from "./Benchmark.ts"
import { figuresOf, measuredLb, measuredNode } from "./MeasuredProcess.ts"
import { realWorld } from "./SandboxProcess.ts"

const readBytes = fileURLToPath(new URL("readBytes.mjs", import.meta.url))
const kinds: ReadonlyArray<WayInKind> = ["export", "warc", "freeth"]

export const importFiles: Benchmark = {
  about:
    "the real ratings from files: official exports of all members, saved pages, a dataset in one table; each twice",
  isShort: false,
  figures: () =>
    Effect.gen(function* () {
      if (realWorld === undefined) {
        yield* Console.error("  (not measured: there is no ../shared/world here)")
        return []
      }
      const fileSystem = yield* FileSystem.FileSystem
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      const world = yield* loadWorld(realWorld)
      let ratings = 0
      for (const { films } of world.members) for (const { rating } of films) if (rating !== undefined) ratings += 1
      const figures = yield* Effect.forEach(kinds, (kind) =>
        Effect.gen(function* () {
          const inputs = path.join(folder, kind)
          yield* fileSystem.makeDirectory(inputs)
          for (const file of waysIn(kind, world)) {
            const { content, name } = yield* file
            yield* typeof content === "string"
              ? fileSystem.writeFileString(path.join(inputs, name), content)
              : fileSystem.writeFile(path.join(inputs, name), content)
          }
          const limit = { what: "Node reads the bytes", took: yield* measuredNode([readBytes, inputs]) }
          const both = yield* Effect.forEach(["new", "again"], (when) =>
            Effect.map(measuredLb(["import", inputs, "--out", path.join(folder, `${kind}-data`), "--quiet"]), (took) =>
              figuresOf(`${kind} of ${ratings} ratings, ${when}`, took, { limit })
            )
          )
          yield* fileSystem.remove(inputs, { recursive: true })
          return both.flat()
        })
      )
      return figures.flat()
    })
}
