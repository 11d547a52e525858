/**
 * How many columns of a terminal a text takes.
 *
 * @since 0.1.0
 */

/** Blocks of East Asian scripts, whose letters take two columns. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18CFF}\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\uFE0F/u
const isNothing = /^[\p{M}\p{Cf}]+$/u
const isPlain = /^[\u0020-\u007E\u00A0-\u02FF]*$/u

const letters = new Intl.Segmenter("en", { granularity: "grapheme" })

const columnsOfLetter = (letter: string): number => (isNothing.test(letter) ? 0 : wide.test(letter) ? 2 : 1)

/**
 * The columns of a text without control characters.
 *
 * @since 0.1.0
 * @category constructors
 */
export const columnsOf = (text: string): number => {
  if (isPlain.test(text)) return text.length
  let columns = 0
  for (const { segment } of letters.segment(text)) columns += columnsOfLetter(segment)
  return columns
}

/**
 * The text in exactly so many columns: with spaces behind it, or before it, or cut, with `…` at its end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fitted = (text: string, columns: number, side: "left" | "right"): string => {
  const own = columnsOf(text)
  if (own <= columns) {
    const space = " ".repeat(columns - own)
    return side === "left" ? text + space : space + text
  }
  let cut = ""
  let used = 0
  for (const { segment } of letters.segment(text)) {
    const more = columnsOfLetter(segment)
    if (used + more > columns - 1) break
    cut += segment
    used += more
  }
  return `${cut}…${" ".repeat(Math.max(0, columns - 1 - used))}`
}
