/**
 * What it takes to look at 5 million ratings in the terminal.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { makeLargeDataset } from "./LargeDataset.ts"
import { runLb } from "./runLb.ts"

export const lookAtScale = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const dataset = path.join(folder, "dataset")
    await makeLargeDataset(dataset)
    process.stdout.write("  | lb | seconds | peak memory, MB |\n  |---|---|---|\n")
    for (const words of [
      ["inspect", "ratings"],
      ["inspect", "member", "member_7", "member_8"],
      ["query", "select count(*) from films"],
      ["query", "select film_title, avg(rating), count(*) as n from ratings group by all order by n desc limit 10"]
    ]) {
      const { megabytes, seconds } = await runLb([...words, "--out", dataset])
      process.stdout.write(`  | ${words.join(" ")} | ${seconds.toFixed(1)} | ${megabytes.toFixed(0)} |\n`)
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
