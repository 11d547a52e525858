/**
 * What the site's robots.txt allows.
 *
 * @since 0.1.0
 */
import { HttpClient, HttpClientError } from "@effect/platform"
import { errorFromVerdict, PageVerdict, SourceError } from "@letterboxd-ratings/core"
import { Clock, Effect, Option } from "effect"
import * as robotsParserModule from "robots-parser"
import { judgeRefusal } from "./pages/Refusal.ts"
import { unanswered } from "./Unanswered.ts"

/**
 * `check` fails with `DisallowedByRobots` for an address the rules forbid. The rules are fetched with the first
 * check, once. As RFC 9309 has it, a robots.txt that does not exist allows everything, and one that cannot be had
 * now allows nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface RobotsRules {
  readonly check: (url: string) => Effect.Effect<void, SourceError>
}

// The package's types describe an ES module, which it is not: under Node's rules its function is the default export.
type ParseRobots = (url: string, text: string) => { readonly isDisallowed: (url: string, agent: string) => boolean | undefined }
const isParseRobots = (value: unknown): value is ParseRobots => typeof value === "function"
const parseRobots = (url: string, text: string) => {
  const parse: unknown = robotsParserModule.default
  return isParseRobots(parse)
    ? Effect.succeed(parse(url, text))
    : Effect.dieMessage("robots-parser has another shape than the pinned version")
}

/** What a robots.txt calls us: the first word of the user agent, without a version. The parser takes all up to a `/`. */
const nameIn = (userAgent: string): string => /^[^\s/(]*/u.exec(userAgent)?.[0] ?? ""

/**
 * The rules of the site at `baseUrl` for the tool that introduces itself as `userAgent`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly source: string
  readonly baseUrl: string
  readonly userAgent: string
}): Effect.Effect<RobotsRules, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const client = yield* HttpClient.HttpClient
    const url = new URL("/robots.txt", options.baseUrl).href
    const asked = { source: options.source, url, subject: "robots.txt" }
    const name = nameIn(options.userAgent)
    const rules = yield* Effect.cached(
      Effect.gen(function*() {
        const response = yield* client.get(url)
        const body = yield* response.text
        const { headers, status } = response
        if (status === 200 && headers["cf-mitigated"] === undefined) return yield* parseRobots(url, body)
        const refusal = judgeRefusal({ url, status, headers, body, now: yield* Clock.currentTimeMillis })
        const verdict = Option.getOrElse(refusal, () => PageVerdict.Unavailable({ status, why: `status ${status}` }))
        const isMissing = status >= 400 && status < 500 && status !== 429 && verdict._tag !== "Challenged"
        return yield* isMissing ? parseRobots(url, "") : errorFromVerdict(asked, verdict)
      }).pipe(
        Effect.catchIf(
          HttpClientError.isHttpClientError,
          (error) => Effect.flatMap(unanswered(options.source, error), (verdict) => errorFromVerdict(asked, verdict))
        )
      )
    )
    return {
      check: (address) =>
        Effect.flatMap(rules, (robots) =>
          robots.isDisallowed(address, name) === true
            ? new SourceError({
              reason: "DisallowedByRobots",
              source: options.source,
              url: address,
              detail: "The site's robots.txt forbids this address"
            })
            : Effect.void)
    }
  })
