import { FileSystem } from "@effect/platform"
import { Effect, Option, Schema } from "effect"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Benchmark } from "./Benchmark.ts"
import {
  figure,
  figuresOf,
  measuredBareNode,
  measuredLb,
  measuredNode,
  MeasuringError,
  medianOf
} from "./MeasuredProcess.ts"
import * as OriginalTool from "./OriginalTool.ts"
import { type Stage, StageTook } from "./pagesInStages.ts"
import { membersToRead, runFrom, sandboxProcess } from "./SandboxProcess.ts"

const child = fileURLToPath(new URL("pagesInStages.ts", import.meta.url))
const decodeStage = Schema.decode(Schema.parseJson(StageTook))

/** So many pages the original tool asks for at once, and ends a list when all of them fail or are empty. */
const probedAtOnce = 5
const pagesToTree = 40

const filmsPath = /^\/([^/]+)\/films\/(?:page\/\d+\/)?$/u
const hasTile = /data-(?:item|film)-slug=/u

const textOf = (url: string) =>
  Effect.tryPromise({
    try: async () => (await fetch(url)).text(),
    catch: (cause) => new MeasuringError({ reason: "ProgramFailed", program: `fetch ${url}`, detail: String(cause) })
  })

/** Asks for a member's pages as the original tool does. Gives how many it asked for, and how many had films. */
const probed = (site: string, member: string) =>
  Effect.gen(function* () {
    let asked = 0
    let full = 0
    for (;;) {
      const numbers = Array.from({ length: probedAtOnce }, (_, i) => asked + i + 1)
      const pages = yield* Effect.forEach(numbers, (number) => textOf(`${site}/${member}/films/page/${number}/`), {
        concurrency: probedAtOnce
      })
      asked += probedAtOnce
      const withFilms = pages.filter((page) => hasTile.test(page)).length
      full += withFilms
      if (withFilms === 0) return { asked, pages: Math.max(1, full) }
    }
  })

const stageOf = (stage: Stage, urls: string) =>
  measuredNode([...process.execArgv, child, stage, urls]).pipe(
    Effect.flatMap(({ said }) => decodeStage(said)),
    Effect.map(({ pages, processor }) => (processor / pages) * 1000)
  )

export const readTheSite: Benchmark = {
  about: "processor time of a page, from the socket to committed rows, and where it goes; requests; memory",
  isShort: true,
  figures: () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      const site = yield* sandboxProcess(0)
      const run = yield* measuredLb(runFrom(site, path.join(folder, "dataset"), probedAtOnce))
      const counts = yield* site.requests
      const paths = [...counts.keys()].filter((path) => filmsPath.test(path))
      const urls = path.join(folder, "urls")
      yield* fileSystem.writeFileString(urls, paths.map((path) => `${site.url}${path}`).join("\n"))

      const bare = medianOf(yield* Effect.replicateEffect(measuredBareNode, 3))
      const start = medianOf(yield* Effect.replicateEffect(measuredLb(["--version"]), 3))
      const transport = yield* stageOf("transport", urls)
      const unpacking = yield* stageOf("unpacking", urls)
      const fetched = yield* stageOf("fetch", urls)
      const tokens = yield* stageOf("tokens", urls)
      const parser = yield* stageOf("parser", urls)

      const files = yield* Effect.forEach(paths.slice(0, pagesToTree), (one, i) =>
        Effect.gen(function* () {
          const file = path.join(folder, `${i}.html`)
          yield* fileSystem.writeFileString(file, yield* textOf(`${site.url}${one}`))
          return file
        })
      )
      const tree = yield* OriginalTool.parse(files)

      const members = [...new Set(paths.flatMap((path) => filmsPath.exec(path)?.[1] ?? []))]
      const probes = yield* Effect.forEach(members, (member) => probed(site.url, member))
      const sum = (values: ReadonlyArray<number>) => values.reduce((all, value) => all + value, 0)
      const requests = sum([...counts].flatMap(([path, count]) => (filmsPath.test(path) ? [count] : [])))

      const whole = (run.processor / paths.length) * 1000
      const parts: ReadonlyArray<readonly [string, number]> = [
        ["transport (node:http)", transport],
        ["unpacking (gunzip)", unpacking - transport],
        ["what fetch and the text take beyond that", fetched - unpacking],
        ["tokens (htmlparser2)", tokens - fetched],
        ["our parser beyond its tokens", parser - tokens],
        ["the start of lb", (start.processor / paths.length) * 1000],
        ["the rest (Effect, ids, rows, commits)", whole - parser - (start.processor / paths.length) * 1000],
        ["garbage collection, which is in all of these", (run.collecting / paths.length) * 1000]
      ]
      return [
        figure(
          {
            name: `processor time of a page, from the socket to committed rows (${paths.length} pages)`,
            unit: "ms",
            value: whole
          },
          { what: "fetch, gunzip and htmlparser2's tokenizer alone", value: tokens },
          Option.getOrUndefined(
            Option.map(tree, ({ result }) => ({
              what: `a document tree alone, by ${result.tree}`,
              value: result.seconds * 1000
            }))
          )
        ),
        ...parts.flatMap(([name, value]) =>
          // Stages are measured one after the other, so that a small one may come out below nothing on a busy machine.
          value > 0 ? [figure({ name: `of it: ${name}`, unit: "ms", value }, undefined, undefined)] : []
        ),
        figure(
          { name: `requests for the films of ${members.length} members`, unit: "requests", value: requests },
          { what: "pages with films", value: sum(probes.map(({ pages }) => pages)) },
          { what: "probing for the end of each list", value: sum(probes.map(({ asked }) => asked)) }
        ),
        ...figuresOf(`a run of ${membersToRead} members`, run, { limit: { what: "node -e 0", took: bare } })
      ]
    })
}
