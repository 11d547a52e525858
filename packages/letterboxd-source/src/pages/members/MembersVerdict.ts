/**
 * The response end of a members page.
 *
 * @since 0.1.0
 */
import { type MemberListing, PageVerdict, UsernameFromText } from "@letterboxd-ratings/core"
import { Data, Option, Schema } from "effect"
import { readDocument } from "../BoundedParsing.ts"
import { type PageResponse, pageTitle, reachesEnd } from "../PageResponse.ts"
import { judgeRefusal, recogniseWall, tooDeep } from "../Refusal.ts"

/**
 * A page of the members list: its members in order, and whether another page follows. `Refused` carries the verdict
 * any page of the site can get.
 *
 * @since 0.1.0
 * @category models
 */
export type MembersVerdict = Data.TaggedEnum<{
  Members: { readonly members: ReadonlyArray<MemberListing>; readonly hasNext: boolean }
  PastTheEnd: {}
  Refused: { readonly verdict: PageVerdict }
}>

/**
 * Makes, tells apart and matches verdicts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const MembersVerdict = Data.taggedEnum<MembersVerdict>()

const decodeUsername = Schema.decodeUnknownOption(UsernameFromText)

const refused = (verdict: PageVerdict) => MembersVerdict.Refused({ verdict })

/**
 * Judges the response to a request for a members page. A row of the table without a readable name makes the page
 * `MarkupChanged`: a member that is passed over is lost without a word. Pure; about 10 ms for a real page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeMembersResponse = (response: PageResponse): MembersVerdict => {
  const refusal = judgeRefusal(response)
  if (Option.isSome(refusal)) return refused(refusal.value)
  const document = readDocument(response.body)
  if (Option.isNone(document)) return refused(tooDeep)
  const $ = document.value
  const title = pageTitle(response.body)
  const rows = $("table.member-table td.table-person, table.person-table td.table-person")
  const wall = recogniseWall(response.headers, title)
  if (Option.isSome(wall) && rows.length === 0) {
    return refused(PageVerdict.Challenged({ status: response.status, wall: wall.value }))
  }
  if (!reachesEnd(response.body)) {
    return refused(PageVerdict.Truncated({ bytes: response.body.length }))
  }
  const hasNext = $(".paginate-nextprev a.next").length > 0
  if (rows.length === 0) {
    return $(".paginate-nextprev a.previous").length > 0 && !hasNext
      ? MembersVerdict.PastTheEnd()
      : refused(PageVerdict.MarkupChanged({
        selector: "table.member-table td.table-person",
        evidence: `no members on the page titled "${title.slice(0, 100)}"`
      }))
  }
  const members: Array<MemberListing> = []
  for (const row of rows) {
    const href = $(row).find("h3.title-3 > a.name").attr("href")
    const username = decodeUsername(/^\/([^/]+)\/$/u.exec(href ?? "")?.[1])
    if (Option.isNone(username)) {
      return refused(PageVerdict.MarkupChanged({
        selector: "td.table-person h3.title-3 > a.name[href]",
        evidence: `row ${members.length + 1} of ${rows.length} names no member (${href ?? "no link"})`
      }))
    }
    // Until 2025-09 the column had no class of its own.
    const watched = $(row).parent().find("td.col-watched a, td.table-stats a.icon-watched").first().text()
    const films = Number(watched.replaceAll(/[^\d]/gu, ""))
    members.push({ username: username.value, ...(watched === "" || !Number.isInteger(films) ? {} : { films }) })
  }
  return MembersVerdict.Members({ members, hasNext })
}
