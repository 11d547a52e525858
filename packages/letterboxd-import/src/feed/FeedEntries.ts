/**
 * The entries of a member's feed (RSS), as the site writes it.
 *
 * @since 0.1.0
 */
import {
  Day,
  type FilmId,
  ImportError,
  type Rating,
  ratingFromHalfStars,
  type Slug,
  type TmdbId,
  type Username
} from "@letterboxd-ratings/core"
import { DateTime, Either, Option, Schema } from "effect"
import { XMLParser, XMLValidator } from "fast-xml-parser"
import { filmIdFromPoster, slugFrom, titleFrom, tmdbIdFrom, yearFrom } from "../tables/FilmTables.ts"
import { memberFrom } from "../tables/RatingsInput.ts"

/**
 * The most characters of a feed.
 *
 * @since 0.1.0
 * @category models
 */
export const longestFeed = 16_777_216

/**
 * The most items of a feed. The site writes about fifty.
 *
 * @since 0.1.0
 * @category models
 */
export const mostFeedItems = 1000

/** Tags within tags, at most. A feed has four. */
const deepest = 32

/**
 * A diary entry or a review. `entryNumber` is the number of the log entry: the member's export links to the same. `at` is
 * when it was made, `day` the day of that in the time zone of the feed. `rating` is absent if the member gave none. `filmId`
 * is absent if the entry has a poster that the member chose.
 *
 * @since 0.1.0
 * @category models
 */
export interface FeedEntry {
  readonly entryNumber: number
  readonly at: DateTime.Utc
  readonly day: Day
  readonly filmId?: FilmId
  readonly slug?: Slug
  readonly title?: string
  readonly year?: number
  readonly tmdbId?: TmdbId
  readonly rating?: Rating
  readonly liked?: boolean
}

/**
 * A feed. `usernames` are all that its links name: one, or none if there is no link. `entries` stand in order of the file;
 * an entry and its review are one. `ignored` counts items that are no log entries (lists), and repeated ones; `notDecoded`
 * those that could not be read, of which `firstNotDecoded` is the first, from 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Feed {
  readonly usernames: ReadonlySet<Username>
  readonly entries: ReadonlyArray<FeedEntry>
  readonly items: number
  readonly ignored: number
  readonly notDecoded: number
  readonly firstNotDecoded?: number
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  // Entities are decoded here: the five and numbers, which cannot grow.
  processEntities: false,
  cdataPropName: "cdata",
  isArray: (_, path) => path === "rss.channel.item"
})

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: `"`, apos: "'" }

/** Text with the five entities of XML and with numbers of characters; what is none of these stays as it is. */
const withoutEntities = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/giu, (all, decimal, hex, name) => {
    if (typeof name === "string") return named[name.toLowerCase()] ?? all
    const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(`${hex}`, 16)
    const isCharacter = code > 0 && code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff)
    return isCharacter ? String.fromCodePoint(code) : all
  })

const Cdata = Schema.Union(Schema.String, Schema.Array(Schema.String))
const Text = Schema.transform(
  Schema.Union(
    Schema.String,
    Schema.Struct({ cdata: Cdata, "#text": Schema.optionalWith(Schema.String, { exact: true }) })
  ),
  Schema.String,
  {
    strict: true,
    decode: (text) =>
      typeof text === "string"
        ? withoutEntities(text)
        : `${withoutEntities(text["#text"] ?? "")}${typeof text.cdata === "string" ? text.cdata : text.cdata.join("")}`,
    encode: (text) => text
  }
)
const optionalText = Schema.optionalWith(Text, { exact: true })

const Item = Schema.Struct({
  guid: Text,
  pubDate: optionalText,
  link: optionalText,
  description: optionalText,
  "letterboxd:filmTitle": optionalText,
  "letterboxd:filmYear": optionalText,
  "letterboxd:memberRating": optionalText,
  "letterboxd:memberLike": optionalText,
  "tmdb:movieId": optionalText
})

/** A tag without anything in it is an empty text. */
const Channel = Schema.Struct({
  rss: Schema.Struct({
    channel: Schema.Union(
      Schema.Struct({
        link: Schema.optionalWith(Schema.Unknown, { exact: true }),
        item: Schema.optionalWith(Schema.Array(Schema.Unknown), { exact: true })
      }),
      Schema.Literal("")
    )
  })
})

const decodeChannel = Schema.decodeUnknownEither(Channel)
const decodeItem = Schema.decodeUnknownOption(Item)
const decodeText = Schema.decodeUnknownOption(Text)
const decodeDay = Schema.decodeOption(Day)

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** A time as RFC 822 writes it, with the day that it has in its own zone. */
const timeFrom = (text: string): Option.Option<{ readonly at: DateTime.Utc; readonly day: Day }> => {
  const match =
    /^(?:[A-Z][a-z]{2},\s+)?(\d{1,2})\s+([A-Z][a-z]{2})\s+(\d{4})\s+(\d{2}:\d{2}(?::\d{2})?)\s+(?:([+-]\d{2})(\d{2})|GMT|UTC?|Z)$/u.exec(
      text.trim()
    )
  const month = months.indexOf(match?.[2] ?? "") + 1
  if (match === null || month === 0) return Option.none()
  const [, date = "", , year = "", clock = "", hours, minutes] = match
  const day = `${year}-${`${month}`.padStart(2, "0")}-${date.padStart(2, "0")}`
  const zone = hours === undefined ? "Z" : `${hours}:${minutes ?? "00"}`
  return Option.all({
    day: decodeDay(day),
    at: Option.map(DateTime.make(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${zone}`), DateTime.toUtc)
  })
}

/** Who a link of the site names, and which film. `sites` are addresses without a trailing slash. */
const linkParts = (link: string, sites: ReadonlyArray<string>) => {
  const bare = link.trim()
  const site =
    /^https?:\/\/(?:www\.)?letterboxd\.com(?=\/)/iu.exec(bare)?.[0] ?? sites.find((one) => bare.startsWith(`${one}/`))
  if (site === undefined) return {}
  const match = /^\/([^/]+)\/(?:film\/([^/]+)\/(?:\d+\/)?)?$/u.exec(bare.slice(site.length))
  return { username: memberFrom(match?.[1] ?? ""), slug: slugFrom(match?.[2] ?? "") }
}

/** The rating of an entry; `none` if it is none, and a value of nothing if the entry has no rating. */
const ratingFrom = (text: string | undefined): Option.Option<{ readonly rating?: Rating }> => {
  if (text === undefined) return Option.some({})
  const trimmed = text.trim()
  return /^[0-5]\.[05]$/u.test(trimmed)
    ? Option.map(ratingFromHalfStars(Number(trimmed) * 2), (rating) => ({ rating }))
    : Option.none()
}

type Reading = { readonly _tag: "Ignored" } | { readonly _tag: "NotDecoded" } | ReadEntry
interface ReadEntry {
  readonly _tag: "Entry"
  readonly entry: FeedEntry
  readonly username: Username | undefined
}

const readItem = (unknown: unknown, sites: ReadonlyArray<string>): Reading => {
  const decoded = decodeItem(unknown)
  if (Option.isNone(decoded)) return { _tag: "NotDecoded" }
  const item = decoded.value
  const guid = /^letterboxd-([a-z]+)-(\d{1,15})$/u.exec(item.guid.trim())
  if (guid === null) return { _tag: "NotDecoded" }
  if (guid[1] !== "watch" && guid[1] !== "review") return { _tag: "Ignored" }
  const time = timeFrom(item.pubDate ?? "")
  const rating = ratingFrom(item["letterboxd:memberRating"])
  if (Option.isNone(time) || Option.isNone(rating)) return { _tag: "NotDecoded" }
  const { slug, username } = linkParts(item.link ?? "", sites)
  // The poster stands first. What follows are the member's own words.
  const poster = /^\s*<p>\s*<img\s+(?:[a-z]+="[^"]*"\s+)*?src="([^"]{1,2000})"/u.exec(item.description ?? "")?.[1]
  const filmId = poster === undefined ? undefined : filmIdFromPoster(poster)
  if (filmId === undefined && slug === undefined) return { _tag: "NotDecoded" }
  const title = titleFrom(item["letterboxd:filmTitle"] ?? "")
  const year = yearFrom(item["letterboxd:filmYear"] ?? "")
  const tmdbId = tmdbIdFrom(item["tmdb:movieId"] ?? "")
  const like = item["letterboxd:memberLike"]?.trim()
  return {
    _tag: "Entry",
    username,
    entry: {
      entryNumber: Number(guid[2]),
      ...time.value,
      ...rating.value,
      ...(filmId === undefined ? {} : { filmId }),
      ...(slug === undefined ? {} : { slug }),
      ...(title === undefined ? {} : { title }),
      ...(year === undefined ? {} : { year }),
      ...(tmdbId === undefined ? {} : { tmdbId }),
      ...(like === "Yes" || like === "No" ? { liked: like === "Yes" } : {})
    }
  }
}

/** The most tags of a feed. An item has about fifteen. */
const mostTags = 100_000

/** A feed without what stands in CDATA: there, tags are text. */
const withoutCdata = (text: string): string => {
  const parts: Array<string> = []
  for (let at = 0; ;) {
    const start = text.indexOf("<![CDATA[", at)
    parts.push(text.slice(at, start === -1 ? text.length : start))
    const end = start === -1 ? -1 : text.indexOf("]]>", start)
    if (end === -1) return parts.join(" ")
    at = end + 3
  }
}

/** What makes a feed too large to be read, beyond its length. */
const excessOf = (outside: string): string | undefined => {
  let depth = 0
  let tags = 0
  let items = 0
  // From one bracket to the next, so that the time grows with the length only, whatever stands in between.
  let end = -1
  for (let at = outside.indexOf("<"); at !== -1; at = outside.indexOf("<", at + 1)) {
    if (end < at) end = outside.indexOf(">", at)
    if (end === -1) break
    const first = outside[at + 1] ?? ""
    if (first !== "/" && !/[A-Za-z_]/u.test(first)) continue
    tags += 1
    if (first === "/") depth -= 1
    else {
      if (/^item[\s/>]/u.test(outside.slice(at + 1, at + 6))) items += 1
      if (outside[end - 1] !== "/") depth += 1
    }
    if (depth > deepest) return `tags stand in more than ${deepest} others`
    if (items > mostFeedItems) return `it has more than ${mostFeedItems} items`
    if (tags > mostTags) return `it has more than ${mostTags} tags`
  }
  return undefined
}

/**
 * The log entries of a feed. Fails with `ImportError`: `Damaged` if it is no XML or ends too early, `Invalid` if it declares
 * entities or is no feed, `TooLarge` beyond `longestFeed` or `mostFeedItems`. Nothing of a review is kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const logEntriesOf = (
  place: string,
  text: string,
  sites: ReadonlyArray<string> = []
): Either.Either<Feed, ImportError> => {
  const failure = (reason: ImportError["reason"], detail: string, line?: number) =>
    Either.left(new ImportError({ reason, place, detail, ...(line === undefined ? {} : { line }) }))
  if (text.length > longestFeed) return failure("TooLarge", `it is longer than ${longestFeed} characters`)
  const outside = withoutCdata(text)
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/iu.test(outside)) {
    return failure("Invalid", "it has a document type declaration, which no feed of the site has")
  }
  const excess = excessOf(outside)
  if (excess !== undefined) return failure("TooLarge", excess)
  const parsed = Either.try((): unknown => {
    const valid = XMLValidator.validate(text)
    return valid === true ? parser.parse(text) : valid.err.line
  })
  // The parser's message can quote the feed.
  if (Either.isLeft(parsed)) return failure("Damaged", "it is no complete XML")
  if (typeof parsed.right === "number") return failure("Damaged", "it is no complete XML", parsed.right)
  const decoded = decodeChannel(parsed.right)
  if (Either.isLeft(decoded)) return failure("Invalid", "it is XML, and no feed")
  const { channel } = decoded.right.rss
  const items = channel === "" ? [] : (channel.item ?? [])
  if (items.length > mostFeedItems) return failure("TooLarge", `it has more than ${mostFeedItems} items`)

  const usernames = new Set<Username>()
  const owner = linkParts(
    Option.getOrElse(decodeText(channel === "" ? "" : channel.link), () => ""),
    sites
  ).username
  if (owner !== undefined) usernames.add(owner)
  const entries = new Map<number, FeedEntry>()
  let ignored = 0
  let notDecoded = 0
  let firstNotDecoded: number | undefined
  for (const [n, item] of items.entries()) {
    const read = readItem(item, sites)
    if (read._tag === "Ignored") ignored += 1
    else if (read._tag === "NotDecoded") {
      notDecoded += 1
      firstNotDecoded ??= n + 1
    } else {
      if (read.username !== undefined) usernames.add(read.username)
      const other = entries.get(read.entry.entryNumber)
      if (other !== undefined) ignored += 1
      if (other === undefined || DateTime.greaterThan(read.entry.at, other.at))
        entries.set(read.entry.entryNumber, read.entry)
    }
  }
  return Either.right({
    usernames,
    entries: [...entries.values()],
    items: items.length,
    ignored,
    notDecoded,
    ...(firstNotDecoded === undefined ? {} : { firstNotDecoded })
  })
}
