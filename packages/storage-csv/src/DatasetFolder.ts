/**
 * The folder of a dataset: found, locked, made, set aside.
 */
import { FileSystem, Path } from "@effect/platform"
import type { OpenMode, ProcessTable, StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect, type Scope } from "effect"
import { readManifest, syncFolder } from "./CommittedFiles.ts"
import { type FileNames, manifestName } from "./FileNames.ts"
import { isFolderHeld, lockFolder, unlockFolder } from "./FolderLock.ts"
import { about, storageError } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path
type Services = Files | ProcessTable

/**
 * A locked folder to work in. `work` is where the next commit writes; `settle` is called after the first commit of a
 * new dataset and puts it in its place, moving the old one aside. Nothing stays behind of a folder that was made for
 * a dataset without a batch.
 */
export interface DatasetFolder {
  readonly work: () => string
  readonly settle: Effect.Effect<void, StorageError, Files>
}

/** The place as it really is: behind symbolic links, and absolute. */
const resolveFolder = (folder: string): Effect.Effect<string, never, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* Effect.orElseSucceed(fs.realPath(folder), () => path.resolve(folder))
  })

const filesOfDataset = (names: FileNames): ReadonlyArray<string> => [
  manifestName,
  names.rawRatings,
  names.translatedRatings,
  names.userMappings,
  names.filmMappings,
  names.userUpdates
]

/** Whether a folder holds a dataset, ours or one without a manifest. */
export const holdsDataset = (folder: string, names: FileNames): Effect.Effect<boolean, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* about(folder)(fs.exists(folder)))) return false
    const path = yield* Path.Path
    // The original tool may have put its files into folders of their own.
    for (const subfolder of ["", "training", "mappings"]) {
      for (const name of filesOfDataset(names)) {
        const place = path.join(folder, subfolder, name)
        if (yield* about(place)(fs.exists(place))) return true
      }
    }
    return false
  })

export const openFolder = (
  folder: string,
  names: FileNames,
  mode: OpenMode
): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    const place = yield* resolveFolder(folder)
    yield* finishSettling(place)
    const isThere = yield* holdsDataset(place, names)
    if (mode._tag === "continue") {
      if (!isThere) {
        return yield* storageError("NothingThere", folder, "there is no dataset to go on with. Start one with --mode new")
      }
      yield* Effect.acquireRelease(lockFolder(place), () => unlockFolder(place))
      return { work: () => place, settle: Effect.void }
    }
    if (!isThere) return yield* newFolder(place)
    if (mode.existing === "refuse") {
      return yield* storageError(
        "AlreadyThere",
        folder,
        "there is a dataset already. Go on with it (--mode continue), choose another folder (--out), or let it be moved aside (--yes)"
      )
    }
    return yield* newFolderBeside(place)
  })

const makeFolder = (place: string): Effect.Effect<boolean, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (yield* about(place)(fs.exists(place))) return false
    yield* about(place)(fs.makeDirectory(place, { recursive: true }))
    return true
  })

const newFolder = (place: string): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    // Only a folder of ours is removed again, and only as long as it is empty.
    yield* Effect.acquireRelease(makeFolder(place), (made) => made ? removeIfEmpty(fs, place) : Effect.void)
    yield* Effect.acquireRelease(lockFolder(place), () => unlockFolder(place))
    return { work: () => place, settle: Effect.void }
  })

const removeIfEmpty = (fs: FileSystem.FileSystem, place: string) =>
  Effect.ignore(Effect.flatMap(fs.readDirectory(place), (names) => names.length === 0 ? fs.remove(place, { recursive: true }) : Effect.void))

const stagingMark = ".new-"

const newFolderBeside = (place: string): Effect.Effect<DatasetFolder, StorageError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    let settled = false
    yield* Effect.acquireRelease(lockFolder(place), () => unlockFolder(place))
    const staging = `${place}${stagingMark}${DateTime.toEpochMillis(yield* DateTime.now)}`
    yield* Effect.acquireRelease(
      about(staging)(fs.makeDirectory(staging)),
      () => Effect.suspend(() => settled ? Effect.void : Effect.ignore(fs.remove(staging, { recursive: true })))
    )
    yield* lockFolder(staging)
    const settle = Effect.gen(function*() {
      if (settled) return
      const aside = yield* freeName(`${place}.bak-${stamp(yield* DateTime.now)}`)
      yield* about(aside)(fs.rename(place, aside))
      yield* about(place)(fs.rename(staging, place))
      settled = true
      yield* syncFolder(path.dirname(place))
      yield* unlockFolder(aside)
    })
    return { work: () => settled ? place : staging, settle }
  })

/**
 * Finishes what a process left that ended while it set a dataset aside: a complete new one stands beside, and
 * nothing where it belongs. A new one that was never complete is removed.
 */
const finishSettling = (place: string): Effect.Effect<void, StorageError, Services> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const parent = path.dirname(place)
    if (!(yield* about(parent)(fs.exists(parent))) || (yield* isFolderHeld(place))) return
    const beside = (yield* about(parent)(fs.readDirectory(parent)))
      .filter((name) => name.startsWith(`${path.basename(place)}${stagingMark}`))
      .map((name) => path.join(parent, name))
    for (const staging of beside) {
      if (yield* isFolderHeld(staging)) continue
      const isComplete = (yield* readManifest(staging)) !== undefined
      if (isComplete && !(yield* about(place)(fs.exists(place)))) {
        yield* about(place)(fs.rename(staging, place))
        yield* syncFolder(parent)
      } else {
        yield* about(staging)(fs.remove(staging, { recursive: true }))
      }
    }
  })

/** A time as part of a file's name: `20261124-093015`. */
export const stamp = (at: DateTime.Utc): string => DateTime.formatIso(at).slice(0, 19).replaceAll(/[-:]/gu, "").replace("T", "-")

/** `name`, or `name-2`, `name-3` ... where it is taken. `ending` stays at the end. */
export const freeName = (name: string, ending = ""): Effect.Effect<string, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    let free = `${name}${ending}`
    for (let n = 2; yield* about(free)(fs.exists(free)); n++) free = `${name}-${n}${ending}`
    return free
  })
