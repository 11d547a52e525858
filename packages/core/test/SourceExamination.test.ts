import { assert, describe, it } from "@effect/vitest"
import { examineSource, PartContent, RatingsSource, SourceError } from "@letterboxd-ratings/core"
import { Chunk, Effect, Stream } from "effect"
import { list, memorySource, type MemoryWorld, refused, username } from "./Worlds.ts"

const world: MemoryWorld = { members: ["aa", "bb"], films: { aa: list(7), bb: list(2) } }
const examined = (of: MemoryWorld, name?: string) =>
  Effect.flatMap(memorySource(of), ({ source }) =>
    Effect.map(
      Stream.runCollect(examineSource(source, name === undefined ? undefined : username(name))),
      Chunk.toReadonlyArray
    )
  )
const reasonsOf = (findings: Effect.Effect.Success<ReturnType<typeof examined>>) =>
  findings.map(({ error, step }) => [step, error?.reason])

describe("a source that does not examine itself", () => {
  it.effect("is examined by its first member, or the one that is named", () =>
    Effect.gen(function* () {
      for (const [name, films] of [
        [undefined, "3 films, 2 of them rated, 0 unreadable; last part 3"],
        ["bb", "2 films, 2 of them rated, 0 unreadable; last part 1"]
      ] as const) {
        const [members, part] = yield* examined(world, name)
        assert.deepStrictEqual(members?.found, ["the first member is aa"])
        assert.deepStrictEqual(part?.found, ["Films", films])
        assert.strictEqual(part?.place, `memory:/${name ?? "aa"}/1`)
      }
    })
  )

  it.effect("says at which step it cannot be read, and why", () =>
    Effect.gen(function* () {
      const error = new SourceError({ reason: "Unreachable", source: "memory", detail: "gone" })
      assert.deepStrictEqual(reasonsOf(yield* examined({ ...world, membersFailAfter: { count: 0, error } })), [
        ["members list", "Unreachable"]
      ])
      for (const [content, reason] of [
        [refused, "Refused"],
        [PartContent.Gone(), "InvalidOption"],
        [PartContent.Private(), "InvalidOption"],
        [PartContent.Renamed({ to: username("cc") }), "InvalidOption"],
        [PartContent.Empty(), undefined]
      ] as const) {
        assert.deepStrictEqual(reasonsOf(yield* examined({ ...world, interfere: () => Effect.succeed(content) })), [
          ["members list", undefined],
          ["films", reason]
        ])
      }
    })
  )
})

describe("a source that examines itself", () => {
  it.effect("is asked to", () =>
    Effect.gen(function* () {
      const { source } = yield* memorySource(world)
      const own = { step: "disk", place: "here", found: ["it turns"] }
      const findings = yield* Stream.runCollect(
        examineSource(RatingsSource.of({ ...source, examine: () => Stream.make(own) }))
      )
      assert.deepStrictEqual(Chunk.toReadonlyArray(findings), [own])
    })
  )
})
