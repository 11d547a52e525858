/**
 * Some thousands of ratings by columns, for whoever reads all ratings of a dataset: to make an object of each rating takes
 * several times as long as everything else that is done with most of them.
 *
 * @since 0.1.0
 */
import { Chunk, Effect, Stream } from "effect"
import { FilmId } from "../domain/Film.ts"
import { UserId } from "../domain/Member.ts"
import { ratingsByHalfStars } from "../domain/Rating.ts"
import type { DatasetRows } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"
import { type EncodedRating, type KnownFacts, namesOfFacts } from "./Tables.ts"

/**
 * Ratings by columns. The first `size` values of each column count: a valid id of a user and of a film, and half stars from
 * 1 to 10. `facts` has what else is known of each rating, and is absent where nothing else is known of any.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingBlock {
  readonly size: number
  readonly userIds: Int32Array
  readonly filmIds: Int32Array
  readonly halfStars: Uint8Array
  readonly facts?: ReadonlyArray<KnownFacts>
}

const proven = { disableValidation: true }

/**
 * The user of a rating of a block.
 *
 * @since 0.1.0
 * @category getters
 */
export const userIdAt = ({ userIds }: Pick<RatingBlock, "userIds">, row: number): UserId =>
  UserId.make(userIds[row] ?? 0, proven)

/**
 * The film of a rating of a block.
 *
 * @since 0.1.0
 * @category getters
 */
export const filmIdAt = ({ filmIds }: Pick<RatingBlock, "filmIds">, row: number): FilmId =>
  FilmId.make(filmIds[row] ?? 0, proven)

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/**
 * Gives each rating of a block to `use`, in order. If nothing is known of ratings but their stars, it is the same object each
 * time, with other values: `use` must not keep it. (`ratingsOf` makes an object of each.)
 *
 * @since 0.1.0
 * @category folding
 */
export const forEachRating = (block: RatingBlock, use: (rating: EncodedRating) => void): void => {
  const { facts, halfStars, size } = block
  let one: Mutable<EncodedRating> | undefined
  for (let row = 0; row < size; row++) {
    const rating = ratingsByHalfStars[halfStars[row] ?? 0]
    if (rating === undefined) continue
    const userId = userIdAt(block, row)
    const filmId = filmIdAt(block, row)
    if (facts !== undefined) use({ ...facts[row], userId, filmId, rating })
    else {
      if (one === undefined) one = { userId, filmId, rating }
      else {
        one.userId = userId
        one.filmId = filmId
        one.rating = rating
      }
      use(one)
    }
  }
}

/**
 * Runs a stream of blocks, and gives each rating to `use`, as `forEachRating` does.
 *
 * @since 0.1.0
 * @category folding
 */
export const runForEachRating = <E, R>(
  blocks: Stream.Stream<RatingBlock, E, R>,
  use: (rating: EncodedRating) => void
): Effect.Effect<void, E, R> => Stream.runForEach(blocks, (block) => Effect.sync(() => forEachRating(block, use)))

/**
 * The ratings of a block as objects.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ratingsOf = (block: RatingBlock): ReadonlyArray<EncodedRating> => {
  const ratings: Array<EncodedRating> = []
  forEachRating(block, (rating) => ratings.push({ ...rating }))
  return ratings
}

/**
 * A block that ratings are added to one by one: valid ids, and half stars from 1 to 10. Nothing may be added to it after `block`.
 *
 * @since 0.1.0
 * @category models
 */
export interface GrowingBlock {
  readonly add: (userId: number, filmId: number, halfStars: number) => void
  readonly block: () => RatingBlock
}

/**
 * A block with room for `room` ratings. It grows if there are more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const growingBlock = (room: number): GrowingBlock => {
  let userIds = new Int32Array(Math.max(room, 16))
  let filmIds = new Int32Array(userIds.length)
  let halfStarsOf = new Uint8Array(userIds.length)
  let size = 0
  const grow = () => {
    const before = { userIds, filmIds, halfStarsOf }
    userIds = new Int32Array(size * 2)
    filmIds = new Int32Array(size * 2)
    halfStarsOf = new Uint8Array(size * 2)
    userIds.set(before.userIds)
    filmIds.set(before.filmIds)
    halfStarsOf.set(before.halfStarsOf)
  }
  return {
    add: (userId, filmId, halfStars) => {
      if (size === userIds.length) grow()
      userIds[size] = userId
      filmIds[size] = filmId
      halfStarsOf[size] = halfStars
      size += 1
    },
    block: () => ({ size, userIds, filmIds, halfStars: halfStarsOf })
  }
}

/**
 * Ratings as a block.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ratingBlockOf = (ratings: ReadonlyArray<EncodedRating>): RatingBlock => {
  const { length } = ratings
  const userIds = new Int32Array(length)
  const filmIds = new Int32Array(length)
  const halfStars = new Uint8Array(length)
  let hasFacts = false
  for (const [row, rating] of ratings.entries()) {
    userIds[row] = rating.userId
    filmIds[row] = rating.filmId
    halfStars[row] = rating.rating * 2
    for (const name of namesOfFacts) hasFacts ||= rating[name] !== undefined
  }
  const columns = { size: length, userIds, filmIds, halfStars }
  return hasFacts ? { ...columns, facts: ratings } : columns
}

/**
 * The ratings of a block for which `isKept` says so by their row. A block that keeps all is the same one.
 *
 * @since 0.1.0
 * @category filtering
 */
export const filterBlock = (block: RatingBlock, isKept: (row: number) => boolean): RatingBlock => {
  const { facts, filmIds, halfStars, size, userIds } = block
  const rows = new Int32Array(size)
  let left = 0
  for (let row = 0; row < size; row++) {
    if (!isKept(row)) continue
    rows[left] = row
    left += 1
  }
  if (left === size) return block
  const kept = rows.subarray(0, left)
  const halfStarsOf = new Uint8Array(left)
  for (let i = 0; i < left; i++) halfStarsOf[i] = halfStars[kept[i] ?? 0] ?? 0
  const columns = {
    size: left,
    userIds: kept.map((row) => userIds[row] ?? 0),
    filmIds: kept.map((row) => filmIds[row] ?? 0),
    halfStars: halfStarsOf
  }
  return facts === undefined ? columns : { ...columns, facts: Array.from(kept, (row) => facts[row] ?? {}) }
}

/**
 * Rows as blocks, one for each chunk.
 *
 * @since 0.1.0
 * @category conversions
 */
export const blocksOfRows = <E, R>(rows: Stream.Stream<EncodedRating, E, R>): Stream.Stream<RatingBlock, E, R> =>
  Stream.mapChunks(rows, (chunk) => Chunk.of(ratingBlockOf(Chunk.toReadonlyArray(chunk))))

/**
 * All ratings of an open dataset as blocks, as the storage gives them or made of its rows.
 *
 * @since 0.1.0
 * @category getters
 */
export const ratingBlocksOf = ({
  ratingBlocks,
  ratings
}: Pick<DatasetRows, "ratingBlocks" | "ratings">): Stream.Stream<RatingBlock, StorageError> =>
  ratingBlocks ?? blocksOfRows(ratings)

const rowsAtOnce = 4_096

/**
 * Many rows as a stream, in chunks: a fold over a stream cannot take so many at once.
 *
 * @since 0.1.0
 * @category conversions
 */
export const streamOfRows = <Row>(rows: ReadonlyArray<Row>): Stream.Stream<Row> =>
  Stream.fromChunks(
    ...Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, i) =>
      Chunk.unsafeFromArray(rows.slice(i * rowsAtOnce, (i + 1) * rowsAtOnce))
    )
  )

/**
 * Blocks as rows.
 *
 * @since 0.1.0
 * @category conversions
 */
export const rowsOfBlocks = <E, R>(blocks: Stream.Stream<RatingBlock, E, R>): Stream.Stream<EncodedRating, E, R> =>
  Stream.flatMap(blocks, (block) => streamOfRows(ratingsOf(block)))
