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
