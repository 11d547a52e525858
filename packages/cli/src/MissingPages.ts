/**
 * A page of links to the pages that complete partial members, for people who save pages by hand.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { ImportReport, Username } from "@letterboxd-ratings/core"
import { Effect, Option } from "effect"
import { Screen } from "./Screen.ts"

const fileName = "missing_pages.html"
const mark = "<!-- Written by lb import. It is replaced by each import, and removed if no page is missing. -->"

const pageOf = (missing: ImportReport["missingPages"], addressOf: (username: Username, page: number) => string) =>
  [
    mark,
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages to save</title>',
    "<h1>Pages to save</h1><p>Open each page, save it (or record all in one HAR file), and import the files.</p>",
    ...missing.flatMap(({ areTogether, pages, username }) => [
      `<h2>${username}</h2>${areTogether === true ? "<p>Import all pages of this list together, also those that are saved.</p>" : ""}<ul>`,
      ...pages.map((page) => {
        const address = addressOf(username, page)
        return `<li><a href="${address}" target="_blank" rel="noreferrer">${address}</a></li>`
      }),
      "</ul>"
    ]),
    "</html>",
    ""
  ].join("\n")

/** Whether a file is such a page. */
const isOurs = (file: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const handle = yield* fs.open(file)
      const start = new Uint8Array(mark.length)
      let length = 0
      while (length < start.length) {
        const read = Number(yield* handle.read(start.subarray(length)))
        if (read === 0) break
        length += read
      }
      return new TextDecoder().decode(start.subarray(0, length)) === mark
    })
  )

/**
 * The page of links in the folder of a dataset, if an import has left one; none if it cannot be read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const missingPagesIn = (
  folder: string
): Effect.Effect<Option.Option<string>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const place = path.join(folder, fileName)
    const isThere = yield* Effect.orElseSucceed(isOurs(place), () => false)
    return isThere ? Option.some(place) : Option.none()
  })

/**
 * Writes the links into the folder of the dataset, or removes an older page of links if there are none. A file that is
 * not ours is left alone. Gives the place of the page, if there is one. If it cannot be written, it shows a message.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeMissingPages = (
  folder: string,
  missing: ImportReport["missingPages"],
  addressOf: (username: Username, page: number) => string
): Effect.Effect<Option.Option<string>, never, FileSystem.FileSystem | Path.Path | Screen> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const screen = yield* Screen
    const place = path.join(folder, fileName)
    return yield* Effect.gen(function* () {
      if (yield* fs.exists(place)) {
        if (!(yield* isOurs(place))) return Option.none()
        if (missing.length === 0) yield* fs.remove(place)
      }
      if (missing.length === 0) return Option.none()
      yield* fs.makeDirectory(folder, { recursive: true })
      yield* fs.writeFileString(place, pageOf(missing, addressOf))
      return Option.some(place)
    }).pipe(
      Effect.catchAll((error) =>
        Effect.as(screen.err(`The links to the missing pages could not be written: ${error.message}\n`), Option.none())
      )
    )
  })
