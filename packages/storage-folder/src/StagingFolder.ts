/**
 * A folder in which something is made that takes its place beside when it is complete.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { ProcessTable, type StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect, Option } from "effect"
import { stamp } from "./DatasetFolder.ts"
import { freeName } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"
import { type HeldLock, lockFolder, lockName, lockState, unlockFolder } from "./FolderLock.ts"

type Files = FileSystem.FileSystem | Path.Path

/** What follows the name of the place in the name of such a folder. Datasets are made in folders with another number. */
const stagingMark = ".new-"
const staging = /^(.+)\.new-\d{8}-\d{6}(?:-\d+)?$/su

/**
 * Whether a name is that of a folder in which something is made.
 *
 * @since 0.1.0
 * @category models
 */
export const isStagingName = (name: string): boolean => staging.test(name)

/**
 * A folder that was made to be filled. Its lock names it and the process that fills it; there is none where the file
 * system has no links. `notes` are sentences about others that are left beside and cannot be proven to be left.
 *
 * @since 0.1.0
 * @category models
 */
export interface StagingFolder {
  readonly folder: string
  readonly lock: Option.Option<HeldLock>
  readonly notes: ReadonlyArray<string>
}

const isOfLock = (name: string): boolean => name === lockName || name.startsWith(`${lockName}-`)

/** The lock that names a folder as the one that its holder fills. One that is not linked into its place yet tells it too. */
const fillerOf = (folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const names = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
    for (const name of names.filter(isOfLock).toSorted()) {
      const state = yield* lockState(folder, name)
      if (state?.making === path.basename(folder)) return state
    }
    return undefined
  })

/** Removes such a folder. The lock goes last: who ends meanwhile leaves one that still proves whose it is. */
const removeFilled = (folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const name of yield* fs.readDirectory(folder))
      if (!isOfLock(name)) yield* fs.remove(path.join(folder, name), { recursive: true })
    yield* fs.remove(folder, { recursive: true })
  })

/**
 * Removes what processes left that were killed while they made something for a place. What is not proven to be left by such
 * a one stays, and is told.
 */
const removeLeft = (to: string): Effect.Effect<ReadonlyArray<string>, never, Files | ProcessTable> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { host } = yield* Effect.flatMap(ProcessTable, ({ self }) => self)
    const parent = path.dirname(to)
    const notes: Array<string> = []
    for (const name of (yield* Effect.orElseSucceed(fs.readDirectory(parent), () => [])).toSorted()) {
      if (staging.exec(name)?.[1] !== path.basename(to)) continue
      const left = path.join(parent, name)
      const filler = yield* fillerOf(left)
      if (filler?.isHeld === true && filler.process.host === host) continue
      if (filler?.isHeld === false && (yield* Effect.isSuccess(removeFilled(left)))) continue
      // Another process may have removed it meanwhile, or have put it in its place.
      if (!(yield* Effect.orElseSucceed(fs.exists(left), () => true))) continue
      const why =
        filler === undefined
          ? "nothing in it proves that lb left it unfinished"
          : filler.isHeld
            ? `it is of process ${filler.process.pid} on ${filler.process.host}, and whether that runs is not known here`
            : "it could not be removed"
      notes.push(
        `Not removed: ${left}. It has the name of unfinished work, but ${why}. If no lb is at work there, delete it.`
      )
    }
    return notes
  })

/**
 * Makes an empty folder beside a place, called `PLACE.new-TIME`, for what is to take that place. First it removes those that
 * processes left which were killed at the same work.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeStaging = (
  failures: FolderFailures,
  to: string
): Effect.Effect<StagingFolder, StorageError, Files | ProcessTable> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const notes = yield* removeLeft(to)
    const folder = yield* freeName(failures, `${to}${stagingMark}${stamp(yield* DateTime.now)}`)
    yield* failures.about(folder)(fs.makeDirectory(folder))
    return { folder, lock: yield* Effect.option(lockFolder(folder, failures, path.basename(folder))), notes }
  })

/**
 * Removes such a folder with what is in it. Failing is no harm.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeStaging = ({ folder }: StagingFolder): Effect.Effect<void, never, Files> =>
  Effect.ignore(removeFilled(folder))

/**
 * Gives back the lock of such a folder after it took its place.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unlockStaging = (
  { lock }: StagingFolder,
  to: string,
  failures: FolderFailures
): Effect.Effect<void, never, Files> =>
  Option.match(lock, { onNone: () => Effect.void, onSome: (held) => unlockFolder(to, held, failures) })
