/**
 * Numbers and times as they are written in a report.
 *
 * @since 0.1.0
 */

/** @since 0.1.0 */
export const count = (n: number): string => n.toLocaleString("en-US")

/** @since 0.1.0 */
export const counted = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`

/**
 * A share as a percentage: one decimal, more for tiny ones. A dash where there is none.
 *
 * @since 0.1.0
 */
export const percent = (share: number): string => {
  if (!Number.isFinite(share)) return "–"
  if (share === 0 || share === 1) return `${share * 100} %`
  const all = share * 100
  const decimals = all >= 1 ? 1 : all >= 0.1 ? 2 : 3
  // Nearly all is not all.
  return `${(all < 100 ? Math.min(all, 99.9) : all).toFixed(decimals)} %`
}

/** @since 0.1.0 */
export const stars = (n: number): string => (Number.isFinite(n) ? n.toFixed(2) : "–")

/** @since 0.1.0 */
export const halfStars = (half: number): string => (half / 2).toFixed(1)

/**
 * A number with its sign.
 *
 * @since 0.1.0
 */
export const signed = (n: number, decimals = 2): string => {
  const text = Math.abs(n).toFixed(decimals)
  return Number(text) === 0 ? text : `${n < 0 ? "−" : "+"}${text}`
}

/**
 * A day in UTC, from milliseconds since 1970.
 *
 * @since 0.1.0
 */
export const dayOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10)

/**
 * A time in UTC to the minute, from milliseconds since 1970.
 *
 * @since 0.1.0
 */
export const timeOf = (millis: number): string => new Date(millis).toISOString().slice(0, 16).replace("T", " ")
