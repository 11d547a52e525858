/**
 * The source in front of a sandbox, over a real socket.
 */
import { RatingsSource } from "@letterboxd-ratings/core"
import { type Behaviour, generateWorld, Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { HttpPolicy, LetterboxdSource, SiteTransport } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Layer } from "effect"

export const world = generateWorld({ members: 65 })

/** Waits of a few milliseconds, so that tests see the policy at work without waiting for it. */
export const quickly: HttpPolicy.HttpPolicyOptions = {
  ...HttpPolicy.defaults,
  requestsPerSecond: Infinity,
  backoffMillis: 5,
  timeoutMillis: 2_000
}

export const policyLayer = (options: Partial<HttpPolicy.HttpPolicyOptions> = {}) =>
  HttpPolicy.layer({ ...quickly, ...options }).pipe(Layer.provide(SiteTransport.layer))

export const sourceAt = (
  baseUrl: string,
  options: Partial<LetterboxdSource.LetterboxdSourceOptions> = {},
  policy: Partial<HttpPolicy.HttpPolicyOptions> = {}
) =>
  RatingsSource.pipe(
    Effect.provide(
      LetterboxdSource.layer({
        name: "sandbox",
        baseUrl,
        listing: "films",
        membersList: "all",
        pagesInFlight: 5,
        robots: "obey",
        userAgent: quickly.userAgent,
        ...options
      }).pipe(Layer.provide(policyLayer(policy)))
    )
  )

/** A sandbox, and the source in front of it. */
export const sandboxed = (
  behaviour: Partial<Behaviour> = {},
  options: Partial<LetterboxdSource.LetterboxdSourceOptions> = {},
  policy: Partial<HttpPolicy.HttpPolicyOptions> = {},
  of: World = world
) =>
  Effect.gen(function* () {
    const site = yield* Sandbox.make({ world: of, behaviour })
    return { site, source: yield* sourceAt(site.url, options, policy) }
  })
