/**
 * Ratings in the order of member and film, as loaders of recommender libraries expect them.
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
 * All ratings, sorted by member and then by film. Reads them into memory: about 20 bytes for each, and twice as many while
 * the arrays grow.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sortedRatings = (
  ratings: Stream.Stream<EncodedRating, StorageError>
): Effect.Effect<Stream.Stream<EncodedRating, StorageError>, StorageError> =>
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
    const length = userOf.length()
    // Each member's rows are put together, and then sorted by themselves.
    const counts = new Uint32Array(users.length)
    for (let i = 0; i < length; i++) counts[userOf.at(i)] = (counts[userOf.at(i)] ?? 0) + 1
    const inOrder = users.map((userId, number) => ({ userId, number })).toSorted((a, b) => a.userId - b.userId)
    const starts = new Uint32Array(users.length)
    let start = 0
    for (const { number } of inOrder) {
      starts[number] = start
      start += counts[number] ?? 0
    }
    const order = new Uint32Array(length)
    const next = starts.slice()
    for (let i = 0; i < length; i++) {
      const user = userOf.at(i)
      const place = next[user] ?? 0
      order[place] = i
      next[user] = place + 1
    }
    const filmAt = (i: number): number => films[filmOf.at(i)] ?? 0
    for (const { number } of inOrder) {
      const from = starts[number] ?? 0
      order.subarray(from, from + (counts[number] ?? 0)).sort((a, b) => filmAt(a) - filmAt(b) || a - b)
    }
    const rowAt = (i: number): ReadonlyArray<EncodedRating> => {
      const userId = users[userOf.at(i)]
      const filmId = films[filmOf.at(i)]
      return userId === undefined || filmId === undefined
        ? []
        : [{ ...facts[factOf.at(i)], userId, filmId, rating: decodeRating(halfStarsOf.at(i) / 2) }]
    }
    return Stream.unfoldChunk(0, (from) =>
      from >= length
        ? Option.none()
        : Option.some([
            Chunk.fromIterable(Array.from(order.subarray(from, from + rowsAtOnce)).flatMap(rowAt)),
            from + rowsAtOnce
          ] as const)
    )
  })
