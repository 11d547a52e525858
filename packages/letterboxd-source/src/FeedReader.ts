/**
 * Members' feeds, asked for with the same policy as pages.
 *
 * @since 0.1.0
 * @module
 */
import type { SourceActivity, SourceError, Username } from "@letterboxd-ratings/core"
import { Context, Effect, Either, Layer } from "effect"
import { feedUrl } from "./pages/feed/FeedRequest.ts"
import { FeedVerdict, judgeFeedResponse } from "./pages/feed/FeedVerdict.ts"
import { errorFromVerdict } from "./pages/VerdictError.ts"
import * as PageReader from "./PageReader.ts"
import type { LetterboxdSourceOptions } from "./LetterboxdSource.ts"
import { HttpPolicy } from "./transport/HttpPolicy.ts"

/**
 * - `feed` gets a member's feed. It fails if no feed can be had now: the site refuses, robots.txt forbids it, or no further
 *   request is allowed. What concerns one member only is a verdict.
 * - `activity` counts the requests so far.
 *
 * @since 0.1.0
 * @category services
 */
export class FeedReader extends Context.Tag("@letterboxd-ratings/letterboxd-source/FeedReader")<
  FeedReader,
  {
    readonly name: string
    readonly feed: (username: Username) => Effect.Effect<FeedVerdict, SourceError>
    readonly activity: Effect.Effect<Omit<SourceActivity, "unreadListings">>
  }
>() {}

/** The options of the source that feeds have, too. */
export type FeedReaderOptions = Pick<LetterboxdSourceOptions, "baseUrl" | "name" | "robots" | "userAgent">

/**
 * Costs one request a member, besides one for robots.txt; repetitions come on top.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: FeedReaderOptions): Layer.Layer<FeedReader, never, HttpPolicy> =>
  Layer.effect(
    FeedReader,
    Effect.gen(function* () {
      const http = yield* HttpPolicy
      const { ask, keep } = yield* PageReader.make(options)
      return {
        name: options.name,
        activity: http.activity,
        feed: (username) =>
          Effect.gen(function* () {
            const url = feedUrl(options.baseUrl, username)
            const subject = `the feed of ${username}`
            const answer = yield* ask(url)
            const judged = Either.isLeft(answer)
              ? FeedVerdict.Refused({ verdict: answer.left })
              : judgeFeedResponse(answer.right)
            if (judged._tag === "Feed") return judged
            const verdict = Either.isLeft(answer) ? judged.verdict : yield* keep(subject, answer.right, judged.verdict)
            switch (verdict._tag) {
              case "Challenged":
              case "Forbidden":
              case "RateLimited":
              case "MarkupChanged":
                return yield* errorFromVerdict({ source: options.name, url, subject }, verdict)
              default:
                return FeedVerdict.Refused({ verdict })
            }
          }).pipe(Effect.withSpan("FeedReader.feed", { attributes: { username } }))
      }
    })
  )
