/**
 * Judges what was read of one member: sealed, or partial with exactly what is missing.
 *
 * @since 0.1.0
 */
import type { FilmId } from "./Film.ts"
import type { Username } from "./Member.ts"
import { type FilmsVerdict, type ListVersion, reconcileList } from "./MovedList.ts"
import { type PageVerdict, type RatingsPage, verdictActions } from "./PageVerdict.ts"
import type { Doubt, MemberState } from "./dataset/MemberState.ts"
import type { MemberRecord, WatchedFilm } from "./dataset/Tables.ts"

/**
 * What was read of one member. `films` holds each film once, in page order; `missing` the numbers of the pages
 * that were not read, ascending; `lastPage` is 0 where no page told it. `again` are the pages to read (again) at once
 * because the list moved between two pages; those that could not be had are in `missing` only.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberReading {
  readonly username: Username
  readonly state: MemberState
  readonly lastPage: number
  readonly missing: ReadonlyArray<number>
  readonly again: "all" | ReadonlyArray<number>
  readonly films: ReadonlyArray<WatchedFilm>
  readonly statedFilms?: number
  readonly doubts: ReadonlyArray<Doubt>
  readonly renamedTo?: Username
}

const withoutFilms = (username: Username, state: MemberState): MemberReading => ({
  username,
  state,
  lastPage: 0,
  missing: [],
  again: [],
  films: [],
  doubts: []
})

/**
 * What is to be said of a member of whom no page that says anything was had: partial, with the first page missing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notRead = (username: Username): MemberReading => ({ ...withoutFilms(username, "partial"), missing: [1] })

/**
 * Judges a member by its pages in the order they arrived in; of two readings of a page the later one counts. A member
 * is `sealed` when page 1 told the last page P, all pages 1..P are films pages, every page but the last is as full as
 * the first, no film stands on two pages, all pages agree about P and about the number of films, and that number was
 * seen. Where no page states a number of films, `listedFilms` is the least there must be: the number that the members
 * list states. Where pages disagree, the list moved while it was read; it is sealed when its newest version can be put
 * together (see `reconcileList`).
 *
 * Pure; costs time in proportion to the films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeMember = (username: Username, pages: ReadonlyArray<RatingsPage>, listedFilms = 0): MemberReading => {
  const aboutTheMember = pages.findLast(({ number, verdict }) => number === 1 && isFact(verdict))?.verdict
  switch (aboutTheMember?._tag) {
    case "NoFilms":
      return listedFilms === 0
        ? withoutFilms(username, "sealed")
        : { ...withoutFilms(username, "partial"), again: "all", doubts: ["count-differs"] }
    case "MemberNotFound":
      return withoutFilms(username, "gone")
    case "MemberPrivate":
      return withoutFilms(username, "private")
    case "Renamed":
      return { ...withoutFilms(username, "renamed"), renamedTo: aboutTheMember.to }
    case "Films":
      return judgeList(username, pages, listedFilms)
    default:
      return notRead(username)
  }
}

const isFact = ({ _tag }: PageVerdict): boolean => verdictActions[_tag] === "keep" || verdictActions[_tag] === "member"

const versionsOf = (pages: ReadonlyArray<RatingsPage>): ReadonlyArray<ListVersion> => {
  const versions: Array<ListVersion & { readonly pages: Map<number, FilmsVerdict> }> = []
  for (const { number, verdict } of pages) {
    if (verdict._tag !== "Films") continue
    const {
      lastPage,
      stated: { films: statedFilms }
    } = verdict
    const current = versions.at(-1)
    if (current?.lastPage === lastPage && current.statedFilms === statedFilms) current.pages.set(number, verdict)
    else versions.push({ lastPage, statedFilms, pages: new Map([[number, verdict]]) })
  }
  return versions
}

const judgeList = (username: Username, pages: ReadonlyArray<RatingsPage>, listedFilms: number): MemberReading => {
  const versions = versionsOf(pages)
  const newest = versions.at(-1)
  if (newest === undefined) return notRead(username)
  const { lastPage, statedFilms } = newest
  const reading = (
    films: ReadonlyArray<WatchedFilm>,
    missing: ReadonlyArray<number>,
    doubts: ReadonlyArray<Doubt>,
    again: MemberReading["again"] = []
  ): MemberReading => ({
    username,
    state: missing.length === 0 && doubts.length === 0 ? "sealed" : "partial",
    lastPage,
    missing,
    again,
    films,
    ...(statedFilms === undefined ? {} : { statedFilms }),
    doubts
  })

  const latest = new Map<number, FilmsVerdict>()
  for (const version of versions) for (const [number, verdict] of version.pages) latest.set(number, verdict)
  const missing: Array<number> = []
  for (let number = 1; number <= lastPage; number++) if (!latest.has(number)) missing.push(number)
  const { doubts, films } = lookThrough(newest, latest)

  // A page that is past the end although page 1 told of it: the list has fewer pages by now. Another page tells how many.
  const pastTheEnd = pages.findLast(({ number, verdict }) => missing.includes(number) && isPastTheEnd(verdict))
  if (pastTheEnd !== undefined) {
    const isNews = pages.indexOf(pastTheEnd) > pages.findLastIndex(({ verdict }) => verdict._tag === "Films")
    return reading(
      films,
      missing,
      [...new Set<Doubt>([...doubts, "list-moved"])],
      [isNews ? Math.max(1, pastTheEnd.number - 1) : pastTheEnd.number]
    )
  }
  if (versions.length === 1) {
    const isCounted =
      missing.length > 0 ||
      doubts.length > 0 ||
      (statedFilms === undefined ? films.length >= listedFilms : films.length === statedFilms)
    const all: ReadonlyArray<Doubt> = isCounted ? doubts : ["count-differs"]
    return reading(films, missing, all, all.some((doubt) => doubt !== "unreadable-tiles") ? "all" : [])
  }
  const moved = [...new Set<Doubt>([...doubts, "list-moved"])]
  if (missing.length > 0) {
    const asked = new Set(pages.map(({ number }) => number))
    return reading(
      films,
      missing,
      moved,
      missing.filter((number) => !asked.has(number))
    )
  }
  const reconciled = reconcileList(versions)
  return reconciled._tag === "Whole" ? reading(reconciled.films, [], []) : reading(films, [], moved, reconciled.pages)
}

const isPastTheEnd = ({ _tag }: PageVerdict): boolean => _tag === "PastTheEnd" || _tag === "NoFilms"

/** The films of all pages, each once, and what is odd about the pages taken together. */
const lookThrough = (newest: ListVersion, latest: ReadonlyMap<number, FilmsVerdict>) => {
  const doubts = new Set<Doubt>()
  const films = new Map<FilmId, WatchedFilm>()
  const first = latest.get(1)
  const full = first === undefined ? 0 : Math.max(first.fullPage, first.films.length + first.unreadable)
  for (let number = 1; number <= newest.lastPage; number++) {
    const page = latest.get(number)
    if (page === undefined) continue
    if (page.unreadable > 0) doubts.add("unreadable-tiles")
    if (number < newest.lastPage && page.films.length + page.unreadable < full) doubts.add("short-page")
    for (const watched of page.films) {
      if (films.has(watched.film.id)) doubts.add("list-moved")
      else films.set(watched.film.id, watched)
    }
  }
  return { doubts: [...doubts], films: [...films.values()] }
}

/**
 * Whether a partial member can be completed by reading the missing pages alone: its list was not in doubt, and it is
 * known which pages are missing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const canBeCompleted = (record: MemberRecord): boolean =>
  record.state === "partial" && record.seen !== undefined && record.missing.length > 0 && record.doubts.length === 0

/**
 * Judges the missing pages of a member that was read in part before. `films` of the result are the new ones only.
 * Where these pages do not belong to the list that was read then (another number of pages or films, the same film
 * again), nothing can be said (`undefined`) before all pages are read anew.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeCompletion = (
  record: MemberRecord,
  readings: ReadonlyArray<RatingsPage>
): MemberReading | undefined => {
  const pages = new Map(readings.map((page) => [page.number, page]))
  const seenBefore = new Set(record.seen)
  const missing: Array<number> = []
  const films = new Map<FilmId, WatchedFilm>()
  let unreadable = 0
  let isShort = false
  for (const number of record.missing) {
    const verdict = pages.get(number)?.verdict
    switch (verdict?._tag) {
      case "Films": {
        if (verdict.lastPage !== record.lastPage || verdict.stated.films !== record.statedFilms) return undefined
        unreadable += verdict.unreadable
        isShort ||= number < record.lastPage && verdict.films.length + verdict.unreadable < verdict.fullPage
        for (const watched of verdict.films) {
          if (films.has(watched.film.id) || seenBefore.has(watched.film.id)) return undefined
          films.set(watched.film.id, watched)
        }
        break
      }
      case "RateLimited":
      case "Challenged":
      case "Forbidden":
      case "MarkupChanged":
      case "Unavailable":
      case "Truncated":
      case undefined:
        missing.push(number)
        break
      default:
        return undefined
    }
  }
  const seen = record.films + films.size
  if (missing.length === 0 && unreadable === 0 && record.statedFilms !== undefined && record.statedFilms !== seen)
    return undefined
  const doubts: ReadonlyArray<Doubt> = [
    ...(unreadable > 0 ? (["unreadable-tiles"] as const) : []),
    ...(isShort ? (["short-page"] as const) : [])
  ]
  return {
    username: record.username,
    state: missing.length === 0 && doubts.length === 0 ? "sealed" : "partial",
    lastPage: record.lastPage,
    missing,
    again: [],
    films: [...films.values()],
    ...(record.statedFilms === undefined ? {} : { statedFilms: record.statedFilms }),
    doubts
  }
}

/**
 * How many of the films are rated.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingsIn = (films: ReadonlyArray<WatchedFilm>): number => {
  let ratings = 0
  for (const { rating } of films) if (rating !== undefined) ratings += 1
  return ratings
}
