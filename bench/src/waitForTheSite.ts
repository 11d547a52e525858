import { FileSystem } from "@effect/platform"
import { Effect } from "effect"
import * as path from "node:path"
import type { Benchmark } from "./Benchmark.ts"
import { figure, measuredLb } from "./MeasuredProcess.ts"
import { runFrom, sandboxProcess } from "./SandboxProcess.ts"

const latency = 50

export const waitForTheSite: Benchmark = {
  about: `a run, beside waiting for the site alone: pages x ${latency} ms / requests at once`,
  isShort: true,
  figures: ({ isFull }) =>
    Effect.gen(function* () {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const site = yield* sandboxProcess(latency)
      return yield* Effect.forEach(isFull ? [5, 10, 25] : [5, 10], (concurrency) =>
        Effect.gen(function* () {
          yield* site.reset
          const { seconds } = yield* measuredLb(runFrom(site, path.join(folder, String(concurrency)), concurrency))
          const pages = [...(yield* site.requests).values()].reduce((sum, count) => sum + count, 0)
          return figure(
            {
              name: `${pages} pages at ${latency} ms, ${concurrency} at once, start included`,
              unit: "s",
              value: seconds
            },
            { what: "waiting alone", value: (pages * latency) / 1000 / concurrency },
            undefined
          )
        })
      )
    })
}
