import { assert, describe, it } from "@effect/vitest"
import { type DatasetThere, lookingRefused, openingRefused, type OpeningRefused } from "@letterboxd-ratings/storage-sql"

const nothing: DatasetThere = { _tag: "Nothing" }
const newer: DatasetThere = { _tag: "NewerFormat", format: 99 }

describe("what stands against opening a dataset", () => {
  it("is told with what can be done about it", () => {
    const startOne: OpeningRefused = { reason: "NothingThere", detail: "no dataset here", remedy: { _tag: "StartNew" } }
    assert.deepStrictEqual(lookingRefused(nothing), startOne)
    assert.deepStrictEqual(openingRefused({ _tag: "continue" }, nothing), startOne)
    assert.deepStrictEqual(openingRefused({ _tag: "new", existing: "refuse" }, newer), {
      reason: "AlreadyThere",
      detail: "a dataset already exists",
      remedy: { _tag: "SetAside" }
    })
    assert.strictEqual(openingRefused({ _tag: "continue" }, newer)?.reason, "NewerFormat")
    assert.isUndefined(openingRefused({ _tag: "new", existing: "set-aside" }, newer))
    assert.isUndefined(openingRefused({ _tag: "new", existing: "refuse" }, nothing))
  })
})
