/**
 * The real pages beside the project, which the project does not contain.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("../../../../shared/pages/", import.meta.url))

/** Whether there are real pages to test with; where not, the tests that need them say so and are skipped. */
export const sharedPagesAbsent = !fs.existsSync(folder)
export const absence = sharedPagesAbsent ? " (skipped: there is no ../shared/pages here)" : ""

export const sharedPage = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8")

/** The rows of INDEX.md: file, what it shows, items and rated items. */
export const sharedPageIndex = (): ReadonlyArray<{
  file: string
  what: string
  items: number
  rated: number
  says: string
}> =>
  sharedPagesAbsent
    ? []
    : sharedPage("INDEX.md")
        .split("\n")
        .filter((line) => line.startsWith("| ") && line.includes(".html"))
        .map((line) => {
          const [, file = "", what = "", items = "", rated = "", says = ""] = line.split("|").map((cell) => cell.trim())
          return { file, what, items: Number.parseInt(items, 10), rated: Number.parseInt(rated || "0", 10), says }
        })
