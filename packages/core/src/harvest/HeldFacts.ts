/**
 * Facts about ratings that a later list does not tell.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { BatchMember } from "../dataset/Batch.ts"
import type { Keeps } from "../dataset/Column.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import { rowsOfMembers } from "../dataset/RowsOfMembers.ts"
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
 * The members of a batch of a run with the facts that the dataset holds of their ratings. Reads the ratings once if lists
 * are replaced in a dataset that keeps such facts, and nothing otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keepingFacts = (
  { ratings }: Pick<OpenDataset, "ratings">,
  keeps: Keeps,
  members: ReadonlyArray<BatchMember>
): Effect.Effect<ReadonlyArray<BatchMember>, StorageError> =>
  Effect.suspend(() => {
    const keepsFacts = keeps.has("rated_on") || keeps.has("liked")
    const replaced = members.flatMap(({ ratings: rows, record: { userId }, write }) =>
      keepsFacts && write === "replace" && rows.length > 0 ? [userId] : []
    )
    return Effect.map(rowsOfMembers(ratings, replaced), (held) =>
      members.map((member) => {
        const before = held.get(member.record.userId)
        return before === undefined
          ? member
          : { ...member, ratings: member.ratings.map((row) => withHeldFacts(row, before.get(row.filmId))) }
      })
    )
  })
