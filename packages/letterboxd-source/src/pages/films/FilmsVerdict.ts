/**
 * The response end of a films page, second half: judges the response.
 *
 * @since 0.1.0
 */
import { mostParts, type RatedFilms, Username } from "@letterboxd-ratings/core"
import { Option, Schema } from "effect"
import type { PageResponse } from "../PageResponse.ts"
import { PageVerdict } from "../PageVerdict.ts"
import { beyondBounds, judgeRefusal } from "../Refusal.ts"
import { type FilmsPage, parseFilmsPage } from "./FilmsPage.ts"
import type { FilmsListing } from "./FilmsRequest.ts"

/**
 * The share of unreadable tiles on a page up to which they are a fault of these films. Beyond it, the markup counts as
 * changed.
 *
 * @since 0.1.0
 * @category models
 */
export const unreadableShareOfChangedMarkup = 0.02

/**
 * So many unreadable tiles are a fault of these films on a page of any length, however short.
 */
const mostOddTiles = 2

const isChanged = (unreadable: number, tiles: number): boolean =>
  unreadable > mostOddTiles && unreadable > tiles * unreadableShareOfChangedMarkup

/** Films on a full page of the site. */
const fullPage = 72

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
): PageVerdict => {
  const page = parseFilmsPage(response.status === 200 ? response.body : "")
  return Option.getOrElse(judgeRefusal(response, page.tiles > 0), () => {
    if (page.beyond !== undefined) return beyondBounds(page.beyond)
    if (!page.isComplete) return PageVerdict.Truncated({ bytes: response.body.length })
    return judgeFilmsPage(asked, page)
  })
}

/**
 * How many films a member rated, by the response to a request for page 1 of the list of rated films: exactly where that
 * is the only page, else by the number of pages. Where the tiles of that list have lost their ratings, they still tell
 * how many films are rated at least. None where the response is no such page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const countRatedFilms = (username: Username, response: PageResponse): Option.Option<RatedFilms> => {
  const verdict = judgeFilmsResponse({ username, page: 1, listing: "rated" }, response)
  if (verdict._tag === "NoFilms") return Option.some({ atLeast: 0, atMost: 0 })
  const { films, tiles } = parseFilmsPage(response.body)
  // A full page without paging may be the only one, or have lost its paging: it tells how many there are at least.
  if (verdict._tag === "MarkupChanged" && (verdict.selector === ratingOfATile || verdict.selector === pagingOfAList)) {
    return Option.some({ atLeast: films.length, atMost: Infinity })
  }
  if (verdict._tag !== "Films") return Option.none()
  if (verdict.isEndUnproven === true) return Option.some({ atLeast: films.length, atMost: Infinity })
  const others = verdict.lastPage - 1
  return Option.some(
    others === 0
      ? { atLeast: films.length, atMost: tiles }
      : { atLeast: others * Math.min(fullPage, tiles) + 1, atMost: (others + 1) * Math.max(fullPage, tiles) }
  )
}

const markupChanged = (selector: string, evidence: string) => PageVerdict.MarkupChanged({ selector, evidence })

const ratingOfATile = "p.poster-viewingdata > span.rating"
const pagingOfAList = ".pagination li.paginate-page"

/**
 * A full page that names no other page, when there is a next one after all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pagingNotRecognised = (): PageVerdict =>
  markupChanged(pagingOfAList, "a full page without paging, and there is a next page")

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

  const statedFilms = asked.listing === "rated" ? page.stated.rated : page.stated.films
  const { films: watched, tiles } = page
  if (tiles === 0) {
    if (page.hasPrevious && !page.hasNext) return PageVerdict.PastTheEnd()
    if (page.emptyText === "")
      return markupChanged("li.griditem or li.poster-container", "a list without films that does not say it is empty")
    const others =
      (statedFilms ?? 0) > 0
        ? `states ${statedFilms} films`
        : page.hasNext || page.pageNumbers.length > 1
          ? "names other pages"
          : undefined
    return others === undefined
      ? PageVerdict.NoFilms()
      : markupChanged(
          "li.griditem or li.poster-container",
          `the page says "${page.emptyText.slice(0, 60)}" and ${others}`
        )
  }
  if (page.lists !== 1) {
    return markupChanged(
      "single ul.poster-list or ul.grid",
      page.lists === 0
        ? `${tiles} tiles in no list`
        : `${tiles} tiles, and ${page.lists} lists that could each be the member's`
    )
  }
  if (page.emptyText !== "") {
    return markupChanged(
      "list without .empty-text beside it",
      `the page says "${page.emptyText.slice(0, 60)}" and shows ${tiles} tiles`
    )
  }
  const unreadable = tiles - watched.length
  if (isChanged(unreadable, tiles)) {
    return markupChanged(
      "[data-film-id], [data-postered-identifier], [data-item-uid], p.poster-viewingdata > span.rating",
      `${unreadable} of ${tiles} tiles cannot be read, for example ${page.unreadable[0] ?? "none"}`
    )
  }
  const films = asked.listing === "rated" ? watched.filter(({ rating }) => rating !== undefined) : watched
  if (isChanged(watched.length - films.length, tiles)) {
    return markupChanged(
      ratingOfATile,
      `${watched.length - films.length} of ${tiles} tiles of a list of rated films have no rating`
    )
  }
  const paged = page.hasPaging || page.hasNext || page.hasPrevious
  if (paged && page.pageNumbers.length === 0) {
    return markupChanged("li.paginate-page", "the page has a paging block without page numbers")
  }
  const lastPage = page.pageNumbers.reduce((last, number) => Math.max(last, number), 1)
  if (lastPage > mostParts) {
    return markupChanged(`li.paginate-page with a number up to ${mostParts}`, `the last page is said to be ${lastPage}`)
  }
  if (page.hasNext && lastPage <= asked.page) {
    return markupChanged("li.paginate-page", `page ${asked.page} has a next page but names no number above ${lastPage}`)
  }
  // Without a paging block a full page is the only one, or the block is not recognised any more. Lists of rated films
  // need not state how many there are.
  const isFullAndAlone = !paged && tiles >= fullPage && statedFilms !== tiles
  if (isFullAndAlone && (asked.listing === "films" || statedFilms !== undefined)) {
    return markupChanged(
      pagingOfAList,
      `a full page without paging${statedFilms === undefined ? "" : `, of a list of ${statedFilms} films`}`
    )
  }
  return PageVerdict.Films({
    films,
    lastPage,
    stated: {
      ...(statedFilms === undefined ? {} : { films: statedFilms }),
      ...(page.stated.rated === undefined ? {} : { rated: page.stated.rated })
    },
    unreadable: tiles - films.length,
    fullPage,
    ...(isFullAndAlone ? { isEndUnproven: true } : {})
  })
}

const filmsAddress = /^https?:\/\/[^/]+\/([^/]+)\/films\/(?:rated\/[^/]+\/)?(?:page\/\d+\/)?$/u

/**
 * The body's class marks a films page in every generation; the address the page gives for itself is a second anchor.
 */
const isFilmsPage = (page: FilmsPage): boolean =>
  (page.bodyClasses.includes("films-watched") && page.owner !== undefined) || filmsAddress.test(page.ogUrl ?? "")
