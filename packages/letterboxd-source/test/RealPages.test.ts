import { assert, describe, it } from "@effect/vitest"
import {
  judgeFilmsResponse,
  judgeMembersResponse,
  type PageResponse,
  parseFilmsPage
} from "@letterboxd-ratings/letterboxd-source"
import { displayName, UsernameFromText } from "@letterboxd-ratings/core"
import { Schema } from "effect"
import { readWithCheerio } from "./FilmsPageReference.ts"
import { absence, sharedPage, sharedPageIndex, sharedPagesAbsent } from "./SharedPages.ts"

const response = (body: string): PageResponse => ({
  url: "https://letterboxd.com/member01/films/",
  status: 200,
  headers: { "content-type": "text/html;charset=UTF-8", server: "cloudflare" },
  body,
  now: 0
})

const member = Schema.decodeSync(UsernameFromText)("member01")
const isPeople = (file: string) => /^(members|people)/u.test(file)
const isFilms = (file: string) => file.startsWith("films-")

describe.skipIf(sharedPagesAbsent)(`real pages${absence}`, () => {
  it("are all here", () => {
    assert.isAtLeast(sharedPageIndex().length, 9)
  })

  it.each(sharedPageIndex().filter(({ file }) => !isPeople(file)))(
    "$file: $items tiles, $rated rated",
    ({ file, items, rated }) => {
      const page = parseFilmsPage(sharedPage(file))
      assert.strictEqual(page.tiles, items)
      assert.strictEqual(page.films.filter((film) => film.rating !== undefined).length, rated)
      assert.isTrue(page.isComplete)
    }
  )

  it.each(sharedPageIndex().filter(({ file }) => isFilms(file)))(
    "$file: judged a films page, tile by tile as cheerio reads it",
    ({ file, items, says, what }) => {
      const html = sharedPage(file)
      const verdict = judgeFilmsResponse({ username: member, page: 1, listing: "films" }, response(html))
      assert(verdict._tag === "Films", JSON.stringify(verdict).slice(0, 300))
      const reference = readWithCheerio(html)
      assert.strictEqual(verdict.unreadable, 0)
      assert.strictEqual(verdict.films.length, items)
      assert.deepStrictEqual(
        verdict.films.map(({ film, rating }) => ({
          id: film.id as number,
          slug: film.slug as string,
          name: displayName(film),
          rating: rating as number | undefined
        })),
        reference.tiles.map(({ id, name, rating, slug }) => ({ id, slug: slug ?? "", name: name ?? "", rating }))
      )
      assert.strictEqual(verdict.lastPage, Number(/page 1 of (\d+)/u.exec(what)?.[1] ?? 1))
      if (says !== "") assert.strictEqual(verdict.stated.films, Number.parseInt(says, 10))
    }
  )

  it.each(sharedPageIndex().filter(({ file }) => isPeople(file)))("$file: $items members", ({ file, items }) => {
    const verdict = judgeMembersResponse(response(sharedPage(file)))
    assert(verdict._tag === "Members", JSON.stringify(verdict).slice(0, 300))
    assert.strictEqual(verdict.members.length, items)
    assert.strictEqual(new Set(verdict.members.map(({ username }) => username)).size, items)
    assert.isTrue(verdict.members.every(({ films }) => films !== undefined && films > 0))
    assert.isTrue(verdict.hasNext)
  })

  it("a watchlist is no films page, and its end is no end of a films list", () => {
    for (const file of ["watchlist-modern-2025-08.html", "past-the-end-modern-2025-08.html"]) {
      const verdict = judgeFilmsResponse({ username: member, page: 100, listing: "films" }, response(sharedPage(file)))
      assert.strictEqual(verdict._tag, "MarkupChanged")
    }
  })

  it("a page that is cut anywhere before its end is Truncated or refused, never a shorter list", () => {
    const html = sharedPage("films-legacy-2022.html")
    for (let cut = 0; cut < html.length - 10; cut += 977) {
      const verdict = judgeFilmsResponse({ username: member, page: 1, listing: "films" }, response(html.slice(0, cut)))
      assert.strictEqual(verdict._tag, "Truncated", `cut at ${cut}`)
    }
  })
})
