/**
 * What a manifest says of one file, and whether the file is that.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Schema, Stream } from "effect"
import { crc32 } from "node:zlib"
import type { FolderFailures } from "./FolderFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

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
 * What a number of batches or rows is at most.
 *
 * @since 0.1.0
 * @category models
 */
export const highestNumber = 2 ** 31 - 1

/**
 * The name under which the content of a file stands beside it until the batch is committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nextName = (name: string, batch: number): string => `${name}.next-${batch}`

/** Such a name, of a file and a batch. */
export const nextPattern = /^(.+)\.next-(\d+)$/u

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
  rows: Schema.NonNegativeInt.pipe(Schema.lessThanOrEqualTo(highestNumber)),
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
  // Of no bytes, zlib gives 0, whatever came before.
  bytes.length === 0 ? before : crc32(bytes, Number.parseInt(before, 16)).toString(16).padStart(8, "0")

/**
 * The entry of a file that does not exist yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyEntry = (name: string): FileEntry => ({ name, bytes: 0, rows: 0, crc32: crc32Of(new Uint8Array()) })

/**
 * The entry of a file that stands in its place, as later manifests name it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inPlace = <A extends FileEntry>({ swap: _, ...entry }: A): Omit<A, "swap"> => entry

/**
 * Where a file's committed content stands: in its place, or still beside it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const placeOf = (
  { about }: FolderFailures,
  folder: string,
  entry: Pick<FileEntry, "name" | "swap">
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
 * Reads a file where its committed content stands. Fails with `Damaged` where it is missing. Who reads while another
 * process commits may find it gone from beside its place, because it is in it now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const atPlace = <A, R>(
  failures: FolderFailures,
  folder: string,
  entry: Pick<FileEntry, "bytes" | "name" | "swap">,
  read: (place: string) => Effect.Effect<A, PlatformError, R>
): Effect.Effect<A, StorageError, Files | R> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const found = yield* placeOf(failures, folder, entry)
    const place = path.join(folder, entry.name)
    const readAt = (where: string): Effect.Effect<A, StorageError, R> =>
      Effect.catchAll(read(where), (error) =>
        !isMissing(error)
          ? failures.storageFailure(where, error)
          : where === place
            ? missing(failures, place, entry)
            : readAt(place)
      )
    return yield* readAt(found)
  })

const isMissing = (error: PlatformError): boolean => error._tag === "SystemError" && error.reason === "NotFound"

/** A file of a dataset that somebody removed. */
const missing = ({ storageError }: FolderFailures, place: string, { bytes }: Pick<FileEntry, "bytes">): StorageError =>
  storageError("Damaged", place, `the file is missing; ${bytes} bytes were committed to it. Nothing was written`, {
    remedy: { _tag: "Verify" }
  })

/**
 * Fails with `Damaged` where a file is not as long as what was committed to it: somebody else changed it while the
 * dataset was open, and a commit would take that away.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkLengths = (
  failures: FolderFailures,
  folder: string,
  entries: ReadonlyArray<FileEntry>
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about, storageError } = failures
    for (const { bytes, name } of entries) {
      const place = path.join(folder, name)
      if (bytes === 0 && !(yield* about(place)(fs.exists(place)))) continue
      const now = Number((yield* atPlace(failures, folder, { bytes, name }, (where) => fs.stat(where))).size)
      if (now !== bytes) {
        return yield* storageError(
          "Damaged",
          place,
          `it holds ${now} bytes where ${bytes} were committed: it was changed while the dataset was open. Nothing was written`,
          { remedy: { _tag: "Verify" } }
        )
      }
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
 * What is said of a file whose committed bytes are others now.
 *
 * @since 0.1.0
 * @category models
 */
export const changedContent = "its content is not what was committed (the checksum differs)"

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
      return yield* storageError("Damaged", place, `the file is missing; ${entry.bytes} bytes were committed to it`, {
        remedy: { _tag: "Verify" }
      })
    }
    const { bytes, crc32 } = yield* checksumOf(failures, place, entry.bytes)
    if (bytes < entry.bytes)
      return yield* storageError("Damaged", place, `it holds ${bytes} bytes where ${entry.bytes} were committed`, {
        remedy: { _tag: "Verify" }
      })
    if (crc32 !== entry.crc32)
      return yield* storageError("Damaged", place, changedContent, { remedy: { _tag: "Verify" } })
  })

/**
 * The committed content of a small file, wherever it stands: a process that ended between commit and renaming left it
 * beside. Fails with `Damaged` where it is not what was committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readEntry = (
  failures: FolderFailures,
  folder: string,
  entry: FileEntry
): Effect.Effect<{ readonly where: string; readonly text: string }, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { storageError } = failures
    if (entry.bytes === 0) return { where: yield* placeOf(failures, folder, entry), text: "" }
    const { where, whole } = yield* atPlace(failures, folder, entry, (place) =>
      Effect.map(fs.readFile(place), (content) => ({ where: place, whole: content }))
    )
    const bytes = whole.subarray(0, entry.bytes)
    if (crc32Of(bytes) !== entry.crc32) {
      return yield* storageError(
        "Damaged",
        where,
        `${changedContent}: another program or a person changed it. Nothing was written`,
        { remedy: { _tag: "Verify" } }
      )
    }
    return { where, text: new TextDecoder().decode(bytes) }
  })

/**
 * The committed bytes of a file of any size. Reads no further, and fails at the end where they are not what was
 * committed: who rewrites a file from them must not make damage look sound.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entryBytes = (
  failures: FolderFailures,
  folder: string,
  entry: FileEntry
): Stream.Stream<Uint8Array, StorageError, Files> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      if (entry.bytes === 0) return Stream.empty
      const place = yield* placeOf(failures, folder, entry)
      let crc = crc32Of(new Uint8Array())
      const check = Effect.suspend(() =>
        crc === entry.crc32
          ? Effect.void
          : failures.storageError("Damaged", place, changedContent, { remedy: { _tag: "Verify" } })
      )
      return fs.stream(place, { bytesToRead: entry.bytes, chunkSize: 256 * 1024 }).pipe(
        Stream.mapError((error) =>
          isMissing(error) ? missing(failures, place, entry) : failures.storageFailure(place, error)
        ),
        Stream.map((bytes) => {
          crc = crc32Of(bytes, crc)
          return bytes
        }),
        Stream.concat(Stream.drain(Stream.fromEffect(check)))
      )
    })
  )
