/**
 * Two members of a dataset, by the films that both rated.
 *
 * @since 0.1.0
 */
import {
  displayName,
  type FilmId,
  formatRating,
  type Rating,
  runForEachRating,
  type StorageError,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { Effect } from "effect"
import { count } from "../progress/RunWords.ts"
import { printable } from "../Shown.ts"
import { factLines, firstOf, type Inspected, type NotInDataset } from "./Inspected.ts"
import { knownMember } from "./InspectMember.ts"

interface Pair {
  readonly filmId: FilmId
  readonly one: Rating
  readonly other: Rating
}

const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, n) => sum + n, 0) / values.length

/**
 * Pearson's correlation of the ratings, -1 to 1; `undefined` for fewer than two films, or if all ratings of a member are the same.
 *
 * @since 0.1.0
 * @category constructors
 */
export const correlationOf = (pairs: ReadonlyArray<Pick<Pair, "one" | "other">>): number | undefined => {
  if (pairs.length < 2) return undefined
  const mean = meanOf(pairs.map(({ one }) => one))
  const otherMean = meanOf(pairs.map(({ other }) => other))
  let together = 0
  let square = 0
  let otherSquare = 0
  for (const { one, other } of pairs) {
    together += (one - mean) * (other - otherMean)
    square += (one - mean) ** 2
    otherSquare += (other - otherMean) ** 2
  }
  return square === 0 || otherSquare === 0 ? undefined : together / Math.sqrt(square * otherSquare)
}

/**
 * Reads all ratings once, and holds those of the two members.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inspectPair = (
  whole: WholeDataset,
  username: Username,
  otherUsername: Username
): Effect.Effect<Inspected, StorageError | NotInDataset> =>
  Effect.gen(function* () {
    const member = yield* knownMember(whole, username)
    const otherMember = yield* knownMember(whole, otherUsername)
    const own = new Map<FilmId, Rating>()
    const others = new Map<FilmId, Rating>()
    yield* runForEachRating(whole.ratings, ({ filmId, rating, userId }) => {
      if (userId === member.userId) own.set(filmId, rating)
      if (userId === otherMember.userId) others.set(filmId, rating)
    })
    const pairs = new Array<Pair>()
    for (const [filmId, one] of own) {
      const other = others.get(filmId)
      if (other !== undefined) pairs.push({ filmId, one, other })
    }
    const apart = ({ one, other }: Pair) => Math.abs(one - other)
    const sorted = pairs.toSorted(
      (a, b) => apart(b) - apart(a) || b.one + b.other - a.one - a.other || a.filmId - b.filmId
    )
    const same = pairs.filter((pair) => apart(pair) === 0).length
    const difference = pairs.length === 0 ? undefined : meanOf(pairs.map(apart))
    const correlation = correlationOf(pairs)
    const { films } = whole.state
    const filmOf = (filmId: FilmId): string => {
      const film = films.get(filmId)
      return film === undefined ? `film:${filmId}` : displayName(film)
    }
    return {
      lines: () => [
        ...factLines([
          [member.name, count(own.size, "rating")],
          [otherMember.name, count(others.size, "rating")],
          ["in common", count(pairs.length, "film")],
          [
            "the same rating",
            pairs.length === 0
              ? undefined
              : `${same.toLocaleString("en-US")} (${Math.round((same / pairs.length) * 100)} %)`
          ],
          ["apart on average", difference === undefined ? undefined : `${difference.toFixed(2)} stars`],
          ["correlation", correlation === undefined ? undefined : `${correlation.toFixed(2)} (Pearson)`]
        ]),
        ...(sorted.length === 0
          ? []
          : [
              "",
              `Films in common, the greatest difference first (${member.name}, ${otherMember.name}):`,
              ...firstOf(
                sorted,
                ({ filmId, one, other }) => `${formatRating(one)}  ${formatRating(other)}  ${printable(filmOf(filmId))}`
              )
            ])
      ],
      json: {
        members: [
          { username: member.name, userId: member.userId, ratings: own.size },
          { username: otherMember.name, userId: otherMember.userId, ratings: others.size }
        ],
        inCommon: pairs.length,
        same,
        difference,
        correlation,
        films: sorted.map(({ filmId, one, other }) => ({ filmId, name: filmOf(filmId), ratings: [one, other] }))
      }
    }
  })
