import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { kCore, type Minima, type NumberedRatings } from "../src/KCore.ts"

type Pair = readonly [user: number, film: number]

const numbered = (users: number, films: number, pairs: ReadonlyArray<Pair>): NumberedRatings => ({
  users,
  films,
  userOf: pairs.map(([user]) => user),
  filmOf: pairs.map(([, film]) => film)
})

/** Who and what stays, as the core says. */
const coreOf = (users: number, films: number, pairs: ReadonlyArray<Pair>, minima: Minima) => {
  const core = kCore(numbered(users, films, pairs), minima)
  const staying = (all: Uint8Array) => [...all.keys()].filter((one) => all[one] === 1)
  return { users: staying(core.users), films: staying(core.films), rounds: core.rounds }
}

/** The plainest way: count, leave out, and begin again. */
const naiveCore = (users: number, films: number, pairs: ReadonlyArray<Pair>, minima: Minima) => {
  let members = [...Array(users).keys()]
  let titles = [...Array(films).keys()]
  for (let rounds = 0; ; rounds++) {
    const left = pairs.filter(([user, film]) => members.includes(user) && titles.includes(film))
    const nextMembers = members.filter((one) => left.filter(([user]) => user === one).length >= minima.userRatings)
    const nextTitles = titles.filter((one) => left.filter(([, film]) => film === one).length >= minima.filmRatings)
    if (nextMembers.length === members.length && nextTitles.length === titles.length)
      return { users: members, films: titles, rounds }
    members = nextMembers
    titles = nextTitles
  }
}

const pairsOf = (users: number, films: number, most: number) =>
  fc.uniqueArray(fc.tuple(fc.nat(users - 1), fc.nat(films - 1)), { selector: String, maxLength: most })
const anyMinima = fc.record({
  userRatings: fc.integer({ min: 1, max: 4 }),
  filmRatings: fc.integer({ min: 1, max: 4 })
})

describe("the k-core", () => {
  it("is what is left when members and films are left out one round after another", () => {
    fc.assert(
      fc.property(pairsOf(9, 12, 60), anyMinima, (pairs, minima) => {
        assert.deepStrictEqual(coreOf(9, 12, pairs, minima), naiveCore(9, 12, pairs, minima))
      }),
      { numRuns: 300 }
    )
  })

  it("holds its minima, and every other set of members and films that does", () => {
    const subsets = (size: number) =>
      [...Array(2 ** size).keys()].map((bits) => [...Array(size).keys()].filter((one) => (bits >> one) % 2 === 1))
    const [memberSets, filmSets] = [subsets(4), subsets(4)]
    let largest = 0
    fc.assert(
      fc.property(pairsOf(4, 4, 16), anyMinima, (pairs, minima) => {
        const core = coreOf(4, 4, pairs, minima)
        const holds = (members: ReadonlyArray<number>, films: ReadonlyArray<number>) => {
          const left = pairs.filter(([user, film]) => members.includes(user) && films.includes(film))
          return (
            members.every((one) => left.filter(([user]) => user === one).length >= minima.userRatings) &&
            films.every((one) => left.filter(([, film]) => film === one).length >= minima.filmRatings)
          )
        }
        assert.isTrue(holds(core.users, core.films))
        largest = Math.max(largest, core.users.length)
        for (const members of memberSets)
          for (const films of filmSets)
            if (holds(members, films)) {
              assert.includeMembers(core.users, members)
              assert.includeMembers(core.films, films)
            }
      }),
      { numRuns: 200 }
    )
    assert.strictEqual(largest, 4)
  })

  it("takes time in proportion to the ratings, even where each round leaves out one member or film", () => {
    // Member 0 rated film 0, film 0 was rated by member 1, who rated film 1, and so on: a chain, eaten from its ends.
    const links = 200_000
    const pairs = Array.from({ length: links }, (_, i): Pair => [Math.ceil(i / 2), Math.floor(i / 2)])
    const core = coreOf(links / 2 + 1, links / 2, pairs, { userRatings: 2, filmRatings: 2 })
    assert.deepStrictEqual([core.users.length, core.films.length], [0, 0])
    assert.isAbove(core.rounds, links / 4)
  })
})
