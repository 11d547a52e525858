import { FileSystem } from "@effect/platform"
import { filmsPage, generateWorld } from "@letterboxd-ratings/fixtures"
import { parseFilmsPage } from "@letterboxd-ratings/letterboxd-source"
import { Console, Effect, Option } from "effect"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { tokenize } from "./BareParts.ts"
import type { Benchmark } from "./Benchmark.ts"
import { figure } from "./MeasuredProcess.ts"
import * as OriginalTool from "./OriginalTool.ts"

const real = fileURLToPath(new URL("../../../shared/pages/films-modern-2025-11.html", import.meta.url))

/** The best of five rounds, in milliseconds a page. */
const millisPer = (html: string, read: (html: string) => unknown): number => {
  for (let i = 0; i < 30; i++) read(html)
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    for (let i = 0; i < 40; i++) read(html)
    return (performance.now() - began) / 40
  })
  return Math.min(...times)
}

const sandboxPages = (["2022", "2026-09"] as const).flatMap((generation) => {
  const member = generateWorld().members[3]
  return member === undefined
    ? []
    : [
        {
          name: `sandbox, ${generation}`,
          html: filmsPage({ member, films: member.films, listing: "", number: 1, generation })
        }
      ]
})

export const parseAPage: Benchmark = {
  about: "one films page in memory, beside its tokens alone and a document tree",
  isShort: true,
  figures: () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      const isRealThere = yield* fileSystem.exists(real)
      if (!isRealThere) yield* Console.error("  (no real page: there is no ../shared/pages here)")
      const pages = isRealThere
        ? [...sandboxPages, { name: "real, 2025-11", html: yield* fileSystem.readFileString(real) }]
        : sandboxPages
      return yield* Effect.forEach(pages, ({ html, name }, i) =>
        Effect.gen(function* () {
          const file = path.join(folder, `${i}.html`)
          yield* fileSystem.writeFileString(file, html)
          const original = yield* OriginalTool.parse(Array.from({ length: 20 }, () => file))
          return figure(
            {
              name: `a films page of ${Math.round(html.length / 1000)} kB (${name})`,
              unit: "ms",
              value: millisPer(html, parseFilmsPage)
            },
            { what: "htmlparser2's tokenizer alone", value: millisPer(html, tokenize) },
            Option.getOrUndefined(
              Option.map(original, ({ result }) => ({
                what: `a document tree by ${result.tree}`,
                value: result.seconds * 1000
              }))
            )
          )
        })
      )
    })
}
