/**
 * Requests that got no usable answer at all.
 *
 * @since 0.1.0
 */
import type { HttpClientError } from "@effect/platform"
import type { SourceError } from "@letterboxd-ratings/core"
import { Effect, Option, Schema } from "effect"
import { RequestsSpent } from "./HttpPolicy.ts"
import { PageVerdict } from "./pages/PageVerdict.ts"
import { StillRefused } from "./Pacing.ts"
import { siteError } from "./SiteError.ts"

const Failure = Schema.Struct({
  code: Schema.optionalWith(Schema.String, { exact: true }),
  message: Schema.optionalWith(Schema.String, { exact: true })
})
/** `fetch` fails with "fetch failed" and hides what happened in the cause. */
const decodeFetchFailure = Schema.decodeUnknownOption(Schema.Struct({ cause: Failure }))
const decodeFailure = Schema.decodeUnknownOption(Failure)

const explanations: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "the host name is not known (is there a network?)",
  EAI_AGAIN: "the host name could not be looked up (is there a network?)",
  ENETUNREACH: "the network cannot be reached",
  EHOSTUNREACH: "the host cannot be reached",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_SOCKET: "the connection was closed",
  CERT_HAS_EXPIRED: "the site's certificate has expired"
}

/**
 * The verdict on a request whose connection or body failed: `Truncated` where the body broke off, `RateLimited` where
 * it was not sent because the site asks to wait, else `Unavailable` with the failure in words. Fails where no further
 * request is allowed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unanswered = (
  source: string,
  error: HttpClientError.HttpClientError
): Effect.Effect<PageVerdict, SourceError> => {
  if (error._tag === "ResponseError") return Effect.succeed(PageVerdict.Truncated({ bytes: 0 }))
  const { cause } = error
  if (cause instanceof RequestsSpent) {
    return Effect.fail(
      siteError({
        reason: "BudgetSpent",
        source,
        detail: `The ${cause.maxRequests} requests that were allowed for this run are sent`
      })
    )
  }
  if (cause instanceof StillRefused)
    return Effect.succeed(PageVerdict.RateLimited({ retryAfterMillis: cause.retryAfterMillis }))
  const failure = Option.map(decodeFetchFailure(cause), (outer) => outer.cause).pipe(
    Option.orElse(() => decodeFailure(cause)),
    Option.getOrElse(() => ({ code: undefined, message: undefined }))
  )
  const why =
    failure.code === undefined
      ? (error.description ?? failure.message ?? error.message)
      : `${explanations[failure.code] ?? failure.message ?? "the connection failed"} (${failure.code})`
  return Effect.succeed(PageVerdict.Unavailable({ why }))
}
