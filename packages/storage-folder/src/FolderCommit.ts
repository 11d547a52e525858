/**
 * The commit: files change together, or not at all, because a manifest says which of their content counts.
 *
 * 1. What joins a file is written behind its committed length and flushed: until a manifest tells of it, it does not
 *    count. What takes a file's place, or is a new file, is written beside it (`NAME.next-BATCH`) and flushed.
 * 2. The new manifest is written beside, flushed, and renamed over the old one. This rename is the commit. It is not done
 *    where something stands in the place of a file that was not committed before: it is somebody else's.
 * 3. What stands beside is renamed into place. The manifest names it, so an opener finishes what was left.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import type { DatasetFolder } from "./DatasetFolder.ts"
import { checkLengths, checksumOf, crc32Of, emptyEntry, type FileEntry, nextName } from "./FileEntry.ts"
import { checkFree, keepAside, makeFile, makeFolder, removeIfEmpty, syncFolder, writeBytes } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"
import { type CopyEntry, type FolderForm, type FolderManifest, manifestName, readManifest } from "./FolderManifest.ts"

type Files = FileSystem.FileSystem | Path.Path

/**
 * Text that is a part of a file, or its bytes, and how many rows it holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface FilePart {
  readonly text: string | Uint8Array
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
 * `copies` and `removed` are what these were asked for so far, as the next manifest names it. `kept` are sentences about
 * files of somebody else that stood in the place of copies.
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
  readonly kept: () => ReadonlyArray<string>
}

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
        const encoded = typeof part.text === "string" ? encoder.encode(part.text) : part.text
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
    if (!(yield* about(place)(fs.exists(place)))) return []
    if (before !== undefined && (yield* about(place)(fs.readFileString(place))) === before) return []
    const kept = yield* keepAside(failures, place)
    return [`${place} was another file, or had been changed, and was written anew. What it held is in ${kept}.`]
  })

/** Writes files, remembers which, and can take that back. Only files that `isReplaceable` tells may be there already. */
const makeWriter = (
  failures: FolderFailures,
  folder: string,
  batch: number,
  isReplaceable: (name: string) => boolean
) =>
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
    const kept: Array<string> = []
    /** The places of files that are not there yet. */
    const free = new Set<string>()

    /** Fails where somebody else's file is in the place of one of ours. */
    const checkPlace = (name: string) =>
      Effect.suspend(() => {
        if (isReplaceable(name)) return Effect.void
        const place = path.join(folder, name)
        free.add(place)
        return checkFree(failures, place)
      })
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
            // Again: the batch may have been long in coming, and what somebody added meanwhile is not written over.
            yield* checkLengths(failures, folder, [entry])
            appended.push(entry)
            yield* about(place)(file.seek(entry.bytes, "start"))
            const now = yield* writeParts(failures, place, file, content, entry)
            yield* about(place)(file.sync)
            return now
          })
        )
      },
      write: (name, content) => Effect.zipRight(checkPlace(name), Effect.map(make(name, content), withSwap)),
      writeWith: (name, write) =>
        Effect.gen(function* () {
          yield* checkPlace(name)
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
          kept.push(...(yield* keepOthers(failures, path.join(folder, name), before)))
          yield* make(name, content)
          copies.push({ name, swap: nextName(name, batch) })
        }),
      remove: (name) => {
        removed.push(name)
      },
      copies: () => copies,
      removed: () => removed,
      kept: () => kept
    }

    return {
      writer,
      /** What takes its place once the manifest is there. */
      swaps: (): ReadonlyArray<CopyEntry> => [...swaps, ...copies],
      makeManifest: (text: string) =>
        Effect.zipRight(checkPlace(manifestName), make(manifestName, Stream.succeed<FilePart>({ text, rows: 0 }))),
      /** Fails where somebody made a file meanwhile that one of ours would take the place of. */
      checkPlaces: Effect.suspend(() => Effect.forEach(free, (place) => checkFree(failures, place), { discard: true })),
      /** Makes the files that were made survive a loss of power. */
      flush: Effect.suspend(() =>
        Effect.forEach(new Set(made.map((place) => path.dirname(place))), (one) => syncFolder(failures, one), {
          discard: true
        })
      ),
      /** Says whether all is taken back. Where it is not, the next opener does it, if the lock tells it to. */
      undo: Effect.suspend(() =>
        Effect.gen(function* () {
          for (const place of made) yield* Effect.ignore(fs.remove(place, { force: true }))
          for (const { bytes, name } of appended) yield* Effect.ignore(fs.truncate(path.join(folder, name), bytes))
          for (const one of madeFolders) yield* removeIfEmpty(one)
          for (const place of made) if (yield* fs.exists(place)) return false
          yield* checkLengths(failures, folder, appended)
          return true
        })
      ).pipe(Effect.orElseSucceed(() => false))
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
 * What a commit is told besides:
 *
 * - `replaces`: names of files that are there, were not committed, and may be replaced, because they are kept elsewhere.
 * - `unfinished`: done where the commit failed and left something that the next opener has to deal with.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommitOptions {
  readonly replaces?: ReadonlySet<string>
  readonly unfinished?: Effect.Effect<void>
}

/**
 * Commits as batch number `batch`, on top of the manifest `before`, what `write` does to the files of a folder, and the
 * manifest it returns. Costs what is written. Fails with `AlreadyThere` where a file that was not committed before is in
 * the place of one that it makes. Where it fails, what was written is taken back as far as possible; the next opener does
 * the rest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commitFolder = <M extends FolderManifest, R>(
  form: FolderForm<M>,
  folder: string,
  before: M,
  batch: number,
  write: (files: FolderWriter) => Effect.Effect<M, StorageError, R>,
  { replaces, unfinished = Effect.void }: CommitOptions = {}
): Effect.Effect<M, StorageError, R | Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const { failures } = form
    const committed = new Set(
      before.batches === 0 ? [] : [manifestName, ...form.entries(before).map(({ name }) => name)]
    )
    const { checkPlaces, flush, makeManifest, swaps, undo, writer } = yield* makeWriter(
      failures,
      folder,
      batch,
      (name) => committed.has(name) || replaces?.has(name) === true
    )
    const isCommitted = Effect.map(readManifest(form, folder), (now) => now !== undefined && now.batches >= batch)
    return yield* Effect.gen(function* () {
      const manifest = yield* write(writer)
      yield* flush
      const text = yield* Effect.mapError(form.encode(manifest), (error) =>
        failures.storageError("Failed", path.join(folder, nextName(manifestName, batch)), error.message)
      )
      yield* makeManifest(`${text}\n`)
      yield* checkPlaces
      yield* commitManifest(failures, folder, batch, swaps(), writer.removed(), (one) => syncFolder(failures, one))
      return manifest
    }).pipe(
      Effect.onError(() =>
        Effect.gen(function* () {
          // Where the manifest is the new one already, what it asks for may be left to do.
          const isUndone = !(yield* Effect.orElseSucceed(isCommitted, () => true)) && (yield* undo)
          if (!isUndone) yield* unfinished
        })
      )
    )
  })

/**
 * The commits of an open dataset, one after the other. `manifest` is that of the last one, `notes` are sentences about what
 * it kept aside. A commit settles the folder,
 * and has the lock say so where it fails and leaves something. After one that failed, nobody knows what is on disk: all
 * later ones fail too.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderCommits<M extends FolderManifest> {
  readonly manifest: () => M
  readonly notes: () => ReadonlyArray<string>
  readonly commit: <R>(
    batch: number,
    write: (files: FolderWriter, manifest: M) => Effect.Effect<M, StorageError, R>
  ) => Effect.Effect<M, StorageError, R | Files | Effect.Effect.Context<DatasetFolder["settle"]>>
}

/**
 * The commits to a folder whose manifest, or that of nothing, is `opened`. `place` is the folder as people call it. The
 * first commit may replace the files that `replaces` names, though they were not committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commitsOf = <M extends FolderManifest>(
  form: FolderForm<M>,
  place: string,
  folder: DatasetFolder,
  opened: M,
  replaces: ReadonlySet<string> = new Set()
): FolderCommits<M> => {
  const { failures } = form
  let manifest = opened
  let isBroken = false
  let notes: ReadonlyArray<string> = []
  return {
    manifest: () => manifest,
    notes: () => notes,
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
        if (before.batches > 0) yield* checkLengths(failures, folder.work(), form.entries(before))
        let kept: FolderWriter["kept"] = () => []
        const writing = (files: FolderWriter) => {
          kept = files.kept
          return write(files, before)
        }
        const next = yield* commitFolder(form, folder.work(), before, batch, writing, {
          unfinished: folder.unfinished,
          ...(before.batches === 0 ? { replaces } : {})
        })
        yield* folder.settle
        manifest = next
        notes = kept()
        isBroken = false
        return next
      })
  }
}
