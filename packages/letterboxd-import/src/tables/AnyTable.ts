/**
 * A table of anybody's, whose columns the user names.
 */
import { ImportError, type KnownFilms, readLink, type Slug } from "@letterboxd-ratings/core"
import { Effect, Either, Option, Stream } from "effect"
import type { Candidate, ImportOptions, InputKind } from "../InputKind.ts"
import { columnsAt, delimitedBlocks } from "../reading/DelimitedRows.ts"
import { filesOfTablesZip, findFile, type NamedFile } from "../reading/NamedFiles.ts"
import { isZip } from "../reading/ZipArchive.ts"
import {
  type FilmBridge,
  filmIdFrom,
  filmNumbers,
  type NamedFilm,
  noBridge,
  readBridge,
  type RowFilm,
  slugFrom
} from "./FilmTables.ts"
import { memberFrom } from "./RatingsInput.ts"
import { inputItems, numberNotes } from "./TableFiles.ts"

type Films = { readonly filmOf: (slug: Slug) => RowFilm }

const bareDigits = /^\s*\d{1,10}(?:\.0)?\s*$/u

/** Whether a text is a slug and cannot be a number. */
const isBareSlug = (text: string): boolean =>
  !bareDigits.test(text) && !/[:?#/]/u.test(text) && slugFrom(text) !== undefined

/**
 * Whether a column of films has slugs. Then digits are slugs too: `1984` and `2012` are films. Otherwise digits are numbers.
 * The file is read until there is an answer.
 */
const hasSlugs = ({ place, read }: NamedFile, columns: readonly [user: string, film: string, rating: string]) =>
  delimitedBlocks(place, read(), columns).pipe(
    Stream.mapEffect((block) =>
      Either.map(columnsAt(place, block.form, columns), () => {
        const film = block.form.header.indexOf(columns[1])
        return block.rows.some(
          ({ cells }) => cells.length === block.form.header.length && isBareSlug(cells[film] ?? "")
        )
      })
    ),
    Stream.filter((has) => has),
    Stream.runHead,
    Effect.map(Option.isSome)
  )

/** The film that a cell names. */
const filmFrom = (text: string, areSlugs: boolean, numbers: Films): NamedFilm | undefined => {
  const link = Option.getOrUndefined(readLink(text.trim()))
  if (link !== undefined && link._tag !== "FilmPage") {
    const number = link._tag === "Film" ? filmIdFrom(`${link.id}`) : undefined
    return number === undefined ? { _tag: "Elsewhere" } : { _tag: "Numbered", film: { id: number } }
  }
  const id = (areSlugs ? /^\s*film:(\d{1,10})\s*$/u : /^\s*(?:film:)?(\d{1,10})(?:\.0)?\s*$/u).exec(text)?.[1]
  if (id !== undefined) {
    const number = filmIdFrom(id)
    return number === undefined ? undefined : { _tag: "Numbered", film: { id: number } }
  }
  const slug = slugFrom(text)
  // Other addresses are no slugs.
  return slug === undefined || /[:?#]/u.test(slug) ? undefined : numbers.filmOf(slug)
}

/** The table in a ZIP that holds nothing else. */
const onlyFileOf = (candidate: Candidate) =>
  Effect.gen(function* () {
    const { entries, path: place } = candidate
    const [name] = entries
    if (name === undefined || entries.length > 1) {
      return yield* new ImportError({
        reason: "Invalid",
        place,
        detail: `the ZIP holds ${entries.length} files, and nothing tells which one is the table`,
        advice: "Unpack it, and name the file."
      })
    }
    return yield* Effect.flatMap(filesOfTablesZip(candidate, ""), ({ find }) => find(name))
  })

const inputOf = (candidate: Candidate, options: ImportOptions, bridge: FilmBridge, films: KnownFilms) =>
  Effect.gen(function* () {
    const place = candidate.path
    if (candidate.isFolder) {
      return yield* new ImportError({
        reason: "NotRecognised",
        place,
        detail: "it is a folder, and no table",
        advice: "Name the files."
      })
    }
    const { columns } = options
    if (columns === undefined) {
      return yield* new ImportError({
        reason: "InvalidOption",
        place,
        detail: "nothing tells which columns of this table are which",
        advice: "Name the columns of members, films and ratings."
      })
    }
    const file = yield* isZip(candidate.head) ? onlyFileOf(candidate) : findFile(place)
    if (file === undefined)
      return yield* new ImportError({ reason: "Unreadable", place, detail: "there is no such file" })
    const numbers = filmNumbers(bridge, films)
    const withoutOwn = { filmOf: (slug: Slug) => numbers.filmOf(slug, undefined) }
    const areSlugs = yield* hasSlugs(file, [columns.user, columns.film, columns.rating])
    return {
      kind: "table",
      place,
      file,
      endsInLineEnd: false,
      columns,
      scale: "either" as const,
      memberOf: memberFrom,
      filmOf: (text: string) => filmFrom(text, areSlugs, withoutOwn),
      readAt: () => file.modifiedAt,
      notDecoded: 0,
      notes: () => [
        areSlugs
          ? "Its films were read as slugs, also where these are digits."
          : "Its films were read as numbers of Letterboxd, or as addresses.",
        ...numberNotes(numbers)
      ]
    }
  })

/**
 * Any delimited file with members, films and ratings, if the user names the columns. It is never recognised by a look, since
 * nothing tells such a file from others. A film is a slug, an address `/film/SLUG/`, a number (`240344`, `film:240344`), or a film link as exports have them (`https://boxd.it/a5fa`).
 */
export const table: InputKind = {
  name: "table",
  keeps: [],
  recognises: () => false,
  items: (inputs, options, films) =>
    Stream.unwrap(
      Effect.map(options.films === undefined ? Effect.succeed(noBridge) : readBridge(options.films), (bridge) =>
        Stream.flatMap(Stream.fromIterable(inputs), (candidate) =>
          inputItems("table", candidate.path, "table of ratings", inputOf(candidate, options, bridge, films))
        )
      )
    )
}
