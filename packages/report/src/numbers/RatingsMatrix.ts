/**
 * All ratings of a dataset in arrays of numbers, for numbers that look at them more than once.
 *
 * @since 0.1.0
 */
import {
  type Film,
  type MemberRecord,
  runForEachRating,
  type StorageError,
  type UserId,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { orderOf, type RatingPairs, startsOf } from "@letterboxd-ratings/export"
import { type DateTime, Effect } from "effect"

/**
 * A member, by its place in the matrix. `readAt` is when the list was last read, where that is known.
 */
interface MatrixMember {
  readonly userId: UserId
  readonly username: Username
  readonly record?: MemberRecord
  readonly readAt?: DateTime.Utc
}

/**
 * Ratings as rows. `halfStars` is 1 to 10. `day` is the day of the rating in days since 1970, 0
 * where it is not known, `liked` is 1 for films that the member liked; both are absent if the dataset does not keep them.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingsMatrix extends RatingPairs {
  readonly members: ReadonlyArray<MatrixMember>
  readonly films: ReadonlyArray<Film>
  readonly rows: number
  readonly halfStars: Uint8Array
  readonly day?: Uint16Array
  readonly liked?: Uint8Array
}

const millisOfADay = 86_400_000

const membersOf = ({ state }: Pick<WholeDataset, "state">): ReadonlyArray<MatrixMember> =>
  [...state.users]
    .toSorted(([, a], [, b]) => a - b)
    .map(([username, userId]) => {
      const record = state.members.get(username)
      const readAt = record?.readAt ?? state.updates.get(username)
      const member: MatrixMember = { username, userId }
      return Object.assign(
        member,
        record === undefined ? undefined : { record },
        readAt === undefined ? undefined : { readAt }
      )
    })

/** Days that were seen before need not be parsed again. */
const dayReader = () => {
  const known = new Map<string, number>()
  return (text: string | undefined): number => {
    if (text === undefined) return 0
    const before = known.get(text)
    if (before !== undefined) return before
    // Days before 1970 and after 2149 do not fit; nobody rated a film then.
    const day = Math.round(Date.parse(`${text}T00:00:00Z`) / millisOfADay)
    const kept = day > 0 && day < 65_536 ? day : 0
    known.set(text, kept)
    return kept
  }
}

/**
 * Reads all ratings once. Keeps five to eight bytes for each, and needs up to twenty more to put them in order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readMatrix = (
  whole: Pick<WholeDataset, "ratings" | "state">
): Effect.Effect<RatingsMatrix, StorageError> =>
  Effect.gen(function* () {
    const { keeps, ratings: count } = whole.state
    const members = membersOf(whole)
    const films = [...whole.state.films.values()]
    const memberAt = new Map(members.map(({ userId }, at) => [userId, at]))
    const filmAt = new Map(films.map(({ id }, at) => [id, at]))
    const member = new Int32Array(count)
    const film = new Int32Array(count)
    const halfStars = new Uint8Array(count)
    const day = keeps.has("rated_on") ? new Uint16Array(count) : undefined
    const liked = keeps.has("liked") ? new Uint8Array(count) : undefined
    const dayOf = dayReader()
    let rows = 0
    let isInOrder = true
    // The ratings of a member follow each other, for the most part.
    let lastId: UserId | undefined
    let last: number | undefined
    yield* runForEachRating(whole.ratings, (rating) => {
      if (rating.userId !== lastId) {
        const before = last ?? 0
        lastId = rating.userId
        last = memberAt.get(lastId)
        if (before > (last ?? 0)) isInOrder = false
      }
      const f = filmAt.get(rating.filmId)
      // The stream of a sound dataset has no such rows, and ends with an error if it has more than it should.
      if (last === undefined || f === undefined || rows >= count) return
      member[rows] = last
      film[rows] = f
      halfStars[rows] = rating.rating * 2
      if (day !== undefined) day[rows] = dayOf(rating.ratedOn)
      if (liked !== undefined) liked[rows] = rating.liked === true ? 1 : 0
      rows += 1
    })
    const memberOf = member.subarray(0, rows)
    const start = startsOf(memberOf, members.length)
    const order = isInOrder ? undefined : orderOf(memberOf, start)
    const inOrder = <A extends Int32Array | Uint8Array | Uint16Array>(column: A): A => {
      if (order === undefined) return column
      const sorted = column.slice()
      for (let row = 0; row < rows; row++) sorted[row] = column[order[row] ?? 0] ?? 0
      // `slice` of an array gives one of the same kind, which the compiler does not know of a parameter.
      return sorted as A
    }
    return {
      members,
      films,
      rows,
      start,
      film: inOrder(film).subarray(0, rows),
      halfStars: inOrder(halfStars).subarray(0, rows),
      ...(day === undefined ? {} : { day: inOrder(day).subarray(0, rows) }),
      ...(liked === undefined ? {} : { liked: inOrder(liked).subarray(0, rows) })
    }
  })
