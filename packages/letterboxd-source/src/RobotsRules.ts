/**
 * What the site's robots.txt allows.
 *
 * @since 0.1.0
 */
import type { SourceError } from "@letterboxd-ratings/core"
import { Effect, Option } from "effect"
import * as robotsParserModule from "robots-parser"
import { pageTitle } from "./pages/PageResponse.ts"
import { PageVerdict } from "./pages/PageVerdict.ts"
import { judgeAnswer, judgeRefusal } from "./pages/Refusal.ts"
import { errorFromVerdict } from "./pages/VerdictError.ts"
import { siteError } from "./SiteError.ts"
import { HttpPolicy } from "./transport/HttpPolicy.ts"
import type { PageResponse } from "./transport/PageResponse.ts"
import { unanswered } from "./pages/Unanswered.ts"

/**
 * `check` fails with `DisallowedByRobots` for an address the rules forbid. The rules are fetched with the first
 * check, once. As RFC 9309 has it, a robots.txt that does not exist allows everything, and one that cannot be had
 * now allows nothing: so does a refusal, a wall, or an HTML page in its place.
 *
 * @since 0.1.0
 * @category models
 */
export interface RobotsRules {
  readonly check: (url: string) => Effect.Effect<void, SourceError>
}

// The package's types describe an ES module, which it is not: under Node's rules its function is the default export.
type ParseRobots = (
  url: string,
  text: string
) => { readonly isDisallowed: (url: string, agent: string) => boolean | undefined }
const isParseRobots = (value: unknown): value is ParseRobots => typeof value === "function"
const parseRobots = (url: string, text: string) => {
  const parse: unknown = robotsParserModule.default
  return isParseRobots(parse)
    ? Effect.succeed(parse(url, text))
    : Effect.dieMessage("robots-parser has another shape than the pinned version")
}

/** What a robots.txt calls us: the first word of the user agent, without a version. The parser takes all up to a `/`. */
const nameIn = (userAgent: string): string => /^[^\s/(]*/u.exec(userAgent)?.[0] ?? ""

/** More than any robots.txt needs; a part of the rules would allow what the rest forbids. */
const largestRobots = 1_000_000

/**
 * The verdict on an answer that says nothing about the rules; `undefined` where it holds them, or says that there are
 * none.
 */
const judgeRobots = (response: PageResponse): PageVerdict | undefined => {
  const { body, headers, status } = response
  const refusal = judgeRefusal(response, false)
  if (Option.isSome(refusal)) {
    const isMissing =
      status >= 400 && status < 500 && ![403, 408, 425, 429].includes(status) && refusal.value._tag !== "Challenged"
    return isMissing ? undefined : refusal.value
  }
  if ((headers["content-type"] ?? "").includes("html") || /^[\s\uFEFF]*</u.test(body)) {
    const title = pageTitle(body)
    return PageVerdict.Unavailable({
      status,
      why: `it is an HTML page${title === "" ? "" : ` titled "${title.slice(0, 100)}"`}`
    })
  }
  return body.length > largestRobots
    ? PageVerdict.Unavailable({ status, why: `it is larger than ${largestRobots} characters` })
    : undefined
}

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
}): Effect.Effect<RobotsRules, never, HttpPolicy> =>
  Effect.gen(function* () {
    const policy = yield* HttpPolicy
    const url = new URL("/robots.txt", options.baseUrl).href
    const asked = { source: options.source, url, subject: "robots.txt" }
    const name = nameIn(options.userAgent)
    const rules = yield* Effect.cached(
      Effect.gen(function* () {
        const response = yield* Effect.catchAll(policy.get(url, judgeAnswer), (error) =>
          Effect.flatMap(unanswered(options.source, error), (verdict) => errorFromVerdict(asked, verdict))
        )
        const verdict = judgeRobots(response)
        return yield* verdict === undefined
          ? parseRobots(url, response.status === 200 ? response.body : "")
          : errorFromVerdict(asked, verdict)
      })
    )
    return {
      check: (address) =>
        Effect.flatMap(rules, (robots) =>
          robots.isDisallowed(address, name) === true
            ? siteError({
                reason: "DisallowedByRobots",
                source: options.source,
                url: address,
                detail: "The site's robots.txt forbids this address"
              })
            : Effect.void
        )
    }
  })
