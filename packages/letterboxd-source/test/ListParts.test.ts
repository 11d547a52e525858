/** What a source gives for each verdict, and with it what a run does. */
import { assert, describe, it } from "@effect/vitest"
import { labelOf, missingReason, UsernameFromText } from "@letterboxd-ratings/core"
import { PageVerdict, partFromVerdict } from "@letterboxd-ratings/letterboxd-source"
import { Schema } from "effect"

const username = Schema.decodeSync(UsernameFromText)
const asked = {
  source: "letterboxd",
  url: "https://letterboxd.com/karsten/films/page/3/",
  username: username("karsten"),
  number: 3
}
const wall = { status: 403, wall: "test" }

describe("partFromVerdict", () => {
  it("tells facts about the list and the member", () => {
    const contents = (
      [
        PageVerdict.NoFilms(),
        PageVerdict.PastTheEnd(),
        PageVerdict.MemberNotFound(),
        PageVerdict.MemberPrivate(),
        PageVerdict.Renamed({ to: username("other") })
      ] as const
    ).map((verdict) => partFromVerdict(asked, verdict).content)
    assert.deepStrictEqual(
      contents.map(({ _tag }) => _tag),
      ["Empty", "PastTheEnd", "Gone", "Private", "Renamed"]
    )
    const films = { films: [], stated: { films: 7 }, unreadable: 2 }
    const { content } = partFromVerdict(asked, PageVerdict.Films({ ...films, lastPage: 4, fullPage: 72 }))
    assert.deepStrictEqual({ ...content }, { _tag: "Films", ...films, lastPart: 4, fullPart: 72 })
  })

  it("says why a part is missing, what else that concerns, and what the site calls it", () => {
    for (const [verdict, ...expected] of [
      [PageVerdict.Challenged(wall), "refused", "source", "Challenged"],
      [PageVerdict.RateLimited({}), "refused", "perhaps-source", "RateLimited"],
      [PageVerdict.Forbidden({ status: 403, why: "test" }), "refused", "part", "Challenged"],
      [PageVerdict.MarkupChanged({ selector: "li", evidence: "test" }), "not-understood", "part", "MarkupChanged"],
      [PageVerdict.Unavailable({ why: "test" }), "unavailable", "part", "Unreachable"],
      [PageVerdict.Truncated({ bytes: 10 }), "unavailable", "part", "Unreachable"]
    ] as const) {
      const part = partFromVerdict(asked, verdict)
      assert.strictEqual(labelOf(part), verdict._tag)
      assert(part.content._tag === "Missing")
      const { error, extent } = part.content
      assert.deepStrictEqual([missingReason(error), extent, error.reasonLabel], expected)
      assert.include(error.message, `(${asked.url})`)
      assert.include(error.message, "page 3 of karsten")
    }
  })

  it("says in words where a page is kept", () => {
    const { content } = partFromVerdict(asked, PageVerdict.Challenged({ ...wall, keptAt: "diagnostics/x.html" }))
    assert(content._tag === "Missing")
    assert.match(
      content.error.message,
      /official export\. The page and its headers are kept in diagnostics\/x\.html\.$/u
    )
  })
})
