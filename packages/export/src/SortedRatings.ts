/**
 * Ratings in the order of member and film, as loaders of recommender libraries expect them.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { EncodedRating, StorageError } from "@letterboxd-ratings/core"
import { Effect, type Stream } from "effect"
import { type ExportedFile, linesOf, writeFile } from "./ExportedFile.ts"
import { holdRatings } from "./HeldRatings.ts"
import { orderOf, startsOf } from "./RatingPairs.ts"

const sortedRatings = (
  ratings: Stream.Stream<EncodedRating, StorageError>
): Effect.Effect<Stream.Stream<EncodedRating, StorageError>, StorageError> =>
  Effect.map(holdRatings(ratings), ({ filmOf, films, inOrder, userOf, users }) => {
    const filmAt = (row: number): number => films[filmOf[row] ?? 0] ?? 0
    const start = startsOf(userOf, users.length)
    const together = orderOf(userOf, start)
    const order = new Int32Array(together.length)
    let written = 0
    for (const { number } of users.map((id, number) => ({ id, number })).toSorted((a, b) => a.id - b.id)) {
      const rows = together.subarray(start[number], start[number + 1])
      order.set(
        rows.sort((a, b) => filmAt(a) - filmAt(b) || a - b),
        written
      )
      written += rows.length
    }
    return inOrder(order)
  })

/**
 * Writes a file of ratings, header first, sorted by member and then by film. Reads them into memory: about 20 bytes for
 * each, and twice as many while the arrays grow.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeSorted = (
  folder: string,
  name: string,
  header: string,
  ratings: Stream.Stream<EncodedRating, StorageError>,
  row: (rating: EncodedRating) => string
): Effect.Effect<ExportedFile, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(sortedRatings(ratings), (sorted) => writeFile(folder, name, header, linesOf(sorted, row)))
