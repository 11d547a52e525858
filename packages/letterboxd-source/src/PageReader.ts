/**
 * Asks for a page: the robots rules first, then the request, then the answer as a value.
 *
 * @since 0.1.0
 * @module
 */
import { Diagnostics, type SourceError } from "@letterboxd-ratings/core"
import { Effect, Either, Option } from "effect"
import type { PageResponse } from "./pages/PageResponse.ts"
import type { PageVerdict } from "./pages/PageVerdict.ts"
import { judgeAnswer } from "./pages/Refusal.ts"
import { unanswered } from "./pages/Unanswered.ts"
import * as RobotsRules from "./RobotsRules.ts"
import { HttpPolicy } from "./transport/HttpPolicy.ts"

/**
 * `ask` gets a page, or the verdict on a request without a usable answer; it fails where the rules forbid the address
 * or no further request is allowed. `keep` puts the page of a verdict that somebody will want to look into where
 * `Diagnostics` says, and notes the place in the verdict; `keepPage` does so with a page that is kept for another reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageReader {
  readonly robots: RobotsRules.RobotsRules
  readonly ask: (url: string) => Effect.Effect<Either.Either<PageResponse, PageVerdict>, SourceError>
  readonly keepPage: (
    subject: string,
    response: PageResponse,
    verdict: string,
    evidence: string
  ) => Effect.Effect<Option.Option<string>>
  readonly keep: (subject: string, response: PageResponse, verdict: PageVerdict) => Effect.Effect<PageVerdict>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly name: string
  readonly baseUrl: string
  readonly robots: "obey" | "ignore"
  readonly userAgent: string
}): Effect.Effect<PageReader, never, HttpPolicy> =>
  Effect.gen(function* () {
    const policy = yield* HttpPolicy
    const diagnostics = yield* Diagnostics
    const robots = yield* RobotsRules.make({ ...options, source: options.name })

    const ask: PageReader["ask"] = (url) =>
      Effect.gen(function* () {
        if (options.robots === "obey") yield* robots.check(url)
        return yield* Effect.matchEffect(policy.get(url, judgeAnswer), {
          onFailure: (error) => Effect.map(unanswered(options.name, error), Either.left),
          onSuccess: (response) => Effect.succeed(Either.right(response))
        })
      })

    const keepPage: PageReader["keepPage"] = (subject, response, verdict, evidence) =>
      diagnostics.keep({ ...response, subject, verdict, evidence })

    const keep: PageReader["keep"] = (subject, response, verdict) => {
      const page = (evidence: string) => keepPage(subject, response, verdict._tag, evidence)
      const noted = <V extends PageVerdict>(of: V, evidence: string) =>
        Effect.map(page(evidence), Option.match({ onNone: () => of, onSome: (keptAt) => ({ ...of, keptAt }) }))
      switch (verdict._tag) {
        case "MarkupChanged":
          return noted(verdict, `no ${verdict.selector}: ${verdict.evidence}`)
        case "Challenged":
          return noted(verdict, verdict.wall)
        case "Forbidden":
          return noted(verdict, verdict.why)
        case "Films":
          return verdict.unreadable === 0
            ? Effect.succeed(verdict)
            : Effect.as(page(`${verdict.unreadable} tiles could not be read`), verdict)
        default:
          return Effect.succeed(verdict)
      }
    }

    return { robots, ask, keep, keepPage }
  })
