/**
 * Requests that got no usable answer at all.
 *
 * @since 0.1.0
 */
import type { HttpClientError } from "@effect/platform"
import { PageVerdict } from "@letterboxd-ratings/core"
import { Option, Schema } from "effect"

const SystemFailure = Schema.Struct({ code: Schema.String })
const FetchFailure = Schema.Struct({ cause: SystemFailure })
const decodeFailure = Schema.decodeUnknownOption(Schema.Union(FetchFailure, SystemFailure))

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
 * The verdict on a request whose connection or body failed: `Truncated` where the body broke off, else
 * `Unavailable` with the failure in words.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unanswered = (error: HttpClientError.HttpClientError): PageVerdict => {
  if (error._tag === "ResponseError") return PageVerdict.Truncated({ bytes: 0 })
  const failure = Option.map(decodeFailure(error.cause), (known) => "cause" in known ? known.cause.code : known.code)
  const why = Option.match(failure, {
    onNone: () => error.description ?? error.message,
    onSome: (code) => `${explanations[code] ?? "the connection failed"} (${code})`
  })
  return PageVerdict.Unavailable({ why })
}
