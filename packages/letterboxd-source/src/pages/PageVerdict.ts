/**
 * What a response turned out to be. A page is never judged by "no tiles found": a list ends because a page says
 * so, and whatever cannot be understood has a verdict of its own.
 *
 * @since 0.1.0
 */
import type { StatedCounts, Username, WatchedFilm } from "@letterboxd-ratings/core"
import { Data } from "effect"

/**
 * Every response to a request for a page of a member's films is exactly one of these (`partFromVerdict` says what follows):
 *
 * - `Films`: a page of the list. `lastPage` is the page count it states (1 where it has no paging), `stated` the
 *   counts it states, `unreadable` the number of tiles that show marks of a film and could not be read: no usable id,
 *   a name that is no text, an impossible rating, marks that disagree. `fullPage` is how many films a page before the
 *   last one holds at least. `isEndUnproven` is there on a full page that names no other: it may be the only one, or its
 *   paging was not recognised, and the next page tells which.
 * - `NoFilms`: the page itself says that the member has no films.
 * - `PastTheEnd`: a page after the last one.
 * - `MemberNotFound`, `MemberPrivate`, `Renamed`: facts about the member.
 * - `RateLimited`: refused for now; `retryAfterMillis` where the site named a time.
 * - `Challenged`: a bot wall, at any status, recognised by the wall's own marks; `wall` tells by which.
 * - `Forbidden`: a refusal (403) that has neither the marks of a wall nor those of the page the site itself shows for
 *   members who are private; `why` tells what it shows.
 * - `Unavailable`: no usable answer; `status` is absent where none arrived at all.
 * - `Truncated`: a page that stops before its end.
 * - `MarkupChanged`: a page that is none of the above; `selector` is what was looked for in vain.
 *
 * `keptAt` is where the page was kept for a bug report (see `Diagnostics`).
 *
 * @since 0.1.0
 * @category models
 */
export type PageVerdict = Data.TaggedEnum<{
  Films: {
    readonly films: ReadonlyArray<WatchedFilm>
    readonly lastPage: number
    readonly stated: StatedCounts
    readonly unreadable: number
    readonly fullPage: number
    readonly isEndUnproven?: true
  }
  NoFilms: {}
  PastTheEnd: {}
  MemberNotFound: {}
  MemberPrivate: {}
  Renamed: { readonly to: Username }
  RateLimited: { readonly retryAfterMillis?: number }
  Challenged: { readonly status: number; readonly wall: string; readonly keptAt?: string }
  Forbidden: { readonly status: number; readonly why: string; readonly keptAt?: string }
  Unavailable: { readonly status?: number; readonly why: string }
  Truncated: { readonly bytes: number }
  MarkupChanged: { readonly selector: string; readonly evidence: string; readonly keptAt?: string }
}>

/**
 * Makes, tells apart and matches verdicts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const PageVerdict = Data.taggedEnum<PageVerdict>()
