/**
 * Reads members again who may have changed, with as few requests as will do.
 *
 * @since 0.1.0
 * @module
 */
import { DateTime, Effect, Either, Option, Ref, Schema, Stream } from "effect"
import { RatingsStorage } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import type { MemberRecord } from "../dataset/Tables.ts"
import type { Username } from "../domain/Member.ts"
import * as Harvest from "../harvest/Harvest.ts"
import type { HarvestEvent } from "../harvest/HarvestEvent.ts"
import { RunReport } from "../harvest/RunReport.ts"
import { checkedSource } from "../reading/CheckedSource.ts"
import { activityOf, RatingsSource } from "../reading/RatingsSource.ts"
import { SourceErrorReason, type SourceError } from "../reading/SourceError.ts"
import { changeRates } from "./ChangeRates.ts"
import { heldStorage } from "./HeldStorage.ts"
import { canBeRefreshed, type Look, makePlan, RefreshPlan } from "./RefreshPlan.ts"

/**
 * The options of a refresh. `asked` are the names of members to read, whatever is known of them. With `olderThanDays`, all
 * members whose last reading is older are read. `budget` is how many requests may be sent, at least 1. With `isPlan`, no
 * request is sent: the result is what would be read if the members list told nothing. The others are those of a run (see
 * `HarvestOptions`).
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshOptions extends Pick<
  Harvest.HarvestOptions,
  "batchSize" | "keep" | "maxMillis" | "membersInFlight" | "timestamp"
> {
  readonly asked?: ReadonlyArray<Username>
  readonly olderThanDays?: number
  readonly budget?: number
  readonly isPlan?: boolean
}

/**
 * A plan was made. `listings` counts the entries of the members list that were read for it, `listRequests` the requests.
 *
 * @since 0.1.0
 * @category models
 */
export const RefreshPlanned = Schema.TaggedStruct("RefreshPlanned", {
  plan: RefreshPlan,
  listings: Schema.NonNegativeInt,
  listRequests: Schema.NonNegativeInt
})

/**
 * An event of a refresh: the plan, and then those of the run that carries it out.
 *
 * @since 0.1.0
 * @category models
 */
export type RefreshEvent = typeof RefreshPlanned.Type | HarvestEvent

/**
 * The report of a refresh. `requests` counts all requests. `sameFirstPart` counts the members whose first part states the
 * numbers of films and parts that the dataset has; `unknown` those whose first part could not be had. `run` is absent if
 * no member was read again. `stopped` is present if the source ended the refresh before the run.
 *
 * @since 0.1.0
 * @category models
 */
export const RefreshReport = Schema.Struct({
  plan: RefreshPlan,
  requests: Schema.NonNegativeInt,
  listRequests: Schema.NonNegativeInt,
  sameFirstPart: Schema.NonNegativeInt,
  unknown: Schema.NonNegativeInt,
  run: Schema.optionalWith(RunReport, { exact: true }),
  stopped: Schema.optionalWith(
    Schema.Struct({ reason: Schema.String, kind: SourceErrorReason, message: Schema.String }),
    { exact: true }
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface RefreshReport extends Schema.Schema.Type<typeof RefreshReport> {}

/** The members list changes its order, so members may stand behind as many others as there are known ones, and some more. */
const mostListings = (members: number): number => Math.ceil(members * 1.2) + 90

/** Of a budget, no more than this is spent on finding out who changed. */
const shareOfLooking = 0.5

interface Listed {
  readonly films: ReadonlyMap<Username, number>
  readonly listings: number
  readonly stoppedBy?: SourceError
}

/** How many films the members list states, of as many known members as it shows. Reads no further than it must. */
const listedFilms = (
  source: typeof RatingsSource.Service,
  wanted: ReadonlySet<Username>,
  mostRequests: number
): Effect.Effect<Listed> =>
  Effect.gen(function* () {
    const films = new Map<Username, number>()
    const left = new Set(wanted)
    let listings = 0
    const before = yield* activityOf(source)
    const isEnough = Effect.map(
      activityOf(source),
      ({ requests }) =>
        left.size === 0 || listings >= mostListings(wanted.size) || requests - before.requests >= mostRequests
    )
    const ended = yield* source.members.pipe(
      // A list in chunks is not read on before it is known whether that is needed.
      Stream.rechunk(1),
      Stream.tap((listing) =>
        Effect.sync(() => {
          listings += 1
          left.delete(listing.username)
          if (wanted.has(listing.username) && listing.films !== undefined) films.set(listing.username, listing.films)
        })
      ),
      Stream.takeUntilEffect(() => isEnough),
      Stream.runDrain,
      Effect.either
    )
    return { films, listings, ...(Either.isLeft(ended) ? { stoppedBy: ended.left } : {}) }
  })

/**
 * Looks at the first part of a member's list. Fails only if the source cannot be read further; a part that is refused or not
 * understood is no reason to stop here, because the run finds out whether the whole source refuses.
 */
const lookAt = (source: typeof RatingsSource.Service, record: MemberRecord): Effect.Effect<Look, SourceError> =>
  Effect.map(Stream.runLast(source.list(record.username, [1])), (part): Look => {
    const content = Option.getOrUndefined(part)?.content
    switch (content?._tag) {
      case undefined:
      case "Missing":
        return "unknown"
      case "Films": {
        const { lastPart, stated } = content
        const known = record.statedFilms ?? record.films
        const isSame = stated.films === known && (record.lastPage === 0 || lastPart === record.lastPage)
        return isSame ? "same" : "changed"
      }
      case "Empty":
        return record.films === 0 ? "same" : "changed"
      default:
        // Gone, private, renamed: the run finds out what becomes of the rows.
        return "changed"
    }
  })

const stopOf = (error: SourceError) => ({
  stopped: { reason: error.reasonLabel, kind: error.reason, message: error.message }
})

/**
 * Refreshes the dataset of the storage in the context from the source in the context, and returns the report. `tell` is
 * called with each event, one after the other.
 *
 * 1. The members list states how many films members watched, many of them with one request. Who has as many as the dataset
 *    knows is not read.
 * 2. Of members that it does not show, and that are likely to have changed, the first part of the list is read.
 * 3. Whoever changed by these signs is read whole, as in a run, and so is whoever is due for a reading: see `makePlan`.
 *
 * Only a complete reading removes ratings. It fails only if the storage fails. If the source cannot be read further, the
 * report has `stopped`, and what was read is committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const report = <E = never, R = never>(
  options: RefreshOptions,
  tell: (event: RefreshEvent) => Effect.Effect<void, E, R> = () => Effect.void
): Effect.Effect<RefreshReport, E | StorageError, R | RatingsSource | RatingsStorage> =>
  Effect.gen(function* () {
    const given = yield* RatingsSource
    const source = checkedSource(given)
    const storage = yield* RatingsStorage
    const dataset = yield* storage.open({ _tag: "continue" })
    const { state } = dataset
    const { asked, budget = Infinity, isPlan = false, membersInFlight, olderThanDays } = options
    const rates = yield* changeRates(dataset)
    const startedAt = yield* activityOf(source)
    const requests = Effect.map(activityOf(source), (now) => now.requests - startedAt.requests)
    const now = yield* DateTime.now

    const candidates = new Set<Username>()
    for (const record of state.members.values()) if (canBeRefreshed(record)) candidates.add(record.username)
    const isListRead = asked === undefined && !isPlan && candidates.size > 0
    const listed: Listed = isListRead
      ? yield* listedFilms(source, candidates, budget * shareOfLooking)
      : { films: new Map(), listings: 0 }
    const listRequests = yield* requests

    const planWith = (looked: ReadonlyMap<Username, Look>, left: number): RefreshPlan =>
      makePlan({
        state,
        rateOf: ({ userId }) => rates(userId),
        listed: listed.films,
        looked,
        now,
        ...(asked === undefined ? {} : { asked }),
        ...(olderThanDays === undefined ? {} : { olderThanDays }),
        budget: left
      })
    const first = planWith(new Map(), budget - listRequests)
    yield* tell(RefreshPlanned.make({ plan: first, listings: listed.listings, listRequests }))
    const nothing = { plan: first, listRequests, sameFirstPart: 0, unknown: 0 }
    if (isPlan) return { ...nothing, requests: 0 }
    if (listed.stoppedBy !== undefined) return { ...nothing, requests: yield* requests, ...stopOf(listed.stoppedBy) }

    // A look costs a request, and most of them spare many.
    const looked = new Map<Username, Look>()
    const stop = yield* Ref.make<SourceError | undefined>(undefined)
    yield* Effect.forEach(
      first.members.filter(({ isLook }) => isLook),
      ({ username }) =>
        Effect.gen(function* () {
          const record = state.members.get(username)
          if (record === undefined || (yield* Ref.get(stop)) !== undefined) return
          const look = yield* Effect.either(lookAt(source, record))
          if (Either.isRight(look)) looked.set(username, look.right)
          else yield* Ref.set(stop, look.left)
        }),
      { concurrency: membersInFlight, discard: true }
    )
    const stoppedBy = yield* Ref.get(stop)
    const plan = looked.size === 0 ? first : planWith(looked, budget - (yield* requests))
    const count = (look: Look) => [...looked.values()].filter((one) => one === look).length
    const result = { plan, listRequests, sameFirstPart: count("same"), unknown: count("unknown") }
    if (stoppedBy !== undefined) return { ...result, requests: yield* requests, ...stopOf(stoppedBy) }
    const members = plan.members.filter(({ isLook }) => !isLook)
    if (members.length === 0) return { ...result, requests: yield* requests }

    const run = yield* Harvest.report(
      {
        mode: "continue",
        existing: "refuse",
        batches: 1,
        batchSize: options.batchSize,
        membersInFlight,
        only: members,
        ...(options.maxMillis === undefined ? {} : { maxMillis: options.maxMillis }),
        ...(options.keep === undefined ? {} : { keep: options.keep }),
        ...(options.timestamp === undefined ? {} : { timestamp: options.timestamp })
      },
      tell
    ).pipe(
      Effect.provideService(RatingsSource, given),
      Effect.provideService(RatingsStorage, heldStorage(storage, dataset))
    )
    return { ...result, requests: yield* requests, run }
  }).pipe(Effect.scoped, Effect.withSpan("Refresh.report"))
