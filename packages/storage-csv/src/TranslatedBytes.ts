/**
 * Compares the translations of ratings with the bytes of a file, for who has millions of them. Names and labels become bytes
 * once, and no text is made of a row: that takes most of the time otherwise.
 */
import {
  filmIdAt,
  type FilmId,
  formatRating,
  type Keeps,
  type RatingBlock,
  ratingsByHalfStars,
  ratingsOf,
  rowTables,
  userIdAt,
  type UserId
} from "@letterboxd-ratings/core"
import { type RowNames, translation } from "./CsvChanges.ts"

/** The translations of some ratings: how many bytes they have, and whether some bytes are the same. */
interface Translations {
  readonly bytes: number
  readonly areIn: (found: Uint8Array) => boolean
}

const encoder = new TextEncoder()

const whole = (expected: Uint8Array): Translations => ({
  bytes: expected.length,
  areIn: (found) => found.length === expected.length && expected.every((byte, i) => found[i] === byte)
})

/** Makes the bytes of each text once. */
const bytesBy = <Key>(textOf: (key: Key) => string): ((key: Key) => Uint8Array) => {
  const known = new Map<Key, Uint8Array>()
  return (key) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const bytes = encoder.encode(textOf(key))
    known.set(key, bytes)
    return bytes
  }
}

const starBytes = ratingsByHalfStars.map((rating) =>
  rating === undefined ? new Uint8Array() : encoder.encode(`${formatRating(rating)}\n`)
)
const noBytes = new Uint8Array()

/** Gives the translations of one block after the other. */
export const translations = (keeps: Keeps, names: RowNames): ((block: RatingBlock) => Translations) => {
  // With further columns a row is more than a name, a label and a rating.
  if (rowTables.ratings.columns(keeps).length !== 3) {
    const translate = translation(keeps, names)
    return (block) => whole(encoder.encode(ratingsOf(block).map(translate).join("")))
  }
  const nameOf = bytesBy((id: UserId) => `${names.username(id)},`)
  const labelOf = bytesBy((id: FilmId) => `${names.film(id)},`)
  return (block) => {
    const { halfStars, size } = block
    const labels: Array<Uint8Array> = []
    const users: Array<Uint8Array> = []
    let bytes = 0
    let lastId: UserId | undefined
    let name: Uint8Array = noBytes
    for (let row = 0; row < size; row++) {
      const userId = userIdAt(block, row)
      // Rows of a member mostly stand together.
      if (userId !== lastId) {
        lastId = userId
        name = nameOf(userId)
      }
      const label = labelOf(filmIdAt(block, row))
      users.push(name)
      labels.push(label)
      bytes += name.length + label.length + (starBytes[halfStars[row] ?? 0]?.length ?? 0)
    }
    return {
      bytes,
      areIn: (found) => {
        if (found.length !== bytes) return false
        let at = 0
        for (let row = 0; row < size; row++) {
          for (const part of [users[row], labels[row], starBytes[halfStars[row] ?? 0]]) {
            if (part === undefined) return false
            for (let i = 0; i < part.length; i++) if (part[i] !== found[at + i]) return false
            at += part.length
          }
        }
        return true
      }
    }
  }
}
