/**
 * What it takes to start commands that do little, beside what Node alone takes, which is the limit.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { runLb } from "./runLb.ts"

const times = 7

const tellProcessor =
  "process.on('exit',()=>{const u=process.resourceUsage();process.stdout.write(String(u.userCPUTime+u.systemCPUTime))})"

const bareNode = (): number =>
  Number(spawnSync(process.execPath, ["-e", tellProcessor], { encoding: "utf8" }).stdout) / 1e6

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

export const startUp = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const dataset = path.join(folder, "dataset")
    await runLb(["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--out", dataset, "--quiet"])
    const commands: ReadonlyArray<ReadonlyArray<string>> = [["--version"], ["--help"], ["status", "--out", dataset]]
    // In turns, so that whatever else the machine does meets all of them.
    const took = new Map(["node", ...commands.map(([name = ""]) => name)].map((name) => [name, new Array<number>()]))
    for (let i = 0; i < times; i++) {
      took.get("node")?.push(bareNode())
      for (const args of commands) took.get(args[0] ?? "")?.push((await runLb(args)).processor)
    }
    const node = median(took.get("node") ?? [])
    for (const [name, values] of took) {
      const seconds = median(values)
      process.stdout.write(
        `  ${name === "node" ? "node -e 0" : `lb ${name}`}: ${seconds.toFixed(2)} s of processor time, ${(seconds / node).toFixed(1)} times bare node\n`
      )
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
