/**
 * Which members are complete, where they come from, and how much of their lists was read.
 *
 * @since 0.1.0
 */
import type { MemberState, Proof } from "@letterboxd-ratings/core"
import type { RatingsMatrix } from "./RatingsMatrix.ts"

/**
 * The members of one state, source and proof. `source` is absent for pages of the site, `isRead` is false for members of
 * whom only ids and ratings are known. `films` are the films seen in their lists, rated or not; `stated` is how many films the
 * lists of those members state who have such a number, and `filmsOfStated` how many of these were seen.
 *
 * @since 0.1.0
 * @category models
 */
export interface SealedGroup {
  readonly state: MemberState
  readonly isRead: boolean
  readonly source?: string
  readonly proof?: Proof
  readonly members: number
  readonly ratings: number
  readonly films: number
  readonly stated: number
  readonly filmsOfStated: number
}

const order: ReadonlyArray<MemberState> = ["sealed", "partial", "private", "gone", "renamed", "unproven"]

/**
 * The groups that have members, complete ones first.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sealsOf = ({ members, start }: RatingsMatrix): ReadonlyArray<SealedGroup> => {
  const groups = new Map<string, SealedGroup>()
  for (const [u, { record }] of members.entries()) {
    const state = record?.state ?? "unproven"
    const key = JSON.stringify([state, record === undefined, record?.source, record?.proof])
    const before = groups.get(key)
    const stated = record?.statedFilms
    const films = record?.films ?? 0
    groups.set(key, {
      state,
      isRead: record !== undefined,
      ...(record?.source === undefined ? {} : { source: record.source }),
      ...(record?.proof === undefined ? {} : { proof: record.proof }),
      members: (before?.members ?? 0) + 1,
      ratings: (before?.ratings ?? 0) + (start[u + 1] ?? 0) - (start[u] ?? 0),
      films: (before?.films ?? 0) + films,
      stated: (before?.stated ?? 0) + (stated ?? 0),
      filmsOfStated: (before?.filmsOfStated ?? 0) + (stated === undefined ? 0 : films)
    })
  }
  return [...groups.values()].toSorted(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.members - a.members
  )
}
