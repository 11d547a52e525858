/**
 * Letterboxd and the sandbox as sources: the same pages, at different addresses.
 *
 * @since 0.1.0
 */
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { SourceError } from "@letterboxd-ratings/core"
import { HttpPolicy, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Layer } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import type { OptionKey } from "../options/OptionTable.ts"
import type { Settings } from "../options/Settings.ts"
import { Recorder, RecordingFailed } from "../Recorder.ts"
import type { SourceLayer, SourcePlugin, SourceUse } from "./SourcePlugin.ts"

/** The target of a redirect is evidence, so the transport must not follow it. */
const transport = FetchHttpClient.layer.pipe(
  Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
)

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

const layerOf = (
  settings: Settings,
  use: SourceUse,
  site: { readonly name: string; readonly baseUrl: string; readonly requestsPerSecond: number }
): SourceLayer =>
  LetterboxdSource.layer({
    name: site.name,
    baseUrl: site.baseUrl.replace(/\/+$/u, ""),
    listing: settings.listing,
    membersList: settings.membersList,
    pagesInFlight: settings.concurrency,
    robots: settings.ignoreRobots ? "ignore" : "obey",
    userAgent: settings.userAgent
  }).pipe(
    Layer.provide(
      HttpPolicy.layer({
        ...HttpPolicy.defaults,
        userAgent: settings.userAgent,
        concurrency: settings.concurrency,
        requestsPerSecond: site.requestsPerSecond,
        maxRetries: settings.maxRetries,
        timeoutMillis: settings.timeout * 1000,
        maxRequests: settings.maxRequests ?? Infinity,
        ...(use === "examination" ? hurried : {})
      })
    ),
    Layer.provideMerge(
      recorded(use === "run" ? settings.record : undefined, settings, site.baseUrl.replace(/\/+$/u, ""))
    ),
    Layer.provide(transport)
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

/**
 * letterboxd.com, or a site that serves the same pages at `--base-url`.
 *
 * @since 0.1.0
 * @category layers
 */
export const letterboxd: SourcePlugin = {
  layer: (settings, use) =>
    layerOf(settings, use, {
      name: "letterboxd",
      baseUrl: baseUrlOf(settings),
      requestsPerSecond: settings.rate ?? HttpPolicy.defaults.requestsPerSecond
    }),
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
  layer: (settings, use) =>
    Layer.unwrapScoped(
      Effect.gen(function* () {
        const { generateWorld, Sandbox } = yield* Effect.promise(() => import("@letterboxd-ratings/fixtures"))
        const { url } = yield* Effect.mapError(
          Sandbox.make({ world: generateWorld(), behaviour: { latencyMillis: 20 } }),
          (error) => new SourceError({ reason: "InvalidOption", source: "sandbox", detail: error.message })
        )
        return layerOf(settings, use, {
          name: "sandbox",
          baseUrl: url,
          requestsPerSecond: settings.rate ?? Infinity
        })
      })
    ),
  takes: siteOptions,
  notices: aboutRobots
}
