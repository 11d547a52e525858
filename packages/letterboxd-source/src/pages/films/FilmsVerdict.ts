/**
 * The response end of a films page, second half: judges the response.
 *
 * @since 0.1.0
 */
import { PageVerdict, type RatedFilms, Username } from "@letterboxd-ratings/core"
import { Option, Schema } from "effect"
import type { PageResponse } from "../PageResponse.ts"
import { judgeRefusal, recogniseWall, tooDeep } from "../Refusal.ts"
import { type FilmsPage, parseFilmsPage } from "./FilmsPage.ts"
import type { FilmsListing } from "./FilmsRequest.ts"

/**
 * The share of unreadable tiles on a page from which on the markup counts as changed.
 *
 * @since 0.1.0
 * @category models
 */
export const unreadableShareOfChangedMarkup = 0.02

/** Films on a full page of the site. */
const fullPage = 72

/** More pages than anybody has films for: 720,000. A member with 182 pages was seen. */
const mostPages = 10_000

const decodeUsername = Schema.decodeUnknownOption(Username)

/**
 * Judges the response to a request for a page of a member's films. Pure; at most about 6 ms for a real page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeFilmsResponse = (
  asked: { readonly username: Username; readonly page: number; readonly listing: FilmsListing },
  response: PageResponse
): PageVerdict =>
  Option.getOrElse(judgeRefusal(response), () => {
    const page = parseFilmsPage(response.body)
    const wall = recogniseWall(response.headers, page.title)
    if (Option.isSome(wall) && page.tiles === 0) {
      return PageVerdict.Challenged({ status: response.status, wall: wall.value })
    }
    if (page.isTooDeep) return tooDeep
    if (!page.isComplete) return PageVerdict.Truncated({ bytes: response.body.length })
    return judgeFilmsPage(asked, page)
  })

/**
 * How many films a member rated, by the response to a request for page 1 of the list of rated films: exactly where that
 * is the only page, else by the number of pages. A page of the list whose tiles have no rating counts too: its tiles are
 * there because the films are rated. None where the response is no such page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const countRatedFilms = (username: Username, response: PageResponse): Option.Option<RatedFilms> => {
  const verdict = judgeFilmsResponse({ username, page: 1, listing: "rated" }, response)
  switch (verdict._tag) {
    case "NoFilms":
      return Option.some({ atLeast: 0, atMost: 0 })
    case "Films": {
      const shown = verdict.films.length + verdict.unreadable
      const full = Math.max(fullPage, shown)
      return Option.some(
        verdict.lastPage === 1 ? { atLeast: shown, atMost: shown } : { atLeast: (verdict.lastPage - 1) * full + 1, atMost: verdict.lastPage * full }
      )
    }
    case "MarkupChanged": {
      const { tiles } = parseFilmsPage(response.body)
      return tiles > 0 ? Option.some({ atLeast: tiles, atMost: Infinity }) : Option.none()
    }
    default:
      return Option.none()
  }
}

const markupChanged = (selector: string, evidence: string) => PageVerdict.MarkupChanged({ selector, evidence })

const judgeFilmsPage = (
  asked: { readonly username: Username; readonly page: number; readonly listing: FilmsListing },
  page: FilmsPage
): PageVerdict => {
  if (!isFilmsPage(page)) {
    return markupChanged("body.films-watched[data-owner]", `the page is titled "${page.title.slice(0, 100)}"`)
  }
  // Whoever has another name now is told by a redirect. A page of somebody else is a mix-up on the way to us, and says
  // nothing about the member who was asked for.
  for (const said of [page.owner, filmsAddress.exec(page.ogUrl ?? "")?.[1]]) {
    const owner = decodeUsername(said?.toLowerCase())
    if (Option.isSome(owner) && owner.value !== asked.username) {
      return PageVerdict.Unavailable({ status: 200, why: `the page shows the films of ${owner.value}` })
    }
  }

  if (page.tiles === 0) {
    if (page.hasPrevious && !page.hasNext) return PageVerdict.PastTheEnd()
    if (/no films/iu.test(page.emptyText)) return PageVerdict.NoFilms()
    return markupChanged("li.griditem or li.poster-container", "a list without films that does not say it is empty")
  }
  if (page.unreadable.length > page.tiles * unreadableShareOfChangedMarkup) {
    return markupChanged(
      "[data-film-id], [data-postered-identifier], [data-item-uid], p.poster-viewingdata > span.rating",
      `${page.unreadable.length} of ${page.tiles} tiles cannot be read, for example ${page.unreadable[0] ?? "none"}`
    )
  }
  const unrated = asked.listing === "rated" ? page.films.filter((watched) => watched.rating === undefined).length : 0
  if (unrated > page.tiles * unreadableShareOfChangedMarkup) {
    return markupChanged("p.poster-viewingdata > span.rating", `${unrated} of ${page.tiles} tiles of a list of rated films have no rating`)
  }
  const paged = page.hasPaging || page.hasNext || page.hasPrevious
  if (paged && page.pageNumbers.length === 0) {
    return markupChanged("li.paginate-page", "the page has a paging block without page numbers")
  }
  const lastPage = Math.max(1, ...page.pageNumbers)
  if (lastPage > mostPages) {
    return markupChanged(`li.paginate-page with a number up to ${mostPages}`, `the last page is said to be ${lastPage}`)
  }
  if (page.hasNext && lastPage <= asked.page) {
    return markupChanged("li.paginate-page", `page ${asked.page} has a next page but names no number above ${lastPage}`)
  }
  // Without a paging block a full page is the only one, or the block is not recognised any more.
  const isProvenSingle = page.tiles < fullPage || page.stated.films === page.tiles
  if (!paged && asked.listing === "films" && !isProvenSingle) {
    return markupChanged(
      ".pagination li.paginate-page",
      `a full page without paging${page.stated.films === undefined ? "" : `, of a list of ${page.stated.films} films`}`
    )
  }
  const statedFilms = asked.listing === "rated" ? page.stated.rated : page.stated.films
  return PageVerdict.Films({
    films: page.films,
    lastPage,
    stated: {
      ...(statedFilms === undefined ? {} : { films: statedFilms }),
      ...(page.stated.rated === undefined ? {} : { rated: page.stated.rated })
    },
    unreadable: page.unreadable.length + unrated,
    fullPage
  })
}

const filmsAddress = /^https?:\/\/[^/]+\/([^/]+)\/films\/(?:rated\/[^/]+\/)?(?:page\/\d+\/)?$/u

/**
 * The body's class marks a films page in every generation; the address the page gives for itself is a second anchor.
 */
const isFilmsPage = (page: FilmsPage): boolean =>
  (page.bodyClasses.includes("films-watched") && page.owner !== undefined) ||
  filmsAddress.test(page.ogUrl ?? "")
