/**
 * A folder that is there whole or not at all.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect } from "effect"
import { stamp } from "./DatasetFolder.ts"
import { freeName, makeFolder, removeIfEmpty, syncFolder } from "./FlushedFiles.ts"
import { type FolderFailures, withRemedy } from "./FolderFailure.ts"

/**
 * Makes the folder `place` out of what `write` puts into the empty folder it is given; nothing stays behind where that
 * fails. What stands at `place` already (an empty folder does not count) is refused, or, if it is a folder in which the
 * file `mark` shows that it was made so, set aside to `PLACE.bak-TIME` once the new one is complete. A process that is
 * killed meanwhile leaves `PLACE.new-TIME` beside.
 *
 * @since 0.1.0
 * @category constructors
 */
export const replaceFolder = <A, E, R>(
  failures: FolderFailures,
  place: string,
  existing: "refuse" | "set-aside",
  mark: string,
  write: (folder: string) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | StorageError, R | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about, storageError } = failures
    const to = path.resolve(place)
    const isThere = yield* about(to)(fs.exists(to))
    const isEmpty = isThere && (yield* about(to)(fs.readDirectory(to))).length === 0
    if (isThere && !isEmpty && existing === "refuse") {
      return yield* withRemedy(storageError("AlreadyThere", place, "there is something already"), { _tag: "SetAside" })
    }
    if (isThere && !isEmpty && !(yield* about(to)(fs.exists(path.join(to, mark))))) {
      return yield* withRemedy(
        storageError(
          "AlreadyThere",
          place,
          `there is something already, and no ${mark} in it: it is not an export, and is not moved`
        ),
        { _tag: "ChoosePlace" }
      )
    }
    const parent = path.dirname(to)
    yield* makeFolder(failures, parent)
    const staging = yield* freeName(failures, `${to}.new-${stamp(yield* DateTime.now)}`)
    let isInPlace = false
    return yield* Effect.acquireUseRelease(
      about(staging)(fs.makeDirectory(staging)),
      () =>
        Effect.gen(function* () {
          const written = yield* write(staging)
          yield* syncFolder(failures, staging)
          yield* Effect.uninterruptible(
            Effect.gen(function* () {
              const aside = yield* freeName(failures, `${to}.bak-${stamp(yield* DateTime.now)}`)
              if (isEmpty) yield* removeIfEmpty(to)
              else if (isThere) yield* about(aside)(fs.rename(to, aside))
              yield* about(to)(fs.rename(staging, to)).pipe(
                Effect.onError(() => (isThere && !isEmpty ? Effect.ignore(fs.rename(aside, to)) : Effect.void))
              )
              isInPlace = true
              yield* syncFolder(failures, parent)
            })
          )
          return written
        }),
      // Where it is in its place, its old name may be somebody else's by now.
      () =>
        Effect.suspend(() =>
          isInPlace ? Effect.void : Effect.ignore(fs.remove(staging, { recursive: true, force: true }))
        )
    )
  })
