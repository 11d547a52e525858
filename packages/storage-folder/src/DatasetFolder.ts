/**
 * The folder of a dataset: found, locked, made, set aside.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { OpenMode, ProcessTable, StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect, Option, type Scope } from "effect"
import { nextPattern } from "./FileEntry.ts"
import { freeName, makeFolder, removeIfEmpty, syncFolder } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"
import { checkLock, type HeldLock, leaveLock, lockFolder, lockName, lockState, unlockFolder } from "./FolderLock.ts"
import { type FolderForm, type FolderManifest, manifestName } from "./FolderManifest.ts"

type Files = FileSystem.FileSystem | Path.Path
type Services = Files | ProcessTable

/**
 * A locked folder to work in. `work` is where the next commit writes; `settle` is called after the first commit of a
 * new dataset and puts it in its place, moving the old one aside. Nothing stays behind of a folder that was made for
 * a dataset without a batch. `wasLeft` says that who worked here last ended without closing it, or noted with
 * `unfinished` that a commit that failed left something behind; the lock goes on saying so until `finished` says that it
 * was dealt with. `check` fails where the folder was exchanged for another one meanwhile.
 *
 * A folder that is not held cannot be written, and was opened to be read: its `check` always fails, and another process
 * may change what is in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetFolder {
  readonly isHeld: boolean
  readonly work: () => string
  readonly settle: Effect.Effect<void, StorageError, Services>
  readonly wasLeft: boolean
  readonly finished: Effect.Effect<void>
  readonly unfinished: Effect.Effect<void>
  readonly check: Effect.Effect<void, StorageError, Files>
}

/** The place as it really is: behind symbolic links, and absolute. */
const resolveFolder = (folder: string): Effect.Effect<string, never, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* Effect.orElseSucceed(fs.realPath(folder), () => path.resolve(folder))
  })

/** The files of a storage by their names, and the folders in which they are. */
type OwnFiles = Pick<FolderForm<FolderManifest>, "isOurs" | "subfolders">

/**
 * What a storage knows of its folders: how it fails, whether a folder holds a dataset, whether that dataset has a
 * committed batch, and which files in it are its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetFolderKind {
  readonly form: OwnFiles
  readonly failures: FolderFailures
  readonly holdsDataset: (folder: string) => Effect.Effect<boolean, StorageError, Files>
  readonly isCommitted: (folder: string) => Effect.Effect<boolean, StorageError, Files>
}

/**
 * Opens a folder as a mode asks for, and holds its lock until the scope ends. A folder that cannot be written and is opened
 * only to be read is not held.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openFolder = (
  kind: DatasetFolderKind,
  folder: string,
  mode: OpenMode
): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  mode._tag === "continue" && mode.readOnly === true
    ? Effect.catchIf(
        openHeld(kind, folder, mode),
        ({ reason }) => reason === "NotPermitted",
        (error) => unheldFolder(kind, folder, error)
      )
    : openHeld(kind, folder, mode)

/** A folder that is not held, because that fails with `error`. */
const unheldFolder = (
  kind: DatasetFolderKind,
  folder: string,
  error: StorageError
): Effect.Effect<DatasetFolder, StorageError, Services> =>
  Effect.gen(function* () {
    const place = yield* folderToRead(kind, folder)
    return {
      isHeld: false,
      work: () => place,
      settle: error,
      wasLeft: (yield* lockState(place)) !== undefined,
      finished: Effect.void,
      unfinished: Effect.void,
      check: error
    }
  })

const openHeld = (
  kind: DatasetFolderKind,
  folder: string,
  mode: OpenMode
): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function* () {
    const { failures, holdsDataset } = kind
    const { storageError } = failures
    const place = yield* resolveFolder(folder)
    yield* finishSettling(kind, place)
    const isThere = yield* holdsDataset(place)
    if (mode._tag === "continue") {
      // Who holds the lock may not have committed anything yet.
      const isHeld = !isThere && (yield* lockState(place))?.isHeld === true
      const opened = isThere || isHeld ? yield* lockedFolder(failures, place) : undefined
      if (opened === undefined || (isHeld && !(yield* holdsDataset(place)))) {
        return yield* storageError("NothingThere", folder, "no dataset here", { remedy: { _tag: "StartNew" } })
      }
      return opened
    }
    const alreadyThere = storageError("AlreadyThere", folder, "a dataset already exists", {
      remedy: { _tag: "SetAside" }
    })
    if (isThere) return yield* mode.existing === "refuse" ? alreadyThere : newFolderBeside(kind, place)
    const made = yield* newFolder(failures, place)
    // Again: who held the lock may have made one.
    return (yield* holdsDataset(place)) ? yield* alreadyThere : made
  })

const newFolder = (
  failures: FolderFailures,
  place: string
): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function* () {
    // Only a folder of ours is removed again, and only as long as it is empty.
    yield* Effect.acquireRelease(makeFolder(failures, place), (made) => (made ? removeIfEmpty(place) : Effect.void))
    return yield* lockedFolder(failures, place)
  })

/** Gives a lock back; leaves it where there is something unfinished. */
const giveBack = (failures: FolderFailures, place: string, lock: HeldLock, isUnfinished: boolean) =>
  isUnfinished ? leaveLock(place, lock, failures) : unlockFolder(place, lock, failures)

/** A folder that is where it belongs, locked until the scope ends. */
const lockedFolder = (
  failures: FolderFailures,
  place: string
): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function* () {
    let isUnfinished = false
    const lock = yield* Effect.acquireRelease(lockFolder(place, failures), (held) =>
      Effect.suspend(() => giveBack(failures, place, held, isUnfinished))
    )
    isUnfinished = lock.wasLeft
    return {
      isHeld: true,
      work: () => place,
      settle: Effect.void,
      wasLeft: lock.wasLeft,
      finished: Effect.sync(() => {
        isUnfinished = false
      }),
      unfinished: Effect.sync(() => {
        isUnfinished = true
      }),
      check: checkLock(place, lock, failures)
    }
  })

/** A folder beside that is becoming the dataset is called like it, with the time in milliseconds behind this. */
const stagingMark = ".new-"
const stagingTime = /^\d+$/u

/** Moves a dataset aside and another one in its place; where that fails, the old one is back. Returns where it is. */
const exchange = (failures: FolderFailures, place: string, next: string): Effect.Effect<string, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { about } = failures
    const aside = yield* freeName(failures, `${place}.bak-${stamp(yield* DateTime.now)}`)
    yield* about(aside)(fs.rename(place, aside))
    yield* about(place)(fs.rename(next, place)).pipe(Effect.onError(() => Effect.ignore(fs.rename(aside, place))))
    return aside
  })

const newFolderBeside = (
  { failures, form }: DatasetFolderKind,
  place: string
): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about } = failures
    const staging = `${place}${stagingMark}${DateTime.toEpochMillis(yield* DateTime.now)}`
    const name = path.basename(staging)
    let inPlace: HeldLock | undefined
    let isUnfinished = false
    // Both locks name the folder: nothing else proves that it is ours.
    const old = yield* Effect.acquireRelease(lockFolder(place, failures, name), (held) =>
      Effect.suspend(() =>
        inPlace === undefined
          ? giveBack(failures, place, held, held.wasLeft)
          : giveBack(failures, place, inPlace, isUnfinished)
      )
    )
    yield* Effect.acquireRelease(about(staging)(fs.makeDirectory(staging)), () => removeStaging(form, place, staging))
    const lock = yield* lockFolder(staging, failures, name)
    const settle = Effect.gen(function* () {
      if (inPlace !== undefined) return
      const aside = yield* exchange(failures, place, staging)
      inPlace = lock
      yield* syncFolder(failures, path.dirname(place), place)
      yield* giveBack(failures, aside, old, old.wasLeft)
    })
    const work = () => (inPlace === undefined ? staging : place)
    return {
      isHeld: true,
      work,
      settle,
      wasLeft: false,
      finished: Effect.void,
      // What is unfinished in a folder that is not in its place goes away with it.
      unfinished: Effect.sync(() => {
        isUnfinished = true
      }),
      check: Effect.suspend(() => checkLock(work(), lock, failures))
    }
  }).pipe(Effect.uninterruptible)

/**
 * Removes what is ours in a folder beside that is proven to be ours, and none of whose batches counts: the place it was to take is still
 * taken. Failing is no harm.
 */
const removeStaging = (form: OwnFiles, place: string, staging: string): Effect.Effect<void, never, Services> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if ((yield* fs.exists(place)) && (yield* isStaging(place, staging))) yield* removeOurs(form, staging)
  }).pipe(Effect.ignore)

/** Removes our files in a folder of ours, and the folder where nothing else is in it. Its lock goes last. */
const removeOurs = (form: OwnFiles, folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const subfolder of [...form.subfolders, ""]) {
      const within = path.join(folder, subfolder)
      if (!(yield* fs.exists(within))) continue
      for (const one of yield* fs.readDirectory(within)) {
        const name = subfolder === "" ? one : `${subfolder}/${one}`
        const ours = nextPattern.exec(name)?.[1] ?? name
        const place = path.join(within, one)
        if ((ours === manifestName || form.isOurs(ours)) && (yield* fs.stat(place)).type === "File")
          yield* fs.remove(place)
      }
      if (subfolder !== "") yield* removeIfEmpty(within)
    }
    const left = yield* fs.readDirectory(folder)
    yield* left.every((name) => name === lockName || name.startsWith(`${lockName}-`))
      ? fs.remove(folder, { recursive: true })
      : fs.remove(path.join(folder, lockName), { force: true })
  })

/** Whether a folder was made to take the place of `place`: its lock says so, or, before it had one, that of the place. */
const isStaging = (place: string, staging: string): Effect.Effect<boolean, never, Services> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const name = path.basename(staging)
    const said = yield* lockState(staging)
    if (said !== undefined) return said.making === name
    const content = yield* Effect.orElseSucceed(fs.readDirectory(staging), () => [lockName])
    return content.every((one) => one.startsWith(`${lockName}-`)) && (yield* lockState(place))?.making === name
  })

/** What is to be done about a folder that a process left which ended while it set a dataset aside. */
interface LeftStaging {
  readonly name: string
  readonly staging: string
  readonly toDo: "remove" | "move" | "exchange"
}

/**
 * Finds the folders beside that processes left which ended while they set a dataset aside. One with a batch takes the
 * place; others are removed. Only a folder that is proven to be such a one is found.
 */
const leftStagings = ({ failures, isCommitted }: DatasetFolderKind, place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about } = failures
    const parent = path.dirname(place)
    const found: Array<LeftStaging> = []
    if (!(yield* about(parent)(fs.exists(parent)))) return found
    const before = yield* lockState(place)
    if (before?.isHeld === true) return found
    let isThere = yield* about(place)(fs.exists(place))
    const mark = `${path.basename(place)}${stagingMark}`
    for (const name of yield* about(parent)(fs.readDirectory(parent))) {
      if (!name.startsWith(mark) || !stagingTime.test(name.slice(mark.length))) continue
      const staging = path.join(parent, name)
      if (!(yield* isStaging(place, staging)) || (yield* lockState(staging))?.isHeld === true) continue
      const isWhole = yield* Effect.option(isCommitted(staging))
      if (Option.isNone(isWhole)) continue
      if (!isWhole.value) found.push({ name, staging, toDo: "remove" })
      else if (!isThere) found.push({ name, staging, toDo: "move" })
      else if (before?.making === name) found.push({ name, staging, toDo: "exchange" })
      isThere ||= isWhole.value
    }
    return found
  })

/** Finishes what a process left that ended while it set a dataset aside. */
const finishSettling = (kind: DatasetFolderKind, place: string): Effect.Effect<void, StorageError, Services> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { failures, form } = kind
    const { about } = failures
    const parent = path.dirname(place)
    for (const { name, staging, toDo } of yield* leftStagings(kind, place)) {
      if (toDo === "remove") {
        yield* about(staging)(removeOurs(form, staging))
      } else if (toDo === "move") {
        yield* about(place)(fs.rename(staging, place))
        yield* syncFolder(failures, parent, place)
      } else {
        const old = yield* lockFolder(place, failures, name)
        const aside = yield* exchange(failures, place, staging).pipe(
          Effect.onError(() => leaveLock(place, old, failures))
        )
        yield* syncFolder(failures, parent, place)
        yield* leaveLock(aside, old, failures)
      }
    }
  })

/**
 * The folder in which a dataset is read without being opened: that itself, or the one beside that takes its place as soon
 * as somebody opens it, because a process ended before it had moved it there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const folderToRead = (kind: DatasetFolderKind, folder: string): Effect.Effect<string, StorageError, Services> =>
  Effect.gen(function* () {
    const place = yield* resolveFolder(folder)
    const left = (yield* leftStagings(kind, place)).find(({ toDo }) => toDo !== "remove")
    return left?.staging ?? folder
  })

/**
 * A time as part of a file's name: `20261124-093015`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stamp = (at: DateTime.Utc): string =>
  DateTime.formatIso(at).slice(0, 19).replaceAll(/[-:]/gu, "").replace("T", "-")
