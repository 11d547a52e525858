/**
 * Rows of ratings in the form in which we write them: two ids and a rating with one decimal, without quotes. They are read
 * from bytes: to make a text of each line, and of each of its cells, takes ten times as long. What is written otherwise, and
 * may be valid still, is left to the reader of lines.
 */
import type { GrowingBlock } from "@letterboxd-ratings/core"

const lineEnd = 0x0a
const comma = 0x2c
const point = 0x2e
const zero = 0x30
const nine = 0x39
const highestId = 2_147_483_647

/** No row in this form is longer: two ids of ten digits, a rating of three letters, two commas and the line end. */
export const longestRow = 26

/** No row is shorter: `1,1,0.5` and the line end. */
export const shortestRow = 8

/**
 * Adds the rows that begin at `from` to a block, up to the first line that is not whole or not in this form. Gives where
 * that line begins.
 */
export const readPlainRatings = (bytes: Uint8Array, from: number, { add }: Pick<GrowingBlock, "add">): number => {
  const { length } = bytes
  let start = from
  for (;;) {
    let at = start
    let user = 0
    let sign = 0
    while (at < length && (sign = bytes[at] ?? 0) >= zero && sign <= nine && user <= highestId) {
      user = user * 10 + sign - zero
      at += 1
    }
    // An id of ours does not begin with 0. A text that does is one to be told about.
    if (user < 1 || user > highestId || bytes[start] === zero || bytes[at] !== comma) return start
    const filmStart = ++at
    let film = 0
    while (at < length && (sign = bytes[at] ?? 0) >= zero && sign <= nine && film <= highestId) {
      film = film * 10 + sign - zero
      at += 1
    }
    if (bytes[filmStart] === zero || bytes[at] !== comma) return start
    if (film < 1 || film > highestId) return start
    const tenths = bytes[at + 3] ?? 0
    const stars = (bytes[at + 1] ?? 0) - zero
    if (bytes[at + 2] !== point || bytes[at + 4] !== lineEnd || stars < 0 || stars > 5) return start
    const halfStars = tenths === zero ? stars * 2 : tenths === zero + 5 ? stars * 2 + 1 : 0
    if (halfStars < 1 || halfStars > 10) return start
    add(user, film, halfStars)
    start = at + 5
  }
}
