/**
 * Files that change together, or not at all, because a manifest says which of their content counts.
 *
 * 1. What takes a file's place is written beside it (`NAME.next-BATCH`) and flushed.
 * 2. The new manifest is written beside, flushed, and renamed over the old one. This rename is the commit: before it,
 *    what stands beside is rubbish; after it, it is the file's content.
 * 3. What stands beside is renamed into place. The manifest names it, so an opener finishes what was left.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import crc32 from "crc-32"
import { Effect, Option, Schema, Stream } from "effect"
import { syncFolder } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/**
 * The name of the file that says what is committed.
 *
 * @since 0.1.0
 * @category models
 */
export const manifestName = "manifest.json"

/**
 * The name of a file from the dataset's folder on, which it does not leave: a manifest may be a stranger's.
 *
 * @since 0.1.0
 * @category models
 */
export const InnerName = Schema.NonEmptyString.pipe(
  Schema.filter(
    (name) => !/[\\\0]/u.test(name) && name.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  )
)

/**
 * One file's committed content: its name from the dataset's folder on, all its bytes, its rows (a header is none), and
 * the CRC-32 of the bytes as eight hexadecimal digits. `swap` names the file that takes this one's place where the
 * process ended between the commit and the renaming.
 *
 * @since 0.1.0
 * @category models
 */
export const FileEntry = Schema.Struct({
  name: InnerName,
  bytes: Schema.NonNegativeInt,
  rows: Schema.NonNegativeInt,
  crc32: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{8}$/u)),
  swap: Schema.optionalWith(InnerName, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface FileEntry extends Schema.Schema.Type<typeof FileEntry> {}

/**
 * The checksum of bytes, or of all bytes where those before them have the checksum `before`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const crc32Of = (bytes: Uint8Array, before = "00000000"): string =>
  (crc32.buf(bytes, Number.parseInt(before, 16) | 0) >>> 0).toString(16).padStart(8, "0")

/**
 * The name under which the content of a file stands beside it until the batch is committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nextName = (name: string, batch: number): string => `${name}.next-${batch}`

const nextPattern = /^(.+)\.next-\d+$/u

const Owned = Schema.parseJson(
  Schema.Struct({
    storage: Schema.optionalWith(Schema.String, { exact: true }),
    files: Schema.optionalWith(Schema.Object, { exact: true }),
    format: Schema.optionalWith(Schema.Int, { exact: true })
  })
)
const decodeOwned = Schema.decodeUnknownOption(Owned)

/** The storage a manifest is of. That of CSV files names none: it was there first. */
const ownerOf = (owned: typeof Owned.Type | undefined): string | undefined =>
  owned?.storage ?? (owned?.files === undefined ? undefined : "csv")

/**
 * The manifest of a folder; none where the folder has none. Fails with `Damaged` where it cannot be decoded, with
 * `NewerFormat` where its format is later than `latestFormat`, and with `InvalidOption` where another storage than
 * `storage` keeps the dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readManifest = <A>(
  { about, storageError }: FolderFailures,
  storage: string,
  folder: string,
  decode: (text: string) => Effect.Effect<A, { readonly message: string }>,
  latestFormat: number
): Effect.Effect<A | undefined, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, manifestName)
    if (!(yield* about(place)(fs.exists(place)))) return undefined
    const text = yield* about(place)(fs.readFileString(place))
    return yield* Effect.mapError(decode(text), (error) => {
      const owned = Option.getOrUndefined(decodeOwned(text))
      const owner = ownerOf(owned)
      if (owner !== undefined && owner !== storage) {
        return storageError(
          "InvalidOption",
          folder,
          `the dataset there is kept by the storage ${owner}. Go on with --storage ${owner}, or choose another folder`
        )
      }
      if (owned?.format !== undefined && owned.format > latestFormat) {
        return storageError(
          "NewerFormat",
          folder,
          `a newer version of this tool wrote the dataset (format ${owned.format}; this one knows ${latestFormat}). Nothing was written. Update this tool, or start another dataset elsewhere`
        )
      }
      return storageError(
        "Damaged",
        place,
        `it is no manifest that this version understands (${error.message.split("\n")[0] ?? ""}). Nothing was written. Restore it from a copy, or update this tool`
      )
    })
  })

/**
 * Where a file's committed content stands: in its place, or still beside it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const placeOf = (
  { about }: FolderFailures,
  folder: string,
  entry: FileEntry
): Effect.Effect<string, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, entry.name)
    if (entry.swap === undefined) return place
    const swap = path.join(folder, entry.swap)
    return (yield* about(swap)(fs.exists(swap))) ? swap : place
  })

/**
 * A file found: where its content stands, how long it is, and the renaming that is left to do.
 *
 * @since 0.1.0
 * @category models
 */
export interface FoundFile {
  readonly entry: FileEntry
  readonly place: string
  readonly bytes: number
  readonly rename: Renaming | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Renaming {
  readonly from: string
  readonly to: string
}

/**
 * Finds the files a manifest names, without changing them. What waits to be renamed is read: it is what was committed, or
 * somebody else's and left alone. Fails with `Damaged` where a file is missing or shorter than what was committed to it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const findFiles = (
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
      const names = yield* filesIn(about, path.join(folder, subfolder))
      for (const name of names) listed.add(path.join(subfolder, name))
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
        return yield* storageError(
          "Damaged",
          place,
          `it holds ${bytes} bytes where ${entry.bytes} were committed. Nothing was written. See what \`lb verify\` says of it, or restore it from a copy`
        )
      }
      found.push({ entry, place: current, bytes, rename })
    }
    return found
  })

/** Whether a file is what was committed, and nothing besides. */
const isWhole = (failures: FolderFailures, place: string, entry: FileEntry) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (Number((yield* failures.about(place)(fs.stat(place))).size) !== entry.bytes) return false
    return (yield* checksumOf(failures, place, entry.bytes)).crc32 === entry.crc32
  })

/**
 * Fails with `Damaged` where a file is not as long as what was committed to it: somebody else changed it while the
 * dataset was open, and a commit would take that away.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkLengths = (
  { about, storageError }: FolderFailures,
  folder: string,
  entries: ReadonlyArray<FileEntry>
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const { bytes, name } of entries) {
      const place = path.join(folder, name)
      const now = bytes === 0 ? 0 : Number((yield* about(place)(fs.stat(place))).size)
      if (now !== bytes) {
        return yield* storageError(
          "Damaged",
          place,
          `it holds ${now} bytes where ${bytes} were committed: it was changed while the dataset was open. Nothing was written. \`lb verify\` says what is wrong with it`
        )
      }
    }
  })

/** The names in a folder; none where there is no folder. */
const filesIn = (about: FolderFailures["about"], folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return (yield* about(folder)(fs.exists(folder))) ? yield* about(folder)(fs.readDirectory(folder)) : []
  })

/**
 * The files of a folder that stand beside one of ours for a batch: what it left if it was not committed. Without a number
 * those of any batch. They are ours only where the lock was left by a process that ended at work.
 *
 * @since 0.1.0
 * @category constructors
 */
export const filesBeside = (
  { about }: FolderFailures,
  folder: string,
  batch: number | undefined,
  isOurs: (name: string) => boolean
): Effect.Effect<ReadonlyArray<string>, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const names = yield* filesIn(about, folder)
    return names
      .filter((name) => {
        const besides = nextPattern.exec(name)?.[1]
        return besides !== undefined && isOurs(besides) && (batch === undefined || name === nextName(besides, batch))
      })
      .map((name) => path.join(folder, name))
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const removeFiles = (
  { about }: FolderFailures,
  places: ReadonlyArray<string>
): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    for (const place of places) yield* about(place)(fs.remove(place, { force: true }))
  })

/**
 * Renames files into place. They are not yet safe from a loss of power.
 *
 * @since 0.1.0
 * @category constructors
 */
export const renameFiles = (
  { about }: FolderFailures,
  renamings: ReadonlyArray<Renaming>
): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    for (const { from, to } of renamings) yield* about(to)(fs.rename(from, to))
  })

/**
 * Takes away what a failed commit made. Failing is no harm: the next opener does it, where the lock tells it to.
 *
 * @since 0.1.0
 * @category constructors
 */
export const undoMade = (places: ReadonlyArray<string>): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.forEach(places, (place) => Effect.ignore(fs.remove(place, { force: true })), { discard: true })
  )

/**
 * The commit: the manifest that stands beside takes its place, and then the files it names take theirs. `swaps` are
 * those files; `removed` go away. Before the first renaming nothing has changed, after it everything has.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commitManifest = (
  failures: FolderFailures,
  folder: string,
  batch: number,
  swaps: ReadonlyArray<{ readonly name: string; readonly swap?: string }>,
  removed: ReadonlyArray<string> = []
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    yield* renameFiles(failures, [
      { from: path.join(folder, nextName(manifestName, batch)), to: path.join(folder, manifestName) }
    ])
    yield* syncFolder(failures, folder)
    const renamings = swaps.flatMap(({ name, swap }) =>
      swap === undefined ? [] : [{ from: path.join(folder, swap), to: path.join(folder, name) }]
    )
    yield* renameFiles(failures, renamings)
    const places = removed.map((name) => path.join(folder, name))
    yield* removeFiles(failures, places)
    for (const changed of new Set([...renamings.map(({ to }) => to), ...places].map((place) => path.dirname(place)))) {
      yield* syncFolder(failures, changed)
    }
  })

/**
 * The checksum of the committed part of a file of any size, and how many bytes of it are there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checksumOf = (
  { about }: FolderFailures,
  place: string,
  committed: number
): Effect.Effect<{ readonly crc32: string; readonly bytes: number }, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    let crc = crc32Of(new Uint8Array())
    let size = 0
    if (committed === 0) return { crc32: crc, bytes: size }
    yield* about(place)(
      Stream.runForEach(fs.stream(place, { bytesToRead: committed, chunkSize: 1024 * 1024 }), (bytes) =>
        Effect.sync(() => {
          crc = crc32Of(bytes, crc)
          size += bytes.length
        })
      )
    )
    return { crc32: crc, bytes: size }
  })

/**
 * Reads a file to its committed length and fails with `Damaged` where it is not what was committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkBytes = (
  failures: FolderFailures,
  folder: string,
  entry: FileEntry
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { about, storageError } = failures
    const place = yield* placeOf(failures, folder, entry)
    if (!(yield* about(place)(fs.exists(place)))) {
      return yield* storageError("Damaged", place, `the file is missing; ${entry.bytes} bytes were committed to it`)
    }
    const { bytes, crc32 } = yield* checksumOf(failures, place, entry.bytes)
    if (bytes < entry.bytes)
      return yield* storageError("Damaged", place, `it holds ${bytes} bytes where ${entry.bytes} were committed`)
    if (crc32 !== entry.crc32)
      return yield* storageError("Damaged", place, "its content is not what was committed (the checksum differs)")
  })
