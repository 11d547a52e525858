/**
 * Ratings in stars, and films watched with or without one.
 *
 * @since 0.1.0
 */
import { Option, Schema } from "effect"
import { Film, FilmId } from "./Film.ts"
import { UserId } from "./Member.ts"

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
const byHalfStars = Array.from({ length: 11 }, (_, halfStars) => decodeRating(halfStars / 2))

/**
 * The rating of `halfStars` half stars, 1 to 10; none for any other number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingFromHalfStars = (halfStars: number): Option.Option<Rating> => byHalfStars[halfStars] ?? Option.none()

/**
 * A rating as it is written into files, with one decimal: `4.0`, `3.5`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const formatRating = (rating: Rating): string => rating.toFixed(1)

/**
 * One tile of a member's film list: a film, and the rating if the member gave one.
 *
 * @since 0.1.0
 * @category models
 */
export const WatchedFilm = Schema.Struct({
  film: Film,
  rating: Schema.optionalWith(Rating, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface WatchedFilm extends Schema.Schema.Type<typeof WatchedFilm> {}

/**
 * A rating as the dataset keeps it: numbers only.
 *
 * @since 0.1.0
 * @category models
 */
export const EncodedRating = Schema.Struct({ userId: UserId, filmId: FilmId, rating: Rating })

/**
 * @since 0.1.0
 * @category models
 */
export interface EncodedRating extends Schema.Schema.Type<typeof EncodedRating> {}
