/**
 * What is on the disk once a call has come back, also where the power is lost the next moment, and what stands in
 * nobody's way: a file is made here only where there was none.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Option, Stream } from "effect"
import { type FolderFailures, inTheWay } from "./FolderFailure.ts"

/**
 * Writes to a file, nothing too. (The platform takes a write of nothing for a write that failed.)
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeBytes = (file: FileSystem.File, bytes: Uint8Array) =>
  bytes.length === 0 ? Effect.void : file.writeAll(bytes)

/**
 * Makes a file out of what `write` puts into it, and flushes it; its entry in the folder is not flushed yet. Fails with
 * `AlreadyThere` where there is a file of that name: whose it is cannot be told. Nothing stays of one that failed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeFile = <A, E, R>(
  { about }: FolderFailures,
  place: string,
  write: (file: FileSystem.File) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | StorageError, R | FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = yield* about(place)(fs.open(place, { flag: "wx" }))
    return yield* Effect.tap(write(file), () => about(place)(file.sync)).pipe(
      Effect.onError(() => Effect.ignore(fs.remove(place)))
    )
  }).pipe(Effect.scoped)

/**
 * Fails with `AlreadyThere` where there is something at a place, be it a link that leads nowhere.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkFree = (
  { about, storageError }: FolderFailures,
  place: string
): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const isThere = (yield* about(place)(fs.exists(place))) || Option.isSome(yield* Effect.option(fs.readLink(place)))
    if (isThere) return yield* storageError("AlreadyThere", place, inTheWay)
  })

/**
 * `makeFile` out of a text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeNew = (
  failures: FolderFailures,
  place: string,
  text: string
): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  makeFile(failures, place, (file) => failures.about(place)(writeBytes(file, new TextEncoder().encode(text))))

/**
 * Makes created, renamed and removed entries of a folder survive a loss of power. `place` is what a failure is about, the
 * folder itself where nothing is said.
 *
 * @since 0.1.0
 * @category constructors
 */
export const syncFolder = (
  { about }: FolderFailures,
  folder: string,
  place = folder
): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* about(place)(Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (opened) => opened.sync)))
  })

/**
 * Makes a folder, and those it stands in, where they are not there; says whether it made one. It survives a loss of power.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeFolder = (
  failures: FolderFailures,
  place: string
): Effect.Effect<boolean, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { about } = failures
    const missing: Array<string> = []
    let there = path.resolve(place)
    while (!(yield* about(there)(fs.exists(there))) && path.dirname(there) !== there) {
      missing.unshift(there)
      there = path.dirname(there)
    }
    const made: Array<string> = []
    // One after the other: where a folder takes no folders (/proc), Node never ends to make several at once.
    const makeOne = (one: string) =>
      Effect.gen(function* () {
        yield* fs.makeDirectory(one).pipe(
          Effect.mapError((error) => madeNone(failures, one, error)),
          Effect.andThen(Effect.sync(() => made.unshift(one))),
          Effect.catchIf(
            ({ reason }) => reason === "AlreadyThere",
            // Another process came first. A link that leads nowhere is in the way.
            (error) => Effect.flatMap(about(one)(fs.exists(one)), (isThere) => (isThere ? Effect.void : error))
          )
        )
        yield* syncFolder(failures, path.dirname(one), place)
      })
    yield* Effect.forEach(missing, makeOne, { discard: true }).pipe(
      Effect.onError(() => Effect.forEach(made, removeIfEmpty, { discard: true }))
    )
    return made[0] === path.resolve(place)
  })

/** What is said where a folder could not be made in one that is there: some hold nothing but what the system puts there. */
const madeNone = ({ storageError, storageFailure }: FolderFailures, place: string, error: PlatformError) =>
  error._tag === "SystemError" && error.reason === "NotFound"
    ? storageError("InvalidOption", place, "no folder can be made there", {
        cause: error,
        remedy: { _tag: "ChoosePlace" }
      })
    : storageFailure(place, error)

/**
 * Copies a file to a place where there is none, before the original is replaced.
 *
 * @since 0.1.0
 * @category constructors
 */
export const copyFlushed = (
  failures: FolderFailures,
  from: string,
  to: string
): Effect.Effect<void, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* makeFile(failures, to, (file) =>
      failures.about(to)(Stream.runForEach(fs.stream(from), (part) => writeBytes(file, part)))
    )
    yield* syncFolder(failures, path.dirname(to))
  })

/**
 * Gives what stands at `place` a second name, the first free one after `NAME.uncommitted`, and returns it. What takes the
 * place then takes nothing away.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keepAside = (
  failures: FolderFailures,
  place: string
): Effect.Effect<string, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const kept = yield* freeName(failures, `${place}.uncommitted`)
    // Some file systems have no links.
    yield* Effect.orElse(failures.about(kept)(fs.link(place, kept)), () => copyFlushed(failures, place, kept))
    yield* syncFolder(failures, path.dirname(place))
    return kept
  })

/**
 * `name`, or `name-2`, `name-3` ... where it is taken. `ending` stays at the end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const freeName = (
  { about }: FolderFailures,
  name: string,
  ending = ""
): Effect.Effect<string, StorageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    let free = `${name}${ending}`
    for (let n = 2; yield* about(free)(fs.exists(free)); n++) free = `${name}-${n}${ending}`
    return free
  })

/**
 * Removes a folder in which nothing is. Failing is no harm. It gets another name first, under which nobody looks for it:
 * what somebody put into it meanwhile is found, and gets its place back.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeIfEmpty = (place: string): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const isEmpty = (folder: string) => Effect.map(fs.readDirectory(folder), (names) => names.length === 0)
    if (!(yield* isEmpty(place))) return
    const gone = `${place}.removed`
    if (yield* fs.exists(gone)) return
    yield* fs.rename(place, gone)
    yield* (yield* isEmpty(gone)) ? fs.remove(gone, { recursive: true }) : fs.rename(gone, place)
  }).pipe(Effect.ignore)
