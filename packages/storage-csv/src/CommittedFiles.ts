/**
 * The commit: several files change together, or none does. Knows bytes and rows, not ratings. What is rewritten goes
 * into a file beside, as in every folder of committed files; what is appended, behind the committed length: until the
 * manifest with the new lengths is there, it is rubbish to cut off.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import {
  checksumOf,
  commitManifest,
  crc32Of,
  type FileEntry,
  filesBeside,
  findFiles,
  freeName,
  manifestName,
  nextName,
  placeOf,
  readManifest as readManifestOf,
  removeFiles,
  renameFiles,
  syncFolder,
  undoBeside,
  writeBytes,
  writeWhole
} from "@letterboxd-ratings/storage-folder"
import { Effect, Stream } from "effect"
import { type FileNames, memberRecordsName } from "./FileNames.ts"
import { CommittedFile, decodeManifest, encodeManifest, latestFormat, type Manifest } from "./Manifest.ts"
import { about, failures, storageError, storageName } from "./StorageFailure.ts"

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

const emptyEntry = (name: string): FileEntry => ({ name, bytes: 0, rows: 0, crc32: crc32Of(new Uint8Array()) })

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
  readManifestOf(failures, storageName, folder, decodeManifest, latestFormat)

/**
 * Brings the files of a folder to the state its manifest describes: finishes renamings, and takes away what a batch that
 * was not committed left behind the committed bytes of a file. What becomes of these bytes is for `tails` to say:
 *
 * - `refuse`: nobody of ours left any, so somebody else added rows. Fails with `Damaged`.
 * - `cut`: the last process ended at work, and they are its unfinished batch. They are cut off where all that stands
 *   before them is what was committed, else it fails with `Damaged`.
 * - `set-aside`: they are kept in a file of their own first.
 *
 * Fails with `Damaged` where committed bytes are missing, too. Checks all before it changes anything, and returns
 * sentences about what it took away.
 */
export const recoverFiles = (
  folder: string,
  manifest: Manifest,
  copyPrefix: string,
  tails: "refuse" | "cut" | "set-aside",
  except?: CommittedFile
): Effect.Effect<ReadonlyArray<string>, StorageError, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const entries = CommittedFile.literals.flatMap((key) => key === except ? [] : [manifest.files[key]])
    const found = yield* findFiles(failures, folder, entries)
    const swaps = found.flatMap(({ rename }) => rename === undefined ? [] : [rename])

    for (const { name, swap } of manifest.copies) {
      const from = path.join(folder, swap)
      if (yield* about(from)(fs.exists(from))) swaps.push({ from, to: path.join(folder, name) })
    }

    const torn = found.filter(({ bytes, entry }) => bytes > entry.bytes)
    for (const { bytes, entry, place } of torn) {
      const { crc32 } = yield* checksumOf(failures, place, entry.bytes)
      if (crc32 !== entry.crc32) return yield* storageError("Damaged", place, `${changedContent}. ${seeVerify}`)
      if (tails === "refuse") {
        return yield* storageError("Damaged", place, `${tailOf(bytes - entry.bytes)}. Nothing was written. Remove them, or let \`lb verify --repair\` set them aside`)
      }
    }
    const notes: Array<string> = []
    for (const { bytes, entry, place } of torn) {
      notes.push(tails === "cut"
        ? `${place}: ${bytes - entry.bytes} bytes of a batch that was not finished were cut off.`
        : `${place}: ${bytes - entry.bytes} bytes that were not committed were set aside in ${yield* setAside(place, entry)}.`)
      yield* about(place)(Effect.scoped(Effect.gen(function*() {
        const file = yield* fs.open(place, { flag: "r+" })
        yield* file.truncate(entry.bytes)
        yield* file.sync
      })))
    }
    yield* renameFiles(failures, swaps)
    const names = new Set(Object.values(manifest.files).map((entry) => entry.name)).add(manifestName)
    yield* removeFiles(failures, [
      ...yield* filesBeside(failures, folder, (name) => names.has(name) || name.startsWith(`${copyPrefix}_`)),
      ...yield* filesBeside(failures, path.join(folder, memberFilesFolder), () => true)
    ])
    if (torn.length > 0 || swaps.length > 0) yield* syncFolder(failures, folder)
    return notes
  })

/** Whether something stands behind the committed bytes of a file, as far as can be told. */
export const hasTail = (folder: string, manifest: Manifest): Effect.Effect<boolean, never, Files> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    for (const entry of Object.values(manifest.files)) {
      if (entry.bytes === 0) continue
      const { size } = yield* fs.stat(yield* placeOf(failures, folder, entry))
      if (Number(size) > entry.bytes) return true
    }
    return false
  }).pipe(Effect.orElseSucceed(() => true))

/** A file that was only saved in another form can be repaired. */
const seeVerify = "Nothing was written. See what `lb verify` says of it, or restore it from a copy"

/** What is said of a file whose committed bytes are others now. */
const changedContent = "its content is not what was committed (the checksum differs)"

/** What is said of a file to which something was added. */
export const tailOf = (bytes: number): string => `${bytes} bytes stand behind what was committed: somebody else added them, or a batch was not finished`

/** Keeps what stands behind the committed bytes of a file in a file of its own, and says in which. */
const setAside = (place: string, { bytes }: FileEntry) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const kept = yield* freeName(failures, `${place}.uncommitted`)
    yield* about(kept)(Stream.run(fs.stream(place, { offset: bytes }), fs.sink(kept)))
    return kept
  })

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
    const nextManifest = path.join(folder, nextName(manifestName, batch))

    const write = Effect.gen(function*() {
      const files = { ...manifest.files }
      let madeFiles = false
      for (const key of CommittedFile.literals) {
        const { swap: _, ...entry } = manifest.files[key]
        const change = changes[key]
        madeFiles ||= change._tag === "Replace" || entry.bytes === 0
        // A file that is new appears with its manifest: one without would look like a dataset of the original tool.
        files[key] = yield* change._tag === "Append" && entry.bytes > 0
          ? append(path.join(folder, entry.name), entry, change)
          : replace(folder, nextName(entry.name, batch), entry, change._tag === "Append" ? Stream.succeed(change) : change.content)
      }
      const folders = new Set<string>()
      for (const { name, text } of copies) {
        const place = path.join(folder, nextName(name, batch))
        yield* about(path.dirname(place))(fs.makeDirectory(path.dirname(place), { recursive: true }))
        yield* writeWhole(failures, place, text)
        folders.add(path.dirname(place))
      }
      for (const made of folders) yield* syncFolder(failures, made)
      if (madeFiles || folders.size > 0) yield* syncFolder(failures, folder)
      const next: Manifest = {
        ...manifest,
        batches: batch,
        files,
        copies: copies.map(({ name }) => ({ name, swap: nextName(name, batch) }))
      }
      const text = yield* Effect.mapError(encodeManifest(next), (error) => storageError("Failed", nextManifest, error.message))
      yield* writeWhole(failures, nextManifest, `${text}\n`)
      return next
    }).pipe(Effect.onError(() => undo(folder, manifest, batch, changes, copies)))

    const next = yield* write
    yield* commitManifest(failures, folder, batch, [...Object.values(next.files), ...next.copies])
    return next
  })

const append = (
  place: string,
  entry: FileEntry,
  change: { readonly text: string; readonly rows: number }
): Effect.Effect<FileEntry, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const bytes = encoder.encode(change.text)
    if (bytes.length === 0) return entry
    yield* about(place)(Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(place, { flag: "r+" })
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
      crc32: crc32Of(bytes, entry.crc32)
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
    let crc = emptyEntry(entry.name).crc32
    let size = 0
    let rows = 0
    yield* Effect.scoped(Effect.gen(function*() {
      const file = yield* about(place)(fs.open(place, { flag: "w" }))
      yield* Stream.runForEach(content, (part) => {
        const bytes = encoder.encode(part.text)
        crc = crc32Of(bytes, crc)
        size += bytes.length
        rows += part.rows
        return about(place)(writeBytes(file, bytes))
      })
      yield* about(place)(file.sync)
    }))
    return { name: entry.name, bytes: size, rows, crc32: crc, swap }
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
    yield* undoBeside(folder, batch, [...copies.map(({ name }) => name), ...Object.values(manifest.files).map(({ name }) => name)])
    for (const key of CommittedFile.literals) {
      const { bytes, name } = manifest.files[key]
      // A file that is rewritten or new was not touched, and it may be one that is not ours yet.
      if (changes[key]._tag === "Append" && bytes > 0) yield* Effect.ignore(fs.truncate(path.join(folder, name), bytes))
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
    const where = yield* placeOf(failures, folder, entry)
    const bytes = (yield* about(where)(fs.readFile(where))).subarray(0, entry.bytes)
    if (crc32Of(bytes) !== entry.crc32) {
      return yield* storageError(
        "Damaged",
        where,
        `${changedContent}: it was changed by hand or by another program. ${seeVerify}`
      )
    }
    return { where, text: new TextDecoder().decode(bytes) }
  })

/**
 * The committed lines of a file below its header, in blocks, without their line ends. Reads no further than the
 * committed length, and fails at the end where these bytes are not what was committed: who rewrites a file from them
 * must not make damage look sound.
 */
export const committedLines = (
  folder: string,
  entry: FileEntry,
  header: string
): Stream.Stream<ReadonlyArray<string>, StorageError, Files> =>
  Stream.unwrap(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (entry.bytes === 0) return Stream.empty
    const place = yield* placeOf(failures, folder, entry)
    const decoder = new TextDecoder("utf-8")
    let crc = emptyEntry(entry.name).crc32
    const check = Effect.suspend(() => crc === entry.crc32 ? Effect.void : storageError("Damaged", place, changedContent))
    return fs.stream(place, { bytesToRead: entry.bytes, chunkSize: 256 * 1024 }).pipe(
      Stream.mapError((error) => storageError("Failed", place, `it could not be read (${error.message})`, error)),
      Stream.tap((bytes) =>
        Effect.sync(() => {
          crc = crc32Of(bytes, crc)
        })),
      Stream.concat(Stream.drain(Stream.fromEffect(check))),
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
