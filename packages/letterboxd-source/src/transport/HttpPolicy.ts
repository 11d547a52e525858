/**
 * How this tool behaves towards a site: any `HttpClient`, with pacing, retries and limits. It knows HTTP but no pages: a
 * judge evaluates each response.
 *
 * @since 0.1.0
 * @module
 */
import { HttpClient, type HttpClientError, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import type { SourceActivity } from "@letterboxd-ratings/core"
import { Clock, Context, Data, Duration, Effect, Layer, Option, Random, Schedule, Stream } from "effect"
import { policyDefaults } from "../Defaults.ts"
import { fromClientError, NoConnection, type NotAnswered, RequestsSpent } from "./NotAnswered.ts"
import * as Pacing from "./Pacing.ts"
import type { PageResponse } from "./PageResponse.ts"
import { retryAfterMillis } from "./RetryAfter.ts"

export { BodyBroken, NoConnection, type NotAnswered, RequestsSpent, StillRefused } from "./NotAnswered.ts"

/**
 * - `userAgent`: the User-Agent header. Be honest: state the project and its URL.
 * - `concurrency`: requests in progress at the same time, at least 1.
 * - `requestsPerSecond`: above 0; `Infinity` for no limit.
 * - `maxRetries`: how often to retry a request after a temporary failure, at least 0. A refusal ("too many requests") is
 *   not retried if all requests were refused this many times in a row.
 * - `timeoutMillis`: how long a response may take, including the body.
 * - `backoffMillis`: the longest wait before the first retry. It doubles with each further retry, up to a minute, and
 *   each wait is a random part of it (full jitter).
 * - `patienceMillis`: how long the site may refuse ("too many requests") or demand to wait before requests fail with the
 *   refusal.
 * - `maxRequests`: how many requests may be sent in total, including retries; `Infinity` for no limit.
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
 * Slow and honest: 2 requests per second, 5 at the same time, 5 retries starting at 2 seconds, a timeout of half a minute,
 * an hour of patience.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults: HttpPolicyOptions = policyDefaults

/**
 * The judge's verdict on a response: `good`; `again` for a temporary fault, to be retried; or `wall`, which is never retried.
 * The policy knows the status codes for "not now"; they need no judge.
 *
 * @since 0.1.0
 * @category models
 */
export type Judgement = "good" | "again" | "wall"

/**
 * @since 0.1.0
 * @category models
 */
export type Judge = (answer: PageResponse) => Judgement

/**
 * Asks a site, as politely as the options say.
 *
 * - `get` asks for an address. A refusal that stays is the answer it is; an error tells why there is none.
 * - `activity` tells what went through the policy so far.
 *
 * @since 0.1.0
 * @category services
 */
export class HttpPolicy extends Context.Tag("@letterboxd-ratings/letterboxd-source/HttpPolicy")<
  HttpPolicy,
  {
    readonly get: (url: string, judge: Judge) => Effect.Effect<PageResponse, NotAnswered>
    readonly activity: Effect.Effect<Omit<SourceActivity, "unreadListings">>
  }
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

/** An answer that says "not now": worth repeating, and the answer where repeating does not help. */
class NotNow extends Data.TaggedError("NotNow")<{ readonly answer: PageResponse }> {}

/**
 * A policy over the `HttpClient` in context: names this tool, keeps no cookies, sends no tracing headers, bounds
 * concurrency and rate, waits at most the timeout, and repeats what can succeed later (no connection, timeout, a
 * broken body, what the judge wants asked again, 408, 425, 429, 5xx) with exponential backoff and full jitter.
 * `Retry-After` holds for all requests.
 *
 * The client below must not follow redirects: where they lead is evidence.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: HttpPolicyOptions
): Effect.Effect<Context.Tag.Service<HttpPolicy>, never, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const transport = (yield* HttpClient.HttpClient).pipe(
      HttpClient.mapRequest(HttpClientRequest.setHeader("user-agent", options.userAgent)),
      HttpClient.withTracerPropagation(false)
    )
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

    const send = (url: string): Effect.Effect<PageResponse, NotAnswered> =>
      transport.get(url).pipe(
        Effect.flatMap((response) =>
          Effect.map(readBody(response), (body) => ({ status: response.status, headers: response.headers, body }))
        ),
        Effect.mapError(fromClientError),
        Effect.timeoutFail({
          duration: options.timeoutMillis,
          onTimeout: () =>
            new NoConnection({ why: `no answer within ${options.timeoutMillis / 1000} s`, mayPass: true })
        }),
        Effect.flatMap(({ body, ...answer }) =>
          Option.match(body, {
            onNone: () =>
              new NoConnection({
                why: `the answer is larger than ${largestBody / 1024 / 1024} MB`,
                mayPass: false
              }),
            onSome: (text) => Effect.map(Clock.currentTimeMillis, (now) => ({ url, ...answer, body: text, now }))
          })
        )
      )

    const get = (url: string, judge: Judge): Effect.Effect<PageResponse, NotAnswered> =>
      Effect.suspend(() => {
        let attempts = 0
        const attempt = permits.withPermits(1)(
          Effect.gen(function* () {
            yield* pacing.turn
            if (requests >= options.maxRequests) {
              return yield* new RequestsSpent({ maxRequests: options.maxRequests })
            }
            const sentAt = yield* Clock.currentTimeMillis
            requests += 1
            attempts += 1
            if (attempts > 1) retries += 1
            const answer = yield* send(url)
            answeredOnce = true
            const judgement = judge(answer)
            if (judgement === "wall") return answer
            const wait = retryAfterMillis(answer.headers["retry-after"], answer.now)
            if (answer.status === 429 || (answer.status === 503 && wait !== undefined)) {
              return (yield* pacing.refused(sentAt, wait)) ? yield* new NotNow({ answer }) : answer
            }
            if (judgement === "again" || isPassingFailure(answer.status)) return yield* new NotNow({ answer })
            yield* pacing.answered
            return answer
          })
        )
        /** A site that never answered is more likely absent (no network, a wrong address) than busy. */
        const isWorthAnotherTry = (error: NotAnswered | NotNow): boolean => {
          switch (error._tag) {
            case "NotNow":
              return true
            case "NoConnection":
              return error.mayPass && (answeredOnce || attempts <= retriesOfTheFirst)
            case "BodyBroken":
              return answeredOnce || attempts <= retriesOfTheFirst
            case "StillRefused":
            case "RequestsSpent":
              return false
          }
        }
        return attempt.pipe(
          Effect.retry({ schedule: backoff, while: isWorthAnotherTry }),
          Effect.catchTag("NotNow", ({ answer }) => Effect.succeed(answer))
        )
      }).pipe(Effect.withSpan("HttpPolicy.get", { attributes: { url } }))

    return { get, activity: Effect.map(pacing.snapshot, (pace) => ({ requests, retries, ...pace })) }
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

/** Whether an answer has as many bytes as it says, so that its body can be read at once. */
const isBounded = ({ headers }: HttpClientResponse.HttpClientResponse): boolean =>
  headers["content-encoding"] === undefined && Number(headers["content-length"] ?? Infinity) <= largestBody

/** The text of a body, none of one that is too large. */
const readBody = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Option.Option<string>, HttpClientError.ResponseError> =>
  Effect.suspend(() => {
    const decoder = decoderFor(response.headers["content-type"])
    if (isBounded(response))
      return Effect.map(response.arrayBuffer, (whole) => Option.some(decoder.decode(new Uint8Array(whole))))
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

const isPassingFailure = (status: number): boolean => status === 408 || status === 425 || status >= 500

/**
 * The policy `make` makes, over the `HttpClient` in context.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: HttpPolicyOptions): Layer.Layer<HttpPolicy, never, HttpClient.HttpClient> =>
  Layer.effect(HttpPolicy, make(options))
