/**
 * The table of `docs/verdicts.md`, made by the code it describes. `pnpm vitest run -u test/VerdictsDocument.test.ts`
 * writes it again.
 */
import { type ListPart, missingReason, Username } from "@letterboxd-ratings/core"
import {
  filmsPage,
  generateWorld,
  notFoundPage,
  privatePage,
  wallPage,
  type WorldMember
} from "@letterboxd-ratings/fixtures"
import {
  judgeFilmsResponse,
  type PageResponse,
  PageVerdict,
  partFromVerdict
} from "@letterboxd-ratings/letterboxd-source"
import { assert, describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { exitCodeOfSourceError } from "../src/ExitCode.ts"

const someone = generateWorld({ members: 14, mostFilms: 300 }).members.find(({ films }) => films.length > 150)
if (someone === undefined) throw new Error("no member with more than 150 films")
const member: WorldMember = { ...someone, username: "karsten", displayName: "Karsten" }
const films = filmsPage({ member, films: member.films, listing: "", number: 1, generation: "2026-09" })
const none = { ...member, films: [] }
const noFilms = filmsPage({ member: none, films: [], listing: "", number: 1, generation: "2026-09" })
const someRatings = (count: number) => {
  let left = count
  return films.replaceAll(/rated-\d+/gu, (rating) => ((left -= 1) < 0 ? rating : "rated-11"))
}
const karsten = Schema.decodeSync(Username)("karsten")

const html = { "content-type": "text/html;charset=UTF-8", server: "cloudflare" }
const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): PageResponse => ({
  url: "https://letterboxd.com/karsten/films/",
  status,
  headers: { ...html, ...headers },
  body,
  now: Date.UTC(2026, 8, 1)
})

/** A response in words, and what it is; a verdict where there is no response. */
const responses: ReadonlyArray<readonly [string, PageResponse | PageVerdict]> = [
  ["200, a page of films", answer(200, films)],
  [
    "200, a page of films that names the challenge script",
    answer(200, films.replace("</body>", `<script src="/cdn-cgi/challenge-platform/x.js"></script></body>`))
  ],
  [
    "200, a page of films, up to two tiles or 2 % of the tiles with no usable id, an invalid name, an impossible rating or contradictory marks",
    answer(200, someRatings(2))
  ],
  ["200, a page of films with more such tiles", answer(200, someRatings(3))],
  [
    "200, a page of films, with other films in its sidebar",
    answer(
      200,
      filmsPage({
        member,
        films: member.films,
        listing: "",
        number: 1,
        generation: "2026-09",
        change: "sidebar-posters"
      })
    )
  ],
  [
    "200, two lists that could both be the member's",
    answer(200, films.replace("</ul></div>", `</ul></div><ul class="grid"></ul>`))
  ],
  [
    "200, a list of rated films whose tiles have no rating",
    answer(
      200,
      filmsPage({
        member,
        films: member.films,
        listing: "rated/.5-5/",
        number: 1,
        generation: "2026-09",
        change: "lost-ratings"
      })
    )
  ],
  ["200, a page that says, in any words, that there are no films", answer(200, noFilms)],
  [
    "200, a page that says that there are no films, but states a number of films",
    answer(200, noFilms.replace("0&nbsp;films", "7&nbsp;films"))
  ],
  ["200, a page of another member's films", answer(200, films.replace(/data-owner="[^"]*"/u, `data-owner="somebody"`))],
  [
    "200, an empty list that only links to earlier pages",
    answer(200, filmsPage({ member, films: member.films, listing: "", number: 99, generation: "2026-09" }))
  ],
  ["200, a list without films that does not say that it is empty", answer(200, noFilms.replace("empty-text", "text"))],
  [
    "200, another page of the site, or of another site",
    answer(200, "<html><head><title>Hello</title></head><body></body></html>")
  ],
  ["200, a page that is cut off", answer(200, films.slice(0, films.length / 2))],
  ["200, an empty body", answer(200, "")],
  ['200, "Just a moment..."', answer(200, wallPage("challenge"))],
  ["403, header cf-mitigated: challenge", answer(403, wallPage("challenge"), { "cf-mitigated": "challenge" })],
  ['403, "Access denied ... Cloudflare"', answer(403, wallPage("denied"))],
  ["403, Letterboxd's own page, in any words", answer(403, privatePage("classified"))],
  ["403, anything else", answer(403, "<html><body></body></html>")],
  ["404, Letterboxd's own page", answer(404, notFoundPage())],
  ["404, anything else", answer(404, "<html><body>nginx</body></html>")],
  ["301 to another member's films", answer(301, "", { location: "/somebody_else/films/" })],
  ["301 to anywhere else", answer(301, "", { location: "/sign-in/" })],
  ["429, Retry-After: 60", answer(429, "Too many requests", { "retry-after": "60" })],
  ["429 without Retry-After", answer(429, "Too many requests")],
  ["426", answer(426, "")],
  ["408, 425, 500, 502, 503, 520, 522 ...", answer(503, "")],
  ["no connection, a timeout, a reset", PageVerdict.Unavailable({ why: "the connection was reset" })],
  ["a body that is cut off or cannot be decompressed", PageVerdict.Truncated({ bytes: 0 })],
  ["a response of more than 16 MB", PageVerdict.Unavailable({ why: "the answer is larger than 16 MB" })]
]

const doing: Readonly<Record<PageVerdict["_tag"], string>> = {
  Films: "adds the films; the member is partial if a tile could not be read",
  NoFilms: "records the member as sealed, without films",
  PastTheEnd: "notes that the list became shorter, and reads another page to find its new end",
  MemberNotFound: "records the member as gone",
  MemberPrivate: "records the member as private",
  Renamed:
    "follows up to five new names, and records the member as renamed; a name of somebody who is left out (`lb forget`) is not followed; a loop or a longer chain is like Unavailable",
  RateLimited:
    "pauses all requests and slows down; retries up to `--max-retries` times, then requests the members list to see whether the limit is for all pages",
  Challenged: "never retries; stops the run, and saves the page in `diagnostics/`",
  Forbidden:
    "the page is missing, and saved in `diagnostics/`; stops the run if three members in a row are refused in this way",
  Unavailable:
    "retries up to `--max-retries` times if that can help; then the page is missing, and is read again at the end of the batch and by `--mode continue`",
  Truncated: "like Unavailable: never counts as the end of the list",
  MarkupChanged:
    "the page is missing, and saved in `diagnostics/`; stops the run and names the selector if three members in a row have such pages"
}

const partOf = (verdict: PageVerdict): ListPart =>
  partFromVerdict({ source: "letterboxd", url: "", username: karsten, number: 1 }, verdict)

const exitOf = (verdict: PageVerdict): string => {
  const { content } = partOf(verdict)
  switch (content._tag) {
    case "Films":
      return content.unreadable > 0 ? "2" : "0"
    case "Empty":
    case "Gone":
    case "Private":
      return "0"
    case "Renamed":
      return "0; 2 if no list is found"
    case "PastTheEnd":
      return "0; 2 if the list keeps changing"
    case "Missing": {
      const { error, extent } = content
      const code = exitCodeOfSourceError(error.reason)
      if (extent === "source") return `${code}`
      return extent === "perhaps-source" || missingReason(error) === "unavailable"
        ? `0 if a retry succeeds; 2 if the page stays missing; ${code} if all pages are affected`
        : `2; ${code} if several members are affected`
    }
  }
}

describe("docs/verdicts.md", () => {
  const judged = responses.map(([words, response]) => ({
    words,
    verdict:
      "status" in response && "body" in response
        ? judgeFilmsResponse(
            { username: karsten, page: 1, listing: words.includes("a list of rated films") ? "rated" : "films" },
            response
          )
        : response
  }))

  it("shows every verdict there is", () => {
    assert.deepStrictEqual(
      new Set(judged.map(({ verdict }) => verdict._tag)),
      new Set(Object.keys(doing)) as Set<PageVerdict["_tag"]>
    )
  })

  it("says what the code does", async () => {
    const rows = judged.map(
      ({ verdict, words }) => `| ${words} | \`${verdict._tag}\` | ${doing[verdict._tag]} | ${exitOf(verdict)} |`
    )
    await expect(`# Verdicts

How the tool interprets each response to a request for a films page, and what it does then. "No tiles found" is never a
verdict by itself: pages that are not understood have their own verdict. This table is generated from the code
(\`packages/cli/test/VerdictsDocument.test.ts\` fails if they differ).

| response | verdict | what the tool does | exit code |
|---|---|---|---|
${rows.join("\n")}

A member is sealed (complete) if all its pages are \`Films\` and agree with each other and with the numbers they state.
Otherwise the member is partial, with a list of the missing pages. A run that ends with partial members has exit code 2,
and \`lb run --mode continue\` requests only the missing pages.

When \`--max-requests\` or \`--max-time\` is reached, the run commits what it has and ends with exit code 2. A URL that
robots.txt forbids is not requested; the exit code is 1.
`).toMatchFileSnapshot("../../../docs/verdicts.md")
  })
})
