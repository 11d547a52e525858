/**
 * The processes of this machine, as Node can tell: what makes the lock of a folder hold.
 *
 * @since 0.1.0
 * @module
 */
import { type ProcessIdentity, ProcessTable } from "@letterboxd-ratings/core"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"

/** Names the machine's start (Linux tells): what else tells time on a machine may be set while a process runs. */
const boot = (() => {
  try {
    return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  } catch {
    return undefined
  }
})()

/**
 * When a process started, in milliseconds since the machine did (Linux tells); 0 elsewhere and for processes that do
 * not run. Together with the machine's start it tells two processes with the same number apart.
 */
const startOf = (pid: number): number => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field is the program's name in brackets, which may hold spaces and brackets.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19])
    return Number.isNaN(ticks) ? 0 : ticks * 10
  } catch {
    return 0
  }
}

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

const self: ProcessIdentity = {
  pid: process.pid,
  host: os.hostname(),
  startedAt: boot === undefined ? 0 : startOf(process.pid),
  ...(boot === undefined ? {} : { boot })
}

/** Whether a process that runs now is the one that was meant. Where nothing tells them apart it counts as that one. */
const isSame = ({ boot: before, pid, startedAt }: ProcessIdentity): boolean =>
  before === undefined || boot === undefined || (before === boot && (startedAt === 0 || startOf(pid) === startedAt))

/**
 * The real table of processes. A program that opens a dataset in a folder provides it, so that another process is
 * refused meanwhile, and so that the lock of a process that was killed does not stay in the way.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ProcessTable> = Layer.succeed(
  ProcessTable,
  ProcessTable.of({
    self: Effect.succeed(self),
    // Signals to 0 and below go to groups of processes, of which one is always there; no process has such a number.
    isRunning: (one) => Effect.sync(() => one.pid > 0 && (one.host !== self.host || (runs(one.pid) && isSame(one))))
  })
)
