/**
 * All ratings of a dataset in arrays of numbers, for numbers that look at them more than once.
 *
 * @since 0.1.0
 */
import type { Film, MemberRecord, StorageError, UserId, Username, WholeDataset } from "@letterboxd-ratings/core"
import { type DateTime, Effect, Stream } from "effect"

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
 * Ratings as rows, those of a member together: the rows of the member at place `u` are `start[u]` to `start[u + 1]`,
 * exclusively. `film` has places in `films`, `halfStars` is 1 to 10. `day` is the day of the rating in days since 1970, 0
 * where it is not known, `liked` is 1 for films that the member liked; both are absent if the dataset does not keep them.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingsMatrix {
  readonly members: ReadonlyArray<MatrixMember>
  readonly films: ReadonlyArray<Film>
  readonly rows: number
  readonly start: Int32Array
  readonly film: Int32Array
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

/** Where the rows of each kind begin if they stand together, by counting. */
const startsOf = (kindOf: Int32Array, kinds: number): Int32Array => {
  const start = new Int32Array(kinds + 1)
  for (const kind of kindOf) start[kind + 1] = (start[kind + 1] ?? 0) + 1
  for (let i = 0; i < kinds; i++) start[i + 1] = (start[i + 1] ?? 0) + (start[i] ?? 0)
  return start
}

/** The rows in the order in which those of each kind stand together. */
const orderOf = (kindOf: Int32Array, start: Int32Array): Int32Array => {
  const next = start.slice()
  const order = new Int32Array(kindOf.length)
  for (let row = 0; row < kindOf.length; row++) {
    const kind = kindOf[row] ?? 0
    order[next[kind] ?? 0] = row
    next[kind] = (next[kind] ?? 0) + 1
  }
  return order
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
    yield* Stream.runForEachChunk(whole.ratings, (chunk) =>
      Effect.sync(() => {
        for (const rating of chunk) {
          if (rating.userId !== lastId) {
            const before = last ?? 0
            lastId = rating.userId
            last = memberAt.get(lastId)
            if (before > (last ?? 0)) isInOrder = false
          }
          const f = filmAt.get(rating.filmId)
          // The stream of a sound dataset has no such rows, and ends with an error if it has more than it should.
          if (last === undefined || f === undefined || rows >= count) continue
          member[rows] = last
          film[rows] = f
          halfStars[rows] = rating.rating * 2
          if (day !== undefined) day[rows] = dayOf(rating.ratedOn)
          if (liked !== undefined) liked[rows] = rating.liked === true ? 1 : 0
          rows += 1
        }
      })
    )
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

/**
 * The members who rated each film: `members` has their places, film by film, and those of the film at place `f` are at
 * `start[f]` to `start[f + 1]` in it, exclusively. Four bytes for each rating.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratersOf = ({
  film,
  films,
  members: all,
  rows,
  start: startOfMember
}: RatingsMatrix): { readonly start: Int32Array; readonly members: Int32Array } => {
  const start = startsOf(film, films.length)
  const next = start.slice()
  const members = new Int32Array(rows)
  for (let u = 0; u < all.length; u++)
    for (let row = startOfMember[u] ?? 0; row < (startOfMember[u + 1] ?? 0); row++) {
      const f = film[row] ?? 0
      members[next[f] ?? 0] = u
      next[f] = (next[f] ?? 0) + 1
    }
  return { start, members }
}
