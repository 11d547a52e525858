/**
 * Ratings in stars, and the days they were given on.
 *
 * @since 0.1.0
 */
import { DateTime, Option, Schema } from "effect"

/**
 * Stars in halves: 0.5, 1.0, ... 5.0.
 *
 * @since 0.1.0
 * @category models
 */
export const Rating = Schema.Number.pipe(Schema.between(0.5, 5), Schema.multipleOf(0.5), Schema.brand("Rating"))

/**
 * @since 0.1.0
 * @category models
 */
export type Rating = typeof Rating.Type

const decodeRating = Schema.decodeOption(Rating)

/**
 * Ratings by their number of half stars, 0 to 10; there is none of 0.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingsByHalfStars: ReadonlyArray<Rating | undefined> = Array.from({ length: 11 }, (_, halfStars) =>
  Option.getOrUndefined(decodeRating(halfStars / 2))
)

/**
 * The rating of `halfStars` half stars, 1 to 10; none for any other number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingFromHalfStars = (halfStars: number): Option.Option<Rating> =>
  Option.fromNullable(ratingsByHalfStars[halfStars])

/**
 * A rating as it is written into files, with one decimal: `4.0`, `3.5`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const formatRating = (rating: Rating): string => texts[rating * 2] ?? rating.toFixed(1)

/** The texts of all ratings: `toFixed` takes longer than all else that writing a row does. */
const texts = Array.from({ length: 11 }, (_, halfStars) => (halfStars / 2).toFixed(1))

/**
 * A day of the calendar, as `YYYY-MM-DD`.
 *
 * @since 0.1.0
 * @category models
 */
export const Day = Schema.String.pipe(
  Schema.pattern(/^\d{4}-\d{2}-\d{2}$/u),
  Schema.filter((text) => {
    const at = DateTime.make(`${text}T00:00:00Z`)
    return Option.isSome(at) && DateTime.formatIsoDateUtc(at.value) === text
  }),
  Schema.brand("Day")
)

/**
 * @since 0.1.0
 * @category models
 */
export type Day = typeof Day.Type
