/**
 * Ratings held in memory, in arrays of numbers.
 *
 * @since 0.1.0
 */
import { type EncodedRating, type FilmId, Rating, type StorageError, type UserId } from "@letterboxd-ratings/core"
import { Chunk, Effect, Option, Schema, Stream, Struct } from "effect"
import { rowsAtOnce } from "./ExportedFile.ts"
import { growingNumbers } from "./GrowingNumbers.ts"

type Facts = Omit<EncodedRating, "filmId" | "rating" | "userId">

/** All that a rating may tell besides. The compiler names what is missing here. */
const factNames = { ratedOn: true, liked: true } satisfies { readonly [K in keyof Required<Facts>]: true }
const namesOfFacts = Struct.keys(factNames)

const decodeRating = Schema.decodeSync(Rating)

/**
 * Ratings in memory. `users` and `films` have each id once, `userOf` and `filmOf` say for each row where in them its ids
 * are. `inOrder` gives the rows with these numbers.
 */
export interface HeldRatings {
  readonly users: ReadonlyArray<UserId>
  readonly films: ReadonlyArray<FilmId>
  readonly userOf: ArrayLike<number>
  readonly filmOf: ArrayLike<number>
  readonly inOrder: (order: Uint32Array) => Stream.Stream<EncodedRating>
}

/** Reads ratings into memory: about 13 bytes for each, and twice as many while the arrays grow. */
export const holdRatings = (
  ratings: Stream.Stream<EncodedRating, StorageError>
): Effect.Effect<HeldRatings, StorageError> =>
  Effect.gen(function* () {
    const users: Array<UserId> = []
    const films: Array<FilmId> = []
    const facts: Array<Facts> = []
    const userNumbers = new Map<UserId, number>()
    const filmNumbers = new Map<FilmId, number>()
    const factNumbers = new Map<string, number>()
    const userOf = growingNumbers((n) => new Int32Array(n))
    const filmOf = growingNumbers((n) => new Int32Array(n))
    const factOf = growingNumbers((n) => new Int32Array(n))
    const halfStarsOf = growingNumbers((n) => new Uint8Array(n))
    const numberIn = <K, V>(numbers: Map<K, number>, all: Array<V>, key: K, value: V): number => {
      const known = numbers.get(key)
      if (known !== undefined) return known
      numbers.set(key, all.length)
      all.push(value)
      return all.length - 1
    }
    yield* Stream.runForEachChunk(ratings, (chunk) =>
      Effect.sync(() => {
        for (const { filmId, rating, userId, ...more } of chunk) {
          userOf.add(numberIn(userNumbers, users, userId, userId))
          filmOf.add(numberIn(filmNumbers, films, filmId, filmId))
          // A day and a like: few of them are different.
          factOf.add(numberIn(factNumbers, facts, namesOfFacts.map((name) => more[name] ?? "").join(" "), more))
          halfStarsOf.add(rating * 2)
        }
      })
    )
    const rowAt = (i: number): ReadonlyArray<EncodedRating> => {
      const userId = users[userOf.at(i)]
      const filmId = films[filmOf.at(i)]
      return userId === undefined || filmId === undefined
        ? []
        : [{ ...facts[factOf.at(i)], userId, filmId, rating: decodeRating(halfStarsOf.at(i) / 2) }]
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
                Chunk.fromIterable(Array.from(order.subarray(from, from + rowsAtOnce)).flatMap(rowAt)),
                from + rowsAtOnce
              ] as const)
        )
    }
  })
