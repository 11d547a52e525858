/**
 * One process at a time: a lock that says who holds it and does not outlive its holder.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { ProcessIdentity, ProcessTable, type StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect, Schema } from "effect"
import type { FolderFailures } from "./FolderFailure.ts"

/**
 * The name of the lock in its folder.
 *
 * @since 0.1.0
 * @category models
 */
export const lockName = ".lock"

const Holder = Schema.parseJson(Schema.Struct({ process: ProcessIdentity, since: Schema.DateTimeUtc }))
const decodeHolder = Schema.decodeUnknownOption(Holder)
const encodeHolder = Schema.encodeSync(Holder)

/**
 * A lock that is held. `wasLeft` says that its last holder ended without giving it back: what it was writing may be
 * unfinished. `content` is what its file holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface HeldLock {
  readonly wasLeft: boolean
  readonly content: string
}

/**
 * Takes the lock of a folder, or fails with `Locked` and the holder's name. A lock is a whole file from its first
 * moment on (it is linked into place), so one that cannot be read was not left by a crash of ours; it counts as
 * left over. Whoever wants to take over a lock whose holder is gone must first win a second, equally exclusive file
 * named after that holder, and look again: so of two takers one wins, and neither takes the lock of a living one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lockFolder = (
  folder: string,
  { about, storageError, storageFailure }: FolderFailures
): Effect.Effect<HeldLock, StorageError, FileSystem.FileSystem | Path.Path | ProcessTable> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const processes = yield* ProcessTable
    const self = yield* processes.self
    const lock = path.join(folder, lockName)
    const own = path.join(folder, `${lockName}-${self.pid}`)
    const content = encodeHolder({ process: self, since: yield* DateTime.now })

    /** Creates `name` with our content, if it is not there. */
    const claim = (name: string) =>
      fs.link(own, name).pipe(
        Effect.as(true),
        Effect.catchAll((error) =>
          error._tag === "SystemError" && error.reason === "AlreadyExists" ? Effect.succeed(false) : Effect.fail(storageFailure(name, error))
        )
      )
    const readHolder = (name: string) =>
      fs.readFileString(name).pipe(Effect.orElseSucceed(() => undefined))

    const isHeld = (text: string) =>
      Effect.gen(function*() {
        const holder = decodeHolder(text)
        if (holder._tag === "None" || holder.value.process.pid === nobody) return undefined
        return (yield* processes.isRunning(holder.value.process)) ? holder.value : undefined
      })

    const attempt = Effect.gen(function*() {
      if (yield* claim(lock)) return "free" as const
      const text = yield* readHolder(lock)
      if (text === undefined) return undefined
      const holder = yield* isHeld(text)
      if (holder !== undefined) {
        return yield* storageError(
          "Locked",
          folder,
          `process ${holder.process.pid} on ${holder.process.host} is at work here since ${DateTime.formatIso(holder.since)}. Wait until it is done, or stop it${
            holder.process.host === self.host ? "" : `. If it ended on that other host, remove ${lock}`
          }`
        )
      }
      const takeover = `${lock}-takeover`
      if (!(yield* claim(takeover))) {
        const taker = yield* readHolder(takeover)
        if (taker !== undefined && (yield* isHeld(taker)) === undefined) yield* Effect.ignore(fs.remove(takeover))
        return undefined
      }
      const isStillLeftOver = (yield* readHolder(lock)) === text
      if (isStillLeftOver) yield* about(lock)(fs.rename(own, lock))
      yield* Effect.ignore(fs.remove(takeover))
      return isStillLeftOver ? "left" as const : undefined
    })

    // Files of processes that were killed while they asked for the lock.
    const removeLeftOvers = Effect.gen(function*() {
      for (const name of yield* about(folder)(fs.readDirectory(folder))) {
        if (!/^\.lock-\d+$/u.test(name)) continue
        const text = yield* readHolder(path.join(folder, name))
        if (text !== undefined && (yield* isHeld(text)) === undefined) yield* Effect.ignore(fs.remove(path.join(folder, name)))
      }
    })

    const holds = yield* about(folder)(fs.writeFileString(own, content)).pipe(
      Effect.zipRight(Effect.iterate<{ readonly tries: number; readonly was: "free" | "left" | undefined }, never, StorageError>({ tries: 0, was: undefined }, {
        while: ({ tries, was }) => was === undefined && tries < 5,
        body: ({ tries }) => Effect.map(attempt, (was) => ({ tries: tries + 1, was }))
      })),
      Effect.ensuring(Effect.ignore(fs.remove(own, { force: true })))
    )
    yield* removeLeftOvers
    if (holds.was === undefined) {
      return yield* storageError("Locked", folder, `several processes want to work here at the same moment. Try again; if it stays so, look at ${lock}`)
    }
    return { wasLeft: holds.was === "left", content }
  })

/** No process has this number. */
const nobody = 0

/**
 * Leaves the lock of a folder as that of a process that ended at work, so that the next one looks for what is unfinished.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leaveLock = (folder: string, { content }: HeldLock): Effect.Effect<void, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const holder = yield* decodeHolder(content)
    yield* fs.writeFileString(path.join(folder, lockName), encodeHolder({ ...holder, process: { ...holder.process, pid: nobody } }))
    // Where that fails, the lock stays as it is, and is left over once this process ends.
  }).pipe(Effect.ignore)

/**
 * Fails with `Locked` where the lock of a folder is not the one that is held: the folder was exchanged for another one,
 * or somebody removed the lock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkLock = (
  folder: string,
  { content }: HeldLock,
  { storageError }: FolderFailures
): Effect.Effect<void, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const now = yield* Effect.orElseSucceed(fs.readFileString(path.join(folder, lockName)), () => undefined)
    if (now !== content) {
      return yield* storageError("Locked", folder, "this is not the folder any more that was opened: it was exchanged, or its lock was removed. Nothing more was written")
    }
  })

/**
 * Gives the lock back.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unlockFolder = (folder: string): Effect.Effect<void, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* Effect.ignore(fs.remove(path.join(folder, lockName), { force: true }))
  })

/**
 * Whether a living process holds the folder.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isFolderHeld = (folder: string): Effect.Effect<boolean, never, FileSystem.FileSystem | Path.Path | ProcessTable> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const processes = yield* ProcessTable
    const text = yield* Effect.orElseSucceed(fs.readFileString(path.join(folder, lockName)), () => "")
    const holder = decodeHolder(text)
    return holder._tag === "Some" && holder.value.process.pid !== nobody && (yield* processes.isRunning(holder.value.process))
  })
