/**
 * The cells of rows as Letterboxd writes them, read from bytes. To make texts of millions of lines and of all their cells
 * costs most of an import's time, and most of what the garbage collector has to do. A film's title stands in many rows of
 * many exports, so its text is made once.
 *
 * What is written otherwise, and may be valid still, is left to the reader of texts in `ExportRows.ts`.
 *
 * @since 0.1.0
 */
import { type Day, type FilmId, filmIdFromNumber, type Rating, ratingsByHalfStars } from "@letterboxd-ratings/core"
import { mostKnownDays } from "./ExportDays.ts"

const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const quote = 0x22
const comma = 0x2c
const dash = 0x2d
const point = 0x2e
const zero = 0x30

const linkStart = Buffer.from("https://boxd.it/")
/** No code of a film's number is longer. */
const longestCode = 6

/** The value of each digit of a code by its character; 255 where a character is none. */
const codeDigits = new Uint8Array(256).fill(255)
for (const [value, digit] of Array.from("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ").entries())
  codeDigits[digit.charCodeAt(0)] = value

/** The most titles that are kept, and the most bytes that they have. */
const keptTitles = 65_536
const keptBytes = 4 * 1_048_576
const longestKeptTitle = 400

/** What makes texts of titles, and keeps those that it made. One does for all exports of an import. */
export type TitleReader = (bytes: Buffer, from: number, to: number, hash: number) => string

/**
 * What is looked at for each title stands together, in few bytes: with an object for each title, most of the time would go by
 * waiting for memory.
 */
export const makeTitleReader = (): TitleReader => {
  const places = keptTitles * 2
  // By place: the hash of the title there, and its number, from 1.
  const table = new Int32Array(places * 2)
  const pool = Buffer.alloc(keptBytes)
  // Where each title begins in the pool, and, behind the last one, where there is room.
  const starts = new Uint32Array(keptTitles + 1)
  let texts: Array<string> = []
  return (bytes, from, to, hash) => {
    const length = to - from
    let place = (Math.imul(hash, 0x9e37_79b1) >>> 15) & (places - 1)
    for (let number = 0; (number = table[place * 2 + 1] ?? 0) !== 0; place = (place + 1) & (places - 1)) {
      if (table[place * 2] !== hash) continue
      const start = starts[number - 1] ?? 0
      if ((starts[number] ?? 0) - start !== length) continue
      let i = 0
      while (i < length && pool[start + i] === bytes[from + i]) i += 1
      const known = texts[number - 1]
      if (i === length && known !== undefined) return known
    }
    const text = bytes.toString("utf8", from, to)
    if (length > longestKeptTitle) return text
    const room = starts[texts.length] ?? 0
    if (texts.length === keptTitles || room + length > keptBytes) {
      table.fill(0)
      texts = []
      return text
    }
    bytes.copy(pool, room, from, to)
    texts.push(text)
    starts[texts.length] = room + length
    table[place * 2] = hash
    table[place * 2 + 1] = texts.length
    return text
  }
}

/**
 * Reads the cells of a line one after the other. Each gives `undefined` where the cell is not of the plain form; then the line
 * has to be read otherwise. `year` gives 0 for an empty cell. `skip` passes over a cell. All but `lineEnd`, which gives where
 * the next line begins, leave the sign behind the cell to `comma`.
 */
export const makePlainCells = (titleOf: TitleReader, readDay: (text: string) => Day | undefined) => {
  let bytes: Buffer = Buffer.alloc(0)
  let at = 0
  // Rows of one day stand together, and days are few.
  const days = new Map<number, Day>()
  let lastDate = 0
  let lastDay: Day | undefined

  /** The number of so many digits from a place on; NaN if one is none. */
  const digitsFrom = (from: number, count: number): number => {
    let number = 0
    for (let i = from; i < from + count; i++) {
      const digit = (bytes[i] ?? 0) - zero
      if (digit < 0 || digit > 9) return Number.NaN
      number = number * 10 + digit
    }
    return number
  }

  return {
    begin: (given: Buffer, from: number): void => {
      bytes = given
      at = from
    },
    comma: (): boolean => {
      if (bytes[at] !== comma) return false
      at += 1
      return true
    },
    lineEnd: (): number | undefined => {
      if (bytes[at] === carriageReturn) at += 1
      return bytes[at] === lineFeed ? at + 1 : undefined
    },
    day: (): Day | undefined => {
      const date = (digitsFrom(at, 4) * 100 + digitsFrom(at + 5, 2)) * 100 + digitsFrom(at + 8, 2)
      if (Number.isNaN(date) || bytes[at + 4] !== dash || bytes[at + 7] !== dash) return undefined
      if (date !== lastDate) {
        let day = days.get(date)
        if (day === undefined) {
          day = readDay(bytes.toString("latin1", at, at + 10))
          if (day === undefined) return undefined
          if (days.size >= mostKnownDays) days.clear()
          days.set(date, day)
        }
        lastDate = date
        lastDay = day
      }
      at += 10
      return lastDay
    },
    title: (): string | undefined => {
      const isQuoted = bytes[at] === quote
      const from = isQuoted ? at + 1 : at
      const last = isQuoted ? quote : comma
      // What a function closes over is looked up each time.
      const line = bytes
      let end = from
      let hash = 0
      for (let sign = line[end] ?? 0; sign !== last; sign = line[end] ?? 0) {
        if (sign < space || sign === quote) return undefined
        hash = (Math.imul(hash, 31) + sign) | 0
        end += 1
      }
      at = isQuoted ? end + 1 : end
      return titleOf(line, from, end, hash)
    },
    year: (): number | undefined => {
      if (bytes[at] === comma) return 0
      const year = digitsFrom(at, 4)
      if (!(year >= 1000)) return undefined
      at += 4
      return year
    },
    filmOfLink: (): FilmId | undefined => {
      for (let i = 0; i < linkStart.length; i++) if (bytes[at + i] !== linkStart[i]) return undefined
      const from = at + linkStart.length
      let end = from
      let number = 0
      let digit: number
      while ((digit = codeDigits[bytes[end] ?? 0] ?? 255) !== 255 && end - from <= longestCode) {
        number = number * 62 + digit
        end += 1
      }
      if (bytes[from] === zero || end - from > longestCode) return undefined
      at = end
      // The codes of films are those of numbers that end in 0; others give no whole number here.
      return filmIdFromNumber(number / 10)
    },
    rating: (): Rating | undefined => {
      const stars = (bytes[at] ?? 0) - zero
      if (stars < 0 || stars > 5) return undefined
      at += 1
      if (bytes[at] !== point) return ratingsByHalfStars[stars * 2]
      const tenths = (bytes[at + 1] ?? 0) - zero
      if (tenths !== 0 && tenths !== 5) return undefined
      at += 2
      return ratingsByHalfStars[tenths === 0 ? stars * 2 : stars * 2 + 1]
    },
    /** Whether the cell that is passed over is empty. */
    skip: (): boolean | undefined => {
      const isQuoted = bytes[at] === quote
      const from = isQuoted ? at + 1 : at
      const last = isQuoted ? quote : comma
      const line = bytes
      let end = from
      let sign: number
      while ((sign = line[end] ?? 0) >= space && sign !== quote && sign !== last) end += 1
      const isEnded = sign === last || (!isQuoted && (sign === carriageReturn || sign === lineFeed))
      if (!isEnded) return undefined
      at = isQuoted ? end + 1 : end
      return end === from
    }
  }
}

/** Reads cells of the plain form; one does for all exports of an import. */
export type PlainCells = ReturnType<typeof makePlainCells>
