/**
 * All ratings of a dataset.
 *
 * @since 0.1.0
 */
import { runForEachRating, type StorageError, type WholeDataset } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import { byStars, Histogram, histogramLines } from "./Histogram.ts"
import { factLines, type Inspected, ratingsWords } from "./Inspected.ts"

/**
 * Reads all ratings once, and holds no rows: a number for each member and film.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inspectRatings = (whole: WholeDataset): Effect.Effect<Inspected, StorageError> =>
  Effect.gen(function* () {
    const histogram = new Histogram()
    const raters = new Set<number>()
    const rated = new Set<number>()
    yield* runForEachRating(whole.ratings, ({ filmId, rating, userId }) => {
      histogram.add(rating)
      raters.add(userId)
      rated.add(filmId)
    })
    const { films, users } = whole.state
    const number = (n: number) => n.toLocaleString("en-US")
    return {
      lines: (width) => [
        ...factLines([
          ["ratings", ratingsWords(histogram)],
          ["members", `${number(raters.size)} with ratings, of ${number(users.size)}`],
          ["films", `${number(rated.size)} with ratings, of ${number(films.size)}`]
        ]),
        "",
        ...histogramLines(histogram, width)
      ],
      json: {
        ratings: histogram.total,
        mean: histogram.mean,
        median: histogram.median,
        stars: byStars(histogram),
        members: raters.size,
        films: rated.size
      }
    }
  })
