/**
 * What it takes to take over a folder of the original tool that holds 5 million ratings: as pandas writes them, and as a
 * spreadsheet of a country with decimal commas does.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { runLb } from "./runLb.ts"

const millionsOfRows = 5
const rowsOfMember = 1_300
const filmsInAll = 60_000
const members = Math.ceil((millionsOfRows * 1e6) / rowsOfMember)

interface Form {
  readonly separator: string
  readonly stars: (halfStars: number) => string
}

const forms: Readonly<Record<string, Form>> = {
  "as pandas writes it": { separator: ",", stars: (halfStars) => (halfStars / 2).toFixed(1) },
  "as a spreadsheet writes it": { separator: ";", stars: (halfStars) => `"${String(halfStars / 2).replace(".", ",")}"` }
}

/** Writes the rows of a file, a member's at a time. */
const writeRows = (place: string, header: string, parts: number, part: (n: number) => string): void => {
  const file = fs.openSync(place, "w")
  fs.writeSync(file, header)
  for (let n = 0; n < parts; n++) fs.writeSync(file, part(n))
  fs.closeSync(file)
}

const writeOriginal = (folder: string, { separator, stars }: Form): void => {
  fs.mkdirSync(folder)
  const rows = (n: number, row: (film: number, halfStars: number) => string) =>
    Array.from({ length: rowsOfMember }, (_, i) =>
      row(((n + 1) * 7919 + i * 37) % filmsInAll, 1 + ((n + i) % 10))
    ).join("")
  writeRows(
    path.join(folder, "latest_raw_user_ratings.csv"),
    ["user_id", "film_id", "rating\n"].join(separator),
    members,
    (n) => rows(n, (film, halfStars) => `${n + 1}${separator}${10_000_001 + film}${separator}${stars(halfStars)}\n`)
  )
  writeRows(path.join(folder, "latest_translated_user_ratings.csv"), "username,film_title,rating\n", members, (n) =>
    rows(n, (film, halfStars) => `member_${n + 1},film-${film},${(halfStars / 2).toFixed(1)}\n`)
  )
  writeRows(
    path.join(folder, "latest_user_mappings.csv"),
    "username,numeric_user_id\n",
    members,
    (n) => `member_${n + 1},${n + 1}\n`
  )
  writeRows(
    path.join(folder, "latest_film_mappings.csv"),
    "film_id,film_title\n",
    filmsInAll,
    (n) => `${10_000_001 + n},film-${n}\n`
  )
  writeRows(
    path.join(folder, "latest_user_updates.csv"),
    "username,last_updated\n",
    members,
    (n) => `member_${n + 1},2024-05-01\n`
  )
}

export const adoptAtScale = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    for (const [what, form] of Object.entries(forms)) {
      const original = path.join(folder, what.replaceAll(" ", "-"))
      writeOriginal(original, form)
      const { megabytes, seconds } = await runLb([
        "run",
        "--mode",
        "continue",
        "--source",
        "sandbox",
        "--batches",
        "1",
        "--quiet",
        "--out",
        original
      ])
      process.stdout.write(
        `  ${millionsOfRows} million ratings ${what}, and ten members of the sandbox: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB\n`
      )
      fs.rmSync(original, { recursive: true })
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
