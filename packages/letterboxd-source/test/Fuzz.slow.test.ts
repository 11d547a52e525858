import { assert, describe, it } from "@effect/vitest"
import { type Rating, Username } from "@letterboxd-ratings/core"
import {
  filmsOnPage,
  filmsPage,
  type Generation,
  generateWorld,
  generations,
  membersPage,
  notFoundPage,
  privatePage,
  wallPage
} from "@letterboxd-ratings/fixtures"
import { judgeFilmsResponse, judgeMembersResponse, type PageVerdict } from "@letterboxd-ratings/letterboxd-source"
import { Schema } from "effect"
import { setImmediate } from "node:timers/promises"
import { randomCases, sample } from "../../../vitest.sample.ts"

/** Mulberry32: the same mutations every time. */
const randomFrom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

type Random = ReturnType<typeof randomFrom>

/** Replaces a place where a pattern is found, the first one after a random point. */
const atOneOf = (html: string, pattern: RegExp, random: Random, change: (found: string) => string): string => {
  const search = new RegExp(pattern)
  search.lastIndex = random(html.length)
  const place = search.exec(html)
  return place === null
    ? html
    : html.slice(0, place.index) + change(place[0]) + html.slice(place.index + place[0].length)
}

const attribute = /\s[a-z][a-z-]*=(?:"[^"]*"|'[^']*')/gu
const entities = ["&amp;", "&#0;", "&#x110000;", "&nosuch;", "&lt", "&#9733;", "&quot;", "\u0000", "\uD800"]
const names = [
  "bytes cut",
  "end cut off",
  "attribute dropped",
  "attribute doubled",
  "attribute emptied",
  "tag unclosed",
  "tag twice",
  "entity put in",
  "quote lost"
] as const

const mutate = (
  html: string,
  random: Random
): { readonly html: string; readonly name: (typeof names)[number]; readonly cut: string } => {
  const name = names[random(names.length)] ?? "bytes cut"
  const from = random(html.length)
  const same = { name, cut: "" }
  switch (name) {
    case "bytes cut": {
      const to = from + 1 + random(random(2) === 0 ? 40 : 4_000)
      return { name, html: html.slice(0, from) + html.slice(to), cut: html.slice(from, to) }
    }
    case "end cut off":
      return { ...same, html: html.slice(0, from) }
    case "attribute dropped":
      return { ...same, html: atOneOf(html, attribute, random, () => "") }
    case "attribute doubled":
      return { ...same, html: atOneOf(html, attribute, random, (found) => `${found}${found.replace(/\d/u, "9")}`) }
    case "attribute emptied":
      return { ...same, html: atOneOf(html, attribute, random, (found) => found.replace(/=.*/su, '=""')) }
    case "tag unclosed":
      return { ...same, html: atOneOf(html, /<\/[a-z]+>/gu, random, () => "") }
    case "tag twice":
      return { ...same, html: atOneOf(html, /<\/?[a-z][^>]*>/gu, random, (found) => found + found) }
    case "entity put in":
      return { ...same, html: html.slice(0, from) + (entities[random(entities.length)] ?? "") + html.slice(from) }
    case "quote lost":
      return { ...same, html: atOneOf(html, /["']/gu, random, () => "") }
  }
}

/** All verdicts there are. */
const tags: Readonly<Record<PageVerdict["_tag"], true>> = {
  Films: true,
  NoFilms: true,
  PastTheEnd: true,
  MemberNotFound: true,
  MemberPrivate: true,
  Renamed: true,
  RateLimited: true,
  Challenged: true,
  Forbidden: true,
  Unavailable: true,
  Truncated: true,
  MarkupChanged: true
}

const karsten = Schema.decodeSync(Username)("karsten")
const now = Date.UTC(2026, 8, 1)
const answer = (body: string) => ({
  url: "https://letterboxd.com/karsten/films/",
  status: 200,
  headers: { "content-type": "text/html" },
  body,
  now
})

/** The verdict on a page of `karsten`. */
const judge = (body: string, page = 1): PageVerdict =>
  judgeFilmsResponse({ username: karsten, page, listing: "films" }, answer(body))

const ratingsOf = (verdict: PageVerdict): ReadonlyMap<number, Rating | undefined> =>
  new Map(verdict._tag === "Films" ? verdict.films.map(({ film, rating }) => [film.id, rating]) : [])

/** Whether a page shows fewer films than it must have, so that a member with such a page is not sealed. */
const isShort = ({ films, lastPage, stated, unreadable }: Extract<PageVerdict, { readonly _tag: "Films" }>): boolean =>
  films.length + unreadable < (lastPage > 1 ? filmsOnPage : (stated.films ?? 0))

/** A page small enough to be judged by the ten thousand, and one of full size. */
const pagesOf = (generation: Generation): ReadonlyArray<string> => {
  const one = generateWorld({ members: 14, mostFilms: 300 }).members.find(({ films }) => films.length > 150)
  if (one === undefined) throw new Error("no member with more than 150 films")
  const member = { ...one, username: "karsten", displayName: "Karsten" }
  const some = { ...member, films: one.films.slice(0, 5) }
  return [
    filmsPage({ member: some, films: some.films, listing: "", number: 1, generation }),
    filmsPage({ member, films: one.films, listing: "", number: 1, generation })
  ]
}

const mutations = randomCases("mutated films pages", { full: 100_000, fullSeed: 2026, most: 5_000 })
const mutationsOf = Math.ceil(mutations.count / generations.length)

describe(`${mutations.count.toLocaleString("en-US")} films pages mutated at random`, () => {
  it.each(generations)(
    "give a verdict, and never a wrong rating that is not noticed: %s",
    async (generation) => {
      const random = randomFrom(mutations.seed)
      const [small = "", large = ""] = pagesOf(generation)
      const verdicts = new Map<string, number>()
      const truths = new Map([small, large].map((html) => [html, ratingsOf(judge(html))]))
      let longest = 0
      for (let i = 0; i < mutationsOf; i++) {
        // The test runner wants to hear of us now and then.
        if (i % 1_000 === 0) await setImmediate()
        const html = i % 40 === 0 ? large : small
        const mutated = mutate(html, random)
        const started = performance.now()
        const verdict = judge(mutated.html)
        longest = Math.max(longest, performance.now() - started)
        verdicts.set(verdict._tag, (verdicts.get(verdict._tag) ?? 0) + 1)
        const truth = truths.get(html) ?? new Map()
        for (const [id, rating] of ratingsOf(verdict)) {
          const right = truth.get(id)
          if (rating === right || !truth.has(id)) continue
          // Bytes cut out where two tiles look alike leave a page in which nothing is wrong but that something is missing.
          // That is noticed, and the member not sealed. A rating cut out as a whole leaves an unrated film.
          if (
            mutated.name === "bytes cut" &&
            ((verdict._tag === "Films" && isShort(verdict)) || (rating === undefined && /rated-\d/u.test(mutated.cut)))
          )
            continue
          assert.fail(
            `${mutated.name} (mutation ${i}): film ${id} has ${rating}, not ${right}: ${mutated.cut.slice(0, 200)}`
          )
        }
      }
      assert.isTrue([...verdicts.keys()].every((tag) => tag in tags))
      // Mutations that are never noticed, or always, would prove nothing.
      for (const tag of ["Films", "MarkupChanged", "Truncated"])
        assert.isAbove(verdicts.get(tag) ?? 0, mutations.count / 2_000, tag)
      assert.isBelow(longest, 2_000)
    },
    400_000
  )
})

describe("members pages and refusals mutated at random", () => {
  const world = generateWorld({ members: 70 })
  const listed = new Set(world.members.map(({ username }) => username))

  it("give a verdict, and never a member that is not on the page", async () => {
    const { count, seed } = randomCases("mutated members pages", { full: 3_000, fullSeed: 7, most: 600 })
    const random = randomFrom(seed)
    const pages = [
      membersPage(world.members, "/members/popular/", 1, true),
      membersPage(world.members, "/members/popular/", 2, false)
    ]
    const verdicts = new Map<string, number>()
    for (let i = 0; i < count; i++) {
      if (i % 100 === 0) await setImmediate()
      const mutated = mutate(pages[i % 2] ?? "", random)
      const judged = judgeMembersResponse(answer(mutated.html))
      verdicts.set(judged._tag, (verdicts.get(judged._tag) ?? 0) + 1)
      if (judged._tag !== "Members" || mutated.name === "bytes cut" || mutated.name === "entity put in") continue
      for (const { username } of judged.members) assert.isTrue(listed.has(username), `${mutated.name}: ${username}`)
    }
    for (const tag of ["Members", "Refused"]) assert.isAbove(verdicts.get(tag) ?? 0, 50, tag)
  }, 400_000)

  it("are never taken for films, whatever their status", () => {
    const { count, seed } = randomCases("mutated refusals", { full: 4_000, fullSeed: 3, most: 1_000 })
    const random = randomFrom(seed)
    const pages = [notFoundPage(), privatePage(), wallPage("challenge"), wallPage("denied")]
    for (let i = 0; i < count; i++) {
      const body = mutate(pages[i % 4] ?? "", random).html
      const status = [200, 403, 404, 429, 500][random(5)] ?? 200
      const verdict = judgeFilmsResponse({ username: karsten, page: 1, listing: "films" }, { ...answer(body), status })
      assert.notInclude(["Films", "NoFilms", "PastTheEnd"], verdict._tag)
    }
  }, 60_000)
})

describe("pages of absurd shapes", () => {
  it("are not asked for by the million", () => {
    const html = pagesOf("2026-09")[1]?.replace(/>3<\/a>/u, ">99999999</a>") ?? ""
    assert.strictEqual(judge(html)._tag, "MarkupChanged")
  })

  const [page = ""] = pagesOf("2026-09")
  const deep = "<div>".repeat(10_000)
  const shapes: Readonly<Record<string, () => string>> = {
    "nested 10,000 deep before the list": () => page.replace("<body", `${deep}<body`),
    "nested 10,000 deep in a tile": () => page.replace("<img", `${deep}<img`),
    "nested 10,000 deep after the list": () => page.replace("</body>", `${deep}</body>`),
    "nothing but 10,000 elements deep": () => `<html><body>${deep}</body></html>`,
    "nested as deep as a page of 16 MB can be": () => page.replace("<body", `${"<i>".repeat(5_500_000)}<body`),
    "10,000 lists deep": () => page.replace("<ul", `${'<ul><li class="griditem">'.repeat(10_000)}<ul`),
    "50 MB of one line": () => page.replace("</body>", `${"x".repeat(50_000_000)}</body>`),
    "50 MB in one attribute": () => page.replace("<body", `<div title="${"9".repeat(50_000_000)} films"></div><body`),
    "a million open brackets": () => page.replace("</body>", `${"<".repeat(1_000_000)}</body>`),
    "a million titles that do not end": () => page.replace("<title", "<title ".repeat(1_000_000)),
    "a last page beyond counting": () =>
      page.replace(/(<li class="paginate-page[^>]*>.*?>)(\d+)(?=<)/gu, `$1${"9".repeat(200)}`),
    "a number of films beyond counting": () =>
      page.replaceAll(/"[\d,.]+(?=(?:&nbsp;|\s)films")/gu, `"${"9".repeat(400)}`),
    "a million attributes": () => page.replace("<body", `<div ${"a=1 ".repeat(1_000_000)}></div><body`),
    "an identifier 100,000 brackets deep": () =>
      page.replaceAll(
        /data-postered-identifier='[^']*'|data-postered-identifier="[^"]*"/gu,
        `data-postered-identifier='${"[".repeat(100_000)}'`
      )
  }
  it.each(sample("pages of absurd shapes", Object.keys(shapes), 3))(
    "give a verdict in time: %s",
    (name) => {
      const html = shapes[name]?.() ?? ""
      const truth = ratingsOf(judge(page))
      const before = process.memoryUsage().rss
      const started = performance.now()
      const verdicts = [
        judge(html),
        ...[403, 404, 500].map((status) =>
          judgeFilmsResponse({ username: karsten, page: 1, listing: "films" }, { ...answer(html), status })
        )
      ]
      const members = judgeMembersResponse(answer(html))
      assert.isBelow(performance.now() - started, 20_000)
      assert.isBelow(process.memoryUsage().rss - before, 1_500_000_000)
      assert.isTrue(verdicts.every(({ _tag }) => _tag in tags))
      assert.strictEqual(members._tag, "Refused")
      for (const verdict of verdicts) {
        for (const [id, rating] of ratingsOf(verdict)) assert.strictEqual(rating, truth.get(id))
      }
    },
    60_000
  )
})
