/**
 * `lb refresh`: reads members again who may have changed.
 *
 * @since 0.1.0
 */
import {
  checkedSource,
  RatingsSource,
  RatingsStorage,
  Refresh,
  type RefreshEvent,
  type RefreshReason,
  type RefreshReport,
  type Username
} from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Layer, Ref } from "effect"
import { CommandEnded, exitCodeOfReport, exitCodeOfSourceError } from "../ExitCode.ts"
import * as KeptPages from "../KeptPages.ts"
import { namesOf } from "../NamesFile.ts"
import { type Flags, folderOf, pasteable, resolveSettings, type Settings } from "../options/Settings.ts"
import { feedsOf, sourceOf } from "../plugins/Sources.ts"
import { storageOf } from "../plugins/Storages.ts"
import { count, resultOf } from "../progress/RunWords.ts"
import { batchSizeOf, showRun } from "../progress/ShowRun.ts"
import { Screen } from "../Screen.ts"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"
import { refreshByFeed } from "../StartFeedRefresh.ts"
import { aboutRobots, warn } from "../StartRun.ts"
import { grouped } from "../Shown.ts"

const secondsOfADay = 86_400

const reasonWords: Readonly<Record<RefreshReason, string>> = {
  count: "another number of films",
  "first-part": "the first page shows changes",
  due: "due",
  asked: "asked for"
}

const number = (n: number): string => grouped(n)

type Plan = RefreshReport["plan"]

const planSummary = ({ beyondBudget, members, notDue, unchanged }: Plan): string => {
  const looks = members.filter(({ isLook }) => isLook).length
  const requests = members.reduce((sum, one) => sum + one.requests, 0)
  return [
    `${count(members.length - looks, "member")} to read again`,
    ...(looks === 0 ? [] : [`${number(looks)} to look at (first page)`]),
    `about ${count(requests, "request")}`,
    ...(unchanged === 0 ? [] : [`${number(unchanged)} unchanged by count`]),
    ...(notDue === 0 ? [] : [`${number(notDue)} not due`]),
    ...(beyondBudget === 0 ? [] : [`${number(beyondBudget)} beyond the limit of requests`])
  ].join(", ")
}

const planTable = (plan: Plan): string => {
  const width = Math.max(6, ...plan.members.map(({ username }) => username.length))
  return plan.members
    .map(
      ({ expected, isLook, reason, requests, username }) =>
        `${username.padEnd(width)}  ${String(requests).padStart(4)}  ${reasonWords[reason]}${isLook ? ", first page only at first" : ""}${expected < 0.5 ? "" : `, about ${count(Math.round(expected), "change")}`}\n`
    )
    .join("")
}

/** What was found, in the last message. */
const wordsOf = ({ listRequests, plan, requests, run, sameFirstPart, unknown }: RefreshReport): string =>
  [
    `${number(plan.unchanged)} unchanged by count${sameFirstPart === 0 ? "" : ` (${number(sameFirstPart)} by their first page)`}, ${number(plan.notDue)} not due. ${count(requests, "request")}, ${number(listRequests)} of them for the members list.`,
    ...(plan.beyondBudget === 0
      ? []
      : [`Not read because of the limit of requests: ${count(plan.beyondBudget, "member")}.`]),
    ...(unknown === 0 ? [] : [`The first page could not be read of ${count(unknown, "member")}. Try again later.`]),
    ...(run === undefined ? ["No member was read again."] : [])
  ].join("\n")

const refresh = (names: ReadonlyArray<Username>, settings: Settings, flags: Flags, isPlan: boolean) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const storage = yield* RatingsStorage
    const source = checkedSource(yield* RatingsSource)
    const again = yield* pasteable(["refresh", ...(settings.input === undefined ? names : [])].join(" "), flags, [])
    const progress = yield* showRun(isPlan ? { ...settings, ui: false } : settings, source)
    const committed = yield* Ref.make("Nothing was committed.")
    const tell = (event: RefreshEvent): Effect.Effect<void> => {
      if (event._tag === "RefreshPlanned") {
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
    const report = yield* Refresh.report(
      {
        batchSize: batchSizeOf(settings),
        membersInFlight: settings.concurrency + 2,
        isPlan,
        ...(names.length === 0 ? {} : { asked: names }),
        ...(settings.olderThan === undefined ? {} : { olderThanDays: settings.olderThan / secondsOfADay }),
        ...(settings.maxRequests === undefined ? {} : { budget: settings.maxRequests }),
        ...(settings.maxTime === undefined ? {} : { maxMillis: settings.maxTime * 1000 }),
        ...(settings.keep === undefined ? {} : { keep: settings.keep }),
        ...(settings.timestamp === undefined ? {} : { timestamp: settings.timestamp })
      },
      tell
    ).pipe(
      Effect.ensuring(progress.end),
      Effect.onInterrupt(() =>
        Effect.flatMap(Ref.get(committed), (words) => screen.err(`\nInterrupted. ${words} Continue with: ${again}\n`))
      ),
      Effect.catchTag("StorageError", (error) =>
        Effect.flatMap(Ref.get(committed), (words) =>
          endWithError(error, { command: "refresh", flags }, `${words} Try again with: ${again}`)
        )
      )
    )
    const { run, stopped, unknown } = report
    if (isPlan) {
      if (settings.json) return
      return yield* screen.out(
        `${planTable(report.plan)}${planSummary(report.plan)}. Nothing was requested. The members list, which a refresh reads first, may show that fewer members changed, or more.\n`
      )
    }
    const isNotAllowed = [stopped, run?.stopped].some((stop) => stop?.kind === "NotAllowed")
    const isOver = stopped === undefined && run?.stopped === undefined && unknown === 0
    const words = [
      ...(isNotAllowed ? [aboutRobots(settings).trimEnd()] : []),
      wordsOf(report),
      ...(run === undefined ? [] : [resultOf(run, storage.place, isOver ? undefined : again, [])]),
      ...(stopped === undefined ? [] : [`Stopped: ${stopped.message} Continue with: ${again}`])
    ].join("\n")
    if (settings.json) yield* screen.out(`${JSON.stringify({ _tag: "RefreshFinished", report })}\n`)
    yield* settings.json ? screen.err(`${words}\n`) : screen.out(`${words}\n`)
    const code =
      stopped !== undefined
        ? exitCodeOfSourceError(stopped.kind)
        : run === undefined || exitCodeOfReport(run) === 0
          ? unknown > 0
            ? 2
            : 0
          : exitCodeOfReport(run)
    if (code !== 0) return yield* new CommandEnded({ code })
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const start = (words: ReadonlyArray<string>, flags: Flags, isPlan: boolean) =>
  Effect.gen(function* () {
    const settings = yield* resolveSettings(flags)
    const names = yield* namesOf(words, settings.input)
    if (names.length === 0 && settings.input !== undefined)
      return yield* endWith(1, "There are no names to read. Nothing was requested.")
    const folder = yield* folderOf(settings)
    const storage = yield* storageOf(settings, folder, { memberFiles: false })
    if (!isPlan) yield* warn(settings)
    if (settings.via === "feed") {
      const feeds = yield* feedsOf(settings)
      if (settings.ui && !isPlan)
        yield* Effect.flatMap(Screen, (screen) =>
          screen.err("The live page shows lists, and no feeds. The refresh goes on without it.\n")
        )
      return yield* refreshByFeed(names, settings, flags, isPlan, folder).pipe(
        Effect.scoped,
        Effect.provide(Layer.merge(feeds, storage)),
        Effect.provide(KeptPages.layer(folder)),
        Effect.provide(NodeProcessTable.layer)
      )
    }
    const source = yield* sourceOf(settings, "run")
    yield* refresh(names, settings, flags, isPlan).pipe(
      Effect.scoped,
      Effect.provide(Layer.merge(source, storage)),
      Effect.provide(KeptPages.layer(folder)),
      Effect.provide(NodeProcessTable.layer)
    )
  }).pipe(
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      SourceError: (error) => endWith(1, error.message),
      StorageError: (error) => endWithError(error, { command: "refresh", flags })
    })
  )
