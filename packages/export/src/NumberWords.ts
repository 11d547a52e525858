/**
 * Numbers as sentences have them.
 */

/** A number with a comma between each three digits: 1,234. */
export const count = (n: number): string => n.toLocaleString("en-US")

/** How many there are of something: 1 member, 1,234 members. */
export const counted = (n: number, one: string): string => `${count(n)} ${n === 1 ? one : `${one}s`}`
