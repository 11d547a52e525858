import { assert, describe, it } from "@effect/vitest"
import { codeOfNumber, ExportLink, linkCode, numberOfCode, readLink, Slug } from "@letterboxd-ratings/core"
import { Option, Schema } from "effect"
import * as fc from "fast-check"

const slug = Schema.decodeSync(Slug)
const numbers = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const ids = fc.integer({ min: 1, max: Math.floor(Number.MAX_SAFE_INTEGER / 10) - 1 })

describe("codes", () => {
  it.each([
    { code: "a5fa", number: 2_403_440, link: ExportLink.Film({ id: 240_344 }) },
    { code: "gAKk1n", number: 15_201_113_461, link: ExportLink.Entry({ id: 1_520_111_346 }) },
    { code: "P00EU", number: 753_595_672, link: ExportLink.List({ id: 75_359_567 }) }
  ])("$code is $number", ({ code, link, number }) => {
    assert.deepStrictEqual(numberOfCode(code), Option.some(number))
    assert.deepStrictEqual(codeOfNumber(number), Option.some(code))
    assert.deepStrictEqual(readLink(`https://boxd.it/${code}`), Option.some(link))
  })

  it("give their number back, up to 2^53 - 1", () => {
    fc.assert(
      fc.property(numbers, (number) => {
        assert.deepStrictEqual(Option.flatMap(codeOfNumber(number), numberOfCode), Option.some(number))
      }),
      { numRuns: 5000, examples: [[Number.MAX_SAFE_INTEGER], [2 ** 31 * 10 + 1], [2 ** 32]] }
    )
  })

  it("are those of their numbers, if they are codes", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-zA-Z]{1,10}$/u), (code) => {
        Option.match(numberOfCode(code), {
          onNone: () => assert.isTrue(code.startsWith("0") || code.length > 8),
          onSome: (number) => assert.deepStrictEqual(codeOfNumber(number), Option.some(code))
        })
      }),
      { numRuns: 5000 }
    )
  })

  it("of numbers above 2^53 - 1 are none", () => {
    const largest = Option.getOrThrow(codeOfNumber(Number.MAX_SAFE_INTEGER))
    assert.strictEqual(largest, "FfGNdXsE7")
    assert.isTrue(Option.isNone(numberOfCode("FfGNdXsE8")))
    assert.isTrue(Option.isNone(numberOfCode("ZZZZZZZZZ")))
    for (const code of ["", "0", "0a5fa", "a5f-", "a5fä", "1000000000"])
      assert.isTrue(Option.isNone(numberOfCode(code)))
    for (const number of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 53]) assert.isTrue(Option.isNone(codeOfNumber(number)))
  })

  it("tell capitals from small letters", () => {
    assert.notDeepEqual(numberOfCode("a5fa"), numberOfCode("A5FA"))
  })
})

describe("links", () => {
  it("of films give the film's number in every form", () => {
    fc.assert(
      fc.property(ids, fc.constantFrom("https://", "http://", ""), fc.constantFrom("", "/"), (id, scheme, slash) => {
        const code = Option.getOrThrow(linkCode("film", id))
        assert.deepStrictEqual(readLink(`${scheme}boxd.it/${code}${slash}`), Option.some(ExportLink.Film({ id })))
        const entry = Option.getOrThrow(linkCode("entry", id))
        assert.deepStrictEqual(readLink(`${scheme}boxd.it/${entry}${slash}`), Option.some(ExportLink.Entry({ id })))
      })
    )
  })

  it.each([
    "https://letterboxd.com/film/the-apartment/",
    "http://letterboxd.com/film/the-apartment",
    "letterboxd.com/film/the-apartment/"
  ])("%s has a slug and no number", (text) => {
    assert.deepStrictEqual(readLink(text), Option.some(ExportLink.FilmPage({ slug: slug("the-apartment") })))
  })

  it("of an unknown kind are nothing that is known", () => {
    const code = Option.getOrThrow(codeOfNumber(12_345_675))
    assert.deepStrictEqual(readLink(`https://boxd.it/${code}`), Option.some(ExportLink.Other({ number: 12_345_675 })))
  })

  it.each([
    "",
    "a5fa",
    "https://boxd.it/",
    "https://boxd.it/a5fa//",
    "https://boxd.it/a5fa?x=1",
    "https://boxd.it.example/a5fa",
    "ftp://boxd.it/a5fa",
    "https://example.invalid/boxd.it/a5fa",
    "https://letterboxd.com/film//",
    "https://letterboxd.com/member/film/the-apartment/",
    " https://boxd.it/a5fa",
    "https://boxd.it/2"
  ])("%j is none", (text) => {
    assert.isTrue(Option.isNone(readLink(text)))
  })
})
