/**
 * Why there is no answer to a request: everything that can go wrong with it, as one closed set.
 *
 * @since 0.1.0
 */
import type { HttpClientError } from "@effect/platform"
import { Data, Option, Schema } from "effect"

/**
 * - `NoConnection`: the request was sent, and no answer came; `why` says so in words. `mayPass` tells whether asking
 *   again can help.
 * - `BodyBroken`: the answer began, and its body broke off.
 * - `StillRefused`: not sent. The site has been refusing for longer than anybody wants to wait, or named a time beyond
 *   that.
 * - `RequestsSpent`: not sent, because `maxRequests` were before.
 *
 * @since 0.1.0
 * @category errors
 */
export type NotAnswered = NoConnection | BodyBroken | StillRefused | RequestsSpent

/**
 * @since 0.1.0
 * @category errors
 */
export class NoConnection extends Data.TaggedError("NoConnection")<{
  readonly why: string
  readonly mayPass: boolean
}> {
  override get message(): string {
    return this.why
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class BodyBroken extends Data.TaggedError("BodyBroken") {
  override get message(): string {
    return "the body of the answer broke off"
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class StillRefused extends Data.TaggedError("StillRefused")<{ readonly retryAfterMillis: number }> {
  override get message(): string {
    return `the site asks to wait ${Math.ceil(this.retryAfterMillis / 1000)} s`
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class RequestsSpent extends Data.TaggedError("RequestsSpent")<{ readonly maxRequests: number }> {
  override get message(): string {
    return `the ${this.maxRequests} requests that were allowed are sent`
  }
}

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
 * What an `HttpClient` failed with, in the words of this package.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromClientError = (error: HttpClientError.HttpClientError): NoConnection | BodyBroken => {
  if (error._tag === "ResponseError") return new BodyBroken()
  const failure = Option.map(decodeFetchFailure(error.cause), (outer) => outer.cause).pipe(
    Option.orElse(() => decodeFailure(error.cause)),
    Option.getOrElse(() => ({ code: undefined, message: undefined }))
  )
  return new NoConnection({
    why:
      failure.code === undefined
        ? (error.description ?? failure.message ?? error.message)
        : `${explanations[failure.code] ?? failure.message ?? "the connection failed"} (${failure.code})`,
    mayPass: true
  })
}
