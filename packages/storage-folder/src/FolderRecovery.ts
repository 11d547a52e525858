/**
 * What an opener does about commits that were not finished: it finishes those whose manifest is in its place, and takes
 * away what others wrote, where the lock proves that it is ours.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { changedContent, checksumOf, type FileEntry, placeOf } from "./FileEntry.ts"
import { freeName, makeFile, syncFolder, writeBytes } from "./FlushedFiles.ts"
import { type FolderFailures, withRemedy } from "./FolderFailure.ts"
import { type FolderForm, type FolderManifest, manifestName, readManifest } from "./FolderManifest.ts"

type Files = FileSystem.FileSystem | Path.Path

const nextPattern = /^(.+)\.next-(\d+)$/u

interface Renaming {
  readonly from: string
  readonly to: string
}

/** A file found: where its content stands, how long it is, and the renaming that is left to do. */
interface FoundFile {
  readonly entry: FileEntry
  readonly place: string
  readonly bytes: number
  readonly rename: Renaming | undefined
}

/** The names in a folder; none where there is no folder. */
const namesIn = ({ about }: FolderFailures, folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return (yield* about(folder)(fs.exists(folder))) ? yield* about(folder)(fs.readDirectory(folder)) : []
  })

/** Whether a file is what was committed, and nothing besides. */
const isWhole = (failures: FolderFailures, place: string, entry: FileEntry) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (Number((yield* failures.about(place)(fs.stat(place))).size) !== entry.bytes) return false
    return (yield* checksumOf(failures, place, entry.bytes)).crc32 === entry.crc32
  })

/**
 * Finds the files of a manifest, without changing them. What waits to be renamed is read: it is what was committed, or
 * somebody else's and left alone. Fails with `Damaged` where a file is missing or shorter than what was committed to it.
 */
const findFiles = (
  failures: FolderFailures,
  folder: string,
  entries: ReadonlyArray<FileEntry>
): Effect.Effect<ReadonlyArray<FoundFile>, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about, storageError } = failures
    const listed = new Set<string>()
    for (const subfolder of new Set(entries.map(({ name }) => path.dirname(name)))) {
      for (const name of yield* namesIn(failures, path.join(folder, subfolder))) listed.add(path.join(subfolder, name))
    }
    const found: Array<FoundFile> = []
    for (const entry of entries) {
      const place = path.join(folder, entry.name)
      const isWaiting =
        entry.swap !== undefined &&
        listed.has(path.normalize(entry.swap)) &&
        (yield* isWhole(failures, path.join(folder, entry.swap), entry))
      const rename =
        entry.swap !== undefined && isWaiting ? { from: path.join(folder, entry.swap), to: place } : undefined
      const current = rename === undefined ? place : rename.from
      if (rename === undefined && !listed.has(path.normalize(entry.name))) {
        return yield* storageError(
          "Damaged",
          place,
          `the file is missing; ${entry.bytes} bytes were committed to it. Nothing was written. Restore it from a copy`
        )
      }
      const bytes = Number((yield* about(current)(fs.stat(current))).size)
      if (bytes < entry.bytes) {
        return yield* withRemedy(
          storageError(
            "Damaged",
            place,
            `it holds ${bytes} bytes where ${entry.bytes} were committed. Nothing was written`
          ),
          { _tag: "Verify" }
        )
      }
      found.push({ entry, place: current, bytes, rename })
    }
    return found
  })

/**
 * What becomes of bytes behind the committed ones of a file:
 *
 * - `refuse`: nobody of ours left any, so somebody else added them. Fails with `Damaged`.
 * - `cut`: the last process ended at work, and they are its unfinished batch. They are cut off where all that stands
 *   before them is what was committed, else it fails with `Damaged`.
 * - `set-aside`: they are kept in a file of their own first, `NAME.uncommitted`.
 *
 * @since 0.1.0
 * @category models
 */
export type Tails = "refuse" | "cut" | "set-aside"

/**
 * - `wasLeft`: whether the last process ended at work, so that files of an unfinished commit are ours.
 * - `tails`: what becomes of bytes behind the committed ones.
 * - `except`: the name of a file that is not looked at, because it is about to be replaced.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecoveryOptions {
  readonly wasLeft: boolean
  readonly tails: Tails
  readonly except?: string | undefined
}

/**
 * Finds what is left to do to bring the files of a folder to the state that its manifest describes, and changes nothing
 * yet. What is returned does it, and tells in sentences what it took away. Fails with `Damaged` where committed bytes
 * are missing, or where others stand behind them and nothing proves that they are ours.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recoverFolder = <M extends FolderManifest>(
  form: FolderForm<M>,
  folder: string,
  manifest: M,
  { except, tails, wasLeft }: RecoveryOptions
): Effect.Effect<Effect.Effect<ReadonlyArray<string>, StorageError, Files>, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { failures } = form
    const { about, storageError } = failures
    const found = yield* findFiles(
      failures,
      folder,
      form.entries(manifest).filter(({ name }) => name !== except)
    )
    const renamings = found.flatMap(({ rename }) => (rename === undefined ? [] : [rename]))
    for (const { name, swap } of wasLeft ? (manifest.copies ?? []) : []) {
      const from = path.join(folder, swap)
      if (yield* about(from)(fs.exists(from))) renamings.push({ from, to: path.join(folder, name) })
    }
    const torn = found.filter(({ bytes, entry }) => bytes > entry.bytes)
    for (const { bytes, entry, place } of torn) {
      if ((yield* checksumOf(failures, place, entry.bytes)).crc32 !== entry.crc32) {
        return yield* withRemedy(storageError("Damaged", place, `${changedContent}. Nothing was written`), {
          _tag: "Verify"
        })
      }
      if (tails === "refuse") {
        return yield* withRemedy(
          storageError("Damaged", place, `${tailOf(bytes - entry.bytes)}. Nothing was written`),
          { _tag: "Repair" }
        )
      }
    }
    return Effect.gen(function* () {
      const notes: Array<string> = []
      for (const { bytes, entry, place } of torn) {
        notes.push(
          tails === "cut"
            ? `${place}: ${bytes - entry.bytes} bytes of a batch that was not finished were cut off.`
            : `${place}: ${bytes - entry.bytes} bytes that were not committed were set aside in ${yield* setAside(failures, place, entry)}.`
        )
        yield* about(place)(
          Effect.scoped(
            Effect.gen(function* () {
              const file = yield* fs.open(place, { flag: "r+" })
              yield* file.truncate(entry.bytes)
              yield* file.sync
            })
          )
        )
      }
      for (const { from, to } of renamings) yield* about(to)(fs.rename(from, to))
      const gone = wasLeft ? yield* leftBeside(form, folder, manifest, manifest.batches + 1) : []
      for (const name of wasLeft ? (manifest.removed ?? []) : []) {
        const place = path.join(folder, name)
        if (yield* about(place)(fs.exists(place))) gone.push(place)
      }
      yield* removeFiles(failures, gone)
      for (const changed of new Set([...renamings.map(({ to }) => to), ...gone].map((place) => path.dirname(place))))
        yield* syncFolder(failures, changed)
      return notes
    })
  })

/**
 * What is said of a file to which something was added.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tailOf = (bytes: number): string =>
  `${bytes} bytes stand behind what was committed: somebody else added them, or a batch was not finished`

/**
 * Fails with `Damaged` where bytes stand behind the committed ones of a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkTail = (
  { about, storageError }: FolderFailures,
  place: string,
  { bytes }: FileEntry
): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const size = Number((yield* about(place)(fs.stat(place))).size)
    if (size > bytes)
      return yield* storageError(
        "Damaged",
        place,
        `${tailOf(size - bytes)}. Remove them, or repair the dataset, which sets them aside`
      )
  })

/** Keeps what stands behind the committed bytes of a file in a file of its own, and says in which. */
const setAside = (failures: FolderFailures, place: string, { bytes }: FileEntry) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const kept = yield* freeName(failures, `${place}.uncommitted`)
    yield* makeFile(failures, kept, (file) =>
      failures.about(kept)(Stream.runForEach(fs.stream(place, { offset: bytes }), (part) => writeBytes(file, part)))
    )
    yield* syncFolder(failures, path.dirname(kept))
    return kept
  })

const removeFiles = ({ about }: FolderFailures, places: ReadonlyArray<string>) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.forEach(places, (place) => about(place)(fs.remove(place, { force: true })), { discard: true })
  )

/**
 * The files of a folder that stand beside one of ours for a batch: what it left if it was not committed. Without a number
 * those of any batch. They are ours only where the lock was left by a process that ended at work.
 */
const leftBeside = <M extends FolderManifest>(
  form: FolderForm<M>,
  folder: string,
  manifest: M | undefined,
  batch?: number
): Effect.Effect<Array<string>, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const named = new Set(manifest === undefined ? [] : form.entries(manifest).map(({ name }) => name)).add(
      manifestName
    )
    const left: Array<string> = []
    for (const subfolder of ["", ...form.subfolders]) {
      for (const name of yield* namesIn(form.failures, path.join(folder, subfolder))) {
        const [, besides = "", number] = nextPattern.exec(name) ?? []
        const inner = subfolder === "" ? besides : `${subfolder}/${besides}`
        const isOurs = besides !== "" && (named.has(inner) || form.isOurs(inner))
        if (isOurs && (batch === undefined || number === String(batch))) left.push(path.join(folder, subfolder, name))
      }
    }
    return left
  })

/**
 * Removes what a process left that ended before it committed the first batch.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeFirstAttempt = <M extends FolderManifest>(
  form: FolderForm<M>,
  folder: string
): Effect.Effect<void, StorageError, Files> =>
  Effect.flatMap(leftBeside(form, folder, undefined), (places) => removeFiles(form.failures, places))

/**
 * Whether a commit on top of a manifest left something that the next opener has to deal with, as far as can be told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isUnfinished = <M extends FolderManifest>(
  form: FolderForm<M>,
  folder: string,
  manifest: M
): Effect.Effect<boolean, never, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    // The first commit, of a dataset that comes from elsewhere, may have any number.
    const batch = manifest.batches === 0 ? undefined : manifest.batches + 1
    if ((yield* leftBeside(form, folder, manifest, batch)).length > 0) return true
    // Where the manifest is a new one already, what it takes away may be there still.
    if (((yield* readManifest(form, folder))?.batches ?? 0) !== manifest.batches) return true
    for (const entry of form.entries(manifest)) {
      if (entry.bytes === 0) continue
      const { size } = yield* fs.stat(yield* placeOf(form.failures, folder, entry))
      if (Number(size) > entry.bytes) return true
    }
    return false
  }).pipe(Effect.orElseSucceed(() => true))
