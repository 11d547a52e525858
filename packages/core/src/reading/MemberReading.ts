/**
 * Judges what was read of one member: sealed, or partial with exactly what is missing.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { Username } from "../domain/Member.ts"
import { type Doubt, MemberState } from "../dataset/MemberState.ts"
import type { MemberRecord, WatchedFilm } from "../dataset/Tables.ts"
import { type FilmsContent, type ListPart, mostParts, type PartContent } from "./ListPart.ts"
import { type ListVersion, reconcileList } from "./MovedList.ts"

/**
 * The states that reading a list can end in.
 *
 * @since 0.1.0
 * @category models
 */
export const ReadState = Schema.Literal(
  ...MemberState.literals.filter((state) => state !== "unproven" && state !== "forgotten")
)

/**
 * @since 0.1.0
 * @category models
 */
export type ReadState = typeof ReadState.Type

/**
 * What was read of one member. `films` has each film once, in the order of the list. `missing` has the numbers of the parts
 * that were not read, ascending. `lastPart` is 0 if no part stated it. `again` has the parts to read (again) at once
 * because the list changed between two parts; parts that could not be read are only in `missing`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberReading {
  readonly username: Username
  readonly state: ReadState
  readonly lastPart: number
  readonly missing: ReadonlyArray<number>
  readonly again: "all" | ReadonlyArray<number>
  readonly films: ReadonlyArray<WatchedFilm>
  readonly statedFilms?: number
  readonly doubts: ReadonlyArray<Doubt>
  readonly renamedTo?: Username
}

const withoutFilms = (username: Username, state: ReadState): MemberReading => ({
  username,
  state,
  lastPart: 0,
  missing: [],
  again: [],
  films: [],
  doubts: []
})

/**
 * The reading of a member without any usable part: partial, with the first part missing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notRead = (username: Username): MemberReading => ({ ...withoutFilms(username, "partial"), missing: [1] })

/**
 * Judges a member by its parts in the order of arrival; if a part was read twice, the later reading counts. A member is
 * `sealed` if part 1 states the last part P, all parts 1..P have films, every part except the last is as full as the
 * first, no film is in two parts, all parts agree about P and about the number of films, and that number was seen. If no
 * part states a number of films, `listedFilms`, the number in the members list, is the required minimum. If parts
 * disagree, the list changed while it was read; it is sealed if its newest version can be reconstructed (see
 * `reconcileList`). Parts that cannot be those of one list (see `contradictEachOther`) prove nothing.
 *
 * Pure; costs time in proportion to the films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeMember = (username: Username, parts: ReadonlyArray<ListPart>, listedFilms = 0): MemberReading => {
  const aboutTheMember = parts.findLast(({ content, number }) => number === 1 && isFact(content))?.content
  switch (aboutTheMember?._tag) {
    case "Empty":
      if (parts.some(({ content }) => content._tag === "Films"))
        return { ...withoutFilms(username, "partial"), again: "all", doubts: ["list-moved"] }
      return listedFilms === 0
        ? withoutFilms(username, "sealed")
        : { ...withoutFilms(username, "partial"), again: "all", doubts: ["count-differs"] }
    case "Gone":
      return withoutFilms(username, "gone")
    case "Private":
      return withoutFilms(username, "private")
    case "Renamed":
      return { ...withoutFilms(username, "renamed"), renamedTo: aboutTheMember.to }
    case "Films":
      return judgeList(username, parts, listedFilms)
    default:
      // Saved pages may lack the first one, and states its number of parts on others.
      return parts.some(({ content }) => content._tag === "Films")
        ? judgeList(username, parts, listedFilms)
        : notRead(username)
  }
}

const isFact = ({ _tag }: PartContent): boolean => _tag !== "Missing" && _tag !== "PastTheEnd"

const isNumberOfParts = (lastPart: number): boolean =>
  Number.isInteger(lastPart) && lastPart >= 1 && lastPart <= mostParts

const filmIdsIn = ({ films }: FilmsContent): ReadonlySet<FilmId> => new Set(films.map(({ film }) => film.id))

const isSameSet = <A>(some: ReadonlySet<A>, others: ReadonlySet<A>): boolean =>
  some.size === others.size && [...some].every((one) => others.has(one))

/**
 * Whether parts cannot be those of one list: a part has films although its list ends before it, or the same part was read
 * twice and shows other films although the list states the same numbers as before.
 */
const contradictEachOther = (parts: ReadonlyArray<ListPart>): boolean => {
  const shown = new Map<number, FilmsContent>()
  let newest: FilmsContent | undefined
  for (const { content, number } of parts) {
    if (content._tag !== "Films") continue
    const { lastPart, stated } = content
    if (!isNumberOfParts(lastPart) || number > lastPart) return true
    if (newest?.lastPart !== lastPart || newest.stated.films !== stated.films) shown.clear()
    const before = shown.get(number)
    if (before !== undefined && !isSameSet(filmIdsIn(before), filmIdsIn(content))) return true
    shown.set(number, content)
    newest = content
  }
  return false
}

const versionsOf = (parts: ReadonlyArray<ListPart>): ReadonlyArray<ListVersion> => {
  const versions: Array<ListVersion & { readonly parts: Map<number, FilmsContent> }> = []
  for (const { number, content } of parts) {
    if (content._tag !== "Films") continue
    const {
      lastPart,
      stated: { films: statedFilms }
    } = content
    const current = versions.at(-1)
    if (current?.lastPart === lastPart && current.statedFilms === statedFilms) current.parts.set(number, content)
    else versions.push({ lastPart, statedFilms, parts: new Map([[number, content]]) })
  }
  return versions
}

const judgeList = (username: Username, parts: ReadonlyArray<ListPart>, listedFilms: number): MemberReading => {
  const versions = versionsOf(parts)
  const newest = versions.at(-1)
  if (newest === undefined) return notRead(username)
  const { statedFilms } = newest
  const lastPart = isNumberOfParts(newest.lastPart) ? newest.lastPart : 0
  const reading = (
    films: ReadonlyArray<WatchedFilm>,
    missing: ReadonlyArray<number>,
    doubts: ReadonlyArray<Doubt>,
    again: MemberReading["again"] = []
  ): MemberReading => ({
    username,
    state: missing.length === 0 && doubts.length === 0 ? "sealed" : "partial",
    lastPart,
    missing,
    again,
    films,
    ...(statedFilms === undefined ? {} : { statedFilms }),
    doubts
  })

  const latest = new Map<number, FilmsContent>()
  for (const version of versions) for (const [number, content] of version.parts) latest.set(number, content)
  const missing: Array<number> = []
  for (let number = 1; number <= lastPart; number++) if (!latest.has(number)) missing.push(number)
  const { doubts, films } = lookThrough(newest, latest)
  if (contradictEachOther(parts)) return reading(films, missing, [...new Set<Doubt>([...doubts, "list-moved"])], "all")

  // A part that is past the end although part 1 told of it: the list has fewer parts by now. Another part tells how many.
  const pastTheEnd = parts.findLast(({ number, content }) => missing.includes(number) && isPastTheEnd(content))
  if (pastTheEnd !== undefined) {
    const isNews = parts.indexOf(pastTheEnd) > parts.findLastIndex(({ content }) => content._tag === "Films")
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
    const asked = new Set(parts.map(({ number }) => number))
    return reading(
      films,
      missing,
      moved,
      missing.filter((number) => !asked.has(number))
    )
  }
  const reconciled = reconcileList(versions)
  return reconciled._tag === "Whole" ? reading(reconciled.films, [], []) : reading(films, [], moved, reconciled.parts)
}

const isPastTheEnd = ({ _tag }: PartContent): boolean => _tag === "PastTheEnd" || _tag === "Empty"

/** The films of all parts, each once, and what is odd about the parts taken together. */
const lookThrough = (newest: ListVersion, latest: ReadonlyMap<number, FilmsContent>) => {
  const doubts = new Set<Doubt>()
  const films = new Map<FilmId, WatchedFilm>()
  const first = latest.get(1)
  const full = first === undefined ? 0 : Math.max(first.fullPart, first.films.length + first.unreadable)
  for (const [number, part] of [...latest].sort(([one], [other]) => one - other)) {
    // A part of an older version may be behind the end of the list by now.
    if (number > newest.lastPart && newest.parts.get(number) !== part) continue
    if (part.unreadable !== 0) doubts.add("unreadable-tiles")
    if (number < newest.lastPart && part.films.length + part.unreadable < full) doubts.add("short-page")
    for (const watched of part.films) {
      if (films.has(watched.film.id)) doubts.add("list-moved")
      else films.set(watched.film.id, watched)
    }
  }
  return { doubts: [...doubts], films: [...films.values()] }
}

/**
 * Whether a partial member can be completed by reading the missing parts alone: its list was not in doubt, and it is
 * known which parts are missing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const canBeCompleted = (record: MemberRecord): boolean =>
  record.state === "partial" && record.seen !== undefined && record.missing.length > 0 && record.doubts.length === 0

/**
 * Judges the missing parts of a member that was read in part before. `films` of the result are the new ones only.
 * Where these parts do not belong to the list that was read then (another number of parts or films, the same film
 * again, a part that was not missing), nothing can be said (`undefined`) before all parts are read anew.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeCompletion = (record: MemberRecord, readings: ReadonlyArray<ListPart>): MemberReading | undefined => {
  const isAsked = new Set(record.missing)
  if (readings.some(({ content, number }) => content._tag === "Films" && !isAsked.has(number))) return undefined
  if (contradictEachOther(readings)) return undefined
  const parts = new Map(readings.map((part) => [part.number, part]))
  const seenBefore = new Set(record.seen)
  const missing: Array<number> = []
  const films = new Map<FilmId, WatchedFilm>()
  let unreadable = 0
  let isShort = false
  for (const number of record.missing) {
    const content = parts.get(number)?.content
    switch (content?._tag) {
      case "Films": {
        if (content.lastPart !== record.lastPage || content.stated.films !== record.statedFilms) return undefined
        unreadable += content.unreadable
        isShort ||= number < record.lastPage && content.films.length + content.unreadable < content.fullPart
        for (const watched of content.films) {
          if (films.has(watched.film.id) || seenBefore.has(watched.film.id)) return undefined
          films.set(watched.film.id, watched)
        }
        break
      }
      case "Missing":
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
    lastPart: record.lastPage,
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
