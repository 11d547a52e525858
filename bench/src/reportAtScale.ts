/**
 * What it takes to make reports of 5 million ratings.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { makeLargeDataset } from "./LargeDataset.ts"
import { runLb } from "./runLb.ts"

export const reportAtScale = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const dataset = path.join(folder, "dataset")
    await makeLargeDataset(dataset)
    process.stdout.write("  | lb | seconds | peak memory, MB |\n  |---|---|---|\n")
    for (const words of [["verify"], ["report"], ["report", "--member", "member_7"]]) {
      const { megabytes, seconds } = await runLb([...words, "--out", dataset])
      process.stdout.write(`  | ${words.join(" ")} | ${seconds.toFixed(0)} | ${megabytes.toFixed(0)} |\n`)
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
