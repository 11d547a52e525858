/**
 * Files that belong together and are known by their names: those of a folder, or of a ZIP.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { ImportError } from "@letterboxd-ratings/core"
import { DateTime, Effect, type Either, Option, type Scope, Stream } from "effect"
import { type Candidate, mostEntries } from "../InputKind.ts"
import { fileBytes } from "./DelimitedRows.ts"
import { openZip, type ZipArchive, type ZipBounds } from "./ZipArchive.ts"

/** A file as far as it was looked at. `place` names it in messages; `read` gives all its bytes, or the first ones. */
export interface NamedFile {
  readonly place: string
  readonly bytes: number
  readonly modifiedAt: DateTime.Utc
  readonly read: (most?: number) => Stream.Stream<Uint8Array, ImportError>
}

/**
 * Files by their names, which have `/` between folders. `find` looks at a file; `undefined` if there is none. `readAtOnce`
 * gives the content of a small file, if that costs less than to read it in a stream.
 */
export interface NamedFiles {
  readonly placeOf: (name: string) => string
  readonly find: (name: string) => Effect.Effect<NamedFile | undefined, ImportError>
  readonly read: (name: string) => Stream.Stream<Uint8Array, ImportError>
  readonly readAtOnce: (name: string) => Option.Option<Either.Either<Uint8Array, ImportError>>
}

/** Looks at a file on disk; `undefined` if there is none. */
export const findFile = (place: string): Effect.Effect<NamedFile | undefined, ImportError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* fs.exists(place))) return undefined
    const { mtime, size, type } = yield* fs.stat(place)
    if (type !== "File") return undefined
    return {
      place,
      bytes: Number(size),
      modifiedAt: Option.getOrElse(Option.flatMap(mtime, DateTime.make), () => DateTime.unsafeMake(0)),
      read: (most?: number) => Stream.provideService(fileBytes(place, most), FileSystem.FileSystem, fs)
    }
  }).pipe(
    Effect.mapError((cause) => new ImportError({ reason: "Unreadable", place, detail: "it cannot be read", cause }))
  )

/** The files below a folder. */
export const filesOfFolder = (folder: string): Effect.Effect<NamedFiles, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const placeOf = (name: string) => path.join(folder, name)
    return {
      placeOf,
      find: (name) => Effect.provideService(findFile(placeOf(name)), FileSystem.FileSystem, fs),
      read: (name) => Stream.provideService(fileBytes(placeOf(name)), FileSystem.FileSystem, fs),
      readAtOnce: Option.none
    }
  })

/** So much of a file in a ZIP is handed on at once, which is more than is inflated at once. */
const partSize = 262_144

/** The same bytes in larger parts: whoever reads rows pays for each part. */
const inLargeParts = <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    let held: Array<Uint8Array> = []
    let length = 0
    const taken = () => {
      const part = Buffer.concat(held)
      held = []
      length = 0
      return part
    }
    const large = Stream.filterMap(bytes, (chunk) => {
      held.push(chunk)
      length += chunk.length
      return length < partSize ? Option.none() : Option.some(taken())
    })
    return Stream.concat(
      large,
      Stream.suspend(() => (length === 0 ? Stream.empty : Stream.make(taken())))
    )
  })

/** The first bytes of a file. It is read to its end all the same, because only then its checksum is known. */
const firstBytes = <E>(bytes: Stream.Stream<Uint8Array, E>, most: number): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    let left = most
    return Stream.filterMap(bytes, (chunk) => {
      const part = chunk.subarray(0, left)
      left -= part.length
      return part.length === 0 ? Option.none() : Option.some(part)
    })
  })

/** The files below `root` in an open ZIP; `root` is empty or ends in `/`. Files without a time have that of the ZIP. */
export const filesOfZip = (zip: ZipArchive, candidate: Candidate, root: string): NamedFiles => {
  const entries = new Map(zip.entries.map((entry) => [entry.name, entry]))
  const placeOf = (name: string) => `${candidate.path}/${root}${name}`
  const read = (name: string) => zip.read(root + name)
  return {
    placeOf,
    find: (name) => {
      const entry = entries.get(root + name)
      if (entry === undefined) return Effect.succeed(undefined)
      const { bytes, modifiedAt = candidate.modifiedAt } = entry
      return Effect.succeed({
        place: placeOf(name),
        bytes,
        modifiedAt,
        read: (most) => inLargeParts(most === undefined ? read(name) : firstBytes(read(name), most))
      })
    },
    read,
    readAtOnce: (name) => zip.readAtOnce(root + name)
  }
}

/**
 * Files of public datasets have hundreds of MB, and are read in a stream, which costs no memory. How many rows count is
 * bounded apart from that.
 */
const zipBounds: ZipBounds = { entries: mostEntries, entryBytes: 16 * 1024 ** 3, archiveBytes: 32 * 1024 ** 3 }

/** The files below `root` in a ZIP of tables, until the scope closes it. */
export const filesOfTablesZip = (
  candidate: Candidate,
  root: string
): Effect.Effect<NamedFiles, ImportError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.map(openZip(candidate.path, zipBounds, candidate.content), (zip) => filesOfZip(zip, candidate, root))
