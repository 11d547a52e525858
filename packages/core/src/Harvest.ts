/**
 * The pipeline: discovers members, reads their pages, encodes the ratings, commits batches.
 *
 * @since 0.1.0
 * @module
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
import { canBeCompleted, judgeCompletion, judgeMember, type MemberReading, notRead } from "./MemberReading.ts"
import type { MemberRecord } from "./MemberRecord.ts"
import { type RatingsPage, verdictActions } from "./PageVerdict.ts"
import type { EncodedRating } from "./Rating.ts"
import { RatingsSource } from "./RatingsSource.ts"
import { type OpenDataset, RatingsStorage } from "./RatingsStorage.ts"
import type { RunReport } from "./RunReport.ts"
import { SourceError } from "./SourceError.ts"
import type { StorageError } from "./StorageError.ts"
import { errorFromVerdict } from "./VerdictError.ts"

/**
 * What a run is asked to do. `batches` and `batchSize` (members in a batch) are at least 1; their product is the
 * number of members to add. `membersInFlight`, at least 1, is how many members are read at the same time: it keeps
 * the source busy and bounds memory, which holds at most twice that many members' lists. `existing` says what a
 * `new` run does with a dataset that is there already. With `only`, that member is
 * read, known or not, and nobody else. `maxMillis`, above 0, ends the run after that time with what it has.
 * `timestamp` is written instead of the time of each commit, for
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
  readonly maxMillis?: number
  readonly timestamp?: DateTime.Utc
}

/**
 * Runs the pipeline and tells what happens.
 *
 * `run` fails only where the storage does. Where the source cannot go on (a bot wall, an endless rate limit, changed
 * markup, no connection, a budget that is spent), it commits what was read, members that were not finished as partial
 * ones, in order of discovery up to the first one of whom nothing is known, and returns a report with `stopped`.
 * Interrupting it leaves what was committed; a commit under way is finished and published first.
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

/** So many pages beyond its last one may be read of a member whose list keeps moving, before it is left partial. */
const pagesToSettle = (lastPage: number): number => 10 + lastPage

/** So often a name may lead to another one before the site is taken to be confused. Members rename themselves rarely. */
const mostHops = 5

/**
 * So many listings in a row that were all there before in the same reading of the members list say that it repeats itself:
 * five pages of the site. A list that moves while it is read repeats a few names at a time.
 */
const repeatsThatEnd = 150

/** A member whose reading took longer than this has its first page looked at again. */
const longReadingMillis = 600_000

/** The pages of a member in the order they arrived in. */
interface MemberPages {
  readonly pages: Array<RatingsPage>
  readonly verdicts: Map<string, number>
}

const noPages = (): MemberPages => ({ pages: [], verdicts: new Map() })

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
 * What came of a member: itself and, where the site sends its visitors to another name, that one, and so on. `isStopped`
 * says that the run ended meanwhile: there is what was read until then, nothing where the first page was not.
 */
interface TaskResult {
  readonly members: ReadonlyArray<ReadMember>
  readonly isStopped: boolean
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
    if (options.maxMillis !== undefined) yield* Effect.forkScoped(Effect.delay(reader.stopWith(timeIsUp(source.name, options.maxMillis)), options.maxMillis))

    const listed = new Set<Username>()
    let repeats = 0
    const newMembers: Stream.Stream<MemberTask, SourceError> = options.only !== undefined
      ? Stream.make({ username: options.only })
      : source.members.pipe(
      // A list that says the same again and again would be asked for without end.
      Stream.takeWhile(({ username }) => {
        repeats = listed.has(username) ? repeats + 1 : 0
        listed.add(username)
        return repeats < repeatsThatEnd
      }),
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
      Stream.map(({ username }) => ({ username })),
      // Nobody who reads a member may be there to notice that the run is over while the list is waited for.
      reader.untilStop
    )

    const readings = Stream.concat(Stream.fromIterable(toComplete), newMembers).pipe(
      Stream.either,
      Stream.mapEffect(
        Either.match({ onLeft: reader.stopWith, onRight: reader.readMember }),
        { concurrency: options.membersInFlight }
      ),
      // Members after one of which nothing is known wait for the next run, so that ids stay in order of discovery.
      Stream.takeWhile(({ isStopped, members }) => !isStopped || members.length > 0)
    )

    const handled = new Set<Username>()
    yield* readings.pipe(
      Stream.grouped(options.batchSize),
      Stream.runForEach((group) =>
        Effect.gen(function*() {
          const read: Array<ReadMember> = []
          for (const { members } of group) {
            for (const member of members) {
              if (handled.has(member.reading.username)) continue
              for (const one of yield* reader.readAgain(member)) {
                // A member reached by an old name too is taken where it was reached first.
                if (handled.has(one.reading.username)) continue
                handled.add(one.reading.username)
                read.push(one)
              }
            }
          }
          if (read.length === 0) return
          const started = yield* Clock.currentTimeMillis
          const committedAt = options.timestamp ?? (yield* DateTime.now)
          // A name somebody asked for that nobody has is a slip of the pen, not a member.
          const isSlip = ({ reading }: ReadMember) =>
            reading.username === options.only && reading.state === "gone" && !dataset.state.users.has(reading.username)
          const isSealedNow = sealedNames(read)
          const members = read.flatMap((member) =>
            isSlip(member) ? [] : encodeMember(registry, dataset.state, member, isSealedNow, committedAt))
          if (members.length === 0) {
            account.add([], 0, 0, read)
            return
          }
          const batch = { members, ...registry.takeFilms(), committedAt }
          // One step: whoever interrupts the run is told of every batch that is there.
          yield* Effect.uninterruptible(Effect.gen(function*() {
            const receipt = yield* dataset.commit(batch)
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
          }))
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
  }).pipe(Effect.scoped)

const timeIsUp = (source: string, millis: number) =>
  new SourceError({ reason: "BudgetSpent", source, detail: `The ${millis / 1000} s that were allowed for this run are over` })

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

    const stopWith = (error: SourceError): Effect.Effect<TaskResult> =>
      Ref.update(stoppedBy, (first) => first ?? error).pipe(
        Effect.zipRight(Deferred.fail(stop, error)),
        Effect.as({ members: [], isStopped: true })
      )

    /** Runs until the end or until the run is stopped, whichever comes first. */
    const untilStopped = <A>(effect: Effect.Effect<A, SourceError>): Effect.Effect<Either.Either<A, TaskResult>> =>
      Effect.if(Deferred.isDone(stop), {
        onTrue: () => Effect.succeed(Either.left({ members: [], isStopped: true })),
        onFalse: () =>
          Effect.raceFirst(effect, Deferred.await(stop)).pipe(
            Effect.map(Either.right),
            Effect.catchAll((error) => Effect.map(stopWith(error), Either.left))
          )
      })

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
          case "retry-later": {
            // "Too many requests" after all repetitions is said to the whole run, not to this page.
            const more = verdict._tag === "RateLimited" ? failuresBeforeProbe : 1
            if ((yield* Ref.updateAndGet(failures, (n) => n + more)) >= failuresBeforeProbe) yield* probe
          }
        }
      })

    const readPages = (username: Username, which: "all" | ReadonlyArray<number>, into: MemberPages) =>
      source.ratings(username, which).pipe(
        Stream.tap(onPage),
        Stream.runForEach((page) =>
          Effect.sync(() => {
            into.pages.push(page)
            into.verdicts.set(page.verdict._tag, (into.verdicts.get(page.verdict._tag) ?? 0) + 1)
          })
        )
      )

    /** Tells of a member, but not of one with another name: what that comes to is known when the other one is. */
    const told = (member: ReadMember): Effect.Effect<ReadMember> =>
      member.reading.renamedTo === undefined ? publishReading(events, member) : Effect.succeed(member)

    /** Judges the pages; reads again what is needed to put a list together that moved meanwhile. */
    const settle = (username: Username, into: MemberPages): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function*() {
        let reading = judgeMember(username, into.pages)
        let left = pagesToSettle(reading.lastPage)
        while (reading.again !== "all" && reading.again.length > 0 && left > 0) {
          const again = reading.again.slice(0, left)
          left -= again.length
          yield* readPages(username, again, into)
          reading = judgeMember(username, into.pages)
        }
        return yield* told({ reading, collected: into })
      })

    const readWhole = (username: Username, into = noPages()): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function*() {
        const started = yield* Clock.currentTimeMillis
        yield* readPages(username, "all", into)
        if (into.pages.length > 1 && (yield* Clock.currentTimeMillis) - started > longReadingMillis) {
          yield* readPages(username, [1], into)
        }
        return yield* settle(username, into)
      })

    /** Reads the given ones of the pages that are missing; all of them where the list is another one now. */
    const readMissing = (record: MemberRecord, numbers: ReadonlyArray<number>, into: MemberPages): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function*() {
        yield* readPages(record.username, numbers, into)
        const reading = judgeCompletion(record, into.pages)
        if (reading === undefined) return yield* readWhole(record.username)
        return yield* told({ reading, collected: into, completes: record })
      })

    /** What is known of a member whose reading was stopped. */
    const salvage = (username: Username, collected: MemberPages, completes: MemberRecord | undefined): ReadonlyArray<ReadMember> => {
      const reading = completes === undefined ? judgeMember(username, collected.pages) : judgeCompletion(completes, collected.pages)
      return reading === undefined || reading.lastPage === 0
        ? []
        : [{ reading, collected, ...(completes === undefined ? {} : { completes }) }]
    }

    /**
     * Reads on from a member to where its name leads in the end. A name that leads in a circle, or on and on, or to a page
     * that cannot be had says nothing yet: those on the way are read again later.
     */
    const follow = (first: ReadMember): Effect.Effect<TaskResult> =>
      Effect.gen(function*() {
        const way = [first]
        const passed = new Set([first.reading.username])
        let last = first
        while (last.reading.renamedTo !== undefined) {
          const to = last.reading.renamedTo
          if (passed.has(to) || way.length > mostHops) break
          const pages = noPages()
          const next = yield* untilStopped(readWhole(to, pages))
          if (Either.isLeft(next)) {
            // A new name of which nothing is known would be forgotten if the old one were recorded.
            const saved = salvage(to, pages, undefined)
            return { members: saved.length === 0 ? [] : [...way, ...saved], isStopped: true }
          }
          last = next.right
          way.push(last)
          passed.add(to)
        }
        if (way.length === 1 && last.reading.renamedTo === undefined) return { members: way, isStopped: false }
        const isRead = last.reading.renamedTo === undefined && (last.reading.state !== "partial" || last.reading.lastPage > 0)
        const members: Array<ReadMember> = []
        for (const one of way) {
          if (one.reading.renamedTo === undefined) members.push(one)
          else members.push(yield* publishReading(events, isRead ? one : { ...one, reading: notRead(one.reading.username) }))
        }
        return { members, isStopped: false }
      })

    return {
      stopWith,
      stoppedBy: Ref.get(stoppedBy),
      pagesRead: Ref.get(pagesRead),
      /** A stream that ends when the run does, whatever it waits for. */
      untilStop: Stream.interruptWhenDeferred(stop),
      /** Reads a member and, where the site sends visitors of its name to another one, that one too. */
      readMember: ({ record, username }: MemberTask): Effect.Effect<TaskResult> =>
        Effect.gen(function*() {
          const completes = record !== undefined && canBeCompleted(record) ? record : undefined
          const collected = noPages()
          const first = yield* untilStopped(
            completes === undefined ? readWhole(username, collected) : readMissing(completes, completes.missing, collected)
          )
          if (Either.isLeft(first)) return { members: salvage(username, collected, completes), isStopped: true }
          return yield* follow(first.right)
        }),
      /**
       * Gives what is missing of a member a second try; keeps the first reading where it does not help. The member comes
       * first in what this gives; behind it, where its name has changed meanwhile, those it leads to.
       */
      readAgain: (member: ReadMember): Effect.Effect<ReadonlyArray<ReadMember>> =>
        Effect.gen(function*() {
          const { completes, reading } = member
          if (reading.again.length === 0 && reading.missing.length === 0) return [member]
          const again = Effect.gen(function*() {
            if (reading.lastPage === 0 || (reading.again !== "all" && reading.missing.length === 0)) return yield* readWhole(reading.username)
            const collected = copyOf(member.collected)
            if (completes !== undefined) return yield* readMissing(completes, reading.missing, collected)
            if (reading.again === "all") return yield* readWhole(reading.username)
            yield* readPages(reading.username, reading.missing, collected)
            return yield* settle(reading.username, collected)
          })
          const outcome = yield* untilStopped(again)
          if (Either.isLeft(outcome)) return [member]
          const { isStopped, members } = yield* follow(outcome.right)
          const [now] = members
          const isWorse = now === undefined || isStopped ||
            (now.reading.state === "partial" && now.reading.films.length < reading.films.length)
          return isWorse ? [member] : members
        })
    }
  })

const copyOf = ({ pages, verdicts }: MemberPages): MemberPages => ({ pages: [...pages], verdicts: new Map(verdicts) })

const publishReading = (events: PubSub.PubSub<HarvestEvent>, member: ReadMember): Effect.Effect<ReadMember> => {
  const { collected, reading } = member
  return Effect.as(
    events.publish(
      MemberRead.make({
        username: reading.username,
        state: reading.state,
        pages: new Set(collected.pages.map(({ number }) => number)).size,
        films: reading.films.length,
        ratings: reading.films.filter((watched) => watched.rating !== undefined).length,
        missing: reading.missing,
        doubts: reading.doubts
      })
    ),
    member
  )
}

/** Whether a name is that of a member who was sealed now, or leads to one, over however many others. */
const sealedNames = (read: ReadonlyArray<ReadMember>): (name: Username) => boolean => {
  const states = new Map(read.map(({ reading }) => [reading.username, reading]))
  return (name) => {
    let reading = states.get(name)
    for (let hops = 0; reading?.renamedTo !== undefined && hops < mostHops; hops++) reading = states.get(reading.renamedTo)
    return reading?.state === "sealed"
  }
}

/**
 * A member's part of the batch; none where the dataset already holds more than was read now. Only a sealed reading
 * takes rows away: of a known member that is partial again nothing changes, and of one that is gone, private or
 * renamed only the record does. The rows of a renamed member go when the new name is sealed in the same batch: they
 * stand there, and nobody should count twice.
 */
const encodeMember = (
  registry: IdRegistry,
  state: DatasetState,
  { collected, completes, reading }: ReadMember,
  isSealedNow: (name: Username) => boolean,
  readAt: DateTime.Utc
): ReadonlyArray<BatchMember> => {
  const isKnown = state.users.has(reading.username)
  if (isKnown && completes === undefined && reading.state === "partial") return []
  const { isNew, userId } = registry.user(reading.username)
  const ratings: Array<EncodedRating> = []
  for (const { film, rating } of reading.films) {
    if (rating === undefined) {
      registry.filmIfKnown(film)
      continue
    }
    registry.film(film)
    ratings.push({ userId, filmId: film.id, rating })
  }
  const before = state.members.get(reading.username)
  const hasMoved = reading.renamedTo !== undefined && isSealedNow(reading.renamedTo)
  const isReplaced = isKnown && completes === undefined && (reading.state === "sealed" || hasMoved)
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
