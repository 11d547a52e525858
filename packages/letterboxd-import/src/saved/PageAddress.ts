/**
 * Which page of the site an address is of.
 *
 * @since 0.1.0
 */
import { UsernameFromText, type Username } from "@letterboxd-ratings/core"
import { type FilmsListing, LetterboxdSource, type MembersList } from "@letterboxd-ratings/letterboxd-source"
import { Data, Option, Schema } from "effect"

/**
 * - `Films`: page `number` of a member's list. `base` is the address of the site.
 * - `Members`: page `number` of a members list.
 *
 * @since 0.1.0
 * @category models
 */
export type PageAddress = Data.TaggedEnum<{
  Films: {
    readonly base: string
    readonly username: Username
    readonly listing: FilmsListing
    readonly number: number
  }
  Members: { readonly list: MembersList; readonly number: number }
}>

/**
 * Creates, distinguishes and matches addresses.
 *
 * @since 0.1.0
 * @category constructors
 */
export const PageAddress = Data.taggedEnum<PageAddress>()

const films = /^\/([a-z0-9_]{2,15})\/films\/(rated\/\.5-5\/)?(?:page\/([1-9]\d{0,4})\/)?$/iu
const members = /^\/members\/popular\/(?:this\/(week|month|year)\/)?(?:page\/([1-9]\d{0,4})\/)?$/u
const decodeUsername = Schema.decodeUnknownOption(UsernameFromText)

/** The site with and without `www`, and over both protocols. */
const siteHost = /^(?:www\.)?letterboxd\.com$/iu

/** The address of the site and the path in it, if the site is one that pages are read of. */
const split = (url: string, baseUrls: ReadonlyArray<string>): { base: string; path: string } | undefined => {
  if (!URL.canParse(url)) return undefined
  const { host, origin, pathname, protocol } = new URL(url)
  if (protocol !== "http:" && protocol !== "https:") return undefined
  for (const baseUrl of baseUrls) {
    if (!URL.canParse(baseUrl)) continue
    const base = new URL(baseUrl)
    const prefix = base.pathname.replace(/\/$/u, "")
    if (base.origin === origin && pathname.startsWith(`${prefix}/`)) {
      return { base: baseUrl, path: pathname.slice(prefix.length) }
    }
  }
  return siteHost.test(host) ? { base: LetterboxdSource.liveSite, path: pathname } : undefined
}

const listOf = (period: string | undefined): MembersList =>
  period === "week" ? "this-week" : period === "month" ? "this-month" : period === "year" ? "this-year" : "all"

/**
 * What an address is of: a page of the site, or of a site at one of `baseUrls` (without a trailing slash) that serves the
 * same pages. None for any other page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pageAddress = (url: string, baseUrls: ReadonlyArray<string>): Option.Option<PageAddress> => {
  const parts = split(url, baseUrls)
  if (parts === undefined) return Option.none()
  const ofMembers = members.exec(parts.path)
  if (ofMembers !== null) {
    return Option.some(PageAddress.Members({ list: listOf(ofMembers[1]), number: Number(ofMembers[2] ?? 1) }))
  }
  const ofFilms = films.exec(parts.path)
  return ofFilms === null
    ? Option.none()
    : Option.map(decodeUsername(ofFilms[1]), (username) =>
        PageAddress.Films({
          base: parts.base,
          username,
          listing: ofFilms[2] === undefined ? "films" : "rated",
          number: Number(ofFilms[3] ?? 1)
        })
      )
}

/**
 * Whether an address is one of a members list or of a member's films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isFilmsOrMembersAddress = (url: string, baseUrls: ReadonlyArray<string>): boolean =>
  Option.isSome(pageAddress(url, baseUrls))
