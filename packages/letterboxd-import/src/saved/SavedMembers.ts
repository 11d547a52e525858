/**
 * What saved pages tell of members, gathered from all files: which captures count, and in which order.
 *
 * @since 0.1.0
 */
import {
  type Film,
  type FilmId,
  ImportedList,
  type ImportedMember,
  type ListPart,
  type MemberListing,
  type RatedFilms,
  type Username
} from "@letterboxd-ratings/core"
import {
  type FilmsListing,
  filmsUrl,
  type MembersList,
  partFromVerdict,
  PageVerdict
} from "@letterboxd-ratings/letterboxd-source"
import { DateTime } from "effect"
import type { RecordedBatch } from "./RecordingInfo.ts"

/**
 * A films page that was judged. `input` is the number of the file, `at` the time of the capture in milliseconds since 1970.
 *
 * @since 0.1.0
 * @category models
 */
export interface JudgedPage {
  readonly base: string
  readonly username: Username
  readonly listing: FilmsListing
  readonly number: number
  readonly verdict: PageVerdict
  readonly at: number
  readonly input: number
}

/**
 * A member with the captures that its list is put together from.
 *
 * @since 0.1.0
 * @category models
 */
export interface SavedMember {
  readonly member: ImportedMember
  readonly base: string
  readonly listing: FilmsListing
  readonly used: ReadonlyArray<JudgedPage>
}

/** More versions of one page than this tell nothing new; the oldest goes. */
const mostVersions = 16

/** Pages that were saved with shorter pauses than this were saved in one go. */
const sessionMillis = 3_600_000

type FilmsPage = JudgedPage & { readonly verdict: Extract<PageVerdict, { readonly _tag: "Films" }> }

const isFilms = (page: JudgedPage): page is FilmsPage => page.verdict._tag === "Films"

/** Whether a page tells something of the list, so that a page that tells nothing does not replace it. */
const isUsable = ({ verdict: { _tag } }: JudgedPage): boolean => {
  switch (_tag) {
    case "Films":
    case "NoFilms":
    case "PastTheEnd":
    case "MemberNotFound":
    case "MemberPrivate":
    case "Renamed":
      return true
    default:
      return false
  }
}

const hasSameFilms = (a: FilmsPage, b: FilmsPage): boolean =>
  a.verdict.films.length === b.verdict.films.length &&
  a.verdict.films.every(({ film }, i) => film.id === b.verdict.films[i]?.film.id)

const saysTheSame = (a: JudgedPage, b: JudgedPage): boolean => {
  if (!isFilms(a) || !isFilms(b))
    return a.verdict._tag === b.verdict._tag && !isFilms(a) && a.verdict._tag !== "Renamed"
  return (
    isSameVersion(a, b) &&
    a.verdict.unreadable === b.verdict.unreadable &&
    a.verdict.stated.rated === b.verdict.stated.rated &&
    hasSameFilms(a, b) &&
    a.verdict.films.every(
      ({ liked, rating }, i) => rating === b.verdict.films[i]?.rating && liked === b.verdict.films[i]?.liked
    )
  )
}

const isSameVersion = (a: FilmsPage, b: FilmsPage): boolean =>
  a.verdict.lastPage === b.verdict.lastPage && a.verdict.stated.films === b.verdict.stated.films

interface GatheredMember {
  readonly pages: Record<FilmsListing, Map<number, Array<JudgedPage>>>
  firstAt: number
}

interface Rated {
  readonly username: Username
  readonly at: number
  readonly rated: RatedFilms
}

interface Listed {
  readonly list: MembersList
  readonly number: number
  readonly at: number
  readonly members: ReadonlyArray<MemberListing>
}

/**
 * Gathers judged pages. `addBatch` notes when a recorded run committed members: their lists were read then. `addRated` notes how many films a page of rated films tells of. `add` and `addListing` tell whether the page is one that was saved before with the same content.
 * `members` gives each member once: those of saved members lists in their order, then the others by their first capture.
 * It keeps the films of all pages in memory, and no text of a page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeSavedMembers = () => {
  const gathered = new Map<Username, GatheredMember>()
  const films = new Map<FilmId, Film>()
  const listings = new Map<string, Listed>()
  const rated = new Map<Username, Rated>()
  const committedAt = new Map<Username, number>()

  /** Most films are on many lists; each is kept once. */
  const shared = (film: Film): Film => {
    const known = films.get(film.id)
    if (known !== undefined && known.slug === film.slug && known.title === film.title && known.year === film.year) {
      return known
    }
    films.set(film.id, film)
    return film
  }

  const slim = (verdict: PageVerdict): PageVerdict =>
    verdict._tag === "Films"
      ? { ...verdict, films: verdict.films.map((watched) => ({ ...watched, film: shared(watched.film) })) }
      : // Words cut out of a page keep the whole page in memory; a clone has its own.
        structuredClone(verdict)

  const add = (page: JudgedPage): boolean => {
    let member = gathered.get(page.username)
    if (member === undefined) {
      member = { pages: { films: new Map(), rated: new Map() }, firstAt: page.at }
      gathered.set(page.username, member)
    }
    member.firstAt = Math.min(member.firstAt, page.at)
    const pages = member.pages[page.listing]
    const versions = pages.get(page.number) ?? []
    pages.set(page.number, versions)
    const same = versions.findIndex((version) => saysTheSame(version, page))
    const before = versions[same]
    if (before !== undefined) {
      if (page.at >= before.at) versions[same] = { ...page, verdict: before.verdict }
      return true
    }
    versions.push({ ...page, verdict: slim(page.verdict) })
    if (versions.length > mostVersions) {
      const oldest = versions.reduce((least, version) => (version.at < least.at ? version : least))
      versions.splice(versions.indexOf(oldest), 1)
    }
    return false
  }

  const hasPlainPages = (username: Username): boolean => (gathered.get(username)?.pages.films.size ?? 0) > 0

  const addRated = (told: Rated): void => {
    const before = rated.get(told.username)
    if (before === undefined || told.at >= before.at) rated.set(told.username, told)
  }

  const addBatch = ({ at, members: names }: RecordedBatch): void => {
    for (const name of names) committedAt.set(name, Math.max(committedAt.get(name) ?? 0, at.epochMillis))
  }

  const addListing = (listed: Listed): boolean => {
    const key = `${listed.list} ${listed.number}`
    const before = listings.get(key)
    if (before === undefined || listed.at >= before.at) {
      listings.set(key, {
        ...listed,
        // Names cut out of a page keep it in memory.
        members: structuredClone(listed.members)
      })
    }
    return before !== undefined
  }

  const members = function* (places: ReadonlyArray<string>): Generator<SavedMember> {
    const listed = new Map<Username, { films?: number; at: number }>()
    const pages = [...listings.values()].sort(
      (a, b) =>
        Number(a.list !== "all") - Number(b.list !== "all") || a.list.localeCompare(b.list) || a.number - b.number
    )
    for (const { at, members } of pages) {
      for (const { films: count, username } of members) {
        const before = listed.get(username)
        if (before === undefined) listed.set(username, count === undefined ? { at } : { films: count, at })
        else if (count !== undefined && at >= before.at) Object.assign(before, { films: count, at })
      }
    }
    const others = [...gathered]
      .filter(([username]) => !listed.has(username))
      .sort(([, a], [, b]) => a.firstAt - b.firstAt)
      .map(([username]) => username)
    for (const username of [...listed.keys(), ...others]) {
      let next: Username | undefined = username
      while (next !== undefined) {
        const name: Username = next
        next = undefined
        const member = gathered.get(name)
        if (member === undefined) break
        // Nothing of a member is needed after it.
        gathered.delete(name)
        const saved = savedMember(name, member, listed.get(name)?.films, rated.get(name)?.rated, places)
        if (saved === undefined) break
        const at = committedAt.get(name)
        yield at === undefined ? saved : { ...saved, member: { ...saved.member, readAt: DateTime.unsafeMake(at) } }
        // As in a run, whoever has another name now is followed by the member of that name.
        const { verdict } = saved.used.at(-1) ?? {}
        if (verdict?._tag === "Renamed") next = verdict.to
      }
    }
  }

  return { add, addBatch, addListing, addRated, hasPlainPages, members }
}

const savedMember = (
  username: Username,
  { pages }: GatheredMember,
  listedFilms: number | undefined,
  rated: RatedFilms | undefined,
  places: ReadonlyArray<string>
): SavedMember | undefined => {
  const listing = pages.films.size > 0 ? "films" : "rated"
  const used = choose([...pages[listing].values()].flat())
  const newest = used.reduce<JudgedPage | undefined>(
    (latest, page) => (latest === undefined || page.at >= latest.at ? page : latest),
    undefined
  )
  if (newest === undefined) return undefined
  const usable = used.filter(isUsable)
  const readAt = Math.max(...(usable.length === 0 ? used : usable).map(({ at }) => at))
  return {
    base: newest.base,
    listing,
    used,
    member: {
      username,
      place: places[newest.input] ?? "",
      source: "saved-pages",
      readAt: DateTime.unsafeMake(readAt),
      list: ImportedList.Pages({
        parts: used.map(partOf),
        // The members list states how many films were watched, which a list of rated films need not show.
        ...(listedFilms === undefined || listing === "rated" ? {} : { listedFilms }),
        ...(rated === undefined || listing === "rated" ? {} : { rated })
      })
    }
  }
}

const partOf = ({ base, listing, number, username, verdict }: JudgedPage): ListPart =>
  partFromVerdict({ source: "saved-pages", url: filmsUrl(base, username, listing, number), username, number }, verdict)

/**
 * The captures of a member's pages that count, in order of time. A page that tells nothing of the list counts only where no
 * other capture of it does. Captures of older versions of the list are left out if the newest version is there as a
 * whole: they could only put it in doubt.
 */
const choose = (pages: ReadonlyArray<JudgedPage>): ReadonlyArray<JudgedPage> => {
  const inOrder = explain(pages.toSorted((a, b) => a.at - b.at))
  const known = new Set(inOrder.filter(isUsable).map(({ number }) => number))
  const lastTries = new Map(inOrder.filter((page) => !isUsable(page)).map((page) => [page.number, page]))
  const usable = inOrder.filter((page) =>
    known.has(page.number) ? isUsable(page) : lastTries.get(page.number) === page
  )
  const fact = usable.findLast((page) => page.number === 1 && isUsable(page) && page.verdict._tag !== "PastTheEnd")
  if (fact !== undefined && !isFilms(fact)) return [fact]

  const films = usable.filter(isFilms)
  const newest = films.at(-1)
  if (newest === undefined) return usable
  const start = films.findLastIndex((page) => !isSameVersion(page, newest)) + 1
  const run = withoutMoved(films.slice(start))
  const latest = new Map(run.map((page) => [page.number, page]))
  const isWhole = Array.from({ length: newest.verdict.lastPage }, (_, i) => i + 1).every((number) => latest.has(number))
  if (isWhole) return [...latest.values()].sort((a, b) => a.at - b.at)
  const dropped = new Set<JudgedPage>(films.slice(start).filter((page) => !run.includes(page)))
  return usable.filter((page) => !dropped.has(page))
}

/**
 * Pages of one version that belong together. Where a page was saved twice, with other films the second time, the list
 * has moved in between although it states the same numbers: of what was saved before, nobody knows whether it still fits.
 */
const withoutMoved = (run: ReadonlyArray<FilmsPage>): ReadonlyArray<FilmsPage> => {
  const before = new Map<number, FilmsPage>()
  let start = 0
  let session = 0
  for (const [i, page] of run.entries()) {
    if (page.at - (run[i - 1]?.at ?? page.at) >= sessionMillis) session = i
    const earlier = before.get(page.number)
    if (earlier !== undefined && !hasSameFilms(earlier, page)) {
      const isInSession = earlier.at >= (run[session]?.at ?? page.at)
      start = Math.max(start, isInSession ? run.indexOf(earlier) + 1 : session)
    }
    before.set(page.number, page)
  }
  return run.slice(start)
}

/**
 * What a page means in the light of the others, as the live source finds out by asking for them: some answer 403 to a
 * page after the last one, and a full page that names no other page is the last one if the next one is past the end.
 */
const explain = (pages: ReadonlyArray<JudgedPage>): ReadonlyArray<JudgedPage> => {
  const first = pages.findLast(
    (page) => page.number === 1 && (isFilms(page) || page.verdict._tag === "NoFilms")
  )?.verdict
  const ends = new Set(
    pages.filter(({ verdict: { _tag } }) => _tag === "PastTheEnd" || _tag === "NoFilms").map(({ number }) => number)
  )
  return pages.map((page) => {
    const { number, verdict } = page
    if (verdict._tag === "Films" && verdict.isEndUnproven === true && !ends.has(number + 1)) {
      return {
        ...page,
        verdict: PageVerdict.MarkupChanged({
          selector: ".pagination li.paginate-page",
          evidence: `a full page without paging, and page ${number + 1} was not saved`
        })
      }
    }
    if (number === 1 || first === undefined || (verdict._tag !== "Forbidden" && verdict._tag !== "MemberPrivate")) {
      return page
    }
    if (first._tag === "NoFilms" || (first._tag === "Films" && first.lastPage < number)) {
      return { ...page, verdict: PageVerdict.PastTheEnd() }
    }
    return verdict._tag === "MemberPrivate"
      ? { ...page, verdict: PageVerdict.Forbidden({ status: 403, why: "page 1 of the member is public" }) }
      : page
  })
}
