/**
 * The `Retry-After` header in both of its forms.
 *
 * @since 0.1.0
 */

/**
 * The wait a `Retry-After` header asks for, in milliseconds from `now` (milliseconds since 1970): a number of
 * seconds or an HTTP date. A date in the past is 0; anything else is `undefined`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const retryAfterMillis = (header: string | undefined, now: number): number | undefined => {
  const text = header?.trim() ?? ""
  if (/^\d{1,9}$/u.test(text)) return Number(text) * 1000
  if (!/^[A-Za-z]{3,9},? /u.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
