import { assert, describe, it } from "@effect/vitest"
import { UsernameFromText } from "@letterboxd-ratings/core"
import {
  judgeFilmsResponse,
  judgeMembersResponse,
  type PageResponse,
  type PageVerdict
} from "@letterboxd-ratings/letterboxd-source"
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
  judgeFilmsResponse(
    { username, page, listing },
    {
      url: "https://letterboxd.com/karsten/films/",
      status: 200,
      headers: { "content-type": "text/html", server: "cloudflare", "x-letterboxd-type": "Member" },
      body: "",
      now: Date.UTC(2026, 0, 1),
      ...response
    }
  )

const manyTiles = (count: number, broken: (i: number) => string | undefined) =>
  Array.from({ length: count }, (_, i) => broken(i) ?? tile(i + 1)).join("")

describe("a films page", () => {
  it("is Films, with the last page and the count it states", () => {
    const verdict = judge({ body: filmsPage(grid(tile(7) + tile(8, "")) + paging(next + numbers)) })
    assert(verdict._tag === "Films")
    assert.deepStrictEqual(
      verdict.films.map(
        ({ film, rating }) => [film.id, film.slug, film.title, film.year, rating] as ReadonlyArray<unknown>
      ),
      [
        [7, "film-7", "Film 7", 2001, 4],
        [8, "film-8", "Film 8", 2001, undefined]
      ]
    )
    assert.strictEqual(verdict.lastPage, 1204)
    assert.strictEqual(verdict.stated.films, 367)
  })

  it("reads around one title with half a character in it", () => {
    for (const half of ["\uD800", "\uDFFF", "&#xD800;"]) {
      const body = filmsPage(
        grid(manyTiles(21, (i) => (i === 4 ? tile(5).replaceAll("Film 5", `Film ${half}`) : undefined)))
      )
      const verdict = judge({ body })
      assert(verdict._tag === "Films")
      assert.deepStrictEqual([verdict.films.length, verdict.unreadable], [20, 1])
    }
    assert.strictEqual(
      judge({ body: filmsPage(grid(tile(1).replaceAll("Film 1", "The \u{1F3AC} Movie"))) })._tag,
      "Films"
    )
  })

  it("takes titles without control characters and without space around them", () => {
    for (const [name, title] of [
      ["The\tBig\u0001 Movie (2001)", "The Big  Movie"],
      ["\u00A0\uFEFFMovie\u2003(2001)", "Movie"]
    ] as const) {
      const verdict = judge({ body: filmsPage(grid(tile(1).replaceAll("Film 1 (2001)", name))) })
      assert.deepStrictEqual(
        verdict._tag === "Films" ? verdict.films.map(({ film }) => [film.title, film.year]) : verdict._tag,
        [[title, 2001]]
      )
    }
  })

  it("leaves out a tile with an id that is too large for one, or a name that is no text", () => {
    const changes: ReadonlyArray<readonly [string, string]> = [
      ["film:7", "film:2147483648"],
      ["film:7", "film:9007199254740993"],
      [`full-display-name="Film 7`, `full-display-name="Fil\uFFFD 7`],
      [`slug="film-7`, `slug="fil\uFFFD-7`]
    ]
    for (const [right, wrong] of changes) {
      const verdict = judge({
        body: filmsPage(
          grid(manyTiles(60, (i) => (i === 6 ? tile(7).replaceAll(right, wrong) : undefined)))
        ).replaceAll("367", "60")
      })
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
        filmsPage(
          `<section class="empty-text"><h2>No films yet</h2></section>`,
          `class="films-watched" data-owner="NewName"`
        ),
        filmsPage(grid(tile(1)), "").replace("<title>", `${address}<title>`)
      ]) {
        const verdict = judge({ body }, page)
        assert(verdict._tag === "Unavailable")
        assert.strictEqual(verdict.why, "the page shows the films of newname")
      }
    }
  })

  it("has no films only where it says so", () => {
    const empty = (text: string, after = "") =>
      filmsPage(`<section class="empty-text"><h2>${text}</h2></section>${after}`)
    for (const text of ["No films yet", "Nothing watched so far", "Noch keine Filme"]) {
      for (const total of ["0&nbsp;films", "Watched"]) {
        assert.strictEqual(judge({ body: empty(text).replace("367&nbsp;films", total) })._tag, "NoFilms")
      }
    }
    const contradictions = [
      filmsPage(grid("")).replace("367", "0"),
      empty("No films yet"),
      empty("").replace("367", "0"),
      empty("No films yet", grid(tile(1))).replace("367", "0"),
      empty("No films yet", `<div class="new-list">${tile(1)}</div>`).replace("367", "0"),
      empty("No films yet", paging(next + numbers)).replace("367", "0"),
      filmsPage(`<aside><p class="empty-text">No friends yet</p></aside>`).replace("367", "0")
    ]
    for (const body of contradictions) assert.strictEqual(judge({ body })._tag, "MarkupChanged", body.slice(-300))
  })

  it("shows the member's list only, whatever stands in the sidebar or the footer", () => {
    const others = grid([91, 92, 93].map((id) => tile(id)).join(""))
    const beside = [
      `<aside>${others}</aside>`,
      `<div class="col-6 sidebar">${others}</div>`,
      `<footer>${others}</footer>`
    ]
    for (const place of beside) {
      for (const body of [grid(tile(1) + tile(2)) + place, place + grid(tile(1) + tile(2))]) {
        const verdict = judge({ body: filmsPage(body) })
        assert(verdict._tag === "Films", JSON.stringify(verdict))
        assert.deepStrictEqual(
          verdict.films.map(({ film }) => film.id as number),
          [1, 2]
        )
        assert.strictEqual(verdict.unreadable, 0)
      }
      assert.strictEqual(judge({ body: filmsPage(place) })._tag, "MarkupChanged")
    }
    for (const body of [
      grid(tile(1)) + others,
      grid("") + others,
      `<ul class="poster-list">${tile(1)}</ul>${others}`,
      `<div>${tile(1)}</div>`
    ]) {
      assert.strictEqual(judge({ body: filmsPage(body) })._tag, "MarkupChanged", body)
    }
  })

  it("counts 200,000 page links as no page's, not as a fault of ours", () => {
    const links = Array.from({ length: 200_000 }, (_, i) => `<li class="paginate-page"><a>${i + 1}</a></li>`).join("")
    const many = manyTiles(50_000, () => undefined)
    for (const [body, bound] of [
      [grid(tile(1)) + paging(links), "numbers of pages"],
      [grid(many), "tiles"]
    ] as const) {
      const verdict = judge({ body: filmsPage(body) })
      assert(verdict._tag === "MarkupChanged")
      assert.include(verdict.selector, bound)
    }
  })

  it("is past the end where the list is empty and only a previous page is named", () => {
    assert.strictEqual(judge({ body: filmsPage(grid("") + paging(previous)) }, 9)._tag, "PastTheEnd")
    assert.strictEqual(
      judge({ body: filmsPage(grid("") + paging(previous + next + numbers)) }, 9)._tag,
      "MarkupChanged"
    )
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

  it("counts a tile that cannot be read, and is MarkupChanged where they are more than two and more than 2 %", () => {
    const broken: ReadonlyArray<readonly [string, string]> = [
      ["no id", tile(1).replace('film:1"', '"').replace('film:1"', '"')],
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
      const few = judge({
        body: filmsPage(grid(manyTiles(72, (i) => (i === 5 ? markup : undefined))) + paging(next + numbers))
      })
      assert(few._tag === "Films", what)
      assert.strictEqual(few.unreadable, 1, what)
      const short = judge({ body: filmsPage(grid(manyTiles(2, (i) => (i === 0 ? markup : undefined)))) })
      assert(short._tag === "Films", what)
      assert.deepStrictEqual([short.films.length, short.unreadable], [1, 1], what)
      const more = judge({
        body: filmsPage(grid(manyTiles(72, (i) => (i < 3 ? markup : undefined))) + paging(next + numbers))
      })
      assert.strictEqual(more._tag, "MarkupChanged", what)
    }
  })

  it("of rated films has a rating on every tile", () => {
    const page = (unrated: number) =>
      filmsPage(grid(manyTiles(72, (i) => (i < unrated ? tile(i + 1, "") : undefined))) + paging(next + numbers))
    const body = page(3)
    assert.strictEqual(judge({ body }, 1, "rated")._tag, "MarkupChanged")
    const few = judge({ body: page(2) }, 1, "rated")
    assert(few._tag === "Films")
    assert.deepStrictEqual([few.films.length, few.unreadable], [70, 2])
    assert.strictEqual(judge({ body }, 1, "films")._tag, "Films")
  })

  it("whose class and address are gone is MarkupChanged", () => {
    assert.strictEqual(judge({ body: filmsPage(grid(tile(1)), `class="films"`) })._tag, "MarkupChanged")
  })

  it("that stops before its end is Truncated", () => {
    const body = filmsPage(grid(tile(1) + tile(2)))
    for (let cut = 0; cut < body.length - "</html>".length; cut += 7)
      assert.strictEqual(judge({ body: body.slice(0, cut) })._tag, "Truncated")
  })
})

describe("a refusal", () => {
  const wall = `<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>`
  const denied = `<html><head><title>Access denied | letterboxd.com used Cloudflare to restrict access</title></head><body></body></html>`

  it("by a bot wall is Challenged, at any status", () => {
    for (const status of [200, 403, 429, 503, 302]) {
      assert.strictEqual(judge({ status, body: wall })._tag, "Challenged", `${status}`)
      assert.strictEqual(
        judge({ status, headers: { "cf-mitigated": "challenge" }, body: "<html></html>" })._tag,
        "Challenged"
      )
    }
    assert.strictEqual(judge({ status: 403, body: denied })._tag, "Challenged")
    assert.strictEqual(judge({ status: 403, body: "<html></html>" })._tag, "Forbidden")
  })

  it("is never taken for a private or missing member", () => {
    const own404 = `<html><head><title>Letterboxd - Not Found</title></head><body class="error message-dark"><p>Sorry, we can’t find the page you’ve requested.</p></body></html>`
    const own403 = `<html><head><title>Letterboxd - Forbidden</title></head><body><section class="message"><p><strong>Greetings, Professor Falken. Shall we play a game?</strong></p></section></body></html>`
    assert.strictEqual(judge({ status: 404, body: own404 })._tag, "MemberNotFound")
    assert.strictEqual(judge({ status: 403, body: own403 })._tag, "MemberPrivate")
    const classified = `<html><head><title>Letterboxd - Forbidden</title></head><body class="error message-dark"><section class="message"><p>The file you’re attempting to access is classified. Please contact us if you have the correct clearance.</p></section></body></html>`
    // Each mark has changed before, so each may change again.
    const less = [/ class="error message-dark"/u, /<title>[^<]*/u, /<\/?section[^>]*>/gu, /<p>.*<\/p>/u]
    for (const body of [classified, ...less.map((mark) => classified.replace(mark, ""))]) {
      assert.strictEqual(judge({ status: 403, body })._tag, "MemberPrivate", body)
      assert.strictEqual(judge({ status: 403, headers: { "cf-mitigated": "challenge" }, body })._tag, "Challenged")
      assert.strictEqual(judge({ status: 404, body })._tag, "Unavailable")
    }
    for (const body of [own404, ...less.map((mark) => own404.replace(mark, ""))]) {
      assert.strictEqual(
        judge({ status: 404, body })._tag,
        body.includes("title>L") || body.includes("<p>") ? "MemberNotFound" : "Unavailable",
        body
      )
    }
    assert.strictEqual(judge({ status: 404, body: "<html><title>404</title></html>" })._tag, "Unavailable")
    for (const body of [
      "",
      "Forbidden",
      "<html><head><title>403 Forbidden</title></head><body>nginx</body></html>",
      "<html><body><h1>Sorry</h1></body></html>"
    ]) {
      assert.strictEqual(judge({ status: 403, body })._tag, "Forbidden", body)
    }
    assert.strictEqual(judge({ status: 403, body: own404 })._tag, "Forbidden")
    assert.strictEqual(
      judge({ status: 404, headers: { "cf-mitigated": "challenge" }, body: own404 })._tag,
      "Challenged"
    )
  })

  it("for now tells how long", () => {
    const now = Date.UTC(2026, 0, 1)
    const wait = (header?: string) =>
      judge({ status: 429, headers: header === undefined ? {} : { "retry-after": header }, now })
    assert.deepStrictEqual(wait("120"), { _tag: "RateLimited", retryAfterMillis: 120_000 } as PageVerdict)
    assert.deepStrictEqual(wait(new Date(now + 90_000).toUTCString()), {
      _tag: "RateLimited",
      retryAfterMillis: 90_000
    } as PageVerdict)
    assert.deepStrictEqual(wait(new Date(now - 90_000).toUTCString()), {
      _tag: "RateLimited",
      retryAfterMillis: 0
    } as PageVerdict)
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
    assert.deepStrictEqual(to("https://letterboxd.com/new_name/films/page/3/"), {
      _tag: "Renamed",
      to: "new_name"
    } as PageVerdict)
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
    assert.deepStrictEqual(
      verdict.members.map(({ films, username }) => `${username} ${films}`),
      ["davee 1343", "null 1343", "123 1343"]
    )
    assert.isTrue(verdict.hasNext)
  })

  it("ends the list only where it says so", () => {
    assert.strictEqual(judgeMembers(page("", paging(previous)))._tag, "PastTheEnd")
    assert.strictEqual(judgeMembers(page(""))._tag, "Refused")
  })

  it("reads the members around a row that names nobody, and counts that row", () => {
    const noName = row("davee").replace('class="name"', "")
    const noCell = row("davee").replace("table-person", "person")
    for (const odd of [...["", "a b", "two/parts", "a", "name-with-dashes", "\uD800x"].map(row), noName, noCell]) {
      const verdict = judgeMembers(page(row("davee") + odd + row("null"), paging(next)))
      assert(verdict._tag === "Members", odd)
      assert.deepStrictEqual(
        verdict.members.map(({ username }) => username as string),
        ["davee", "null"],
        odd
      )
      assert.strictEqual(verdict.unreadable.length, 1, odd)
      assert.include(verdict.unreadable[0], "row 2 of 3")
    }
  })

  it("is MarkupChanged where more than two rows and more than a tenth of them name nobody, or all of them do", () => {
    const members = (good: number, odd: number) =>
      judgeMembers(
        page(Array.from({ length: good }, (_, i) => row(`name_${i}`)).join("") + row("a b").repeat(odd), paging(next))
      )
    for (const [good, odd] of [
      [1, 1],
      [1, 2],
      [28, 2],
      [40, 4]
    ] as const) {
      const verdict = members(good, odd)
      assert(verdict._tag === "Members", `${odd} of ${good + odd}`)
      assert.deepStrictEqual([verdict.members.length, verdict.unreadable.length], [good, odd])
    }
    for (const [good, odd] of [
      [3, 3],
      [26, 4],
      [0, 1],
      [0, 30]
    ] as const) {
      const verdict = members(good, odd)
      assert(verdict._tag === "Refused", `${odd} of ${good + odd}`)
      assert.strictEqual(verdict.verdict._tag, "MarkupChanged")
    }
    assert.strictEqual(judgeMembers(page(row("davee").repeat(5_000), paging(next)))._tag, "Refused")
  })

  it("is refused for what it is", () => {
    const tags = [
      judgeMembers("<html><title>Just a moment...</title></html>"),
      judgeMembers(page(row("davee")).slice(0, -8)),
      judgeMembers("<html></html>", 503)
    ].map((verdict) => (verdict._tag === "Refused" ? verdict.verdict._tag : verdict._tag))
    assert.deepStrictEqual(tags, ["Challenged", "Truncated", "Unavailable"])
  })
})
