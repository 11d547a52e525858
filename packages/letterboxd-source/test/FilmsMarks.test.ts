/** Pages on which the marks of tiles, wrappers, lists and counts disagree, made at random. */
import { assert, describe, it } from "@effect/vitest"
import { UsernameFromText } from "@letterboxd-ratings/core"
import { filmsPage, generateWorld, generations, type WorldTile } from "@letterboxd-ratings/fixtures"
import { judgeFilmsResponse, type PageVerdict } from "@letterboxd-ratings/letterboxd-source"
import { Schema } from "effect"
import * as fc from "fast-check"
import { setImmediate } from "node:timers/promises"
import { randomCases } from "../../../vitest.sample.ts"

const karsten = Schema.decodeSync(UsernameFromText)("karsten")
const judge = (body: string, page = 1, listing: "films" | "rated" = "films"): PageVerdict =>
  judgeFilmsResponse(
    { username: karsten, page, listing },
    {
      url: "https://letterboxd.com/karsten/films/",
      status: 200,
      headers: { "content-type": "text/html;charset=UTF-8" },
      body,
      now: 0
    }
  )

const all = generateWorld({ members: 14, mostFilms: 300 }).members.flatMap(({ films }) => films)
const films: ReadonlyArray<WorldTile> = [...new Map(all.map((watched) => [watched.film.id, watched])).values()].slice(
  0,
  400
)
const others: ReadonlyArray<WorldTile> = films.slice(300)

/** A page as the sandbox shows it, its list as items of text. */
const parts = (from: number, count: number, number: number, generation: (typeof generations)[number]) => {
  const shown = films.slice(from, from + count)
  const html = filmsPage({
    member: { username: "karsten", displayName: "Karsten", state: "public", films: shown },
    films: shown,
    listing: "",
    number,
    generation
  })
  const items = html.match(/<li class="(?:griditem|poster-container)">[^]*?<\/li>/gu) ?? []
  const start = items[0] === undefined ? 0 : html.indexOf(items[0])
  const last = items.at(-1) ?? ""
  return {
    before: html.slice(0, start),
    items,
    after: html.slice(html.lastIndexOf(last) + last.length),
    shown: shown.slice((number - 1) * 72, number * 72)
  }
}

/** What may happen to one item. Each leaves at least one mark of the film on the page. */
const itemChanges: Readonly<Record<string, (item: string) => string>> = {
  none: (item) => item,
  "another class": (item) => item.replace(/class="(?:griditem|poster-container)"/u, `class="listitem"`),
  "no class": (item) => item.replace(/ class="(?:griditem|poster-container)"/u, ""),
  "a div": (item) => item.replace(/^<li/u, "<div").replace(/<\/li>$/u, "</div>"),
  "an article in a row": (item) =>
    `<div class="row">${item.replace(/^<li/u, "<article").replace(/<\/li>$/u, "</article>")}</div>`,
  "in a row": (item) => `<div class="row">${item}</div>`,
  "no ids": (item) =>
    item
      .replaceAll(/ data-(?:film-id|item-uid)="[^"]*"/gu, "")
      .replaceAll(/ data-postered-identifier=(?:'[^']*'|"[^"]*")/gu, ""),
  "no slug": (item) => item.replaceAll(/ data-(?:item|film)-slug="[^"]*"/gu, ""),
  "no viewing data": (item) => item.replace(/<p class="poster-viewingdata[^]*?<\/p>/u, ""),
  "viewing data of another class": (item) => item.replace("poster-viewingdata", "viewing"),
  empty: (item) => item.replace(/>[^]*<\/li>$/u, "></li>"),
  "stars only": (item) => item.replaceAll(/ rated-\d+/gu, ""),
  "half a character": (item) => item.replaceAll(/ (data-item-full-display-name|alt)="/gu, ` $1="\uD800`),
  "another identifier": (item) => item.replaceAll(/film:(\d)/gu, "film:9$1").replace(/film:9/u, "film:")
}
const changeNames = Object.keys(itemChanges)

/** Where somebody else's films stand. */
const foreign: Readonly<Record<string, (grid: string, beside: string) => string>> = {
  nowhere: (grid) => grid,
  "in the sidebar": (grid, beside) => `${grid}<aside class="sidebar"><ul class="grid">${beside}</ul></aside>`,
  "in a sidebar before the list": (grid, beside) =>
    `<div class="sidebar"><ul class="poster-list">${beside}</ul></div>${grid}`,
  "in the footer": (grid, beside) => `${grid}<footer><ul class="grid">${beside}</ul></footer>`,
  "in another list": (grid, beside) => `${grid}<section class="section"><ul class="grid">${beside}</ul></section>`,
  "in a list before": (grid, beside) => `<ul class="poster-list -p70">${beside}</ul>${grid}`,
  "in no list": (grid, beside) => `${grid}<div class="posters">${beside}</div>`
}
const places = Object.keys(foreign)

const totals: Readonly<Record<string, (html: string, count: number) => string>> = {
  right: (html) => html,
  absent: (html) => html.replaceAll(/ (?:data-original-)?title="[\d,]+&nbsp;films?"/gu, ""),
  wrong: (html, count) => html.replaceAll(/"[\d,]+(&nbsp;films?")/gu, `"${count + 5}$1`),
  late: (html) => {
    const heading = /<div id="content-nav"[^]*?<\/div>/u.exec(html)?.[0] ?? ""
    return html.replace(heading, "").replace("</body>", `${heading}</body>`)
  }
}

describe("films pages whose marks disagree", () => {
  it("give all films, or say how many are missing, and never a foreign one", async () => {
    const { count: numRuns, seed } = randomCases("films pages whose marks disagree", {
      full: 2_000,
      fullSeed: 9,
      most: 800
    })
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          generation: fc.constantFrom(...generations),
          count: fc.integer({ min: 1, max: 80 }),
          number: fc.integer({ min: 1, max: 2 }),
          change: fc.constantFrom(...changeNames),
          changed: fc.oneof(fc.constantFrom(0, 1, 2, 3, 1_000), fc.integer({ min: 0, max: 72 })),
          from: fc.nat(71),
          place: fc.constantFrom(...places),
          strangers: fc.integer({ min: 1, max: 5 }),
          total: fc.constantFrom(...Object.keys(totals)),
          listing: fc.constantFrom("films" as const, "rated" as const)
        }),
        async ({ change, changed, count, from, generation, listing, number, place, strangers, total }) => {
          // The test runner wants to hear of us now and then.
          await setImmediate()
          const page = parts(from, count, number > Math.ceil(count / 72) ? 1 : number, generation)
          const start = from % page.items.length
          const items = page.items.map((item, i) =>
            i >= start && i < start + changed ? (itemChanges[change]?.(item) ?? item) : item
          )
          const beside = parts(0, 1, 1, generation).items.flatMap((item) =>
            others
              .slice(0, strangers)
              .map(({ film }) =>
                item.replaceAll(`${films[0]?.film.id}`, `${film.id}`).replaceAll(films[0]?.film.slug ?? " ", film.slug)
              )
          )
          const open =
            /<(?:div class="poster-grid"><)?ul class="(?:poster-list|grid)[^"]*">\s*$/u.exec(page.before)?.[0] ?? ""
          const close = /^\s*<\/ul>(?:<\/div>)?/u.exec(page.after)?.[0] ?? ""
          const list = foreign[place]?.(`${open}${items.join("\n")}${close}`, beside.join("\n")) ?? ""
          const html =
            totals[total]?.(
              `${page.before.slice(0, page.before.length - open.length)}${list}${page.after.slice(close.length)}`,
              count
            ) ?? ""
          const verdict = judge(html, number, listing)
          seen.set(`${place}: ${verdict._tag}`, (seen.get(`${place}: ${verdict._tag}`) ?? 0) + 1)
          if (verdict._tag !== "Films") return verdict._tag === "MarkupChanged"
          const truth = new Map(page.shown.map(({ film, rating }) => [film.id, rating]))
          const isTrue = verdict.films.every(({ film, rating }) => truth.has(film.id) && truth.get(film.id) === rating)
          const isWhole = verdict.films.length + verdict.unreadable >= page.shown.length
          return isTrue && isWhole && verdict.films.length <= page.shown.length
        }
      ),
      { numRuns, seed }
    )
    // What is never read, or always, would prove nothing.
    const isNear = (place: string) => place.startsWith("in another") || place.startsWith("in a list")
    for (const place of places) {
      assert.strictEqual(seen.has(`${place}: Films`), !isNear(place), place)
      assert.isAbove(seen.get(`${place}: MarkupChanged`) ?? 0, numRuns / 100, place)
    }
  }, 240_000)

  it("are read whole where only wrappers differ", () => {
    for (const generation of generations) {
      for (const change of ["another class", "no class", "a div", "in a row"]) {
        for (const count of [1, 4, 72]) {
          const page = parts(0, count, 1, generation)
          const items = page.items.map((item, i) => (i % 4 === 3 ? item : (itemChanges[change]?.(item) ?? item)))
          const verdict = judge(`${page.before}${items.join("")}${page.after}`)
          assert(verdict._tag === "Films", `${generation}, ${count} items, ${change}: ${JSON.stringify(verdict)}`)
          assert.deepStrictEqual(
            [verdict.films.length, verdict.unreadable],
            [count, 0],
            `${generation}, ${count} items, ${change}`
          )
        }
      }
    }
  }, 60_000)
})
