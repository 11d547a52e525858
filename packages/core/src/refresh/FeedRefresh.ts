/**
 * Reads members' newest entries, of which one request tells about fifty, instead of their whole lists.
 *
 * @since 0.1.0
 * @module
 */
import { type Context, DateTime, Effect, Schema } from "effect"
import type { DatasetState } from "../dataset/Batch.ts"
import { RatingsStorage } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import type { MemberRecord } from "../dataset/Tables.ts"
import type { Username } from "../domain/Member.ts"
import type { ImportError } from "../importing/ImportError.ts"
import * as Import from "../importing/Import.ts"
import type { ImportEvent, ImportReport } from "../importing/ImportReport.ts"
import { ImportSource } from "../importing/ImportSource.ts"
import type { SourceError } from "../reading/SourceError.ts"
import { type ChangeRate, changeRates, daysBetween } from "./ChangeRates.ts"
import { type PlannedMember, RefreshPlan } from "./RefreshPlan.ts"
import { heldStorage } from "./HeldStorage.ts"

/**
 * Feeds that are asked for: what they tell, of which members there is none and why (in a word), and what ended the reading
 * before all were asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface FeedImport {
  readonly source: Context.Tag.Service<ImportSource>
  readonly absent: Effect.Effect<ReadonlyArray<{ readonly username: Username; readonly why: string }>>
  readonly stoppedBy: Effect.Effect<SourceError | undefined>
}

/**
 * The options of a refresh by feeds: see `RefreshOptions`. With `olderThanDays`, the feeds of members are read of whom
 * nothing was read for so long.
 *
 * @since 0.1.0
 * @category models
 */
export interface FeedRefreshOptions extends Pick<Import.ImportRequest, "aside" | "keep" | "timestamp"> {
  readonly asked?: ReadonlyArray<Username>
  readonly olderThanDays?: number
  readonly budget?: number
  readonly isPlan?: boolean
}

/**
 * A plan was made: a request for each of these members.
 *
 * @since 0.1.0
 * @category models
 */
export const FeedsPlanned = Schema.TaggedStruct("FeedsPlanned", { plan: RefreshPlan })

/**
 * An event of a refresh by feeds: the plan, and then those of the import that carries it out.
 *
 * @since 0.1.0
 * @category models
 */
export type FeedRefreshEvent = typeof FeedsPlanned.Type | ImportEvent

/**
 * The report of a refresh by feeds. `current` are members whose feed reaches back to the last reading: with it, all their
 * later entries are known. Of those in `gap` it does not, so entries may be missing that no feed shows any more. `import`
 * is absent if nothing was read.
 *
 * @since 0.1.0
 * @category models
 */
export interface FeedRefreshReport {
  readonly plan: RefreshPlan
  readonly current: ReadonlyArray<Username>
  readonly gap: ReadonlyArray<Username>
  readonly absent: ReadonlyArray<{ readonly username: Username; readonly why: string }>
  readonly import?: ImportReport
  readonly stoppedBy?: SourceError
}

/**
 * Whether all entries of a member since its list was read are known from feeds. They say nothing about ratings without an
 * entry, so the list itself stays as old as it is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isCurrentByFeed = ({ feedAt, feedFrom, readAt }: MemberRecord): boolean =>
  feedAt !== undefined && feedFrom !== undefined && DateTime.lessThanOrEqualTo(feedFrom, readAt)

/** When something was last read of a member. */
const lastLookAt = ({ feedAt, readAt }: MemberRecord): DateTime.Utc =>
  feedAt === undefined ? readAt : DateTime.max(feedAt, readAt)

/** Nothing is learnt from the feed of a member that is not there, and a feed cannot complete an unproven list. */
const hasFeed = ({ state }: MemberRecord): boolean => state === "sealed" || state === "partial"

/**
 * Whose feeds to read, in the order of what they are expected to tell. A budget that does not suffice for all comes to each
 * in turn, because what is expected of a member grows with the time since the last look. Pure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const planFeeds = (
  { members }: Pick<DatasetState, "members">,
  rateOf: (record: MemberRecord) => ChangeRate,
  now: DateTime.Utc,
  { asked, budget = Infinity, olderThanDays = 0 }: Pick<FeedRefreshOptions, "asked" | "budget" | "olderThanDays">
): RefreshPlan => {
  const planned = (username: Username, expected: number): PlannedMember => ({
    username,
    reason: asked === undefined ? "due" : "asked",
    requests: 1,
    expected,
    isLook: false
  })
  const expectedOf = (record: MemberRecord) => rateOf(record).ratings * daysBetween(lastLookAt(record), now)
  const candidates =
    asked === undefined
      ? Array.from(members.values())
          .filter((record) => hasFeed(record) && daysBetween(lastLookAt(record), now) >= olderThanDays)
          .map((record) => planned(record.username, expectedOf(record)))
          .toSorted((one, other) => other.expected - one.expected)
      : asked.map((username) => {
          const record = members.get(username)
          return planned(username, record === undefined ? 0 : expectedOf(record))
        })
  const chosen = candidates.slice(0, budget)
  const considered = Array.from(members.values()).filter(hasFeed).length
  return {
    members: chosen,
    unchanged: 0,
    notDue: asked === undefined ? considered - candidates.length : 0,
    beyondBudget: candidates.length - chosen.length
  }
}

/**
 * Refreshes the dataset of the storage in the context by feeds: `feeds` makes the source of those of some members. Entries
 * add and change ratings; they remove none, and complete no list.
 *
 * It fails if the storage fails. What the feeds told until the site refused is committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const report = <E = never, R = never, R1 = never>(
  options: FeedRefreshOptions,
  feeds: (members: ReadonlyArray<Username>) => Effect.Effect<FeedImport, never, R1>,
  tell: (event: FeedRefreshEvent) => Effect.Effect<void, E, R> = () => Effect.void
): Effect.Effect<FeedRefreshReport, E | ImportError | StorageError, R | R1 | RatingsStorage> =>
  Effect.gen(function* () {
    const storage = yield* RatingsStorage
    const dataset = yield* storage.open({ _tag: "continue" })
    const rates = yield* changeRates(dataset)
    const plan = planFeeds(dataset.state, ({ userId }) => rates(userId), yield* DateTime.now, options)
    yield* tell(FeedsPlanned.make({ plan }))
    const nothing = { plan, current: [], gap: [], absent: [] }
    if (options.isPlan === true || plan.members.length === 0) return nothing
    const { absent, source, stoppedBy } = yield* feeds(plan.members.map(({ username }) => username))
    const read = new Map<Username, MemberRecord>()
    const recording = {
      ...dataset,
      commit: (batch: Parameters<typeof dataset.commit>[0]) =>
        Effect.tap(dataset.commit(batch), () =>
          Effect.sync(() => {
            for (const { record } of batch.members) read.set(record.username, record)
          })
        )
    }
    const imported = yield* Import.report(
      {
        mode: "continue",
        existing: "refuse",
        isDryRun: false,
        ...(options.aside === undefined ? {} : { aside: options.aside }),
        ...(options.keep === undefined ? {} : { keep: options.keep }),
        ...(options.timestamp === undefined ? {} : { timestamp: options.timestamp })
      },
      tell
    ).pipe(
      Effect.provideService(ImportSource, source),
      Effect.provideService(RatingsStorage, heldStorage(storage, recording))
    )
    const stop = yield* stoppedBy
    const records = Array.from(read.values()).filter(({ feedAt }) => feedAt !== undefined)
    return {
      plan,
      current: records.filter(isCurrentByFeed).map(({ username }) => username),
      gap: records.filter((record) => !isCurrentByFeed(record)).map(({ username }) => username),
      absent: yield* absent,
      import: imported,
      ...(stop === undefined ? {} : { stoppedBy: stop })
    }
  }).pipe(Effect.scoped, Effect.withSpan("FeedRefresh.report"))
