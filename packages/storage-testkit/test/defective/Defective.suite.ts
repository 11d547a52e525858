/** Sources with one defect each. Every one of them must fail the suite; Defects.slow.test.ts sees to it. */
import {
  activityOf,
  examineSource,
  type FilmsContent,
  type ListPart,
  type MemberListing,
  PartContent,
  Rating,
  type RatedFilms,
  ratedFilmsOf,
  RatingsSource,
  type SourceActivity,
  SourceError,
  type SourceFinding,
  Username,
  type WatchedFilm
} from "@letterboxd-ratings/core"
import { type Outage, sourceSuite, type SourceWorld } from "@letterboxd-ratings/storage-testkit"
import { Chunk, type Context, Effect, Layer, Option, Schema, Stream } from "effect"
import { sample } from "../../../../vitest.sample.ts"
import * as WorldSource from "../WorldSource.ts"

type Source = Context.Tag.Service<RatingsSource>
type Complete = Required<Omit<Source, "keeps" | "proof" | "reasonTexts">>
type Change = (source: Complete, world: SourceWorld) => Complete

type List = ReturnType<Source["list"]>
type Asked = Parameters<Source["list"]>[1]

const complete = (source: Source): Complete => ({
  ...source,
  ratedFilms: (name) => ratedFilmsOf(source, name),
  activity: activityOf(source),
  examine: (name) => examineSource(source, name)
})

/** Changes each reading of a member. */
const readings =
  (change: (parts: List, asked: Asked, username: Username) => List): Change =>
  (source) => ({
    ...source,
    list: (username, asked) => change(source.list(username, asked), asked, username)
  })
const parts = (change: (part: ListPart) => ListPart | ReadonlyArray<ListPart>): Change =>
  readings(
    Stream.mapConcat((part) => {
      const changed = change(part)
      return "content" in changed ? [changed] : changed
    })
  )
const filmsParts = (change: (content: FilmsContent, part: ListPart) => Partial<FilmsContent>): Change =>
  parts((part) =>
    part.content._tag === "Films" ? { ...part, content: { ...part.content, ...change(part.content, part) } } : part
  )
const films = (change: (films: ReadonlyArray<WatchedFilm>) => ReadonlyArray<WatchedFilm>): Change =>
  filmsParts((content) => ({ films: change(content.films) }))
const contentsOf = (tag: PartContent["_tag"], content: PartContent): Change =>
  parts((part) => (part.content._tag === tag ? { ...part, content } : part))
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
const findings =
  (change: (finding: SourceFinding) => ReadonlyArray<SourceFinding>): Change =>
  (source) => ({
    ...source,
    examine: (name) => Stream.mapConcat(source.examine(name), change)
  })
const isLast = ({ content, number }: ListPart) =>
  content._tag === "Films" && content.lastPart > 1 && number === content.lastPart
const isMissing = ({ content }: ListPart) => content._tag === "Missing"
const reversed = <A, E>(stream: Stream.Stream<A, E>) =>
  Stream.unwrap(Effect.map(Stream.runCollect(stream), (all) => Stream.fromChunk(Chunk.reverse(all))))

const defects: Readonly<Record<string, Change>> = {
  "has no defect": (source) => source,

  "drops the last part": parts((part) => (isLast(part) ? [] : part)),
  "drops the part asked for last": readings((all, asked) =>
    asked === "all" || asked.length < 2 ? all : Stream.filter(all, ({ number }) => number !== asked.at(-1))
  ),
  "gives a part twice": parts((part) => (part.number === 2 ? [part, part] : part)),
  "gives all parts where some are asked for": (source) => ({
    ...source,
    list: (name) => source.list(name, "all")
  }),
  "gives all parts where none are asked for": (source) => ({
    ...source,
    list: (name, asked) => source.list(name, asked.length === 0 ? "all" : asked)
  }),
  "gives part 1 with whatever is asked for": (source) => ({
    ...source,
    list: (name, asked) => source.list(name, asked === "all" || asked.includes(1) ? asked : [1, ...asked])
  }),
  "gives part 1 last": readings((all) => reversed(all)),
  "counts parts from 0": parts((part) => ({ ...part, number: part.number - 1 })),
  "takes a part for the last one": filmsParts((_, { number }) => ({ lastPart: number })),
  "states one part too many": filmsParts(({ lastPart }) => ({ lastPart: lastPart + 1 })),
  "does not say where a part is": parts((part) => ({ ...part, place: "" })),

  "skips unrated films": films((all) => all.filter((watched) => watched.rating !== undefined)),
  "takes every film for a liked one": films((all) => all.map((watched) => ({ ...watched, liked: true }))),
  "takes unrated films for the worst": films((all) =>
    all.map((watched) => ({ ...watched, rating: watched.rating ?? rating(0.5) }))
  ),
  "rounds ratings up": films((all) =>
    all.map((watched) =>
      watched.rating === undefined ? watched : { ...watched, rating: rating(Math.ceil(watched.rating)) }
    )
  ),
  "orders films by id": films((all) => all.toSorted((a, b) => a.film.id - b.film.id)),
  "loses the last film of a part": films((all) => all.slice(0, -1)),
  "mixes up title and slug": films((all) =>
    all.map((watched) => ({ ...watched, film: { ...watched.film, title: watched.film.slug ?? "" } }))
  ),
  "makes up years": films((all) => all.map((watched) => ({ ...watched, film: { year: 2000, ...watched.film } }))),
  "states the number of films of the part as the list's": filmsParts((content) => ({
    stated: { films: content.films.length }
  })),
  "counts good films as unreadable": filmsParts(() => ({ unreadable: 1 })),

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

  "treats private as gone": contentsOf("Private", PartContent.Gone()),
  "treats gone as empty": contentsOf("Gone", PartContent.Empty()),
  "treats empty as a list of no films": contentsOf(
    "Empty",
    PartContent.Films({ films: [], lastPart: 1, stated: { films: 0 }, unreadable: 0, fullPart: 6 })
  ),
  "says renamed, but not to whom": contentsOf("Renamed", PartContent.Renamed({ to: username("somebody") })),
  "follows a renamed member under the old name": (source) => ({
    ...source,
    list: (name, asked) =>
      Stream.flatMap(source.list(name, asked), (part) =>
        part.content._tag === "Renamed"
          ? Stream.map(source.list(part.content.to, asked), (found) => ({ ...found, username: name }))
          : Stream.make(part)
      )
  }),
  "does not find a renamed member": (source) => ({
    ...source,
    list: (name, asked) => source.list(name === "new_name" ? username("nobody_now") : name, asked)
  }),
  "takes a name for a number": (source) => ({
    ...source,
    list: (name, asked) => (Number.isNaN(Number(name)) ? source.list(name, asked) : Stream.empty)
  }),
  "says nothing of those who are gone": parts((part) => (part.content._tag === "Gone" ? [] : part)),
  "fails where somebody is private": readings((all) =>
    Stream.mapEffect(all, (part) => (part.content._tag === "Private" ? wrong : Effect.succeed(part)))
  ),
  "asks for another part of those who are private": readings((all, asked) =>
    asked === "all"
      ? Stream.mapConcat(all, (part) => (part.content._tag === "Private" ? [part, { ...part, number: 2 }] : [part]))
      : all
  ),

  "gives the last part for one beyond it": (source, world) => ({
    ...source,
    list: (name, asked) => {
      const last = Math.max(
        1,
        Math.ceil((world.members.find((member) => member.username === name)?.films.length ?? 0) / world.filmsPerPart)
      )
      return asked === "all"
        ? source.list(name, asked)
        : Stream.flatMap(Stream.fromIterable(asked), (number) =>
            Stream.map(source.list(name, [Math.min(number, last)]), (part) => ({ ...part, number }))
          )
    }
  }),
  "leaves out parts beyond the last one": parts((part) => (part.content._tag === "PastTheEnd" ? [] : part)),
  "takes the end for changed markup": contentsOf(
    "PastTheEnd",
    PartContent.Missing({ error: new SourceError({ ...wrong, reason: "NotUnderstood" }) })
  ),

  "mixes up members that are read at the same time": (source) => {
    let current: Username | undefined
    return {
      ...source,
      list: (name, asked) =>
        Stream.suspend(() => {
          current = name
          return Stream.map(source.list(name, asked), (part) => ({ ...part, username: current ?? name }))
        })
    }
  },
  "reads one member at a time": (source) => {
    const turn = Effect.unsafeMakeSemaphore(1)
    return {
      ...source,
      list: (name, asked) =>
        Stream.unwrapScoped(
          Effect.as(
            Effect.acquireReleaseInterruptible(turn.take(1), () => turn.release(1)),
            source.list(name, asked)
          )
        )
    }
  },
  "keeps what an interrupted reading held": (source) => {
    const permits = Effect.unsafeMakeSemaphore(16)
    return {
      ...source,
      list: (name, asked) =>
        Stream.unwrap(
          Effect.as(permits.take(1), Stream.concat(source.list(name, asked), Stream.execute(permits.release(1))))
        )
    }
  },
  "lists members no more after it was interrupted": (source) => {
    let isInterrupted = false
    let isOpen = false
    return {
      ...source,
      list: (name, asked) =>
        Stream.ensuring(
          Stream.suspend(() => {
            isOpen = true
            return Stream.concat(
              source.list(name, asked),
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
  "loses the parts a slow reader did not wait for": readings((all) =>
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
  "asks for all parts to count rated films": (source) => ({
    ...source,
    ratedFilms: (name) =>
      Effect.zipRight(
        Effect.orElseSucceed(Stream.runDrain(source.list(name, [1, 2])), () => undefined),
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
  "forgets the members before the break": (source) => ({
    ...source,
    members: Stream.unwrap(Effect.map(Stream.runCollect(source.members), Stream.fromChunk))
  }),
  "leaves out a part that could not be had": parts((part) => (isMissing(part) ? [] : part)),
  "ends at a part that could not be had": readings(Stream.takeWhile((part) => !isMissing(part))),
  "fails where one part could not be had": readings(
    Stream.mapEffect((part) => (isMissing(part) ? wrong : Effect.succeed(part)))
  ),
  "takes silence for the end of a list": contentsOf("Missing", PartContent.PastTheEnd()),
  "takes silence for a list without films": contentsOf("Missing", PartContent.Empty()),
  "takes silence for nobody": contentsOf("Missing", PartContent.Gone()),
  "makes an empty part of one that could not be had": contentsOf(
    "Missing",
    PartContent.Films({ films: [], lastPart: 12, stated: {}, unreadable: 0, fullPart: 6 })
  ),

  "finds nothing when it is examined": findings(() => []),
  "finds trouble where there is none": findings((finding) => [{ error: wrong, ...finding }]),
  "does not say where it looked": findings((finding) => [{ ...finding, place: "" }]),
  "finds all well whatever it finds": findings(({ error: _error, ...finding }) => [{ ...finding, found: ["all well"] }])
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
        complete(
          WorldSource.make(world, Option.match(outage, { onNone: () => ({}), onSome: (there) => ({ outage: there }) }))
        ),
        world
      )
    )
  sourceSuite(name, (world) => layer(world, Option.none()), {
    filmsPerPart: 6,
    runs: 5,
    timeoutMillis: 10_000,
    unreachable: (world, outage) => layer(world, Option.some(outage))
  })
}
