import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { RatingsStorage } from "@letterboxd-ratings/core"
import { reportMark, reportOnDataset, reportOnMember } from "@letterboxd-ratings/report"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { parseHTML } from "linkedom"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { hostile, hostileDataset, hostileMembers } from "./HostileDataset.ts"
import { fill, filled, username } from "./ReportedDataset.ts"

const options = { tool: "letterboxd-ratings test", madeAt: DateTime.unsafeMake(Date.UTC(2026, 5, 1)) }

/** What a page must be, whatever its dataset is: nothing that runs, is loaded, or is styled by others. */
const assertHarmless = (page: string): Document => {
  assert.isTrue(page.startsWith(reportMark))
  const { document } = parseHTML(page)
  assert.lengthOf(
    document.querySelectorAll("script, img, iframe, object, embed, link, base, form, foreignObject, use"),
    0
  )
  assert.lengthOf(document.querySelectorAll("style"), 1)
  for (const element of document.querySelectorAll("*"))
    for (const { name, value } of element.attributes) {
      assert.notMatch(name, /^(?:on|style$|src|xlink)/iu)
      if (name === "href") assert.match(value, /^#[a-z]+$/u)
      assert.notInclude(value, "url(")
    }
  assert.notInclude(page.replaceAll("http://www.w3.org/", ""), "http://")
  assert.include(page, "default-src &apos;none&apos;")
  for (const figure of document.querySelectorAll("figure")) {
    assert.isNotEmpty(figure.querySelector("h3")?.textContent)
    assert.isNotNull(figure.querySelector("details table th[scope=col]"))
    assert.isNotNull(figure.querySelector("details table th[scope=row]"))
    for (const svg of figure.querySelectorAll("svg")) {
      assert.strictEqual(svg.getAttribute("aria-label"), figure.querySelector("h3")?.textContent)
      assert.isNotNull(svg.getAttribute("viewBox"))
    }
  }
  assert.notMatch(document.body.textContent ?? "", /NaN|undefined|Infinity|\[object/u)
  return document
}

describe("a report", () => {
  it.effect("shows hostile titles and sources as texts", () =>
    Effect.gen(function* () {
      const storage = yield* hostileDataset
      const { page } = yield* reportOnDataset(storage, options)
      const document = assertHarmless(page)
      const names = [...document.querySelectorAll("bdi")].map(({ textContent }) => textContent)
      for (const title of hostile.filter((one) => one.length < 100)) assert.include(names, title)
      assert.isTrue(names.every((name) => [...name].length <= 121))
      assert.include(document.body.textContent, "<script>globalThis.ran = true</script>")
      const member = yield* reportOnMember(storage, username("member_3"), options)
      assertHarmless(member.page)
    })
  )

  it.effect("has a picture for everything, with the numbers behind it", () =>
    Effect.gen(function* () {
      const { page } = yield* reportOnDataset(yield* hostileDataset, options)
      const document = assertHarmless(page)
      const ids = [...document.querySelectorAll("main > section")].map(({ id }) => id)
      assert.deepStrictEqual(ids, ["ratings", "films", "decades", "members", "shape", "growth", "proof", "card"])
      assert.deepStrictEqual(
        [...document.querySelectorAll("nav a")].map((link) => link.getAttribute("href")),
        ids.map((id) => `#${id}`)
      )
      assert.isAtLeast(document.querySelectorAll("figure").length, 10)
      assert.isAtMost(page.length, 400_000)
    })
  )

  it.effect("is made of a dataset without members, of one without ratings, and of one rating", () =>
    Effect.gen(function* () {
      const film = { id: 1, slug: "one", title: "One" }
      for (const members of [
        [],
        [{ name: "ann", ratings: [], record: { state: "private" as const } }],
        [{ name: "ann", ratings: [{ film, stars: 5 }] }],
        [
          { name: "ann", ratings: [{ film, stars: 5 }] },
          { name: "bob", ratings: [{ film, stars: 5 }] }
        ]
      ]) {
        const storage = yield* filled((commit) => commit(1, members))
        const { numbers, page } = yield* reportOnDataset(storage, options)
        assertHarmless(page)
        assert.strictEqual(numbers.ratings, members.flatMap(({ ratings }) => ratings).length)
        if (numbers.ratings > 0) assertHarmless((yield* reportOnMember(storage, username("ann"), options)).page)
      }
    })
  )

  it.effect("fails for a member that is not there or has no ratings", () =>
    Effect.gen(function* () {
      const storage = yield* filled((commit) => commit(1, [{ name: "ann", ratings: [] }]))
      const reasonOf = (name: string) =>
        Effect.map(Effect.flip(reportOnMember(storage, username(name), options)), (error) =>
          error._tag === "MemberNotReported" ? error.reason : error._tag
        )
      assert.strictEqual(yield* reasonOf("bob"), "NotInDataset")
      assert.strictEqual(yield* reasonOf("ann"), "NoRatings")
    })
  )

  it.effect("without names shows neither names nor times of readings", () =>
    Effect.gen(function* () {
      const storage = yield* hostileDataset
      const salted = (salt: string) =>
        Effect.map(reportOnDataset(storage, { ...options, salt: Redacted.make(salt) }), ({ page }) => page)
      const page = yield* salted("pepper")
      const document = assertHarmless(page)
      assert.notInclude(page, "member_")
      assert.notInclude(page, "12:00")
      assert.isNull(document.querySelector("#growth"))
      assert.match(document.body.textContent ?? "", /member \d+/u)
      assert.strictEqual(page, yield* salted("pepper"))
      assert.notStrictEqual(page, yield* salted("salt"))
    })
  )

  it.live("is the same from every storage", () =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-report-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
      const pages = yield* Effect.forEach(
        [
          Effect.succeed(MemoryStorage.make({ place: "dataset" })),
          Effect.provide(
            RatingsStorage,
            CsvStorage.layer({ ...CsvStorage.defaults, folder: path.join(folder, "data") })
          )
        ],
        (make) =>
          Effect.gen(function* () {
            const storage = yield* fill(yield* make, (commit) =>
              commit(1, hostileMembers, ["rated_on", "liked", "provenance"])
            )
            const whole = yield* reportOnDataset(storage, options)
            const member = yield* reportOnMember(storage, username("member_3"), options)
            return [whole.page, member.page]
          })
      )
      assert.deepStrictEqual(pages[0], pages[1])
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(NodeContext.layer, NodeProcessTable.layer)))
  )
})
