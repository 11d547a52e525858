/**
 * Ratings held in memory, in arrays of numbers.
 *
 * @since 0.1.0
 */
import {
  type EncodedRating,
  type FilmId,
  ratingFromHalfStars,
  type StorageError,
  type UserId
} from "@letterboxd-ratings/core"
import { Chunk, Effect, Option, Stream, Struct } from "effect"
import { rowsAtOnce } from "./ExportedFile.ts"
import { growingNumbers } from "./GrowingNumbers.ts"

type Facts = Omit<EncodedRating, "filmId" | "rating" | "userId">

/** All that a rating may tell besides. The compiler names what is missing here. */
const factNames = { ratedOn: true, liked: true } satisfies { readonly [K in keyof Required<Facts>]: true }
const namesOfFacts = Struct.keys(factNames)

const stars = Array.from({ length: 11 }, (_, halfStars) => Option.getOrUndefined(ratingFromHalfStars(halfStars)))

/**
 * Ratings in memory. `users` and `films` have each id once, `userOf` and `filmOf` say for each row where in them its ids
 * are. `inOrder` gives the rows with these numbers.
 */
export interface HeldRatings {
  readonly users: ReadonlyArray<UserId>
  readonly films: ReadonlyArray<FilmId>
  readonly userOf: ArrayLike<number>
  readonly filmOf: ArrayLike<number>
  readonly inOrder: (order: Int32Array) => Stream.Stream<EncodedRating>
}

/**
 * Reads ratings into memory: about 13 bytes for each, and up to three times as many while the arrays grow beyond `expected`
 * rows.
 */
export const holdRatings = (
  ratings: Stream.Stream<EncodedRating, StorageError>,
  expected = 0
): Effect.Effect<HeldRatings, StorageError> =>
  Effect.gen(function* () {
    const users: Array<UserId> = []
    const films: Array<FilmId> = []
    const facts: Array<Facts> = []
    const userNumbers = new Map<UserId, number>()
    const filmNumbers = new Map<FilmId, number>()
    const factNumbers = new Map<string, number>()
    const userOf = growingNumbers((n) => new Int32Array(n), expected)
    const filmOf = growingNumbers((n) => new Int32Array(n), expected)
    const factOf = growingNumbers((n) => new Int32Array(n), expected)
    const halfStarsOf = growingNumbers((n) => new Uint8Array(n), expected)
    const numberIn = <K, V>(numbers: Map<K, number>, all: Array<V>, key: K, value: V): number => {
      const known = numbers.get(key)
      if (known !== undefined) return known
      numbers.set(key, all.length)
      all.push(value)
      return all.length - 1
    }
    // A day and a like: few of them are different.
    const factsIn = (rating: EncodedRating): number => {
      let key = ""
      for (const name of namesOfFacts) key += `${rating[name] ?? ""} `
      const known = factNumbers.get(key)
      if (known !== undefined) return known
      const { filmId: _film, rating: _rating, userId: _user, ...more } = rating
      return numberIn(factNumbers, facts, key, more)
    }
    yield* Stream.runForEachChunk(ratings, (chunk) =>
      Effect.sync(() => {
        for (const row of chunk) {
          userOf.add(numberIn(userNumbers, users, row.userId, row.userId))
          filmOf.add(numberIn(filmNumbers, films, row.filmId, row.filmId))
          factOf.add(factsIn(row))
          halfStarsOf.add(row.rating * 2)
        }
      })
    )
    const rowsAt = (rows: Int32Array): ReadonlyArray<EncodedRating> => {
      const found: Array<EncodedRating> = []
      for (const row of rows) {
        const userId = users[userOf.at(row)]
        const filmId = films[filmOf.at(row)]
        const rating = stars[halfStarsOf.at(row)]
        if (userId !== undefined && filmId !== undefined && rating !== undefined)
          found.push({ ...facts[factOf.at(row)], userId, filmId, rating })
      }
      return found
    }
    return {
      users,
      films,
      userOf: userOf.all(),
      filmOf: filmOf.all(),
      inOrder: (order) =>
        Stream.unfoldChunk(0, (from) =>
          from >= order.length
            ? Option.none()
            : Option.some([
                Chunk.unsafeFromArray(rowsAt(order.subarray(from, from + rowsAtOnce))),
                from + rowsAtOnce
              ] as const)
        )
    }
  })
