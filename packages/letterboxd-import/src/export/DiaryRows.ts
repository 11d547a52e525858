/**
 * The rows of `diary.csv`, which are counted. They have no number of a film; the name and the year tell which one of the same
 * export it is.
 *
 * @since 0.1.0
 */
import type { ImportError } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import type { ExportFiles } from "./ExportFiles.ts"
import { type PlainRows, readRows, type RowSink } from "./ExportRows.ts"
import { type FilmRow, keyOf, yearFromText } from "./FilmRows.ts"
import type { PlainCells } from "./PlainCells.ts"

interface DiaryCounts {
  readonly joined: number
  readonly notJoined: number
  readonly notDecoded: number
  readonly firstLine: number
  readonly withoutRating: number
}

/**
 * The films by name and year, as the diary writes them. Two films of one name and year cannot be told from each other: then
 * there is no film. Few names are those of several films, and only these have a map.
 */
const makeFilmsByName = (
  films: ReadonlyArray<FilmRow>
): ((title: string, year: number | undefined) => number | string | undefined) => {
  const first = new Map<string, FilmRow>()
  const several = new Map<string, Map<number | undefined, number | string | undefined>>()
  for (const film of films) {
    const before = first.get(film.title)
    if (before === undefined) {
      first.set(film.title, film)
      continue
    }
    let byYear = several.get(film.title)
    if (byYear === undefined) several.set(film.title, (byYear = new Map([[before.year, keyOf(before)]])))
    const { year } = film
    const key = keyOf(film)
    byYear.set(year, byYear.has(year) && byYear.get(year) !== key ? undefined : key)
  }
  return (title, year) => {
    const film = first.get(title)
    if (film === undefined) return undefined
    const byYear = several.get(title)
    return byYear === undefined ? (film.year === year ? keyOf(film) : undefined) : byYear.get(year)
  }
}

/** So large a share of the films that the diary rates may have no rating of their own. */
const shareWithoutRating = 0.02

/**
 * Takes rows of the diary in the form in which Letterboxd writes them. What stands behind the rating, the member's own words
 * among it, is passed over.
 */
const plainDiary = (
  cells: PlainCells,
  note: (title: string, year: number | undefined, isRated: boolean) => void
): PlainRows => ({
  header: "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date",
  take: (bytes, from, _line, most) => {
    let start = from
    let taken = 0
    while (start < bytes.length && taken < most) {
      cells.begin(bytes, start)
      if (cells.skip() === undefined || !cells.comma()) break
      const title = cells.title()
      if (title === undefined || !cells.comma()) break
      const year = cells.year()
      if (year === undefined || !cells.comma()) break
      if (cells.skip() === undefined || !cells.comma()) break
      const isUnrated = cells.skip()
      if (isUnrated === undefined || !cells.comma()) break
      if (cells.skip() === undefined || !cells.comma()) break
      if (cells.skip() === undefined || !cells.comma()) break
      if (cells.skip() === undefined) break
      const end = cells.lineEnd()
      if (end === undefined) break
      note(title, year === 0 ? undefined : year, !isUnrated)
      taken += 1
      start = end
    }
    return { end: start, rows: taken }
  }
})

/**
 * Counts the viewings of the diary whose film is known by name and year, within this export, and the films that it rates and
 * that are not `rated`.
 */
export const countDiary = (
  files: ExportFiles,
  films: ReadonlyArray<FilmRow>,
  rated: ReadonlyMap<number | string, FilmRow>,
  cells: PlainCells
): Effect.Effect<Partial<DiaryCounts>, ImportError> =>
  Effect.gen(function* () {
    const name = "diary.csv"
    if (!files.names.has(name)) return {}
    const filmNamed = makeFilmsByName(films)
    const ratedInDiary = new Set<number | string>()
    let joined = 0
    let notJoined = 0
    let notDecoded = 0
    let firstLine = 0
    const note = (title: string, year: number | undefined, isRated: boolean): void => {
      const key = filmNamed(title, year)
      if (key === undefined) {
        notJoined += 1
        return
      }
      joined += 1
      if (isRated) ratedInDiary.add(key)
    }
    const sink: RowSink = {
      row: ([title = "", yearText = "", rating = ""]) => {
        const year = yearFromText(yearText)
        if (year === null) notJoined += 1
        else note(title, year, rating !== "")
      },
      plain: plainDiary(cells, note),
      unreadable: (line: number, lines: number) => {
        if (notDecoded === 0) firstLine = line
        notDecoded += lines
      }
    }
    const columns = ["Name", "Year"]
    yield* Effect.catchIf(
      readRows(files, name, { columns: [...columns, "Rating"] }, sink),
      ({ reason }) => reason === "Incomplete",
      () => readRows(files, name, { columns }, sink)
    )
    const withoutRating = [...ratedInDiary].filter((key) => !rated.has(key)).length
    return {
      joined,
      notJoined,
      notDecoded,
      firstLine,
      ...(withoutRating > ratedInDiary.size * shareWithoutRating ? { withoutRating } : {})
    }
  })
