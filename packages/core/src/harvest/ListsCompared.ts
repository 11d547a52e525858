/**
 * Lists that take the place of earlier ones, compared with what the dataset holds.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { BatchMember } from "../dataset/Batch.ts"
import type { Keeps } from "../dataset/Column.ts"
import { heldRowsOf, leastWritten } from "../dataset/HeldRows.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import type { EncodedRating } from "../dataset/Tables.ts"

/**
 * A rating with what is known of the same rating already: a list that does not tell on which day a film was rated does not
 * erase the day. A rating with other stars is another one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withHeldFacts = (rating: EncodedRating, held: EncodedRating | undefined): EncodedRating => {
  if (held === undefined || held.rating !== rating.rating) return rating
  const { liked = held.liked, ratedOn = held.ratedOn } = rating
  return liked === rating.liked && ratedOn === rating.ratedOn
    ? rating
    : { ...rating, ...(ratedOn === undefined ? {} : { ratedOn }), ...(liked === undefined ? {} : { liked }) }
}

/**
 * The members of a batch of a run with the facts that the dataset holds of their ratings, written with as few rows as will
 * do. Reads what `heldRowsOf` reads if lists are replaced, and nothing otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const comparedWithHeld = (
  rows: Pick<OpenDataset, "ratings" | "rowsOfMembers" | "watched">,
  keeps: Keeps,
  members: ReadonlyArray<BatchMember>
): Effect.Effect<ReadonlyArray<BatchMember>, StorageError> =>
  Effect.suspend(() => {
    const replaced = members.flatMap(({ record: { userId }, write }) => (write === "replace" ? [userId] : []))
    return Effect.map(heldRowsOf(rows, replaced), (all) =>
      members.map((member) => {
        const held = all.get(member.record.userId)
        if (held === undefined) return member
        const keepsFacts = keeps.has("rated_on") || keeps.has("liked")
        const ratings = keepsFacts
          ? member.ratings.map((row) => withHeldFacts(row, held.ratings.get(row.filmId)))
          : member.ratings
        return leastWritten({ ...member, ratings }, held)
      })
    )
  })
