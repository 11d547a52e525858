/**
 * The rows that a dataset holds of some members, and what a list changes in them.
 *
 * @since 0.1.0
 */
import { Effect, Stream } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { UserId } from "../domain/Member.ts"
import type { BatchMember } from "./Batch.ts"
import { blocksOfRows, ratingBlocksOf, runForEachRating } from "./RatingBlock.ts"
import type { DatasetRows } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"
import type { EncodedRating, EncodedWatch } from "./Tables.ts"

/**
 * The rows that a dataset holds of a member, by film.
 *
 * @since 0.1.0
 * @category models
 */
export interface HeldRows {
  readonly ratings: ReadonlyMap<FilmId, EncodedRating>
  readonly watched: ReadonlyMap<FilmId, EncodedWatch>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const noHeldRows: HeldRows = { ratings: new Map(), watched: new Map() }

/**
 * The rows of some members by film, an entry for each member. Reads each table once, or only these rows where the storage
 * can find them, and nothing for nobody.
 *
 * @since 0.1.0
 * @category constructors
 */
export const heldRowsOf = (
  { rowsOfMembers, ...all }: Pick<DatasetRows, "ratingBlocks" | "ratings" | "rowsOfMembers" | "watched">,
  members: Iterable<UserId>
): Effect.Effect<ReadonlyMap<UserId, HeldRows>, StorageError> =>
  Effect.suspend(() => {
    const held = new Map(
      Array.from(members, (userId) => [
        userId,
        { ratings: new Map<FilmId, EncodedRating>(), watched: new Map<FilmId, EncodedWatch>() }
      ])
    )
    if (held.size === 0) return Effect.succeed(held)
    const ids = [...held.keys()]
    const { ratings, watched } =
      rowsOfMembers === undefined
        ? { ratings: ratingBlocksOf(all), watched: all.watched }
        : { ratings: blocksOfRows(rowsOfMembers("ratings", ids)), watched: rowsOfMembers("watched", ids) }
    const readRatings = runForEachRating(ratings, (row) => held.get(row.userId)?.ratings.set(row.filmId, { ...row }))
    const readWatched = Stream.runForEachChunk(watched, (rows) =>
      Effect.sync(() => {
        for (const row of rows) held.get(row.userId)?.watched.set(row.filmId, row)
      })
    )
    return Effect.as(Effect.zipRight(readRatings, readWatched), held)
  })

/**
 * The rows of a member in the order of its list.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncodedRows {
  readonly ratings: ReadonlyArray<EncodedRating>
  readonly watched: ReadonlyArray<EncodedWatch>
}

/**
 * How many ratings a list adds, changes (other stars, another day, another like) and removes.
 *
 * @since 0.1.0
 * @category models
 */
export interface RowDifferences {
  readonly added: number
  readonly changed: number
  readonly removed: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const noDifferences: RowDifferences = { added: 0, changed: 0, removed: 0 }

/**
 * Rows of a member by film.
 *
 * @since 0.1.0
 * @category constructors
 */
export const heldOf = ({ ratings, watched }: EncodedRows): HeldRows => ({
  ratings: new Map(ratings.map((row) => [row.filmId, row])),
  watched: new Map(watched.map((row) => [row.filmId, row]))
})

/**
 * Rows that join those that are held. A film has one row: the one that joins. `added` are the rows of films that were not
 * held; `isAddition` says that there are no others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const joining = (
  held: HeldRows,
  rows: EncodedRows
): { readonly all: EncodedRows; readonly added: EncodedRows; readonly isAddition: boolean } => {
  const ratings = new Map(held.ratings)
  const watched = new Map(held.watched)
  const added = { ratings: new Array<EncodedRating>(), watched: new Array<EncodedWatch>() }
  let isAddition = true
  for (const row of rows.ratings) {
    const before = ratings.get(row.filmId)
    if (before === undefined && !watched.has(row.filmId)) added.ratings.push(row)
    else if (before === undefined || !isSameRating(before, row)) isAddition = false
    watched.delete(row.filmId)
    ratings.set(row.filmId, row)
  }
  for (const row of rows.watched) {
    const isHeld = ratings.has(row.filmId) || watched.has(row.filmId)
    if (!isHeld) added.watched.push(row)
    else if (ratings.delete(row.filmId) || watched.get(row.filmId)?.liked !== row.liked) isAddition = false
    watched.set(row.filmId, row)
  }
  return { all: { ratings: [...ratings.values()], watched: [...watched.values()] }, added, isAddition }
}

const isSameRating = (one: EncodedRating, other: EncodedRating): boolean =>
  one.rating === other.rating && one.ratedOn === other.ratedOn && one.liked === other.liked

/**
 * Whether a film has the same row in both.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isSameRow = (one: HeldRows, other: HeldRows, filmId: FilmId): boolean => {
  const rating = one.ratings.get(filmId)
  const otherRating = other.ratings.get(filmId)
  if (rating !== undefined && otherRating !== undefined) return isSameRating(rating, otherRating)
  return (
    rating === otherRating &&
    one.watched.has(filmId) === other.watched.has(filmId) &&
    one.watched.get(filmId)?.liked === other.watched.get(filmId)?.liked
  )
}

/**
 * What becomes of the ratings that are held where others take their place.
 *
 * @since 0.1.0
 * @category constructors
 */
export const differencesOf = (held: HeldRows, { ratings }: Pick<EncodedRows, "ratings">): RowDifferences => {
  let added = 0
  let changed = 0
  for (const row of ratings) {
    const before = held.ratings.get(row.filmId)
    if (before === undefined) added += 1
    else if (!isSameRating(before, row)) changed += 1
  }
  return { added, changed, removed: held.ratings.size + added - ratings.length }
}

const isSuperset = ({ ratings, watched }: EncodedRows, held: HeldRows): boolean => {
  const films = new Set([...ratings, ...watched].map(({ filmId }) => filmId))
  return [...held.ratings.keys(), ...held.watched.keys()].every((id) => films.has(id))
}

/**
 * A member's part of a batch whose rows take the place of others, written with as few rows as will do. Most lists only
 * grow: to append costs what joins, and to replace what the dataset holds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leastWritten = (member: BatchMember, held: HeldRows): BatchMember => {
  if (member.write === "append") return { ...member, held }
  const rows: EncodedRows = { ratings: member.ratings, watched: member.watched ?? [] }
  const { added, isAddition } = joining(held, rows)
  return isAddition && isSuperset(rows, held) ? { ...member, write: "append", ...added, held } : { ...member, held }
}
