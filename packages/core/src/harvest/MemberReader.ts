/**
 * Reads members part by part, judges them, and stops all reading at once when the source cannot go on.
 *
 * @since 0.1.0
 */
import { Clock, Deferred, Effect, Option, Ref, Stream } from "effect"
import { type HarvestEvent, MemberLeftOut, MemberRead, PageRead } from "./HarvestEvent.ts"
import type { Username } from "../domain/Member.ts"
import type { RatingsSource } from "../reading/RatingsSource.ts"
import type { SourceError } from "../reading/SourceError.ts"
import type { DatasetState } from "../dataset/Batch.ts"
import type { MemberRecord } from "../dataset/Tables.ts"
import { labelOf, type ListPart } from "../reading/ListPart.ts"
import { longListWithoutRatings, mayLackRatings, statedRatings } from "../reading/LostRatings.ts"
import { canBeCompleted, judgeCompletion, judgeMember, notRead, ratingsIn } from "../reading/MemberReading.ts"
import type { MemberTask } from "./MembersToRead.ts"
import { addPart, copyOf, type MemberParts, noParts, type ReadMember, type TaskResult } from "./ReadMember.ts"
import * as SourceTrouble from "./SourceTrouble.ts"

/** So many parts beyond its last one may be read of a member whose list keeps moving, before it is left partial. */
const partsToSettle = (lastPart: number): number => 10 + lastPart

/** A member whose reading took longer than this has its first part looked at again. */
const longReadingMillis = 600_000

/** So often a name may lead to another one before the source is taken to be confused. Members rename themselves rarely. */
export const mostHops = 5

/**
 * - `readMember` reads a member and, where its name leads to another one, that one too.
 * - `readAgain` gives what is missing of a member a second try; it keeps the first reading where that does not help. The
 *   member comes first in what this gives; behind it, where its name has changed meanwhile, those it leads to.
 * - `leadsTo` asks where the name of a known member leads now; `undefined` where it leads nowhere else.
 * - `isDisbelieved` tells whether what the source said of a member turned out not to be believed.
 * - `untilStop` ends a stream when the run ends, whatever the stream waits for.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberReader {
  readonly stopWith: (error: SourceError) => Effect.Effect<void>
  readonly stoppedBy: Effect.Effect<SourceError | undefined>
  readonly firstTrouble: Effect.Effect<SourceError | undefined>
  readonly isDisbelieved: (username: Username) => boolean
  readonly partsRead: Effect.Effect<number>
  readonly untilStop: <A>(stream: Stream.Stream<A, SourceError>) => Stream.Stream<A, SourceError>
  readonly readMember: (task: MemberTask) => Effect.Effect<TaskResult>
  readonly readAgain: (member: ReadMember) => Effect.Effect<ReadonlyArray<ReadMember>>
  readonly leadsTo: (known: Username) => Effect.Effect<Username | undefined>
}

/**
 * How a run tells what happens. It never waits.
 *
 * @since 0.1.0
 * @category models
 */
export type Tell = (event: HarvestEvent) => Effect.Effect<void>

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  source: typeof RatingsSource.Service,
  tell: Tell,
  state: DatasetState,
  expects: (username: Username) => SourceTrouble.Expected,
  isForgotten: (username: Username) => boolean
): Effect.Effect<MemberReader> =>
  Effect.gen(function* () {
    const stop = yield* Deferred.make<never, SourceError>()
    const stoppedBy = yield* Ref.make<SourceError | undefined>(undefined)
    const partsRead = yield* Ref.make(0)
    const trouble = yield* SourceTrouble.make(source, expects)

    const stopWith = (error: SourceError): Effect.Effect<void> =>
      Ref.update(stoppedBy, (first) => first ?? error).pipe(Effect.zipRight(Deferred.fail(stop, error)), Effect.asVoid)

    /** Runs until the end or until the run is stopped (`None`), whichever comes first. */
    const untilStopped = <A>(effect: Effect.Effect<A, SourceError>): Effect.Effect<Option.Option<A>> =>
      Effect.if(Deferred.isDone(stop), {
        onTrue: () => Effect.succeedNone,
        onFalse: () =>
          Effect.raceFirst(effect, Deferred.await(stop)).pipe(
            Effect.asSome,
            Effect.catchAll((error) => Effect.as(stopWith(error), Option.none()))
          )
      })

    const onPart = (part: ListPart): Effect.Effect<void> => {
      const { content, number, username } = part
      return Ref.update(partsRead, (n) => n + 1).pipe(
        Effect.zipRight(
          tell(
            PageRead.make({
              username,
              page: number,
              verdict: labelOf(part),
              ...(content._tag === "Films" ? { lastPage: content.lastPart } : {}),
              ratings: content._tag === "Films" ? ratingsIn(content.films) : 0
            })
          )
        )
      )
    }

    const readParts = (username: Username, which: "all" | ReadonlyArray<number>, into: MemberParts) =>
      source.list(username, which).pipe(
        Stream.tap(onPart),
        Stream.runForEach((part) => {
          // Also the part that ends the run is noted: the member is known to be the one that was refused.
          addPart(into, part)
          return trouble.onPart(part)
        })
      )

    /** Tells of a member, but not of one with another name: what that comes to is known when the other one is. */
    const told = (member: ReadMember): Effect.Effect<ReadMember> =>
      member.reading.renamedTo === undefined ? tellReading(tell, member) : Effect.succeed(member)

    /**
     * Looks whether ratings that are not on a list that seems complete are there after all. A part that lost the marks of
     * its ratings reads as a list of unrated films.
     */
    const confirmed = (member: ReadMember): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function* () {
        const { completes, reading } = member
        if (reading.state !== "sealed" || source.ratedFilms === undefined) return member
        const before = state.members.get(reading.username)?.ratings ?? 0
        const films = (completes?.films ?? 0) + reading.films.length
        const ratings = (completes?.ratings ?? 0) + ratingsIn(reading.films)
        const { parts } = member.collected
        if (!mayLackRatings({ films, ratings, ratingsBefore: before, parts })) return member
        const said = yield* source.ratedFilms(reading.username)
        const stated = statedRatings(parts) ?? 0
        const missing =
          stated > ratings
            ? `${reading.username} shows ${ratings} ratings, but its pages state ${stated}`
            : Option.isNone(said)
              ? `${reading.username} shows ${ratings} ratings${before === 0 ? ` for ${films} films` : ` where there were ${before}`}, and its list of rated films could not be read`
              : said.value.atLeast > ratings
                ? `${reading.username} shows ${ratings} ratings, but its list of rated films has ${said.value.atLeast} or more`
                : undefined
        // A list that cannot be had proves nothing about the source.
        if (missing === undefined || Option.isSome(said) || stated > ratings)
          yield* trouble.onRatings(reading.username, missing)
        return missing === undefined
          ? member
          : { ...member, reading: { ...reading, state: "partial", doubts: [...reading.doubts, "ratings-missing"] } }
      })

    /** Judges the parts; reads again what is needed to put a list together that moved meanwhile. */
    const settle = (
      username: Username,
      into: MemberParts,
      listedFilms: number | undefined
    ): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function* () {
        let reading = judgeMember(username, into.parts, listedFilms)
        let left = partsToSettle(reading.lastPart)
        while (reading.again !== "all" && reading.again.length > 0 && left > 0) {
          const again = reading.again.slice(0, left)
          left -= again.length
          yield* readParts(username, again, into)
          reading = judgeMember(username, into.parts, listedFilms)
        }
        const member = { reading, collected: into, ...(listedFilms === undefined ? {} : { listedFilms }) }
        return yield* Effect.flatMap(confirmed(member), told)
      })

    const readWhole = (
      username: Username,
      into: MemberParts,
      listedFilms?: number
    ): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function* () {
        const started = yield* Clock.currentTimeMillis
        yield* readParts(username, "all", into)
        if (into.parts.length > 1 && (yield* Clock.currentTimeMillis) - started > longReadingMillis) {
          yield* readParts(username, [1], into)
        }
        return yield* settle(username, into, listedFilms)
      })

    /** Reads the given ones of the parts that are missing; all of them where the list is another one now. */
    const readMissing = (
      record: MemberRecord,
      numbers: ReadonlyArray<number>,
      into: MemberParts
    ): Effect.Effect<ReadMember, SourceError> =>
      Effect.gen(function* () {
        yield* readParts(record.username, numbers, into)
        const reading = judgeCompletion(record, into.parts)
        if (reading === undefined) return yield* readWhole(record.username, noParts())
        return yield* Effect.flatMap(confirmed({ reading, collected: into, completes: record }), told)
      })

    /** What is known of a member whose reading was stopped; nothing where no part of it was answered. */
    const salvage = (
      { listedFilms, username }: MemberTask,
      collected: MemberParts,
      completes?: MemberRecord
    ): ReadonlyArray<ReadMember> => {
      if (collected.parts.length === 0) return []
      const reading =
        completes === undefined
          ? judgeMember(username, collected.parts, listedFilms)
          : judgeCompletion(completes, collected.parts)
      return reading === undefined
        ? []
        : [{ reading: asStopped(reading), collected, ...(completes === undefined ? {} : { completes }) }]
    }

    /** Nobody asked in a second way for the ratings of a member whose reading was stopped. */
    const asStopped = (reading: ReadMember["reading"]): ReadMember["reading"] =>
      source.ratedFilms !== undefined &&
      reading.state === "sealed" &&
      ratingsIn(reading.films) === 0 &&
      reading.films.length >= longListWithoutRatings
        ? { ...reading, state: "partial", doubts: [...reading.doubts, "ratings-missing"] }
        : reading

    const leftOut = ({ reading: { username } }: ReadMember): Effect.Effect<ReadMember> =>
      Effect.as(tell(MemberLeftOut.make({ username })), {
        reading: notRead(username),
        collected: noParts(),
        leadsToForgotten: true
      })

    /**
     * Reads on from a member to where its name leads in the end. A name that leads in a circle, or on and on, or to a list
     * that cannot be had says nothing yet: those on the way are read again later. Of a member who is forgotten nothing is
     * read, and what leads to one is not told.
     */
    const follow = (first: ReadMember): Effect.Effect<Pick<TaskResult, "members" | "isStopped">> =>
      Effect.gen(function* () {
        const way = [first]
        const passed = new Set([first.reading.username])
        let last = first
        while (last.reading.renamedTo !== undefined) {
          const to = last.reading.renamedTo
          if (passed.has(to) || way.length > mostHops) break
          if (isForgotten(to)) return { members: yield* Effect.forEach(way, leftOut), isStopped: false }
          const parts = noParts()
          const next = yield* untilStopped(readWhole(to, parts))
          if (Option.isNone(next)) {
            // A new name of which nothing is known would be forgotten if the old one were recorded.
            const saved = salvage({ username: to }, parts).filter(({ reading }) => reading.lastPart > 0)
            return { members: saved.length === 0 ? [] : [...way, ...saved], isStopped: true }
          }
          last = next.value
          way.push(last)
          passed.add(to)
        }
        if (way.length === 1 && last.reading.renamedTo === undefined) return { members: way, isStopped: false }
        const isRead =
          last.reading.renamedTo === undefined && (last.reading.state !== "partial" || last.reading.lastPart > 0)
        const members: Array<ReadMember> = []
        for (const one of way) {
          if (one.reading.renamedTo === undefined) members.push(one)
          else members.push(yield* tellReading(tell, isRead ? one : { ...one, reading: notRead(one.reading.username) }))
        }
        return { members, isStopped: false }
      })

    return {
      stopWith,
      stoppedBy: Ref.get(stoppedBy),
      firstTrouble: trouble.first,
      isDisbelieved: trouble.isDisbelieved,
      partsRead: Ref.get(partsRead),
      untilStop: Stream.interruptWhenDeferred(stop),
      readMember: Effect.fn("Harvest.readMember")(function* (task) {
        const { listedFilms, record, username } = task
        yield* Effect.annotateCurrentSpan("member", username)
        const completes = record !== undefined && canBeCompleted(record) ? record : undefined
        const collected = noParts()
        const first = yield* untilStopped(
          completes === undefined
            ? readWhole(username, collected, listedFilms)
            : readMissing(completes, completes.missing, collected)
        )
        const isNew = record === undefined
        if (Option.isNone(first))
          return { username, isNew, members: salvage(task, collected, completes), isStopped: true }
        return { username, isNew, ...(yield* follow(first.value)) }
      }),
      readAgain: (member) =>
        Effect.gen(function* () {
          const { completes, listedFilms, reading } = member
          if (reading.again.length === 0 && reading.missing.length === 0) return [member]
          const again = Effect.gen(function* () {
            if (reading.lastPart === 0 || (reading.again !== "all" && reading.missing.length === 0)) {
              return yield* readWhole(reading.username, noParts(), listedFilms)
            }
            const collected = copyOf(member.collected)
            if (completes !== undefined) return yield* readMissing(completes, reading.missing, collected)
            if (reading.again === "all") return yield* readWhole(reading.username, noParts(), listedFilms)
            yield* readParts(reading.username, reading.missing, collected)
            return yield* settle(reading.username, collected, listedFilms)
          })
          const outcome = yield* untilStopped(again)
          if (Option.isNone(outcome)) return [member]
          const { isStopped, members } = yield* follow(outcome.value)
          const [now] = members
          const isWorse =
            now === undefined ||
            isStopped ||
            (now.reading.state === "partial" && now.reading.films.length < reading.films.length)
          return isWorse ? [member] : members
        }),
      leadsTo: (known) =>
        Effect.map(untilStopped(Stream.runCollect(Stream.tap(source.list(known, [1]), onPart))), (parts) => {
          const content = Option.getOrUndefined(parts)?.pipe((all) => [...all].at(-1)?.content)
          return content?._tag === "Renamed" ? content.to : undefined
        })
    }
  })

const tellReading = (tell: Tell, member: ReadMember): Effect.Effect<ReadMember> => {
  const { collected, reading } = member
  return Effect.as(
    tell(
      MemberRead.make({
        username: reading.username,
        state: reading.state,
        pages: new Set(collected.parts.map(({ number }) => number)).size,
        films: reading.films.length,
        ratings: ratingsIn(reading.films),
        missing: reading.missing,
        doubts: reading.doubts
      })
    ),
    member
  )
}
