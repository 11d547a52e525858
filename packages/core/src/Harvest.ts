/**
 * The pipeline: discovers members, reads their pages, encodes the ratings, commits batches.
 *
 * @since 0.1.0
 */
import {
  Clock,
  Context,
  DateTime,
  Deferred,
  Effect,
  Either,
  Layer,
  PubSub,
  Ref,
  Stream
} from "effect"
import type { BatchMember, DatasetState } from "./Batch.ts"
import { BatchCommitted, type HarvestEvent, MemberDiscovered, MemberRead, PageRead, RunFinished, RunStarted } from "./HarvestEvent.ts"
import { type IdRegistry, makeIdRegistry } from "./IdRegistry.ts"
import type { Username } from "./Member.ts"
import { judgeMember, type MemberReading, pagesToReadAgain } from "./MemberReading.ts"
import type { MemberRecord } from "./MemberRecord.ts"
import { type RatingsPage, verdictActions } from "./PageVerdict.ts"
import type { EncodedRating } from "./Rating.ts"
import { RatingsSource } from "./RatingsSource.ts"
import { type OpenDataset, RatingsStorage } from "./RatingsStorage.ts"
import type { RunReport } from "./RunReport.ts"
import type { SourceError } from "./SourceError.ts"
import type { StorageError } from "./StorageError.ts"
import { errorFromVerdict } from "./VerdictError.ts"

/**
 * What a run is asked to do. `batches` and `batchSize` (members in a batch) are at least 1; their product is the
 * number of members to add. `membersInFlight`, at least 1, is how many members are read at the same time: it keeps
 * the source busy and bounds memory, which holds at most twice that many members' lists. `existing` says what a
 * `new` run does with a dataset that is there already. `timestamp` is written instead of the time of each commit, for
 * runs that must give the same bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface HarvestOptions {
  readonly mode: "new" | "continue"
  readonly existing: "refuse" | "set-aside"
  readonly batches: number
  readonly batchSize: number
  readonly membersInFlight: number
  readonly timestamp?: DateTime.Utc
}

/**
 * Runs the pipeline and tells what happens.
 *
 * `run` fails only where the storage does. Where the source cannot go on (a bot wall, an endless rate limit, changed
 * markup, no connection), it commits the members that were read completely up to the first one that was not, in
 * order of discovery, and returns a report with `stopped`. Interrupting it leaves what was committed; a commit under
 * way is finished first.
 *
 * Batches are committed in order of discovery, whatever order answers arrive in.
 *
 * @since 0.1.0
 * @category services
 */
export class Harvest extends Context.Tag("@letterboxd-ratings/core/Harvest")<
  Harvest,
  {
    readonly run: (options: HarvestOptions) => Effect.Effect<RunReport, StorageError>
    readonly events: PubSub.PubSub<HarvestEvent>
  }
>() {}

/**
 * So many requests in a row may fail for good before the run asks whether the site answers at all.
 */
const failuresBeforeProbe = 3

interface MemberPages {
  readonly pages: Map<number, RatingsPage>
  readonly verdicts: Map<string, number>
}

interface ReadMember {
  readonly reading: MemberReading
  readonly collected: MemberPages
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Context.Tag.Service<Harvest>, never, RatingsSource | RatingsStorage> = Effect.gen(
  function*() {
    const source = yield* RatingsSource
    const storage = yield* RatingsStorage
    const events = yield* PubSub.unbounded<HarvestEvent>()
    return {
      events,
      run: (options) =>
        Effect.gen(function*() {
          const mode = options.mode === "new" ? { _tag: "new", existing: options.existing } as const : { _tag: "continue" } as const
          const dataset = yield* storage.open(mode)
          return yield* runOn(source, storage, dataset, events, options)
        }).pipe(Effect.scoped)
    }
  }
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Harvest, never, RatingsSource | RatingsStorage> = Layer.effect(Harvest, make)

const runOn = (
  source: Context.Tag.Service<RatingsSource>,
  storage: Context.Tag.Service<RatingsStorage>,
  dataset: OpenDataset,
  events: PubSub.PubSub<HarvestEvent>,
  options: HarvestOptions
): Effect.Effect<RunReport, StorageError> =>
  Effect.gen(function*() {
    const startedAt = yield* DateTime.now
    const before = yield* source.activity
    const registry = makeIdRegistry(dataset.state)
    const reader = yield* makeReader(source, events)
    const wanted = options.batches * options.batchSize
    const toComplete = options.mode === "continue" ? partialMembers(dataset.state) : []
    const account = makeAccount(dataset.state)
    let discovered = 0

    yield* events.publish(
      RunStarted.make({
        mode: options.mode,
        source: source.name,
        storage: storage.name,
        place: storage.place,
        users: dataset.state.users.size,
        ratings: dataset.state.ratings,
        membersToAdd: wanted,
        membersToComplete: toComplete.length
      })
    )

    const seen = new Set<Username>(dataset.state.users.keys())
    const newMembers = source.members.pipe(
      Stream.filter((listing) => {
        if (seen.has(listing.username)) return false
        seen.add(listing.username)
        return true
      }),
      Stream.take(wanted),
      Stream.tap((listing) => {
        discovered += 1
        return events.publish(MemberDiscovered.make(listing))
      }),
      Stream.map((listing) => listing.username)
    )

    const readings = Stream.concat(Stream.fromIterable(toComplete), newMembers).pipe(
      Stream.either,
      Stream.mapEffect(
        Either.match({ onLeft: reader.stopWith, onRight: reader.readMember }),
        { concurrency: options.membersInFlight }
      ),
      Stream.takeUntil(Either.isLeft)
    )

    const handled = new Set<Username>()
    yield* readings.pipe(
      Stream.grouped(options.batchSize),
      Stream.runForEach((group) =>
        Effect.gen(function*() {
          const read: Array<ReadMember> = []
          for (const either of group) {
            if (Either.isLeft(either)) continue
            for (const member of either.right) {
              // A member reached by an old name too is taken where it was reached first.
              if (handled.has(member.reading.username)) continue
              handled.add(member.reading.username)
              read.push(yield* reader.readAgain(member))
            }
          }
          if (read.length === 0) return
          const started = yield* Clock.currentTimeMillis
          const committedAt = options.timestamp ?? (yield* DateTime.now)
          const members = read.flatMap((member) => encodeMember(registry, dataset.state, member, committedAt))
          const batch = { members, ...registry.takeFilms(), committedAt }
          const receipt = yield* Effect.uninterruptible(dataset.commit(batch))
          account.add(batch, read)
          account.totalRatings = receipt.ratings
          yield* events.publish(
            BatchCommitted.make({
              batch: receipt.batches,
              members: members.map((member) => member.record.username),
              ratings: members.reduce((sum, member) => sum + member.ratings.length, 0),
              newFilms: batch.newFilms.length,
              changedFilms: batch.changedFilms.length,
              totalRatings: receipt.ratings,
              millis: (yield* Clock.currentTimeMillis) - started
            })
          )
        })
      )
    )

    const stoppedBy = yield* reader.stoppedBy
    const after = yield* source.activity
    const report: RunReport = {
      mode: options.mode,
      startedAt,
      finishedAt: yield* DateTime.now,
      ...account.report(),
      pages: yield* reader.pagesRead,
      requests: after.requests - before.requests,
      retries: after.retries - before.retries,
      pausedMillis: after.pausedMillis - before.pausedMillis,
      listEnded: stoppedBy === undefined && discovered < wanted,
      ...(stoppedBy === undefined ? {} : { stopped: { reason: stoppedBy.reason, message: stoppedBy.message } })
    }
    yield* events.publish(RunFinished.make({ report }))
    return report
  })

const partialMembers = (state: DatasetState): ReadonlyArray<Username> =>
  [...state.members.values()].filter((record) => record.state === "partial").map((record) => record.username)

/**
 * Reads members, and stops all reading at once when the source cannot go on.
 */
const makeReader = (source: Context.Tag.Service<RatingsSource>, events: PubSub.PubSub<HarvestEvent>) =>
  Effect.gen(function*() {
    const stop = yield* Deferred.make<never, SourceError>()
    const stoppedBy = yield* Ref.make<SourceError | undefined>(undefined)
    const pagesRead = yield* Ref.make(0)
    const failures = yield* Ref.make(0)
    const oneProbe = yield* Effect.makeSemaphore(1)

    const stopWith = (error: SourceError) =>
      Ref.update(stoppedBy, (first) => first ?? error).pipe(
        Effect.zipRight(Deferred.fail(stop, error)),
        Effect.as(Either.left(error))
      )

    const untilStopped = <A>(effect: Effect.Effect<A, SourceError>): Effect.Effect<Either.Either<A, SourceError>> =>
      Effect.raceFirst(effect, Deferred.await(stop)).pipe(
        Effect.map(Either.right),
        Effect.catchAll(stopWith)
      )

    // One member whose pages all fail is that member's trouble; a site that does not even show its first members
    // page is everybody's.
    const probe = oneProbe.withPermits(1)(
      Effect.gen(function*() {
        if ((yield* Ref.get(failures)) < failuresBeforeProbe) return
        yield* source.members.pipe(Stream.take(1), Stream.runDrain)
        yield* Ref.set(failures, 0)
      })
    )

    const onPage = (page: RatingsPage): Effect.Effect<void, SourceError> =>
      Effect.gen(function*() {
        const { verdict } = page
        yield* events.publish(
          PageRead.make({
            username: page.username,
            page: page.number,
            verdict: verdict._tag,
            ...(verdict._tag === "Films" ? { lastPage: verdict.lastPage } : {}),
            ratings: verdict._tag === "Films" ? verdict.films.filter((watched) => watched.rating !== undefined).length : 0
          })
        )
        yield* Ref.update(pagesRead, (n) => n + 1)
        switch (verdictActions[verdict._tag]) {
          case "stop":
            return yield* errorFromVerdict(
              { source: source.name, url: page.url, subject: `page ${page.number} of ${page.username}` },
              verdict
            )
          case "keep":
          case "member":
            return yield* Ref.set(failures, 0)
          case "retry-later":
            if ((yield* Ref.updateAndGet(failures, (n) => n + 1)) >= failuresBeforeProbe) yield* probe
        }
      })

    const readPages = (username: Username, which: "all" | ReadonlyArray<number>, into: MemberPages) =>
      source.ratings(username, which).pipe(
        Stream.tap(onPage),
        Stream.runForEach((page) =>
          Effect.sync(() => {
            into.pages.set(page.number, page)
            into.verdicts.set(page.verdict._tag, (into.verdicts.get(page.verdict._tag) ?? 0) + 1)
          })
        )
      )

    const readOne = (username: Username) =>
      Effect.gen(function*() {
        const collected: MemberPages = { pages: new Map(), verdicts: new Map() }
        yield* readPages(username, "all", collected)
        const reading = judgeMember(username, collected.pages)
        yield* publishReading(events, reading, collected)
        return { reading, collected }
      })

    return {
      stopWith,
      stoppedBy: Ref.get(stoppedBy),
      pagesRead: Ref.get(pagesRead),
      /** Reads a member and, where the site sends visitors of its name to another one, that one too. */
      readMember: (username: Username): Effect.Effect<Either.Either<ReadonlyArray<ReadMember>, SourceError>> =>
        untilStopped(
          Effect.gen(function*() {
            const member = yield* readOne(username)
            const to = member.reading.renamedTo
            return to === undefined || to === username ? [member] : [member, yield* readOne(to)]
          })
        ),
      /** Gives what is missing of a member a second try; keeps the first reading where it does not help. */
      readAgain: (member: ReadMember): Effect.Effect<ReadMember> =>
        Effect.gen(function*() {
          const which = pagesToReadAgain(member.reading)
          if (which.length === 0) return member
          const { username } = member.reading
          // All pages again are a reading of their own: pages of a list that moved do not belong together.
          const collected: MemberPages = which === "all"
            ? { pages: new Map(), verdicts: new Map(member.collected.verdicts) }
            : { pages: new Map(member.collected.pages), verdicts: new Map(member.collected.verdicts) }
          const outcome = yield* untilStopped(
            which === "all" || member.reading.lastPage > 0
              ? readPages(username, which, collected)
              : readPages(username, "all", collected)
          )
          if (Either.isLeft(outcome)) return member
          const reading = judgeMember(username, collected.pages)
          if (reading.state === "partial" && reading.films.length < member.reading.films.length) return member
          yield* publishReading(events, reading, collected)
          return { reading, collected }
        })
    }
  })

const publishReading = (events: PubSub.PubSub<HarvestEvent>, reading: MemberReading, collected: MemberPages) =>
  events.publish(
    MemberRead.make({
      username: reading.username,
      state: reading.state,
      pages: collected.pages.size,
      films: reading.films.length,
      ratings: reading.films.filter((watched) => watched.rating !== undefined).length,
      missing: reading.missing,
      doubts: reading.doubts
    })
  )

/**
 * A member's part of the batch; none where the dataset already holds more than was read now.
 */
const encodeMember = (
  registry: IdRegistry,
  state: DatasetState,
  { collected, reading }: ReadMember,
  readAt: DateTime.Utc
): ReadonlyArray<BatchMember> => {
  const isKnown = state.users.has(reading.username)
  // Only a sealed reading may take rows away, so another one leaves the stored rows as they are.
  if (isKnown && reading.state !== "sealed") return []
  const { isNew, userId } = registry.user(reading.username)
  const ratings: Array<EncodedRating> = []
  for (const { film, rating } of reading.films) {
    if (rating === undefined) continue
    registry.film(film)
    ratings.push({ userId, filmId: film.id, rating })
  }
  const record: MemberRecord = {
    username: reading.username,
    userId,
    state: reading.state,
    readAt,
    lastPage: reading.lastPage,
    missing: reading.missing,
    films: reading.films.length,
    ...(reading.statedFilms === undefined ? {} : { statedFilms: reading.statedFilms }),
    ratings: ratings.length,
    doubts: reading.doubts,
    verdicts: Object.fromEntries(collected.verdicts),
    ...(reading.renamedTo === undefined ? {} : { renamedTo: reading.renamedTo })
  }
  return [{ record, isNew, write: isKnown ? "replace" : "append", ratings }]
}

/**
 * Counts what was committed.
 */
const makeAccount = (state: DatasetState) => {
  const members = { sealed: 0, partial: 0, gone: 0, private: 0, renamed: 0 }
  const partial: Array<RunReport["partial"][number]> = []
  let batches = 0
  let ratings = 0
  let newFilms = 0
  let changedFilms = 0
  let totalUsers = state.users.size
  return {
    totalRatings: state.ratings,
    add(
      batch: {
        readonly members: ReadonlyArray<BatchMember>
        readonly newFilms: ReadonlyArray<unknown>
        readonly changedFilms: ReadonlyArray<unknown>
      },
      read: ReadonlyArray<ReadMember>
    ) {
      batches += 1
      newFilms += batch.newFilms.length
      changedFilms += batch.changedFilms.length
      for (const member of batch.members) {
        ratings += member.ratings.length
        if (member.isNew) totalUsers += 1
      }
      for (const { reading } of read) {
        members[reading.state] += 1
        if (reading.state === "partial") {
          partial.push({
            username: reading.username,
            missing: reading.missing,
            lastPage: reading.lastPage,
            doubts: reading.doubts
          })
        }
      }
    },
    report() {
      return { members, partial, batches, ratings, newFilms, changedFilms, totalUsers, totalRatings: this.totalRatings }
    }
  }
}
