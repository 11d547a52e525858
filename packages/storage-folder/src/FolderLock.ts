/**
 * One process at a time: a lock that says who holds it and does not outlive its holder.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { ProcessIdentity, ProcessTable, type StorageError } from "@letterboxd-ratings/core"
import { DateTime, Effect, Option, Schema } from "effect"
import { syncFolder, writeNew } from "./FlushedFiles.ts"
import type { FolderFailures } from "./FolderFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/**
 * The name of the lock in its folder.
 *
 * @since 0.1.0
 * @category models
 */
export const lockName = ".lock"

/** `making` is the name of the folder that the holder makes to take the place of a dataset. */
const Holder = Schema.Struct({
  process: ProcessIdentity,
  since: Schema.DateTimeUtc,
  making: Schema.optionalWith(Schema.String, { exact: true })
})
type Holder = typeof Holder.Type
const HolderText = Schema.parseJson(Holder)
const decodeHolder = Schema.decodeUnknownOption(HolderText)
const encodeHolder = Schema.encodeSync(HolderText)

/** How the text of each of our locks begins. */
const beginningOf = (pid: number): string => `{"process":{"pid":${pid},`

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

/** No process has this number. */
const nobody = 0

const readText = (place: string): Effect.Effect<string | undefined, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.orElseSucceed(fs.readFileString(place), () => undefined))

const runs = (holder: Holder): Effect.Effect<boolean, never, ProcessTable> =>
  Effect.flatMap(ProcessTable, ({ isRunning }) =>
    holder.process.pid === nobody ? Effect.succeed(false) : isRunning(holder.process)
  )

/** What is said of a lock that may be somebody's. */
const notOurs = (place: string): string =>
  `${place} is not a lock of this tool, so that it may be somebody's. If nobody is at work here, move it elsewhere`

/** Whether there is something that no lock can be: a folder, a link that leads nowhere, a file that cannot be read. */
const isNoFile = (place: string): Effect.Effect<boolean, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if ((yield* readText(place)) !== undefined) return false
    return (yield* fs.exists(place)) || (yield* Effect.isSuccess(fs.readLink(place)))
  }).pipe(Effect.orElseSucceed(() => true))

/** Flushes a text into a new file of this process, `.lock-PID` or a name like it. */
const writeOwn = (
  failures: FolderFailures,
  folder: string,
  text: string,
  n = 1
): Effect.Effect<string, StorageError, Files | ProcessTable> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const { pid } = yield* Effect.flatMap(ProcessTable, ({ self }) => self)
    const place = path.join(folder, `${lockName}-${pid}${n === 1 ? "" : `-${n}`}`)
    return yield* writeNew(failures, place, text).pipe(
      Effect.as(place),
      // Another host may have a process of this number, and so may have had this one.
      Effect.catchIf(
        ({ reason }) => reason === "AlreadyThere",
        () => writeOwn(failures, folder, text, n + 1)
      )
    )
  })

/** Removes what processes left of themselves that were killed while they asked for the lock. Failing is no harm. */
const removeOwnOfOthers = (folder: string): Effect.Effect<void, never, Files | ProcessTable> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { isRunning, self } = yield* ProcessTable
    const { host } = yield* self
    for (const name of yield* fs.readDirectory(folder)) {
      const pid = Number(/^\.lock-(\d+)(?:-\d+)?$/u.exec(name)?.[1])
      const place = path.join(folder, name)
      // A loss of power may leave zeros where the rest of a text belongs.
      const text = Number.isNaN(pid) ? undefined : (yield* readText(place))?.replace(/\0+$/u, "")
      if (text === undefined) continue
      const told = Option.getOrUndefined(decodeHolder(text))?.process
      // Who was killed while writing left the beginning of a text, which is always the same.
      const isTorn =
        told === undefined &&
        [pid, nobody].map(beginningOf).some((beginning) => text.startsWith(beginning) || beginning.startsWith(text))
      const owner = isTorn
        ? { pid, host, startedAt: 0 }
        : told?.pid === pid || told?.pid === nobody
          ? { ...told, pid }
          : undefined
      if (owner !== undefined && !(yield* isRunning(owner))) yield* Effect.ignore(fs.remove(place))
    }
  }).pipe(Effect.ignore)

/**
 * Takes the lock of a folder, or fails with `Locked` and the holder's name. It is on the disk before this returns: after
 * a loss of power it says, like after a death, that a process was at work here. A lock is a whole file from its first
 * moment on (it is flushed, and then linked into place), so one that cannot be read is not ours, and is refused. Whoever
 * wants to take over a lock whose holder is gone must first win a second, equally exclusive file named after that
 * holder, and look again: so of two takers one wins, and neither takes the lock of a living one. `making` is the name of
 * a folder that is to take the place of this one, or that this one is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lockFolder = (
  folder: string,
  failures: FolderFailures,
  making?: string
): Effect.Effect<HeldLock, StorageError, Files | ProcessTable> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about, storageError, storageFailure } = failures
    const self = yield* Effect.flatMap(ProcessTable, (processes) => processes.self)
    const lock = path.join(folder, lockName)
    const content = encodeHolder({
      process: self,
      since: yield* DateTime.now,
      ...(making === undefined ? {} : { making })
    })

    const attempt = (own: string) =>
      Effect.gen(function* () {
        /** Creates `name` with our content, if it is not there. */
        const claim = (name: string) =>
          fs.link(own, name).pipe(
            Effect.as(true),
            Effect.catchAll((error) =>
              error._tag === "SystemError" && error.reason === "AlreadyExists"
                ? Effect.succeed(false)
                : Effect.fail(storageFailure(name, error))
            )
          )
        if (yield* claim(lock)) return "free" as const
        const text = yield* readText(lock)
        if (text === undefined) return undefined
        const holder = decodeHolder(text)
        if (Option.isNone(holder)) {
          return yield* storageError("Locked", folder, notOurs(lock))
        }
        if (yield* runs(holder.value)) {
          const {
            process: { host, pid },
            since
          } = holder.value
          return yield* storageError(
            "Locked",
            folder,
            `in use by process ${pid} on ${host} since ${DateTime.formatIso(since)}${
              host === self.host ? "" : `. If that process has ended, remove ${lock}`
            }`
          )
        }
        const takeover = `${lock}-takeover`
        if (!(yield* claim(takeover))) {
          const taker = Option.flatMap(Option.fromNullable(yield* readText(takeover)), decodeHolder)
          if (Option.isSome(taker) && !(yield* runs(taker.value))) yield* Effect.ignore(fs.remove(takeover))
          return undefined
        }
        const isStillLeftOver = (yield* readText(lock)) === text
        if (isStillLeftOver) yield* about(lock)(fs.rename(own, lock))
        yield* Effect.ignore(fs.remove(takeover))
        return isStillLeftOver ? ("left" as const) : undefined
      })

    const was = yield* Effect.acquireUseRelease(
      writeOwn(failures, folder, content),
      (own) =>
        Effect.gen(function* () {
          let was = yield* attempt(own)
          for (let tries = 1; was === undefined && tries < 5; tries++) was = yield* attempt(own)
          return was
        }),
      (own) => Effect.ignore(fs.remove(own, { force: true }))
    )
    yield* removeOwnOfOthers(folder)
    if (was === undefined) {
      for (const place of [lock, `${lock}-takeover`])
        if (yield* isNoFile(place)) return yield* storageError("Locked", folder, notOurs(place))
      return yield* storageError("Locked", folder, "several processes want to work here at the same moment")
    }
    const held = { wasLeft: was === "left", content }
    yield* syncFolder(failures, folder).pipe(
      Effect.onError(() => (held.wasLeft ? leaveLock(folder, held, failures) : unlockFolder(folder, held, failures)))
    )
    return held
  })

/**
 * Leaves the lock of a folder as that of a process that ended at work, so that the next one looks for what is unfinished.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leaveLock = (
  folder: string,
  held: HeldLock,
  failures: FolderFailures
): Effect.Effect<void, never, Files | ProcessTable> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const holder = yield* decodeHolder(held.content)
    yield* checkLock(folder, held, failures)
    const own = yield* writeOwn(
      failures,
      folder,
      encodeHolder({ ...holder, process: { ...holder.process, pid: nobody } })
    )
    yield* fs.rename(own, path.join(folder, lockName)).pipe(Effect.onError(() => Effect.ignore(fs.remove(own))))
    yield* syncFolder(failures, folder)
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
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    if ((yield* readText(path.join(folder, lockName))) !== content) {
      return yield* storageError(
        "Locked",
        folder,
        "this is no longer the folder that was opened: it was exchanged, or its lock was removed. Nothing more was written"
      )
    }
  })

/**
 * Gives the lock back, if it is the one that is held: that of another process stays.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unlockFolder = (
  folder: string,
  held: HeldLock,
  failures: FolderFailures
): Effect.Effect<void, never, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* checkLock(folder, held, failures)
    yield* fs.remove(path.join(folder, lockName))
    // One that came back after a loss of power would say that somebody was at work since.
    yield* syncFolder(failures, folder)
  }).pipe(Effect.ignore)

/**
 * What the lock of a folder says, if there is one of ours: whether its holder still runs, who that is and since when it
 * holds the lock, and the name of the folder that the holder makes.
 *
 * @since 0.1.0
 * @category models
 */
export interface LockState {
  readonly isHeld: boolean
  readonly process: ProcessIdentity
  readonly since: DateTime.Utc
  readonly making: string | undefined
}

/**
 * The state of a lock: `.lock` where nothing is said, or the file that becomes one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lockState = (
  folder: string,
  name = lockName
): Effect.Effect<LockState | undefined, never, Files | ProcessTable> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const holder = Option.flatMap(Option.fromNullable(yield* readText(path.join(folder, name))), decodeHolder)
    if (Option.isNone(holder)) return undefined
    const { making, process, since } = holder.value
    return { isHeld: yield* runs(holder.value), process, since, making }
  })
