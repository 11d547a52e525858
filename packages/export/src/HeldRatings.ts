/**
 * Ratings held in memory, in arrays of numbers.
 *
 * @since 0.1.0
 */
import {
  type FilmId,
  filmIdAt,
  growingNumbers,
  idPlaces,
  type KnownFacts,
  namesOfFacts,
  type RatingBlock,
  type StorageError,
  type UserId,
  userIdAt
} from "@letterboxd-ratings/core"
import { Effect, Option, Stream, Struct } from "effect"
import { rowsAtOnce } from "./ExportedFile.ts"

/**
 * Ratings in memory. `users` and `films` have each id once, `userOf` and `filmOf` say for each row where in them its ids
 * are. `inOrder` gives the rows with these numbers.
 */
export interface HeldRatings {
  readonly users: ReadonlyArray<UserId>
  readonly films: ReadonlyArray<FilmId>
  readonly userOf: Int32Array
  readonly filmOf: Int32Array
  readonly inOrder: (order: Int32Array) => Stream.Stream<RatingBlock>
}

/**
 * Reads ratings into memory: nine bytes for each, four more if more than stars is known of them, and up to three times as many
 * while the arrays grow beyond `expected` rows.
 */
export const holdRatings = (
  ratings: Stream.Stream<RatingBlock, StorageError>,
  expected = 0
): Effect.Effect<HeldRatings, StorageError> =>
  Effect.gen(function* () {
    const users = idPlaces()
    const films = idPlaces()
    const userPlaces = growingNumbers((n) => new Int32Array(n), expected)
    const filmPlaces = growingNumbers((n) => new Int32Array(n), expected)
    const halfStarsOf = growingNumbers((n) => new Uint8Array(n), expected)
    // A day and a like: few of them are different.
    const facts: Array<KnownFacts> = [{}]
    const factNumbers = new Map<string, number>([["", 0]])
    let factOf: ReturnType<typeof growingNumbers<Int32Array>> | undefined
    const factsIn = (known: KnownFacts): number => {
      let key = ""
      for (const name of namesOfFacts) if (known[name] !== undefined) key += `${name} ${known[name]} `
      const number = factNumbers.get(key)
      if (number !== undefined) return number
      factNumbers.set(key, facts.length)
      facts.push(Struct.pick(known, ...namesOfFacts))
      return facts.length - 1
    }
    yield* Stream.runForEach(ratings, (block) =>
      Effect.sync(() => {
        const { filmIds, halfStars, size, userIds } = block
        if (block.facts !== undefined && factOf === undefined) {
          factOf = growingNumbers((n) => new Int32Array(n), expected)
          for (let row = 0; row < userPlaces.length(); row++) factOf.add(0)
        }
        for (let row = 0; row < size; row++) {
          userPlaces.add(users.at(userIds[row] ?? 0))
          filmPlaces.add(films.at(filmIds[row] ?? 0))
          halfStarsOf.add(halfStars[row] ?? 0)
          factOf?.add(factsIn(block.facts?.[row] ?? {}))
        }
      })
    )
    const userIds = users.ids()
    const filmIds = films.ids()
    const userOf = userPlaces.all()
    const filmOf = filmPlaces.all()
    const starsOf = halfStarsOf.all()
    const blockOf = (rows: Int32Array): RatingBlock => {
      const columns = {
        size: rows.length,
        userIds: rows.map((row) => userIds[userOf[row] ?? 0] ?? 0),
        filmIds: rows.map((row) => filmIds[filmOf[row] ?? 0] ?? 0),
        halfStars: Uint8Array.from(rows, (row) => starsOf[row] ?? 0)
      }
      return factOf === undefined
        ? columns
        : { ...columns, facts: Array.from(rows, (row) => facts[factOf?.at(row) ?? 0] ?? {}) }
    }
    return {
      users: Array.from(userIds, (_, place) => userIdAt({ userIds }, place)),
      films: Array.from(filmIds, (_, place) => filmIdAt({ filmIds }, place)),
      userOf,
      filmOf,
      inOrder: (order) =>
        Stream.unfold(0, (from) =>
          from >= order.length
            ? Option.none()
            : Option.some([blockOf(order.subarray(from, from + rowsAtOnce)), from + rowsAtOnce] as const)
        )
    }
  })
