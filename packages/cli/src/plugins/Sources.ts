/**
 * The sources `lb` knows, each loaded only when it is asked for. A further one is one line here.
 *
 * @since 0.1.0
 */
import { FetchHttpClient } from "@effect/platform"
import { type RatingsSource, SourceError } from "@letterboxd-ratings/core"
import { HttpPolicy, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Layer } from "effect"
import { InvalidSettings } from "../ExitCode.ts"
import { nearest } from "../Nearest.ts"
import type { Settings } from "../options/Settings.ts"

type SourceLayer = Layer.Layer<RatingsSource, SourceError>

/** Where a redirect leads is evidence, so the transport must not follow it. */
const transport = FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })))

const siteAt = (settings: Settings, name: string, baseUrl: string, requestsPerSecond: number): SourceLayer =>
  LetterboxdSource.layer({
    name,
    baseUrl: baseUrl.replace(/\/+$/u, ""),
    listing: settings.listing,
    membersList: settings.membersList,
    pagesInFlight: settings.concurrency,
    robots: settings.ignoreRobots ? "ignore" : "obey",
    userAgent: settings.userAgent
  }).pipe(
    Layer.provide(HttpPolicy.layer({
      ...HttpPolicy.defaults,
      userAgent: settings.userAgent,
      concurrency: settings.concurrency,
      requestsPerSecond,
      maxRetries: settings.maxRetries,
      timeoutMillis: settings.timeout * 1000
    })),
    Layer.provide(transport)
  )

const sandbox = (settings: Settings): SourceLayer =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const { generateWorld, Sandbox } = yield* Effect.promise(() => import("@letterboxd-ratings/fixtures"))
    const site = yield* Effect.mapError(
      Sandbox.make({ world: generateWorld(), behaviour: { latencyMillis: 20 } }),
      (error) => new SourceError({ reason: "InvalidOption", source: "sandbox", detail: error.message })
    )
    return siteAt(settings, "sandbox", site.url, settings.rate ?? Infinity)
  }))

const sources: Readonly<Record<string, (settings: Settings) => SourceLayer>> = {
  letterboxd: (settings) =>
    siteAt(settings, "letterboxd", settings.baseUrl ?? LetterboxdSource.liveSite, settings.rate ?? HttpPolicy.defaults.requestsPerSecond),
  sandbox
}

/**
 * Whether a run asks the real site.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isLive = (settings: Settings): boolean =>
  (settings.source ?? "letterboxd") === "letterboxd" &&
  /(?:^|\.)letterboxd\.com$/u.test(new URL(settings.baseUrl ?? LetterboxdSource.liveSite).hostname)

/**
 * The source the settings name: letterboxd where they name none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sourceOf = (settings: Settings): Effect.Effect<SourceLayer, InvalidSettings> => {
  const name = settings.source ?? "letterboxd"
  const known = Object.keys(sources)
  const make = Object.hasOwn(sources, name) ? sources[name] : undefined
  if (make === undefined) {
    return Effect.fail(
      new InvalidSettings({
        problems: [
          `${settings.said.get("source") ?? "--source"} is "${name}", which is not a source. Known: ${known.join(", ")}. Did you mean "${nearest(name, known)}"?`
        ]
      })
    )
  }
  if (name !== "letterboxd" && settings.baseUrl !== undefined) {
    return Effect.fail(
      new InvalidSettings({
        problems: [`${settings.said.get("baseUrl") ?? "--base-url"} goes with the source letterboxd, not with ${name}. Leave one of them out.`]
      })
    )
  }
  return Effect.succeed(make(settings))
}
