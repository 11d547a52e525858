/**
 * A run in pictures. Pure: from events to what the live page shows.
 *
 * @since 0.1.0
 */
import type { HarvestEvent, RunReport, SourceActivity } from "@letterboxd-ratings/core"
import {
  count,
  longWait,
  noProgress,
  outcomeOf,
  type Progress,
  progressed,
  span,
  timeLeft
} from "../progress/RunWords.ts"
import { grouped } from "../Shown.ts"
import { brief, listOf, type LivePicture, type LiveRow, momentOf } from "./LivePicture.ts"

/** So many members under way are listed. */
const mostReading = 30
/** So many members that were read last, and batches, are listed. */
const mostLast = 10
/** So many kinds of pages without films are told apart; a module may have any number of them. */
const mostVerdicts = 12
/** So many seconds are shown one by one. */
const seconds = 60

type Row = Pick<LiveRow, "name" | "words">

/**
 * What the live page tells of a run so far. `withoutFilms` counts the pages that showed no films, by their verdicts.
 * `perSecond` has the ratings of each of the last seconds until `second`, in seconds since 1970. `happenedAt` is when
 * something happened last, in milliseconds since 1970; `requests` had been sent then.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunSoFar {
  readonly progress: Progress
  readonly title: string
  readonly lead: string
  readonly withoutFilms: ReadonlyMap<string, number>
  readonly lastRead: ReadonlyArray<Row>
  readonly lastCommitted: ReadonlyArray<Row>
  readonly totalRatings: number
  readonly perSecond: { readonly second: number; readonly ratings: ReadonlyArray<number> }
  readonly startedAt: number
  readonly happenedAt: number
  readonly requests: number
  readonly report: RunReport | undefined
}

/**
 * A run of which nothing is known yet, at `now` in milliseconds since 1970.
 *
 * @since 0.1.0
 * @category constructors
 */
export const runAtStart = (batchSize: number, now: number): RunSoFar => ({
  progress: noProgress(batchSize),
  title: "Starting",
  lead: "",
  withoutFilms: new Map(),
  lastRead: [],
  lastCommitted: [],
  totalRatings: 0,
  perSecond: { second: Math.floor(now / 1000), ratings: Array.from({ length: seconds }, () => 0) },
  startedAt: now,
  happenedAt: now,
  requests: 0,
  report: undefined
})

/** The same ratings a moment later: seconds without any follow, and the first ones go. */
const until = ({ ratings, second }: RunSoFar["perSecond"], now: number): RunSoFar["perSecond"] => {
  const passed = Math.min(seconds, Math.max(0, Math.floor(now / 1000) - second))
  return passed === 0
    ? { second, ratings }
    : {
        second: second + Math.max(0, Math.floor(now / 1000) - second),
        ratings: [...ratings.slice(passed), ...Array.from({ length: passed }, () => 0)]
      }
}

const adding = ({ ratings, second }: RunSoFar["perSecond"], more: number): RunSoFar["perSecond"] => ({
  second,
  ratings: ratings.map((n, i) => (i === seconds - 1 ? n + more : n))
})

const counting = (counts: RunSoFar["withoutFilms"], verdict: string): RunSoFar["withoutFilms"] => {
  const label = brief(verdict)
  const name = counts.has(label) || counts.size < mostVerdicts ? label : "others"
  return new Map(counts).set(name, (counts.get(name) ?? 0) + 1)
}

/**
 * A run after one more of its events, which happened at `now`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const runAfter = (before: RunSoFar, event: HarvestEvent, now: number): RunSoFar => {
  const run: RunSoFar = { ...before, progress: progressed(before.progress, event), happenedAt: now }
  switch (event._tag) {
    case "RunStarted": {
      const { membersToAdd, membersToComplete, place, ratings, source, users } = event
      const completing = membersToComplete === 0 ? "" : `, and completing ${grouped(membersToComplete)}`
      return {
        ...run,
        totalRatings: ratings,
        title: brief(`Reading ${count(membersToAdd, "member")} from ${source}${completing}`),
        lead: brief(
          `Into ${place}${users === 0 ? "" : `, which has ${count(users, "member")} and ${count(ratings, "rating")} already`}.`
        )
      }
    }
    case "PageRead":
      return {
        ...run,
        perSecond: adding(until(run.perSecond, now), event.ratings),
        ...(event.lastPage === undefined ? { withoutFilms: counting(run.withoutFilms, event.verdict) } : {})
      }
    case "MemberRead":
      return {
        ...run,
        lastRead: [{ name: event.username, words: outcomeOf(event) }, ...run.lastRead].slice(0, mostLast)
      }
    case "MemberLeftOut":
      return { ...run, lastRead: [{ name: event.username, words: "left out" }, ...run.lastRead].slice(0, mostLast) }
    case "BatchCommitted": {
      const { batch, members, ratings, totalRatings } = event
      const row = { name: `Batch ${batch}`, words: `${count(members.length, "member")}, ${count(ratings, "rating")}` }
      return { ...run, totalRatings, lastCommitted: [row, ...run.lastCommitted].slice(0, mostLast) }
    }
    case "RunFinished":
      return { ...run, report: event.report }
    default:
      return run
  }
}

/**
 * A run whose source has sent `requests` at `now`: as long as there are more, something happens, even without events.
 *
 * @since 0.1.0
 * @category constructors
 */
export const runWithRequests = (run: RunSoFar, { requests }: SourceActivity, now: number): RunSoFar =>
  requests === run.requests ? run : { ...run, requests, happenedAt: now }

/** What the run does now, or how it ended. */
const stateOf = (
  { happenedAt, progress, report }: RunSoFar,
  { pausedUntil = 0, requestsPerSecond }: SourceActivity,
  now: number,
  isOver: boolean
): Pick<LivePicture, "now" | "state"> => {
  if (report?.stopped !== undefined) return { state: "stopped", now: `Stopped: ${brief(report.stopped.message)}` }
  if (report !== undefined) {
    const { partial, sealed } = report.members
    return {
      state: partial === 0 ? "done" : "stopped",
      now: `The run is over: ${count(sealed, "member")} complete, ${partial} partial.`
    }
  }
  // Interrupted, failed, or with nobody to read.
  if (isOver) return { state: "done", now: "lb has ended. What was committed is kept; the terminal says the rest." }
  if (pausedUntil > now)
    return {
      state: "waiting",
      now: `Waiting until ${momentOf(pausedUntil, now)}: the site refused a request as one too many.`
    }
  if (now - happenedAt >= longWait) return { state: "waiting", now: `No response since ${momentOf(happenedAt, now)}.` }
  const pace = requestsPerSecond === Infinity ? "" : `, with at most ${rateOf(requestsPerSecond)} requests a second`
  return { state: "working", now: progress.pages === 0 ? "Starting." : `Reading pages${pace}.` }
}

const rateOf = (perSecond: number): string => String(Number(perSecond.toFixed(perSecond < 1 ? 2 : 1)))

/** How far the run is, and when it will end if it goes on like this. */
const progressOf = (
  { progress, report, startedAt }: RunSoFar,
  now: number,
  isOver: boolean
): Pick<LivePicture, "progress"> => {
  const { membersRead, membersToRead } = progress
  if (membersToRead === 0) return {}
  const done = Math.min(membersRead, membersToRead)
  const left = isOver || report !== undefined ? undefined : timeLeft(progress, now - startedAt)
  const words = [
    `${grouped(done)} of ${count(membersToRead, "member")}`,
    ...(done === membersToRead ? [] : [`${grouped(membersToRead - done)} left`]),
    `${span(Math.max(0, now - startedAt))} so far`,
    ...(left === undefined ? [] : [`about ${span(left)} to go, until ${momentOf(now + left, now)}`])
  ]
  return { progress: { done, all: membersToRead, words: words.join(" · ") } }
}

/**
 * The picture of a run at `now`, in milliseconds since 1970. `isOver` says that no event will come. At most some
 * kilobytes, whatever the run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pictureOfRun = (run: RunSoFar, activity: SourceActivity, now: number, isOver = false): LivePicture => {
  const { lastCommitted, lastRead, progress, startedAt, totalRatings, withoutFilms } = run
  const elapsed = Math.max(0, now - startedAt)
  const { ratings } = until(run.perSecond, now)
  const reading = [...progress.reading].map(([name, { lastPage, pages }]) => ({
    name,
    words:
      lastPage === undefined
        ? count(pages, "page")
        : `${grouped(Math.min(pages, lastPage))} of ${count(lastPage, "page")}`,
    done: lastPage === undefined ? 0 : Math.min(pages, lastPage),
    all: lastPage ?? 0
  }))
  const pages = [...withoutFilms].map(([name, n]) => ({ name, words: count(n, "page") }))
  return {
    title: run.title,
    lead: run.lead,
    ...stateOf(run, activity, now, isOver),
    ...progressOf(run, now, isOver),
    numbers: [
      [grouped(progress.ratings), "ratings read"],
      [grouped(totalRatings), "ratings in the dataset"],
      [grouped(progress.pages), "pages"],
      [
        grouped(activity.requests),
        activity.retries === 0 ? "requests" : `requests, ${grouped(activity.retries)} of them again`
      ],
      [elapsed === 0 ? "0" : rateOf((activity.requests * 1000) / elapsed), "requests a second"],
      [span(activity.pausedMillis), "paused by the site"]
    ],
    bars: {
      title: `Ratings in each of the last ${seconds} seconds`,
      values: ratings,
      words: `${count(
        ratings.reduce((sum, n) => sum + n, 0),
        "rating"
      )} in the last ${seconds} seconds, at most ${grouped(Math.max(...ratings))} in one`
    },
    lists: [
      listOf("Members under way", isOver ? "Nobody." : "Nobody at the moment.", isOver ? [] : reading, mostReading),
      listOf("Read last", "Nobody yet.", lastRead, mostLast),
      listOf("Committed", "No batch yet.", lastCommitted, mostLast),
      listOf("Walls, and pages without films", "None.", pages, mostVerdicts + 1)
    ]
  }
}
