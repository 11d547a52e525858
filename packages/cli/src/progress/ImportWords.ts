/**
 * The messages of an import. Pure: from events to lines.
 *
 * @since 0.1.0
 */
import { ImportEvent, type ImportReport, type InputCounts, type Username } from "@letterboxd-ratings/core"
import { Effect, Schema } from "effect"
import prettyBytes from "pretty-bytes"
import { grouped, printable, shown } from "../Shown.ts"
import { committedLine, count, fitting, leadToForgottenWords, span } from "./RunWords.ts"
import type { ProgressWords } from "./ShowProgress.ts"

const countWords: { readonly [K in keyof InputCounts]-?: (n: number) => string } = {
  members: (n) => count(n, "member"),
  ratings: (n) => count(n, "rating"),
  watched: (n) => `${count(n, "film")} without a rating`,
  pages: (n) => count(n, "page"),
  entries: (n) => count(n, "entry", "entries"),
  joined: (n) => `${count(n, "diary entry", "diary entries")} joined`,
  notJoined: (n) =>
    `${count(n, "diary entry", "diary entries")} not joined (no film, or several, of this name and year)`,
  notDecoded: (n) => `${count(n, "row")} not read`,
  orphaned: (n) => `${count(n, "orphaned entry", "orphaned entries")} left out`,
  deleted: (n) => `${count(n, "deleted entry", "deleted entries")} left out`,
  withoutNumber: (n) => `${count(n, "row")} without a film number`,
  ignored: (n) => `${grouped(n)} ignored`
}

const isCount = (name: string): name is keyof InputCounts => Object.hasOwn(countWords, name)

const countsIn = (counts: InputCounts): string =>
  Object.keys(countWords)
    .filter(isCount)
    .flatMap((name) => {
      const n = counts[name]
      return n === undefined || (n === 0 && name !== "ratings") ? [] : [countWords[name](n)]
    })
    .join(", ")

const keptWords = {
  older: "the dataset has a later list",
  proven: "the dataset has a list that proves more",
  incomplete: "pages are missing, and the dataset has the member already",
  superseded: "the dataset has another list"
} as const

/** So many missing pages are listed of one member. */
const mostPages = 10

const numbers = (pages: ReadonlyArray<number>): string =>
  `${pages.length === 1 ? "page" : "pages"} ${pages.slice(0, mostPages).join(", ")}${pages.length > mostPages ? " ..." : ""}`

const differences = ({ added, changed, removed }: ImportReport["ratings"]): string =>
  [
    [added, "added"],
    [changed, "changed"],
    [removed, "removed"]
  ]
    .flatMap(([n, word]) => (n === 0 ? [] : [`${grouped(Number(n))} ${word}`]))
    .join(", ")

/** The line for an event, if it has one. */
const lineOf = (event: ImportEvent): string | undefined => {
  switch (event._tag) {
    case "ImportStarted":
      return `${event.notes.map((note) => `${note}\n`).join("")}Importing into ${event.place}${
        event.users === 0 ? "" : ` (with ${count(event.users, "member")} and ${count(event.ratings, "rating")} already)`
      }${event.isDryRun ? ". This is a dry run: nothing is written" : ""}`
    case "InputFound":
      return `${shown(event.place)}: ${printable(event.words)}`
    case "InputRead":
      return [
        `  ${shown(event.place)}: ${countsIn(event.counts)}`,
        ...event.notes.map((note) => `    ${printable(note)}`)
      ].join("\n")
    case "InputRefused":
      return `  ! ${printable(event.message)}`
    case "ImportNoted":
      return event.place === undefined ? printable(event.note) : `${shown(event.place)}: ${printable(event.note)}`
    case "MemberImported":
      switch (event.outcome) {
        case "new":
        case "changed":
          return event.state === "partial" && event.missing.length > 0
            ? `  ! ${event.username}: partial: missing ${numbers(event.missing)}`
            : `  ✓ ${event.username}: ${event.state ?? ""}, ${count(event.ratings, "rating")}${differences(event) === "" ? "" : ` (${differences(event)})`}`
        case "unchanged":
          return `  = ${event.username}: nothing new`
        default:
          return `  - ${event.username}: not taken: ${keptWords[event.outcome]}`
      }
    case "BatchCommitted":
      return committedLine(event)
    default:
      return undefined
  }
}

interface Progress {
  readonly place: string
  readonly bytes: number
  readonly totalBytes?: number
  readonly rows: number
  readonly members: number
  readonly ratings: number
  readonly happened: number
}

const noProgress: Progress = { place: "", bytes: 0, rows: 0, members: 0, ratings: 0, happened: 0 }

const progressed = (progress: Progress, event: ImportEvent): Progress => {
  const after = { ...progress, happened: progress.happened + 1 }
  switch (event._tag) {
    case "InputProgress": {
      const { bytes, place, rows, totalBytes } = event
      const { totalBytes: _, ...rest } = after
      return { ...rest, place, bytes, rows, ...(totalBytes === undefined ? {} : { totalBytes }) }
    }
    case "MemberImported":
      return { ...after, members: after.members + 1, ratings: after.ratings + event.added + event.changed }
    default:
      return after
  }
}

const statusOf = (progress: Progress, elapsedMillis: number, columns: number): string => {
  const { bytes, members, place, ratings, rows, totalBytes } = progress
  const share = totalBytes === undefined || totalBytes === 0 ? undefined : Math.min(1, bytes / totalBytes)
  const cells = columns < 60 ? 10 : 20
  return fitting(
    [
      ...(share === undefined
        ? []
        : [`[${"#".repeat(Math.floor(share * cells)).padEnd(cells, "-")}] ${Math.floor(share * 100)} %`]),
      count(members, "member"),
      count(ratings, "rating"),
      ...(rows === 0 ? [] : [count(rows, "row")]),
      ...(bytes === 0 ? [] : [prettyBytes(bytes)]),
      span(elapsedMillis),
      ...(place === "" ? [] : [shown(place)])
    ],
    columns
  )
}

/**
 * The messages of an import, for its progress display.
 *
 * @since 0.1.0
 * @category models
 */
export const importWords: ProgressWords<ImportEvent, Progress> = {
  encode: Schema.encodeSync(Schema.parseJson(ImportEvent)),
  warnings: (event) =>
    event._tag === "ImportStarted"
      ? event.notes
      : event._tag === "InputRefused"
        ? [printable(event.message)]
        : event._tag === "ImportNoted" && event.place === undefined
          ? [printable(event.note)]
          : event._tag === "BatchCommitted"
            ? (event.notes ?? []).map(printable)
            : [],
  line: lineOf,
  initial: noProgress,
  next: progressed,
  status: (progress) =>
    Effect.succeed({
      happened: progress.happened,
      lines: ({ columns, elapsedMillis }) => [statusOf(progress, elapsedMillis, columns)]
    })
}

/** So many members are listed with the addresses of their missing pages. */
const mostMembers = 20

/**
 * The last message of an import: what was taken, what was not and why, and what to do next. `addressOf` gives the address
 * of a page of a member's films, `list` the file that has all addresses to open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resultOfImport = (
  report: ImportReport,
  place: string,
  addressOf: (username: Username, page: number) => string,
  files: { readonly aside: string; readonly pages?: string }
): string => {
  const { members, missingPages, ratings, refused } = report
  const outcomes = [
    [members.new, "new"],
    [members.changed, "changed"],
    [members.unchanged, "unchanged"],
    [members.older, "older than the dataset"],
    [members.proven, "proving less than the dataset"],
    [members.incomplete, "incomplete"],
    [members.superseded, "superseded"]
  ].flatMap(([n, word]) => (n === 0 ? [] : [`${grouped(Number(n))} ${word}`]))
  const lists = Object.values(members).reduce((sum, n) => sum + n, 0)
  const rows = differences(ratings)
  const lines = [
    `${report.isDryRun ? "Dry run: nothing was written. " : ""}${count(report.inputs.length, "input")} read${
      refused.length === 0 ? "" : `, ${refused.length} refused`
    }; ${count(lists, "list")}${outcomes.length === 0 ? "" : ` (${outcomes.join(", ")})`}: ${
      rows === "" ? "no rating changed" : `ratings: ${rows}`
    }; ${count(report.newFilms, "new film")}, in ${span(report.finishedAt.epochMillis - report.startedAt.epochMillis)}.`
  ]
  for (const { message } of refused.slice(0, mostMembers)) lines.push(`Refused: ${printable(message)}`)
  if (refused.length > mostMembers) lines.push(`... and ${refused.length - mostMembers} more.`)
  if (report.forgotten !== undefined)
    lines.push(`Left out, because their members asked for it (lb forget): ${count(report.forgotten, "list")}.`)
  lines.push(...leadToForgottenWords(report.leadToForgotten))
  if (report.aside > 0) {
    lines.push(
      `${count(report.aside, "rating")} name${report.aside === 1 ? "s" : ""} a film whose number is unknown. ${
        report.isDryRun
          ? "They would be kept beside the dataset."
          : `They are in ${files.aside}; a later import that knows the films (or --films FILE) takes them in.`
      }`
    )
  }
  for (const { areTogether, pages, username } of missingPages.slice(0, mostMembers)) {
    const [these, them] = pages.length === 1 ? ["this page", "it"] : ["these pages", "them"]
    lines.push(
      areTogether === true
        ? `The dataset has a list of ${username}, and nothing of these pages was taken. Save ${these} too, and import all pages of the list together:`
        : `${username} is not complete. Save ${these} too, and import ${them}:`
    )
    for (const page of pages.slice(0, mostPages)) lines.push(`  ${addressOf(username, page)}`)
    if (pages.length > mostPages) lines.push(`  ... and ${pages.length - mostPages} more.`)
  }
  if (missingPages.length > mostMembers) lines.push(`... and ${missingPages.length - mostMembers} more members.`)
  if (files.pages !== undefined) lines.push(`All of these addresses, as links: ${files.pages}`)
  lines.push(
    report.totalUsers === 0
      ? `${place} has no members${report.isDryRun ? "" : " yet"}.`
      : `${place} ${report.isDryRun ? "would hold" : "holds"} ${count(report.totalRatings, "rating")} of ${count(report.totalUsers, "member")}.`
  )
  return lines.join("\n")
}
