/**
 * Saves pages that were not understood in `diagnostics/` of the output folder, for bug reports.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { Diagnostics, type KeptPage } from "@letterboxd-ratings/core"
import { Context, DateTime, Effect, Layer, Option, type Scope } from "effect"
import packageJson from "../package.json" with { type: "json" }
import { Screen } from "./Screen.ts"

/** More pages add nothing. */
const mostPages = 10

/** Cookies identify the user and say nothing about the page. */
const isPrivate = (header: string): boolean => header.includes("cookie")

/**
 * Keeps pages in memory and writes them when the scope ends, because the folder may be moved aside during the run. Each
 * page is an `.html` file, with its URL, headers and verdict in a `.json` file of the same name. If they cannot be written,
 * it shows a message, and nothing else happens.
 */
const make = (
  folder: string
): Effect.Effect<Context.Tag.Service<Diagnostics>, never, FileSystem.FileSystem | Path.Path | Screen | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const screen = yield* Screen
    const place = path.join(folder, "diagnostics")
    const kept = new Map<string, KeptPage & { readonly at: DateTime.Utc }>()

    const writePages = Effect.gen(function* () {
      yield* fs.makeDirectory(place, { recursive: true })
      for (const [name, { at, body, ...page }] of kept) {
        const headers = Object.fromEntries(Object.entries(page.headers).filter(([header]) => !isPrivate(header)))
        const description = { tool: `lb ${packageJson.version}`, at: DateTime.formatIso(at), ...page, headers }
        yield* fs.writeFileString(path.join(place, `${name}.html`), body, { flag: "wx" })
        yield* fs.writeFileString(path.join(place, `${name}.json`), `${JSON.stringify(description, undefined, 2)}\n`, {
          flag: "wx"
        })
      }
    }).pipe(
      Effect.catchAll((error) =>
        screen.err(`The pages that were not understood could not be saved in ${place}: ${error.message}\n`)
      )
    )
    yield* Effect.addFinalizer(() => (kept.size === 0 ? Effect.void : writePages))

    return {
      keep: (page) =>
        Effect.gen(function* () {
          if (kept.size >= mostPages) return Option.none()
          const at = yield* DateTime.now
          const time = DateTime.formatIso(at).slice(0, 19).replaceAll(/[-:]/gu, "").replace("T", "-")
          const words = `${page.verdict.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, "-")} ${page.subject}`.toLowerCase()
          const wanted = `${time}-${words.replaceAll(/[^a-z0-9_]+/gu, "-")}`
          let name = wanted
          const isTaken = (one: string) =>
            kept.has(one)
              ? Effect.succeed(true)
              : Effect.orElseSucceed(fs.exists(path.join(place, `${one}.html`)), () => false)
          for (let n = 2; yield* isTaken(name); n++) name = `${wanted}-${n}`
          kept.set(name, { ...page, at })
          return Option.some(path.join(place, `${name}.html`))
        })
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (folder: string): Layer.Layer<never, never, FileSystem.FileSystem | Path.Path | Screen> =>
  Layer.scopedContext(Effect.map(make(folder), (service) => Context.make(Diagnostics, service)))
