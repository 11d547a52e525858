/**
 * What an opener does about commits that were not finished: it finishes those whose manifest is in its place, and takes
 * away what others wrote, where the lock proves that it is ours.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { changedContent, checksumOf, type FileEntry, nextPattern } from "./FileEntry.ts"
import { freeName, keepAside, makeFile, syncFolder, writeBytes } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"
import { type FolderForm, type FolderManifest, manifestName } from "./FolderManifest.ts"

type Files = FileSystem.FileSystem | Path.Path

/** What files are called that are kept because they may be somebody's, and how many of them are named. */
const kept = /\.uncommitted(?:-\d+)?$/u
const mostNamed = 5

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
          `the file is missing; ${entry.bytes} bytes were committed to it. Nothing was written`,
          { remedy: { _tag: "Verify" } }
        )
      }
      const bytes = Number((yield* about(current)(fs.stat(current))).size)
      if (bytes < entry.bytes) {
        return yield* storageError(
          "Damaged",
          place,
          `it holds ${bytes} bytes where ${entry.bytes} were committed. Nothing was written`,
          { remedy: { _tag: "Verify" } }
        )
      }
      found.push({ entry, place: current, bytes, rename })
    }
    return found
  })

/**
 * What becomes of bytes behind the committed ones of a file, where all that stands before them is what was committed:
 *
 * - `refuse`: nobody of ours left any, so somebody else added them. Fails with `Damaged`.
 * - `set-aside`: the last process ended at work, or somebody asked for a repair. They are kept in a file of their own,
 *   `NAME.uncommitted`: that a process ended at work does not prove that it wrote them. Only zeros are not kept: a loss
 *   of power leaves them.
 *
 * @since 0.1.0
 * @category models
 */
export type Tails = "refuse" | "set-aside"

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
    const copies: Array<Renaming> = []
    for (const { name, swap } of wasLeft ? (manifest.copies ?? []) : []) {
      const from = path.join(folder, swap)
      if (yield* about(from)(fs.exists(from))) copies.push({ from, to: path.join(folder, name) })
    }
    const torn = found.filter(({ bytes, entry }) => bytes > entry.bytes)
    for (const { bytes, entry, place } of torn) {
      if ((yield* checksumOf(failures, place, entry.bytes)).crc32 !== entry.crc32) {
        return yield* storageError("Damaged", place, `${changedContent}. Nothing was written`, {
          remedy: { _tag: "Verify" }
        })
      }
      if (tails === "refuse") {
        return yield* storageError("Damaged", place, `${tailOf(bytes - entry.bytes)}. Nothing was written`, {
          remedy: { _tag: "Repair" }
        })
      }
    }
    return Effect.gen(function* () {
      const notes: Array<string> = []
      const earlier = torn.length === 0 ? [] : (yield* namesIn(failures, folder)).filter((name) => kept.test(name))
      for (const { bytes, entry, place } of torn) {
        const tail = `${place}: ${bytes - entry.bytes} bytes that were not committed`
        notes.push(
          (yield* isNothing(failures, place, entry))
            ? `${tail}, all of them zero, were cut off.`
            : `${tail} were set aside in ${yield* setAside(failures, place, entry)}.`
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
      if (earlier.length > 0) {
        const more = earlier.length > mostNamed ? ` and ${earlier.length - mostNamed} more` : ""
        notes.push(`Set aside earlier, and still there: ${earlier.slice(0, mostNamed).join(", ")}${more}.`)
      }
      // Nobody vouches for what is in the place of a copy.
      const keptCopies: Array<string> = []
      for (const { to } of copies) if (yield* about(to)(fs.exists(to))) keptCopies.push(yield* keepAside(failures, to))
      if (keptCopies.length > 0) {
        notes.push(
          `What was in the place of ${keptCopies.length === 1 ? "a file" : `${keptCopies.length} files`} of the last batch is kept, as ${keptCopies[0]}${keptCopies.length === 1 ? "" : " and others like it"}.`
        )
      }
      renamings.push(...copies)
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

/** What is said of a file to which something was added. */
const tailOf = (bytes: number): string =>
  `${bytes} bytes follow the committed data: another program added them, or a batch was not finished`

/**
 * Fails with `Damaged` if bytes follow the committed ones of a file.
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
    if (size > bytes) return yield* storageError("Damaged", place, tailOf(size - bytes), { remedy: { _tag: "Repair" } })
  })

/** Whether all that stands behind the committed bytes of a file are zeros. */
const isNothing = ({ about }: FolderFailures, place: string, { bytes }: FileEntry) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    about(place)(
      Stream.runFoldWhile(
        fs.stream(place, { offset: bytes }),
        true,
        (isZero) => isZero,
        (isZero, part) => isZero && part.every((byte) => byte === 0)
      )
    )
  )

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
