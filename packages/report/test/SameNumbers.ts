/**
 * Compares the numbers of a report with those computed in the plainest way.
 */
import { assert } from "@effect/vitest"
import type { DatasetNumbers, MemberNumbers, RatingsMatrix } from "@letterboxd-ratings/report"
import * as naive from "./NaiveNumbers.ts"
import type { GivenMember } from "./ReportedDataset.ts"

const isNear = (one: number, other: number, what: string): void => {
  assert.isTrue(Math.abs(one - other) < 1e-9 * Math.max(1, Math.abs(other)), `${what}: ${one} is not ${other}`)
}

const rowsOf = (members: ReadonlyArray<GivenMember>): ReadonlyArray<naive.Row> =>
  members.flatMap(({ name, ratings }) => ratings.map(({ film, stars }) => ({ member: name, film: film.id, stars })))

/** All numbers of a dataset that are computed from its ratings. */
export const assertSameNumbers = (
  numbers: DatasetNumbers,
  { members }: RatingsMatrix,
  given: ReadonlyArray<GivenMember>
): void => {
  const rows = rowsOf(given)
  const byFilm = naive.grouped(rows, ({ film }) => film)
  const byMember = naive.grouped(rows, ({ member }) => member)
  const years = new Map(given.flatMap(({ ratings }) => ratings.map(({ film }) => [film.id, film.year] as const)))
  const nameOf = (member: number) => members[member]?.username ?? ""

  assert.strictEqual(numbers.ratings, rows.length)
  assert.deepStrictEqual([numbers.active, numbers.rated], [byMember.size, byFilm.size])
  isNear(numbers.density, rows.length / (byMember.size * byFilm.size), "density")
  for (let half = 1; half <= 10; half++)
    assert.strictEqual(numbers.stars[half], rows.filter(({ stars }) => stars === half / 2).length)

  for (const [tail, groups] of [
    [numbers.perFilm, byFilm],
    [numbers.perMember, byMember]
  ] as const) {
    const sizes = [...groups.values()].map((group) => group.length).toSorted((a, b) => b - a)
    for (const { rank, ratings } of tail.ranks) assert.strictEqual(ratings, sizes[rank - 1])
    for (const { part, ratings } of tail.quantiles) {
      // The nearest rank: the least value that has this part at or below it.
      const least = sizes.findLast((size) => sizes.filter((one) => one <= size).length >= part * sizes.length)
      assert.strictEqual(ratings, least, `quantile ${part}`)
    }
    for (const { part, share } of tail.topShares) {
      const top = sizes.slice(0, Math.ceil(sizes.length * part)).reduce((a, b) => a + b, 0)
      isNear(share, top / rows.length, `share of the first ${part}`)
    }
  }

  const { fewest, shrinkage } = numbers.lists
  const known = naive.shrinkage(rows)
  isNear(shrinkage.mean, known.mean, "mean")
  isNear(shrinkage.weight, known.weight, "weight")
  const films = [...byFilm].map(([id, group]) => {
    const stars = group.map((row) => row.stars)
    const sum = stars.reduce((a, b) => a + b, 0)
    return { id, n: stars.length, stars, shrunk: (sum + known.weight * known.mean) / (stars.length + known.weight) }
  })
  const often = films.filter(({ n }) => n >= fewest)
  assert.strictEqual(numbers.lists.eligible, often.length)
  const greatest = (values: ReadonlyArray<number>) => values.toSorted((a, b) => b - a).slice(0, 10)
  for (const [list, of, values] of [
    ["mostRated", "ratings", films.map(({ n }) => n)],
    ["best", "shrunk", often.map(({ shrunk }) => shrunk)],
    ["dividing", "difference", often.map(({ stars }) => naive.difference(stars))]
  ] as const) {
    const expected = greatest(values)
    assert.strictEqual(numbers.lists[list].length, expected.length)
    for (const [i, film] of numbers.lists[list].entries()) {
      isNear(film[of], expected[i] ?? NaN, `${list} ${i}`)
      assert.strictEqual(film.ratings, byFilm.get(film.film.id)?.length)
    }
  }
  for (const { film, shrunk } of numbers.lists.best)
    isNear(shrunk, films.find(({ id }) => id === film.id)?.shrunk ?? NaN, `shrunk mean of ${film.id}`)

  const generosity = naive.generosity(rows)
  assert.strictEqual(numbers.generosity.length, generosity.size)
  for (const { compared, member, stars } of numbers.generosity) {
    const own = generosity.get(nameOf(member))
    assert.strictEqual(compared, own?.compared)
    isNear(stars, own?.stars ?? NaN, `generosity of ${nameOf(member)}`)
  }
  const inOrder = numbers.generosity.map(({ stars }) => stars)
  assert.deepStrictEqual(
    inOrder,
    inOrder.toSorted((a, b) => a - b)
  )

  const dated = rows.filter(({ film }) => years.get(film) !== undefined)
  const decades = naive.grouped(dated, ({ film }) => Math.floor((years.get(film) ?? 0) / 10) * 10)
  assert.strictEqual(numbers.decades.withoutYear, rows.length - dated.length)
  assert.deepStrictEqual(
    numbers.decades.decades.map(({ counts, decade, films: n }) => [decade, n, counts.reduce((a, b) => a + b, 0)]),
    [...decades]
      .toSorted(([a], [b]) => a - b)
      .map(([decade, group]) => [decade, new Set(group.map(({ film }) => film)).size, group.length])
  )

  assert.deepStrictEqual(
    numbers.agreement.differences.map(({ pairs }) => pairs),
    naive.differences(rows)
  )

  for (const { density, k, ...left } of numbers.cores) {
    assert.deepStrictEqual(left, naive.core(rows, k), `k = ${k}`)
    isNear(density, left.ratings / (left.members * left.films), `density of k = ${k}`)
  }
  const most = numbers.cores.at(-1)?.k ?? 0
  assert.strictEqual(naive.core(rows, most + 1).ratings, 0, "nothing is left after the greatest k")
}

/** The likenesses of a member to all others, and the films on which it differs most. */
export const assertSameMember = (
  numbers: MemberNumbers,
  { members }: RatingsMatrix,
  given: ReadonlyArray<GivenMember>
): void => {
  const rows = rowsOf(given)
  const byMember = naive.grouped(rows, ({ member }) => member)
  const byFilm = naive.grouped(rows, ({ film }) => film)
  const name = members[numbers.member]?.username ?? ""
  const own = byMember.get(name) ?? []
  const others = [...byMember].flatMap(([other, theirs]) => {
    const { correlation, inCommon } = naive.correlation(own, theirs)
    return other === name || inCommon < 10 || !Number.isFinite(correlation)
      ? []
      : [{ other, inCommon, correlation, shrunk: (correlation * inCommon) / (inCommon + 25) }]
  })
  assert.strictEqual(numbers.compared, others.length)
  const nearest = others.filter(({ shrunk }) => shrunk > 0).toSorted((a, b) => b.shrunk - a.shrunk)
  assert.strictEqual(numbers.nearest.length, Math.min(10, nearest.length))
  for (const [i, found] of numbers.nearest.entries()) {
    isNear(found.shrunk, nearest[i]?.shrunk ?? NaN, `place ${i}`)
    const same = others.find(({ other }) => other === members[found.member]?.username)
    assert.strictEqual(found.inCommon, same?.inCommon)
    isNear(found.correlation, same?.correlation ?? NaN, "correlation")
  }
  const differences = own.flatMap(({ film, stars }) => {
    const theirs = (byFilm.get(film) ?? []).filter(({ member }) => member !== name).map((row) => row.stars)
    return theirs.length < 3 ? [] : [stars - theirs.reduce((a, b) => a + b, 0) / theirs.length]
  })
  const above = differences.filter((one) => one > 0).toSorted((a, b) => b - a)
  const below = differences.filter((one) => one < 0).toSorted((a, b) => a - b)
  for (const [found, expected] of [
    [numbers.above, above],
    [numbers.below, below]
  ] as const) {
    assert.strictEqual(found.length, Math.min(10, expected.length))
    for (const [i, { difference }] of found.entries()) isNear(difference ?? NaN, expected[i] ?? NaN, `difference ${i}`)
  }
  assert.deepStrictEqual(
    numbers.favourites.map(({ stars }) => stars),
    own
      .map(({ stars }) => stars)
      .toSorted((a, b) => b - a)
      .slice(0, 10)
  )
}
