/**
 * The ratings of a dataset, read as they were committed.
 */
import type { FileSystem, Path } from "@effect/platform"
import type { EncodedRating, StorageError } from "@letterboxd-ratings/core"
import { Effect, Either, Stream } from "effect"
import { committedLines } from "./CommittedFiles.ts"
import { headers, readRawRow } from "./CsvText.ts"
import type { Manifest } from "./Manifest.ts"

/** All committed ratings in order, some thousands at a time. */
export const ratingBlocks = (
  folder: string,
  manifest: Manifest
): Stream.Stream<ReadonlyArray<EncodedRating>, StorageError, FileSystem.FileSystem | Path.Path> =>
  Stream.suspend(() => {
    let line = 1
    return committedLines(folder, manifest.files.rawRatings, headers.rawRatings).pipe(
      Stream.mapEffect((rows) =>
        Effect.gen(function* () {
          const ratings: Array<EncodedRating> = []
          for (const row of rows) {
            line += 1
            const rating = readRawRow(`${folder}/${manifest.files.rawRatings.name}`, row, line)
            if (Either.isLeft(rating)) return yield* rating.left
            ratings.push(rating.right)
          }
          return ratings
        })
      )
    )
  })
