/**
 * Short links of Letterboxd, as its exports have them: the codes of boxd.it are numbers.
 *
 * @since 0.1.0
 */
import { Data, Option, Schema } from "effect"
import { Slug } from "./Film.ts"

const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const base = digits.length
const zero = digits.charCodeAt(0)

/** The value of each digit by its character; 255 where a character is none. */
const values = new Uint8Array(128).fill(255)
for (const [value, digit] of Array.from(digits).entries()) values[digit.charCodeAt(0)] = value

/**
 * What a link leads to. `Film`, `Entry` (a log entry: a diary entry or a review) and `List` come from a code of boxd.it and
 * have the site's own number. `Other` is a code of a kind that is not known. `FilmPage` is a film's address, which has the
 * slug and no number.
 *
 * @since 0.1.0
 * @category models
 */
export type ExportLink = Data.TaggedEnum<{
  Film: { readonly id: number }
  Entry: { readonly id: number }
  List: { readonly id: number }
  Other: { readonly number: number }
  FilmPage: { readonly slug: Slug }
}>

/**
 * Creates, distinguishes and matches links.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ExportLink = Data.taggedEnum<ExportLink>()

/**
 * The number of a code, exact up to 2^53 - 1; none if the text is no code. A code is case-sensitive and begins with no `0`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const numberOfCode = (code: string): Option.Option<number> => {
  const number = numberFrom(code, 0)
  return number === 0 ? Option.none() : Option.some(number)
}

/** The number of the code that a text ends in, which begins at `from`; 0 if that is no code. */
const numberFrom = (text: string, from: number): number => {
  if (from >= text.length || text.length - from > 9 || text.charCodeAt(from) === zero) return 0
  let number = 0
  for (let i = from; i < text.length; i++) {
    const value = values[text.charCodeAt(i)] ?? 255
    // Below the bound the sum is exact, so the comparison can be made before it.
    if (value === 255 || number > (Number.MAX_SAFE_INTEGER - value) / base) return 0
    number = number * base + value
  }
  return number
}

/**
 * The code of a number from 1 to 2^53 - 1; none for any other number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const codeOfNumber = (number: number): Option.Option<string> => {
  if (!Number.isSafeInteger(number) || number < 1) return Option.none()
  let code = ""
  for (let rest = number; rest > 0; rest = Math.floor(rest / base)) code = `${digits.charAt(rest % base)}${code}`
  return Option.some(code)
}

const kinds = { film: 0, entry: 1, list: 2 } as const

/**
 * The code of a film, a log entry or a list; none if its number is no whole number of at least 1, or too large.
 *
 * @since 0.1.0
 * @category constructors
 */
export const linkCode = (kind: "film" | "entry" | "list", id: number): Option.Option<string> =>
  id >= 1 && Number.isSafeInteger(id) ? codeOfNumber(id * 10 + kinds[kind]) : Option.none()

/** How exports write the links of films, of which there are millions. */
const usualStart = "https://boxd.it/"

/**
 * The number of a film from a link as exports write it, `https://boxd.it/CODE`; 0 for any other text, which `readLink` reads.
 * Costs a tenth of that.
 *
 * @since 0.1.0
 * @category constructors
 */
export const usualFilmNumber = (text: string): number => {
  const number = text.startsWith(usualStart) ? numberFrom(text, usualStart.length) : 0
  return number % 10 === kinds.film ? number / 10 : 0
}

const shortLink = /^(?:https?:\/\/)?boxd\.it\/([0-9A-Za-z]{1,9})\/?$/u
const filmAddress = /^(?:https?:\/\/)?(?:www\.)?letterboxd\.com\/film\/([^\s/?#]{1,300})\/?$/u
const decodeSlug = Schema.decodeOption(Slug)

/**
 * Reads a link: `https://boxd.it/CODE` or `https://letterboxd.com/film/SLUG/`, with `http://` or without a scheme, with a
 * slash at its end or without; none for any other text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readLink = (text: string): Option.Option<ExportLink> => {
  const code = shortLink.exec(text)?.[1]
  if (code === undefined) {
    const slug = filmAddress.exec(text)?.[1]
    return slug === undefined ? Option.none() : Option.map(decodeSlug(slug), (slug) => ExportLink.FilmPage({ slug }))
  }
  return Option.flatMap(numberOfCode(code), (number) => {
    const id = Math.floor(number / 10)
    if (id === 0) return Option.none()
    switch (number % 10) {
      case kinds.film:
        return Option.some(ExportLink.Film({ id }))
      case kinds.entry:
        return Option.some(ExportLink.Entry({ id }))
      case kinds.list:
        return Option.some(ExportLink.List({ id }))
      default:
        return Option.some(ExportLink.Other({ number }))
    }
  })
}
