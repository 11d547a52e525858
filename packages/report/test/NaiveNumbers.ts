/**
 * The numbers of a report, computed again in the plainest way from a list of ratings, to compare with.
 */

export interface Row {
  readonly member: string
  readonly film: number
  readonly stars: number
}

const mean = (numbers: ReadonlyArray<number>): number => numbers.reduce((a, b) => a + b, 0) / numbers.length

export const grouped = <A, K>(rows: Iterable<A>, by: (row: A) => K): Map<K, Array<A>> => {
  const groups = new Map<K, Array<A>>()
  for (const row of rows) {
    const group = groups.get(by(row))
    if (group === undefined) groups.set(by(row), [row])
    else group.push(row)
  }
  return groups
}

/** The mean absolute difference over all pairs. */
export const difference = (stars: ReadonlyArray<number>): number => {
  let sum = 0
  let pairs = 0
  for (const [i, a] of stars.entries())
    for (const b of stars.slice(i + 1)) {
      sum += Math.abs(a - b)
      pairs += 1
    }
  return sum / pairs
}

/** How often two ratings of a film differ by each number of half stars. */
export const differences = (rows: ReadonlyArray<Row>): ReadonlyArray<number> => {
  const counts = Array.from({ length: 10 }, () => 0)
  for (const ofFilm of grouped(rows, ({ film }) => film).values())
    for (let i = 0; i < ofFilm.length; i++)
      for (let j = i + 1; j < ofFilm.length; j++) {
        const apart = Math.abs((ofFilm[i]?.stars ?? 0) - (ofFilm[j]?.stars ?? 0)) * 2
        counts[apart] = (counts[apart] ?? 0) + 1
      }
  return counts
}

/** The weight of the mean of all, by one-way analysis of variance. */
export const shrinkage = (rows: ReadonlyArray<Row>): { readonly mean: number; readonly weight: number } => {
  const all = mean(rows.map(({ stars }) => stars))
  const films = [...grouped(rows, ({ film }) => film).values()].map((ofFilm) => ofFilm.map(({ stars }) => stars))
  const squares = (numbers: ReadonlyArray<number>, from: number) => numbers.reduce((sum, x) => sum + (x - from) ** 2, 0)
  const n = rows.length
  const k = films.length
  const meanSquareWithin = films.reduce((sum, stars) => sum + squares(stars, mean(stars)), 0) / (n - k)
  const meanSquareBetween = films.reduce((sum, stars) => sum + stars.length * (mean(stars) - all) ** 2, 0) / (k - 1)
  const usualSize = (n - films.reduce((sum, stars) => sum + stars.length ** 2, 0) / n) / (k - 1)
  const weight = meanSquareWithin / ((meanSquareBetween - meanSquareWithin) / usualSize)
  return { mean: all, weight: weight >= 0 && weight < 1e6 ? weight : 10 }
}

export const generosity = (rows: ReadonlyArray<Row>): ReadonlyMap<string, { compared: number; stars: number }> => {
  const films = grouped(rows, ({ film }) => film)
  const found = new Map<string, { compared: number; stars: number }>()
  for (const [member, own] of grouped(rows, (row) => row.member)) {
    const differences = own.flatMap(({ film, stars }) => {
      const others = (films.get(film) ?? []).filter((row) => row.member !== member)
      return others.length < 3 ? [] : [stars - mean(others.map((row) => row.stars))]
    })
    if (differences.length >= 20) found.set(member, { compared: differences.length, stars: mean(differences) })
  }
  return found
}

/** Pearson's correlation in two passes, and how many films it is over. */
export const correlation = (one: ReadonlyArray<Row>, other: ReadonlyArray<Row>) => {
  const stars = new Map(other.map((row) => [row.film, row.stars]))
  const pairs = one.flatMap((row) => {
    const theirs = stars.get(row.film)
    return theirs === undefined ? [] : [[row.stars, theirs] as const]
  })
  const mx = mean(pairs.map(([x]) => x))
  const my = mean(pairs.map(([, y]) => y))
  const covariance = pairs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0)
  const vx = pairs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  const vy = pairs.reduce((sum, [, y]) => sum + (y - my) ** 2, 0)
  return { inCommon: pairs.length, correlation: covariance / Math.sqrt(vx * vy) }
}

/** What is left when too small members and films are taken away in turns until there are none. */
export const core = (rows: ReadonlyArray<Row>, k: number) => {
  let left = rows
  for (;;) {
    const members = grouped(left, ({ member }) => member)
    const films = grouped(left, ({ film }) => film)
    const kept = left.filter(
      ({ film, member }) => (members.get(member)?.length ?? 0) >= k && (films.get(film)?.length ?? 0) >= k
    )
    if (kept.length === left.length) return { members: members.size, films: films.size, ratings: left.length }
    left = kept
  }
}
