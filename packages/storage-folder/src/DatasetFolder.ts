/**
 * The folder of a dataset: found, locked, made, set aside.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { OpenMode, ProcessTable, StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect, type Scope } from "effect"
import type { FolderFailures } from "./FolderFailure.ts"
import { checkLock, isFolderHeld, leaveLock, lockFolder, lockName, unlockFolder } from "./FolderLock.ts"

type Files = FileSystem.FileSystem | Path.Path
type Services = Files | ProcessTable

/**
 * A locked folder to work in. `work` is where the next commit writes; `settle` is called after the first commit of a
 * new dataset and puts it in its place, moving the old one aside. Nothing stays behind of a folder that was made for
 * a dataset without a batch. `wasLeft` says that who worked here last ended without closing it, or noted with
 * `unfinished` that a commit that failed left something behind. `check` fails where the folder was exchanged for another
 * one meanwhile.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetFolder {
  readonly work: () => string
  readonly settle: Effect.Effect<void, StorageError, Files>
  readonly wasLeft: boolean
  readonly unfinished: Effect.Effect<void>
  readonly check: Effect.Effect<void, StorageError, Files>
}

/** The place as it really is: behind symbolic links, and absolute. */
const resolveFolder = (folder: string): Effect.Effect<string, never, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* Effect.orElseSucceed(fs.realPath(folder), () => path.resolve(folder))
  })

/**
 * What a storage knows of its folders: how it fails, whether a folder holds a dataset, and whether that dataset has
 * a committed batch.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetFolderKind {
  readonly failures: FolderFailures
  readonly holdsDataset: (folder: string) => Effect.Effect<boolean, StorageError, Files>
  readonly isCommitted: (folder: string) => Effect.Effect<boolean, StorageError, Files>
}

/**
 * Opens a folder as a mode asks for, and holds its lock until the scope ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openFolder = (
  kind: DatasetFolderKind,
  folder: string,
  mode: OpenMode
): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    const { failures, holdsDataset } = kind
    const { storageError } = failures
    const place = yield* resolveFolder(folder)
    yield* finishSettling(kind, place)
    const isThere = yield* holdsDataset(place)
    if (mode._tag === "continue") {
      if (!isThere) {
        return yield* storageError("NothingThere", folder, "there is no dataset to go on with. Start one with --mode new")
      }
      return yield* lockedFolder(failures, place)
    }
    const alreadyThere = storageError(
      "AlreadyThere",
      folder,
      "there is a dataset already. Go on with it (--mode continue), choose another folder (--out), or let it be moved aside (--yes)"
    )
    if (isThere) return yield* mode.existing === "refuse" ? alreadyThere : newFolderBeside(failures, place)
    const made = yield* newFolder(failures, place)
    // Again: who held the lock may have made one.
    return (yield* holdsDataset(place)) ? yield* alreadyThere : made
  })

const makeFolder = ({ about }: FolderFailures, place: string): Effect.Effect<boolean, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (yield* about(place)(fs.exists(place))) return false
    yield* about(place)(fs.makeDirectory(place, { recursive: true }))
    return true
  })

const newFolder = (failures: FolderFailures, place: string): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    // Only a folder of ours is removed again, and only as long as it is empty.
    yield* Effect.acquireRelease(makeFolder(failures, place), (made) => made ? removeIfEmpty(place) : Effect.void)
    return yield* lockedFolder(failures, place)
  })

/** A folder that is where it belongs, locked until the scope ends. */
const lockedFolder = (failures: FolderFailures, place: string): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    let isUnfinished = false
    const lock = yield* Effect.acquireRelease(
      lockFolder(place, failures),
      (held) => Effect.suspend(() => isUnfinished ? leaveLock(place, held) : unlockFolder(place))
    )
    return {
      work: () => place,
      settle: Effect.void,
      wasLeft: lock.wasLeft,
      unfinished: Effect.sync(() => {
        isUnfinished = true
      }),
      check: checkLock(place, lock, failures)
    }
  })

/**
 * Removes a folder in which nothing is. Failing is no harm.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeIfEmpty = (place: string): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.ignore(Effect.flatMap(fs.readDirectory(place), (names) => names.length === 0 ? fs.remove(place, { recursive: true }) : Effect.void)))

/** A folder beside that is becoming the dataset is called like it, with the time in milliseconds behind this. */
const stagingMark = ".new-"
const stagingTime = /^\d+$/u

const newFolderBeside = (failures: FolderFailures, place: string): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about } = failures
    let settled = false
    yield* Effect.acquireRelease(lockFolder(place, failures), () => unlockFolder(place))
    const staging = `${place}${stagingMark}${DateTime.toEpochMillis(yield* DateTime.now)}`
    yield* Effect.acquireRelease(
      about(staging)(fs.makeDirectory(staging)),
      () => Effect.suspend(() => settled ? Effect.void : Effect.ignore(fs.remove(staging, { recursive: true })))
    )
    const lock = yield* lockFolder(staging, failures)
    const settle = Effect.gen(function*() {
      if (settled) return
      const aside = yield* freeName(failures, `${place}.bak-${stamp(yield* DateTime.now)}`)
      yield* about(aside)(fs.rename(place, aside))
      yield* about(place)(fs.rename(staging, place))
      settled = true
      yield* syncFolder(failures, path.dirname(place))
      yield* unlockFolder(aside)
    })
    const work = () => settled ? place : staging
    // What is unfinished in a folder that is not in its place goes away with it.
    return { work, settle, wasLeft: false, unfinished: Effect.void, check: Effect.suspend(() => checkLock(work(), lock, failures)) }
  })

/**
 * Finishes what a process left that ended while it set a dataset aside: a complete new one stands beside, and
 * nothing where it belongs. A new one that was never complete is removed.
 */
const finishSettling = ({ failures, isCommitted }: DatasetFolderKind, place: string): Effect.Effect<void, StorageError, Services> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about } = failures
    const parent = path.dirname(place)
    if (!(yield* about(parent)(fs.exists(parent))) || (yield* isFolderHeld(place))) return
    const beside = (yield* about(parent)(fs.readDirectory(parent)))
      .filter((name) => {
        const mark = `${path.basename(place)}${stagingMark}`
        return name.startsWith(mark) && stagingTime.test(name.slice(mark.length))
      })
      .map((name) => path.join(parent, name))
    for (const staging of beside) {
      // One of ours is locked before anything else is in it; others may have names like it.
      const content = yield* about(staging)(fs.readDirectory(staging))
      const isOurs = content.includes(lockName) || content.every((name) => name.startsWith(lockName))
      if (!isOurs || (yield* isFolderHeld(staging))) continue
      if ((yield* isCommitted(staging)) && !(yield* about(place)(fs.exists(place)))) {
        yield* about(place)(fs.rename(staging, place))
        yield* syncFolder(failures, parent)
      } else {
        yield* about(staging)(fs.remove(staging, { recursive: true }))
      }
    }
  })

/**
 * A time as part of a file's name: `20261124-093015`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stamp = (at: DateTime.Utc): string => DateTime.formatIso(at).slice(0, 19).replaceAll(/[-:]/gu, "").replace("T", "-")

/**
 * Makes created and renamed entries of a folder survive a loss of power.
 *
 * @since 0.1.0
 * @category constructors
 */
export const syncFolder = ({ about }: FolderFailures, folder: string): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* about(folder)(Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (opened) => opened.sync)))
  })

/**
 * `name`, or `name-2`, `name-3` ... where it is taken. `ending` stays at the end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const freeName = ({ about }: FolderFailures, name: string, ending = ""): Effect.Effect<string, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    let free = `${name}${ending}`
    for (let n = 2; yield* about(free)(fs.exists(free)); n++) free = `${name}-${n}${ending}`
    return free
  })
