/**
 * What a page is, as `lb` reads it: what a bug report needs, and nothing of the user.
 *
 * @since 0.1.0
 */
import { displayName, formatRating, type WatchedFilm } from "@letterboxd-ratings/core"
import { PageAddress, pageAddress } from "@letterboxd-ratings/letterboxd-import"
import {
  judgeFilmsResponse,
  judgeMembersResponse,
  markupOf,
  type PageResponse,
  pageTitle,
  type PageVerdict,
  parseFilmsPage
} from "@letterboxd-ratings/letterboxd-source"
import { Option } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { factLines, firstOf, type Inspected } from "../inspect/Inspected.ts"
import { count } from "../progress/RunWords.ts"
import { printable } from "../Shown.ts"

/** The headers that say something about the page. None identifies the user, as cookies do. */
const toldHeaders = [
  "content-type",
  "content-length",
  "content-encoding",
  "location",
  "retry-after",
  "cf-mitigated",
  "server",
  "date"
]

/** What is wrong with tiles is told of so many. */
const mostUnreadable = 5

const filmLine = ({ film, liked, rating }: WatchedFilm): string =>
  printable(
    `${rating === undefined ? " - " : formatRating(rating)}  ${displayName(film)} (film:${film.id}${film.slug === undefined ? "" : `, ${film.slug}`})${liked === true ? ", liked" : ""}`
  )

/** The parts of a verdict that are short. */
const detailsOf = (verdict: PageVerdict): Readonly<Record<string, unknown>> => {
  const details: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(verdict)) if (name !== "_tag" && name !== "films") details[name] = value
  return details
}

const wordsOf = (details: Readonly<Record<string, unknown>>): string | undefined => {
  const words = Object.entries(details).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`
  )
  return words.length === 0 ? undefined : printable(words.join(", "))
}

interface Judged {
  readonly verdict: string
  readonly details: Readonly<Record<string, unknown>>
  readonly films?: ReadonlyArray<WatchedFilm>
  readonly members?: ReadonlyArray<string>
  readonly unreadable: ReadonlyArray<string>
}

/** The verdict of a run on the page. */
const judge = (address: PageAddress | undefined, response: PageResponse): Judged => {
  if (address === undefined)
    return { verdict: "none", details: { why: "lb reads no pages with this address" }, unreadable: [] }
  if (address._tag === "Films") {
    const verdict = judgeFilmsResponse(
      { username: address.username, page: address.number, listing: address.listing },
      response
    )
    return {
      verdict: verdict._tag,
      details: detailsOf(verdict),
      ...(verdict._tag === "Films" ? { films: verdict.films } : {}),
      unreadable: parseFilmsPage(response.body).unreadable.slice(0, mostUnreadable)
    }
  }
  const verdict = judgeMembersResponse(response)
  switch (verdict._tag) {
    case "Members":
      return {
        verdict: "Members",
        details: { hasNext: verdict.hasNext },
        members: verdict.members.map(({ username }) => username),
        unreadable: verdict.unreadable.slice(0, mostUnreadable)
      }
    case "PastTheEnd":
      return { verdict: "PastTheEnd", details: {}, unreadable: [] }
    case "Refused":
      return { verdict: verdict.verdict._tag, details: detailsOf(verdict.verdict), unreadable: [] }
  }
}

const whatIs = (address: PageAddress | undefined): string =>
  address === undefined
    ? "unknown"
    : PageAddress.$match(address, {
        Films: ({ listing, number, username }) =>
          `page ${number} of the ${listing === "rated" ? "rated films" : "films"} of ${username}`,
        Members: ({ list, number }) => `page ${number} of the members list (${list})`
      })

/**
 * Judges a page as a run would. `place` is the file or the address it comes from.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgedPage = (place: string, response: PageResponse, baseUrls: ReadonlyArray<string>): Inspected => {
  const address = Option.getOrUndefined(pageAddress(response.url, baseUrls))
  const { details, films, members, unreadable, verdict } = judge(address, response)
  const { generation, marks } = markupOf(response.body)
  const headers = Object.fromEntries(
    toldHeaders.flatMap((name) => {
      const value = response.headers[name]
      return value === undefined ? [] : [[name, value.slice(0, 500)] as const]
    })
  )
  const title = pageTitle(response.body).slice(0, 200)
  const seen = Object.entries(marks).filter(([, n]) => n > 0)
  const rated = films?.filter(({ rating }) => rating !== undefined).length ?? 0
  const lines = [
    ...factLines([
      ["page", printable(place)],
      ["address", place === response.url ? undefined : response.url === "" ? "unknown" : printable(response.url)],
      ["what", whatIs(address)],
      ["status", String(response.status)],
      ["headers", wordsOf(headers)],
      ["length", `${count(response.body.length, "character")}`],
      ["title", title === "" ? "none" : printable(title)],
      ["verdict", verdict],
      ["details", wordsOf(details)],
      ["films", films === undefined ? undefined : `${films.length} (${rated} rated)`],
      ["members", members === undefined ? undefined : String(members.length)],
      ["unreadable", unreadable.length === 0 ? undefined : printable(unreadable.join("; "))],
      ["generation", generation ?? "unknown"],
      ["marks", seen.length === 0 ? "none" : seen.map(([name, n]) => `${name} ${n}`).join(", ")],
      ["tool", `lb ${packageJson.version}, node ${process.versions.node}`]
    ]),
    ...(films === undefined || films.length === 0 ? [] : ["", "Films:", ...firstOf(films, filmLine)]),
    ...(members === undefined || members.length === 0 ? [] : ["", "Members:", ...firstOf(members, (name) => name)])
  ]
  return {
    lines: () => lines,
    json: {
      place,
      url: response.url,
      what: whatIs(address),
      status: response.status,
      headers,
      length: response.body.length,
      title,
      verdict,
      details,
      ...(films === undefined ? {} : { films }),
      ...(members === undefined ? {} : { members }),
      unreadable,
      ...(generation === undefined ? {} : { generation }),
      marks,
      tool: `lb ${packageJson.version}`,
      node: process.versions.node
    }
  }
}
