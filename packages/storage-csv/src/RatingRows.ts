/**
 * Rows of ratings as other programs write them. Nearly all are three plain numbers, which are read by hand: a CSV reader
 * makes objects of each and takes tens of times as long.
 */
import { Either } from "effect"
import { recordEnd, rowsOf, type TableBlock, type TableError, type TableForm, type TableRow } from "./ForeignTable.ts"
import { readHalfStars, readId } from "./ForeignValues.ts"

export const ratingColumns = ["user_id", "film_id", "rating"] as const

/** What is done with each row: `take` it, or hear of one that is no rating. */
export interface RatingReader {
  readonly take: (userId: number, filmId: number, halfStars: number, line: number) => void
  readonly refuse: (row: TableRow) => void
}

const quote = 0x22
const point = 0x2e
const comma = 0x2c
/** What an id is at most. */
const highestId = 2_147_483_647
const isDigit = (sign: number): boolean => sign >= 0x30 && sign <= 0x39

/** Reads all rows of a block. Fails with `Syntax` where it is no CSV. */
export const readRatingRows = (
  place: string,
  form: TableForm,
  block: TableBlock,
  { refuse, take }: RatingReader
): Either.Either<void, TableError> => {
  const { text } = block
  const { header, lineEnd } = form
  const separator = form.separator.charCodeAt(0)
  const [userAt = 0, filmAt = 0, ratingAt = 0] = ratingColumns.map((column) => header.indexOf(column))
  const isPlain = header.length === ratingColumns.length && userAt === 0 && filmAt === 1

  let at = 0
  /** The id at `at`, quoted or not, and on to what stands behind the separator; 0 where there is none. */
  const plainId = (): number => {
    const isQuoted = text.charCodeAt(at) === quote
    if (isQuoted) at += 1
    let id = 0
    const from = at
    for (let sign = text.charCodeAt(at); isDigit(sign) && at - from < 10; sign = text.charCodeAt(++at))
      id = id * 10 + sign - 0x30
    if (text.charCodeAt(at) === point && text.charCodeAt(at + 1) === 0x30) at += 2
    if (isQuoted && text.charCodeAt(at++) !== quote) return 0
    return text.charCodeAt(at++) === separator ? id : 0
  }
  /** The half stars at `at`, and on to the next row; 0 where there are none. */
  const plainHalfStars = (): number => {
    const isQuoted = text.charCodeAt(at) === quote
    if (isQuoted) at += 1
    const whole = text.charCodeAt(at++)
    if (!isDigit(whole)) return 0
    let halfStars = (whole - 0x30) * 2
    const mark = text.charCodeAt(at)
    if (mark === point || (mark === comma && (isQuoted || separator !== comma))) {
      const tenths = text.charCodeAt(at + 1)
      if (tenths !== 0x30 && tenths !== 0x35) return 0
      if (tenths === 0x35) halfStars += 1
      at += 2
    }
    if (isQuoted && text.charCodeAt(at++) !== quote) return 0
    if (lineEnd !== "\r" && text.charCodeAt(at) === 0x0d) at += 1
    if (at === text.length) return halfStars
    return text[at++] === (lineEnd === "\r" ? "\r" : "\n") ? halfStars : 0
  }

  for (let line = block.line, from = 0; from < text.length; line += 1) {
    at = from
    if (isPlain) {
      const userId = plainId()
      const filmId = userId === 0 ? 0 : plainId()
      const halfStars = filmId === 0 ? 0 : plainHalfStars()
      if (halfStars >= 1 && halfStars <= 10 && userId <= highestId && filmId <= highestId) {
        take(userId, filmId, halfStars, line)
        from = at
        continue
      }
    }
    const end = recordEnd(text, from, lineEnd)
    const rows = rowsOf(place, form, { text: text.slice(from, end), line })
    if (Either.isLeft(rows)) return Either.left(rows.left)
    for (const row of rows.right) {
      const userId = readId(row.cells[userAt])
      const filmId = readId(row.cells[filmAt])
      const halfStars = readHalfStars(row.cells[ratingAt])
      if (row.cells.length === header.length && userId !== undefined && filmId !== undefined && halfStars !== undefined)
        take(userId, filmId, halfStars, row.line)
      else refuse(row)
      line = row.line
    }
    from = end
  }
  return Either.void
}
