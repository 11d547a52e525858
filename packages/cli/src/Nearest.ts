/**
 * Suggestions for mistyped words.
 */
import { AutoCorrect, CliConfig } from "@effect/cli"

const distance = (a: string, b: string): number => AutoCorrect.levensteinDistance(a, b, CliConfig.defaultConfig)

/** Whether a word of `length` letters with `errors` wrong ones is still likely to be a typing error. */
const isClose = (errors: number, length: number): boolean =>
  errors <= (length < 4 ? 1 : Math.max(2, Math.floor(length * 0.4)))

/**
 * The known word that begins with `word`, or else the most similar one; `undefined` if none is similar.
 */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  // A longer word is as far from each known word as its length.
  const meant = word.toLowerCase().slice(0, 100)
  if (meant === "") return undefined
  const begun = known.filter((candidate) => candidate.toLowerCase().startsWith(meant))
  const candidates = begun.length > 0 ? begun : known
  const best = candidates.reduce<string | undefined>(
    (before, candidate) =>
      before === undefined || distance(meant, candidate.toLowerCase()) < distance(meant, before.toLowerCase())
        ? candidate
        : before,
    undefined
  )
  if (best === undefined || begun.length > 0) return best
  return isClose(distance(meant, best.toLowerCase()), Math.max(meant.length, best.length)) ? best : undefined
}

/**
 * ` Did you mean X?`, with a leading space and X as `written`; empty if no known word is similar.
 */
export const didYouMean = (
  word: string,
  known: ReadonlyArray<string>,
  written: (candidate: string) => string
): string => {
  const meant = nearest(word, known)
  return meant === undefined ? "" : ` Did you mean ${written(meant)}?`
}
