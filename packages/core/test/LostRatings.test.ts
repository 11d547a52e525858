import { assert, describe, it } from "@effect/vitest"
import { type ListPart, PartContent } from "@letterboxd-ratings/core"
import * as fc from "fast-check"
import { mayLackRatings, statedRatings } from "../src/reading/LostRatings.ts"
import { username, watched } from "./Worlds.ts"

/** A part of a list, in which `rated` of the films have a rating. */
const part = (number: number, films: number, rated: number, stated?: number): ListPart => ({
  username: username("somebody"),
  number,
  place: "",
  content: PartContent.Films({
    films: Array.from({ length: films }, (_, i) => watched(number * 1000 + i, i < rated ? 3 : undefined)),
    lastPart: 1,
    stated: stated === undefined ? {} : { rated: stated },
    unreadable: 0,
    fullPart: 72
  })
})

const looksTwice = (parts: ReadonlyArray<readonly [films: number, rated: number]>, before = 0, stated?: number) =>
  mayLackRatings({
    films: parts.reduce((sum, [films]) => sum + films, 0),
    ratings: parts.reduce((sum, [, rated]) => sum + rated, 0),
    ratingsBefore: before,
    parts: parts.map(([films, rated], i) => part(i + 1, films, rated, stated))
  })

describe("a list", () => {
  it("is looked at twice where it has no ratings, unless it is short", () => {
    assert.isTrue(looksTwice([[10, 0]]))
    assert.isFalse(looksTwice([[9, 0]]))
    assert.isTrue(looksTwice([[9, 0]], 9))
  })

  it("is looked at twice where a tenth of its ratings is gone", () => {
    assert.isTrue(looksTwice([[9, 7]], 8))
    assert.isFalse(looksTwice([[72, 69]], 72))
    assert.isFalse(looksTwice([[72, 72]], 70))
  })

  it("is looked at twice where the source states more ratings, by however few", () => {
    assert.isTrue(looksTwice([[72, 71]], 0, 72))
    assert.isTrue(looksTwice([[3, 0]], 0, 1))
    assert.isFalse(looksTwice([[72, 72]], 0, 72))
    assert.strictEqual(statedRatings([part(1, 3, 3, 5), part(2, 3, 3), part(3, 3, 3, 6)]), 6)
    assert.isUndefined(statedRatings([part(1, 3, 3)]))
  })

  it("is looked at twice where one of its parts lost all ratings", () => {
    assert.isTrue(
      looksTwice([
        [72, 72],
        [50, 0]
      ])
    )
    assert.isTrue(
      looksTwice([
        [72, 0],
        [72, 30],
        [72, 28]
      ])
    )
  })

  it("is believed where its parts are rated as often as the others, whatever their order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 72 }), { minLength: 1, maxLength: 20 }), (rated) => {
        assert.isFalse(looksTwice(rated.map((n) => [72, n] as const)))
      })
    )
    // Whoever rates one film in ten may pass over twelve.
    assert.isFalse(
      looksTwice([
        [72, 7],
        [12, 0]
      ])
    )
  })

  it("is looked at twice whichever long part lost its ratings", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 20, max: 72 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 60, max: 72 }),
        fc.nat(20),
        (rated, films, at) => {
          const parts = rated.map((n) => [72, n] as const)
          assert.isTrue(looksTwice([...parts.slice(0, at), [films, 0], ...parts.slice(at)]))
        }
      )
    )
  })
})
