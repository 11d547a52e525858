/**
 * A file system that remembers what of it was flushed, and what a loss of power may leave of the rest.
 *
 * A file is on the disk as it was when it was last flushed; the entries of a folder are there as they were when the folder
 * was. Of what came later any part may have arrived: all, nothing, the data without the names, the names without the
 * data, half of what was appended, zeros in its place, the entries of one folder and not of another, the first of them,
 * all but one.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import { NodePath } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import type { Disk } from "./Disk.ts"

/**
 * What a loss of power left: each file by its path from the watched folder on, `undefined` for a folder. `promised` is how
 * often `promise` had been called by then, `after` the last call that had been made of the file system.
 *
 * @since 0.1.0
 * @category models
 */
export interface PowerCut {
  readonly files: ReadonlyMap<string, Uint8Array | undefined>
  readonly promised: number
  readonly after: string
}

/**
 * A disk to be used through `disk`, and what may be left of it. `promise` says that what was done until now has to
 * survive. Programs that write past it (a database) are seen at the next call.
 *
 * @since 0.1.0
 * @category models
 */
export interface PowerCuts {
  readonly disk: Disk
  readonly promise: Effect.Effect<void>
  readonly cuts: () => ReadonlyArray<PowerCut>
}

/** A file or a folder, whatever it is called. */
type Id = number
type Entries = ReadonlyMap<string, Id>

/** What an operation did to the entries of a folder. */
type Change = ReadonlyMap<string, Id | undefined>

/** What is there at one moment. */
interface Seen {
  readonly files: ReadonlyMap<Id, Uint8Array>
  readonly folders: ReadonlyMap<Id, Entries>
}

const nothing = new Uint8Array()

/** How many bytes at the beginning of both are the same: they were not written again. */
const sameLength = (one: Uint8Array, other: Uint8Array): number => {
  let length = 0
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1
  return length
}

/** What may have arrived of a file: what was flushed of it, and what it held in the end. */
const arrivals: Readonly<
  Record<"all" | "none" | "half" | "zeros", (flushed: Uint8Array, now: Uint8Array) => Uint8Array>
> = {
  all: (_, now) => now,
  none: (flushed) => flushed,
  half: (flushed, now) => {
    const kept = sameLength(flushed, now)
    return now.subarray(0, kept + Math.ceil((now.length - kept) / 2))
  },
  zeros: (flushed, now) => {
    const zeros = new Uint8Array(now.length)
    zeros.set(now.subarray(0, sameLength(flushed, now)))
    return zeros
  }
}

const applied = (entries: Entries, changes: ReadonlyArray<Change>): Entries => {
  const result = new Map(entries)
  for (const change of changes) {
    for (const [name, id] of change) {
      if (id === undefined) result.delete(name)
      else result.set(name, id)
    }
  }
  return result
}

const changeFrom = (before: Entries, now: Entries): Change => {
  const change = new Map<string, Id | undefined>()
  for (const name of before.keys()) if (!now.has(name)) change.set(name, undefined)
  for (const [name, id] of now) if (before.get(name) !== id) change.set(name, id)
  return change
}

const touchesSame = (one: Change, other: Change): boolean => [...one.keys()].some((name) => other.has(name))

/** What may have arrived of a folder's changes: a first part of them, or all but one on which no later one builds. */
const partsOf = (changes: ReadonlyArray<Change>): ReadonlyArray<ReadonlyArray<Change>> => [
  ...changes.map((_, i) => changes.slice(0, i)),
  ...changes.flatMap((change, i) =>
    changes.slice(i + 1).some((later) => touchesSame(change, later)) ? [] : [changes.toSpliced(i, 1)]
  )
]

/**
 * Watches a folder that is there. It costs reading all that is in it at each call, so it is for small datasets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makePowerCuts = (root: string): PowerCuts => {
  const ids = new Map<number, Id>()
  let nextId = 1
  let calls = 0
  let bytesWritten = 0
  let promised = 0
  let isWatching = false
  let seen: Seen = { files: new Map(), folders: new Map() }
  let rootId: Id = 0
  const flushedFiles = new Map<Id, Uint8Array>()
  const flushedFolders = new Map<Id, Entries>()
  const pending = new Map<Id, ReadonlyArray<Change>>()
  // What a file held that nobody can name any more, but whose name may come back.
  const lastSeen = new Map<Id, Uint8Array>()
  const cuts = new Map<string, PowerCut>()

  const idOf = (ino: number): Id => {
    const known = ids.get(ino)
    if (known !== undefined) return known
    const id = nextId++
    ids.set(ino, id)
    return id
  }

  const look = (fs: FileSystem.FileSystem, path: Path.Path): Effect.Effect<Seen, PlatformError> =>
    Effect.gen(function* () {
      const files = new Map<Id, Uint8Array>()
      const folders = new Map<Id, Entries>()
      const inos = new Set<number>()
      const walk = (place: string): Effect.Effect<Id, PlatformError> =>
        Effect.gen(function* () {
          const { ino, type } = yield* fs.stat(place)
          const number = Option.getOrElse(ino, () => 0)
          inos.add(number)
          const id = idOf(number)
          if (type !== "Directory") files.set(id, yield* fs.readFile(place))
          else {
            const entries = new Map<string, Id>()
            for (const name of (yield* fs.readDirectory(place)).toSorted())
              entries.set(name, yield* walk(path.join(place, name)))
            folders.set(id, entries)
          }
          return id
        })
      rootId = yield* walk(root)
      // The number of a file that is gone may be given to another one.
      for (const ino of ids.keys()) if (!inos.has(ino)) ids.delete(ino)
      return { files, folders }
    })

  /** What is there if these entries and data arrived. */
  const leftOf = (entriesOf: (id: Id) => Entries, dataOf: (id: Id) => Uint8Array) => {
    const files = new Map<string, Uint8Array | undefined>()
    const walk = (id: Id, place: string) => {
      for (const [name, child] of entriesOf(id)) {
        const isFolder = seen.folders.has(child) || flushedFolders.has(child)
        files.set(place + name, isFolder ? undefined : dataOf(child))
        if (isFolder) walk(child, `${place}${name}/`)
      }
    }
    walk(rootId, "")
    return files
  }

  const note = (after: string) => {
    const flushed = (id: Id) => flushedFiles.get(id) ?? nothing
    const arrived = (how: keyof typeof arrivals) => (id: Id) =>
      arrivals[how](flushed(id), seen.files.get(id) ?? lastSeen.get(id) ?? flushed(id))
    const flushedEntries = (id: Id): Entries => flushedFolders.get(id) ?? new Map()
    const allEntries = (id: Id) => applied(flushedEntries(id), pending.get(id) ?? [])
    const ways: Array<readonly [string, (id: Id) => Entries, (id: Id) => Uint8Array]> = []
    for (const how of ["all", "none", "half", "zeros"] as const) {
      ways.push(
        [`all names, ${how} of the data`, allEntries, arrived(how)],
        [`no names, ${how} of the data`, flushedEntries, arrived(how)]
      )
    }
    for (const [folder, changes] of pending) {
      for (const part of partsOf(changes)) {
        const entries = (id: Id) => (id === folder ? applied(flushedEntries(id), part) : allEntries(id))
        ways.push(["some names", entries, arrived("all")], ["some names, none of the data", entries, arrived("none")])
      }
    }
    for (const lost of seen.files.keys()) {
      ways.push(["one file lost", allEntries, (id) => (id === lost ? flushed(id) : arrived("all")(id))])
    }
    for (const [way, entries, data] of ways) {
      const files = leftOf(entries, data)
      const key = [
        promised,
        ...[...files].map(
          ([name, bytes]) => `${name}\0${bytes === undefined ? "" : Buffer.from(bytes).toString("latin1")}`
        )
      ].join("\0\0")
      if (!cuts.has(key)) cuts.set(key, { files, promised, after: `${after} (${way})` })
    }
  }
  /** Takes over what a call has changed. */
  const update = (fs: FileSystem.FileSystem, path: Path.Path) =>
    Effect.gen(function* () {
      const now = yield* look(fs, path)
      if (!isWatching) {
        isWatching = true
        for (const [id, bytes] of now.files) flushedFiles.set(id, bytes)
        for (const [id, entries] of now.folders) flushedFolders.set(id, entries)
      } else {
        for (const [id, entries] of now.folders) {
          const change = changeFrom(seen.folders.get(id) ?? new Map(), entries)
          if (change.size > 0) pending.set(id, [...(pending.get(id) ?? []), change])
        }
      }
      for (const [id, bytes] of now.files) lastSeen.set(id, bytes)
      seen = now
    })

  const layer = Layer.effect(
    FileSystem.FileSystem,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const watched = <A>(
        what: string,
        effect: Effect.Effect<A, PlatformError>,
        flushes?: Effect.Effect<Option.Option<number>, PlatformError>
      ) =>
        Effect.gen(function* () {
          calls += 1
          if (!isWatching) yield* update(fs, path)
          const result = yield* Effect.exit(effect)
          yield* update(fs, path)
          if (flushes !== undefined && result._tag === "Success") {
            const id = ids.get(Option.getOrElse(yield* flushes, () => 0))
            if (id !== undefined) {
              const bytes = seen.files.get(id)
              const entries = seen.folders.get(id)
              if (bytes !== undefined) flushedFiles.set(id, bytes)
              if (entries !== undefined) {
                flushedFolders.set(id, entries)
                pending.delete(id)
              }
            }
          }
          note(`${what.replaceAll(root, "")}, call ${calls}`)
          return yield* result
        })
      const guarded: FileSystem.FileSystem = {
        ...fs,
        rename: (from, to) => watched(`rename ${from} ${to}`, fs.rename(from, to)),
        remove: (place, options) => watched(`remove ${place}`, fs.remove(place, options)),
        link: (from, to) => watched(`link ${from} ${to}`, fs.link(from, to)),
        makeDirectory: (place, options) => watched(`makeDirectory ${place}`, fs.makeDirectory(place, options)),
        copyFile: (from, to) => watched(`copyFile ${from} ${to}`, fs.copyFile(from, to)),
        truncate: (place, length) => watched(`truncate ${place}`, fs.truncate(place, length)),
        writeFile: (place, bytes, options) => watched(`writeFile ${place}`, fs.writeFile(place, bytes, options)),
        writeFileString: (place, text, options) =>
          watched(`writeFileString ${place}`, fs.writeFileString(place, text, options)),
        open: (place, options) => {
          const opened = fs.open(place, options)
          const isForReading = options?.flag === "r" || options?.flag === undefined
          return Effect.gen(function* () {
            if (!isWatching) yield* update(fs, path)
            const file = isForReading
              ? yield* opened
              : yield* Effect.flatMap(Effect.exit(opened), (made) => watched(`open ${place}`, made))
            const number = Effect.map(
              Effect.suspend(() => file.stat),
              ({ ino }) => ino
            )
            const made: FileSystem.File = {
              [FileSystem.FileTypeId]: FileSystem.FileTypeId,
              fd: file.fd,
              get stat() {
                return file.stat
              },
              seek: (offset, from) => file.seek(offset, from),
              sync: watched(
                `sync ${place}`,
                Effect.suspend(() => file.sync),
                number
              ),
              read: (buffer) => file.read(buffer),
              readAlloc: (size) => file.readAlloc(size),
              truncate: (length) => watched(`truncate ${place}`, file.truncate(length)),
              write: (buffer) => watched(`write ${place}`, file.write(buffer)),
              writeAll: (buffer) => {
                bytesWritten += buffer.length
                return watched(`write ${place}`, file.writeAll(buffer))
              }
            }
            return made
          })
        }
      }
      return guarded
    })
  ).pipe(Layer.provide(NodePath.layer))
  return {
    disk: { layer, calls: () => calls, bytesWritten: () => bytesWritten },
    promise: Effect.sync(() => {
      promised += 1
    }),
    cuts: () => [...cuts.values()]
  }
}

/**
 * Writes what a loss of power left into an empty folder.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writePowerCut = (
  { files }: PowerCut,
  folder: string
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const [name, bytes] of files) {
      const place = path.join(folder, ...name.split("/"))
      yield* bytes === undefined ? fs.makeDirectory(place) : fs.writeFile(place, bytes)
    }
  })
