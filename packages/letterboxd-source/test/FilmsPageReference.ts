/**
 * The slow, plain reading of a films page with cheerio's document tree, which the streaming parser must agree with.
 */
import * as cheerio from "cheerio/slim"

export const readWithCheerio = (html: string) => {
  const $ = cheerio.load(html)
  const tiles = $("li.griditem, li.poster-container")
    .toArray()
    .map((element) => {
      const tile = $(element)
      const poster = tile.find("[data-film-slug], [data-item-slug]").first()
      const identifier = poster.attr("data-postered-identifier")
      const uid = identifier === undefined ? undefined : /"uid":"([^"]*)"/u.exec(identifier)?.[1]
      const id =
        poster.attr("data-film-id") ??
        (uid ?? tile.find("p[data-item-uid]").attr("data-item-uid"))?.replace("film:", "")
      const slug = (poster.attr("data-item-slug") ?? poster.attr("data-film-slug"))?.replace(/^\/film\/|\/$/gu, "")
      const name =
        poster.attr("data-item-full-display-name") ?? poster.attr("data-item-name") ?? tile.find("img").attr("alt")
      const rating = /rated-(\d+)/u.exec(tile.find("p.poster-viewingdata span.rating").attr("class") ?? "")?.[1]
      return { id: Number(id), slug, name: name?.trim(), rating: rating === undefined ? undefined : Number(rating) / 2 }
    })
  const pageNumbers = $("li.paginate-page")
    .toArray()
    .map((li) => Number($(li).text()))
    .filter((n) => n > 0)
  return { tiles, pageNumbers, owner: $("body").attr("data-owner"), hasNext: $(".paginate-nextprev a.next").length > 0 }
}
