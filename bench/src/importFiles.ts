/**
 * What it takes to import the real ratings from files: official exports of all members, the same exports again, saved pages,
 * and a dataset in one table.
 */
import { loadWorld, type WayInKind, waysIn } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { runLb } from "./runLb.ts"

const shared = fileURLToPath(new URL("../../../shared/world/", import.meta.url))
const kinds: ReadonlyArray<WayInKind> = ["export", "warc", "freeth"]

export const importFiles = async (): Promise<void> => {
  if (!fs.existsSync(shared)) {
    process.stdout.write("  (not measured: there is no ../shared/world here)\n")
    return
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const world = await Effect.runPromise(
      loadWorld({ films: `${shared}films.csv`, watched: `${shared}watched.csv.gz` })
    )
    let ratings = 0
    for (const { films } of world.members) for (const { rating } of films) if (rating !== undefined) ratings += 1
    for (const kind of kinds) {
      const inputs = path.join(folder, kind)
      fs.mkdirSync(inputs)
      for (const file of waysIn(kind, world)) {
        const { content, name } = await Effect.runPromise(file)
        fs.writeFileSync(path.join(inputs, name), content)
      }
      for (const when of ["new", "again"]) {
        const { megabytes, seconds } = await runLb([
          "import",
          inputs,
          "--out",
          path.join(folder, `${kind}-data`),
          "--quiet"
        ])
        process.stdout.write(
          `  ${kind}, ${when}: ${seconds.toFixed(1)} s (${Math.round(ratings / seconds).toLocaleString("en-US")} ratings a second), ${Math.round(megabytes)} MB\n`
        )
      }
      fs.rmSync(inputs, { recursive: true })
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
