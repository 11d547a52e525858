/**
 * A word from outside (the command line, a variable, a file) in quotes, safe to show on one line of a terminal: control and
 * invisible characters are replaced, and long words are cut.
 *
 * @since 0.1.0
 * @category constructors
 */
export const shown = (word: string): string => {
  const letters = [...word.replaceAll(/[\p{C}\u2028\u2029]/gu, "\u{FFFD}")]
  return `"${letters.length <= 200 ? letters.join("") : `${letters.slice(0, 200).join("")}...`}"`
}

/**
 * A sentence with words from outside, safe to show on a terminal: control and invisible characters are replaced.
 *
 * @since 0.1.0
 * @category constructors
 */
export const printable = (sentence: string): string => sentence.replaceAll(/[\p{C}\u2028\u2029]/gu, "\u{FFFD}")

/**
 * A whole number with a comma between each three digits. Not `toLocaleString`, which loads the rules of all languages the
 * first time, and that takes 40 ms.
 *
 * @since 0.1.0
 * @category constructors
 */
export const grouped = (n: number): string => String(n).replaceAll(/\B(?=(?:\d{3})+$)/gu, ",")

/**
 * So many names or places are listed in a message.
 *
 * @since 0.1.0
 * @category models
 */
export const mostListed = 20

/**
 * Names or places as a message lists them: the first ones, and how many more there are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listed = (words: ReadonlyArray<string>): string =>
  `${words.slice(0, mostListed).join(", ")}${words.length > mostListed ? `, and ${words.length - mostListed} more` : ""}`
