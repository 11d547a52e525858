/**
 * Counts of ratings by stars, and how they look as text.
 *
 * @since 0.1.0
 */
import type { Rating } from "@letterboxd-ratings/core"

/** 0.5, 1, ... 5 stars. */
const steps = 10

/**
 * How many ratings there are of 0.5, 1, ... 5 stars.
 *
 * @since 0.1.0
 * @category models
 */
export class Histogram {
  readonly #counts = Array.from({ length: steps }, () => 0)

  /** @since 0.1.0 */
  add(rating: Rating): void {
    const at = rating * 2 - 1
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  /** @since 0.1.0 */
  get counts(): ReadonlyArray<number> {
    return this.#counts
  }

  /** @since 0.1.0 */
  get total(): number {
    return this.#counts.reduce((sum, n) => sum + n, 0)
  }

  /** In stars; `undefined` without ratings. @since 0.1.0 */
  get mean(): number | undefined {
    const { total } = this
    return total === 0 ? undefined : this.#counts.reduce((sum, n, i) => sum + n * starsAt(i), 0) / total
  }

  /** In stars, the lower one of two in the middle; `undefined` without ratings. @since 0.1.0 */
  get median(): number | undefined {
    const middle = Math.ceil(this.total / 2)
    let seen = 0
    for (const [i, n] of this.#counts.entries()) {
      seen += n
      if (n > 0 && seen >= middle) return starsAt(i)
    }
    return undefined
  }
}

const starsAt = (i: number): number => (i + 1) / 2

/**
 * The counts by stars, for JSON.
 *
 * @since 0.1.0
 * @category constructors
 */
export const byStars = ({ counts }: Histogram): Readonly<Record<string, number>> =>
  Object.fromEntries(counts.map((n, i) => [starsAt(i).toFixed(1), n]))

/** Parts of a character cell, in eighths. */
const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/** A bar of a length in cells. What is there, however little, is seen. */
const barOf = (cells: number): string => {
  const parts = cells === 0 ? 0 : Math.max(1, Math.round(cells * 8))
  return "█".repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? "")
}

/** Longer bars do not say more. */
const widest = 100
const narrowest = 20

/**
 * The histogram as lines of at most `width` columns, 20 at least: stars, a bar, the number of ratings, and their share.
 *
 * @since 0.1.0
 * @category constructors
 */
export const histogramLines = (histogram: Histogram, width: number): ReadonlyArray<string> => {
  const { counts, total } = histogram
  const numbers = counts.map((n) => n.toLocaleString("en-US"))
  const numberWidth = Math.max(...numbers.map((text) => text.length))
  const cells = Math.max(
    1,
    Math.max(narrowest, Math.min(width, widest)) - "5.0  ".length - numberWidth - "  100 %".length
  )
  const most = Math.max(1, ...counts)
  return counts.map((n, i) => {
    const share = total === 0 ? 0 : Math.round((n / total) * 100)
    return `${starsAt(i).toFixed(1)} ${barOf((n / most) * (cells - 1)).padEnd(cells)} ${(numbers[i] ?? "").padStart(numberWidth)} ${String(share).padStart(3)} %`
  })
}
