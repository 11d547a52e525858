/**
 * The commit: files change together, or not at all, because a manifest says which of their content counts.
 *
 * 1. What joins a file is written behind its committed length and flushed: until a manifest tells of it, it does not
 *    count. What takes a file's place, or is a new file, is written beside it (`NAME.next-BATCH`) and flushed.
 * 2. The new manifest is written beside, flushed, and renamed over the old one. This rename is the commit.
 * 3. What stands beside is renamed into place. The manifest names it, so an opener finishes what was left.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import type { DatasetFolder } from "./DatasetFolder.ts"
import { checkLengths, checksumOf, crc32Of, emptyEntry, type FileEntry } from "./FileEntry.ts"
import { checkFree, keepAside, makeFile, makeFolder, removeIfEmpty, syncFolder, writeBytes } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"
import { type CopyEntry, type FolderForm, type FolderManifest, manifestName, readManifest } from "./FolderManifest.ts"
import { isUnfinished } from "./FolderRecovery.ts"

type Files = FileSystem.FileSystem | Path.Path

/**
 * Text that is a part of a file, and how many rows it holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface FilePart {
  readonly text: string
  readonly rows: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type FileContent<R = Files> = Stream.Stream<FilePart, StorageError, R>

/**
 * A file that is written with a commit, and whose content the manifest does not vouch for. `before` is what it held by
 * what is committed: anything else in its place is somebody else's, and kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileCopy {
  readonly name: string
  readonly content: FileContent
  readonly before?: string | undefined
}

/**
 * What a commit does to files. A file that is not mentioned stays as it is.
 *
 * - `append` writes behind the committed length of a file that is there.
 * - `write` makes a file, or replaces all that it held.
 * - `writeWith` does the same by another program, which makes the file at the place it is given and tells its rows.
 * - `copy` writes a file that the manifest does not vouch for.
 * - `remove` takes a file away once the commit is done.
 *
 * `copies` and `removed` are what these were asked for so far, as the next manifest names it.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderWriter {
  readonly append: (entry: FileEntry, content: FileContent) => Effect.Effect<FileEntry, StorageError, Files>
  readonly write: (name: string, content: FileContent) => Effect.Effect<FileEntry, StorageError, Files>
  readonly writeWith: <R>(
    name: string,
    make: (place: string) => Effect.Effect<number, StorageError, R>
  ) => Effect.Effect<FileEntry, StorageError, R | Files>
  readonly copy: (copy: FileCopy) => Effect.Effect<void, StorageError, Files>
  readonly remove: (name: string) => void
  readonly copies: () => ReadonlyArray<CopyEntry>
  readonly removed: () => ReadonlyArray<string>
}

/**
 * The name under which the content of a file stands beside it until the batch is committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nextName = (name: string, batch: number): string => `${name}.next-${batch}`

const encoder = new TextEncoder()

/** Writes parts into an open file, and says what it holds then, where it held `before`. */
const writeParts = (
  { about }: FolderFailures,
  place: string,
  file: FileSystem.File,
  content: FileContent,
  before: FileEntry
): Effect.Effect<FileEntry, StorageError, Files> =>
  Effect.suspend(() => {
    let { bytes, crc32, rows } = before
    return Effect.map(
      Stream.runForEach(content, (part) => {
        const encoded = encoder.encode(part.text)
        bytes += encoded.length
        rows += part.rows
        crc32 = crc32Of(encoded, crc32)
        return about(place)(writeBytes(file, encoded))
      }),
      () => ({ name: before.name, bytes, rows, crc32 })
    )
  })

/** Keeps what stands in the place of a file that is written anew, where it is not what this storage wrote there. */
const keepOthers = (failures: FolderFailures, place: string, before: string | undefined) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { about } = failures
    if (!(yield* about(place)(fs.exists(place)))) return
    if (before === undefined || (yield* about(place)(fs.readFileString(place))) !== before)
      yield* keepAside(failures, place)
  })

/** Writes files, remembers which, and can take that back. */
const makeWriter = (failures: FolderFailures, folder: string, batch: number) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about } = failures
    const made: Array<string> = []
    const madeFolders: Array<string> = []
    const appended: Array<FileEntry> = []
    const swaps: Array<CopyEntry> = []
    const copies: Array<CopyEntry> = []
    const removed: Array<string> = []

    const beside = (name: string) =>
      Effect.gen(function* () {
        const place = path.join(folder, nextName(name, batch))
        const parent = path.dirname(place)
        if (name.includes("/") && (yield* makeFolder(failures, parent))) madeFolders.push(parent)
        return place
      })
    const make = (name: string, content: FileContent): Effect.Effect<FileEntry, StorageError, Files> =>
      Effect.flatMap(beside(name), (place) =>
        makeFile(failures, place, (file) => {
          made.push(place)
          return writeParts(failures, place, file, content, emptyEntry(name))
        })
      )
    const withSwap = (entry: FileEntry): FileEntry => {
      const swap = nextName(entry.name, batch)
      swaps.push({ name: entry.name, swap })
      return { ...entry, swap }
    }

    const writer: FolderWriter = {
      append: (entry, content) => {
        const place = path.join(folder, entry.name)
        return Effect.scoped(
          Effect.gen(function* () {
            const file = yield* about(place)(fs.open(place, { flag: "r+" }))
            appended.push(entry)
            // Not O_APPEND: the end of the file is not the end of what is committed.
            yield* about(place)(file.truncate(entry.bytes))
            yield* about(place)(file.seek(entry.bytes, "start"))
            const now = yield* writeParts(failures, place, file, content, entry)
            yield* about(place)(file.sync)
            return now
          })
        )
      },
      write: (name, content) => Effect.map(make(name, content), withSwap),
      writeWith: (name, write) =>
        Effect.gen(function* () {
          const place = yield* beside(name)
          // Another program may write over what is there.
          yield* checkFree(failures, place)
          made.push(place)
          const rows = yield* write(place)
          yield* about(place)(Effect.scoped(Effect.flatMap(fs.open(place, { flag: "r+" }), (file) => file.sync)))
          const size = Number((yield* about(place)(fs.stat(place))).size)
          return withSwap({ name, rows, ...(yield* checksumOf(failures, place, size)) })
        }),
      copy: ({ before, content, name }) =>
        Effect.gen(function* () {
          yield* keepOthers(failures, path.join(folder, name), before)
          yield* make(name, content)
          copies.push({ name, swap: nextName(name, batch) })
        }),
      remove: (name) => {
        removed.push(name)
      },
      copies: () => copies,
      removed: () => removed
    }

    return {
      writer,
      /** What takes its place once the manifest is there. */
      swaps: (): ReadonlyArray<CopyEntry> => [...swaps, ...copies],
      makeManifest: (text: string) => make(manifestName, Stream.succeed<FilePart>({ text, rows: 0 })),
      /** Makes the files that were made survive a loss of power. */
      flush: Effect.suspend(() =>
        Effect.forEach(new Set(made.map((place) => path.dirname(place))), (one) => syncFolder(failures, one), {
          discard: true
        })
      ),
      // Failing is no harm: the next opener does it, where the lock tells it to.
      undo: Effect.suspend(() =>
        Effect.gen(function* () {
          for (const place of made) yield* Effect.ignore(fs.remove(place, { force: true }))
          for (const { bytes, name } of appended) yield* Effect.ignore(fs.truncate(path.join(folder, name), bytes))
          for (const one of madeFolders) yield* removeIfEmpty(one)
        })
      )
    }
  })

/** The manifest that stands beside takes its place, then the files it names take theirs, and those that go away do. */
const commitManifest = (
  { about }: FolderFailures,
  folder: string,
  batch: number,
  swaps: ReadonlyArray<CopyEntry>,
  removed: ReadonlyArray<string>,
  sync: (folder: string) => Effect.Effect<void, StorageError, FileSystem.FileSystem>
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, manifestName)
    yield* about(place)(fs.rename(path.join(folder, nextName(manifestName, batch)), place))
    yield* sync(folder)
    const changed = new Set<string>()
    for (const { name, swap } of swaps) {
      const to = path.join(folder, name)
      yield* about(to)(fs.rename(path.join(folder, swap), to))
      changed.add(path.dirname(to))
    }
    for (const name of removed) {
      const gone = path.join(folder, name)
      yield* about(gone)(fs.remove(gone, { force: true }))
      changed.add(path.dirname(gone))
    }
    for (const one of changed) yield* sync(one)
  })

/**
 * Commits as batch number `batch` what `write` does to the files of a folder, and the manifest it returns. Costs what is
 * written. Where it fails, what was written is taken back as far as possible; the next opener does the rest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commitFolder = <M extends FolderManifest, R>(
  form: FolderForm<M>,
  folder: string,
  batch: number,
  write: (files: FolderWriter) => Effect.Effect<M, StorageError, R>
): Effect.Effect<M, StorageError, R | Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const { failures } = form
    const { flush, makeManifest, swaps, undo, writer } = yield* makeWriter(failures, folder, batch)
    const isCommitted = Effect.map(readManifest(form, folder), (now) => now !== undefined && now.batches >= batch)
    return yield* Effect.gen(function* () {
      const manifest = yield* write(writer)
      yield* flush
      const text = yield* Effect.mapError(form.encode(manifest), (error) =>
        failures.storageError("Failed", path.join(folder, nextName(manifestName, batch)), error.message)
      )
      yield* makeManifest(`${text}\n`)
      yield* commitManifest(failures, folder, batch, swaps(), writer.removed(), (one) => syncFolder(failures, one))
      return manifest
    }).pipe(
      Effect.onError(() =>
        Effect.unlessEffect(
          undo,
          Effect.orElseSucceed(isCommitted, () => true)
        )
      )
    )
  })

/**
 * The commits of an open dataset, one after the other. `manifest` is that of the last one. A commit settles the folder,
 * and has the lock say so where it fails and leaves something. After one that failed, nobody knows what is on disk: all
 * later ones fail too.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderCommits<M extends FolderManifest> {
  readonly manifest: () => M
  readonly commit: <R>(
    batch: number,
    write: (files: FolderWriter, manifest: M) => Effect.Effect<M, StorageError, R>
  ) => Effect.Effect<M, StorageError, R | Files | Effect.Effect.Context<DatasetFolder["settle"]>>
}

/**
 * The commits to a folder whose manifest, or that of nothing, is `opened`. `place` is the folder as people call it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commitsOf = <M extends FolderManifest>(
  form: FolderForm<M>,
  place: string,
  folder: DatasetFolder,
  opened: M
): FolderCommits<M> => {
  const { failures } = form
  let manifest = opened
  let isBroken = false
  return {
    manifest: () => manifest,
    commit: (batch, write) =>
      Effect.gen(function* () {
        if (isBroken)
          return yield* failures.storageError(
            "Failed",
            place,
            "an earlier batch could not be committed. Open the dataset again"
          )
        yield* folder.check
        isBroken = true
        const before = manifest
        yield* checkLengths(failures, folder.work(), form.entries(before))
        const next = yield* commitFolder(form, folder.work(), batch, (files) => write(files, before)).pipe(
          Effect.onError(() => leaveIfUnfinished(form, folder, before))
        )
        yield* folder.settle
        manifest = next
        isBroken = false
        return next
      })
  }
}

/**
 * Has the lock say so where a commit on top of a manifest failed and left something.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leaveIfUnfinished = <M extends FolderManifest>(
  form: FolderForm<M>,
  folder: DatasetFolder,
  manifest: M
): Effect.Effect<void, never, Files> =>
  Effect.asVoid(Effect.whenEffect(folder.unfinished, isUnfinished(form, folder.work(), manifest)))
