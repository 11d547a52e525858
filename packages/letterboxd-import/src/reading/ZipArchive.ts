/**
 * ZIP archives, read through their central directory.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform"
import { ImportError } from "@letterboxd-ratings/core"
import { DateTime, Effect, Either, Option, type Scope, Stream } from "effect"
import { Readable } from "node:stream"
import { crc32, inflateRawSync } from "node:zlib"
import * as yauzl from "yauzl"
import { mostEntries } from "../InputKind.ts"

/**
 * The bounds on an archive: the number of its entries, and the bytes that are inflated, of one entry and of all entries
 * together. Bytes are counted as they are inflated, whatever the archive states.
 *
 * @since 0.1.0
 * @category models
 */
export interface ZipBounds {
  readonly entries: number
  readonly entryBytes: number
  readonly archiveBytes: number
}

/**
 * 10,000 entries, 256 MiB for an entry and 1 GiB for the archive.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultZipBounds: ZipBounds = {
  entries: mostEntries,
  entryBytes: 256 * 1_048_576,
  archiveBytes: 1024 * 1_048_576
}

/**
 * A file in an archive. `name` has `/` between folders and leads out of no folder. `bytes` is the size that the archive
 * states. `modifiedAt` is absent where the archive has no valid time; times without a zone are taken as UTC.
 *
 * @since 0.1.0
 * @category models
 */
export interface ZipEntry {
  readonly name: string
  readonly bytes: number
  readonly modifiedAt?: DateTime.Utc
}

/**
 * An open archive. `entries` are its files in the order of the central directory; folders are left out. `read` inflates an
 * entry and fails with `Damaged` if the entry is encrypted, cut or does not have its checksum, with `TooLarge` at a bound,
 * and with `Incomplete` if there is no such entry. All bytes of a damaged entry but its last ones may come first.
 * `readAtOnce` inflates an entry of at most 1 MiB in an archive that is held in memory, which costs less; none of another.
 *
 * @since 0.1.0
 * @category models
 */
export interface ZipArchive {
  readonly entries: ReadonlyArray<ZipEntry>
  readonly read: (name: string) => Stream.Stream<Uint8Array, ImportError>
  readonly readAtOnce: (name: string) => Option.Option<Either.Either<Uint8Array, ImportError>>
}

/** The signatures of a ZIP with files and of one without. */
export const isZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6))

/** Archives up to this size are held in memory, which saves most of the time of many small ones. */
export const heldBytes = 8 * 1_048_576

/** How the header before an entry's bytes begins. */
const localHeader = 0x04034b50

/** zlib takes no smaller chunk. */
const fewestInflated = 64

/** So many bytes of a larger entry of such an archive are inflated at once. */
const streamedAtOnce = 65_536

/** Entries of such an archive up to this size are inflated at once, without a stream for each. */
const inflatedAtOnce = 1_048_576

/** Whether a name can be that of a file below the archive. yauzl has made `\` to `/` and refused `..` and roots. */
const isFileName = (name: string): boolean =>
  name.length <= 1024 &&
  // oxlint-disable-next-line no-control-regex -- such characters are what is looked for
  !/[\u0000-\u001f\u007f\\]|^[/~]|^[A-Za-z]:/u.test(name) &&
  name.split("/").every((part) => part !== "" && part !== "." && part !== "..")

const systemCode = /^E[A-Z]{2,}$/u

/** yauzl's own messages may hold names of entries, which can be private, and are not passed on. */
const failure =
  (place: string, detail: string) =>
  (cause: unknown): ImportError => {
    if (cause instanceof ImportError) return cause
    const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""
    return systemCode.test(code)
      ? new ImportError({ reason: "Unreadable", place, detail: `the file system answers ${code}` })
      : new ImportError({ reason: "Damaged", place, detail })
  }

const damaged = (place: string, detail: string) => new ImportError({ reason: "Damaged", place, detail })

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`

/** A time of DOS has no zone, and is before 1980 or nonsense where there is none. */
const timeOf = (entry: yauzl.Entry): { readonly modifiedAt?: DateTime.Utc } => {
  const at = entry.getLastModDate({ timezone: "UTC" })
  return at.getUTCFullYear() >= 1980 ? { modifiedAt: DateTime.unsafeMake(at.getTime()) } : {}
}

/** Collects the entries of the list, in its order. `take` throws what is wrong with one. */
const entriesOf = (zip: yauzl.ZipFile, place: string, bounds: ZipBounds) => {
  const tooMany = () =>
    new ImportError({ reason: "TooLarge", place, detail: `the ZIP has more than ${bounds.entries} files` })
  const noName = () => damaged(place, `file ${count} of the ZIP has a name that no file below it can have`)
  if (zip.entryCount > bounds.entries) throw tooMany()
  const entries = new Map<string, yauzl.Entry>()
  let count = 0
  return {
    entries,
    take: (entry: yauzl.Entry | undefined): void => {
      count += 1
      if (count > bounds.entries) throw tooMany()
      if (entry === undefined) throw noName()
      const { fileName } = entry
      const isFolder = fileName.endsWith("/")
      if (!isFileName(isFolder ? fileName.slice(0, -1) : fileName)) throw noName()
      if (isFolder) return
      if (entries.has(fileName)) throw damaged(place, `the ZIP has two files with the name of file ${count}`)
      entries.set(fileName, entry)
    }
  }
}

const listEntries = async (
  zip: yauzl.ZipFile,
  place: string,
  bounds: ZipBounds
): Promise<ReadonlyMap<string, yauzl.Entry>> => {
  const { entries, take } = entriesOf(zip, place, bounds)
  for await (const entry of zip.eachEntry()) take(entry)
  return entries
}

/**
 * The bytes of an archive in memory. yauzl's own reader of such bytes waits for the next turn of the event loop with each
 * entry of the list; with this one, the list is read at once.
 */
class HeldBytes extends yauzl.RandomAccessReader {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    super()
    this.#bytes = bytes
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void
  ): void {
    const isInside = position >= 0 && position + length <= this.#bytes.length
    if (isInside) this.#bytes.copy(buffer, offset, position, position + length)
    callback(isInside ? null : new Error("the bytes end before"))
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const bytes = this.#bytes.subarray(start, end)
    return Readable.from(
      Array.from({ length: Math.ceil(bytes.length / streamedAtOnce) }, (_, i) =>
        bytes.subarray(i * streamedAtOnce, (i + 1) * streamedAtOnce)
      )
    )
  }
}

/** Opens an archive in memory, and lists its files. */
const openHeld = (held: Uint8Array): yauzl.ZipFile => {
  const bytes = Buffer.from(held.buffer, held.byteOffset, held.byteLength)
  let opened: yauzl.ZipFile | undefined
  let wrong: Error | null = null
  const options = { lazyEntries: true, autoClose: false }
  yauzl.fromRandomAccessReader(new HeldBytes(bytes), bytes.length, options, (error, zip) => {
    wrong = error
    opened = zip
  })
  // An archive without bytes is answered later.
  if (opened === undefined) throw wrong ?? new Error("there are no bytes")
  return opened
}

/** The entries of an archive that `openHeld` opened. */
const listHeld = (zip: yauzl.ZipFile, place: string, bounds: ZipBounds): ReadonlyMap<string, yauzl.Entry> => {
  const { entries, take } = entriesOf(zip, place, bounds)
  const told: { entry?: yauzl.Entry; error?: Error } = {}
  zip.on("entry", (entry) => {
    told.entry = entry
  })
  zip.on("error", (error) => {
    told.error = error
  })
  for (let i = 0; i < zip.entryCount; i++) {
    delete told.entry
    zip.readEntry()
    if (told.error !== undefined) throw told.error
    // An entry without a name is told later.
    take(told.entry)
  }
  return entries
}

/**
 * Opens a ZIP, also Zip64, and lists its files; the scope closes it. Names that lead out of the archive, that are no names
 * (NUL bytes) or that occur twice make it `Damaged`, as does a missing end; more entries than the bound are `TooLarge`.
 * An archive of at most 8 MiB is held in memory until it is closed; of a larger one, only the list of its files. With
 * `content`, all bytes of the archive, nothing is read from the disk.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openZip = (
  path: string,
  bounds: ZipBounds = defaultZipBounds,
  content?: Uint8Array
): Effect.Effect<ZipArchive, ImportError, Scope.Scope | FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const notRead = (cause: unknown) =>
      new ImportError({ reason: "Unreadable", place: path, detail: "the file cannot be read", cause })
    const isSmall = content === undefined && (yield* Effect.mapError(fs.stat(path), notRead)).size <= heldBytes
    const held = isSmall ? yield* Effect.mapError(fs.readFile(path), notRead) : content
    const notOpened = failure(
      path,
      "the list of files at the end of the ZIP is missing or damaged; the file may be cut"
    )
    const zip =
      held === undefined
        ? yield* Effect.acquireRelease(
            Effect.tryPromise({ try: () => yauzl.openPromise(path, { autoClose: false }), catch: notOpened }),
            (zip) => Effect.sync(() => zip.close())
          )
        : yield* Either.try({ try: () => openHeld(held), catch: notOpened })
    // What goes wrong is also told otherwise; an error event without a listener would end the process.
    zip.on("error", () => undefined)
    const notListed = failure(path, "the list of files of the ZIP is damaged")
    const entries =
      held === undefined
        ? yield* Effect.tryPromise({ try: () => listEntries(zip, path, bounds), catch: notListed })
        : yield* Either.try({ try: () => listHeld(zip, path, bounds), catch: notListed })
    let inflated = 0
    const tooLarge = (place: string, bytes: number): ImportError | undefined =>
      bytes > bounds.entryBytes
        ? new ImportError({
            reason: "TooLarge",
            place,
            detail: `the file inflates to more than ${mebibytes(bounds.entryBytes)}`
          })
        : inflated > bounds.archiveBytes
          ? new ImportError({
              reason: "TooLarge",
              place,
              detail: `the files of the ZIP inflate to more than ${mebibytes(bounds.archiveBytes)}`
            })
          : undefined
    const wrongEnd = (entry: yauzl.Entry, place: string, bytes: number, sum: number): ImportError | undefined =>
      bytes !== entry.uncompressedSize
        ? damaged(place, "the file does not have the size that the ZIP states")
        : sum !== entry.crc32
          ? damaged(place, "the file does not have the checksum that the ZIP states")
          : undefined

    const inStream = async function* (entry: yauzl.Entry, place: string): AsyncGenerator<Uint8Array> {
      let bytes = 0
      let sum = 0
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        if (!(chunk instanceof Uint8Array)) throw damaged(place, "the file does not hold bytes")
        bytes += chunk.length
        inflated += chunk.length
        const wrong = tooLarge(place, bytes)
        if (wrong !== undefined) throw wrong
        sum = crc32(chunk, sum)
        yield chunk
      }
      const wrong = wrongEnd(entry, place, bytes, sum)
      if (wrong !== undefined) throw wrong
    }

    const atOnce = (entry: yauzl.Entry, archive: Uint8Array, place: string): Uint8Array => {
      const header = archive.subarray(entry.relativeOffsetOfLocalHeader)
      const fields = new DataView(header.buffer, header.byteOffset, header.length)
      if (header.length < 30 || fields.getUint32(0, true) !== localHeader)
        throw damaged(place, "the file is not where the ZIP states")
      const start = 30 + fields.getUint16(26, true) + fields.getUint16(28, true)
      const content = header.subarray(start, start + entry.compressedSize)
      const bytes =
        entry.compressionMethod === 0
          ? content
          : // One byte more shows that there are more than the archive states; none is no bound.
            inflateRawSync(content, {
              maxOutputLength: entry.uncompressedSize + 1,
              // All of it in one piece: zlib joins pieces by copying them.
              chunkSize: Math.max(fewestInflated, entry.uncompressedSize + 1)
            })
      inflated += bytes.length
      const wrong = tooLarge(place, bytes.length) ?? wrongEnd(entry, place, bytes.length, crc32(bytes))
      if (wrong !== undefined) throw wrong
      return bytes
    }

    const failureIn = (place: string) => failure(place, "the file is cut or damaged inside the ZIP")
    const unreadable = (entry: yauzl.Entry, place: string): ImportError | undefined =>
      entry.isEncrypted()
        ? damaged(place, "the file is encrypted")
        : entry.canDecodeFileData()
          ? undefined
          : damaged(place, "the file is compressed in a way that is not known")

    const readAtOnce = (name: string): Option.Option<Either.Either<Uint8Array, ImportError>> => {
      const place = `${path}/${name}`
      const entry = entries.get(name)
      if (held === undefined || entry === undefined || entry.uncompressedSize > inflatedAtOnce) return Option.none()
      const wrong = unreadable(entry, place)
      return Option.some(
        wrong === undefined
          ? Either.try({ try: () => atOnce(entry, held, place), catch: failureIn(place) })
          : Either.left(wrong)
      )
    }

    const read = (name: string): Stream.Stream<Uint8Array, ImportError> =>
      Stream.suspend(() => {
        const whole = readAtOnce(name)
        if (Option.isSome(whole)) return Stream.fromEffect(whole.value)
        const place = `${path}/${name}`
        const entry = entries.get(name)
        if (entry === undefined)
          return Stream.fail(new ImportError({ reason: "Incomplete", place, detail: "the ZIP has no such file" }))
        const wrong = unreadable(entry, place)
        return wrong === undefined
          ? Stream.fromAsyncIterable(inStream(entry, place), failureIn(place))
          : Stream.fail(wrong)
      })
    return {
      entries: Array.from(entries, ([name, entry]) => ({ name, bytes: entry.uncompressedSize, ...timeOf(entry) })),
      read,
      readAtOnce
    }
  })
