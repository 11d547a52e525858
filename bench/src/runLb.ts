/**
 * The built command, measured.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const tellMemory =
  "data:text/javascript,process.on('exit',()=>{const u=process.resourceUsage();process.stderr.write('maxRSS '+u.maxRSS+' cpu '+(u.userCPUTime+u.systemCPUTime))})"

/** What a command took. `processor` is the time of the processor in seconds, which other work on the machine disturbs less. */
export interface Took {
  readonly seconds: number
  readonly processor: number
  readonly megabytes: number
}

/** Runs the built command in a process of its own: seconds, and the most memory it held, in MB. */
export const runLb = (args: ReadonlyArray<string>): Promise<Took> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(
      process.execPath,
      ["--import", tellMemory, fileURLToPath(new URL("../../packages/cli/bin/lb.mjs", import.meta.url)), ...args],
      {
        stdio: ["ignore", "pipe", "pipe"]
      }
    )
    let said = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        said += data.toString("utf8")
      })
    child.on("close", (code) => {
      const kilobytes = Number(/maxRSS (\d+)/u.exec(said)?.[1])
      const micros = Number(/cpu (\d+)/u.exec(said)?.[1])
      const seconds = (performance.now() - began) / 1000
      if (code === 0) resolve({ seconds, processor: micros / 1e6, megabytes: kilobytes / 1000 })
      else reject(new Error(`lb ended with ${code}: ${said}`))
    })
  })
