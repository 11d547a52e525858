/**
 * What is left of a dataset if every member and every film must have at least k ratings.
 *
 * @since 0.1.0
 */
import { type RatingPairs, ratersOf } from "./RatingPairs.ts"

/**
 * The k-core: the largest part in which every member has at least k ratings of its films, and every film at least k by its
 * members. `density` is the share of all pairs of its members and films that are rated.
 *
 * @since 0.1.0
 * @category models
 */
export interface Core {
  readonly k: number
  readonly members: number
  readonly films: number
  readonly ratings: number
  readonly density: number
}

/**
 * The greatest k of each member and film (members first) with which it is in the k-core, by taking away the one with the
 * fewest ratings again and again (Batagelj and Zaveršnik). Costs a visit of each rating from both of its sides.
 */
const coreNumbers = (pairs: RatingPairs): Int32Array => {
  const { film, films, members, start } = pairs
  const raters = ratersOf(pairs)
  const nodes = members.length + films.length
  const degree = new Int32Array(nodes)
  for (let u = 0; u < members.length; u++) degree[u] = (start[u + 1] ?? 0) - (start[u] ?? 0)
  for (let f = 0; f < films.length; f++)
    degree[members.length + f] = (raters.start[f + 1] ?? 0) - (raters.start[f] ?? 0)

  // Nodes in the order of their degrees; `first` is where those of a degree begin, `place` where a node stands.
  const most = degree.reduce((a, b) => Math.max(a, b), 0)
  const first = new Int32Array(most + 2)
  for (const d of degree) first[d + 1] = (first[d + 1] ?? 0) + 1
  for (let d = 0; d <= most; d++) first[d + 1] = (first[d + 1] ?? 0) + (first[d] ?? 0)
  const place = new Int32Array(nodes)
  const order = new Int32Array(nodes)
  const next = first.slice()
  for (let node = 0; node < nodes; node++) {
    const at = next[degree[node] ?? 0] ?? 0
    next[degree[node] ?? 0] = at + 1
    place[node] = at
    order[at] = node
  }
  /** One rating less: the node changes places with the first of its degree, which is then the last of one less. */
  const lower = (node: number): void => {
    const d = degree[node] ?? 0
    const to = first[d] ?? 0
    const from = place[node] ?? 0
    const other = order[to] ?? 0
    order[to] = node
    order[from] = other
    place[node] = to
    place[other] = from
    first[d] = to + 1
    degree[node] = d - 1
  }
  for (let at = 0; at < nodes; at++) {
    const node = order[at] ?? 0
    const d = degree[node] ?? 0
    if (node < members.length)
      for (let row = start[node] ?? 0; row < (start[node + 1] ?? 0); row++) {
        const other = members.length + (film[row] ?? 0)
        if ((degree[other] ?? 0) > d) lower(other)
      }
    else {
      const f = node - members.length
      for (let i = raters.start[f] ?? 0; i < (raters.start[f + 1] ?? 0); i++) {
        const other = raters.members[i] ?? 0
        if ((degree[other] ?? 0) > d) lower(other)
      }
    }
  }
  return degree
}

/** 1, 2, 3, 5, 10, 20, 30, 50, ... */
const steps = (most: number): ReadonlyArray<number> => {
  const all: Array<number> = []
  for (let ten = 1; ten <= most; ten *= 10) for (const n of [1, 2, 3, 5]) if (n * ten <= most) all.push(n * ten)
  return all.at(-1) === most || most === 0 ? all : [...all, most]
}

/**
 * The k-cores for each k that `of` chooses, given the greatest one that leaves something. By default: k = 1, 2, 3, 5, 10,
 * 20 ... and the greatest. Costs a few visits of each rating, and four bytes of memory for it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const coresOf = (
  pairs: RatingPairs,
  of: (most: number) => ReadonlyArray<number> = steps
): ReadonlyArray<Core> => {
  const core = coreNumbers(pairs)
  const { film, films, members, start } = pairs
  const most = core.reduce((a, b) => Math.max(a, b), 0)
  const ratings = new Float64Array(most + 1)
  for (let u = 0; u < members.length; u++)
    for (let row = start[u] ?? 0; row < (start[u + 1] ?? 0); row++) {
      const k = Math.min(core[u] ?? 0, core[members.length + (film[row] ?? 0)] ?? 0)
      ratings[k] = (ratings[k] ?? 0) + 1
    }
  return of(most).map((k) => {
    let leftMembers = 0
    let leftFilms = 0
    let leftRatings = 0
    for (let u = 0; u < members.length; u++) if ((core[u] ?? 0) >= k) leftMembers += 1
    for (let f = 0; f < films.length; f++) if ((core[members.length + f] ?? 0) >= k) leftFilms += 1
    for (let c = k; c <= most; c++) leftRatings += ratings[c] ?? 0
    return {
      k,
      members: leftMembers,
      films: leftFilms,
      ratings: leftRatings,
      density: leftRatings === 0 ? 0 : leftRatings / (leftMembers * leftFilms)
    }
  })
}
