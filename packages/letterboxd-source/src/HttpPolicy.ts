/**
 * How this tool behaves towards the site: a decorator of any `HttpClient`, provided under the same tag.
 *
 * @since 0.1.0
 * @module
 */
import { HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import type { SourceActivity } from "@letterboxd-ratings/core"
import { Clock, Config, Context, Data, Duration, Effect, Layer, Option, Random, Schedule, Stream } from "effect"
import * as Pacing from "./Pacing.ts"
import { pageTitle, reachesEnd } from "./pages/PageResponse.ts"
import { recogniseWall } from "./pages/Refusal.ts"
import { retryAfterMillis } from "./RetryAfter.ts"

/**
 * - `userAgent`: who asks. Be honest: name the project and its address.
 * - `concurrency`: requests under way at the same time, at least 1.
 * - `requestsPerSecond`: above 0; `Infinity` for no limit.
 * - `maxRetries`: how often a request that failed for a passing reason is repeated, at least 0; a refusal ("too many
 *   requests") is not repeated any more when the site has given no good answer to anybody since so many refusals.
 * - `timeoutMillis`: how long an answer may take, body included.
 * - `backoffMillis`: the longest wait before the first repetition; it doubles with each further one, up to a
 *   minute, and each wait is a random part of it (full jitter).
 * - `patienceMillis`: how long the site may go on refusing ("too many requests"), or ask to wait, before requests
 *   fail with the refusal.
 * - `maxRequests`: how many requests may be sent in all, repetitions included; `Infinity` for no limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface HttpPolicyOptions {
  readonly userAgent: string
  readonly concurrency: number
  readonly requestsPerSecond: number
  readonly maxRetries: number
  readonly timeoutMillis: number
  readonly backoffMillis: number
  readonly patienceMillis: number
  readonly maxRequests: number
}

/**
 * Slow and honest: 2 requests a second, 5 at a time, 5 repetitions from 2 seconds on, half a minute for an answer, an
 * hour of patience.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults: HttpPolicyOptions = {
  userAgent: "letterboxd-ratings (+https://github.com/letterboxd-ratings/letterboxd-ratings)",
  concurrency: 5,
  requestsPerSecond: 2,
  maxRetries: 5,
  timeoutMillis: 30_000,
  backoffMillis: 2_000,
  patienceMillis: 3_600_000,
  maxRequests: Infinity
}

/**
 * What went through the policy so far.
 *
 * @since 0.1.0
 * @category services
 */
export class HttpActivity extends Context.Tag("@letterboxd-ratings/letterboxd-source/HttpActivity")<
  HttpActivity,
  { readonly snapshot: Effect.Effect<Omit<SourceActivity, "unreadListings">> }
>() {}

const longestBackoff = Duration.minutes(1)
/** The longest pause after a refusal that names no time. */
const longestPauseMillis = 120_000
const retriesOfTheFirst = 2

/**
 * The largest answer that is read, in bytes after decompression. The largest real page seen has 0.6 MB.
 *
 * @since 0.1.0
 * @category models
 */
export const largestBody = 16 * 1024 * 1024

/**
 * The cause of the error of a request that was not sent, because `maxRequests` were before.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestsSpent extends Data.TaggedError("RequestsSpent")<{ readonly maxRequests: number }> {}

/** An answer that says "not now": worth repeating, and returned as it is when repeating does not help. */
class NotNow extends Data.TaggedError("NotNow")<{ readonly response: HttpClientResponse.HttpClientResponse }> {}

/** No answer, and asking again would not bring one. */
class NotAsked extends Data.TaggedError("NotAsked")<{ readonly error: HttpClientError.RequestError }> {}

/**
 * Decorates the `HttpClient` in context: names this tool, keeps no cookies, sends no tracing headers, bounds
 * concurrency and rate, waits at most the timeout, and repeats what can succeed later (no connection, timeout, a
 * broken body, an HTML page that stops before its end, 408, 425, 429, 5xx) with exponential backoff and full jitter.
 * `Retry-After` holds for all requests. Whatever comes back has its body read already (`text` is all there is of it);
 * a refusal that stays is returned as the response it is, and a bot wall is never asked twice. A request that was not
 * sent fails with a `RequestError` whose cause is `StillRefused` or `RequestsSpent`.
 *
 * The client below must not follow redirects: where they lead is evidence.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: HttpPolicyOptions) =>
  Effect.gen(function* () {
    const transport = yield* HttpClient.HttpClient
    const permits = yield* Effect.makeSemaphore(options.concurrency)
    const pacing = yield* Pacing.make({
      requestsPerSecond: options.requestsPerSecond,
      firstPauseMillis: options.backoffMillis,
      longestPauseMillis,
      mostRefusals: options.maxRetries,
      patienceMillis: options.patienceMillis
    })
    let requests = 0
    let retries = 0
    let answeredOnce = false

    const backoff = Schedule.exponential(options.backoffMillis).pipe(
      Schedule.modifyDelayEffect((_, delay) =>
        Random.next.pipe(Effect.map((part) => Duration.times(Duration.min(delay, longestBackoff), part)))
      ),
      Schedule.intersect(Schedule.recurs(options.maxRetries))
    )

    const client = transport.pipe(
      HttpClient.mapRequest(HttpClientRequest.setHeader("user-agent", options.userAgent)),
      HttpClient.withTracerPropagation(false),
      HttpClient.transform((send, request) => {
        let attempts = 0
        const failure = (description: string, cause?: unknown) =>
          new HttpClientError.RequestError({ request, reason: "Transport", description, cause })
        const notAsked = (description: string, cause: unknown) => new NotAsked({ error: failure(description, cause) })
        const attempt = permits.withPermits(1)(
          Effect.gen(function* () {
            yield* Effect.mapError(pacing.turn, (refusal) => notAsked("the site asks to wait too long", refusal))
            if (requests >= options.maxRequests) {
              return yield* notAsked(
                "no more requests are allowed",
                new RequestsSpent({ maxRequests: options.maxRequests })
              )
            }
            const sentAt = yield* Clock.currentTimeMillis
            requests += 1
            attempts += 1
            if (attempts > 1) retries += 1
            const read = yield* send.pipe(
              Effect.flatMap((response) => Effect.map(readBody(response), (body) => ({ response, body }))),
              Effect.timeoutFail({
                duration: options.timeoutMillis,
                onTimeout: () => failure(`no answer within ${options.timeoutMillis / 1000} s`)
              })
            )
            if (Option.isNone(read.body)) {
              return yield* notAsked(`the answer is larger than ${largestBody / 1024 / 1024} MB`, undefined)
            }
            const body = read.body.value
            const response = withText(read.response, body)
            answeredOnce = true
            if (Option.isSome(recogniseWall(response.headers, pageTitle(body)))) return response
            const wait = retryAfterMillis(response.headers["retry-after"], yield* Clock.currentTimeMillis)
            if (response.status === 429 || (response.status === 503 && wait !== undefined)) {
              return (yield* pacing.refused(sentAt, wait)) ? yield* new NotNow({ response }) : response
            }
            if (isPassingFailure(response, body)) return yield* new NotNow({ response })
            yield* pacing.answered
            return response
          })
        )
        return attempt.pipe(
          Effect.retry({
            schedule: backoff,
            // A site that never answered is more likely absent (no network, a wrong address) than busy.
            while: (error) =>
              error._tag !== "NotAsked" && (answeredOnce || error._tag === "NotNow" || attempts <= retriesOfTheFirst)
          }),
          Effect.catchTags({
            NotNow: ({ response }) => Effect.succeed(response),
            NotAsked: ({ error }) => Effect.fail(error)
          })
        )
      })
    )

    const snapshot = Effect.map(pacing.snapshot, (pace) => ({ requests, retries, ...pace }))
    return { client, activity: { snapshot } }
  })

/** What reads the bytes of a page: in the charset it names, where that is known, else as UTF-8. */
const decoderFor = (contentType: string | undefined): TextDecoder => {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/iu.exec(contentType ?? "")?.[1]
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

/** The text of a body, none of one that is too large. */
const readBody = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Option.Option<string>, HttpClientError.ResponseError> =>
  Effect.suspend(() => {
    const decoder = decoderFor(response.headers["content-type"])
    let bytes = 0
    let text = ""
    return response.stream.pipe(
      Stream.takeWhile((part) => (bytes += part.length) <= largestBody),
      Stream.runForEach((part) =>
        Effect.sync(() => {
          text += decoder.decode(part, { stream: true })
        })
      ),
      Effect.map(() => (bytes > largestBody ? Option.none() : Option.some(text + decoder.decode())))
    )
  })

const withText = (
  response: HttpClientResponse.HttpClientResponse,
  text: string
): HttpClientResponse.HttpClientResponse => Object.create(response, { text: { value: Effect.succeed(text) } })

const isPassingFailure = ({ headers, status }: HttpClientResponse.HttpClientResponse, body: string): boolean =>
  status === 408 ||
  status === 425 ||
  status >= 500 ||
  (status === 200 && (headers["content-type"] ?? "").includes("html") && !reachesEnd(body))

/**
 * The `HttpClient` in context, decorated as `make` says, and what went through it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: HttpPolicyOptions
): Layer.Layer<HttpClient.HttpClient | HttpActivity, never, HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(options), ({ activity, client }) =>
      Context.make(HttpClient.HttpClient, client).pipe(Context.add(HttpActivity, activity))
    )
  )

/**
 * `layer`, with options from the configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (options: Config.Config.Wrap<HttpPolicyOptions>) =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
