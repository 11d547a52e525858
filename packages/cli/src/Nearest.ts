/**
 * Suggestions for mistyped words.
 */
import { AutoCorrect, CliConfig } from "@effect/cli"

const distance = (a: string, b: string): number => AutoCorrect.levensteinDistance(a, b, CliConfig.defaultConfig)

const lettersOf = (word: string): string => [...word].toSorted().join("")

/** Whether `a` is likely to be a typing error for `b`: few letters differ, or the same letters are in another order. */
const isClose = (a: string, b: string): boolean => {
  const length = Math.max(a.length, b.length)
  return distance(a, b) <= (length < 4 ? 1 : Math.max(2, Math.floor(length * 0.4))) || lettersOf(a) === lettersOf(b)
}

/**
 * The known word that begins with `word`, or else the most similar one; `undefined` if none is similar.
 */
const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
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
  return isClose(meant, best.toLowerCase()) ? best : undefined
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
