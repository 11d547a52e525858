/**
 * Carries out `lb refresh --via feed`.
 *
 * @since 0.1.0
 */
import {
  FeedRefresh,
  type FeedRefreshEvent,
  type FeedRefreshReport,
  RatingsStorage,
  type Username
} from "@letterboxd-ratings/core"
import { FeedReader } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Ref } from "effect"
import { endWith, endWithError } from "./CommandEnding.ts"
import { CommandEnded, exitCodeOfSourceError } from "./ExitCode.ts"
import { type Flags, pasteable, type Settings } from "./options/Settings.ts"
import { importWords } from "./progress/ImportWords.ts"
import { count } from "./progress/RunWords.ts"
import { showProgress } from "./progress/ShowProgress.ts"
import { Screen } from "./Screen.ts"
import { listed, mostListed, printable } from "./Shown.ts"

const secondsOfADay = 86_400

const planSummary = ({ beyondBudget, members, notDue }: FeedRefreshReport["plan"]): string =>
  [
    `${count(members.length, "feed")} to read, a request each`,
    ...(notDue === 0 ? [] : [`${notDue} read lately`]),
    ...(beyondBudget === 0 ? [] : [`${beyondBudget} beyond the limit of requests`])
  ].join(", ")

/** What was found, in the last message. */
const wordsOf = (report: FeedRefreshReport, requests: number): ReadonlyArray<string> => {
  const { absent, current, gap } = report
  const ratings = report.import?.ratings ?? { added: 0, changed: 0 }
  const refused = report.import?.refused ?? []
  return [
    `${count(current.length + gap.length, "feed")} read: ${count(ratings.added, "rating")} added, ${ratings.changed} changed. ${count(requests, "request")}.`,
    ...(gap.length === 0
      ? []
      : [
          `The feeds of ${count(gap.length, "member")} do not reach back to the last reading. Entries in between may be missing. Read their lists: lb refresh ${listed(gap)}`
        ]),
    ...(absent.length === 0
      ? []
      : [
          `No feed: ${listed(absent.map(({ username, why }) => `${username} (${why})`))}. The dataset keeps what it has. lb refresh NAME tells more.`
        ]),
    ...refused.slice(0, mostListed).map(({ message }) => `Refused: ${printable(message)}`),
    "A feed shows diary entries and reviews only. Ratings without an entry, and removed ones, are found by lb refresh without --via feed."
  ]
}

/**
 * Reads the feeds of members into the dataset of the storage in the context. `folder` is where ratings without a film number
 * are kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refreshByFeed = (
  names: ReadonlyArray<Username>,
  settings: Settings,
  flags: Flags,
  isPlan: boolean,
  folder: string
) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const storage = yield* RatingsStorage
    const reader = yield* FeedReader.FeedReader
    const { asideIn, feedsOfMembers } = yield* Effect.promise(() => import("@letterboxd-ratings/letterboxd-import"))
    const again = yield* pasteable(["refresh", ...(settings.input === undefined ? names : [])].join(" "), flags, [])
    const progress = yield* showProgress(importWords, settings.json ? "json" : settings.quiet ? "quiet" : "lines")
    const committed = yield* Ref.make("Nothing was committed.")
    const tell = (event: FeedRefreshEvent): Effect.Effect<void> => {
      if (event._tag === "FeedsPlanned") {
        if (settings.json) return screen.out(`${JSON.stringify(event)}\n`)
        return settings.quiet ? Effect.void : screen.err(`Plan: ${planSummary(event.plan)}.\n`)
      }
      return Effect.zipRight(
        event._tag === "BatchCommitted"
          ? Ref.set(committed, `All batches up to ${event.batch} are committed.`)
          : Effect.void,
        progress.show(event)
      )
    }
    const report = yield* FeedRefresh.report(
      {
        isPlan,
        aside: yield* asideIn(folder),
        ...(names.length === 0 ? {} : { asked: names }),
        ...(settings.olderThan === undefined ? {} : { olderThanDays: settings.olderThan / secondsOfADay }),
        ...(settings.maxRequests === undefined ? {} : { budget: settings.maxRequests }),
        ...(settings.keep === undefined ? {} : { keep: settings.keep }),
        ...(settings.timestamp === undefined ? {} : { timestamp: settings.timestamp })
      },
      (members) =>
        feedsOfMembers(members, {
          concurrency: settings.concurrency,
          datasetFolder: folder,
          baseUrls: settings.baseUrl === undefined ? [] : [settings.baseUrl.replace(/\/+$/u, "")],
          ...(settings.maxTime === undefined ? {} : { maxMillis: settings.maxTime * 1000 })
        }),
      tell
    ).pipe(
      Effect.ensuring(progress.end),
      Effect.onInterrupt(() =>
        Effect.flatMap(Ref.get(committed), (words) => screen.err(`\nInterrupted. ${words} Continue with: ${again}\n`))
      ),
      Effect.catchTags({
        ImportError: (error) => endWith(1, printable(error.message)),
        StorageError: (error) =>
          Effect.flatMap(Ref.get(committed), (words) =>
            endWithError(error, { command: "refresh", flags }, `${words} Try again with: ${again}`)
          )
      })
    )
    const { stoppedBy } = report
    if (isPlan) {
      if (settings.json) return
      const table = report.plan.members.map(({ expected, username }) =>
        expected < 0.5 ? `${username}\n` : `${username}  about ${count(Math.round(expected), "change")}\n`
      )
      return yield* screen.out(`${table.join("")}${planSummary(report.plan)}. Nothing was requested.\n`)
    }
    const { requests } = yield* reader.activity
    const words = [
      ...wordsOf(report, requests),
      ...(stoppedBy === undefined ? [] : [`Stopped: ${stoppedBy.message} Continue with: ${again}`]),
      `Dataset: ${storage.place}`
    ].join("\n")
    if (settings.json) {
      const { stoppedBy: _, ...plain } = report
      yield* screen.out(
        `${JSON.stringify({ _tag: "FeedRefreshFinished", report: { ...plain, ...(stoppedBy === undefined ? {} : { stopped: stoppedBy.message }) } })}\n`
      )
    }
    yield* settings.json ? screen.err(`${words}\n`) : screen.out(`${words}\n`)
    const isPart =
      report.plan.beyondBudget > 0 ||
      report.gap.length > 0 ||
      report.absent.length > 0 ||
      (report.import?.refused.length ?? 0) > 0
    const code = stoppedBy !== undefined ? exitCodeOfSourceError(stoppedBy.reason) : isPart ? 2 : 0
    if (code !== 0) return yield* new CommandEnded({ code })
  })
