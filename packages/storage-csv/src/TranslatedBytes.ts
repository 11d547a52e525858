/**
 * The translations of ratings as bytes, for who compares millions of them with a file. Names and labels become bytes once,
 * and no text is made of a row: that takes most of the time otherwise.
 */
import {
  type EncodedRating,
  type FilmId,
  formatRating,
  type Keeps,
  rowTables,
  type UserId
} from "@letterboxd-ratings/core"
import { type RowNames, translation } from "./CsvChanges.ts"

/** Gives the translations of rows, one after the other. The bytes are valid until the next call. */
export const translatedBytes = (
  keeps: Keeps,
  names: RowNames
): ((ratings: ReadonlyArray<EncodedRating>) => Uint8Array) => {
  const encoder = new TextEncoder()
  // With further columns a row is more than a name, a label and a rating.
  if (rowTables.ratings.columns(keeps).length !== 3) {
    const translate = translation(keeps, names)
    return (ratings) => encoder.encode(ratings.map(translate).join(""))
  }
  const labels = new Map<FilmId, Uint8Array>()
  const labelOf = (id: FilmId): Uint8Array => {
    const known = labels.get(id)
    if (known !== undefined) return known
    const label = encoder.encode(`${names.film(id)},`)
    labels.set(id, label)
    return label
  }
  const stars = new Map<number, Uint8Array>()
  const starsOf = (rating: EncodedRating["rating"]): Uint8Array => {
    const known = stars.get(rating)
    if (known !== undefined) return known
    const text = encoder.encode(`${formatRating(rating)}\n`)
    stars.set(rating, text)
    return text
  }
  let bytes = new Uint8Array(1_000_000)
  let length = 0
  const append = (part: Uint8Array) => {
    if (length + part.length > bytes.length) {
      const larger = new Uint8Array((length + part.length) * 2)
      larger.set(bytes)
      bytes = larger
    }
    // Parts are short, so that `set` would take longer.
    for (let i = 0; i < part.length; i++) bytes[length + i] = part[i] ?? 0
    length += part.length
  }
  let lastId: UserId | undefined
  let name = new Uint8Array()
  return (ratings) => {
    length = 0
    for (const { filmId, rating, userId } of ratings) {
      // Rows of a member mostly stand together.
      if (userId !== lastId) {
        lastId = userId
        name = encoder.encode(`${names.username(userId)},`)
      }
      append(name)
      append(labelOf(filmId))
      append(starsOf(rating))
    }
    return bytes.subarray(0, length)
  }
}
