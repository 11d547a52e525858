/**
 * Tells whether ratings may be missing from a list that seems complete. A part whose films lost the marks of their
 * ratings, as after a redesign, reads as a list of unrated films.
 *
 * @since 0.1.0
 */
import type { ListPart } from "./ListPart.ts"
import { ratingsIn } from "./MemberReading.ts"

/** A list of so many films without a single rating is asked for its ratings in a second way. */
export const longListWithoutRatings = 10

/** So large a share of the ratings may be gone since the last reading without a second look. */
const smallShareGone = 0.1

/** So many films without a rating are looked at twice, if it is as good as impossible that none of them is rated. */
const fewestFilmsOfAPart = 10
const asGoodAsImpossible = 1e-6

/**
 * A member's list as it was read: `films` and `ratings` of all of it, also of what was read earlier, the ratings that the
 * dataset holds, and the parts that were read now.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadList {
  readonly films: number
  readonly ratings: number
  readonly ratingsBefore: number
  readonly parts: ReadonlyArray<ListPart>
}

/**
 * The number of rated films that the source states beside the list, by the newest part that does; `undefined` where none
 * does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const statedRatings = (parts: ReadonlyArray<ListPart>): number | undefined => {
  let stated: number | undefined
  for (const { content } of parts) if (content._tag === "Films") stated = content.stated.rated ?? stated
  return stated
}

/**
 * Whether a list deserves a second look: it has no ratings at all, lost some since it was last read, has fewer than the
 * source states, or one of its parts has none where the others have many.
 *
 * @since 0.1.0
 * @category constructors
 */
export const mayLackRatings = ({ films, parts, ratings, ratingsBefore }: ReadList): boolean =>
  (ratings === 0 && films >= longListWithoutRatings) ||
  ratingsBefore - ratings > ratingsBefore * smallShareGone ||
  ratings < (statedRatings(parts) ?? 0) ||
  hasBarePart(films, ratings, parts)

/** Whether a part has no rating, although films elsewhere on the list are rated so often that one should have. */
const hasBarePart = (films: number, ratings: number, parts: ReadonlyArray<ListPart>): boolean => {
  const newest = new Map(parts.map((part) => [part.number, part]))
  for (const { content } of newest.values()) {
    if (content._tag !== "Films" || content.films.length < fewestFilmsOfAPart || ratingsIn(content.films) > 0) continue
    const elsewhere = films - content.films.length
    if (elsewhere >= fewestFilmsOfAPart && (1 - ratings / elsewhere) ** content.films.length < asGoodAsImpossible)
      return true
  }
  return false
}
