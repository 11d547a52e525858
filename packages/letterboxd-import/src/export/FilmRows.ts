/**
 * The files of an export that have one row a film: `ratings.csv`, `watched.csv` and `likes/films.csv`.
 *
 * @since 0.1.0
 */
import {
  type Day,
  type Film,
  type FilmId,
  filmIdFromNumber,
  type ImportError,
  type KnownFilms,
  type Rating,
  ratingFromHalfStars,
  readLink,
  type Slug,
  titleFromText,
  usualFilmNumber
} from "@letterboxd-ratings/core"
import { Effect, Option } from "effect"
import { makeDayReader, readDays } from "./ExportDays.ts"
import type { ExportFiles } from "./ExportFiles.ts"
import { type PlainRows, readRows } from "./ExportRows.ts"
import { makePlainCells, makeTitleReader, type PlainCells } from "./PlainCells.ts"

/**
 * A row that names a film. `id` is absent where its number is unknown; then there is a slug. `title` may be a part of a larger
 * text in memory (see `makeFilmReader`).
 */
export interface FilmRow {
  readonly line: number
  readonly id: FilmId | undefined
  readonly slug: Slug | undefined
  readonly title: string
  readonly year: number | undefined
  readonly day: Day
  readonly rating: Rating | undefined
}

/** Rows of a file, and how many of it could not be decoded. */
export interface FilmRows {
  readonly rows: ReadonlyArray<FilmRow>
  readonly notDecoded: number
  readonly notes: ReadonlyArray<string>
}

/** `4.5`, `4` and `4.0`, and `4,5` as spreadsheets of Europe write it. */
const ratingByText = new Map(
  Array.from({ length: 10 }, (_, i) => i + 1).flatMap((halfStars) =>
    Option.match(ratingFromHalfStars(halfStars), {
      onNone: () => [],
      onSome: (rating): ReadonlyArray<readonly [string, Rating]> => [
        [`${rating}`, rating],
        [rating.toFixed(1), rating],
        [rating.toFixed(1).replace(".", ","), rating]
      ]
    })
  )
)

const fourDigits = /^[1-9]\d{3}$/u

/** The year in a cell, `undefined` if it is empty; `null` if it has something else than a year. */
export const yearFromText = (text: string): number | undefined | null =>
  text === "" ? undefined : fourDigits.test(text) ? Number(text) : null

/** What names a film within one export. */
export const keyOf = (row: FilmRow): number | string => row.id ?? row.slug ?? ""

/** A copy: a part of a text keeps the whole text in memory, and a film's title stays long. */
const copyOf = (text: string): string => (text.length < 13 ? text : Buffer.from(text).toString())

/** The most films that are kept to give the same film of many exports once. */
const mostFilms = 200_000

/** Makes the films of rows; the same film of many exports is the same value. */
const makeFilmReader = (): ((row: FilmRow, id: FilmId) => Film) => {
  const known = new Map<number, Film>()
  return ({ slug, title, year }, id) => {
    const before = known.get(id)
    if (before !== undefined && before.title === title && before.year === year && before.slug === slug) return before
    const name = titleFromText(title)
    if (known.size >= mostFilms) known.clear()
    const film = {
      id,
      ...(slug === undefined ? {} : { slug }),
      ...(name === "" ? {} : { title: copyOf(name) }),
      ...(year === undefined ? {} : { year })
    }
    known.set(id, film)
    return film
  }
}

/** `N rows of FILE could not be decoded, the first in line L.` */
export const undecodedNote = (count: number, place: string, line: number): string =>
  `${count === 1 ? "1 row" : `${count} rows`} of ${place} could not be decoded, the first in line ${line}.`

const columns = ["Date", "Name", "Year", "Letterboxd URI"]
const ratedColumns = [...columns, "Rating"]

/** What the readers of all exports of an import share. */
export interface RowReaders {
  readonly known: KnownFilms
  readonly readDay: (text: string) => Day | undefined
  readonly filmOf: (row: FilmRow, id: FilmId) => Film
  readonly cells: PlainCells
}

export const makeRowReaders = (known: KnownFilms): RowReaders => {
  const readDay = makeDayReader()
  return { known, readDay, filmOf: makeFilmReader(), cells: makePlainCells(makeTitleReader(), readDay) }
}

/** Takes rows of films in the form in which Letterboxd writes them. */
const plainFilms = (cells: PlainCells, hasRatings: boolean, rows: Array<FilmRow>): PlainRows => ({
  header: (hasRatings ? ratedColumns : columns).join(","),
  take: (bytes, from, firstLine, most) => {
    let start = from
    let taken = 0
    while (start < bytes.length && taken < most) {
      cells.begin(bytes, start)
      const day = cells.day()
      if (day === undefined || !cells.comma()) break
      const title = cells.title()
      if (title === undefined || !cells.comma()) break
      const year = cells.year()
      if (year === undefined || !cells.comma()) break
      const id = cells.filmOfLink()
      if (id === undefined || (hasRatings && !cells.comma())) break
      const rating = hasRatings ? cells.rating() : undefined
      const end = cells.lineEnd()
      if (end === undefined || (hasRatings && rating === undefined)) break
      rows.push({
        line: firstLine + taken,
        id,
        slug: undefined,
        title,
        year: year === 0 ? undefined : year,
        day,
        rating
      })
      taken += 1
      start = end
    }
    return { end: start, rows: taken }
  }
})

/**
 * Reads a file of films. A row is decoded if its link leads to a film, its year is four digits or empty, its date is a day
 * and, in `ratings.csv`, its rating is one; others are counted.
 */
export const readFilmRows = (
  files: ExportFiles,
  name: string,
  hasRatings: boolean,
  { cells, known, readDay }: RowReaders
): Effect.Effect<FilmRows, ImportError> =>
  Effect.gen(function* () {
    const place = files.placeOf(name)
    const rows: Array<FilmRow> = []
    const later: Array<Omit<FilmRow, "day"> & { readonly at: number; readonly date: string }> = []
    let notDecoded = 0
    let firstLine = Infinity
    const unreadable = (line: number, lines: number) => {
      notDecoded += lines
      firstLine = Math.min(firstLine, line)
    }
    const form = yield* readRows(
      files,
      name,
      { columns: hasRatings ? ratedColumns : columns },
      {
        row: ([date = "", title = "", yearText = "", linkText = "", ratingText = ""], line) => {
          const usual = usualFilmNumber(linkText)
          const link = usual > 0 ? undefined : Option.getOrUndefined(readLink(linkText))
          const year = yearFromText(yearText)
          const rating = hasRatings ? ratingByText.get(ratingText) : undefined
          const slug = link?._tag === "FilmPage" ? link.slug : undefined
          const number = usual > 0 ? usual : link?._tag === "Film" ? link.id : undefined
          const id =
            slug === undefined ? (number === undefined ? undefined : filmIdFromNumber(number)) : known.idOf(slug)
          if ((id === undefined && slug === undefined) || (hasRatings && rating === undefined) || year === null) {
            unreadable(line, 1)
            return
          }
          const day = readDay(date)
          if (day === undefined) later.push({ at: rows.length, line, id, slug, title, year, date, rating })
          else rows.push({ line, id, slug, title, year, day, rating })
        },
        unreadable,
        plain: plainFilms(cells, hasRatings, rows)
      }
    )
    // The order of day and month in dates of a spreadsheet is known when all of them are.
    const { dayOf, note } = readDays(new Set(later.map(({ date }) => date)), place, readDay)
    const all: Array<FilmRow> = []
    let next = 0
    for (const { at, date, id, line, rating, slug, title, year } of later) {
      const day = dayOf(date)
      for (const row of rows.slice(next, at)) all.push(row)
      next = at
      if (day === undefined) unreadable(line, 1)
      else all.push({ line, id, slug, title, year, day, rating })
    }
    return {
      rows: later.length === 0 ? rows : all.concat(rows.slice(next)),
      notDecoded,
      notes: [
        ...(note === undefined ? [] : [note]),
        ...(notDecoded > 0 ? [undecodedNote(notDecoded, place, firstLine)] : []),
        ...(form.isCut ? [`${place} does not end with a line end and may be cut; its last line was not taken.`] : [])
      ]
    }
  })
