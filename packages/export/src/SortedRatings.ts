/**
 * Ratings in the order of member and film, as loaders of recommender libraries expect them.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { EncodedRating, StorageError } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { type ExportedFile, rowsAtOnce, writeFile } from "./ExportedFile.ts"
import { holdRatings } from "./HeldRatings.ts"

const sortedRatings = (
  ratings: Stream.Stream<EncodedRating, StorageError>
): Effect.Effect<Stream.Stream<EncodedRating, StorageError>, StorageError> =>
  Effect.map(holdRatings(ratings), ({ filmOf, films, inOrder, userOf, users }) => {
    const { length } = userOf
    const userAt = (i: number): number => userOf[i] ?? 0
    const filmAt = (i: number): number => films[filmOf[i] ?? 0] ?? 0
    // Each member's rows are put together, and then sorted by themselves.
    const counts = new Uint32Array(users.length)
    for (let i = 0; i < length; i++) counts[userAt(i)] = (counts[userAt(i)] ?? 0) + 1
    const usersInOrder = users.map((userId, number) => ({ userId, number })).toSorted((a, b) => a.userId - b.userId)
    const starts = new Uint32Array(users.length)
    let start = 0
    for (const { number } of usersInOrder) {
      starts[number] = start
      start += counts[number] ?? 0
    }
    const order = new Uint32Array(length)
    const next = starts.slice()
    for (let i = 0; i < length; i++) {
      const place = next[userAt(i)] ?? 0
      order[place] = i
      next[userAt(i)] = place + 1
    }
    for (const { number } of usersInOrder) {
      const from = starts[number] ?? 0
      order.subarray(from, from + (counts[number] ?? 0)).sort((a, b) => filmAt(a) - filmAt(b) || a - b)
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
  Effect.flatMap(sortedRatings(ratings), (sorted) =>
    writeFile(
      folder,
      name,
      header,
      Stream.map(Stream.grouped(sorted, rowsAtOnce), (some) => ({
        text: Array.from(some, row).join(""),
        rows: some.length
      }))
    )
  )
