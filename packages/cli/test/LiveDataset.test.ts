import { assert, describe, it } from "@effect/vitest"
import { type DatasetSummary, emptyDatasetState, MemberRecord, StorageError } from "@letterboxd-ratings/core"
import { Arbitrary, DateTime, Either } from "effect"
import * as fc from "fast-check"
import { pictureOfDataset } from "../src/live/LiveDataset.ts"

const now = Date.UTC(2026, 5, 1, 12)
const summaryOf = (records: ReadonlyArray<MemberRecord>): DatasetSummary => ({
  state: {
    ...emptyDatasetState,
    ratings: 1_500,
    users: new Map(records.map(({ userId, username }) => [username, userId])),
    members: new Map(records.map((record) => [record.username, record]))
  },
  bytes: 1_000,
  committedAt: DateTime.unsafeMake(now)
})
const look = { place: "data", lock: undefined, first: { ratings: 500, at: now - 60_000 }, now }

describe("the picture of a dataset", () => {
  it("has the members that were read last, those that are partial, and nobody who is forgotten", () => {
    const members = fc.uniqueArray(Arbitrary.make(MemberRecord), {
      selector: ({ username }) => username,
      maxLength: 60,
      size: "max"
    })
    fc.assert(
      fc.property(members, (records) => {
        const { lists } = pictureOfDataset({ ...look, found: Either.right(summaryOf(records)) })
        const shown = records.filter(({ state }) => state !== "forgotten")
        const times = new Map(records.map(({ readAt, username }): [string, number] => [username, readAt.epochMillis]))
        const [last, partial] = lists
        assert.deepStrictEqual(
          last?.rows.map(({ name }) => times.get(name)),
          shown
            .map(({ readAt }) => readAt.epochMillis)
            .toSorted((one, other) => other - one)
            .slice(0, 20)
        )
        const incomplete = shown.filter(({ state }) => state === "partial")
        assert.strictEqual((partial?.rows.length ?? 0) + (partial?.more ?? 0), incomplete.length)
        const names = new Set<string>(shown.map(({ username }) => username))
        for (const { rows } of lists) for (const { name } of rows) assert.isTrue(names.has(name))
      }),
      { numRuns: 50 }
    )
  })

  it("says who works on it, what is new, and what is wrong", () => {
    const right = { ...look, found: Either.right(summaryOf([])) }
    const idle = pictureOfDataset(right)
    assert.deepStrictEqual([idle.state, idle.now], ["done", "No process works on it."])
    assert.deepInclude(idle.numbers, ["+1,000", "ratings in the 1m of this page"])
    const since = DateTime.unsafeMake(now)
    const process = { pid: 7, host: "\u001Bhere", startedAt: 0 }
    const held = pictureOfDataset({ ...right, lock: { isHeld: true, process, since, making: undefined } })
    assert.strictEqual(held.state, "working")
    assert.match(held.now, /^Process 7 on \uFFFDhere works on it since \d\d:\d\d:\d\d\.$/u)
    // Its holder has ended.
    const left = pictureOfDataset({ ...right, lock: { isHeld: false, process, since, making: undefined } })
    assert.strictEqual(left.now, "No process works on it.")
    const unlocked = pictureOfDataset({ ...right, lock: "unknown" })
    assert.strictEqual(unlocked.now, "Shows each batch as it is committed.")
    const failure = (reason: "NothingThere" | "Damaged") => {
      const error = new StorageError({ reason, storage: "csv", place: "data", detail: "a\u0007b" })
      const picture = pictureOfDataset({ ...look, found: Either.left(error) })
      return [picture.state, picture.now]
    }
    assert.deepStrictEqual(failure("NothingThere"), ["waiting", "Nothing is committed yet. No process works on it."])
    assert.deepStrictEqual(failure("Damaged"), ["stopped", "data: a\uFFFDb"])
  })
})
