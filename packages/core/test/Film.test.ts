import { assert, describe, it } from "@effect/vitest"
import {
  displayName,
  Film,
  FilmId,
  Rating,
  ratingFromHalfStars,
  seenAgain,
  splitDisplayName,
  Title,
  titleFromText,
  UserId,
  UsernameFromText
} from "@letterboxd-ratings/core"
import { Arbitrary, Option, Schema } from "effect"
import * as fc from "fast-check"
import { film } from "./Worlds.ts"

describe("display names", () => {
  it("split into title and year", () => {
    assert.deepStrictEqual(splitDisplayName("Naked Lunch (1991)"), { title: "Naked Lunch", year: 1991 })
    assert.deepStrictEqual(splitDisplayName("Blade Runner 2049"), { title: "Blade Runner 2049" })
    assert.deepStrictEqual(splitDisplayName("2012 (2009)"), { title: "2012", year: 2009 })
    assert.deepStrictEqual(splitDisplayName("Gone (1999) (2003)"), { title: "Gone (1999)", year: 2003 })
    assert.deepStrictEqual(splitDisplayName("(1999)"), { title: "(1999)" })
    assert.deepStrictEqual(splitDisplayName("  "), {})
  })

  it("come back as they were written", () => {
    fc.assert(
      fc.property(Arbitrary.make(Film), (any) => {
        const { title, year: _, ...named } = any
        // No source makes a title of blanks only, and a display name cannot say that there is one.
        fc.pre(title?.trim() !== "")
        const canonical = { ...named, ...splitDisplayName(displayName(any)) }
        assert.deepStrictEqual(splitDisplayName(displayName(canonical)), splitDisplayName(displayName(any)))
      })
    )
  })
})

describe("a title", () => {
  it("is made of any text, and is none without text", () => {
    const is = Schema.is(Title)
    for (const [text, title] of [
      [" The\tApartment\u0000 ", "The Apartment"],
      ["\uFEFFOne\r\nTwo", "One Two"],
      ["\uD800x", "\uFFFDx"],
      [" \u0007 ", ""]
    ] as const)
      assert.strictEqual(titleFromText(text), title)
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), (text) => {
        const title = titleFromText(text)
        assert.strictEqual(is(title), title !== "")
        if (is(text)) assert.strictEqual(title, text)
      }),
      { numRuns: 2_000 }
    )
  })
})

describe("a film seen again", () => {
  const known = film({ id: 1, slug: "a", title: "A", year: 1990 })

  it("takes the newest slug and title", () => {
    assert.deepStrictEqual(
      seenAgain(known, film({ id: 1, slug: "b", title: "B", year: 1991 })),
      film({ id: 1, slug: "b", title: "B", year: 1991 })
    )
  })

  it("keeps what a page does not tell", () => {
    assert.strictEqual(seenAgain(known, film({ id: 1, slug: "a", title: "A" })), known)
    assert.strictEqual(seenAgain(known, film({ id: 1, slug: "a" })), known)
    assert.deepStrictEqual(
      seenAgain(known, film({ id: 1, slug: "b", title: "C" })),
      film({ id: 1, slug: "b", title: "C" })
    )
  })
})

describe("ids", () => {
  it("are what every storage can keep: whole numbers from 1 up, in 32 bits", () => {
    for (const isId of [Schema.is(FilmId), Schema.is(UserId)]) {
      for (const right of [1, 33_881, 2 ** 31 - 1]) assert.isTrue(isId(right), `${right}`)
      for (const wrong of [0, -1, 1.5, 2 ** 31, Number.MAX_SAFE_INTEGER, Infinity, Number.NaN])
        assert.isFalse(isId(wrong), `${wrong}`)
    }
  })
})

describe("ratings", () => {
  it("are halves from 0.5 to 5", () => {
    for (let halfStars = -2; halfStars <= 13; halfStars++) {
      assert.strictEqual(Option.isSome(ratingFromHalfStars(halfStars)), halfStars >= 1 && halfStars <= 10)
    }
    for (const wrong of [0, 0.25, 5.5, Number.NaN, Infinity, -1]) assert.isFalse(Schema.is(Rating)(wrong))
  })
})

describe("names of members", () => {
  it("are read in any case and never as anything else", () => {
    const read = Schema.decodeUnknownSync(UsernameFromText)
    assert.deepStrictEqual(
      ["  DaveE ", "null", "NaN", "1e3", "true", "123"].map((name) => read(name) as string),
      ["davee", "null", "nan", "1e3", "true", "123"]
    )
    for (const wrong of ["", "a", "with space", "sixteen_letters_", "dash-ed", "é2"]) {
      assert.throws(() => read(wrong))
    }
  })
})
