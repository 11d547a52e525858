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
  keepAside,
  makeFile,
  makeFolder,
  manifestName,
  nextName,
  placeOf,
  readManifest as readManifestOf,
  removeFiles,
  renameFiles,
  syncFolder,
  undoMade,
  writeBytes
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

/**
 * A file that is written with a commit, and whose content the manifest does not vouch for. `before` is what it held by
 * what is committed: anything else in its place is somebody else's, and kept.
 */
export interface FileCopy {
  readonly name: string
  readonly text: string
  readonly before?: string | undefined
}

export type FileCopies = Stream.Stream<FileCopy, StorageError, Files>

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

/** The folder of the files that hold one member each. */
export const memberFilesFolder = "users"

/** The names of the files of one member. */
export const memberFilePattern = /^user_([a-z0-9_]{2,15})_(raw|translated)\.csv$/u

/** The names of the files of one batch, behind what they begin with. */
const batchFilePattern = /^_\d{8}-\d{6}(?:-\d+)?\.csv$/u

/** What a batch that was not committed may have left beside; without a number, any batch. */
const leftBeside = (folder: string, files: ReadonlyArray<string>, copyPrefix: string, batch?: number) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const names = new Set(files).add(manifestName)
    return [
      ...(yield* filesBeside(
        failures,
        folder,
        batch,
        (name) =>
          names.has(name) || (name.startsWith(copyPrefix) && batchFilePattern.test(name.slice(copyPrefix.length)))
      )),
      ...(yield* filesBeside(failures, path.join(folder, memberFilesFolder), batch, (name) =>
        memberFilePattern.test(name)
      ))
    ]
  })

const namesIn = (manifest: Manifest): ReadonlyArray<string> => Object.values(manifest.files).map(({ name }) => name)

/** Removes what a process left that ended before it committed the first batch. */
export const removeFirstAttempt = (
  folder: string,
  { rawRatingsPrefix, ...names }: FileNames
): Effect.Effect<void, StorageError, Files> =>
  Effect.flatMap(leftBeside(folder, [...Object.values(names), memberRecordsName], rawRatingsPrefix), (places) =>
    removeFiles(failures, places)
  )

/**
 * Brings the files of a folder to the state its manifest describes: finishes renamings, and takes away what a batch that
 * was not committed left. What becomes of bytes behind the committed ones is for `tails` to say:
 *
 * - `refuse`: nobody of ours left any, so somebody else added rows. Fails with `Damaged`.
 * - `cut`: the last process ended at work, and they are its unfinished batch. They are cut off where all that stands
 *   before them is what was committed, else it fails with `Damaged`. Its files beside are removed.
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
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const entries = CommittedFile.literals.flatMap((key) => (key === except ? [] : [manifest.files[key]]))
    const found = yield* findFiles(failures, folder, entries)
    const swaps = found.flatMap(({ rename }) => (rename === undefined ? [] : [rename]))

    for (const { name, swap } of tails === "cut" ? manifest.copies : []) {
      const from = path.join(folder, swap)
      if (yield* about(from)(fs.exists(from))) swaps.push({ from, to: path.join(folder, name) })
    }

    const torn = found.filter(({ bytes, entry }) => bytes > entry.bytes)
    for (const { bytes, entry, place } of torn) {
      const { crc32 } = yield* checksumOf(failures, place, entry.bytes)
      if (crc32 !== entry.crc32) return yield* storageError("Damaged", place, `${changedContent}. ${seeVerify}`)
      if (tails === "refuse") {
        return yield* storageError(
          "Damaged",
          place,
          `${tailOf(bytes - entry.bytes)}. Nothing was written. Remove them, or let \`lb verify --repair\` set them aside`
        )
      }
    }
    const notes: Array<string> = []
    for (const { bytes, entry, place } of torn) {
      notes.push(
        tails === "cut"
          ? `${place}: ${bytes - entry.bytes} bytes of a batch that was not finished were cut off.`
          : `${place}: ${bytes - entry.bytes} bytes that were not committed were set aside in ${yield* setAside(place, entry)}.`
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
    yield* renameFiles(failures, swaps)
    const left = tails === "cut" ? yield* leftBeside(folder, namesIn(manifest), copyPrefix, manifest.batches + 1) : []
    yield* removeFiles(failures, left)
    for (const changed of new Set([...swaps.map(({ to }) => to), ...left].map((place) => path.dirname(place))))
      yield* syncFolder(failures, changed)
    return notes
  })

/** Whether a commit on top of a manifest left something that the next opener has to deal with, as far as can be told. */
export const isUnfinished = (
  folder: string,
  manifest: Manifest,
  copyPrefix: string
): Effect.Effect<boolean, never, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if ((yield* leftBeside(folder, namesIn(manifest), copyPrefix, manifest.batches + 1)).length > 0) return true
    if (((yield* readManifest(folder))?.batches ?? 0) !== manifest.batches) return true
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
export const tailOf = (bytes: number): string =>
  `${bytes} bytes stand behind what was committed: somebody else added them, or a batch was not finished`

/** Keeps what stands behind the committed bytes of a file in a file of its own, and says in which. */
const setAside = (place: string, { bytes }: FileEntry) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const kept = yield* freeName(failures, `${place}.uncommitted`)
    yield* makeFile(failures, kept, (file) =>
      about(kept)(Stream.runForEach(fs.stream(place, { offset: bytes }), (part) => writeBytes(file, part)))
    )
    yield* syncFolder(failures, path.dirname(kept))
    return kept
  })

/** What happens to files in a commit; those that are not named stay as they are. */
export type FileChanges = Partial<Readonly<Record<CommittedFile, FileChange>>>

const unchanged: FileChange = { _tag: "Append", text: "", rows: 0 }

/**
 * Commits changes on top of `manifest`, which may describe files that do not exist yet (0 bytes). Returns the new
 * manifest. Costs what the changes hold. Where it fails, what it wrote is cut off again as far as possible; the
 * next opener does the rest.
 */
export const commitChanges = (
  folder: string,
  manifest: Manifest,
  changes: FileChanges,
  copies: FileCopies = Stream.empty
): Effect.Effect<Manifest, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const batch = manifest.batches + 1
    const nextManifest = path.join(folder, nextName(manifestName, batch))
    const made: Array<string> = []
    const make = (place: string, write: (file: FileSystem.File) => Effect.Effect<void, StorageError, Files>) =>
      makeFile(failures, place, (file) => {
        made.push(place)
        return write(file)
      })
    const writeText = (place: string, text: string) =>
      make(place, (file) => about(place)(writeBytes(file, encoder.encode(text))))

    const write = Effect.gen(function* () {
      const files = { ...manifest.files }
      let madeFiles = false
      for (const key of CommittedFile.literals) {
        const { swap: _, ...entry } = manifest.files[key]
        const change = changes[key] ?? unchanged
        madeFiles ||= change._tag === "Replace" || entry.bytes === 0
        // A file that is new appears with its manifest: one without would look like a dataset of the original tool.
        files[key] = yield* change._tag === "Append" && entry.bytes > 0
          ? append(path.join(folder, entry.name), entry, change)
          : replace(
              make,
              folder,
              nextName(entry.name, batch),
              entry,
              change._tag === "Append" ? Stream.succeed(change) : change.content
            )
      }
      const folders = new Set<string>()
      const written: Array<Manifest["copies"][number]> = []
      yield* Stream.runForEach(copies, ({ before, name, text }) =>
        Effect.gen(function* () {
          const place = path.join(folder, name)
          const swap = nextName(name, batch)
          yield* makeFolder(failures, path.dirname(place))
          yield* keepOthers(place, before)
          yield* writeText(path.join(folder, swap), text)
          folders.add(path.dirname(place))
          written.push({ name, swap })
        })
      )
      for (const changed of folders) yield* syncFolder(failures, changed)
      if (madeFiles) yield* syncFolder(failures, folder)
      const next: Manifest = { ...manifest, batches: batch, files, copies: written }
      const text = yield* Effect.mapError(encodeManifest(next), (error) =>
        storageError("Failed", nextManifest, error.message)
      )
      yield* writeText(nextManifest, `${text}\n`)
      return next
    })

    const isCommitted = Effect.map(readManifest(folder), (now) => now !== undefined && now.batches >= batch)
    return yield* Effect.tap(write, (next) =>
      commitManifest(failures, folder, batch, [...Object.values(next.files), ...next.copies])
    ).pipe(
      Effect.onError(() =>
        Effect.unlessEffect(
          undo(folder, manifest, changes, made),
          Effect.orElseSucceed(isCommitted, () => true)
        )
      )
    )
  })

/** Keeps what stands in the place of a file that is written anew, where it is not what this tool wrote there. */
const keepOthers = (place: string, before: string | undefined) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* about(place)(fs.exists(place)))) return
    if (before === undefined || (yield* about(place)(fs.readFileString(place))) !== before)
      yield* keepAside(failures, place)
  })

const append = (
  place: string,
  entry: FileEntry,
  change: { readonly text: string; readonly rows: number }
): Effect.Effect<FileEntry, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = encoder.encode(change.text)
    if (bytes.length === 0) return entry
    yield* about(place)(
      Effect.scoped(
        Effect.gen(function* () {
          const file = yield* fs.open(place, { flag: "r+" })
          // Not O_APPEND: the end of the file is not the end of what is committed.
          yield* file.truncate(entry.bytes)
          yield* file.seek(entry.bytes, "start")
          yield* writeBytes(file, bytes)
          yield* file.sync
        })
      )
    )
    return {
      ...entry,
      bytes: entry.bytes + bytes.length,
      rows: entry.rows + change.rows,
      crc32: crc32Of(bytes, entry.crc32)
    }
  })

const replace = (
  make: (
    place: string,
    write: (file: FileSystem.File) => Effect.Effect<void, StorageError, Files>
  ) => Effect.Effect<void, StorageError, Files>,
  folder: string,
  swap: string,
  entry: FileEntry,
  content: Stream.Stream<FilePart, StorageError, Files>
): Effect.Effect<FileEntry, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const place = path.join(folder, swap)
    let crc = emptyEntry(entry.name).crc32
    let size = 0
    let rows = 0
    yield* make(place, (file) =>
      Stream.runForEach(content, (part) => {
        const bytes = encoder.encode(part.text)
        crc = crc32Of(bytes, crc)
        size += bytes.length
        rows += part.rows
        return about(place)(writeBytes(file, bytes))
      })
    )
    return { name: entry.name, bytes: size, rows, crc32: crc, swap }
  })

/** Takes back what a failed commit wrote, so that the files stay clean for other readers. Failing is no harm. */
const undo = (
  folder: string,
  manifest: Manifest,
  changes: FileChanges,
  made: ReadonlyArray<string>
): Effect.Effect<void, never, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* undoMade(made)
    for (const key of CommittedFile.literals) {
      const { bytes, name } = manifest.files[key]
      // A file that is rewritten or new was not touched, and it may be one that is not ours yet.
      if (changes[key]?._tag === "Append" && bytes > 0)
        yield* Effect.ignore(fs.truncate(path.join(folder, name), bytes))
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
  Effect.gen(function* () {
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
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      if (entry.bytes === 0) return Stream.empty
      const place = yield* placeOf(failures, folder, entry)
      const decoder = new TextDecoder("utf-8")
      let crc = emptyEntry(entry.name).crc32
      const check = Effect.suspend(() =>
        crc === entry.crc32 ? Effect.void : storageError("Damaged", place, changedContent)
      )
      return fs.stream(place, { bytesToRead: entry.bytes, chunkSize: 256 * 1024 }).pipe(
        Stream.mapError((error) => storageError("Failed", place, `it could not be read (${error.message})`, error)),
        Stream.tap((bytes) =>
          Effect.sync(() => {
            crc = crc32Of(bytes, crc)
          })
        ),
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
              : Effect.fail(
                  storageError("Damaged", place, `it does not begin with "${header.trimEnd()}". Restore it from a copy`)
                )
        )
      )
    })
  )
