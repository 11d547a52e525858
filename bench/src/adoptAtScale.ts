import { FileSystem } from "@effect/platform"
import { Effect, Option } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Benchmark } from "./Benchmark.ts"
import { inMillions } from "./LargeDataset.ts"
import { figuresOf, measuredLb, measuredNode } from "./MeasuredProcess.ts"
import * as OriginalTool from "./OriginalTool.ts"

const readBytes = fileURLToPath(new URL("readBytes.mjs", import.meta.url))
const rowsOfMember = 1_300
const filmsInAll = 60_000

interface Form {
  readonly what: string
  readonly separator: string
  readonly stars: (halfStars: number) => string
}

const forms: ReadonlyArray<Form> = [
  { what: "as pandas writes it", separator: ",", stars: (halfStars) => (halfStars / 2).toFixed(1) },
  {
    what: "as a spreadsheet writes it",
    separator: ";",
    stars: (halfStars) => `"${String(halfStars / 2).replace(".", ",")}"`
  }
]

/** Writes the rows of a file, a member's at a time. */
const writeRows = (place: string, header: string, parts: number, part: (n: number) => string): void => {
  const file = fs.openSync(place, "w")
  fs.writeSync(file, header)
  for (let n = 0; n < parts; n++) fs.writeSync(file, part(n))
  fs.closeSync(file)
}

const writeOriginal = (folder: string, ratings: number, { separator, stars }: Form): void => {
  const members = Math.ceil(ratings / rowsOfMember)
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

export const adoptAtScale: Benchmark = {
  about: "taking over a folder of the original tool, as pandas and as a spreadsheet with decimal commas writes it",
  isShort: false,
  figures: ({ ratings }) =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      const figures = yield* Effect.forEach(
        ratings.flatMap((all) => forms.map((form) => ({ all, form }))),
        ({ all, form }) =>
          Effect.gen(function* () {
            const original = path.join(folder, "original")
            writeOriginal(original, all, form)
            const limit = { what: "Node reads the bytes", took: yield* measuredNode([readBytes, original]) }
            const joined = form.separator === "," ? yield* OriginalTool.join(original) : Option.none()
            const took = yield* measuredLb([
              ..."run --mode continue --source sandbox --batches 1 --quiet --out".split(" "),
              original
            ])
            yield* fileSystem.remove(original, { recursive: true })
            return figuresOf(`${inMillions(all)} ratings ${form.what}, and ten members of the sandbox`, took, {
              limit,
              original: Option.getOrUndefined(
                Option.map(joined, ({ took }) => ({ what: "Python joins the rows one by one", took }))
              )
            })
          })
      )
      return figures.flat()
    })
}
