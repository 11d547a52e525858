/** Sources with one defect each. Every one of them must fail the suite; Defects.slow.test.ts sees to it. */
import {
  type MemberListing,
  PageVerdict,
  Rating,
  type RatedFilms,
  type RatingsPage,
  RatingsSource,
  type SourceActivity,
  SourceError,
  Username,
  type WatchedFilm
} from "@letterboxd-ratings/core"
import { type Outage, sourceSuite, type SourceWorld } from "@letterboxd-ratings/storage-testkit"
import { Chunk, type Context, Effect, Layer, Option, Schema, Stream } from "effect"
import { sample } from "../../../../vitest.sample.ts"
import * as WorldSource from "../WorldSource.ts"

type Source = Context.Tag.Service<RatingsSource>
type Change = (source: Source, world: SourceWorld) => Source

type Ratings = ReturnType<Source["ratings"]>
type Asked = Parameters<Source["ratings"]>[1]

/** Changes each reading of a member. */
const readings =
  (change: (pages: Ratings, asked: Asked, username: Username) => Ratings): Change =>
  (source) => ({
    ...source,
    ratings: (username, asked) => change(source.ratings(username, asked), asked, username)
  })
const pages = (change: (page: RatingsPage) => RatingsPage | ReadonlyArray<RatingsPage>): Change =>
  readings(
    Stream.mapConcat((page) => {
      const changed = change(page)
      return "verdict" in changed ? [changed] : changed
    })
  )
type Films = Extract<PageVerdict, { readonly _tag: "Films" }>
const filmsPages = (change: (verdict: Films, page: RatingsPage) => Partial<Films>): Change =>
  pages((page) =>
    page.verdict._tag === "Films" ? { ...page, verdict: { ...page.verdict, ...change(page.verdict, page) } } : page
  )
const films = (change: (films: ReadonlyArray<WatchedFilm>) => ReadonlyArray<WatchedFilm>): Change =>
  filmsPages((verdict) => ({ films: change(verdict.films) }))
const verdictsOf = (tag: PageVerdict["_tag"], verdict: PageVerdict): Change =>
  pages((page) => (page.verdict._tag === tag ? { ...page, verdict } : page))
const members =
  (change: (members: ReadonlyArray<MemberListing>) => ReadonlyArray<MemberListing>): Change =>
  (source) => ({
    ...source,
    members: Stream.unwrap(
      Effect.map(Stream.runCollect(source.members), (all) => Stream.fromIterable(change([...all])))
    )
  })
const activity =
  (change: (activity: SourceActivity) => SourceActivity): Change =>
  (source) => ({
    ...source,
    activity: Effect.map(source.activity, change)
  })

const rated =
  (change: (count: RatedFilms) => RatedFilms): Change =>
  (source) => ({
    ...source,
    ratedFilms: (name) => Effect.map(source.ratedFilms(name), Option.map(change))
  })

const username = Schema.decodeUnknownSync(Username)
const rating = Schema.decodeUnknownSync(Rating)
const wrong = new SourceError({ reason: "Unreachable", source: "world", detail: "it cannot go on" })
const isLast = ({ number, verdict }: RatingsPage) =>
  verdict._tag === "Films" && verdict.lastPage > 1 && number === verdict.lastPage
const isMissing = ({ verdict }: RatingsPage) => verdict._tag === "Unavailable"
const reversed = <A, E>(stream: Stream.Stream<A, E>) =>
  Stream.unwrap(Effect.map(Stream.runCollect(stream), (all) => Stream.fromChunk(Chunk.reverse(all))))

const defects: Readonly<Record<string, Change>> = {
  "has no defect": (source) => source,

  "drops the last page": pages((page) => (isLast(page) ? [] : page)),
  "drops the page asked for last": readings((all, asked) =>
    asked === "all" || asked.length < 2 ? all : Stream.filter(all, ({ number }) => number !== asked.at(-1))
  ),
  "gives a page twice": pages((page) => (page.number === 2 ? [page, page] : page)),
  "gives all pages where some are asked for": (source) => ({
    ...source,
    ratings: (name) => source.ratings(name, "all")
  }),
  "gives all pages where none are asked for": (source) => ({
    ...source,
    ratings: (name, asked) => source.ratings(name, asked.length === 0 ? "all" : asked)
  }),
  "gives page 1 with whatever is asked for": (source) => ({
    ...source,
    ratings: (name, asked) => source.ratings(name, asked === "all" || asked.includes(1) ? asked : [1, ...asked])
  }),
  "gives page 1 last": readings((all) => reversed(all)),
  "counts pages from 0": pages((page) => ({ ...page, number: page.number - 1 })),
  "takes a page for the last one": filmsPages((_, { number }) => ({ lastPage: number })),
  "states one page too many": filmsPages(({ lastPage }) => ({ lastPage: lastPage + 1 })),
  "does not say where a page is": pages((page) => ({ ...page, url: "" })),

  "skips unrated films": films((all) => all.filter((watched) => watched.rating !== undefined)),
  "takes unrated films for the worst": films((all) =>
    all.map((watched) => ({ ...watched, rating: watched.rating ?? rating(0.5) }))
  ),
  "rounds ratings up": films((all) =>
    all.map((watched) =>
      watched.rating === undefined ? watched : { ...watched, rating: rating(Math.ceil(watched.rating)) }
    )
  ),
  "orders films by id": films((all) => all.toSorted((a, b) => a.film.id - b.film.id)),
  "loses the last film of a page": films((all) => all.slice(0, -1)),
  "mixes up title and slug": films((all) =>
    all.map((watched) => ({ ...watched, film: { ...watched.film, title: watched.film.slug } }))
  ),
  "makes up years": films((all) => all.map((watched) => ({ ...watched, film: { year: 2000, ...watched.film } }))),
  "states the number of films of the page as the list's": filmsPages((verdict) => ({
    stated: { films: verdict.films.length }
  })),
  "counts good films as unreadable": filmsPages(() => ({ unreadable: 1 })),

  "reads the whole members list for one": members((all) => all),
  "orders members by name": members((all) => all.toSorted((a, b) => (a.username < b.username ? -1 : 1))),
  "passes over members without films": members((all) => all.filter((listing) => listing.films !== 0)),
  "passes over members whose names look like nothing": members((all) =>
    all.filter((listing) => !["null", "nan", "none"].includes(listing.username))
  ),
  "ends the members list after the first page": (source) => ({
    ...source,
    members: Stream.take(source.members, WorldSource.membersPerPage)
  }),
  "lists members once only": (source) => {
    let isListed = false
    return {
      ...source,
      members: Stream.suspend(() => {
        if (isListed) return Stream.empty
        isListed = true
        return source.members
      })
    }
  },
  "lists members with other numbers of films": (source) => ({
    ...source,
    members: Stream.map(source.members, ({ films: count = 0, username: of }) => ({ username: of, films: count + 1 }))
  }),

  "treats private as gone": verdictsOf("MemberPrivate", PageVerdict.MemberNotFound()),
  "treats gone as empty": verdictsOf("MemberNotFound", PageVerdict.NoFilms()),
  "treats empty as a list of no films": verdictsOf(
    "NoFilms",
    PageVerdict.Films({ films: [], lastPage: 1, stated: { films: 0 }, unreadable: 0, fullPage: 6 })
  ),
  "says renamed, but not to whom": verdictsOf("Renamed", PageVerdict.Renamed({ to: username("somebody") })),
  "follows a renamed member under the old name": (source) => ({
    ...source,
    ratings: (name, asked) =>
      Stream.flatMap(source.ratings(name, asked), (page) =>
        page.verdict._tag === "Renamed"
          ? Stream.map(source.ratings(page.verdict.to, asked), (found) => ({ ...found, username: name }))
          : Stream.make(page)
      )
  }),
  "does not find a renamed member": (source) => ({
    ...source,
    ratings: (name, asked) => source.ratings(name === "new_name" ? username("nobody_now") : name, asked)
  }),
  "takes a name for a number": (source) => ({
    ...source,
    ratings: (name, asked) => (Number.isNaN(Number(name)) ? source.ratings(name, asked) : Stream.empty)
  }),
  "says nothing of those who are gone": pages((page) => (page.verdict._tag === "MemberNotFound" ? [] : page)),
  "fails where somebody is private": readings((all) =>
    Stream.mapEffect(all, (page) => (page.verdict._tag === "MemberPrivate" ? wrong : Effect.succeed(page)))
  ),
  "asks for another page of those who are private": readings((all, asked) =>
    asked === "all"
      ? Stream.mapConcat(all, (page) =>
          page.verdict._tag === "MemberPrivate" ? [page, { ...page, number: 2 }] : [page]
        )
      : all
  ),

  "gives the last page for one beyond it": (source, world) => ({
    ...source,
    ratings: (name, asked) => {
      const last = Math.max(
        1,
        Math.ceil((world.members.find((member) => member.username === name)?.films.length ?? 0) / world.filmsPerPage)
      )
      return asked === "all"
        ? source.ratings(name, asked)
        : Stream.flatMap(Stream.fromIterable(asked), (number) =>
            Stream.map(source.ratings(name, [Math.min(number, last)]), (page) => ({ ...page, number }))
          )
    }
  }),
  "leaves out pages beyond the last one": pages((page) => (page.verdict._tag === "PastTheEnd" ? [] : page)),
  "takes the end for changed markup": verdictsOf(
    "PastTheEnd",
    PageVerdict.MarkupChanged({ selector: "li", evidence: "no films" })
  ),

  "gives nothing when a stream is run again": (source) => ({
    ...source,
    ratings: (name, asked) => {
      let isRead = false
      return Stream.suspend(() => {
        if (isRead) return Stream.empty
        isRead = true
        return source.ratings(name, asked)
      })
    }
  }),
  "mixes up members that are read at the same time": (source) => {
    let current: Username | undefined
    return {
      ...source,
      ratings: (name, asked) =>
        Stream.suspend(() => {
          current = name
          return Stream.map(source.ratings(name, asked), (page) => ({ ...page, username: current ?? name }))
        })
    }
  },
  "reads one member at a time": (source) => {
    const turn = Effect.unsafeMakeSemaphore(1)
    return {
      ...source,
      ratings: (name, asked) =>
        Stream.unwrapScoped(
          Effect.as(
            Effect.acquireReleaseInterruptible(turn.take(1), () => turn.release(1)),
            source.ratings(name, asked)
          )
        )
    }
  },
  "keeps what an interrupted reading held": (source) => {
    const permits = Effect.unsafeMakeSemaphore(16)
    return {
      ...source,
      ratings: (name, asked) =>
        Stream.unwrap(
          Effect.as(permits.take(1), Stream.concat(source.ratings(name, asked), Stream.execute(permits.release(1))))
        )
    }
  },
  "lists members no more after it was interrupted": (source) => {
    let isInterrupted = false
    let isOpen = false
    return {
      ...source,
      ratings: (name, asked) =>
        Stream.ensuring(
          Stream.suspend(() => {
            isOpen = true
            return Stream.concat(
              source.ratings(name, asked),
              Stream.execute(
                Effect.sync(() => {
                  isOpen = false
                })
              )
            )
          }),
          Effect.sync(() => {
            if (isOpen) isInterrupted = true
          })
        ),
      members: Stream.suspend(() => (isInterrupted ? Stream.empty : source.members))
    }
  },
  "loses the pages a slow reader did not wait for": readings((all) =>
    Stream.buffer(all, { capacity: 2, strategy: "sliding" })
  ),
  "loses the members a slow reader did not wait for": (source) => ({
    ...source,
    members: Stream.buffer(source.members, { capacity: 40, strategy: "sliding" })
  }),

  "tells too few rated films": rated(({ atLeast, atMost }) => ({ atLeast, atMost: Math.max(0, atMost - 1) })),
  "tells too many rated films": rated(({ atLeast, atMost }) => ({ atLeast: atLeast + 1, atMost: atMost + 1 })),
  "takes watched films for rated ones": (source, world) => ({
    ...source,
    ratedFilms: (name) =>
      Effect.map(
        source.ratedFilms(name),
        Option.map(() => {
          const watched = world.members.find((member) => member.username === name)?.films.length ?? 0
          return { atLeast: watched, atMost: watched }
        })
      )
  }),
  "knows the ratings of those who are private": (source) => ({
    ...source,
    ratedFilms: () => Effect.succeedSome({ atLeast: 0, atMost: Infinity })
  }),
  "takes silence for no ratings": (source, world) => ({
    ...source,
    ratedFilms: (name) =>
      Effect.map(source.ratedFilms(name), (count) =>
        Option.isNone(count) && world.members.some((member) => member.username === name && member.state === "public")
          ? Option.some({ atLeast: 0, atMost: 0 })
          : count
      )
  }),
  "asks for all pages to count rated films": (source) => ({
    ...source,
    ratedFilms: (name) =>
      Effect.zipRight(
        Effect.orElseSucceed(Stream.runDrain(source.ratings(name, [1, 2])), () => undefined),
        source.ratedFilms(name)
      )
  }),

  "counts nothing": activity((now) => ({ ...now, requests: 0 })),
  "does not start counting at 0": activity((now) => ({ ...now, requests: now.requests + 1 })),
  "counts every other request": activity((now) => ({ ...now, requests: Math.floor(now.requests / 2) })),
  "counts anew with each look": (source) => {
    let before = 0
    return {
      ...source,
      activity: Effect.map(source.activity, (now) => {
        const requests = now.requests - before
        before = now.requests
        return { ...now, requests }
      })
    }
  },
  "counts more repetitions than requests": activity((now) => ({ ...now, retries: now.requests * 2 })),
  "is at a standstill": activity((now) => ({ ...now, requestsPerSecond: 0 })),
  "has no name": (source) => ({ ...source, name: "" }),

  "ends the members list where it breaks off": (source) => ({
    ...source,
    members: Stream.catchAll(source.members, () => Stream.empty)
  }),
  "dies where the members list breaks off": (source) => ({ ...source, members: Stream.orDie(source.members) }),
  "forgets the members before the break": (source) => ({
    ...source,
    members: Stream.unwrap(Effect.map(Stream.runCollect(source.members), Stream.fromChunk))
  }),
  "leaves out a page that could not be had": pages((page) => (isMissing(page) ? [] : page)),
  "ends at a page that could not be had": readings(Stream.takeWhile((page) => !isMissing(page))),
  "fails where one page could not be had": readings(
    Stream.mapEffect((page) => (isMissing(page) ? wrong : Effect.succeed(page)))
  ),
  "takes silence for the end of a list": verdictsOf("Unavailable", PageVerdict.PastTheEnd()),
  "takes silence for a list without films": verdictsOf("Unavailable", PageVerdict.NoFilms()),
  "takes silence for nobody": verdictsOf("Unavailable", PageVerdict.MemberNotFound()),
  "makes an empty page of one that could not be had": verdictsOf(
    "Unavailable",
    PageVerdict.Films({ films: [], lastPage: 12, stated: {}, unreadable: 0, fullPage: 6 })
  )
}

const { "has no defect": noDefect, ...others } = defects
const chosen = [
  ...(noDefect === undefined ? [] : [["has no defect", noDefect] as const]),
  ...sample("sources with a defect", Object.entries(others), 12)
]

for (const [name, change] of chosen) {
  const layer = (world: SourceWorld, outage: Option.Option<Outage>) =>
    Layer.sync(RatingsSource, () =>
      change(
        WorldSource.make(world, Option.match(outage, { onNone: () => ({}), onSome: (there) => ({ outage: there }) })),
        world
      )
    )
  sourceSuite(name, (world) => layer(world, Option.none()), {
    filmsPerPage: 6,
    runs: 5,
    timeoutMillis: 10_000,
    unreachable: (world, outage) => layer(world, Option.some(outage))
  })
}
