/**
 * The verdict on requests that got no usable answer.
 *
 * @since 0.1.0
 */
import type { SourceError } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import { siteError } from "../SiteError.ts"
import type { NotAnswered } from "../transport/NotAnswered.ts"
import { PageVerdict } from "./PageVerdict.ts"

/**
 * `Truncated` where the body broke off, `RateLimited` where the request was not sent because the site asks to wait, else
 * `Unavailable` with the failure in words. Fails where no further request is allowed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unanswered = (source: string, error: NotAnswered): Effect.Effect<PageVerdict, SourceError> => {
  switch (error._tag) {
    case "NoConnection":
      return Effect.succeed(PageVerdict.Unavailable({ why: error.why }))
    case "BodyBroken":
      return Effect.succeed(PageVerdict.Truncated({ bytes: 0 }))
    case "StillRefused":
      return Effect.succeed(PageVerdict.RateLimited({ retryAfterMillis: error.retryAfterMillis }))
    case "RequestsSpent":
      return siteError({
        reason: "BudgetSpent",
        source,
        detail: `The limit of ${error.maxRequests} requests for this run was reached`
      })
  }
}
