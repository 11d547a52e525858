/**
 * What it takes to export 5 million ratings to each layout of files, and to each storage that keeps files of its own kind.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { makeLargeDataset } from "./LargeDataset.ts"
import { runLb } from "./runLb.ts"

const targets: ReadonlyArray<ReadonlyArray<string>> = [
  ["jsonl"],
  ["movielens"],
  ["movielens", "--anonymise"],
  ["movielens", ..."--min-user-ratings 20 --min-film-ratings 20 --split random:0.1 --contiguous".split(" ")],
  ["parquet-file"],
  ["huggingface"],
  ["csv"],
  ["parquet"]
]

const sizeOf = (folder: string): number =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((bytes, entry) => bytes + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0)

export const exportAtScale = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const dataset = path.join(folder, "dataset")
    await makeLargeDataset(dataset)
    process.stdout.write("  | --to | seconds | MB on disk | peak memory, MB |\n  |---|---|---|---|\n")
    for (const to of targets) {
      const into = path.join(folder, "export")
      const { megabytes, seconds } = await runLb(["export", "--out", dataset, "--into", into, "--to", ...to])
      process.stdout.write(
        `  | ${to.join(" ")} | ${seconds.toFixed(0)} | ${(sizeOf(into) / 1e6).toFixed(0)} | ${megabytes.toFixed(0)} |\n`
      )
      fs.rmSync(into, { recursive: true })
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
