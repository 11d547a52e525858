/**
 * Letterboxd and the sandbox as sources: the same pages, at different addresses.
 *
 * @since 0.1.0
 */
import { HttpClient } from "@effect/platform"
import { Diagnostics, SourceError } from "@letterboxd-ratings/core"
import {
  FeedReader,
  HttpPolicy,
  LetterboxdSource,
  PageReader,
  type PageResponse,
  type PageVerdict,
  SiteTransport
} from "@letterboxd-ratings/letterboxd-source"
import { Effect, type Either, Layer, Option, type Scope } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import type { OptionKey } from "../options/OptionTable.ts"
import type { Settings } from "../options/Settings.ts"
import { Recorder, RecordingFailed } from "../Recorder.ts"
import type { FeedsLayer, SourceLayer, SourcePlugin, SourceUse } from "./SourcePlugin.ts"

/** An examination shows the state of the site now: one retry, and no long waits. */
const hurried = { concurrency: 1, maxRetries: 1, backoffMillis: 1_000, patienceMillis: 10_000 }

/** The transport of a run, which records its responses if that is asked for. */
const recorded = (
  record: string | undefined,
  { userAgent }: Settings,
  site: string
): Layer.Layer<HttpClient.HttpClient | Recorder, SourceError, HttpClient.HttpClient> =>
  record === undefined
    ? Layer.merge(passing, Layer.succeed(Recorder, { committed: () => Effect.void, failed: Effect.never }))
    : Layer.unwrapEffect(
        Effect.map(
          Effect.promise(() => import("@letterboxd-ratings/letterboxd-import")),
          ({ Recording }) => {
            const failed = ({ message }: { readonly message: string }) => new RecordingFailed({ message })
            return Layer.effect(
              Recorder,
              Effect.map(Recording.Recording, (recording) => ({
                committed: (batch) => Effect.mapError(recording.committed(batch), failed),
                failed: Effect.mapError(recording.failed, failed)
              }))
            ).pipe(
              Layer.provideMerge(
                Recording.layer({ file: record, site, software: `lb ${packageJson.version}`, userAgent })
              ),
              Layer.mapError(
                ({ message }) =>
                  new SourceError({ reason: "InvalidOption", source: "--record", detail: message, advice: "" })
              )
            )
          }
        )
      )

/** The transport as it is. */
const passing = Layer.effect(HttpClient.HttpClient, HttpClient.HttpClient)

/** Where a site is, and how fast it may be asked. */
interface Site {
  readonly name: string
  readonly baseUrl: string
  readonly requestsPerSecond: number
}

const policyOf = (settings: Settings, use: SourceUse, { requestsPerSecond }: Site) =>
  HttpPolicy.layer({
    ...HttpPolicy.defaults,
    userAgent: settings.userAgent,
    concurrency: settings.concurrency,
    requestsPerSecond,
    maxRetries: settings.maxRetries,
    timeoutMillis: settings.timeout * 1000,
    maxRequests: settings.maxRequests ?? Infinity,
    ...(use === "examination" ? hurried : {})
  })

const addressOf = (settings: Settings, { baseUrl, name }: Site) => ({
  name,
  baseUrl: baseUrl.replace(/\/+$/u, ""),
  robots: settings.ignoreRobots ? ("ignore" as const) : ("obey" as const),
  userAgent: settings.userAgent
})

const pagesOf = (settings: Settings, use: SourceUse, site: Site): SourceLayer => {
  const address = addressOf(settings, site)
  return LetterboxdSource.layer({
    ...address,
    listing: settings.listing,
    membersList: settings.membersList,
    pagesInFlight: settings.concurrency
  }).pipe(
    Layer.provide(policyOf(settings, use, site)),
    Layer.provideMerge(recorded(use === "run" ? settings.record : undefined, settings, address.baseUrl)),
    Layer.provide(SiteTransport.layer)
  )
}

const feedsOf = (settings: Settings, site: Site): FeedsLayer =>
  FeedReader.layer(addressOf(settings, site)).pipe(
    Layer.provide(policyOf(settings, "run", site)),
    Layer.provide(SiteTransport.layer)
  )

/**
 * Asks for one page of letterboxd.com, or of a site at `--base-url`, as politely as a run does. Costs two requests, one of them
 * for robots.txt.
 *
 * @since 0.1.0
 * @category constructors
 */
export const askForPage = (
  settings: Settings,
  url: string
): Effect.Effect<Either.Either<PageResponse, PageVerdict>, SourceError> =>
  Effect.flatMap(PageReader.make(addressOf(settings, live(settings))), ({ ask }) => ask(url)).pipe(
    Effect.provide(policyOf(settings, "examination", live(settings)).pipe(Layer.provide(SiteTransport.layer))),
    Effect.provideService(Diagnostics, { keep: () => Effect.succeed(Option.none()) })
  )

const siteOptions: ReadonlyArray<OptionKey> = [
  "rate",
  "maxRetries",
  "timeout",
  "maxRequests",
  "record",
  "listing",
  "membersList",
  "userAgent",
  "ignoreRobots"
]

const terms =
  "Letterboxd's terms of use (6.11, December 2025) forbid automated data collection without authorisation. Make sure that you have it.\n" +
  "This tool obeys the site's robots.txt and is slow by default."

const aboutRobots = ({ ignoreRobots }: Settings): ReadonlyArray<string> =>
  ignoreRobots
    ? ["--ignore-robots is set: the site's robots.txt is ignored. Use this only with the site's permission."]
    : []

const baseUrlOf = ({ baseUrl }: Settings): string => baseUrl ?? LetterboxdSource.liveSite

const live = (settings: Settings): Site => ({
  name: "letterboxd",
  baseUrl: baseUrlOf(settings),
  requestsPerSecond: settings.rate ?? HttpPolicy.defaults.requestsPerSecond
})

/** A site that is generated and lives as long as the scope. */
const generated = (settings: Settings): Effect.Effect<Site, SourceError, Scope.Scope> =>
  Effect.gen(function* () {
    const { generateWorld, Sandbox } = yield* Effect.promise(() => import("@letterboxd-ratings/fixtures"))
    const { url } = yield* Effect.mapError(
      Sandbox.make({ world: generateWorld(), behaviour: { latencyMillis: 20 } }),
      (error) => new SourceError({ reason: "InvalidOption", source: "sandbox", detail: error.message })
    )
    return { name: "sandbox", baseUrl: url, requestsPerSecond: settings.rate ?? Infinity }
  })

/**
 * letterboxd.com, or a site that serves the same pages at `--base-url`.
 *
 * @since 0.1.0
 * @category layers
 */
export const letterboxd: SourcePlugin = {
  layer: (settings, use) => pagesOf(settings, use, live(settings)),
  feeds: (settings) => feedsOf(settings, live(settings)),
  takes: [...siteOptions, "baseUrl"],
  notices: (settings) => [
    ...(/(?:^|\.)letterboxd\.com$/u.test(new URL(baseUrlOf(settings)).hostname) ? [terms] : []),
    ...aboutRobots(settings)
  ]
}

/**
 * A generated site on this machine.
 *
 * @since 0.1.0
 * @category layers
 */
export const sandbox: SourcePlugin = {
  layer: (settings, use) => Layer.unwrapScoped(Effect.map(generated(settings), (site) => pagesOf(settings, use, site))),
  feeds: (settings) => Layer.unwrapScoped(Effect.map(generated(settings), (site) => feedsOf(settings, site))),
  takes: siteOptions,
  notices: aboutRobots
}
