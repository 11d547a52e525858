/**
 * A sandbox with a clock: days pass, its world changes, and a dataset is refreshed now and then. For tests and benchmarks.
 */
import {
  datasetAsOf,
  Harvest,
  PartContent,
  RatingsSource,
  RatingsStorage,
  readWhole,
  rowsOfBlocks,
  Refresh,
  type RefreshReport,
  Username,
  WatchedFilm
} from "@letterboxd-ratings/core"
import { type ChangingWorld, type Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { HttpPolicy, LetterboxdSource, SiteTransport } from "@letterboxd-ratings/letterboxd-source"
import { Chunk, Clock, DateTime, Effect, Layer, Schema, Stream } from "effect"

const sourceOf = (baseUrl: string) =>
  LetterboxdSource.layer({
    name: "sandbox",
    baseUrl,
    listing: "films",
    membersList: "all",
    pagesInFlight: 5,
    robots: "obey",
    userAgent: "test"
  }).pipe(
    Layer.provide(
      HttpPolicy.layer({ ...HttpPolicy.defaults, requestsPerSecond: Infinity, backoffMillis: 5 }).pipe(
        Layer.provide(SiteTransport.layer)
      )
    )
  )

const filmsOnPage = 72
const decodeName = Schema.decodeSync(Username)
const decodeListed = Schema.decodeUnknownSync(WatchedFilm)

/** A world without a site, for what is no subject of a test: starting a dataset, and reading all of it in the end. */
const worldSource = (world: () => World): typeof RatingsSource.Service => ({
  name: "world",
  members: Stream.suspend(() =>
    Stream.fromIterable(
      world()
        .members.filter(({ isListed = true }) => isListed)
        .map(({ films, username }) => ({ username: decodeName(username), films: films.length }))
    )
  ),
  list: (username, parts) =>
    Stream.suspend(() => {
      const member = world().members.find((one) => one.username === username)
      const part = (number: number, content: PartContent) => ({ username, number, place: "world", content })
      if (member === undefined || member.state === "gone") return Stream.make(part(1, PartContent.Gone()))
      if (member.state === "private") return Stream.make(part(1, PartContent.Private()))
      if (member.state !== "public")
        return Stream.make(part(1, PartContent.Renamed({ to: decodeName(member.state.renamedTo) })))
      const { films } = member
      const lastPart = Math.max(1, Math.ceil(films.length / filmsOnPage))
      const numbers = parts === "all" ? Array.from({ length: lastPart }, (_, i) => i + 1) : parts
      return Stream.fromIterable(
        numbers.map((number) =>
          part(
            number,
            films.length === 0
              ? PartContent.Empty()
              : PartContent.Films({
                  films: films
                    .slice((number - 1) * filmsOnPage, number * filmsOnPage)
                    .map(({ film, rating }) => decodeListed({ film, ...(rating === undefined ? {} : { rating }) })),
                  lastPart,
                  stated: { films: films.length },
                  unreadable: 0,
                  fullPart: filmsOnPage
                })
          )
        )
      )
    })
})

const firstDay = Date.UTC(2026, 0, 1, 12)
const millisOfADay = 86_400_000

/** The time of a day of the world. */
export const timeOf = (day: number): DateTime.Utc => DateTime.unsafeMake(firstDay + day * millisOfADay)

/** A clock that shows noon of a day, and waits as long as any other. */
const clockOn = (day: number): Clock.Clock => {
  const real = Clock.make()
  const millis = timeOf(day).epochMillis
  return {
    ...real,
    unsafeCurrentTimeMillis: () => millis,
    unsafeCurrentTimeNanos: () => BigInt(millis) * 1_000_000n,
    currentTimeMillis: Effect.succeed(millis),
    currentTimeNanos: Effect.succeed(BigInt(millis) * 1_000_000n),
    sleep: (duration) => real.sleep(duration)
  }
}

type Rows = ReadonlyArray<string>

const rowsOf = (rows: Iterable<readonly [user: string, film: number, rating: number]>): Rows =>
  Array.from(rows, (row) => row.join(" ")).toSorted()

/** The ratings of a dataset, with names instead of ids. */
const rowsIn = (asOf?: DateTime.Utc) =>
  Effect.scoped(
    Effect.gen(function* () {
      const storage = yield* RatingsStorage
      const now = yield* readWhole(storage)
      const whole =
        asOf === undefined ? now : yield* datasetAsOf(now, asOf, { storage: storage.name, place: storage.place })
      const names = new Map(Array.from(whole.state.users, ([username, userId]) => [userId, username]))
      const rows = yield* Stream.runCollect(rowsOfBlocks(whole.ratings))
      return rowsOf(
        Chunk.toReadonlyArray(rows).map(
          ({ filmId, rating, userId }) => [names.get(userId) ?? String(userId), filmId, rating] as const
        )
      )
    })
  )

export { rowsIn as ratingsIn }

/** The ratings that a world shows of public members. */
export const ratingsOf = (world: World): Rows =>
  rowsOf(
    world.members.flatMap(({ films, state, username }) =>
      state === "public"
        ? films.flatMap(({ film, rating }) => (rating === undefined ? [] : [[username, film.id, rating] as const]))
        : []
    )
  )

const options = { batchSize: 100, membersInFlight: 12 }

/** Starts the dataset of a world, and gives what refreshes it on a day and what it holds. */
export const datasetOf = (changing: ChangingWorld, site: Sandbox.Sandbox) => {
  const today = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.withClock(work, clockOn(changing.day()))
  const on = <A, E, R>(work: Effect.Effect<A, E, R | RatingsSource>) => today(Effect.provide(work, sourceOf(site.url)))
  const offline = <A, E, R>(work: Effect.Effect<A, E, R | RatingsSource>) =>
    today(Effect.provideService(work, RatingsSource, worldSource(changing.world)))
  return {
    start: Effect.suspend(() =>
      offline(
        Harvest.report({
          ...options,
          mode: "new",
          existing: "refuse",
          batches: Math.ceil(changing.world().members.length / options.batchSize)
        })
      )
    ),
    readAll: Effect.suspend(() => offline(Refresh.report({ ...options, olderThanDays: 1e-9 }))),
    refresh: (more: Partial<Refresh.RefreshOptions> = {}): Effect.Effect<RefreshReport, unknown, RatingsStorage> =>
      Effect.suspend(() => on(Refresh.report({ ...options, ...more })))
  }
}
