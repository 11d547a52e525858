/**
 * The known word somebody probably meant.
 */
import { AutoCorrect, CliConfig } from "@effect/cli"

const distance = (a: string, b: string): number => AutoCorrect.levensteinDistance(a, b, CliConfig.defaultConfig)

/**
 * The known word that begins with `word`, or else the one with the fewest letters different from it; there is one as long as
 * any is known.
 */
export const nearest = (word: string, known: ReadonlyArray<string>): string => {
  // Longer than any known word, it is as far from each of them as its length.
  const meant = word.toLowerCase().slice(0, 100)
  const begun = known.filter((candidate) => candidate.toLowerCase().startsWith(meant))
  return (begun.length > 0 ? begun : known).reduce((best, candidate) =>
    distance(meant, candidate.toLowerCase()) < distance(meant, best.toLowerCase()) ? candidate : best
  )
}
