/**
 * A folder that is there whole or not at all.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { ProcessTable, StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect } from "effect"
import { stamp } from "./DatasetFolder.ts"
import { freeName, makeFolder, removeIfEmpty, syncFolder } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"
import { lockState } from "./FolderLock.ts"
import { makeStaging, removeStaging, type StagingFolder, unlockStaging } from "./StagingFolder.ts"

/**
 * What becomes of what is there already, how that is told to be one of the same kind, and which places must stay.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReplacementOptions {
  readonly existing: "refuse" | "set-aside"
  readonly mark: string
  readonly keep: ReadonlyArray<string>
}

/**
 * Fails with `InvalidOption` where a place is one of some others, or holds one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkNotWithin = (
  { storageError }: FolderFailures,
  place: string,
  others: ReadonlyArray<string>
): Effect.Effect<void, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const real = (one: string) => Effect.orElseSucceed(fs.realPath(one), () => path.resolve(one))
    const to = yield* real(place)
    for (const other of others) {
      // One that is in no folder, but in a database.
      if (!(yield* Effect.orElseSucceed(fs.exists(other), () => false))) continue
      const from = yield* real(other)
      if (from === to || from.startsWith(`${to}${path.sep}`)) {
        return yield* storageError("InvalidOption", place, "the dataset itself is there", {
          remedy: { _tag: "ChoosePlace" }
        })
      }
    }
  })

/**
 * Makes the folder `place` out of what `write` puts into the folder it is given, in which nothing but a lock is; nothing
 * stays behind where that fails. What stands at `place` already (an empty folder does not count) is refused, or, if it is a
 * folder in which the file `mark` shows that it was made so, set aside to `PLACE.bak-TIME` once the new one is complete.
 * Fails with `Locked` where a process is at work in it, and with `InvalidOption` where it is, or holds, one of the places
 * `keep`, from which the new one is made. A process that is killed meanwhile leaves `PLACE.new-TIME` beside, which the next one removes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const replaceFolder = <A, E, R>(
  failures: FolderFailures,
  place: string,
  { existing, keep, mark }: ReplacementOptions,
  write: (staging: Pick<StagingFolder, "folder" | "notes">) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | StorageError, R | FileSystem.FileSystem | Path.Path | ProcessTable> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about, storageError } = failures
    const to = path.resolve(place)
    /** What is at the place, if the new folder may take it. It may be another one by the time that this is complete. */
    const checkPlace = Effect.gen(function* () {
      if (!(yield* about(to)(fs.exists(to)))) return "nothing" as const
      if ((yield* about(to)(fs.readDirectory(to))).length === 0) return "empty" as const
      if (existing === "refuse")
        return yield* storageError("AlreadyThere", place, "something is there already", {
          remedy: { _tag: "SetAside" }
        })
      if (!(yield* about(to)(fs.exists(path.join(to, mark)))))
        return yield* storageError(
          "AlreadyThere",
          place,
          `something is there already, and no ${mark} in it: it is not an export, and is not moved`,
          { remedy: { _tag: "ChoosePlace" } }
        )
      yield* checkNotWithin(failures, place, keep)
      if ((yield* lockState(to))?.isHeld === true)
        return yield* storageError("Locked", place, "a process is at work there, and it is not moved")
      return "earlier" as const
    })
    yield* checkPlace
    const parent = path.dirname(to)
    yield* makeFolder(failures, parent)
    let isInPlace = false
    return yield* Effect.acquireUseRelease(
      makeStaging(failures, to),
      (staging) =>
        Effect.gen(function* () {
          const written = yield* write(staging)
          yield* syncFolder(failures, staging.folder)
          yield* Effect.uninterruptible(
            Effect.gen(function* () {
              const found = yield* checkPlace
              const aside = yield* freeName(failures, `${to}.bak-${stamp(yield* DateTime.now)}`)
              if (found === "empty") yield* removeIfEmpty(to)
              else if (found === "earlier") yield* about(aside)(fs.rename(to, aside))
              yield* about(to)(fs.rename(staging.folder, to)).pipe(
                Effect.onError(() => (found === "earlier" ? Effect.ignore(fs.rename(aside, to)) : Effect.void))
              )
              isInPlace = true
              yield* unlockStaging(staging, to, failures)
              yield* syncFolder(failures, parent)
            })
          )
          return written
        }),
      // Where it is in its place, its old name may be somebody else's by now.
      (staging) => Effect.suspend(() => (isInPlace ? Effect.void : removeStaging(staging)))
    )
  })
