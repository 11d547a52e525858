/**
 * How a site is asked where nobody says otherwise. Apart from the code that asks, because a help text needs only these.
 *
 * @since 0.1.0
 */
import type { HttpPolicyOptions } from "./transport/HttpPolicy.ts"

/**
 * The site itself.
 *
 * @since 0.1.0
 * @category models
 */
export const liveSite = "https://letterboxd.com"

/**
 * Slow and honest: 2 requests per second, 5 at the same time, 5 retries starting at 2 seconds, a timeout of half a minute,
 * an hour of patience.
 *
 * @since 0.1.0
 * @category models
 */
export const policyDefaults: HttpPolicyOptions = {
  userAgent: "letterboxd-ratings (+https://github.com/letterboxd-ratings/letterboxd-ratings)",
  concurrency: 5,
  requestsPerSecond: 2,
  maxRetries: 5,
  timeoutMillis: 30_000,
  backoffMillis: 2_000,
  patienceMillis: 3_600_000,
  maxRequests: Infinity
}
