/**
 * Members of a dataset who may be one person under two names, in words.
 *
 * @since 0.1.0
 */
import type { Username } from "@letterboxd-ratings/core"

/** So many pairs are named; more would bury the rest of the output. */
const mostPairs = 10

/**
 * A line for each pair of members with the same ratings, ending in a line break; empty where there are none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const alikeWords = (pairs: ReadonlyArray<readonly [Username, Username]>): string => {
  const lines = pairs
    .slice(0, mostPairs)
    .map(
      ([one, other]) =>
        `${one} and ${other} have nearly the same ratings and may be one member. Read the older name again to find out: lb user ${one}`
    )
  if (pairs.length > mostPairs) lines.push(`... and ${pairs.length - mostPairs} more pairs like these.`)
  return lines.map((line) => `${line}\n`).join("")
}
