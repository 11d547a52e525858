import { assert, describe, it } from "@effect/vitest"
import {
  type FilmsContent,
  judgeCompletion,
  judgeMember,
  type ListPart,
  MemberRecord,
  mostParts,
  PartContent
} from "@letterboxd-ratings/core"
import { Schema } from "effect"
import * as fc from "fast-check"
import { filmsOnPage, limited, list, partOf, unavailable, username, watched } from "./Worlds.ts"

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

/** A part of a source that may say anything. */
const filmsPart = (number: number, ids: ReadonlyArray<number>, lastPart: number, stated?: number): ListPart => ({
  username: karsten,
  number,
  place: "memory:",
  content: PartContent.Films({
    films: ids.map((id) => watched(id, 4)),
    lastPart,
    stated: stated === undefined ? {} : { films: stated },
    unreadable: 0,
    fullPart: 0
  })
})
const otherPart = (number: number, content: PartContent): ListPart => ({
  username: karsten,
  number,
  place: "memory:",
  content
})

const numbersStated = fc.record({
  lastPart: fc.constantFrom(1, 2, 3, 1, 2, 3, 0, -1, Number.NaN, 1e9),
  stated: fc.constantFrom(undefined, undefined, 1, 2, 3, 4)
})
const films = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 3 })
const withoutFilms = fc.constantFrom(unavailable, PartContent.PastTheEnd(), PartContent.Empty())
/** What a part has, and whether it states other numbers than the parts before it. */
const told = fc.oneof(
  { weight: 8, arbitrary: films },
  { weight: 1, arbitrary: fc.record({ films, other: numbersStated }) },
  { weight: 1, arbitrary: withoutFilms }
)
const anyParts: fc.Arbitrary<ReadonlyArray<ListPart>> = fc
  .record({
    numbers: numbersStated,
    parts: fc.array(fc.record({ number: fc.integer({ min: 1, max: 3 }), told }), { minLength: 1, maxLength: 5 })
  })
  .map(({ numbers: { lastPart, stated }, parts: all }) =>
    all.map(({ number, told: content }) =>
      "_tag" in content
        ? otherPart(number, content)
        : "other" in content
          ? filmsPart(number, content.films, content.other.lastPart, content.other.stated)
          : filmsPart(number, content, lastPart, stated)
    )
  )

/** The parts with films that arrived since the list last stated other numbers. */
const currentParts = (all: ReadonlyArray<ListPart>): ReadonlyArray<FilmsContent> => {
  const current: Array<FilmsContent> = []
  for (const { content } of all) {
    if (content._tag !== "Films") continue
    const last = current.at(-1)
    if (last !== undefined && (last.lastPart !== content.lastPart || last.stated.films !== content.stated.films))
      current.length = 0
    current.push(content)
  }
  return current
}

describe("parts that cannot be those of one list", () => {
  const seals = (...all: ReadonlyArray<ListPart>) => {
    const { again, doubts, films, lastPart, state } = judgeMember(karsten, all)
    return { state, doubts, again, lastPart, films: films.map(({ film }) => film.id as number) }
  }

  it("are a doubt where films stand behind the last part", () => {
    assert.deepStrictEqual(seals(filmsPart(1, [1], 1), filmsPart(2, [2, 3], 1)), {
      state: "partial",
      doubts: ["list-moved"],
      again: "all",
      lastPart: 1,
      films: [1, 2, 3]
    })
  })

  it("are a doubt where there is no number of parts", () => {
    for (const lastPart of [0, -1, 1.5, Number.NaN, mostParts + 1, 1e9]) {
      assert.deepStrictEqual(seals(filmsPart(1, [1], lastPart)), {
        state: "partial",
        doubts: ["list-moved"],
        again: "all",
        lastPart: 0,
        films: [1]
      })
    }
  })

  it("are a doubt where a part comes twice with other films, and none where it comes twice with the same", () => {
    assert.strictEqual(seals(filmsPart(1, [1], 1), filmsPart(1, [2], 1)).state, "partial")
    assert.strictEqual(seals(filmsPart(1, [1, 2], 1), filmsPart(1, [2, 1], 1)).state, "sealed")
  })

  it("are a doubt where the list is empty and shows films", () => {
    assert.strictEqual(seals(filmsPart(2, [1], 2), otherPart(1, PartContent.Empty())).state, "partial")
  })

  it("do not complete a member", () => {
    const record = Schema.decodeUnknownSync(MemberRecord)({
      username: "karsten",
      userId: 1,
      state: "partial",
      readAt: "2026-01-01T00:00:00.000Z",
      lastPage: 2,
      missing: [2],
      films: 1,
      ratings: 1,
      doubts: [],
      verdicts: {},
      seen: [1]
    })
    assert.strictEqual(judgeCompletion(record, [filmsPart(2, [2], 2)])?.state, "sealed")
    for (const more of [filmsPart(2, [3], 2), filmsPart(3, [3], 2), filmsPart(1, [3], 2)])
      assert.isUndefined(judgeCompletion(record, [filmsPart(2, [2], 2), more]))
  })

  it("never make a sealed reading that lacks a film which a current part showed", () => {
    let sealed = 0
    fc.assert(
      fc.property(anyParts, fc.nat(2), (all, listedFilms) => {
        const reading = judgeMember(karsten, all, listedFilms)
        if (reading.state !== "sealed") return
        sealed += 1
        const held = new Set(reading.films.map(({ film }) => film.id))
        for (const { films } of currentParts(all)) for (const { film } of films) assert.isTrue(held.has(film.id))
      }),
      { numRuns: 20_000, seed: 3 }
    )
    assert.isAbove(sealed, 100)
  })
})
