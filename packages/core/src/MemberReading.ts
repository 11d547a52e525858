/**
 * Judges what was read of one member: sealed, or partial with exactly what is missing.
 *
 * @since 0.1.0
 */
import type { FilmId } from "./Film.ts"
import type { Username } from "./Member.ts"
import type { Doubt, MemberRecord, MemberState } from "./MemberRecord.ts"
import type { PageVerdict, RatingsPage } from "./PageVerdict.ts"
import type { WatchedFilm } from "./Rating.ts"

/**
 * What was read of one member. `films` holds each film once, in page order; `missing` the numbers of the pages
 * that were not read, ascending; `lastPage` is 0 where no page told it.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberReading {
  readonly username: Username
  readonly state: MemberState
  readonly lastPage: number
  readonly missing: ReadonlyArray<number>
  readonly films: ReadonlyArray<WatchedFilm>
  readonly statedFilms?: number
  readonly doubts: ReadonlyArray<Doubt>
  readonly renamedTo?: Username
}

type FilmsVerdict = Extract<PageVerdict, { readonly _tag: "Films" }>

const withoutFilms = (username: Username, state: MemberState): MemberReading => ({
  username,
  state,
  lastPage: 0,
  missing: [],
  films: [],
  doubts: []
})

/**
 * Judges a member by its pages, one for each number (the newest reading of it). A member is `sealed` when page 1
 * told the last page P, all pages 1..P are films pages, every page but the last is as full as the first, no film
 * stands on two pages, all pages agree about P and about the number of films, and that number was seen.
 *
 * Pure; costs time in proportion to the films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeMember = (
  username: Username,
  pages: ReadonlyMap<number, RatingsPage>
): MemberReading => {
  const first = pages.get(1)?.verdict
  switch (first?._tag) {
    case "NoFilms":
      return withoutFilms(username, "sealed")
    case "MemberNotFound":
      return withoutFilms(username, "gone")
    case "MemberPrivate":
      return withoutFilms(username, "private")
    case "Renamed":
      return { ...withoutFilms(username, "renamed"), renamedTo: first.to }
    case "Films":
      return judgeList(username, first, pages)
    default:
      return { ...withoutFilms(username, "partial"), missing: [1] }
  }
}

const judgeList = (
  username: Username,
  first: FilmsVerdict,
  pages: ReadonlyMap<number, RatingsPage>
): MemberReading => {
  const doubts = new Set<Doubt>()
  const missing: Array<number> = []
  const films = new Map<FilmId, WatchedFilm>()
  const { lastPage, stated } = first
  const full = first.films.length + first.unreadable

  for (let number = 1; number <= lastPage; number++) {
    const verdict = pages.get(number)?.verdict
    if (verdict?._tag !== "Films") {
      missing.push(number)
      if (verdict?._tag === "PastTheEnd" || verdict?._tag === "NoFilms") doubts.add("list-moved")
      continue
    }
    if (verdict.lastPage !== lastPage || verdict.stated.films !== stated.films) doubts.add("list-moved")
    if (verdict.unreadable > 0) doubts.add("unreadable-tiles")
    if (number < lastPage && verdict.films.length + verdict.unreadable < full) doubts.add("short-page")
    for (const watched of verdict.films) {
      if (films.has(watched.film.id)) doubts.add("list-moved")
      else films.set(watched.film.id, watched)
    }
  }
  if (missing.length === 0 && doubts.size === 0 && stated.films !== undefined && stated.films !== films.size) {
    doubts.add("count-differs")
  }
  return {
    username,
    state: missing.length === 0 && doubts.size === 0 ? "sealed" : "partial",
    lastPage,
    missing,
    films: [...films.values()],
    ...(stated.films === undefined ? {} : { statedFilms: stated.films }),
    doubts: [...doubts]
  }
}

/**
 * The pages worth reading again for a member that is not sealed: the missing ones, or all where the list moved
 * under the reading. Tiles that cannot be read stay so, and asking again would change nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pagesToReadAgain = (reading: MemberReading): "all" | ReadonlyArray<number> =>
  reading.state === "partial" && reading.doubts.some((doubt) => doubt !== "unreadable-tiles")
    ? "all"
    : reading.missing

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
  pages: ReadonlyMap<number, RatingsPage>
): MemberReading | undefined => {
  const seenBefore = new Set(record.seen)
  const missing: Array<number> = []
  const films = new Map<FilmId, WatchedFilm>()
  let unreadable = 0
  for (const number of record.missing) {
    const verdict = pages.get(number)?.verdict
    switch (verdict?._tag) {
      case "Films": {
        if (verdict.lastPage !== record.lastPage || verdict.stated.films !== record.statedFilms) return undefined
        unreadable += verdict.unreadable
        for (const watched of verdict.films) {
          if (films.has(watched.film.id) || seenBefore.has(watched.film.id)) return undefined
          films.set(watched.film.id, watched)
        }
        break
      }
      case "RateLimited":
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
  if (missing.length === 0 && unreadable === 0 && record.statedFilms !== undefined && record.statedFilms !== seen) return undefined
  const doubts: ReadonlyArray<Doubt> = unreadable > 0 ? ["unreadable-tiles"] : []
  return {
    username: record.username,
    state: missing.length === 0 && unreadable === 0 ? "sealed" : "partial",
    lastPage: record.lastPage,
    missing,
    films: [...films.values()],
    ...(record.statedFilms === undefined ? {} : { statedFilms: record.statedFilms }),
    doubts
  }
}
