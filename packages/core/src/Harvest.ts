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
import { canBeCompleted, judgeCompletion, judgeMember, type MemberReading, pagesToReadAgain } from "./MemberReading.ts"
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
 * `new` run does with a dataset that is there already. With `only`, that member is
 * read, known or not, and nobody else. `timestamp` is written instead of the time of each commit, for
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
  readonly only?: Username
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

/** A member that was read; `completes` is the record of an earlier reading whose missing pages these are. */
interface ReadMember {
  readonly reading: MemberReading
  readonly collected: MemberPages
  readonly completes?: MemberRecord
}

/** A member to read; with `record`, one that is partial. */
interface MemberTask {
  readonly username: Username
  readonly record?: MemberRecord
}

/**
 * The pipeline between the source and the storage in context.
 *
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
 * `Harvest` over the source and the storage in context.
 *
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
    const wanted = options.only === undefined ? options.batches * options.batchSize : 1
    const toComplete = options.mode === "continue" && options.only === undefined ? partialMembers(dataset.state) : []
    const reader = yield* makeReader(source, events)
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
        membersToComplete: toComplete.length,
        notes: dataset.notes
      })
    )

    const seen = new Set<Username>(dataset.state.users.keys())
    const newMembers: Stream.Stream<MemberTask, SourceError> = options.only !== undefined
      ? Stream.make({ username: options.only })
      : source.members.pipe(
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
      Stream.map(({ username }) => ({ username }))
    )

    const readings = Stream.concat(Stream.fromIterable(toComplete), newMembers).pipe(
      Stream.either,
      Stream.mapEffect(
        Either.match({ onLeft: reader.stopWith, onRight: reader.readMember }),
        { concurrency: options.membersInFlight }
      ),
      Stream.takeUntil((read) => Either.isLeft(read))
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
          // A name somebody asked for that nobody has is a slip of the pen, not a member.
          const isSlip = ({ reading }: ReadMember) =>
            options.only !== undefined && reading.state === "gone" && !dataset.state.users.has(reading.username)
          const members = read.flatMap((member) => isSlip(member) ? [] : encodeMember(registry, dataset.state, member, committedAt))
          if (members.length === 0) {
            account.add([], 0, 0, read)
            return
          }
          const batch = { members, ...registry.takeFilms(), committedAt }
          const receipt = yield* Effect.uninterruptible(dataset.commit(batch))
          account.add(members, batch.newFilms.length, batch.changedFilms.length, read)
          account.setTotal(receipt.ratings)
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
      listEnded: stoppedBy === undefined && options.only === undefined && discovered < wanted,
      ...(stoppedBy === undefined ? {} : { stopped: { reason: stoppedBy.reason, message: stoppedBy.message } })
    }
    yield* events.publish(RunFinished.make({ report }))
    return report
  })

const partialMembers = (state: DatasetState): ReadonlyArray<{ readonly username: Username; readonly record: MemberRecord }> =>
  [...state.members.values()]
    .filter((record) => record.state === "partial")
    .map((record) => ({ username: record.username, record }))

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

    const readWhole = (username: Username): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function*() {
        const collected: MemberPages = { pages: new Map(), verdicts: new Map() }
        yield* readPages(username, "all", collected)
        const reading = judgeMember(username, collected.pages)
        yield* publishReading(events, reading, collected)
        return { reading, collected }
      })

    /** Reads the given ones of the pages that are missing; all of them where the list is another one now. */
    const readMissing = (
      record: MemberRecord,
      numbers: ReadonlyArray<number>,
      before: MemberPages
    ): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function*() {
        const collected = copyOf(before)
        yield* readPages(record.username, numbers, collected)
        const reading = judgeCompletion(record, collected.pages)
        if (reading === undefined) return yield* readWhole(record.username)
        yield* publishReading(events, reading, collected)
        return { reading, collected, completes: record }
      })

    return {
      stopWith,
      stoppedBy: Ref.get(stoppedBy),
      pagesRead: Ref.get(pagesRead),
      /** Reads a member and, where the site sends visitors of its name to another one, that one too. */
      readMember: (
        { record, username }: MemberTask
      ): Effect.Effect<Either.Either<ReadonlyArray<ReadMember>, SourceError>> =>
        untilStopped(
          Effect.gen(function*() {
            const member = record !== undefined && canBeCompleted(record)
              ? yield* readMissing(record, record.missing, { pages: new Map(), verdicts: new Map() })
              : yield* readWhole(username)
            const to = member.reading.renamedTo
            return to === undefined || to === username ? [member] : [member, yield* readWhole(to)]
          })
        ),
      /** Gives what is missing of a member a second try; keeps the first reading where it does not help. */
      readAgain: (member: ReadMember): Effect.Effect<ReadMember> =>
        Effect.gen(function*() {
          const which = pagesToReadAgain(member.reading)
          if (which.length === 0) return member
          const { completes, reading: { lastPage, username } } = member
          const again = Effect.gen(function*() {
            if (which === "all" || lastPage === 0) return yield* readWhole(username)
            if (completes !== undefined) return yield* readMissing(completes, which, member.collected)
            const collected = copyOf(member.collected)
            yield* readPages(username, which, collected)
            const reading = judgeMember(username, collected.pages)
            yield* publishReading(events, reading, collected)
            return { reading, collected }
          })
          const outcome = yield* untilStopped(again)
          if (Either.isLeft(outcome)) return member
          const isWorse = outcome.right.reading.state === "partial" &&
            outcome.right.reading.films.length < member.reading.films.length
          return isWorse ? member : outcome.right
        })
    }
  })

const copyOf = ({ pages, verdicts }: MemberPages): MemberPages => ({ pages: new Map(pages), verdicts: new Map(verdicts) })

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
 * A member's part of the batch; none where the dataset already holds more than was read now. Only a sealed reading
 * takes rows away: of a known member that is partial again nothing changes, and of one that is gone, private or
 * renamed only the record does.
 */
const encodeMember = (
  registry: IdRegistry,
  state: DatasetState,
  { collected, completes, reading }: ReadMember,
  readAt: DateTime.Utc
): ReadonlyArray<BatchMember> => {
  const isKnown = state.users.has(reading.username)
  if (isKnown && completes === undefined && reading.state === "partial") return []
  const { isNew, userId } = registry.user(reading.username)
  const ratings: Array<EncodedRating> = []
  for (const { film, rating } of reading.films) {
    if (rating === undefined) continue
    registry.film(film)
    ratings.push({ userId, filmId: film.id, rating })
  }
  const before = state.members.get(reading.username)
  const isReplaced = isKnown && completes === undefined && reading.state === "sealed"
  const record: MemberRecord = {
    username: reading.username,
    userId,
    state: reading.state,
    readAt,
    lastPage: reading.lastPage,
    missing: reading.missing,
    films: (completes?.films ?? 0) + reading.films.length,
    ...(reading.statedFilms === undefined ? {} : { statedFilms: reading.statedFilms }),
    ratings: (isReplaced ? 0 : before?.ratings ?? 0) + ratings.length,
    doubts: reading.doubts,
    verdicts: Object.fromEntries(collected.verdicts),
    ...(reading.renamedTo === undefined ? {} : { renamedTo: reading.renamedTo }),
    ...(reading.state === "partial" && reading.lastPage > 0
      ? { seen: [...completes?.seen ?? [], ...reading.films.map(({ film }) => film.id)] }
      : {})
  }
  return [{ record, isNew, write: isReplaced ? "replace" : "append", ratings }]
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
  let totalRatings = state.ratings
  return {
    setTotal: (total: number) => {
      totalRatings = total
    },
    add: (
      committed: ReadonlyArray<BatchMember>,
      newOnes: number,
      changedOnes: number,
      read: ReadonlyArray<ReadMember>
    ) => {
      if (committed.length > 0) batches += 1
      newFilms += newOnes
      changedFilms += changedOnes
      for (const member of committed) {
        ratings += member.ratings.length
        if (member.isNew) totalUsers += 1
      }
      for (const { reading: { doubts, lastPage, missing, state: memberState, username } } of read) {
        members[memberState] += 1
        if (memberState === "partial") partial.push({ username, missing, lastPage, doubts })
      }
    },
    report: () => ({ members, partial, batches, ratings, newFilms, changedFilms, totalUsers, totalRatings })
  }
}
