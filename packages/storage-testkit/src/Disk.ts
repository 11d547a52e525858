/**
 * A file system that fails when it is told to, and processes that can die.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform"
import { type PlatformError, SystemError } from "@effect/platform/Error"
import { ProcessTable } from "@letterboxd-ratings/core"
import { Effect, Layer } from "effect"

/**
 * - `at`: which of the calls that change something fails, from 1.
 * - `code`: with what.
 * - `extent`: `call` is this one only; `crash` is it and all that follow, as after kill -9.
 * - `shortWrite`: whether half of what is written arrives before a write fails.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  readonly at: number
  readonly code: "ENOSPC" | "EIO" | "EACCES" | "EROFS"
  readonly extent: "call" | "crash"
  readonly shortWrite: boolean
}

/**
 * A file system, how many calls changed something on it, and how many bytes were written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Disk {
  readonly layer: Layer.Layer<FileSystem.FileSystem, never, FileSystem.FileSystem>
  readonly calls: () => number
  readonly bytesWritten: () => number
}

/**
 * The real file system, with its changing calls counted and, where `failure` says so, failing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeDisk = (failure?: Failure): Disk => {
  let calls = 0
  let bytesWritten = 0
  const failsNow = () => {
    calls += 1
    return failure !== undefined && (failure.extent === "call" ? calls === failure.at : calls >= failure.at)
  }
  const error = (method: string, path: string) =>
    new SystemError({
      reason: failure?.code === "EACCES" ? "PermissionDenied" : "Unknown",
      module: "FileSystem",
      method,
      pathOrDescriptor: path,
      description: `${failure?.code}: injected`,
      cause: Object.assign(new Error("injected"), { code: failure?.code })
    })
  const guard = <A>(method: string, path: string, effect: Effect.Effect<A, PlatformError>) =>
    Effect.suspend(() => (failsNow() ? Effect.fail(error(method, path)) : effect))

  const layer = Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fs): FileSystem.FileSystem => ({
      ...fs,
      rename: (from, to) => guard("rename", to, fs.rename(from, to)),
      remove: (path, options) => guard("remove", path, fs.remove(path, options)),
      link: (from, to) => guard("link", to, fs.link(from, to)),
      makeDirectory: (path, options) => guard("makeDirectory", path, fs.makeDirectory(path, options)),
      truncate: (path, length) => guard("truncate", path, fs.truncate(path, length)),
      writeFileString: (path, text, options) => guard("writeFileString", path, fs.writeFileString(path, text, options)),
      open: (path, options) => {
        const opened =
          options?.flag === "r" || options?.flag === undefined
            ? fs.open(path, options)
            : Effect.suspend(() => (failsNow() ? Effect.fail(error("open", path)) : fs.open(path, options)))
        return Effect.map(opened, (file): FileSystem.File => ({
          [FileSystem.FileTypeId]: FileSystem.FileTypeId,
          fd: file.fd,
          get stat() {
            return file.stat
          },
          seek: (offset, from) => file.seek(offset, from),
          sync: guard(
            "sync",
            path,
            Effect.suspend(() => file.sync)
          ),
          read: (buffer) => file.read(buffer),
          readAlloc: (size) => file.readAlloc(size),
          truncate: (length) => guard("truncate", path, file.truncate(length)),
          write: (buffer) => guard("write", path, file.write(buffer)),
          writeAll: (buffer) =>
            Effect.suspend(() => {
              if (!failsNow()) {
                bytesWritten += buffer.length
                return file.writeAll(buffer)
              }
              const half = buffer.subarray(0, Math.floor(buffer.length / 2))
              return (failure?.shortWrite === true ? file.writeAll(half) : Effect.void).pipe(
                Effect.zipRight(Effect.fail(error("writeAll", path)))
              )
            })
        }))
      }
    }))
  )
  return { layer, calls: () => calls, bytesWritten: () => bytesWritten }
}

/**
 * The real file system, on which nothing can be changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeReadOnlyDisk = (): Disk => makeDisk({ at: 1, code: "EROFS", extent: "crash", shortWrite: false })

/**
 * A table of processes of which this is number `pid` and only `running` run.
 *
 * @since 0.1.0
 * @category layers
 */
export const processTable = (pid: number, running: ReadonlyArray<number> = [pid]): Layer.Layer<ProcessTable> =>
  Layer.succeed(
    ProcessTable,
    ProcessTable.of({
      self: Effect.succeed({ pid, host: "here", startedAt: 1 }),
      isRunning: (process) => Effect.succeed(running.includes(process.pid))
    })
  )
