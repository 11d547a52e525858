/**
 * Ratings in the order of member and film, as loaders of recommender libraries expect them.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import { type LinePiece, linesOfBlocks, type RatingBlock, type StorageError } from "@letterboxd-ratings/core"
import { Effect, type Stream } from "effect"
import { type ExportedFile, writeFile } from "./ExportedFile.ts"
import { holdRatings } from "./HeldRatings.ts"
import { orderOf, ranksOf, startsOf } from "./RatingPairs.ts"

/** Rows by film, and the rows of each film in the order they came in, are put in the order of members: so both count. */
const sortedRatings = (
  ratings: Stream.Stream<RatingBlock, StorageError>
): Effect.Effect<Stream.Stream<RatingBlock, StorageError>, StorageError> =>
  Effect.map(holdRatings(ratings), ({ filmOf, films, inOrder, userOf, users }) => {
    const filmRanks = ranksOf(films)
    const byFilm = filmOf.map((film) => filmRanks[film] ?? 0)
    const order = orderOf(byFilm, startsOf(byFilm, films.length))
    const userRanks = ranksOf(users)
    const memberOf = order.map((row) => userRanks[userOf[row] ?? 0] ?? 0)
    return inOrder(orderOf(memberOf, startsOf(memberOf, users.length)).map((at) => order[at] ?? 0))
  })

/**
 * Writes a file of ratings, header first, their lines made of `pieces`, sorted by member and then by film. Reads them into memory: about 25 bytes for
 * each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeSorted = (
  folder: string,
  name: string,
  header: string,
  ratings: Stream.Stream<RatingBlock, StorageError>,
  pieces: ReadonlyArray<LinePiece>
): Effect.Effect<ExportedFile, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(sortedRatings(ratings), (sorted) => writeFile(folder, name, header, linesOfBlocks(sorted, pieces)))
