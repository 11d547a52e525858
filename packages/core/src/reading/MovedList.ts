/**
 * Puts a member's list together that moved while it was read: a film was added or removed between two parts, so the
 * parts belong to different versions of the list.
 *
 * @since 0.1.0
 */
import type { FilmId } from "../domain/Film.ts"
import type { WatchedFilm } from "../dataset/Tables.ts"
import type { FilmsContent } from "./ListPart.ts"

/**
 * The parts that were read, one after the other, while the list stated the same numbers of parts and films.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListVersion {
  readonly lastPart: number
  readonly statedFilms: number | undefined
  readonly parts: ReadonlyMap<number, FilmsContent>
}

/**
 * The newest version of a list, whole and in order; or the parts to read (again) before it can be told, all of them
 * where nothing less would do.
 *
 * @since 0.1.0
 * @category models
 */
export type Reconciliation =
  | { readonly _tag: "Whole"; readonly films: ReadonlyArray<WatchedFilm> }
  | { readonly _tag: "ReadAgain"; readonly parts: "all" | ReadonlyArray<number> }

/** Films that stand one after the other in parts of one version that follow each other. */
interface Stretch {
  readonly films: ReadonlyArray<WatchedFilm>
  readonly positions: ReadonlyMap<FilmId, number>
  readonly startsList: boolean
  readonly endsList: boolean
}

/**
 * Puts the newest of the versions (oldest first) together. Parts of older versions count where they prove to be
 * unmoved: between two parts of the newest version, an older one has just as many films as there must be. Where it
 * has not, a part between them is to be read again, the middle one first, so that one added or removed film costs
 * about as many requests as the number of parts can be halved.
 *
 * Pure; costs time in proportion to the films and versions.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reconcileList = (versions: ReadonlyArray<ListVersion>): Reconciliation => {
  const readAll: Reconciliation = { _tag: "ReadAgain", parts: "all" }
  const newest = versions.at(-1)
  const total = newest?.statedFilms
  if (newest === undefined || total === undefined || versions.some(hasUnreadable)) return readAll
  const perPart = filmsInAFullPart(versions)
  if (perPart === undefined || Math.ceil(total / perPart) !== newest.lastPart) return readAll

  const stretches = versions.slice(0, -1).toReversed().flatMap(stretchesOf)
  const beginningOf = (part: number) => Math.min((part - 1) * perPart, total)
  const films: Array<WatchedFilm> = []
  const again: Array<number> = []
  let before = 0
  for (const number of [...[...newest.parts.keys()].sort((a, b) => a - b), newest.lastPart + 1]) {
    if (number > before + 1) {
      const wanted = beginningOf(number) - beginningOf(before + 1)
      const gap = {
        before,
        after: number,
        previous: newest.parts.get(before)?.films,
        next: newest.parts.get(number)?.films,
        wanted
      }
      const between = fillGap(gap, stretches)
      if (typeof between === "number") again.push(between)
      else for (const watched of between) films.push(watched)
    }
    for (const watched of newest.parts.get(number)?.films ?? []) films.push(watched)
    before = number
  }
  if (again.length > 0) return { _tag: "ReadAgain", parts: again }
  const isSound = films.length === total && new Set(films.map(({ film }) => film.id)).size === total
  return isSound ? { _tag: "Whole", films } : readAll
}

const hasUnreadable = ({ parts }: ListVersion): boolean => [...parts.values()].some(({ unreadable }) => unreadable > 0)

const filmsInAFullPart = (versions: ReadonlyArray<ListVersion>): number | undefined => {
  for (const { lastPart, parts } of versions) {
    for (const [number, part] of parts) if (number < lastPart) return part.films.length
  }
  return undefined
}

const stretchesOf = ({ lastPart, parts }: ListVersion): ReadonlyArray<Stretch> => {
  const stretches: Array<Stretch> = []
  const numbers = [...parts.keys()].sort((a, b) => a - b)
  for (let from = 0; from < numbers.length;) {
    let to = from
    while (numbers[to + 1] === (numbers[to] ?? 0) + 1) to += 1
    const films = numbers.slice(from, to + 1).flatMap((number) => parts.get(number)?.films ?? [])
    stretches.push({
      films,
      positions: new Map(films.map(({ film }, position) => [film.id, position])),
      startsList: numbers[from] === 1,
      endsList: numbers[to] === lastPart
    })
    from = to + 1
  }
  return stretches
}

interface Gap {
  /** The parts on both sides, 0 and the last one's successor where there is none. */
  readonly before: number
  readonly after: number
  readonly previous: ReadonlyArray<WatchedFilm> | undefined
  readonly next: ReadonlyArray<WatchedFilm> | undefined
  readonly wanted: number
}

/** The films between two parts, or the number of the part to read again. */
const fillGap = (gap: Gap, stretches: ReadonlyArray<Stretch>): ReadonlyArray<WatchedFilm> | number => {
  const { after, before, next, previous, wanted } = gap
  let isAnchoredBefore = false
  let isAnchoredAfter = false
  for (const { endsList, films, positions, startsList } of stretches) {
    const start = previous === undefined ? (startsList ? 0 : undefined) : afterLast(previous, positions)
    const end = next === undefined ? (endsList ? films.length : undefined) : firstOf(next, positions)
    if (start !== undefined && end !== undefined && end - start === wanted) return films.slice(start, end)
    isAnchoredBefore ||= start !== undefined
    isAnchoredAfter ||= end !== undefined
  }
  if (isAnchoredBefore && !isAnchoredAfter) return after - 1
  if (isAnchoredAfter && !isAnchoredBefore) return before + 1
  return Math.floor((before + after) / 2)
}

const afterLast = (part: ReadonlyArray<WatchedFilm>, positions: ReadonlyMap<FilmId, number>): number | undefined => {
  let last: number | undefined
  for (const { film } of part) {
    const position = positions.get(film.id)
    if (position !== undefined) last = Math.max(last ?? 0, position + 1)
  }
  return last
}

const firstOf = (part: ReadonlyArray<WatchedFilm>, positions: ReadonlyMap<FilmId, number>): number | undefined => {
  let first: number | undefined
  for (const { film } of part) {
    const position = positions.get(film.id)
    if (position !== undefined) first = Math.min(first ?? position, position)
  }
  return first
}
