/**
 * The processes of this machine, as Node can tell.
 *
 * @since 0.1.0
 */
import { type ProcessIdentity, ProcessTable } from "@letterboxd-ratings/core"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"

/**
 * When a process started, in clock ticks since the machine did (Linux tells); 0 elsewhere and for processes that do
 * not run. Together with the machine's own start it tells two processes with the same number apart.
 */
const startOf = (pid: number): number => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field is the program's name in brackets, which may hold spaces and brackets.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19])
    const boot = Number(/^btime (\d+)$/mu.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1])
    return Number.isNaN(ticks + boot) ? 0 : boot * 1000 + ticks * 10
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

const self: ProcessIdentity = { pid: process.pid, host: os.hostname(), startedAt: startOf(process.pid) }

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ProcessTable> = Layer.succeed(
  ProcessTable,
  ProcessTable.of({
    self: Effect.succeed(self),
    // Signals to 0 and below go to groups of processes, of which one is always there; no process has such a number.
    isRunning: ({ host, pid, startedAt }) =>
      Effect.sync(() => pid > 0 && (host !== self.host || (runs(pid) && (startedAt === 0 || startOf(pid) === startedAt))))
  })
)
