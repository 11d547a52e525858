import { assert, describe, it } from "@effect/vitest"
import { Harvest, PartContent } from "@letterboxd-ratings/core"
import { Array, Effect, Option } from "effect"
import * as fc from "fast-check"
import {
  list,
  memoryDataset,
  memoryLayer,
  memorySource,
  type MemoryWorld,
  notUnderstood,
  refused,
  runHarvest,
  username,
  wall,
  watched
} from "./Worlds.ts"

const options: Harvest.HarvestOptions = {
  mode: "new",
  existing: "refuse",
  batches: 1,
  batchSize: 30,
  membersInFlight: 4
}

const run = (world: MemoryWorld, changes: Partial<Harvest.HarvestOptions> = {}, dataset = memoryDataset()) =>
  runHarvest(world, { ...options, ...changes }, dataset)

const statesOf = ({ state }: ReturnType<typeof memoryDataset>) =>
  Object.fromEntries([...state.members.values()].map((record) => [record.username as string, record.state as string]))

const names = Array.makeBy(30, (i) => `member_${i}`)
const films = Object.fromEntries(names.map((name, i) => [name, list(1 + ((i * 7) % 11), i * 13 + 1)]))
const calm: MemoryWorld = { members: names, films }
const rated = (name: string) => (films[name] ?? []).filter(({ rating }) => rating !== undefined).length
const truth = names.map(rated)

const rowsOf = (dataset: ReturnType<typeof memoryDataset>) =>
  names.map((name) => {
    const id = dataset.state.users.get(username(name))
    return id === undefined ? 0 : (dataset.rows.get(id) ?? []).length
  })

describe("Trouble with a page", () => {
  it.effect("is one member's where one member shows it: the run goes on without it", () =>
    Effect.gen(function* () {
      for (const verdict of [refused, notUnderstood]) {
        for (const page of [1, 2]) {
          const { dataset, report } = yield* run({
            ...calm,
            interfere: (name, number) => Effect.succeed(name === "member_1" && number === page ? verdict : undefined)
          })
          assert.isUndefined(report.stopped)
          assert.deepStrictEqual(
            report.partial.map(({ missing, username: name }) => [name as string, missing]),
            [["member_1", [page]]]
          )
          assert.strictEqual(report.members.sealed, 29)
          assert.strictEqual(statesOf(dataset)["member_1"], "partial")
        }
      }
    })
  )

  it.effect("is the site's where several members in a row show it", () =>
    Effect.gen(function* () {
      for (const [verdict, reason] of [
        [refused, "Refused"],
        [notUnderstood, "NotUnderstood"]
      ] as const) {
        // First pages are answered: what is wrong with later ones is not excused by them.
        for (const page of [1, 2]) {
          const { report } = yield* run(
            {
              ...calm,
              interfere: (_, number) => Effect.succeed(number === page ? verdict : undefined)
            },
            { membersInFlight: 1 }
          )
          assert.strictEqual(report.stopped?.reason, reason)
          assert.include(report.stopped?.message, "3 members in a row")
        }
      }
    })
  )

  it.effect("ends a run in which every member showed it as the site's", () =>
    Effect.gen(function* () {
      const { report } = yield* run(
        { ...calm, interfere: () => Effect.succeed(notUnderstood) },
        { only: [{ username: username("member_1") }] }
      )
      assert.strictEqual(report.stopped?.reason, "NotUnderstood")
    })
  )

  it.effect("does not keep a wall at one member from being passed by the next run", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const world: MemoryWorld = {
        ...calm,
        interfere: (name, page) => Effect.succeed(name === "member_4" && page === 2 ? wall : undefined)
      }
      const first = yield* run(world, { membersInFlight: 1 }, dataset)
      assert.strictEqual(first.report.stopped?.reason, "Refused")
      assert.strictEqual(first.report.waiting.refused, 1)
      const second = yield* run(world, { mode: "continue", membersInFlight: 1 }, dataset)
      assert.strictEqual(second.report.stopped?.reason, "Refused")
      assert.strictEqual(dataset.state.users.size, 30)
      assert.strictEqual(second.report.waiting.refused, 1)
      assert.strictEqual(Object.values(statesOf(dataset)).filter((state) => state === "sealed").length, 29)
      const third = yield* run(calm, { mode: "continue" }, dataset)
      assert.deepStrictEqual(third.report.waiting, { refused: 0, "not-understood": 0, pages: 0, doubts: 0 })
      assert.deepStrictEqual(rowsOf(dataset), truth)
    })
  )

  it.effect("is the site's where it calls everybody private or missing, and nobody is recorded as that", () =>
    Effect.gen(function* () {
      for (const said of [PartContent.Private(), PartContent.Gone()]) {
        for (const batchSize of [2, 30]) {
          const dataset = memoryDataset()
          const { report } = yield* run(
            {
              ...calm,
              interfere: (name) => Effect.succeed(Number(name.slice(7)) > 3 ? said : undefined)
            },
            { batches: 30, batchSize, membersInFlight: 1 },
            dataset
          )
          assert.strictEqual(report.stopped?.reason, "Refused")
          assert.strictEqual(
            Object.values(statesOf(dataset)).filter((state) => state === "gone" || state === "private").length,
            0
          )
          yield* run(calm, { mode: "continue" }, dataset)
          assert.deepStrictEqual(rowsOf(dataset), truth)
        }
      }
      // A few in a row are what the site says they are.
      const { report } = yield* run({
        ...calm,
        interfere: (name) => Effect.succeed(Number(name.slice(7)) % 6 < 4 ? PartContent.Private() : undefined)
      })
      assert.isUndefined(report.stopped)
      assert.strictEqual(report.members.private, 20)
    })
  )

  it.effect("is nobody's where names of a user are not there, and the source shows who is on its list", () =>
    Effect.gen(function* () {
      const strangers = Array.makeBy(12, (i) => ({ username: username(`stranger_${i}`) }))
      const someone = { username: username("member_7") }
      for (const membersInFlight of [1, 4]) {
        const dataset = memoryDataset()
        const asked = { only: [...strangers, someone], membersInFlight }
        const gone = (name: string) => name.startsWith("stranger_")
        const { report } = yield* run(
          { ...calm, interfere: (name) => Effect.succeed(gone(name) ? PartContent.Gone() : undefined) },
          asked,
          dataset
        )
        assert.isUndefined(report.stopped)
        assert.deepStrictEqual([report.members.gone, report.members.sealed], [12, 1])
        // One for each, and for the list of member_7, one for the members list, and one after each five who are not there.
        assert.isAtMost(report.requests, 12 + 4 + 1 + 2)
        // A source that shows nobody is to blame, whoever is asked for.
        const blamed = yield* run({ ...calm, interfere: () => Effect.succeed(PartContent.Gone()) }, asked)
        assert.strictEqual(blamed.report.stopped?.reason, "Refused")
        assert.strictEqual(blamed.report.members.gone, 0)
      }
    })
  )

  it.effect("is nobody's where members are still private who were private before", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const isPrivate = (name: string) => Number(name.slice(7)) % 5 !== 0
      const world: MemoryWorld = {
        ...calm,
        interfere: (name) => Effect.succeed(isPrivate(name) ? PartContent.Private() : undefined)
      }
      yield* run(world, {}, dataset)
      const absent = names.filter(isPrivate).map((name) => ({ username: username(name) }))
      const { report } = yield* run(world, { mode: "continue", only: absent }, dataset)
      assert.isUndefined(report.stopped)
      assert.strictEqual(report.members.private, absent.length)
    })
  )

  it.effect("that the run finds itself is told in the words of the source", () =>
    Effect.gen(function* () {
      const { report } = yield* run(
        {
          ...calm,
          interfere: () => Effect.succeed(PartContent.Private()),
          reasonTexts: { Refused: { label: "Locked", advice: "Ask for the key." } }
        },
        { membersInFlight: 1 }
      )
      assert.deepStrictEqual([report.stopped?.reason, report.stopped?.kind], ["Locked", "Refused"])
      assert.match(report.stopped?.message ?? "", /5 members in a row .*\(memory:.*\)\. Ask for the key\.$/u)
    })
  )

  it.effect("leaves out the members it is told to, and says so", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const { report } = yield* run(
        calm,
        { batchSize: 5, skip: [username("member_1"), username("nobody_here")] },
        dataset
      )
      assert.deepStrictEqual(report.skipped as ReadonlyArray<string>, ["member_1"])
      assert.isFalse(dataset.state.users.has(username("member_1")))
      assert.strictEqual(dataset.state.users.size, 5)
    })
  )

  it.effect("never ends with a row missing and nothing said, and always makes progress, wherever a wall stands", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              member: fc.nat(29),
              page: fc.integer({ min: 1, max: 4 }),
              verdict: fc.constantFrom(refused, notUnderstood, wall)
            }),
            { maxLength: 6 }
          ),
          fc.constantFrom(1, 3, 8),
          (walls, membersInFlight) =>
            Effect.runPromise(
              Effect.gen(function* () {
                const dataset = memoryDataset()
                const world: MemoryWorld = {
                  ...calm,
                  interfere: (name, page) =>
                    Effect.succeed(walls.find((one) => names[one.member] === name && one.page === page)?.verdict)
                }
                let before = -1
                for (let turn = 0; turn < 12; turn++) {
                  const { source } = yield* memorySource(world)
                  const mode = dataset.state.batches === 0 ? "new" : "continue"
                  const report = yield* Harvest.report({ ...options, mode, membersInFlight }).pipe(
                    Effect.provide(memoryLayer(source, dataset))
                  )
                  const rows = rowsOf(dataset)
                  const isWhole = rows.every((n, i) => n === truth[i])
                  if (report.stopped === undefined && report.members.partial === 0) assert.isTrue(isWhole)
                  const known = dataset.state.users.size
                  // Nothing is foreign, and nothing is there twice.
                  rows.forEach((n, i) => assert.isAtMost(n, truth[i] ?? 0))
                  if (known === 30 && turn > 0) break
                  assert.isAbove(known, before)
                  before = known
                }
                assert.strictEqual(dataset.state.users.size, 30)
                // Whoever was never refused is complete.
                const states = statesOf(dataset)
                const final = yield* memorySource(calm)
                yield* Harvest.report({ ...options, mode: "continue", membersInFlight }).pipe(
                  Effect.provide(memoryLayer(final.source, dataset))
                )
                assert.deepStrictEqual(rowsOf(dataset), truth)
                assert.isDefined(states)
              })
            )
        ),
        { numRuns: 15 }
      )
    )
  )
})

describe("A list without ratings", () => {
  const many = (from: number, rating?: number) => Array.makeBy(12, (i) => watched(from + i, rating))
  const lost = {
    films: { aa: many(1), bb: many(20, 4), cc: many(40, 3), dd: many(60, 2) },
    members: ["aa", "bb", "cc", "dd"]
  }

  it.effect("is asked for its ratings in a second way, once, and believed when there are none", () =>
    Effect.gen(function* () {
      const { asked, report } = yield* run(lost)
      assert.strictEqual(report.members.sealed, 4)
      assert.deepStrictEqual(
        asked.filter((name) => name.endsWith("/rated")),
        ["aa/rated"]
      )
    })
  )

  it.effect("is not taken for complete when the second way tells of ratings, or nothing", () =>
    Effect.gen(function* () {
      for (const said of [Option.some({ atLeast: 12, atMost: 12 }), Option.none()]) {
        const { dataset, report } = yield* run({ ...lost, ratedFilms: () => Effect.succeed(said) })
        assert.deepStrictEqual(
          report.partial.map(({ doubts, username: name }) => [name as string, doubts]),
          [["aa", ["ratings-missing"]]]
        )
        assert.strictEqual(dataset.state.members.get(username("aa"))?.state, "partial")
        assert.strictEqual(report.waiting["not-understood"], 1)
      }
    })
  )

  it.effect("means notUnderstood markup when several members show it", () =>
    Effect.gen(function* () {
      const blank = { ...lost, films: { aa: many(1), bb: many(20), cc: many(40), dd: many(60) } }
      const { report } = yield* run(
        { ...blank, ratedFilms: () => Effect.succeed(Option.some({ atLeast: 12, atMost: 12 })) },
        { membersInFlight: 1 }
      )
      assert.strictEqual(report.stopped?.reason, "NotUnderstood")
      assert.strictEqual(report.members.sealed, 0)
    })
  )

  it.effect("takes no rows away from a known member before the second way agrees", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run({ members: ["bb"], films: { bb: many(20, 4) } }, {}, dataset)
      const only = username("bb")
      const id = dataset.state.users.get(only)
      const rows = () => (id === undefined ? -1 : dataset.rows.get(id)?.length)
      const now = { members: [], films: { bb: [...many(20, 4).slice(0, 1), ...many(20).slice(1)] } }
      for (const said of [Option.some({ atLeast: 12, atMost: 12 }), Option.none()]) {
        const { report } = yield* run(
          { ...now, ratedFilms: () => Effect.succeed(said) },
          { mode: "continue", only: [{ username: only }] },
          dataset
        )
        assert.strictEqual(report.members.partial, 1)
        assert.strictEqual(rows(), 12)
        assert.strictEqual(dataset.state.members.get(only)?.state, "sealed")
      }
      const { report } = yield* run(now, { mode: "continue", only: [{ username: only }] }, dataset)
      assert.strictEqual(report.members.sealed, 1)
      assert.strictEqual(rows(), 1)
    })
  )
})

describe("Counts that are known from elsewhere", () => {
  const worldOf = (stated: boolean, listed: number): MemoryWorld => ({
    members: ["aa"],
    listedFilms: { aa: listed },
    films: {},
    interfere: () =>
      Effect.succeed(
        PartContent.Films({
          films: [watched(1, 4)],
          lastPart: 1,
          fullPart: 3,
          stated: stated ? { films: 1 } : {},
          unreadable: 0
        })
      )
  })

  it.effect("are compared where the page states none: a list shorter than the members list says is in doubt", () =>
    Effect.gen(function* () {
      for (const [stated, listed, state] of [
        [false, 4, "partial"],
        [false, 1, "sealed"],
        [false, 0, "sealed"],
        [true, 4, "sealed"]
      ] as const) {
        const { dataset } = yield* run(worldOf(stated, listed))
        assert.deepStrictEqual(statesOf(dataset), { aa: state })
      }
    })
  )

  it.effect("do not let a page that shows no films pass for an empty list", () =>
    Effect.gen(function* () {
      const { dataset, report } = yield* run({ members: ["aa"], listedFilms: { aa: 4 }, films: {} })
      assert.deepStrictEqual(statesOf(dataset), { aa: "partial" })
      assert.deepStrictEqual(report.partial[0]?.doubts, ["count-differs"])
    })
  )

  it.effect("doubt a page before the last that is not full, also when it is the first", () =>
    Effect.gen(function* () {
      const { dataset } = yield* run({
        members: ["aa"],
        films: { aa: [] },
        interfere: (_, page) =>
          Effect.succeed(
            PartContent.Films({
              films: [watched(page * 10, 4), watched(page * 10 + 1, 4)],
              lastPart: 2,
              fullPart: 3,
              stated: {},
              unreadable: 0
            })
          )
      })
      assert.deepStrictEqual(statesOf(dataset), { aa: "partial" })
    })
  )
})
