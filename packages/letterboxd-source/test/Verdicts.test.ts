import { assert, describe, it } from "@effect/vitest"
import { type PageVerdict, UsernameFromText } from "@letterboxd-ratings/core"
import { judgeFilmsResponse, judgeMembersResponse, type PageResponse } from "@letterboxd-ratings/letterboxd-source"
import { Schema } from "effect"

const username = Schema.decodeSync(UsernameFromText)("karsten")

const tile = (id: number, inner = `<span class="rating -micro -darker rated-8">★★★★</span>`) =>
  `<li class="griditem"><div class="react-component" data-component-class="LazyPoster" data-item-name="Film ${id} (2001)"
    data-item-slug="film-${id}" data-item-full-display-name="Film ${id} (2001)"
    data-postered-identifier='{"lid":"x","uid":"film:${id}","type":"film"}'></div>
    <p class="poster-viewingdata" data-item-uid="film:${id}">${inner}</p></li>`

const paging = (content: string) => `<div class="pagination">${content}</div>`
const next = `<div class="paginate-nextprev"><a class="next" href="/karsten/films/page/2/">Older</a></div>`
const previous = `<div class="paginate-nextprev"><a class="previous" href="/karsten/films/page/2/">Newer</a></div>`
const numbers = `<div class="paginate-pages"><ul><li class="paginate-page paginate-current"><span>1</span></li><li class="paginate-page unseen-pages">&hellip;</li><li class="paginate-page"><a href="/karsten/films/page/1204/">1,204</a></li></ul></div>`

const filmsPage = (content: string, body = `class="films-watched" data-owner="Karsten"`) =>
  `<!DOCTYPE html><html><head><title>Karsten’s films • Letterboxd</title></head><body ${body}>
  <h1 class="section-heading"><span class="tooltip" data-original-title="367&nbsp;films">Watched</span></h1>
  <script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>${content}</body></html>`
const grid = (tiles: string) => `<div class="poster-grid"><ul class="grid -p70">${tiles}</ul></div>`

const judge = (response: Partial<PageResponse>, page = 1, listing: "films" | "rated" = "films"): PageVerdict =>
  judgeFilmsResponse({ username, page, listing }, {
    url: "https://letterboxd.com/karsten/films/",
    status: 200,
    headers: { "content-type": "text/html", server: "cloudflare", "x-letterboxd-type": "Member" },
    body: "",
    now: Date.UTC(2026, 0, 1),
    ...response
  })

const manyTiles = (count: number, broken: (i: number) => string | undefined) =>
  Array.from({ length: count }, (_, i) => broken(i) ?? tile(i + 1)).join("")

describe("a films page", () => {
  it("is Films, with the last page and the count it states", () => {
    const verdict = judge({ body: filmsPage(grid(tile(7) + tile(8, "")) + paging(next + numbers)) })
    assert(verdict._tag === "Films")
    assert.deepStrictEqual(verdict.films.map(({ film, rating }) => [film.id, film.slug, film.title, film.year, rating] as ReadonlyArray<unknown>), [
      [7, "film-7", "Film 7", 2001, 4],
      [8, "film-8", "Film 8", 2001, undefined]
    ])
    assert.strictEqual(verdict.lastPage, 1204)
    assert.strictEqual(verdict.stated.films, 367)
  })

  it("leaves out a tile with an id that is too large for one, or a name that is no text", () => {
    const changes: ReadonlyArray<readonly [string, string]> = [
      ["film:7", "film:2147483648"],
      ["film:7", "film:9007199254740993"],
      [`full-display-name="Film 7`, `full-display-name="Fil\uFFFD 7`],
      [`slug="film-7`, `slug="fil\uFFFD-7`]
    ]
    for (const [right, wrong] of changes) {
      const verdict = judge({ body: filmsPage(grid(manyTiles(60, (i) => i === 6 ? tile(7).replaceAll(right, wrong) : undefined))).replaceAll("367", "60") })
      assert(verdict._tag === "Films", JSON.stringify(verdict))
      assert.deepStrictEqual([verdict.films.length, verdict.unreadable], [59, 1], wrong)
    }
    assert.strictEqual(judge({ body: filmsPage(grid(tile(2147483647))) })._tag, "Films")
  })

  it("may name a challenge script", () => {
    assert.strictEqual(judge({ body: filmsPage(grid(tile(1))) })._tag, "Films")
  })

  it("may belong to a member whose page is titled like a wall", () => {
    const body = filmsPage(grid(tile(1))).replace("Karsten’s films", "Just a moment’s films")
    assert.strictEqual(judge({ body })._tag, "Films")
  })

  it("of somebody else is Unavailable, whatever its number: a mix-up on the way, and no word about ours", () => {
    const address = `<meta property="og:url" content="https://letterboxd.com/newname/films/">`
    for (const page of [1, 2]) {
      for (const body of [
        filmsPage(grid(tile(1)), `class="films-watched" data-owner="NewName"`),
        filmsPage(grid("") + paging(previous), `class="films-watched" data-owner="NewName"`),
        filmsPage(`<section class="empty-text"><h2>No films yet</h2></section>`, `class="films-watched" data-owner="NewName"`),
        filmsPage(grid(tile(1)), "").replace("<title>", `${address}<title>`)
      ]) {
        const verdict = judge({ body }, page)
        assert(verdict._tag === "Unavailable")
        assert.strictEqual(verdict.why, "the page shows the films of newname")
      }
    }
  })

  it("has no films only where it says so", () => {
    assert.strictEqual(judge({ body: filmsPage(`<section class="empty-text"><h2>No films yet</h2></section>`) })._tag, "NoFilms")
    assert.strictEqual(judge({ body: filmsPage(grid("")) })._tag, "MarkupChanged")
  })

  it("is past the end where the list is empty and only a previous page is named", () => {
    assert.strictEqual(judge({ body: filmsPage(grid("") + paging(previous)) }, 9)._tag, "PastTheEnd")
    assert.strictEqual(judge({ body: filmsPage(grid("") + paging(previous + next + numbers)) }, 9)._tag, "MarkupChanged")
  })

  it("with a paging block without numbers is MarkupChanged", () => {
    assert.strictEqual(judge({ body: filmsPage(grid(tile(1)) + paging(next)) })._tag, "MarkupChanged")
  })

  it("that is full and names no other page is the only one only where the number of films says so", () => {
    const full = filmsPage(grid(manyTiles(72, () => undefined)))
    assert.strictEqual(judge({ body: full.replace("367&nbsp;films", "72&nbsp;films") })._tag, "Films")
    assert.strictEqual(judge({ body: full })._tag, "MarkupChanged")
    assert.strictEqual(judge({ body: full.replace("367&nbsp;films", "Watched") })._tag, "MarkupChanged")
    assert.strictEqual(judge({ body: full }, 1, "rated")._tag, "Films")
    assert.strictEqual(judge({ body: full + paging(next + numbers) })._tag, "Films")
  })

  it("counts a tile that cannot be read, and is MarkupChanged from 2 % on", () => {
    const broken: ReadonlyArray<readonly [string, string]> = [
      ["no id", tile(1).replace("film:1\"", "\"").replace("film:1\"", "\"")],
      ["no id at all", tile(1).replaceAll(/data-postered-identifier='[^']*'|data-item-uid="[^"]*"/gu, "")],
      ["two ids", tile(1).replace(`data-item-uid="film:1"`, `data-item-uid="film:2"`)],
      ["another kind of item", tile(1).replaceAll("film:1", "list:1")],
      ["no slug", tile(1).replace(/data-item-slug="[^"]*"/u, "")],
      ["an impossible rating", tile(1, `<span class="rating rated-11">★★★★★½</span>`)],
      ["a rating without class", tile(1, `<span class="rating">★★★★</span>`)],
      ["stars in a renamed element", tile(1, `<span class="stars">★★★★</span>`)],
      ["stars that contradict the class", tile(1, `<span class="rating rated-2">★★★★</span>`)],
      ["no viewing data", tile(1).replace("poster-viewingdata", "viewing")]
    ]
    for (const [what, markup] of broken) {
      const few = judge({ body: filmsPage(grid(manyTiles(72, (i) => i === 5 ? markup : undefined)) + paging(next + numbers)) })
      assert(few._tag === "Films", what)
      assert.strictEqual(few.unreadable, 1, what)
      const more = judge({ body: filmsPage(grid(manyTiles(72, (i) => i < 2 ? markup : undefined)) + paging(next + numbers)) })
      assert.strictEqual(more._tag, "MarkupChanged", what)
    }
  })

  it("of rated films has a rating on every tile", () => {
    const body = filmsPage(grid(manyTiles(72, (i) => i < 2 ? tile(i + 1, "") : undefined)) + paging(next + numbers))
    assert.strictEqual(judge({ body }, 1, "rated")._tag, "MarkupChanged")
    assert.strictEqual(judge({ body }, 1, "films")._tag, "Films")
  })

  it("whose class and address are gone is MarkupChanged", () => {
    assert.strictEqual(judge({ body: filmsPage(grid(tile(1)), `class="films"`) })._tag, "MarkupChanged")
  })

  it("that stops before its end is Truncated", () => {
    const body = filmsPage(grid(tile(1) + tile(2)))
    for (let cut = 0; cut < body.length - "</html>".length; cut += 7) assert.strictEqual(judge({ body: body.slice(0, cut) })._tag, "Truncated")
  })
})

describe("a refusal", () => {
  const wall = `<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>`
  const denied = `<html><head><title>Access denied | letterboxd.com used Cloudflare to restrict access</title></head><body></body></html>`

  it("by a bot wall is Challenged, at any status", () => {
    for (const status of [200, 403, 429, 503, 302]) {
      assert.strictEqual(judge({ status, body: wall })._tag, "Challenged", `${status}`)
      assert.strictEqual(judge({ status, headers: { "cf-mitigated": "challenge" }, body: "<html></html>" })._tag, "Challenged")
    }
    assert.strictEqual(judge({ status: 403, body: denied })._tag, "Challenged")
    assert.strictEqual(judge({ status: 403, body: "<html></html>" })._tag, "Forbidden")
  })

  it("is never taken for a private or missing member", () => {
    const own404 = `<html><head><title>Letterboxd - Not Found</title></head><body class="error message-dark"><p>Sorry, we can’t find the page you’ve requested.</p></body></html>`
    const own403 = `<html><head><title>Letterboxd - Forbidden</title></head><body><section class="message"><p><strong>Greetings, Professor Falken. Shall we play a game?</strong></p></section></body></html>`
    assert.strictEqual(judge({ status: 404, body: own404 })._tag, "MemberNotFound")
    assert.strictEqual(judge({ status: 403, body: own403 })._tag, "MemberPrivate")
    assert.strictEqual(judge({ status: 404, body: "<html><title>404</title></html>" })._tag, "Unavailable")
    assert.strictEqual(judge({ status: 403, body: own404 })._tag, "Forbidden")
    assert.strictEqual(judge({ status: 404, headers: { "cf-mitigated": "challenge" }, body: own404 })._tag, "Challenged")
  })

  it("for now tells how long", () => {
    const now = Date.UTC(2026, 0, 1)
    const wait = (header?: string) => judge({ status: 429, headers: header === undefined ? {} : { "retry-after": header }, now })
    assert.deepStrictEqual(wait("120"), { _tag: "RateLimited", retryAfterMillis: 120_000 } as PageVerdict)
    assert.deepStrictEqual(wait(new Date(now + 90_000).toUTCString()), { _tag: "RateLimited", retryAfterMillis: 90_000 } as PageVerdict)
    assert.deepStrictEqual(wait(new Date(now - 90_000).toUTCString()), { _tag: "RateLimited", retryAfterMillis: 0 } as PageVerdict)
    for (const nonsense of [undefined, "", "soon", "-5", "1e9", "12.5"]) {
      assert.deepStrictEqual(wait(nonsense), { _tag: "RateLimited" } as PageVerdict)
    }
  })

  it("by a failing server is Unavailable", () => {
    for (const status of [408, 425, 426, 500, 502, 503, 520, 522]) {
      assert.strictEqual(judge({ status, body: "<html><title>Error</title></html>" })._tag, "Unavailable")
    }
  })

  it("by redirect is Renamed where another member's films are, else Unavailable", () => {
    const to = (location: string | undefined) => judge({ status: 301, headers: { location } })
    assert.deepStrictEqual(to("/New_Name/films/"), { _tag: "Renamed", to: "new_name" } as PageVerdict)
    assert.deepStrictEqual(to("https://letterboxd.com/new_name/films/page/3/"), { _tag: "Renamed", to: "new_name" } as PageVerdict)
    for (const elsewhere of [undefined, "/sign-in/", "/karsten/films/", "https://example.org/new_name/films/", "::"]) {
      assert.strictEqual(to(elsewhere)._tag, "Unavailable")
    }
  })
})

describe("a members page", () => {
  const row = (name: string) =>
    `<tr><td class="col-member table-person"><div class="person-summary"><h3 class="title-3"> <a href="/${name}/" class="name">X</a></h3></div></td><td class="col-watched"><a href="/${name}/films/">1,343</a></td></tr>`
  const page = (rows: string, after = "") =>
    `<html><head><title>Popular members</title></head><body><table class="member-table"><tbody>${rows}</tbody></table>${after}<h3 class="title-3"><a href="/sidebar/" class="name">S</a></h3></body></html>`
  const judgeMembers = (body: string, status = 200) =>
    judgeMembersResponse({ url: "https://letterboxd.com/members/popular/", status, headers: {}, body, now: 0 })

  it("names its members in order, without the sidebar's", () => {
    const verdict = judgeMembers(page(row("DaveE") + row("null") + row("123"), paging(next)))
    assert(verdict._tag === "Members")
    assert.deepStrictEqual(verdict.members.map(({ films, username }) => `${username} ${films}`), ["davee 1343", "null 1343", "123 1343"])
    assert.isTrue(verdict.hasNext)
  })

  it("ends the list only where it says so", () => {
    assert.strictEqual(judgeMembers(page("", paging(previous)))._tag, "PastTheEnd")
    assert.strictEqual(judgeMembers(page(""))._tag, "Refused")
  })

  it("passes over no row that names nobody", () => {
    for (const name of ["", "a b", "two/parts"]) {
      const verdict = judgeMembers(page(row("davee") + row(name)))
      assert(verdict._tag === "Refused")
      assert.strictEqual(verdict.verdict._tag, "MarkupChanged")
    }
  })

  it("is refused for what it is", () => {
    const tags = [judgeMembers("<html><title>Just a moment...</title></html>"), judgeMembers(page(row("davee")).slice(0, -8)), judgeMembers("<html></html>", 503)]
      .map((verdict) => verdict._tag === "Refused" ? verdict.verdict._tag : verdict._tag)
    assert.deepStrictEqual(tags, ["Challenged", "Truncated", "Unavailable"])
  })
})
