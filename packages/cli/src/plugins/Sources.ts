/**
 * The sources `lb` knows, each loaded only when it is asked for. A further one is one line here.
 *
 * @since 0.1.0
 */
import { FetchHttpClient } from "@effect/platform"
import { type RatingsSource, SourceError } from "@letterboxd-ratings/core"
import { HttpPolicy, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Layer, type Scope } from "effect"
import { InvalidSettings } from "../ExitCode.ts"
import { nearest } from "../Nearest.ts"
import type { Settings } from "../options/Settings.ts"

type MakeSite = (settings: Settings) => Effect.Effect<Site, SourceError, Scope.Scope>

/** Where a redirect leads is evidence, so the transport must not follow it. */
const transport = FetchHttpClient.layer.pipe(
  Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
)

/** Where pages come from, and how they are asked for. */
export interface Site {
  readonly options: LetterboxdSource.LetterboxdSourceOptions
  readonly policy: HttpPolicy.HttpPolicyOptions
}

const siteAt = (settings: Settings, name: string, baseUrl: string, requestsPerSecond: number): Site => ({
  options: {
    name,
    baseUrl: baseUrl.replace(/\/+$/u, ""),
    listing: settings.listing,
    membersList: settings.membersList,
    pagesInFlight: settings.concurrency,
    robots: settings.ignoreRobots ? "ignore" : "obey",
    userAgent: settings.userAgent
  },
  policy: {
    ...HttpPolicy.defaults,
    userAgent: settings.userAgent,
    concurrency: settings.concurrency,
    requestsPerSecond,
    maxRetries: settings.maxRetries,
    timeoutMillis: settings.timeout * 1000,
    maxRequests: settings.maxRequests ?? Infinity
  }
})

/**
 * Asks a site as its policy says.
 *
 * @since 0.1.0
 * @category layers
 */
export const clientOf = (policy: HttpPolicy.HttpPolicyOptions) =>
  HttpPolicy.layer(policy).pipe(Layer.provide(transport))

const sandbox: MakeSite = (settings) =>
  Effect.gen(function* () {
    const { generateWorld, Sandbox } = yield* Effect.promise(() => import("@letterboxd-ratings/fixtures"))
    const site = yield* Effect.mapError(
      Sandbox.make({ world: generateWorld(), behaviour: { latencyMillis: 20 } }),
      (error) => new SourceError({ reason: "InvalidOption", source: "sandbox", detail: error.message })
    )
    return siteAt(settings, "sandbox", site.url, settings.rate ?? Infinity)
  })

const sites: Readonly<Record<string, MakeSite>> = {
  letterboxd: (settings) =>
    Effect.succeed(
      siteAt(
        settings,
        "letterboxd",
        settings.baseUrl ?? LetterboxdSource.liveSite,
        settings.rate ?? HttpPolicy.defaults.requestsPerSecond
      )
    ),
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
 * The site the settings name, for as long as the scope lasts: letterboxd where they name none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const siteOf = (settings: Settings): Effect.Effect<Site, InvalidSettings | SourceError, Scope.Scope> => {
  const name = settings.source ?? "letterboxd"
  const known = Object.keys(sites)
  const make = Object.hasOwn(sites, name) ? sites[name] : undefined
  if (make === undefined) {
    return new InvalidSettings({
      problems: [
        `${settings.said.get("source") ?? "--source"} is "${name}", which is not a source. Known: ${known.join(", ")}. Did you mean "${nearest(name, known)}"?`
      ]
    })
  }
  if (name !== "letterboxd" && settings.baseUrl !== undefined) {
    return new InvalidSettings({
      problems: [
        `${settings.said.get("baseUrl") ?? "--base-url"} goes with the source letterboxd, not with ${name}. Leave one of them out.`
      ]
    })
  }
  return make(settings)
}

/**
 * The source the settings name.
 *
 * @since 0.1.0
 * @category layers
 */
export const sourceOf = (settings: Settings): Layer.Layer<RatingsSource, InvalidSettings | SourceError> =>
  Layer.unwrapScoped(
    Effect.map(siteOf(settings), ({ options, policy }) =>
      LetterboxdSource.layer(options).pipe(Layer.provide(clientOf(policy)))
    )
  )
