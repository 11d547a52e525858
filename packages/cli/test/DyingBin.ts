/**
 * `lb` on a file system that ends the process, as kill -9 does, at one of the calls that change something:
 * `DIE_AT_CALL` says which, from 1. Without it, the number of these calls is written to `COUNT_CALLS_TO`.
 */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import { runAsProcess } from "../src/Main.ts"

const dieAt = Number(process.env["DIE_AT_CALL"] ?? Infinity)
const countTo = process.env["COUNT_CALLS_TO"]
let calls = 0
const counted = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    calls += 1
    if (countTo !== undefined) fs.writeFileSync(countTo, String(calls))
    if (calls === dieAt) process.kill(process.pid, "SIGKILL")
    return effect
  })

const mortal = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (real): FileSystem.FileSystem => ({
    ...real,
    rename: (from, to) => counted(real.rename(from, to)),
    remove: (path, options) => counted(real.remove(path, options)),
    link: (from, to) => counted(real.link(from, to)),
    makeDirectory: (path, options) => counted(real.makeDirectory(path, options)),
    truncate: (path, length) => counted(real.truncate(path, length)),
    writeFileString: (path, text, options) => counted(real.writeFileString(path, text, options)),
    open: (path, options) =>
      Effect.map(
        options?.flag === "r" ? real.open(path, options) : counted(real.open(path, options)),
        (file): FileSystem.File => ({
          [FileSystem.FileTypeId]: FileSystem.FileTypeId,
          fd: file.fd,
          get stat() {
            return file.stat
          },
          seek: (offset, from) => file.seek(offset, from),
          sync: counted(Effect.suspend(() => file.sync)),
          read: (buffer) => file.read(buffer),
          readAlloc: (size) => file.readAlloc(size),
          truncate: (length) => counted(file.truncate(length)),
          write: (buffer) => counted(file.write(buffer)),
          // Half of it arrives before the end.
          writeAll: (buffer) =>
            calls + 1 === dieAt
              ? Effect.zipRight(file.writeAll(buffer.subarray(0, Math.ceil(buffer.length / 2))), counted(Effect.void))
              : counted(file.writeAll(buffer))
        })
      )
  }))
).pipe(Layer.provide(NodeContext.layer))

runAsProcess(Layer.merge(NodeContext.layer, mortal))
