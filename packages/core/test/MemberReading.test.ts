import { assert, describe, it } from "@effect/vitest"
import { judgeMember, type ListPart, PartContent } from "@letterboxd-ratings/core"
import * as fc from "fast-check"
import { filmsOnPage, limited, list, partOf, unavailable, username } from "./Worlds.ts"

const karsten = username("karsten")

const parts = (contents: ReadonlyArray<PartContent>): ReadonlyArray<ListPart> =>
  contents.map((content, i) => ({ username: karsten, number: i + 1, place: "memory:", content }))

const partsOfList = (count: number): Array<PartContent> =>
  Array.from({ length: Math.max(1, Math.ceil(count / filmsOnPage)) }, (_, i) => partOf(list(count), i + 1))

const judge = (contents: ReadonlyArray<PartContent>) => judgeMember(karsten, parts(contents))

describe("judgeMember", () => {
  it("seals a list that was read whole, of any length", () => {
    fc.assert(
      fc.property(fc.nat(40), (count) => {
        const reading = judge(partsOfList(count))
        assert.strictEqual(reading.state, "sealed")
        assert.strictEqual(reading.films.length, count)
      })
    )
  })

  it("never seals a list of which any page is missing, and names exactly those", () => {
    fc.assert(
      fc.property(fc.integer({ min: filmsOnPage + 1, max: 60 }), fc.infiniteStream(fc.boolean()), (count, lost) => {
        const contents = partsOfList(count)
        const missing: Array<number> = []
        for (let number = 2; number <= contents.length; number++) {
          if (lost.next().value === true) {
            contents[number - 1] = unavailable
            missing.push(number)
          }
        }
        const reading = judge(contents)
        assert.deepStrictEqual(reading.missing, missing)
        assert.strictEqual(reading.state, missing.length === 0 ? "sealed" : "partial")
        assert.deepStrictEqual(reading.again, [])
      })
    )
  })

  it("notices a film that was added or removed between two pages", () => {
    const before = list(9)
    const added = [...list(1, 100), ...before]
    const removed = before.slice(1)
    for (const after of [added, removed]) {
      const reading = judge([partOf(before, 1), partOf(after, 2), partOf(after, 3)])
      assert.strictEqual(reading.state, "partial")
      assert.include(reading.doubts, "list-moved")
      // Page 1 is the only one of the old list; the list of 10 films has a page that nobody asked for yet.
      assert.deepStrictEqual(reading.again, after === added ? [4] : [1])
    }
  })

  it("notices a film that came and one that went, which leaves all counts as they were", () => {
    const before = list(9)
    const after = [...list(1, 100), ...before.slice(0, 8)]
    const reading = judge([partOf(before, 1), partOf(after, 2), partOf(after, 3)])
    assert.include(reading.doubts, "list-moved")
    assert.strictEqual(reading.again, "all")
  })

  it("doubts a page before the last that is not full", () => {
    const [first, second, third] = partsOfList(9)
    if (first === undefined || second?._tag !== "Films" || third === undefined) throw new Error("three pages expected")
    const reading = judge([first, { ...second, films: second.films.slice(1) }, third])
    assert.include(reading.doubts, "short-page")
  })

  it("doubts a list that shows fewer films than it states", () => {
    const whole = partOf(list(3), 1)
    if (whole._tag !== "Films") throw new Error("a films page expected")
    const reading = judge([{ ...whole, films: whole.films.slice(1) }])
    assert.deepStrictEqual(reading.doubts, ["count-differs"])
  })

  it("does not seal a member with a tile that could not be read, and does not ask for it again", () => {
    const whole = partOf(list(3), 1)
    if (whole._tag !== "Films") throw new Error("a films page expected")
    const reading = judge([{ ...whole, films: whole.films.slice(1), unreadable: 1 }])
    assert.deepStrictEqual(reading.doubts, ["unreadable-tiles"])
    assert.deepStrictEqual(reading.again, [])
  })

  it("takes facts about the member for what they are", () => {
    const states = [
      PartContent.Empty(),
      PartContent.Gone(),
      PartContent.Private(),
      PartContent.Renamed({ to: username("other") }),
      limited,
      PartContent.PastTheEnd()
    ].map((content) => judge([content]).state)
    assert.deepStrictEqual(states, ["sealed", "gone", "private", "renamed", "partial", "partial"])
  })
})
