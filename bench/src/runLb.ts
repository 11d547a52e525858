/**
 * The built command, measured.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const tellMemory =
  "data:text/javascript,process.on('exit',()=>process.stderr.write('maxRSS '+process.resourceUsage().maxRSS))"

/** Runs the built command in a process of its own: seconds, and the most memory it held, in MB. */
export const runLb = (args: ReadonlyArray<string>): Promise<{ readonly seconds: number; readonly megabytes: number }> =>
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
      if (code === 0) resolve({ seconds: (performance.now() - began) / 1000, megabytes: kilobytes / 1000 })
      else reject(new Error(`lb ended with ${code}: ${said}`))
    })
  })
