/**
 * The files of an export that have one row a film: `ratings.csv`, `watched.csv` and `likes/films.csv`.
 *
 * @since 0.1.0
 */
import {
  type Day,
  type Film,
  FilmId,
  type ImportError,
  type KnownFilms,
  type Rating,
  ratingFromHalfStars,
  type Slug
} from "@letterboxd-ratings/core"
import { Effect, Option, Schema } from "effect"
import { readDays } from "./ExportDays.ts"
import type { ExportFiles } from "./ExportFiles.ts"
import { readRows } from "./ExportRows.ts"
import { readLink } from "./LinkCode.ts"

/**
 * A row that names a film. `id` is absent where its number is unknown; then there is a slug. `title` may be a part of a larger
 * text in memory (see `filmOf`).
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

const isFilmId = Schema.is(FilmId)

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

/** What names a film within one export. */
export const keyOf = (row: FilmRow): number | string => row.id ?? row.slug ?? ""

/** What names a film in a diary, whose rows have no number. */
export const nameKey = (title: string, year: string): string => `${year}\n${title}`

/** A copy: a part of a text keeps the whole text in memory, and a film's title stays long. */
const copyOf = (text: string): string => (text.length < 13 ? text : Buffer.from(text).toString())

/** The film of a row that has a number. */
export const filmOf = ({ slug, title, year }: FilmRow, id: FilmId): Film => ({
  id,
  ...(slug === undefined ? {} : { slug }),
  ...(title === "" ? {} : { title: copyOf(title) }),
  ...(year === undefined ? {} : { year })
})

/** `N rows of FILE could not be decoded, the first in line L.` */
export const undecodedNote = (count: number, place: string, line: number): string =>
  `${count === 1 ? "1 row" : `${count} rows`} of ${place} could not be decoded, the first in line ${line}.`

const columns = ["Date", "Name", "Year", "Letterboxd URI"]

/**
 * Reads a file of films. A row is decoded if its link leads to a film, its year is four digits or empty, its date is a day
 * and, in `ratings.csv`, its rating is one; others are counted.
 */
export const readFilmRows = (
  files: ExportFiles,
  name: string,
  options: {
    readonly hasRatings: boolean
    readonly known: KnownFilms
    readonly readDay: (text: string) => Day | undefined
  }
): Effect.Effect<FilmRows, ImportError> =>
  Effect.gen(function* () {
    const place = files.placeOf(name)
    const texts: Array<Omit<FilmRow, "day"> & { readonly date: string }> = []
    const dates = new Set<string>()
    let notDecoded = 0
    let firstLine = Infinity
    const unreadable = (line: number, lines: number) => {
      notDecoded += lines
      firstLine = Math.min(firstLine, line)
    }
    const form = yield* readRows(
      files.read(name),
      { place, columns: options.hasRatings ? [...columns, "Rating"] : columns, isChecked: files.isChecked },
      {
        row: (cells, line) => {
          const yearText = cells[2] ?? ""
          const link = Option.getOrUndefined(readLink(cells[3] ?? ""))
          const rating = options.hasRatings ? ratingByText.get(cells[4] ?? "") : undefined
          const slug = link?._tag === "FilmPage" ? link.slug : undefined
          const number = link?._tag === "Film" ? link.id : undefined
          const id = slug === undefined ? (isFilmId(number) ? number : undefined) : options.known.idOf(slug)
          if (
            (id === undefined && slug === undefined) ||
            (options.hasRatings && rating === undefined) ||
            !(yearText === "" || fourDigits.test(yearText))
          ) {
            unreadable(line, 1)
            return
          }
          const date = cells[0] ?? ""
          dates.add(date)
          const year = yearText === "" ? undefined : Number(yearText)
          texts.push({ line, id, slug, title: cells[1] ?? "", year, date, rating })
        },
        unreadable
      }
    )
    const { dayOf, note } = readDays(dates, place, options.readDay)
    const rows: Array<FilmRow> = []
    for (const { date, ...row } of texts) {
      const day = dayOf(date)
      if (day === undefined) unreadable(row.line, 1)
      else rows.push({ ...row, day })
    }
    return {
      rows,
      notDecoded,
      notes: [
        ...(note === undefined ? [] : [note]),
        ...(notDecoded > 0 ? [undecodedNote(notDecoded, place, firstLine)] : []),
        ...(form.isCut ? [`${place} does not end with a line end and may be cut; its last line was not taken.`] : [])
      ]
    }
  })
