import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { grouped } from "../src/Shown.ts"

describe("a number", () => {
  it("has its digits in groups as in English", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -10_000, max: 10_000 })), (n) => {
        assert.strictEqual(grouped(n === 0 ? 0 : n), (n === 0 ? 0 : n).toLocaleString("en-US"))
      })
    )
  })
})
