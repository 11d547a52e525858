/**
 * Reads a dataset that nobody keeps from changing.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import { changedMeanwhile, type ProcessTable, type StorageError } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import type { DatasetFolder } from "./DatasetFolder.ts"
import type { FolderFailures } from "./FolderFailure.ts"
import { lockState } from "./FolderLock.ts"
import type { FolderManifest } from "./FolderManifest.ts"

/** Whether two manifests tell of the same batch. */
const isSameBatch = (one: FolderManifest, other: FolderManifest): boolean =>
  one.batches === other.batches && one.committedAt.epochMillis === other.committedAt.epochMillis

/** So often a dataset is read that changes each time. */
const mostReadings = 5

/**
 * A folder whose lock is not held here: where it is, how its storage fails, and its manifest as it is now.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnheldFolder<M extends FolderManifest, R> {
  readonly folder: string
  readonly failures: FolderFailures
  readonly manifest: Effect.Effect<M, StorageError, R>
}

/**
 * Reads a dataset that nobody keeps from changing: where `read` finds something wrong and the dataset has changed
 * meanwhile, it reads again. It does so once, too, where another process is at work there: between its commit and the
 * renaming of files, a file may not be found under either name. Fails with `Locked` if the dataset changes each time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readUnheld = <M extends FolderManifest, A, R>(
  { failures, folder, manifest: manifestNow }: UnheldFolder<M, R>,
  read: (manifest: M) => Effect.Effect<A, StorageError, R>,
  isSound: (found: A) => boolean = () => true
): Effect.Effect<A, StorageError, R | FileSystem.FileSystem | Path.Path | ProcessTable> =>
  Effect.gen(function* () {
    let isSecondLook = false
    for (let reading = 1; reading <= mostReadings; reading++) {
      const manifest = yield* manifestNow
      const found = yield* Effect.exit(read(manifest))
      if (found._tag === "Success" && isSound(found.value)) return found.value
      const isSame = isSameBatch(yield* manifestNow, manifest)
      if (isSame && (isSecondLook || (yield* lockState(folder))?.isHeld !== true)) return yield* found
      isSecondLook = isSame
    }
    return yield* failures.storageError(
      "Locked",
      folder,
      `in use: it changed each of the ${mostReadings} times that it was read. Try again when the other process has ended`
    )
  })

/**
 * Rows of a dataset that nobody keeps from changing: fails with `changed` at the end, or where reading fails, if
 * `hasChanged` says that it is not what was opened any more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unlessChanged =
  <R2>(hasChanged: Effect.Effect<boolean, StorageError, R2>, changed: StorageError) =>
  <A, R>(rows: Stream.Stream<A, StorageError, R>): Stream.Stream<A, StorageError, R | R2> => {
    const check = Effect.flatMap(hasChanged, (isChanged) => (isChanged ? changed : Effect.void))
    return rows.pipe(
      Stream.catchAll((error) => Stream.fromEffect(Effect.zipRight(check, error))),
      Stream.concat(Stream.drain(Stream.fromEffect(check)))
    )
  }

/**
 * Rows of a folder as they are to be read: where the folder is not held, they fail with `Locked` if its manifest is not
 * the one that was `opened` any more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowsOfFolder = <M extends FolderManifest, R2>(
  { isHeld }: Pick<DatasetFolder, "isHeld">,
  { failures, folder, manifest: manifestNow }: UnheldFolder<M, R2>,
  opened: M
): (<A, R>(rows: Stream.Stream<A, StorageError, R>) => Stream.Stream<A, StorageError, R | R2>) =>
  isHeld
    ? (rows) => rows
    : unlessChanged(
        Effect.map(manifestNow, (now) => !isSameBatch(now, opened)),
        failures.storageError("Locked", folder, changedMeanwhile)
      )
