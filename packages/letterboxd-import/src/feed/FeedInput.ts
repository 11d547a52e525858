/**
 * The kind of input that is a member's feed.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform"
import {
  type AsideRow,
  type FilmId,
  type ImportedEntry,
  ImportedList,
  ImportError,
  ImportItem,
  type KnownFilms,
  knownFacts,
  type Slug,
  type Username
} from "@letterboxd-ratings/core"
import { Chunk, DateTime, Effect, Option, Stream } from "effect"
import type { Candidate, ImportOptions, InputKind } from "../InputKind.ts"
import { fileBytes } from "../reading/DelimitedRows.ts"
import { type FilmBridge, noBridge, readBridge } from "../tables/FilmTables.ts"
import { type FeedEntry, type Feed, logEntriesOf, longestFeed } from "./FeedEntries.ts"

/**
 * The name of the kind, and of the source of what a feed tells.
 *
 * @since 0.1.0
 * @category models
 */
export const feedName = "feed"

const readText = (place: string): Effect.Effect<string, ImportError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const chunks = yield* Stream.runCollect(fileBytes(place, longestFeed + 1))
    const bytes = Buffer.concat(Chunk.toReadonlyArray(chunks))
    if (bytes.length > longestFeed) {
      return yield* new ImportError({ reason: "TooLarge", place, detail: `it is larger than ${longestFeed} bytes` })
    }
    return yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
      catch: () => new ImportError({ reason: "Damaged", place, detail: "it is not UTF-8" })
    })
  })

const memberOf = (
  place: string,
  { usernames }: Feed,
  { as }: Pick<ImportOptions, "as">
): Effect.Effect<Username, ImportError> => {
  const [first, second] = usernames
  if (first !== undefined && second !== undefined) {
    return Effect.fail(
      new ImportError({ reason: "Damaged", place, detail: `its entries belong to ${first} and to ${second}` })
    )
  }
  if (first !== undefined) return Effect.succeed(first)
  return as ?? Effect.fail(new ImportError({ reason: "NoName", place, detail: "no link of it names its member" }))
}

const byTime = (a: FeedEntry, b: FeedEntry): number =>
  DateTime.toEpochMillis(a.at) - DateTime.toEpochMillis(b.at) || a.entryNumber - b.entryNumber

/** The entries of one film as one, oldest first: the newest rating counts, and what a later entry tells besides. */
const asOne = (entries: ReadonlyArray<FeedEntry>): FeedEntry | undefined => {
  const newest = entries.at(-1)
  const rated = entries.findLast(({ rating }) => rating !== undefined)
  if (newest === undefined) return undefined
  const all: Partial<FeedEntry> = Object.assign({}, ...entries)
  // A later entry without a rating leaves the rating as it is, and when it was given.
  return { ...newest, ...all, ...(rated === undefined ? {} : { at: rated.at, day: rated.day, rating: rated.rating }) }
}

/** The number of each film of the feed that has one, by what its other entries and others tell. */
const numbersIn = (entries: ReadonlyArray<FeedEntry>, bridge: FilmBridge, films: KnownFilms) => {
  const ids = new Map<Slug, FilmId>()
  for (const { filmId, slug } of entries) if (filmId !== undefined && slug !== undefined) ids.set(slug, filmId)
  return ({ filmId, slug }: FeedEntry): FilmId | undefined =>
    filmId ?? (slug === undefined ? undefined : (ids.get(slug) ?? bridge.bySlug.get(slug)?.id ?? films.idOf(slug)))
}

const importedEntry = (entry: FeedEntry, id: FilmId): ImportedEntry => {
  const { slug, title, tmdbId, year } = entry
  return {
    at: entry.at,
    watched: {
      film: {
        id,
        ...(slug === undefined ? {} : { slug }),
        ...(title === undefined ? {} : { title }),
        ...(year === undefined ? {} : { year }),
        ...(tmdbId === undefined ? {} : { tmdbId })
      },
      ...(entry.rating === undefined ? {} : { rating: entry.rating }),
      ...knownFacts({ ratedOn: entry.rating === undefined ? undefined : entry.day, liked: entry.liked })
    }
  }
}

/** A feed with fewer entries shows all that its member ever made: the site shows about fifty. */
const fewestOfMany = 40

/**
 * The items of a feed, from the member to `Read`. `place` is where the text comes from; `as` names the member of a feed that
 * does not. `askedAt` is when the feed was asked for, if it was: a file may be of any age.
 *
 * @since 0.1.0
 * @category constructors
 */
export const feedItems = (
  place: string,
  text: string,
  options: Pick<ImportOptions, "as" | "baseUrls"> & { readonly askedAt?: DateTime.Utc },
  bridge: FilmBridge,
  films: KnownFilms
): Effect.Effect<ReadonlyArray<ImportItem>, ImportError> =>
  Effect.gen(function* () {
    const feed = yield* logEntriesOf(place, text, options.baseUrls)
    const username = yield* memberOf(place, feed, options)
    const entries = feed.entries.toSorted(byTime)
    const numberOf = numbersIn(entries, bridge, films)
    const byFilm = new Map<FilmId | Slug, Array<FeedEntry>>()
    for (const entry of entries) {
      const key = numberOf(entry) ?? entry.slug
      if (key === undefined) continue
      const others = byFilm.get(key)
      if (others === undefined) byFilm.set(key, [entry])
      else others.push(entry)
    }
    const passedOn: Array<FeedEntry> = []
    const aside: Array<AsideRow> = []
    let unratedAside = 0
    for (const some of byFilm.values()) {
      const entry = asOne(some)
      if (entry === undefined) continue
      if (numberOf(entry) !== undefined) passedOn.push(entry)
      else if (entry.rating !== undefined && entry.slug !== undefined) {
        aside.push({ username, slug: entry.slug, halfStars: entry.rating * 2, source: feedName, readAt: entry.at })
      } else unratedAside += 1
    }
    const list = passedOn.toSorted(byTime).flatMap((entry) => {
      const id = numberOf(entry)
      return id === undefined ? [] : [importedEntry(entry, id)]
    })
    const newest = entries.at(-1)
    const oldest = entries[0]
    const { askedAt } = options
    const readAt = newest?.at ?? askedAt
    // An item that was not read may be an entry of any time.
    const from = feed.notDecoded > 0 ? askedAt : entries.length < fewestOfMany ? undefined : oldest?.at
    const window = askedAt === undefined ? undefined : { at: askedAt, ...(from === undefined ? {} : { from }) }
    const rated = list.filter(({ watched }) => watched.rating !== undefined).length
    const repeated = entries.length - byFilm.size
    return [
      ...(readAt === undefined || (list.length === 0 && askedAt === undefined)
        ? []
        : [
            ImportItem.Member({
              member: {
                username,
                place,
                source: feedName,
                readAt,
                list: ImportedList.Entries({ entries: list, ...(window === undefined ? {} : { window }) })
              }
            })
          ]),
      ...(aside.length === 0 ? [] : [ImportItem.Aside({ rows: aside })]),
      ImportItem.Read({
        place,
        kind: feedName,
        counts: {
          members: list.length === 0 ? 0 : 1,
          entries: list.length,
          ratings: rated,
          watched: list.length - rated,
          withoutNumber: aside.length + unratedAside,
          notDecoded: feed.notDecoded,
          ignored: feed.ignored + repeated
        },
        notes: [
          ...(entries.length === 0 ? ["It has no entries."] : []),
          ...(feed.firstNotDecoded === undefined
            ? []
            : [
                `${feed.notDecoded} ${feed.notDecoded === 1 ? "item was" : "items were"} not read; the first is item ${feed.firstNotDecoded}.`
              ]),
          ...(repeated === 0
            ? []
            : [
                `${repeated} ${repeated === 1 ? "entry is" : "entries are"} of a film that has a later entry. The newest rating counts.`
              ]),
          ...(unratedAside === 0
            ? []
            : [
                `${unratedAside} ${unratedAside === 1 ? "film" : "films"} without a number and without a rating cannot be kept aside.`
              ])
        ]
      })
    ]
  })

/** The numbers of films in all feeds: one may lack the number that another one tells. */
const numbersInAll = (inputs: ReadonlyArray<Candidate>, { baseUrls }: ImportOptions, films: KnownFilms) =>
  Effect.gen(function* () {
    if (inputs.length < 2) return films
    const ids = new Map<Slug, FilmId>()
    for (const { path } of inputs) {
      // What is wrong with a feed is said when its entries are read.
      const read = yield* Effect.option(Effect.flatMap(readText(path), (text) => logEntriesOf(path, text, baseUrls)))
      if (Option.isNone(read)) continue
      for (const { filmId, slug } of read.value.entries)
        if (filmId !== undefined && slug !== undefined) ids.set(slug, filmId)
    }
    return { idOf: (slug: Slug) => films.idOf(slug) ?? ids.get(slug) }
  })

const itemsOf = (candidate: Candidate, options: ImportOptions, bridge: FilmBridge, films: KnownFilms) =>
  Stream.make(ImportItem.Found({ place: candidate.path, kind: feedName, words: "feed of a member" })).pipe(
    Stream.concat(
      Stream.unwrap(
        readText(candidate.path).pipe(
          Effect.flatMap((text) => feedItems(candidate.path, text, options, bridge, films)),
          Effect.map((items) => Stream.fromIterable(items))
        )
      )
    ),
    Stream.catchAll((error) => Stream.make(ImportItem.Refused({ error })))
  )

/**
 * A member's feed, `https://letterboxd.com/NAME/rss/`, saved to a file. It has about fifty entries, each with its own time,
 * and says nothing about other films. Of a film with several entries the newest rating counts; an entry without a rating
 * leaves an earlier rating as it is. Lists in the feed are ignored, and nothing of a review is kept. At most 16 MB and 1,000
 * items; a feed with a document type declaration is refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const feed: InputKind = {
  name: feedName,
  keeps: ["rated_on", "film_numbers"],
  recognises: ({ head, isFolder }) => {
    const start = new TextDecoder().decode(head)
    return (
      !isFolder &&
      /^\s*(?:<\?xml|<rss\b)/u.test(start) &&
      /<rss\b[^>]*\sxmlns:letterboxd=["']https?:\/\/letterboxd\.com\/?["']/u.test(start)
    )
  },
  items: (inputs, options, films) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const bridge = yield* options.films === undefined ? Effect.succeed(noBridge) : readBridge(options.films)
        const all = yield* numbersInAll(inputs, options, films)
        return Stream.flatMap(Stream.fromIterable(inputs), (candidate) => itemsOf(candidate, options, bridge, all))
      })
    )
}
