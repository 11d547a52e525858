/**
 * The pipeline: discovers members, reads their lists, encodes the ratings, commits batches.
 *
 * @since 0.1.0
 * @module
 */
import {
  Clock,
  type Context,
  DateTime,
  Effect,
  Either,
  Exit,
  Fiber,
  Option,
  Queue,
  type Scope,
  Stream,
  Take
} from "effect"
import { type HarvestEvent, MemberDiscovered, MemberLeftOut, RunFinished, RunStarted } from "./HarvestEvent.ts"
import type { MemberListing, Username } from "../domain/Member.ts"
import type { BatchMember } from "../dataset/Batch.ts"
import { checkedSource } from "../reading/CheckedSource.ts"
import { activityOf, RatingsSource } from "../reading/RatingsSource.ts"
import type { RunReport } from "./RunReport.ts"
import { SourceError } from "../reading/SourceError.ts"
import type { Keep, Keeps } from "../dataset/Column.ts"
import { stateThatKeeps } from "../dataset/Changes.ts"
import { isForgottenIn, membersIn } from "../dataset/Forgotten.ts"
import { makeIdRegistry } from "../dataset/IdRegistry.ts"
import { liveMembersOf, wordsOfRename } from "../dataset/Renaming.ts"
import { type OpenDataset, RatingsStorage } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import { verdictsOfDisbelieved } from "../dataset/WhatMemberWaitsFor.ts"
import { notRead } from "../reading/MemberReading.ts"
import { makeCommits } from "./Commits.ts"
import { encodeMember } from "./EncodedMember.ts"
import { comparedWithHeld } from "./ListsCompared.ts"
import { type MemberTask, newMembers, partialMembers } from "./MembersToRead.ts"
import { noParts, type ReadMember, type TaskResult } from "./ReadMember.ts"
import { makeRunAccount } from "./RunAccount.ts"
import { readBatchAgain } from "./SecondTries.ts"
import * as MemberReader from "./MemberReader.ts"
import * as Renames from "./Renames.ts"
import { withUnrecorded } from "./UnrecordedMembers.ts"

/**
 * The options of a run. `batches` and `batchSize` (members in a batch) are at least 1; their product is the
 * number of members to add. `membersInFlight`, at least 1, is how many members are read at the same time. It keeps
 * the source busy and limits memory, which has the lists of at most twice that many members. `existing` is what a `new`
 * run does with an existing dataset. With `only`, the run reads these members, known or not, in their order, each once, and no others; of each it may be known how many films it watched. Members in
 * `skip` are skipped, new or partial; the report lists them. `maxMillis`, above 0, ends the run after that time with what
 * it has. `keep` is what the dataset keeps from now on, in addition to what it keeps already; by default, a new dataset
 * keeps what its source provides. `timestamp` is written instead of the time of each commit, for reproducible bytes.
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
  readonly only?: ReadonlyArray<MemberListing>
  readonly skip?: ReadonlyArray<Username>
  readonly maxMillis?: number
  readonly keep?: Iterable<Keep>
  readonly timestamp?: DateTime.Utc
}

/**
 * Runs the pipeline between the source and the storage in the context. The stream has the events, in order; the last one
 * is `RunFinished` with the report.
 *
 * It fails only if the storage fails. If the source cannot be read further (it refuses everything, it is not understood
 * for several members in a row, it cannot be reached, a limit is reached), the run commits what was read, with unfinished
 * members as partial, up to the last member with at least one part. Its report then has `stopped`.
 *
 * A run starts with the partial members whose parts are missing for temporary reasons, continues with new members, and
 * ends with those that were refused or not understood before. So whatever stopped the last run does not prevent the next
 * one from adding members. Batches are committed in order of discovery, in whatever order responses arrive.
 *
 * The run does not wait for a slow consumer: events wait in an unbounded queue. They are small (a few hundred bytes for
 * a part of a list). A run that waits for a screen would keep the dataset locked and the source's connections open
 * for nothing, and a commit in progress must be able to report itself when no consumer is left.
 *
 * Interrupting the stream keeps what was committed; a commit in progress is finished first. The event of that batch is
 * lost; use `report` if you need it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (
  options: HarvestOptions
): Stream.Stream<HarvestEvent, StorageError, RatingsSource | RatingsStorage> =>
  Stream.unwrapScoped(Effect.map(start(options), ({ events }) => Stream.flattenTake(Stream.fromQueue(events))))

/**
 * Runs the pipeline to the end, and returns the report. `tell` is called with each event of `run`, one after the other. If
 * this is interrupted, `tell` also gets the events of the commit that is finished first.
 *
 * @since 0.1.0
 * @category constructors
 */
export const report = <E = never, R = never>(
  options: HarvestOptions,
  tell: (event: HarvestEvent) => Effect.Effect<void, E, R> = () => Effect.void
): Effect.Effect<RunReport, E | StorageError, R | RatingsSource | RatingsStorage> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { events, stop } = yield* start(options)
      // A fiber that is interrupted may lose the event it was just given. This one ends with the last event.
      const telling = yield* Effect.forkScoped(
        Stream.runFoldEffect(Stream.flattenTake(Stream.fromQueue(events)), Option.none<RunReport>(), (_, event) =>
          Effect.as(tell(event), event._tag === "RunFinished" ? Option.some(event.report) : Option.none())
        )
      )
      const last = yield* Fiber.join(telling).pipe(
        Effect.onInterrupt(() => Effect.zipRight(stop, Fiber.await(telling)))
      )
      return yield* Effect.orDieWith(last, () => new Error("the run ended without a report"))
    })
  )

/** `stop` interrupts the run, and waits until all that it had to tell is in `events`. */
interface Running {
  readonly events: Queue.Dequeue<Take.Take<HarvestEvent, StorageError>>
  readonly stop: Effect.Effect<void>
}

/** Starts a run in the background. The last of its events is followed by the end, or by why there are no more. */
const start = (options: HarvestOptions): Effect.Effect<Running, never, RatingsSource | RatingsStorage | Scope.Scope> =>
  Effect.gen(function* () {
    const source = checkedSource(yield* RatingsSource)
    const storage = yield* RatingsStorage
    const events = yield* Queue.unbounded<Take.Take<HarvestEvent, StorageError>>()
    const tell = (event: HarvestEvent) => Effect.asVoid(Queue.offer(events, Take.of(event)))
    const running = yield* storage
      .open(options.mode === "new" ? { _tag: "new", existing: options.existing } : { _tag: "continue" })
      .pipe(
        Effect.flatMap((dataset) => runOn(source, storage, dataset, tell, options)),
        Effect.scoped,
        Effect.onExit((exit) =>
          Queue.offer(events, Exit.match(exit, { onFailure: Take.failCause, onSuccess: () => Take.end }))
        ),
        Effect.exit,
        Effect.asVoid,
        Effect.forkScoped
      )
    // A run that is interrupted before it began puts no end there.
    return { events, stop: Effect.asVoid(Effect.zipRight(Fiber.interrupt(running), Queue.offer(events, Take.end))) }
  })

const runOn = (
  source: Context.Tag.Service<RatingsSource>,
  storage: Context.Tag.Service<RatingsStorage>,
  opened: OpenDataset,
  tell: MemberReader.Tell,
  options: HarvestOptions
): Effect.Effect<void, StorageError> =>
  Effect.gen(function* () {
    const keepsMore = options.keep ?? (options.mode === "new" ? source.keeps : undefined) ?? []
    const provenance = source.proof === undefined ? {} : { source: source.name, proof: source.proof }
    const keeps: Keeps = new Set([
      ...opened.state.keeps,
      ...keepsMore,
      ...(source.proof === undefined ? [] : ["provenance" as const])
    ])
    const dataset: OpenDataset = { ...opened, state: stateThatKeeps(opened.state, keeps) }
    const startedAt = yield* DateTime.now
    const before = yield* activityOf(source)
    const registry = makeIdRegistry(dataset.state)
    const live = liveMembersOf(dataset.state)
    const otherPeople = new Set<Username>()
    const isForgotten = isForgottenIn(dataset.state)
    const forgotten = new Set<Username>()
    const leadToForgotten = new Set<Username>()
    const only =
      options.only === undefined ? undefined : eachOnce(options.only).filter(({ username }) => !isForgotten(username))
    for (const { username } of options.only ?? []) if (isForgotten(username)) forgotten.add(username)
    const asked = new Set(only?.map(({ username }) => username))
    const isAskedFor = (username: Username): boolean => asked.has(username)
    const reader = yield* MemberReader.make(
      source,
      tell,
      dataset.state,
      (username) => {
        const state = dataset.state.members.get(username)?.state
        if (state === "gone" || state === "private") return "absent"
        return state === undefined && isAskedFor(username) ? "unknown" : "present"
      },
      isForgotten
    )
    const account = makeRunAccount(dataset.state)
    const known = Renames.knownMembers(dataset.state)
    const skipped = new Set<Username>()
    const isSkipped = (username: Username): boolean => {
      const isOne = options.skip?.includes(username) === true
      if (isOne) skipped.add(username)
      return isOne
    }
    const wanted = only?.length ?? options.batches * options.batchSize
    const partial =
      options.mode === "continue" && only === undefined ? partialMembers(dataset.state) : { first: [], last: [] }
    const first = partial.first.filter(({ username }) => !isSkipped(username))
    const last = partial.last.filter(({ username }) => !isSkipped(username))
    let discovered = 0

    yield* tell(
      RunStarted.make({
        mode: options.mode,
        source: source.name,
        storage: storage.name,
        place: storage.place,
        users: membersIn(dataset.state),
        ratings: dataset.state.ratings,
        membersToAdd: wanted,
        membersToComplete: first.length + last.length,
        notes: dataset.notes
      })
    )

    yield* Effect.forEach(forgotten, (username) => tell(MemberLeftOut.make({ username })), { discard: true })
    if (options.maxMillis !== undefined)
      yield* Effect.forkScoped(
        Effect.delay(reader.stopWith(timeIsUp(source.name, options.maxMillis)), options.maxMillis)
      )

    const toAdd: Stream.Stream<MemberTask, SourceError> =
      only !== undefined
        ? Stream.fromIterable(only)
        : // Nobody who reads a member may be there to notice that the run is over while the list is waited for.
          reader.untilStop(
            newMembers(
              Stream.filter(source.members, ({ username }) => !isForgotten(username)),
              {
                wanted,
                isKnown: (username) => dataset.state.users.has(username),
                isSkipped,
                onNew: (listing) =>
                  Effect.suspend(() => {
                    discovered += 1
                    return tell(MemberDiscovered.make(listing))
                  })
              }
            )
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

    const { commit, joinKnownNames } = makeCommits({
      dataset,
      live,
      otherPeople,
      registry,
      keeps,
      onCommitted: (batch, receipt) => account.committed(batch, receipt.ratings),
      tell
    })
    const handled = new Set<Username>()
    yield* readings.pipe(
      Stream.grouped(options.batchSize),
      Stream.runForEach((group) =>
        Effect.gen(function* () {
          const again = yield* readBatchAgain(
            reader,
            group,
            (username) => handled.has(username),
            options.membersInFlight
          )
          const all: Array<ReadMember> = []
          for (const one of again) {
            // A member reached by an old name too is taken where it was reached first.
            if (handled.has(one.reading.username)) continue
            handled.add(one.reading.username)
            const { renamedTo, username } = one.reading
            // A reading that was stopped was not followed to where the name leads.
            const isLeftOut = one.leadsToForgotten ?? (renamedTo !== undefined && isForgotten(renamedTo))
            if (isLeftOut) {
              ;(live.users.has(username) ? leadToForgotten : forgotten).add(username)
              continue
            }
            all.push(reader.isDisbelieved(one.reading.username) ? asRefused(one) : one)
          }
          const strangers = yield* Renames.namesOfStrangers(dataset, live, all)
          for (const name of strangers) otherPeople.add(name)
          const read = all.map((one) => (strangers.has(one.reading.username) ? asMistaken(one) : one))
          account.read(read)
          const started = yield* Clock.currentTimeMillis
          const committedAt = options.timestamp ?? (yield* DateTime.now)
          // A name somebody asked for that nobody has is a slip of the pen, not a member.
          const isSlip = ({ reading }: ReadMember) =>
            reading.state === "gone" && isAskedFor(reading.username) && !live.users.has(reading.username)
          const renames = yield* Renames.newNames(live, known, read, otherPeople, reader.leadsTo)
          for (const { from, to } of renames) registry.rename(from, to)
          const readNames = new Set(read.map(({ reading }) => reading.username))
          const oldNames = renames.filter(({ from }) => !readNames.has(from)).map(Renames.readAsRenamed)
          const formerNames = new Map(renames.map(({ from, to }) => [to, from]))
          const seenAs = yield* withUnrecorded(dataset, Renames.underNewNames(live, renames), read)
          const encoded = [...read, ...oldNames]
            .filter((member) => !isSlip(member))
            .flatMap((member) => encodeMember(registry, seenAs, member, { keeps, provenance, readAt: committedAt }))
            .map((member) => underFormerName(member, formerNames.get(member.record.username)))
          const taken = new Set(encoded.map(({ record }) => record.username))
          const members = [
            ...(yield* comparedWithHeld(dataset, keeps, encoded)),
            ...account.takeBack((username) => reader.isDisbelieved(username) && !taken.has(username))
          ]
          if (members.length > 0)
            yield* commit({
              members,
              ...registry.takeFilms(),
              committedAt,
              started,
              notes: renames.map(wordsOfRename)
            })
          yield* joinKnownNames(committedAt)
        })
      )
    )
    // A run that was killed between two batches may have left names to join.
    yield* joinKnownNames(options.timestamp ?? (yield* DateTime.now))

    const stoppedBy = (yield* reader.stoppedBy) ?? (account.isAllTrouble() ? yield* reader.firstTrouble : undefined)
    const after = yield* activityOf(source)
    const report: RunReport = {
      mode: options.mode,
      startedAt,
      finishedAt: yield* DateTime.now,
      ...account.report(),
      pages: yield* reader.partsRead,
      requests: after.requests - before.requests,
      retries: after.retries - before.retries,
      pausedMillis: after.pausedMillis - before.pausedMillis,
      listEnded: stoppedBy === undefined && only === undefined && discovered < wanted,
      skipped: [...skipped],
      ...(forgotten.size === 0 ? {} : { forgotten: forgotten.size }),
      ...(leadToForgotten.size === 0 ? {} : { leadToForgotten: [...leadToForgotten] }),
      unreadListings: after.unreadListings - before.unreadListings,
      ...(stoppedBy === undefined
        ? {}
        : {
            stopped: { reason: stoppedBy.reasonLabel, kind: stoppedBy.reason, message: stoppedBy.message }
          })
    }
    yield* tell(RunFinished.make({ report }))
  }).pipe(Effect.scoped)

const underFormerName = (member: BatchMember, formerName: Username | undefined): BatchMember =>
  formerName === undefined ? member : Object.assign({}, member, { formerName })

/** The tasks of members who are asked for by name. */
const eachOnce = (only: ReadonlyArray<MemberListing>): ReadonlyArray<MemberTask> =>
  Array.from(new Map(only.map((one) => [one.username, one])).values(), ({ films, username }) => ({
    username,
    ...(films === undefined ? {} : { listedFilms: films })
  }))

/** A member whom the source called private or gone, as it calls everybody now. */
const asRefused = ({ reading: { username }, ...member }: ReadMember): ReadMember => ({
  ...member,
  reading: notRead(username),
  collected: { parts: [], verdicts: new Map(Object.entries(verdictsOfDisbelieved)) }
})

/** A member whose name leads to somebody else's list. What is known of the member stays. */
const asMistaken = ({ reading: { username }, ...member }: ReadMember): ReadMember => ({
  ...member,
  reading: { ...notRead(username), doubts: ["another-list"] }
})

/**
 * Members of whom no part was read when the run stopped, at the end of the line, wait for the next run. Those between
 * members that were read are recorded as not read yet, so that ids stay in order of discovery and no part that was read is
 * thrown away.
 */
const withoutUnreadEnd = <E, R>(results: Stream.Stream<TaskResult, E, R>): Stream.Stream<TaskResult, E, R> =>
  Stream.suspend(() => {
    let unread: Array<TaskResult> = []
    return Stream.mapConcat(results, (result) => {
      if (result.isStopped && result.members.length === 0) {
        // Of a member who is partial already everything is recorded.
        if (result.isNew)
          unread.push({ ...result, members: [{ reading: notRead(result.username), collected: noParts() }] })
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
    detail: `The time limit of ${millis / 1000} s for this run was reached`
  })
