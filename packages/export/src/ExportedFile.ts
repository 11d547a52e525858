/**
 * Files of an export: written through to the disk, counted, and summed up.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError, StoredType } from "@letterboxd-ratings/core"
import { failuresOf, writeBytes } from "@letterboxd-ratings/storage-folder"
import { Chunk, Effect, Stream } from "effect"
import { Sha256 } from "./Sha256.ts"

/**
 * A column of a file: what its values are, and what they mean, in a sentence for people.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileColumn {
  readonly name: string
  readonly type: StoredType
  readonly description: string
}

/**
 * A file of an export. `rows` counts what is in it, without a header; it is absent where that is not known. `ratings` counts
 * the ratings among them, `watched` the films that a member watched and did not rate; they are absent where there are none.
 * `about` says what a row is, and `columns` are the columns in their order.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportedFile {
  readonly name: string
  readonly bytes: number
  readonly rows?: number
  readonly ratings?: number
  readonly watched?: number
  readonly sha256: string
  readonly about?: string
  readonly columns?: ReadonlyArray<FileColumn>
}

/**
 * Some rows as they stand in a file, as text or as bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileRows {
  readonly text: string | Uint8Array
  readonly rows: number
}

/** How exports fail. */
export const failures = failuresOf("export")

/** So many rows are held as text at once. */
export const rowsAtOnce = 8_192

/** Rows as they stand in a file, some at a time. */
export const linesOf = <Row, E, R>(
  rows: Stream.Stream<Row, E, R>,
  line: (row: Row) => string
): Stream.Stream<FileRows, E, R> =>
  Stream.mapChunks(rows, (chunk) => {
    const all = Chunk.toReadonlyArray(chunk)
    return Chunk.makeBy(Math.ceil(all.length / rowsAtOnce), (i) => {
      const some = all.slice(i * rowsAtOnce, (i + 1) * rowsAtOnce)
      let text = ""
      for (const row of some) text += line(row)
      return { text, rows: some.length }
    })
  })

const encoder = new TextEncoder()

/** A text shorter than this waits for the next one: rows may come one by one, and a write costs as much as a thousand rows. */
const shortestWrite = 65_536

/**
 * Writes a file of a folder, header first, and flushes it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeFile = <R>(
  folder: string,
  name: string,
  header: string,
  content: Stream.Stream<FileRows, StorageError, R>
): Effect.Effect<ExportedFile, StorageError, R | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, name)
    const { about } = failures
    const hash = (yield* Sha256).make()
    let waiting = header
    let bytes = 0
    let rows = 0
    yield* Effect.scoped(
      Effect.gen(function* () {
        const file = yield* about(place)(fs.open(place, { flag: "wx" }))
        const write = (encoded: Uint8Array) => {
          hash.update(encoded)
          bytes += encoded.length
          return about(place)(writeBytes(file, encoded))
        }
        const writeWaiting = Effect.suspend(() => {
          const encoded = encoder.encode(waiting)
          waiting = ""
          return write(encoded)
        })
        yield* Stream.runForEach(content, ({ rows: more, text }) => {
          rows += more
          if (typeof text !== "string")
            return Effect.zipRight(
              writeWaiting,
              Effect.suspend(() => write(text))
            )
          waiting += text
          return waiting.length < shortestWrite ? Effect.void : writeWaiting
        })
        yield* writeWaiting
        yield* about(place)(file.sync)
      })
    )
    return { name, bytes, rows, sha256: hash.hex() }
  })

/**
 * Sums up a file that something else wrote.
 *
 * @since 0.1.0
 * @category constructors
 */
export const describeFile = (
  folder: string,
  name: string,
  rows?: number
): Effect.Effect<ExportedFile, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, name)
    const hash = (yield* Sha256).make()
    let bytes = 0
    yield* failures.about(place)(
      Stream.runForEach(fs.stream(place, { chunkSize: 1024 * 1024 }), (part) =>
        Effect.sync(() => {
          hash.update(part)
          bytes += part.length
        })
      )
    )
    return { name, bytes, sha256: hash.hex(), ...(rows === undefined ? {} : { rows }) }
  })

/**
 * Sums up all files below a folder, in the order of their names; hidden ones (locks) are not told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const describeFolder = (
  folder: string
): Effect.Effect<ReadonlyArray<ExportedFile>, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about } = failures
    const files: Array<ExportedFile> = []
    for (const name of (yield* about(folder)(fs.readDirectory(folder, { recursive: true }))).toSorted()) {
      if (name.split(path.sep).some((part) => part.startsWith("."))) continue
      const { type } = yield* about(path.join(folder, name))(fs.stat(path.join(folder, name)))
      if (type === "File") files.push(yield* describeFile(folder, name))
    }
    return files
  })

/**
 * A file whose rows are ratings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofRatings = <E, R>(
  file: Effect.Effect<ExportedFile, E, R>,
  columns: ReadonlyArray<FileColumn>
): Effect.Effect<ExportedFile, E, R> =>
  Effect.map(file, (written) => ({
    ...written,
    ratings: written.rows ?? 0,
    about: "Ratings of films by members.",
    columns
  }))

/**
 * A file whose rows are films that members watched and did not rate.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofWatched = <E, R>(
  file: Effect.Effect<ExportedFile, E, R>,
  columns: ReadonlyArray<FileColumn>
): Effect.Effect<ExportedFile, E, R> =>
  Effect.map(file, (written) => ({
    ...written,
    watched: written.rows ?? 0,
    about: "Films that members watched and did not rate, in the order of the dataset: implicit feedback.",
    columns
  }))
