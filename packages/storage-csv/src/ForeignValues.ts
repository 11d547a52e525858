/**
 * Values as pandas and spreadsheets write them.
 */
import { ratingFromHalfStars, UserId } from "@letterboxd-ratings/core"
import { DateTime, Option, Schema } from "effect"

const isId = Schema.is(UserId)

/** A whole number, which may have become a float on the way: `7`, `7.0`, `7,0`. */
export const readWholeNumber = (text: string | undefined): number | undefined => {
  const digits = /^(\d{1,15})(?:[.,]0*)?$/u.exec(text?.trim() ?? "")?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** An id. Those of members and films have the same range. */
export const readId = (text: string | undefined): number | undefined => {
  const id = readWholeNumber(text)
  return isId(id) ? id : undefined
}

/** Half stars, of `4`, `4.0`, `3.5`, `3,5`. */
export const readHalfStars = (text: string | undefined): number | undefined => {
  const trimmed = text?.trim() ?? ""
  if (!/^\d(?:[.,]\d+)?$/u.test(trimmed)) return undefined
  const halfStars = Number(trimmed.replace(",", ".")) * 2
  return Option.isSome(ratingFromHalfStars(halfStars)) ? halfStars : undefined
}

/** `2024-03-01`, `2024-03-01 12:30:00` or ISO 8601; without a zone it is taken for UTC. */
export const readTime = (text: string | undefined): Option.Option<DateTime.Utc> => {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))?(Z|[+-]\d{2}:?\d{2})?$/u.exec(
    text?.trim() ?? ""
  )
  if (match === null) return Option.none()
  return Option.map(DateTime.make(`${match[1]}T${match[2] ?? "00:00:00"}${match[3] ?? "Z"}`), DateTime.toUtc)
}
