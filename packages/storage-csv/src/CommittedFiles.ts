/**
 * The commit: several files change together, or none does. Knows bytes and rows, not ratings.
 *
 * 1. Every change is written and flushed: what is appended behind the committed length, what is rewritten into a
 *    file beside (`NAME.next-BATCH`).
 * 2. The manifest with the new lengths is written beside, flushed, and renamed over the old one. This rename is the
 *    commit: before it, the old lengths hold and everything else is rubbish to cut off; after it, the new ones do.
 * 3. Rewritten files are renamed into place. The manifest names them, so an opener finishes what was left.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { syncFolder } from "@letterboxd-ratings/storage-folder"
import crc32 from "crc-32"
import { Effect, Stream } from "effect"
import { type FileNames, manifestName, memberRecordsName } from "./FileNames.ts"
import { CommittedFile, decodeManifest, encodeManifest, type FileEntry, formatCrc32, type Manifest, parseCrc32 } from "./Manifest.ts"
import { about, failures, storageError } from "./StorageFailure.ts"

/**
 * What happens to a file in a commit: rows join it, or all of its content is written anew. `text` and `content`
 * hold whole rows; a file's header is the first thing ever written into it.
 */
export type FileChange =
  | { readonly _tag: "Append"; readonly text: string; readonly rows: number }
  | { readonly _tag: "Replace"; readonly content: Stream.Stream<FilePart, StorageError, Files> }

/** A file that is written once with a commit and never changes. */
export interface FileCopy {
  readonly name: string
  readonly text: string
}

export interface FilePart {
  readonly text: string
  readonly rows: number
}

type Files = FileSystem.FileSystem | Path.Path

const encoder = new TextEncoder()

const emptyEntry = (name: string): FileEntry => ({ name, bytes: 0, rows: 0, crc32: formatCrc32(0) })

/** The manifest of a dataset that holds nothing and has no files yet. */
export const emptyManifest = (
  names: FileNames,
  { committedAt, filmLabel, idGaps }: Pick<Manifest, "committedAt" | "filmLabel" | "idGaps">
): Manifest => ({
  format: 1,
  filmLabel,
  batches: 0,
  committedAt,
  files: {
    rawRatings: emptyEntry(names.rawRatings),
    translatedRatings: emptyEntry(names.translatedRatings),
    userMappings: emptyEntry(names.userMappings),
    filmMappings: emptyEntry(names.filmMappings),
    userUpdates: emptyEntry(names.userUpdates),
    memberRecords: emptyEntry(memberRecordsName)
  },
  copies: [],
  idGaps
})

/** The manifest of a folder; none where the folder has none. */
export const readManifest = (folder: string): Effect.Effect<Manifest | undefined, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, manifestName)
    if (!(yield* about(place)(fs.exists(place)))) return undefined
    const text = yield* about(place)(fs.readFileString(place))
    return yield* Effect.mapError(decodeManifest(text), (error) =>
      storageError(
        "Damaged",
        place,
        `it is no manifest that this version understands (${error.message.split("\n")[0] ?? ""}). Nothing was written. Restore it from a copy, or update this tool`
      ))
  })

/**
 * Brings the files of a folder to the state its manifest describes: finishes renamings, cuts off what a batch that
 * was not committed left, and fails with `Damaged` where committed bytes are missing. Checks all before it changes
 * anything.
 */
export const recoverFiles = (
  folder: string,
  manifest: Manifest,
  copyPrefix: string,
  except?: CommittedFile
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const present = new Set(yield* about(folder)(fs.readDirectory(folder)))
    const torn: Array<{ readonly place: string; readonly bytes: number }> = []
    const swaps: Array<{ readonly from: string; readonly to: string }> = []

    for (const key of CommittedFile.literals) {
      if (key === except) continue
      const entry = manifest.files[key]
      const place = path.join(folder, entry.name)
      // A file the manifest names was flushed before the manifest was: if it is there, it is whole.
      const swap = entry.swap !== undefined && present.has(entry.swap) ? path.join(folder, entry.swap) : undefined
      const current = swap ?? place
      if (swap === undefined && !present.has(entry.name)) {
        return yield* storageError("Damaged", place, `the file is missing; ${entry.bytes} bytes were committed to it. Nothing was written. Restore it from a copy`)
      }
      const size = Number((yield* about(current)(fs.stat(current))).size)
      if (size < entry.bytes) {
        return yield* storageError("Damaged", place, `it holds ${size} bytes where ${entry.bytes} were committed. Nothing was written. Restore it from a copy`)
      }
      if (size > entry.bytes) torn.push({ place: current, bytes: entry.bytes })
      if (swap !== undefined) swaps.push({ from: swap, to: place })
    }

    for (const { name, swap } of manifest.copies) {
      const from = path.join(folder, swap)
      if (yield* about(from)(fs.exists(from))) swaps.push({ from, to: path.join(folder, name) })
    }

    for (const { bytes, place } of torn) {
      yield* about(place)(Effect.scoped(Effect.gen(function*() {
        const file = yield* fs.open(place, { flag: "r+" })
        yield* file.truncate(bytes)
        yield* file.sync
      })))
    }
    for (const { from, to } of swaps) yield* about(to)(fs.rename(from, to))
    const names = new Set(Object.values(manifest.files).map((entry) => entry.name)).add(manifestName)
    const copies = present.has(memberFilesFolder)
      ? yield* about(folder)(fs.readDirectory(path.join(folder, memberFilesFolder)))
      : []
    const candidates = [
      ...[...present].filter((name) => {
        const base = unfinished.exec(name)?.[1]
        return base !== undefined && (names.has(base) || base.startsWith(`${copyPrefix}_`))
      }),
      ...copies.filter((name) => unfinished.test(name)).map((name) => path.join(memberFilesFolder, name))
    ].map((name) => path.join(folder, name))
    for (const leftOver of candidates) {
      if (!swaps.some(({ from }) => from === leftOver)) yield* about(leftOver)(fs.remove(leftOver))
    }
    if (torn.length > 0 || swaps.length > 0) yield* syncFolder(failures, folder)
  })

const unfinished = /^(.+)\.next-\d+$/u

/** The folder of the files that hold one member each. */
export const memberFilesFolder = "users"

/**
 * Commits changes on top of `manifest`, which may describe files that do not exist yet (0 bytes). Returns the new
 * manifest. Costs what the changes hold. Where it fails, what it wrote is cut off again as far as possible; the
 * next opener does the rest.
 */
export const commitChanges = (
  folder: string,
  manifest: Manifest,
  changes: Readonly<Record<CommittedFile, FileChange>>,
  copies: ReadonlyArray<FileCopy> = []
): Effect.Effect<Manifest, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const batch = manifest.batches + 1
    const nextManifest = path.join(folder, `${manifestName}.next-${batch}`)

    const write = Effect.gen(function*() {
      const files = { ...manifest.files }
      let madeFiles = false
      for (const key of CommittedFile.literals) {
        const { swap: _, ...entry } = manifest.files[key]
        const change = changes[key]
        madeFiles ||= change._tag === "Replace" || entry.bytes === 0
        files[key] = yield* change._tag === "Append"
          ? append(path.join(folder, entry.name), entry, change)
          : replace(folder, `${entry.name}.next-${batch}`, entry, change.content)
      }
      const folders = new Set<string>()
      for (const { name, text } of copies) {
        const place = path.join(folder, `${name}.next-${batch}`)
        yield* about(path.dirname(place))(fs.makeDirectory(path.dirname(place), { recursive: true }))
        yield* writeWhole(place, text)
        folders.add(path.dirname(place))
      }
      for (const made of folders) yield* syncFolder(failures, made)
      if (madeFiles || folders.size > 0) yield* syncFolder(failures, folder)
      const next: Manifest = {
        ...manifest,
        batches: batch,
        files,
        copies: copies.map(({ name }) => ({ name, swap: `${name}.next-${batch}` }))
      }
      const text = yield* Effect.mapError(encodeManifest(next), (error) => storageError("Failed", nextManifest, error.message))
      yield* writeWhole(nextManifest, `${text}\n`)
      return next
    }).pipe(Effect.onError(() => undo(folder, manifest, batch, changes, copies)))

    const next = yield* write
    yield* about(path.join(folder, manifestName))(fs.rename(nextManifest, path.join(folder, manifestName)))
    yield* syncFolder(failures, folder)
    const swaps = [...Object.values(next.files), ...next.copies]
      .flatMap(({ name, swap }) => swap === undefined ? [] : [{ name, swap }])
    for (const { name, swap } of swaps) {
      yield* about(path.join(folder, name))(fs.rename(path.join(folder, swap), path.join(folder, name)))
    }
    if (swaps.length > 0) yield* syncFolder(failures, folder)
    return next
  })

const writeWhole = (place: string, text: string): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* about(place)(Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(place, { flag: "w" })
      yield* writeBytes(file, encoder.encode(text))
      yield* file.sync
    })))
  })

/** The platform takes a write of nothing for a write that failed. */
const writeBytes = (file: FileSystem.File, bytes: Uint8Array) => bytes.length === 0 ? Effect.void : file.writeAll(bytes)

const append = (
  place: string,
  entry: FileEntry,
  change: { readonly text: string; readonly rows: number }
): Effect.Effect<FileEntry, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const bytes = encoder.encode(change.text)
    if (bytes.length === 0 && entry.bytes > 0) return entry
    yield* about(place)(Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(place, { flag: entry.bytes === 0 ? "w" : "r+" })
      // Not O_APPEND: the end of the file is not the end of what is committed.
      yield* file.truncate(entry.bytes)
      yield* file.seek(entry.bytes, "start")
      yield* writeBytes(file, bytes)
      yield* file.sync
    })))
    return {
      ...entry,
      bytes: entry.bytes + bytes.length,
      rows: entry.rows + change.rows,
      crc32: formatCrc32(crc32.buf(bytes, parseCrc32(entry.crc32)))
    }
  })

const replace = (
  folder: string,
  swap: string,
  entry: FileEntry,
  content: Stream.Stream<FilePart, StorageError, Files>
): Effect.Effect<FileEntry, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, swap)
    let crc = 0
    let size = 0
    let rows = 0
    yield* Effect.scoped(Effect.gen(function*() {
      const file = yield* about(place)(fs.open(place, { flag: "w" }))
      yield* Stream.runForEach(content, (part) => {
        const bytes = encoder.encode(part.text)
        crc = crc32.buf(bytes, crc)
        size += bytes.length
        rows += part.rows
        return about(place)(writeBytes(file, bytes))
      })
      yield* about(place)(file.sync)
    }))
    return { name: entry.name, bytes: size, rows, crc32: formatCrc32(crc), swap }
  })

/** Takes back what a failed commit wrote, so that the files stay clean for other readers. Failing is no harm. */
const undo = (
  folder: string,
  manifest: Manifest,
  batch: number,
  changes: Readonly<Record<CommittedFile, FileChange>>,
  copies: ReadonlyArray<FileCopy>
): Effect.Effect<void, never, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const names = [manifestName, ...copies.map(({ name }) => name), ...Object.values(manifest.files).map(({ name }) => name)]
    for (const name of names) {
      yield* Effect.ignore(fs.remove(path.join(folder, `${name}.next-${batch}`), { force: true }))
    }
    for (const key of CommittedFile.literals) {
      // A file that is rewritten was not touched, and it may be one that is not ours yet.
      if (changes[key]._tag === "Replace") continue
      const { bytes, name } = manifest.files[key]
      yield* Effect.ignore(
        bytes === 0 ? fs.remove(path.join(folder, name), { force: true }) : fs.truncate(path.join(folder, name), bytes)
      )
    }
  })

/**
 * The committed content of a small file, wherever it stands: a process that ended between commit and renaming left it
 * beside. Fails with `Damaged` where it is not what was committed.
 */
export const readCommitted = (
  folder: string,
  entry: FileEntry
): Effect.Effect<{ readonly where: string; readonly text: string }, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const where = yield* placeOf(folder, entry)
    const bytes = (yield* about(where)(fs.readFile(where))).subarray(0, entry.bytes)
    if (formatCrc32(crc32.buf(bytes)) !== entry.crc32) {
      return yield* storageError(
        "Damaged",
        where,
        "its content is not what was committed (the checksum differs): it was changed by hand or by another program. Nothing was written. Restore it from a copy"
      )
    }
    return { where, text: new TextDecoder().decode(bytes) }
  })

/** Where a file's committed content stands. */
export const placeOf = (folder: string, entry: FileEntry): Effect.Effect<string, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, entry.name)
    if (entry.swap === undefined) return place
    const swap = path.join(folder, entry.swap)
    return (yield* about(swap)(fs.exists(swap))) ? swap : place
  })

/** The checksum of the committed part of a file of any size, and how many bytes of it are there. */
export const checksumOf = (place: string, entry: FileEntry): Effect.Effect<{ readonly crc32: string; readonly bytes: number }, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (entry.bytes === 0) return { crc32: formatCrc32(0), bytes: 0 }
    let crc = 0
    let size = 0
    yield* about(place)(Stream.runForEach(fs.stream(place, { bytesToRead: entry.bytes, chunkSize: 1024 * 1024 }), (bytes) =>
      Effect.sync(() => {
        crc = crc32.buf(bytes, crc)
        size += bytes.length
      })))
    return { crc32: formatCrc32(crc), bytes: size }
  })

/**
 * The committed lines of a file below its header, in blocks, without their line ends. Reads no further than the
 * committed length.
 */
export const committedLines = (
  folder: string,
  entry: FileEntry,
  header: string
): Stream.Stream<ReadonlyArray<string>, StorageError, Files> =>
  Stream.unwrap(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (entry.bytes === 0) return Stream.empty
    const place = yield* placeOf(folder, entry)
    const decoder = new TextDecoder("utf-8")
    return fs.stream(place, { bytesToRead: entry.bytes, chunkSize: 256 * 1024 }).pipe(
      Stream.mapError((error) => storageError("Failed", place, `it could not be read (${error.message})`, error)),
      Stream.mapAccum("", (rest, bytes) => {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
        const unfinished = lines.pop() ?? ""
        return [unfinished, lines] as const
      }),
      Stream.zipWithIndex,
      Stream.mapEffect(([lines, block]) =>
        block > 0
          ? Effect.succeed(lines)
          : `${lines[0] ?? ""}\n` === header
          ? Effect.succeed(lines.slice(1))
          : Effect.fail(storageError("Damaged", place, `it does not begin with "${header.trimEnd()}". Restore it from a copy`))
      )
    )
  }))
