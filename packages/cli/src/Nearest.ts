/**
 * The known word somebody probably meant.
 */

const distance = (a: string, b: string): number => {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    above = row
  }
  return above[b.length] ?? 0
}

/** The known word with the fewest letters different from `word`; there is one as long as any is known. */
export const nearest = (word: string, known: ReadonlyArray<string>): string =>
  known.reduce((best, candidate) =>
    distance(word.toLowerCase(), candidate.toLowerCase()) < distance(word.toLowerCase(), best.toLowerCase()) ? candidate : best
  )
