/**
 * A response as the pages judge it: no live connection behind it, so that every verdict can be tested with a value.
 *
 * @since 0.1.0
 */

/**
 * `headers` have lower-case names; `body` is the decoded text, empty where there was none. `now` is the time of
 * arrival in milliseconds since 1970, to read dates in headers against.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageResponse {
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  readonly now: number
}
