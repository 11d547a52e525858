/**
 * The verdict on a response. "No tiles found" is never a verdict by itself: a list ends because a page says so, and a page
 * that cannot be understood has its own verdict.
 *
 * @since 0.1.0
 */
import type { StatedCounts, Username, WatchedFilm } from "@letterboxd-ratings/core"
import { Data } from "effect"

/**
 * Every response to a request for a films page is exactly one of these (`partFromVerdict` defines what follows):
 *
 * - `Films`: a page of the list. `lastPage` is the page count it states (1 without paging), `stated` the counts it
 *   states, `unreadable` the number of tiles with marks of a film that could not be read: no usable id, an invalid name,
 *   an impossible rating, contradictory marks. `fullPage` is the minimum number of films on a page before the last one.
 *   `isEndUnproven` is set on a full page without links to others: it may be the only one, or its paging was not
 *   recognised; the next page shows which.
 * - `NoFilms`: the page itself says that the member has no films.
 * - `PastTheEnd`: a page after the last one.
 * - `MemberNotFound`, `MemberPrivate`, `Renamed`: facts about the member.
 * - `RateLimited`: refused for now; `retryAfterMillis` if the site stated a time.
 * - `Challenged`: a bot wall, at any status, recognised by the wall's own marks; `wall` is the mark.
 * - `Forbidden`: a refusal (403) that has neither the marks of a wall nor those of the page the site itself shows for
 *   private members; `why` is what it shows.
 * - `Unavailable`: no usable response; `status` is absent if none arrived.
 * - `Truncated`: a page that is cut off.
 * - `MarkupChanged`: a page that is none of the above; `selector` is what was not found.
 *
 * `keptAt` is where the page was saved for a bug report (see `Diagnostics`).
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
 * Creates, distinguishes and matches verdicts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const PageVerdict = Data.taggedEnum<PageVerdict>()
