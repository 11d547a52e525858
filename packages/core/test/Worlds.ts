/**
 * A source and a storage in memory, for tests of the pipeline. The source answers from a table of lists and can be
 * told to answer otherwise; the storage keeps batches as they come.
 */
import { assert } from "@effect/vitest"
import {
  type Batch,
  contentAfter,
  type DatasetContent,
  type DatasetState,
  emptyContent,
  type EncodedRating,
  Film,
  Harvest,
  MemberListing,
  type HarvestEvent,
  type ListPart,
  openedDataset,
  PartContent,
  problemsOf,
  type RatedFilms,
  RatingsSource,
  RatingsStorage,
  rowStreamsOf,
  SourceError,
  type SourceErrorReason,
  StorageError,
  UserId,
  Username,
  WatchedFilm
} from "@letterboxd-ratings/core"
import { Array, DateTime, Effect, Fiber, Layer, type Option, Ref, Schema, Stream, TestClock } from "effect"

export const filmsOnPage = 3

export const watched = (id: number, rating?: number, slug = `film-${id}`) =>
  Schema.decodeUnknownSync(WatchedFilm)({
    film: { id, slug, title: `Film ${id}`, year: 2000 },
    ...(rating === undefined ? {} : { rating })
  })

export const film = Schema.decodeUnknownSync(Film)

/** A member with `count` films, numbered from `from`, every third one without a rating. */
export const list = (count: number, from = 1): ReadonlyArray<WatchedFilm> =>
  globalThis.Array.from({ length: count }, (_, i) =>
    watched(from + i, (from + i) % 3 === 0 ? undefined : (((from + i) % 10) + 1) / 2)
  )

export interface MemoryWorld {
  readonly members: Iterable<string>
  readonly films: Readonly<Record<string, ReadonlyArray<WatchedFilm>>>
  /** Called before each answer; what it returns is answered instead of the part. */
  readonly interfere?: (
    username: string,
    page: number,
    nth: number
  ) => Effect.Effect<PartContent | undefined, SourceError>
  /** What the source calls a part; nothing where it has no word of its own. */
  readonly label?: (content: PartContent) => { readonly label: string } | undefined
  /** What the members list says of how many films a member watched. */
  readonly listedFilms?: Readonly<Record<string, number>>
  /** What is answered when a member is asked in a second way for its rated films; the truth where nothing is said. */
  readonly ratedFilms?: (username: string) => Effect.Effect<Option.Option<RatedFilms>, SourceError>
  readonly reasonTexts?: (typeof RatingsSource.Service)["reasonTexts"]
  readonly membersFailAfter?: { readonly count: number; readonly error: SourceError }
  /** Waited for before the members list is there. */
  readonly beforeMembers?: Effect.Effect<void, SourceError>
}

export const partOf = (films: ReadonlyArray<WatchedFilm>, number: number): PartContent => {
  const lastPart = Math.max(1, Math.ceil(films.length / filmsOnPage))
  if (films.length === 0) return PartContent.Empty()
  if (number > lastPart) return PartContent.PastTheEnd()
  return PartContent.Films({
    films: films.slice((number - 1) * filmsOnPage, number * filmsOnPage),
    lastPart,
    stated: { films: films.length },
    unreadable: 0,
    fullPart: filmsOnPage
  })
}

const errorOf = (reason: SourceErrorReason) => new SourceError({ reason, source: "memory", detail: "test" })

/** Parts that are missing: for a passing reason, refused, not understood, refused as all may be, refused as all are. */
export const unavailable = PartContent.Missing({ error: errorOf("Unreachable") })
export const refused = PartContent.Missing({ error: errorOf("Refused") })
export const notUnderstood = PartContent.Missing({ error: errorOf("NotUnderstood") })
export const limited = PartContent.Missing({ error: errorOf("Refused"), extent: "perhaps-source" })
export const wall = PartContent.Missing({ error: errorOf("Refused"), extent: "source" })

export const memorySource = (world: MemoryWorld) =>
  Effect.gen(function* () {
    const asked = yield* Ref.make<ReadonlyArray<string>>([])
    const readPart = (username: Username, number: number): Effect.Effect<ListPart, SourceError> =>
      Effect.gen(function* () {
        const name = `${username}/${number}`
        const before = yield* Ref.getAndUpdate(asked, Array.append(name))
        const nth = before.filter((other) => other === name).length + 1
        const instead = world.interfere === undefined ? undefined : yield* world.interfere(username, number, nth)
        const content = instead ?? partOf(world.films[username] ?? [], number)
        return { username, number, place: `memory:/${name}`, ...world.label?.(content), content }
      })
    const readParts = (username: Username, numbers: ReadonlyArray<number>) =>
      Stream.fromIterable(numbers).pipe(
        Stream.mapEffect((number) => readPart(username, number), { concurrency: 4, unordered: true })
      )
    const listings = Stream.unwrap(
      Effect.as(world.beforeMembers ?? Effect.void, Stream.fromIterable(world.members))
    ).pipe(
      Stream.map((username) =>
        Schema.decodeUnknownSync(MemberListing)({
          username,
          ...(world.listedFilms?.[username] === undefined ? {} : { films: world.listedFilms[username] })
        })
      )
    )
    const { membersFailAfter } = world
    const source = RatingsSource.of({
      name: "memory",
      ...(world.reasonTexts === undefined ? {} : { reasonTexts: world.reasonTexts }),
      members: Stream.tap(
        membersFailAfter === undefined
          ? listings
          : Stream.concat(Stream.take(listings, membersFailAfter.count), Stream.fail(membersFailAfter.error)),
        (listing) => Ref.update(asked, Array.append(`list:${listing.username}`))
      ),
      list: (username, parts) =>
        parts === "all"
          ? Stream.unwrap(
              Effect.map(readPart(username, 1), (first) =>
                first.content._tag === "Films" && first.content.lastPart > 1
                  ? Stream.concat(Stream.make(first), readParts(username, Array.range(2, first.content.lastPart)))
                  : Stream.make(first)
              )
            )
          : readParts(username, parts),
      ratedFilms: (username) =>
        Effect.zipRight(
          Ref.update(asked, Array.append(`${username}/rated`)),
          Effect.suspend(() => {
            const ratings = (world.films[username] ?? []).filter(({ rating }) => rating !== undefined).length
            return world.ratedFilms?.(username) ?? Effect.succeedSome({ atLeast: ratings, atMost: ratings })
          })
        ),
      activity: Effect.map(Ref.get(asked), (all) => ({
        requests: all.length,
        retries: 0,
        pausedMillis: 0,
        requestsPerSecond: Infinity,
        unreadListings: 0
      }))
    })
    return { source, asked: Ref.get(asked) }
  })

/** What a storage holds, as rows a person can compare. */
export interface MemoryDataset {
  readonly rows: Map<UserId, ReadonlyArray<EncodedRating>>
  readonly batches: Array<Batch>
  state: DatasetState
  content: DatasetContent
}

export const idsIn = ({ state }: MemoryDataset): Readonly<Record<string, number>> => Object.fromEntries(state.users)

const nothing = emptyContent(DateTime.unsafeMake(0))

export const memoryDataset = (): MemoryDataset => ({
  rows: new Map(),
  batches: [],
  state: nothing.state,
  content: nothing
})

/** A storage in memory; `afterCommit` is what takes time when a batch is there, before the storage says so. */
const memoryStorage = (dataset: MemoryDataset, afterCommit: Effect.Effect<void> = Effect.void) =>
  Layer.succeed(
    RatingsStorage,
    RatingsStorage.of({
      name: "memory",
      place: "memory",
      exists: Effect.sync(() => dataset.state.batches > 0),
      inspect: Effect.dieMessage("the pipeline does not inspect"),
      verify: () => Effect.dieMessage("the pipeline does not verify"),
      open: (mode) =>
        Effect.gen(function* () {
          if (mode._tag === "continue" && dataset.state.batches === 0) {
            return yield* new StorageError({
              reason: "NothingThere",
              storage: "memory",
              place: "memory",
              detail: "empty"
            })
          }
          if (mode._tag === "new") {
            dataset.rows.clear()
            dataset.batches.length = 0
            dataset.state = nothing.state
            dataset.content = nothing
          }
          const opened = yield* openedDataset({
            storage: "memory",
            place: "memory",
            state: dataset.content.state,
            notes: [],
            rows: rowStreamsOf(() => dataset.content),
            write: (changes) =>
              Effect.map(contentAfter(dataset.content, changes), (content) => {
                dataset.content = content
                return content.state
              })
          })
          return {
            ...opened,
            commit: (batch) =>
              opened.commit(batch).pipe(
                Effect.tap(() =>
                  Effect.sync(() => {
                    dataset.batches.push(batch)
                    dataset.state = dataset.content.state
                    dataset.rows.clear()
                    for (const row of dataset.content.rows.ratings)
                      dataset.rows.set(row.userId, [...(dataset.rows.get(row.userId) ?? []), row])
                  })
                ),
                Effect.zipLeft(afterCommit)
              )
          }
        })
    })
  )

export const username = Schema.decodeUnknownSync(Username)
export const userId = Schema.decodeUnknownSync(UserId)

/** A run over a world, with a day for all that waits. */
export const runHarvest = (world: MemoryWorld, options: Harvest.HarvestOptions, dataset: MemoryDataset) =>
  Effect.gen(function* () {
    const { asked, source } = yield* memorySource(world)
    const events: globalThis.Array<HarvestEvent> = []
    const running = yield* Effect.fork(
      Harvest.report(options, (event) => Effect.sync(() => events.push(event))).pipe(
        Effect.provide(memoryLayer(source, dataset))
      )
    )
    yield* TestClock.adjust("1 day")
    assert.deepStrictEqual(problemsOf(dataset.content), [])
    return { report: yield* Fiber.join(running), dataset, events, asked: yield* asked }
  })

/** A source and a storage in memory. */
export const memoryLayer = (
  source: typeof RatingsSource.Service,
  dataset: MemoryDataset,
  afterCommit?: Effect.Effect<void>
) => Layer.merge(Layer.succeed(RatingsSource, source), memoryStorage(dataset, afterCommit))
