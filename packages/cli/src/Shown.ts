/**
 * A word from outside (the command line, a variable, a file) in quotes, as one line of a terminal can hold it: signs that
 * move the cursor or cannot be seen are replaced, and what is too long is cut.
 *
 * @since 0.1.0
 * @category constructors
 */
export const shown = (word: string): string => {
  const letters = [...word.replaceAll(/\p{C}/gu, "\u{FFFD}")]
  return `"${letters.length <= 200 ? letters.join("") : `${letters.slice(0, 200).join("")}...`}"`
}
