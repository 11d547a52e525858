/**
 * The response end of a members page.
 *
 * @since 0.1.0
 */
import { type MemberListing, UsernameFromText } from "@letterboxd-ratings/core"
import { Data, Option, Schema } from "effect"
import { readDocument } from "../BoundedParsing.ts"
import { type PageResponse, pageTitle, reachesEnd } from "../PageResponse.ts"
import { PageVerdict } from "../PageVerdict.ts"
import { beyondBounds, judgeRefusal, tooDeep } from "../Refusal.ts"

/**
 * A page of the members list: its members in order, and whether another page follows; `unreadable` says of each row
 * that names nobody what is wrong with it. `Refused` carries the verdict any page of the site can get.
 *
 * @since 0.1.0
 * @category models
 */
export type MembersVerdict = Data.TaggedEnum<{
  Members: {
    readonly members: ReadonlyArray<MemberListing>
    readonly hasNext: boolean
    readonly unreadable: ReadonlyArray<string>
  }
  PastTheEnd: {}
  Refused: { readonly verdict: PageVerdict }
}>

/**
 * Creates, distinguishes and matches verdicts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const MembersVerdict = Data.taggedEnum<MembersVerdict>()

/** A full page has 30 rows. */
const mostRows = 1_000

/** Up to so many unreadable rows, or a tenth of all, are a fault of these rows; beyond it, the markup counts as changed. */
const mostOddRows = 2
const mostOddShare = 0.1

const decodeUsername = Schema.decodeUnknownOption(UsernameFromText)

const refused = (verdict: PageVerdict) => MembersVerdict.Refused({ verdict })

/**
 * Judges the response to a request for a members page. Every row of the table counts: one without a readable name is
 * told as unreadable, and a page with many of them, or with nobody else, is `MarkupChanged`. Pure; about 10 ms for a
 * real page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeMembersResponse = (response: PageResponse): MembersVerdict => {
  const document = Option.map(readDocument(response.status === 200 ? response.body : ""), ($) => ({
    $,
    rows: $("table")
      .filter(".member-table, .person-table")
      .find("tr")
      .filter((_, row) => $(row).children("td").length > 0)
  }))
  const refusal = judgeRefusal(
    response,
    Option.exists(document, ({ rows }) => rows.length > 0)
  )
  if (Option.isSome(refusal)) return refused(refusal.value)
  if (Option.isNone(document)) return refused(tooDeep)
  const { $, rows } = document.value
  if (!reachesEnd(response.body)) {
    return refused(PageVerdict.Truncated({ bytes: response.body.length }))
  }
  const hasNext = $(".paginate-nextprev a.next").length > 0
  if (rows.length === 0) {
    return $(".paginate-nextprev a.previous").length > 0 && !hasNext
      ? MembersVerdict.PastTheEnd()
      : refused(
          PageVerdict.MarkupChanged({
            selector: "table.member-table td.table-person",
            evidence: `no members on the page titled "${pageTitle(response.body).slice(0, 100)}"`
          })
        )
  }
  if (rows.length > mostRows) return refused(beyondBounds(`${mostRows} rows`))
  const members: Array<MemberListing> = []
  const unreadable: Array<string> = []
  for (const [i, row] of rows.toArray().entries()) {
    const href = $(row).children("td.table-person").find("h3.title-3 > a.name").attr("href")
    const username = decodeUsername(/^\/([^/]+)\/$/u.exec(href ?? "")?.[1])
    if (Option.isNone(username)) {
      unreadable.push(`row ${i + 1} of ${rows.length} names no member (${href?.slice(0, 60) ?? "no link"})`)
      continue
    }
    // Until 2025-09 the column had no class of its own.
    const watched = $(row).find("td.col-watched a, td.table-stats a.icon-watched").first().text()
    const films = Number(watched.replaceAll(/[^\d]/gu, ""))
    members.push({ username: username.value, ...(watched === "" || !Number.isSafeInteger(films) ? {} : { films }) })
  }
  const isChanged =
    unreadable.length > Math.max(mostOddRows, rows.length * mostOddShare) || (members.length === 0 && hasNext)
  return isChanged
    ? refused(
        PageVerdict.MarkupChanged({
          selector: "td.table-person h3.title-3 > a.name[href]",
          evidence: unreadable[0] ?? ""
        })
      )
    : MembersVerdict.Members({ members, hasNext, unreadable })
}
