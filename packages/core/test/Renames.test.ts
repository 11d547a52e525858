import { assert, describe, it } from "@effect/vitest"
import {
  EncodedRating,
  forgettingBatch,
  type Harvest,
  MemberRecord,
  membersAlike,
  PartContent,
  RatingsStorage,
  sampleOfRatings,
  whomToForget
} from "@letterboxd-ratings/core"
import { DateTime, Effect, Schema } from "effect"
import * as fc from "fast-check"
import {
  idsIn,
  list,
  memoryDataset,
  memoryLayer,
  memorySource,
  type MemoryWorld,
  runHarvest,
  unavailable,
  username,
  watched
} from "./Worlds.ts"

const options: Harvest.HarvestOptions = {
  mode: "new",
  existing: "refuse",
  batches: 1,
  batchSize: 10,
  membersInFlight: 4
}

const run = (world: MemoryWorld, changes: Partial<Harvest.HarvestOptions> = {}, dataset = memoryDataset()) =>
  runHarvest(world, { ...options, ...changes }, dataset)

const rowsOf = (dataset: ReturnType<typeof memoryDataset>) =>
  Object.fromEntries(
    [...dataset.state.users].map(([name, id]) => [name as string, (dataset.rows.get(id) ?? []).length])
  )
const statesOf = (dataset: ReturnType<typeof memoryDataset>) =>
  Object.fromEntries(
    [...dataset.state.members.values()].map((record) => [record.username as string, record.state as string])
  )

const five = [1, 2, 3, 4, 5].map((id) => watched(id, id))
const three = [101, 102, 103].map((id) => watched(id, 3))

const before: MemoryWorld = { members: ["old_name", "other_one"], films: { old_name: five, other_one: three } }
const after: MemoryWorld = {
  members: ["new_name", "other_one", "third_one"],
  films: { new_name: [...five, watched(6, 3)], other_one: three, third_one: three },
  interfere: (name) =>
    Effect.succeed(name === "old_name" ? PartContent.Renamed({ to: username("new_name") }) : undefined)
}

describe("A member with another name", () => {
  it.effect("is one person when the new name is found in the members list", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(before, {}, dataset)
      const { asked } = yield* run(after, { mode: "continue" }, dataset)
      // Two members with the same three ratings are two people: the name of the first leads nowhere else.
      assert.deepStrictEqual(rowsOf(dataset), { old_name: 0, other_one: 3, new_name: 6, third_one: 3 })
      assert.deepStrictEqual(statesOf(dataset), {
        old_name: "renamed",
        other_one: "sealed",
        new_name: "sealed",
        third_one: "sealed"
      })
      assert.deepStrictEqual(
        asked.filter((name) => name.startsWith("old_name")),
        ["old_name/1"]
      )
      assert.strictEqual(dataset.state.members.get(username("old_name"))?.renamedTo, "new_name")
      assert.strictEqual(dataset.state.members.get(username("old_name"))?.ratings, 0)
      // The id stays, and the history tells what changed.
      assert.deepStrictEqual(idsIn(dataset), {
        new_name: 1,
        other_one: 2,
        third_one: 3,
        old_name: 4
      })
      assert.deepStrictEqual(
        dataset.content.rows.changes.map(({ filmId, userId, ...change }) => [
          userId as number,
          filmId as number,
          change.before as number | undefined,
          change.after as number | undefined
        ]),
        [[1, 6, undefined, 3]]
      )
      assert.deepStrictEqual(
        dataset.content.rows.readings.map(({ state, userId, username: name }) => [userId, name, state]),
        [
          [1, "old_name", "sealed"],
          [2, "other_one", "sealed"],
          [1, "new_name", "sealed"],
          [3, "third_one", "sealed"],
          [4, "old_name", "renamed"]
        ]
      )
    })
  )

  it.effect("keeps the smaller id where the dataset has both names, with what changed between the two lists", () =>
    Effect.gen(function* () {
      const films = { old_name: five, new_name: [...five.slice(1), watched(6, 3)] }
      for (const members of [
        ["old_name", "new_name"],
        ["new_name", "old_name"]
      ]) {
        const dataset = memoryDataset()
        yield* run({ members, films }, {}, dataset)
        yield* run(
          { ...after, films: { new_name: films.new_name } },
          { mode: "continue", only: [{ username: username("old_name") }] },
          dataset
        )
        assert.deepStrictEqual(idsIn(dataset), { new_name: 1, old_name: 2 })
        assert.deepStrictEqual(rowsOf(dataset), { new_name: 5, old_name: 0 })
        const changed = dataset.content.rows.changes.filter(({ userId }) => userId === 1)
        assert.lengthOf(changed, members[0] === "old_name" ? 2 : 0)
        // Nothing is left to join.
        const batches = dataset.state.batches
        yield* run({ members: [], films: {} }, { mode: "continue" }, dataset)
        assert.strictEqual(dataset.state.batches, batches)
      }
    })
  )

  it.effect("takes its rows along where a dataset has nothing but the rows, as one that was taken over", () =>
    Effect.gen(function* () {
      for (const leads of [true, false]) {
        const dataset = memoryDataset()
        yield* run(before, {}, dataset)
        const { content } = dataset
        dataset.content = { ...content, state: { ...content.state, members: new Map() } }
        const only = [{ username: username("old_name") }]
        const world = leads ? after : { members: [], interfere: () => Effect.succeed(PartContent.Gone()) }
        yield* run({ ...world, films: leads ? { new_name: five } : {} }, { mode: "continue", only }, dataset)
        assert.deepStrictEqual(
          rowsOf(dataset),
          leads ? { new_name: 5, other_one: 3, old_name: 0 } : { old_name: 5, other_one: 3 }
        )
        assert.strictEqual(dataset.state.members.get(username(leads ? "new_name" : "old_name"))?.ratings, 5)
      }
    })
  )

  it.effect("is found again after a stop between two batches, and by the names that lead to it over others", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const names = ["one_name", "two_name", "three_name"]
      yield* run({ members: names, films: Object.fromEntries(names.map((name) => [name, five])) }, {}, dataset)
      const { content } = dataset
      const renamed = new Map(content.state.members)
      for (const [from, to] of [
        ["one_name", "two_name"],
        ["two_name", "three_name"]
      ] as const) {
        const record = renamed.get(username(from))
        assert.isDefined(record)
        renamed.set(username(from), { ...record, state: "renamed", renamedTo: username(to) })
      }
      dataset.content = { ...content, state: { ...content.state, members: renamed } }
      yield* run({ members: [], films: {} }, { mode: "continue" }, dataset)
      assert.deepStrictEqual(rowsOf(dataset), { three_name: 5, two_name: 0, one_name: 0 })
      assert.strictEqual(dataset.state.users.get(username("three_name")), 1)
    })
  )

  it.effect("is one person when the old name is asked again, also where the new one was complete before", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(
        {
          members: ["old_name", "new_name"],
          films: { old_name: five, new_name: [...five.slice(0, 3), ...list(9, 300)] }
        },
        {},
        dataset
      )
      const world = { ...after, films: { new_name: [...five.slice(0, 3), ...list(9, 300)] } }
      yield* run(
        {
          ...world,
          interfere: (name, page) =>
            Effect.succeed(
              name === "old_name"
                ? PartContent.Renamed({ to: username("new_name") })
                : page === 2
                  ? unavailable
                  : undefined
            )
        },
        { mode: "continue", only: [{ username: username("old_name") }] },
        dataset
      )
      assert.deepStrictEqual(rowsOf(dataset), {
        old_name: 0,
        new_name: 3 + list(9, 300).filter(({ rating }) => rating !== undefined).length
      })
      assert.deepStrictEqual(statesOf(dataset), { old_name: "renamed", new_name: "sealed" })
    })
  )

  it.effect("keeps the rows of the old name until the new one is complete, and no longer", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(before, {}, dataset)
      const only = username("old_name")
      const films = { new_name: five }
      yield* run(
        {
          members: [],
          films,
          interfere: (name, page) =>
            Effect.succeed(
              name === "old_name"
                ? PartContent.Renamed({ to: username("new_name") })
                : page === 2
                  ? unavailable
                  : undefined
            )
        },
        { mode: "continue", only: [{ username: only }] },
        dataset
      )
      assert.deepStrictEqual(rowsOf(dataset), { old_name: 5, other_one: 3, new_name: 3 })
      yield* run({ members: [], films }, { mode: "continue" }, dataset)
      assert.deepStrictEqual(rowsOf(dataset), { old_name: 0, other_one: 3, new_name: 5 })
    })
  )
})

const rating = Schema.decodeUnknownSync(EncodedRating)
const ratings = (userId: number, pairs: ReadonlyArray<readonly [number, number]>) =>
  pairs.map(([filmId, halfStars]) => rating({ userId, filmId, rating: halfStars / 2 }))
const record = (name: string, userId: number, pairs: ReadonlyArray<readonly [number, number]>) =>
  Schema.decodeUnknownSync(MemberRecord)({
    username: name,
    userId,
    state: "sealed",
    readAt: "2026-01-01T00:00:00.000Z",
    lastPage: 1,
    missing: [],
    films: pairs.length,
    ratings: pairs.length,
    doubts: [],
    verdicts: {},
    seen: sampleOfRatings(ratings(userId, pairs))
  })

const pairsOf = (count: number, from: number, halfStars: (n: number) => number) =>
  globalThis.Array.from({ length: count }, (_, i) => [from + i, halfStars(i)] as const)

describe("A name that leads to a stranger", () => {
  const strangers: MemoryWorld = {
    members: ["old_name", "other_one"],
    films: { other_one: three },
    interfere: (name) =>
      Effect.succeed(name === "old_name" ? PartContent.Renamed({ to: username("other_one") }) : undefined)
  }

  it.effect("takes no rows away, whether the stranger is known or read now", () =>
    Effect.gen(function* () {
      for (const known of [before, { members: ["old_name"], films: { old_name: five } }]) {
        const dataset = memoryDataset()
        yield* run(known, {}, dataset)
        const { report } = yield* run(
          strangers,
          { mode: "continue", only: [{ username: username("old_name") }] },
          dataset
        )
        assert.deepStrictEqual(
          report.partial.map(({ doubts, username: name }) => [name as string, doubts]),
          [["old_name", ["another-list"]]]
        )
        assert.deepStrictEqual(rowsOf(dataset), { old_name: 5, other_one: 3 })
        assert.deepStrictEqual(statesOf(dataset), { old_name: "sealed", other_one: "sealed" })
      }
    })
  )

  it.effect("is not judged by a list that is not complete: the rows go when it is", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run({ members: ["old_name"], films: { old_name: five } }, {}, dataset)
      // The old films are on the pages that are missing at first.
      const films = { new_name: [...three, ...five] }
      const moved = (isWhole: boolean): MemoryWorld => ({
        members: ["new_name"],
        films,
        interfere: (name, page) =>
          Effect.succeed(
            name === "old_name"
              ? PartContent.Renamed({ to: username("new_name") })
              : page > 1 && !isWhole
                ? unavailable
                : undefined
          )
      })
      yield* run(moved(false), { mode: "continue", only: [{ username: username("old_name") }] }, dataset)
      assert.deepStrictEqual(rowsOf(dataset), { old_name: 5, new_name: 3 })
      assert.deepStrictEqual(statesOf(dataset), { old_name: "renamed", new_name: "partial" })
      yield* run(moved(true), { mode: "continue" }, dataset)
      assert.deepStrictEqual(rowsOf(dataset), { old_name: 0, new_name: 8 })
    })
  )

  it.effect("takes them away where half of the old list is on the new one", () =>
    Effect.gen(function* () {
      for (const [shared, rows] of [
        [3, 0],
        [2, 5]
      ] as const) {
        const dataset = memoryDataset()
        yield* run(before, {}, dataset)
        const films = [...five.slice(0, shared), ...three]
        yield* run(
          { ...strangers, films: { other_one: films } },
          { mode: "continue", only: [{ username: username("old_name") }] },
          dataset
        )
        assert.strictEqual(rowsOf(dataset)["old_name"], rows)
      }
    })
  )
})

describe("A name that leads to a member who is forgotten", () => {
  const gone = username("gone_name")
  /** `links` are names that lead to others. The dataset has `known`, and is asked for `asked` after `gone_name` is forgotten. */
  const readAfterForgetting = (
    known: MemoryWorld,
    links: Readonly<Record<string, string>>,
    asked: ReadonlyArray<string> | undefined
  ) =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(known, {}, dataset)
      const { source } = yield* memorySource(known)
      yield* Effect.gen(function* () {
        const opened = yield* (yield* RatingsStorage).open({ _tag: "continue" })
        const whom = whomToForget(opened.state, [gone])
        yield* opened.commit(yield* forgettingBatch(opened.state, whom, DateTime.unsafeMake(1_000)))
      }).pipe(Effect.scoped, Effect.provide(memoryLayer(source, dataset)))
      return yield* run(
        {
          members: Object.keys(links),
          films: { [gone]: five, third_one: three },
          interfere: (name) => {
            const to = links[name]
            return Effect.succeed(to === undefined ? undefined : PartContent.Renamed({ to: username(to) }))
          }
        },
        {
          mode: "continue",
          ...(asked === undefined ? {} : { only: asked.map((name) => ({ username: username(name) })) })
        },
        dataset
      )
    })

  it.effect("is left out with what the dataset has of it, which names it", () =>
    Effect.gen(function* () {
      for (const links of [{ old_name: gone }, { old_name: "mid_name", mid_name: gone }]) {
        const { asked, dataset, events, report } = yield* readAfterForgetting(before, links, ["old_name", "third_one"])
        assert.deepStrictEqual(report.leadToForgotten, [username("old_name")])
        assert.deepStrictEqual(statesOf(dataset)["old_name"], "sealed")
        assert.deepStrictEqual(rowsOf(dataset)["old_name"], 5)
        assert.deepStrictEqual(rowsOf(dataset)["third_one"], 3)
        assert.notInclude(JSON.stringify([...dataset.state.members.values(), ...dataset.content.rows.readings]), gone)
        assert.isFalse(asked.some((part) => part.startsWith(gone)))
        assert.notInclude(JSON.stringify(events), gone)
      }
    })
  )

  it.effect("is counted only where the dataset does not have it, whether it is asked for or found", () =>
    Effect.gen(function* () {
      for (const asked of [["new_one"], undefined]) {
        const { dataset, report } = yield* readAfterForgetting(before, { new_one: gone }, asked)
        assert.strictEqual(report.forgotten, 1)
        assert.isUndefined(report.leadToForgotten)
        assert.isFalse(dataset.state.users.has(username("new_one")))
        assert.strictEqual(report.totalUsers, 2)
      }
    })
  )

  it.effect("is forgotten with all that leads to it, also where it is left out already", () =>
    Effect.gen(function* () {
      const { dataset } = yield* readAfterForgetting(before, {}, [])
      const { content } = dataset
      const members = new Map(content.state.members)
      const old = members.get(username("old_name"))
      assert.isDefined(old)
      // As an earlier version wrote it.
      members.set(old.username, { ...old, state: "renamed", renamedTo: gone })
      const whom = whomToForget({ ...content.state, members }, [gone])
      assert.deepStrictEqual([...whom.names], [[username("old_name"), 5]])
      assert.deepStrictEqual([...whom.already.keys()], [gone])
      assert.deepStrictEqual(whom.unknown, [])
    })
  )
})

describe("membersAlike", () => {
  it("tells a member again whose list changed a little, and nobody else", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 400 }),
        fc.nat(1_000_000),
        fc.double({ min: 0, max: 0.15, noNaN: true }),
        (count, salt, change) => {
          const stars = (n: number) => 1 + ((n * 7 + salt) % 10)
          const old = pairsOf(count, salt + 1, stars)
          const grown = [...old, ...pairsOf(Math.floor(count * change), 5_000_000, stars)]
          const otherwise = old.map(([film, halfStars]) => [film, 1 + ((halfStars + film) % 10)] as const)
          const alike = membersAlike([
            record("old_name", 1, old),
            record("new_name", 2, grown),
            record("same_films", 3, otherwise)
          ])
          assert.deepStrictEqual(alike as ReadonlyArray<readonly [string, string]>, [["old_name", "new_name"]])
        }
      )
    )
  })

  it("says nothing of short lists, which are alike by chance", () => {
    const pairs = pairsOf(39, 1, () => 8)
    assert.deepStrictEqual(membersAlike([record("aa", 1, pairs), record("bb", 2, pairs)]), [])
  })
})
