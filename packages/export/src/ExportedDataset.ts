/**
 * A dataset as it is exported: with names, or without anything that identifies a member.
 *
 * @since 0.1.0
 */
import {
  type EncodedWatch,
  type Film,
  type FilmId,
  filmIdAt,
  filterBlock,
  type Keeps,
  type Member,
  noKeeps,
  type RatingBlock,
  type StorageError,
  UserId,
  userIdAt,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { hmac } from "@noble/hashes/hmac"
import { sha256 } from "@noble/hashes/sha2"
import { DateTime, Effect, Redacted, Stream } from "effect"
import { holdRatings } from "./HeldRatings.ts"
import { orderOf, ranksOf, startsOf } from "./RatingPairs.ts"

/**
 * A part of the ratings that has a file of its own: to train, to validate or to test with. `rows` says how many there are.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportedPart {
  readonly name: "train" | "valid" | "test"
  readonly rows: number
  readonly ratings: Stream.Stream<RatingBlock, StorageError>
}

/**
 * Numbers from 0 without gaps in the place of ids.
 *
 * @since 0.1.0
 * @category models
 */
export interface Indexes {
  readonly users: ReadonlyMap<UserId, number>
  readonly films: ReadonlyMap<FilmId, number>
}

/**
 * What a format writes. `keeps` has the columns that not every dataset has.
 *
 * - `usernames`, `members`: absent if the export is anonymous.
 * - `readAt`: when a member's list was read, 1970 where that is not known.
 * - `watched`: the films that members saw and did not rate, in the order of the dataset; absent if the dataset does not keep
 *   them, or the export is anonymous.
 * - `parts`: there if the ratings are split: they are all ratings, each in one part, and a format writes a file for each (see
 *   `writeParts`).
 * - `indexes`: there if a format that can write them is to write them in the place of ids.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportedDataset {
  readonly keeps: Keeps
  readonly films: ReadonlyMap<Film["id"], Film>
  readonly usernames?: ReadonlyMap<UserId, Username>
  readonly members?: ReadonlyArray<Member>
  readonly readAt: (userId: UserId) => DateTime.Utc
  readonly ratings: Stream.Stream<RatingBlock, StorageError>
  readonly watched?: Stream.Stream<EncodedWatch, StorageError>
  readonly parts?: ReadonlyArray<ExportedPart>
  readonly indexes?: Indexes
}

/** Of a member whose list was read at a time that nobody knows. */
const unknownTime = DateTime.unsafeMake(0)

/**
 * Writes the ratings into one file, `NAME.EXTENSION`, or into a file for each part, `NAME.PART.EXTENSION`, in the order of
 * the parts. `write` is given the name of a file and its ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeParts = <A, E, R>(
  { parts, ratings }: Pick<ExportedDataset, "parts" | "ratings">,
  name: string,
  extension: string,
  write: (fileName: string, ratings: Stream.Stream<RatingBlock, StorageError>) => Effect.Effect<A, E, R>
): Effect.Effect<ReadonlyArray<A>, E, R> =>
  parts === undefined
    ? Effect.map(write(`${name}.${extension}`, ratings), (written) => [written])
    : Effect.forEach(parts, (part) => write(`${name}.${part.name}.${extension}`, part.ratings))

/**
 * The dataset as it is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withNames = ({ ratings, state, watched }: WholeDataset): ExportedDataset => {
  const usernames = new Map([...state.users].map(([username, userId]) => [userId, username]))
  const timeOf = (userId: UserId): DateTime.Utc => {
    const username = usernames.get(userId)
    if (username === undefined) return unknownTime
    return state.members.get(username)?.readAt ?? state.updates.get(username) ?? unknownTime
  }
  // Rows of a member mostly stand together.
  let last: { readonly userId: UserId; readonly time: DateTime.Utc } | undefined
  return {
    keeps: state.keeps,
    films: state.films,
    usernames,
    members: Array.from(state.users, ([username, userId]) => state.members.get(username) ?? { username, userId }),
    readAt: (userId) => {
      if (last?.userId !== userId) last = { userId, time: timeOf(userId) }
      return last.time
    },
    ratings,
    ...(state.keeps.has("watched") ? { watched } : {})
  }
}

/** Ids are drawn from 1 to this, so that they fit into what readers take for integers. */
const highestId = 2 ** 31 - 1

/**
 * Each member's anonymous id: the beginning of HMAC-SHA256 of the name under the salt; the next free number where two
 * fall on the same one. The same salt gives a member the same id in every export but for such a collision; without the
 * salt nothing leads back to the name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const anonymousIds = (
  users: Iterable<readonly [Username, UserId]>,
  salt: Redacted.Redacted
): ReadonlyMap<UserId, UserId> => {
  const encoder = new TextEncoder()
  const key = encoder.encode(Redacted.value(salt))
  const ids = new Map<UserId, UserId>()
  const taken = new Set<number>()
  // In the order of names, so that which of two comes first does not depend on when they were discovered.
  for (const [username, userId] of [...users].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = hmac(sha256, key, encoder.encode(username))
    let id = 1 + (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % highestId)
    while (taken.has(id)) id = 1 + (id % highestId)
    taken.add(id)
    ids.set(userId, UserId.make(id))
  }
  return ids
}

/**
 * The dataset without names, and without what leads to them: ids are salted, members stand in the order of those ids
 * (the order of discovery is that of popularity), films in that of theirs, and the only time is the day of the last
 * commit: days of ratings, likes, changes and films that were watched and not rated are left out too. Reads all ratings into memory, thirteen bytes for each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const anonymised = (
  { committedAt, ratings, state }: WholeDataset,
  salt: Redacted.Redacted
): Effect.Effect<ExportedDataset, StorageError> =>
  Effect.gen(function* () {
    const ids = anonymousIds(state.users, salt)
    const day = DateTime.startOf(committedAt, "day")
    const { inOrder, userOf, users } = yield* holdRatings(ratings, state.ratings)
    // A member's own films keep their order: it is that of the site's list, the same for everybody.
    const ranks = ranksOf(users.map((userId) => ids.get(userId) ?? 0))
    const rankOf = userOf.map((user) => ranks[user] ?? 0)
    const order = orderOf(rankOf, startsOf(rankOf, users.length))
    return {
      keeps: noKeeps,
      films: new Map([...state.films].toSorted(([a], [b]) => a - b)),
      readAt: () => day,
      // A rating without a salted id or a film is left out, and then missing where rows are counted.
      ratings: Stream.map(inOrder(order), ({ facts: _days, ...block }) => {
        const known = filterBlock(
          block,
          (row) => ids.has(userIdAt(block, row)) && state.films.has(filmIdAt(block, row))
        )
        return { ...known, userIds: known.userIds.map((_, row) => ids.get(userIdAt(known, row)) ?? 0) }
      })
    }
  })
