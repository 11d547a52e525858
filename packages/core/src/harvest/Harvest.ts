/**
 * The pipeline: discovers members, reads their pages, encodes the ratings, commits batches.
 *
 * @since 0.1.0
 * @module
 */
import { Clock, Context, DateTime, Effect, Either, Layer, Option, PubSub, Stream } from "effect"
import { BatchCommitted, type HarvestEvent, MemberDiscovered, RunFinished, RunStarted } from "../HarvestEvent.ts"
import type { Username } from "../Member.ts"
import { notRead } from "../MemberReading.ts"
import { RatingsSource } from "../RatingsSource.ts"
import type { RunReport } from "../RunReport.ts"
import { SourceError } from "../SourceError.ts"
import { makeIdRegistry } from "../dataset/IdRegistry.ts"
import { type OpenDataset, RatingsStorage } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import { encodeMember } from "./EncodedMember.ts"
import { type MemberTask, newMembers, partialMembers } from "./MembersToRead.ts"
import { noPages, type ReadMember, type TaskResult } from "./ReadMember.ts"
import { makeRunAccount } from "./RunAccount.ts"
import * as MemberReader from "./MemberReader.ts"
import * as Renames from "./Renames.ts"

/**
 * What a run is asked to do. `batches` and `batchSize` (members in a batch) are at least 1; their product is the
 * number of members to add. `membersInFlight`, at least 1, is how many members are read at the same time: it keeps
 * the source busy and bounds memory, which holds at most twice that many members' lists. `existing` says what a
 * `new` run does with a dataset that is there already. With `only`, that member is read, known or not, and nobody else.
 * Members in `skip` are left out, new or partial; the report names them. `maxMillis`, above 0, ends the run after that
 * time with what it has. `timestamp` is written instead of the time of each commit, for runs that must give the same
 * bytes.
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
  readonly skip?: ReadonlyArray<Username>
  readonly maxMillis?: number
  readonly timestamp?: DateTime.Utc
}

/**
 * Runs the pipeline and tells what happens.
 *
 * `run` fails only where the storage does. Where the source cannot go on (a bot wall, an endless rate limit, markup that
 * changed for several members in a row, no connection, a budget that is spent), it commits what was read, members that
 * were not finished as partial ones, up to the last member of whom a page was answered, and returns a report with
 * `stopped`. Interrupting it leaves what was committed; a commit under way is finished and published first.
 *
 * A run begins with the partial members whose pages are missing for passing reasons, goes on with new ones, and ends with
 * those that were refused or not understood before: what stopped the last run does not keep the next one from growing.
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
 * The pipeline between the source and the storage in context.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Context.Tag.Service<Harvest>, never, RatingsSource | RatingsStorage> = Effect.gen(
  function* () {
    const source = yield* RatingsSource
    const storage = yield* RatingsStorage
    const events = yield* PubSub.unbounded<HarvestEvent>()
    return {
      events,
      run: (options) =>
        Effect.gen(function* () {
          const mode =
            options.mode === "new"
              ? ({ _tag: "new", existing: options.existing } as const)
              : ({ _tag: "continue" } as const)
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
  Effect.gen(function* () {
    const startedAt = yield* DateTime.now
    const before = yield* source.activity
    const registry = makeIdRegistry(dataset.state)
    const reader = yield* MemberReader.make(source, events, dataset.state)
    const account = makeRunAccount(dataset.state)
    const known = Renames.knownMembers(dataset.state)
    const skipped = new Set<Username>()
    const isSkipped = (username: Username): boolean => {
      const isOne = options.skip?.includes(username) === true
      if (isOne) skipped.add(username)
      return isOne
    }
    const wanted = options.only === undefined ? options.batches * options.batchSize : 1
    const partial =
      options.mode === "continue" && options.only === undefined
        ? partialMembers(dataset.state)
        : { first: [], last: [] }
    const first = partial.first.filter(({ username }) => !isSkipped(username))
    const last = partial.last.filter(({ username }) => !isSkipped(username))
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
        membersToComplete: first.length + last.length,
        notes: dataset.notes
      })
    )

    if (options.maxMillis !== undefined)
      yield* Effect.forkScoped(
        Effect.delay(reader.stopWith(timeIsUp(source.name, options.maxMillis)), options.maxMillis)
      )

    const toAdd: Stream.Stream<MemberTask, SourceError> =
      options.only !== undefined
        ? Stream.make({ username: options.only })
        : // Nobody who reads a member may be there to notice that the run is over while the list is waited for.
          reader.untilStop(
            newMembers(source.members, {
              wanted,
              isKnown: (username) => dataset.state.users.has(username),
              isSkipped,
              onNew: (listing) =>
                Effect.suspend(() => {
                  discovered += 1
                  return Effect.asVoid(events.publish(MemberDiscovered.make(listing)))
                })
            })
          )

    const readings = Stream.fromIterable(first).pipe(
      Stream.concat(
        Stream.either(toAdd).pipe(
          // A members list that ends early does not keep the last ones waiting, unless it ended because the run did.
          Stream.mapEffect(
            Either.match({
              onLeft: (error) => Effect.as(reader.stopWith(error), Option.none<MemberTask>()),
              onRight: (task) => Effect.succeedSome(task)
            })
          ),
          Stream.filterMap((task) => task)
        )
      ),
      Stream.concat(Stream.fromIterable(last)),
      Stream.mapEffect(reader.readMember, { concurrency: options.membersInFlight }),
      withoutUnreadEnd
    )

    const handled = new Set<Username>()
    const readAgain = (members: ReadonlyArray<ReadMember>) =>
      Effect.reduce(members, new Array<ReadMember>(), (done, member) =>
        handled.has(member.reading.username) || done.some(({ reading }) => reading.username === member.reading.username)
          ? Effect.succeed(done)
          : Effect.map(reader.readAgain(member), (now) => [...done, ...now])
      )
    yield* readings.pipe(
      Stream.grouped(options.batchSize),
      Stream.runForEach((group) =>
        Effect.gen(function* () {
          // Members at the same time; the names that one of them leads to one after the other.
          const again = yield* Effect.forEach(group, ({ members }) => readAgain(members), {
            concurrency: options.membersInFlight
          })
          const read: Array<ReadMember> = []
          for (const one of again.flat()) {
            // A member reached by an old name too is taken where it was reached first.
            if (handled.has(one.reading.username)) continue
            handled.add(one.reading.username)
            read.push(reader.isDisbelieved(one.reading.username) ? asRefused(one) : one)
          }
          account.read(read)
          const started = yield* Clock.currentTimeMillis
          const committedAt = options.timestamp ?? (yield* DateTime.now)
          // A name somebody asked for that nobody has is a slip of the pen, not a member.
          const isSlip = ({ reading }: ReadMember) =>
            reading.username === options.only && reading.state === "gone" && !dataset.state.users.has(reading.username)
          const isStored = Renames.storedNames(dataset.state, read)
          const encoded = read.flatMap((member) =>
            isSlip(member) ? [] : encodeMember(registry, dataset.state, member, isStored, committedAt)
          )
          const taken = new Set(encoded.map(({ record }) => record.username))
          const members = [
            ...encoded,
            ...account.takeBack((username) => reader.isDisbelieved(username) && !taken.has(username)),
            ...(yield* Renames.membersThatMoved(dataset.state, known, encoded, reader.leadsTo))
          ]
          if (members.length === 0) return
          const batch = { members, ...registry.takeFilms(), committedAt }
          // One step: whoever interrupts the run is told of every batch that is there.
          yield* Effect.uninterruptible(
            Effect.gen(function* () {
              const receipt = yield* dataset.commit(batch)
              account.committed(batch, receipt.ratings)
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
        })
      )
    )

    const stoppedBy = (yield* reader.stoppedBy) ?? (account.isAllTrouble() ? yield* reader.firstTrouble : undefined)
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
      skipped: [...skipped],
      unreadListings: after.unreadListings - before.unreadListings,
      ...(stoppedBy === undefined ? {} : { stopped: { reason: stoppedBy.reason, message: stoppedBy.message } })
    }
    yield* events.publish(RunFinished.make({ report }))
    return report
  }).pipe(Effect.scoped)

/** A member whom the site called private or missing, as it calls everybody now. */
const asRefused = ({ reading: { username }, ...member }: ReadMember): ReadMember => ({
  ...member,
  reading: notRead(username),
  collected: { pages: [], verdicts: new Map([["Forbidden", 1]]) }
})

/**
 * Members of whom no page was read when the run stopped, at the end of the line, wait for the next run. Those between
 * members that were read are recorded as not read yet, so that ids stay in order of discovery and no page that was read is
 * thrown away.
 */
const withoutUnreadEnd = <E, R>(results: Stream.Stream<TaskResult, E, R>): Stream.Stream<TaskResult, E, R> =>
  Stream.suspend(() => {
    let unread: Array<TaskResult> = []
    return Stream.mapConcat(results, (result) => {
      if (result.isStopped && result.members.length === 0) {
        // Of a member who is partial already everything is recorded.
        if (result.isNew)
          unread.push({ ...result, members: [{ reading: notRead(result.username), collected: noPages() }] })
        return []
      }
      const all = [...unread, result]
      unread = []
      return all
    })
  })

const timeIsUp = (source: string, millis: number) =>
  new SourceError({
    reason: "BudgetSpent",
    source,
    detail: `The ${millis / 1000} s that were allowed for this run are over`
  })
