/**
 * The message about members of a dataset who may be one person with two names.
 *
 * @since 0.1.0
 */
import type { Username } from "@letterboxd-ratings/core"

/** At most this many pairs are listed; more would bury the rest of the output. */
const mostPairs = 10

/**
 * A line for each pair of members with the same ratings, ending in a line break; empty if there are none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const alikeWords = (pairs: ReadonlyArray<readonly [Username, Username]>): string => {
  const lines = pairs
    .slice(0, mostPairs)
    .map(
      ([one, other]) =>
        `${one} and ${other} have nearly the same ratings and may be the same member. To find out, read the older name again: lb user ${one}. If you know it: lb rename OLD NEW`
    )
  if (pairs.length > mostPairs) lines.push(`... and ${pairs.length - mostPairs} more pairs.`)
  return lines.map((line) => `${line}\n`).join("")
}
