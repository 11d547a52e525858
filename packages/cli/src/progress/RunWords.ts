/**
 * The messages of a run. Pure: from events to lines.
 *
 * @since 0.1.0
 */
import {
  HarvestEvent,
  type MemberRead,
  type RunReport,
  type SourceActivity,
  type Username
} from "@letterboxd-ratings/core"
import { DateTime, Duration, Effect, Schema } from "effect"
import { grouped, printable } from "../Shown.ts"
import type { ProgressWords, StatusNow } from "./ShowProgress.ts"

/**
 * A number of things: `1 member`, `1,020 members`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const count = (n: number, one: string, many = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : many}`

/**
 * A time span in whole seconds: `41s`, `3m 20s`, `2h 5m`. Times below a second are in milliseconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const span = (millis: number): string =>
  Duration.format(millis < 1000 ? Duration.millis(Math.round(millis)) : Duration.seconds(Math.round(millis / 1000)))

/**
 * The line that says that a batch was committed, the same for runs and imports.
 *
 * @since 0.1.0
 * @category constructors
 */
export const committedLine = (event: {
  readonly batch: number
  readonly members: ReadonlyArray<unknown>
  readonly ratings: number
  readonly totalRatings: number
  readonly notes?: ReadonlyArray<string>
}): string =>
  `${(event.notes ?? []).map((note) => `${printable(note)}\n`).join("")}Batch ${event.batch} committed: ${count(event.members.length, "member")}, ${count(event.ratings, "rating")} (${grouped(event.totalRatings)} in total)`

const doubtWords = {
  "list-moved": "the list changed while it was read",
  "short-page": "a page has too few films",
  "count-differs": "the site states a different number of films",
  "unreadable-tiles": "some films could not be read",
  "ratings-missing": "its pages do not show its ratings",
  "another-list": "its name leads to a member with a different list"
} as const

/**
 * Why a list is not complete.
 *
 * @since 0.1.0
 * @category constructors
 */
export const whatIsMissing = ({ doubts, missing }: Pick<RunReport["partial"][number], "doubts" | "missing">): string =>
  [
    ...(missing.length === 0
      ? []
      : [
          `missing ${missing.length === 1 ? "page" : "pages"} ${missing.slice(0, 10).join(", ")}${missing.length > 10 ? " ..." : ""}`
        ]),
    ...doubts.map((doubt) => doubtWords[doubt])
  ].join("; ")

/**
 * What came of reading a member.
 *
 * @since 0.1.0
 * @category constructors
 */
export const outcomeOf = (event: typeof MemberRead.Type): string => {
  switch (event.state) {
    case "sealed":
      return `${count(event.ratings, "rating")} of ${count(event.films, "film")}, ${count(event.pages, "page")}`
    case "partial":
      return `partial: ${whatIsMissing(event)}`
    case "gone":
      return "does not exist"
    case "private":
      return "private"
    case "renamed":
      return "renamed"
  }
}

/**
 * The line for an event, or `undefined`. Pages have none.
 */
const lineOf = (event: HarvestEvent): string | undefined => {
  switch (event._tag) {
    case "RunStarted":
      return `${event.notes.map((note) => `${note}\n`).join("")}Reading ${count(event.membersToAdd, "member")} from ${event.source} into ${event.place}${
        event.users === 0 ? "" : ` (with ${count(event.users, "member")} and ${count(event.ratings, "rating")} already)`
      }${event.membersToComplete === 0 ? "" : `, completing ${count(event.membersToComplete, "partial member")}`}`
    case "MemberRead":
      return `  ${event.state === "sealed" ? "✓" : event.state === "partial" ? "!" : "-"} ${event.username}: ${outcomeOf(event)}`
    case "MemberLeftOut":
      return `  - ${event.username}: left out: the member asked for it, or its name leads to one who did (lb forget)`
    case "BatchCommitted":
      return committedLine(event)
    default:
      return undefined
  }
}

const waitWords: Readonly<Record<keyof RunReport["waiting"], string>> = {
  refused: "because the site refused a page",
  "not-understood": "because a page was not understood",
  pages: "because pages are missing",
  doubts: "because its pages do not agree"
}

const isOfTiles = (doubt: RunReport["partial"][number]["doubts"][number]): boolean =>
  doubt === "unreadable-tiles" || doubt === "ratings-missing"

/** How many members wait for `reason`, with the exact doubts of those that this run read. */
const waitingFor = (reason: keyof RunReport["waiting"], { partial, waiting }: RunReport): ReadonlyArray<string> => {
  const members = waiting[reason]
  const exact = new Map<string, number>()
  let left = members
  if (reason === "doubts" || reason === "not-understood") {
    for (const { doubts, missing } of partial) {
      const wanted = doubts.filter((doubt) => isOfTiles(doubt) === (reason === "not-understood"))
      const isCounted = reason === "not-understood" || (missing.length === 0 && !doubts.some(isOfTiles))
      if (left === 0 || wanted.length === 0 || !isCounted) continue
      const words = `because ${wanted.map((doubt) => doubtWords[doubt]).join(" and ")}`
      exact.set(words, (exact.get(words) ?? 0) + 1)
      left -= 1
    }
  }
  return [...[...exact].map(([words, n]) => `${n} ${words}`), ...(left === 0 ? [] : [`${left} ${waitWords[reason]}`])]
}

/** How many members of the dataset are partial, and why. */
const waitingWords = (report: RunReport): string | undefined => {
  const { waiting } = report
  const reasons = (["refused", "not-understood", "pages", "doubts"] as const).flatMap((reason) =>
    waitingFor(reason, report)
  )
  const members = waiting.refused + waiting["not-understood"] + waiting.pages + waiting.doubts
  if (members === 0) return undefined
  const order =
    waiting.refused + waiting["not-understood"] === 0
      ? ""
      : " The next run reads new members before those that were refused or not understood."
  return `Partial in the dataset: ${count(members, "member")} (${reasons.join(", ")}).${order}`
}

/**
 * What to do about members of the dataset whose names lead to one who is forgotten, as lines; none where there are none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leadToForgottenWords = (names: ReadonlyArray<Username> = []): ReadonlyArray<string> =>
  names.length === 0
    ? []
    : [
        `Not read, because ${names.length === 1 ? "its name leads" : "their names lead"} to a member who asked to be left out: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}. The dataset keeps what it has. If it is the same person: lb forget ${names.slice(0, 20).join(" ")}`
      ]

/**
 * The last message of a run: what happened, what is on disk, and the command to continue with (`next`), if there is one.
 * `skip` has the members that the user wanted to skip.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resultOf = (
  report: RunReport,
  place: string,
  next: string | undefined,
  skip: ReadonlyArray<Username>
): string => {
  const { members } = report
  const facts = (["gone", "private", "renamed"] as const).flatMap((state) =>
    members[state] === 0 ? [] : [`${members[state]} ${state}`]
  )
  const lines = [
    `${count(members.sealed, "member")} complete${members.partial === 0 ? "" : `, ${members.partial} partial`}${
      facts.length === 0 ? "" : `, ${facts.join(", ")}`
    }: ${count(report.ratings, "rating")}, ${count(report.newFilms, "new film")}, ${count(report.requests, "request")}${
      report.retries === 0 ? "" : ` (${count(report.retries, "retry", "retries")})`
    } in ${span(report.finishedAt.epochMillis - report.startedAt.epochMillis)}.`
  ]
  const { added, changed, members: again, removed } = report.readAgain
  if (again > 0) {
    lines.push(
      `${count(again, "member")} read again: ${count(added, "rating")} added, ${grouped(changed)} changed, ${grouped(removed)} removed.`
    )
  }
  for (const partial of report.partial.slice(0, 20))
    lines.push(`Partial: ${partial.username} (${whatIsMissing(partial)}).`)
  if (report.partial.length > 20) lines.push(`... and ${report.partial.length - 20} more.`)
  const waiting = waitingWords(report)
  if (waiting !== undefined) lines.push(waiting)
  if (report.forgotten !== undefined)
    lines.push(`Left out, because they asked for it (lb forget): ${count(report.forgotten, "member")}.`)
  lines.push(...leadToForgottenWords(report.leadToForgotten))
  if (report.skipped.length > 0) lines.push(`Skipped: ${report.skipped.join(", ")}.`)
  const notMet = skip.filter((name) => !report.skipped.includes(name))
  if (notMet.length > 0)
    lines.push(`Not skipped, because this run did not find them: ${notMet.join(", ")}. Check the names in --skip.`)
  if (report.unreadListings > 0) {
    lines.push(
      `${count(report.unreadListings, "row")} of the members list could not be read. The page was saved in the diagnostics folder.`
    )
  }
  if (report.listEnded) lines.push("The members list ended before the requested number of members.")
  if (report.stopped !== undefined) lines.push(`Stopped: ${report.stopped.message}`)
  // Where the list has ended and nobody waits, the next run would read nothing.
  const isAllRead = report.listEnded && Object.values(report.waiting).every((members) => members === 0)
  const continuing = next === undefined || isAllRead ? "" : ` Continue with: ${next}`
  lines.push(
    report.totalUsers === 0
      ? `Nothing was written to ${place}.${continuing.replace("Continue", "Try again")}`
      : `${place} holds ${count(report.totalRatings, "rating")} of ${count(report.totalUsers, "member")}.${continuing}`
  )
  return lines.join("\n")
}

/**
 * What a progress display counts. `batchSize` is the number of members in a batch; `inBatch` of them were read since `batches` were
 * committed. `reading` has the members under way, with the pages that were read and, where it is known, the last one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  readonly batchSize: number
  readonly membersToRead: number
  readonly membersRead: number
  readonly batches: number
  readonly inBatch: number
  readonly pages: number
  readonly ratings: number
  readonly reading: ReadonlyMap<Username, { readonly pages: number; readonly lastPage?: number }>
}

/**
 * What is counted before anything was read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noProgress = (batchSize: number): Progress => ({
  batchSize,
  membersToRead: 0,
  membersRead: 0,
  batches: 0,
  inBatch: 0,
  pages: 0,
  ratings: 0,
  reading: new Map()
})

/**
 * What is counted after one more event.
 *
 * @since 0.1.0
 * @category constructors
 */
export const progressed = (progress: Progress, event: HarvestEvent): Progress => {
  switch (event._tag) {
    case "RunStarted":
      return { ...progress, membersToRead: event.membersToAdd + event.membersToComplete }
    case "PageRead": {
      const { lastPage, username } = event
      const before = progress.reading.get(username)
      const last = lastPage ?? before?.lastPage
      const now = { pages: (before?.pages ?? 0) + 1, ...(last === undefined ? {} : { lastPage: last }) }
      return {
        ...progress,
        pages: progress.pages + 1,
        ratings: progress.ratings + event.ratings,
        reading: new Map(progress.reading).set(username, now)
      }
    }
    case "MemberLeftOut":
    case "MemberRead":
      return {
        ...progress,
        membersRead: progress.membersRead + 1,
        inBatch: progress.inBatch + 1,
        reading: new Map([...progress.reading].filter(([username]) => username !== event.username))
      }
    case "BatchCommitted":
      return { ...progress, batches: progress.batches + 1, inBatch: 0 }
    default:
      return progress
  }
}

/**
 * A silence of this length, in milliseconds, is shown.
 *
 * @since 0.1.0
 * @category models
 */
export const longWait = 3_000

const barOf = (share: number, cells: number): string =>
  `[${"#".repeat(Math.floor(Math.min(1, share) * cells)).padEnd(cells, "-")}]`

/**
 * A time of today, in the time zone of this machine, from milliseconds since 1970.
 *
 * @since 0.1.0
 * @category constructors
 */
export const timeOfDay = (millis: number): string =>
  DateTime.formatLocal(DateTime.unsafeMake(millis), { timeStyle: "medium", locale: "en-GB" })

/** The share of the members that were read. */
const shareOf = ({ membersRead, membersToRead }: Progress): number =>
  membersToRead === 0 ? 0 : Math.min(1, membersRead / membersToRead)

/**
 * How many milliseconds the rest takes, judging by the members that were read; absent before the first and after the
 * last one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const timeLeft = (progress: Progress, elapsedMillis: number): number | undefined => {
  const share = shareOf(progress)
  return share === 0 || share === 1 ? undefined : (elapsedMillis / share) * (1 - share)
}

/** The run as a whole. */
const overall = (progress: Progress, activity: SourceActivity, { columns, elapsedMillis, quietMillis }: StatusNow) => {
  const { membersRead, membersToRead, pages, ratings } = progress
  const rate = elapsedMillis === 0 ? 0 : (activity.requests * 1000) / elapsedMillis
  const share = shareOf(progress)
  const left = timeLeft(progress, elapsedMillis)
  return fitting(
    [
      ...(membersToRead === 0
        ? []
        : [
            `${barOf(share, columns < 60 ? 10 : 20)} ${Math.floor(share * 100)} %`,
            `${membersRead}/${membersToRead} members`
          ]),
      // During a pause that is known, nothing else can be expected.
      ...(quietMillis < longWait || activity.pausedUntil !== undefined ? [] : [`no response for ${span(quietMillis)}`]),
      ...(left === undefined ? [] : [`about ${span(left)} left`]),
      `${rate.toFixed(1)} requests/s`,
      count(ratings, "rating"),
      count(pages, "page"),
      count(activity.requests, "request"),
      ...(activity.pausedMillis === 0 ? [] : [`paused ${span(activity.pausedMillis)} in total`])
    ],
    columns
  )
}

/** The batch, and the members under way: as many as fit. */
const ofBatch = ({ batches, batchSize, inBatch, membersRead, membersToRead, reading }: Progress, columns: number) => {
  const members = Math.min(batchSize, membersToRead - membersRead + inBatch)
  const parts = members <= 0 ? [] : [`batch ${batches + 1} ${barOf(inBatch / members, 10)} ${inBatch}/${members}`]
  for (const [username, { lastPage, pages }] of reading)
    parts.push(lastPage === undefined ? username : `${username} ${Math.min(pages, lastPage)}/${lastPage}`)
  return fitting(parts, columns)
}

/** Why nothing is asked for, and until when. */
const ofWaiting = ({ pausedUntil }: SourceActivity, { columns, now }: StatusNow): string =>
  pausedUntil === undefined || pausedUntil <= now
    ? ""
    : fitting(
        [
          `waiting until ${timeOfDay(pausedUntil)}`,
          `${span(pausedUntil - now)} left`,
          "the site refused a request as one too many"
        ],
        columns
      )

/**
 * The status lines: the run, its batch with the members under way, and why it waits. Each has the most important parts that fit
 * into the columns; no part is cut. A line without a part is left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const statusOf = (progress: Progress, activity: SourceActivity, now: StatusNow): ReadonlyArray<string> =>
  [overall(progress, activity, now), ofBatch(progress, now.columns), ofWaiting(activity, now)].filter(
    (line) => line !== ""
  )

/**
 * A line of the parts that fit into `columns`; no part is cut.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fitting = (parts: ReadonlyArray<string>, columns: number): string =>
  parts.reduce((line, part) => {
    const longer = line === "" ? part : `${line} · ${part}`
    return longer.length < columns ? longer : line
  }, "")

/**
 * The messages of a run, for its progress display.
 *
 * @since 0.1.0
 * @category constructors
 */
export const runWords = (
  activity: Effect.Effect<SourceActivity>,
  batchSize: number
): ProgressWords<HarvestEvent, Progress> => ({
  encode: Schema.encodeSync(Schema.parseJson(HarvestEvent)),
  // What opening changed in the dataset is a warning.
  warnings: (event) =>
    event._tag === "RunStarted"
      ? event.notes
      : event._tag === "BatchCommitted"
        ? (event.notes ?? []).map(printable)
        : [],
  line: lineOf,
  initial: noProgress(batchSize),
  next: progressed,
  status: (progress) =>
    Effect.map(activity, (done) => ({
      happened: done.requests + progress.pages + progress.membersRead,
      lines: (now) => statusOf(progress, done, now)
    }))
})
