import { assert, describe, it } from "@effect/vitest"
import { Harvest, PartContent, SourceError } from "@letterboxd-ratings/core"
import { Array, Effect, Fiber, TestClock } from "effect"
import {
  film,
  idsIn,
  limited,
  list,
  memoryDataset,
  memoryLayer,
  memorySource,
  type MemoryWorld,
  partOf,
  refused,
  runHarvest,
  unavailable,
  userId,
  username,
  wall,
  watched
} from "./Worlds.ts"

const options: Harvest.HarvestOptions = {
  mode: "new",
  existing: "refuse",
  batches: 2,
  batchSize: 3,
  membersInFlight: 4
}

const names = Array.makeBy(8, (i) => `member_${i}`)
const films = Object.fromEntries(names.map((name, i) => [name, list([7, 0, 1, 3, 4, 20, 2, 9][i] ?? 0, i * 5 + 1)]))
const calm: MemoryWorld = { members: names, films }

const run = (world: MemoryWorld, changes: Partial<Harvest.HarvestOptions> = {}, dataset = memoryDataset()) =>
  runHarvest(world, { ...options, ...changes }, dataset)

const statesOf = ({ state }: ReturnType<typeof memoryDataset>) =>
  Object.fromEntries([...state.members.values()].map((record) => [record.username as string, record.state as string]))

const rated = (name: string) => (films[name] ?? []).filter((tile) => tile.rating !== undefined).length

/** Answers take long for the first members and short for the last, so that they arrive in the wrong order. */
const slowFirst: MemoryWorld = {
  ...calm,
  interfere: (name, page) =>
    Effect.as(Effect.sleep((names.length - names.indexOf(name)) * 1000 + page * 100), undefined)
}

describe("Harvest", () => {
  it.effect("commits members and ids in order of discovery, rows in page order", () =>
    Effect.gen(function* () {
      const { dataset, report } = yield* run(slowFirst)
      assert.deepStrictEqual(
        [...dataset.state.users],
        names.slice(0, 6).map((name, i) => [name, i + 1] as const)
      )
      assert.deepStrictEqual(
        dataset.batches.map((batch) => batch.members.length),
        [3, 3]
      )
      for (const [i, name] of names.slice(0, 6).entries()) {
        assert.deepStrictEqual(
          (dataset.rows.get(userId(i + 1)) ?? []).map((row) => row.filmId as number),
          (films[name] ?? []).filter((tile) => tile.rating !== undefined).map((tile) => tile.film.id as number)
        )
      }
      assert.strictEqual(report.members.sealed, 6)
      assert.strictEqual(
        report.ratings,
        names.slice(0, 6).reduce((sum, name) => sum + rated(name), 0)
      )
    })
  )

  it.effect("asks for exactly P pages of a member, and takes no more members than it was told", () =>
    Effect.gen(function* () {
      const { asked } = yield* run(slowFirst)
      const pages = names
        .slice(0, 6)
        .flatMap((name) =>
          Array.makeBy(Math.max(1, Math.ceil((films[name] ?? []).length / 3)), (i) => `${name}/${i + 1}`)
        )
      assert.deepStrictEqual(asked.filter((name) => !name.startsWith("list:")).sort(), pages.sort())
      assert.strictEqual(asked.filter((name) => name.startsWith("list:")).length, 6)
    })
  )

  it.effect("holds the same batches whatever the number of members in flight", () =>
    Effect.gen(function* () {
      const one = yield* run(slowFirst, { membersInFlight: 1 })
      const many = yield* run(slowFirst, { membersInFlight: 16 })
      assert.deepStrictEqual([...one.dataset.rows], [...many.dataset.rows])
      assert.deepStrictEqual([...one.dataset.state.films], [...many.dataset.state.films])
    })
  )

  it.effect("takes a member once that the list names twice, and says when the list ends", () =>
    Effect.gen(function* () {
      const { dataset, report } = yield* run({ ...calm, members: ["member_0", "member_1", "member_0", "member_2"] })
      assert.strictEqual(dataset.state.users.size, 3)
      assert.isTrue(report.listEnded)
    })
  )

  it.effect("reads a missing page again at the end of the batch, and only that one", () =>
    Effect.gen(function* () {
      const { asked, report } = yield* run({
        ...calm,
        interfere: (name, page, nth) =>
          Effect.succeed(name === "member_5" && page === 4 && nth === 1 ? unavailable : undefined)
      })
      assert.strictEqual(report.members.sealed, 6)
      assert.strictEqual(asked.filter((name) => name.startsWith("member_5/")).length, 8)
      assert.strictEqual(asked.filter((name) => name === "member_5/4").length, 2)
    })
  )

  it.effect("gives the members of a batch their second tries at the same time", () =>
    Effect.gen(function* () {
      const tries: globalThis.Array<string> = []
      const { report } = yield* run(
        {
          ...calm,
          interfere: (name, page, nth) =>
            nth === 1
              ? Effect.succeed(page === 1 && name !== "member_2" ? unavailable : undefined)
              : Effect.sleep("1 second").pipe(
                  Effect.zipRight(Effect.sync(() => tries.push(name))),
                  Effect.as(undefined)
                )
        },
        { batches: 1, membersInFlight: 4 }
      )
      assert.strictEqual(report.members.sealed, 3)
      assert.include(tries, "member_0")
      assert.include(tries, "member_1")
      // Page 1 of each takes a second; the other pages of member_0 are asked for the first time.
      assert.strictEqual(report.finishedAt.epochMillis - report.startedAt.epochMillis, 1_000)
    })
  )

  it.effect("gives names that lead to one another their second tries one after the other, and takes each once", () =>
    Effect.gen(function* () {
      const { asked, dataset, report } = yield* run(
        {
          members: ["aa", "bb", "member_3"],
          films: { ...films, cc: list(4, 600) },
          interfere: (name, _, nth) =>
            Effect.as(
              Effect.sleep("1 second"),
              name !== "aa" && name !== "bb"
                ? undefined
                : nth === 1
                  ? unavailable
                  : PartContent.Renamed({ to: username("cc") })
            )
        },
        { batches: 1, batchSize: 3 }
      )
      assert.deepStrictEqual(statesOf(dataset), { aa: "renamed", cc: "sealed", bb: "renamed", member_3: "sealed" })
      assert.deepStrictEqual(report.members, { sealed: 2, partial: 0, gone: 0, private: 0, renamed: 2 })
      assert.strictEqual(dataset.batches.flatMap(({ members }) => members).length, 4)
      assert.strictEqual(asked.filter((name) => name === "aa/1").length, 2)
    })
  )

  it.effect("counts the labels of parts as the source gives them, and the reason where a label does not tell it", () =>
    Effect.gen(function* () {
      for (const [label, verdicts] of [
        [undefined, { Films: 6, Refused: 2 }],
        ["Forbidden", { Forbidden: 8 }],
        ["Locked", { Locked: 8, Refused: 2 }]
      ] as const) {
        const { dataset, events, report } = yield* run({
          ...calm,
          label: () => (label === undefined ? undefined : { label }),
          interfere: (name, page) => Effect.succeed(name === "member_5" && page === 4 ? refused : undefined)
        })
        assert.deepStrictEqual(dataset.state.members.get(username("member_5"))?.verdicts, verdicts)
        assert.strictEqual(report.waiting.refused, 1)
        const pages = events.flatMap((event) =>
          event._tag === "PageRead" && event.username === "member_5" && event.page === 4 ? [event.verdict] : []
        )
        assert.deepStrictEqual(pages, [label ?? "Refused", label ?? "Refused"])
      }
    })
  )

  it.effect("keeps the good pages of a member and names the missing one", () =>
    Effect.gen(function* () {
      const { dataset, report } = yield* run({
        ...calm,
        interfere: (name, page) => Effect.succeed(name === "member_5" && page === 4 ? unavailable : undefined)
      })
      assert.deepStrictEqual(
        report.partial.map(({ missing, username }) => ({ missing, username: username as string })),
        [{ missing: [4], username: "member_5" }]
      )
      assert.isAbove(dataset.rows.get(userId(6))?.length ?? 0, 10)
    })
  )

  it.effect(
    "stops at a bot wall, keeps the complete members before it, notes who was refused, and asks for nothing more",
    () =>
      Effect.gen(function* () {
        const { asked, dataset, report } = yield* run(
          {
            ...slowFirst,
            interfere: (name, page) =>
              name === "member_4"
                ? Effect.succeed(wall)
                : Effect.as(Effect.sleep(names.indexOf(name) * 1000 + page), undefined)
          },
          { membersInFlight: 1 }
        )
        assert.strictEqual(report.stopped?.reason, "Refused")
        assert.deepStrictEqual([...dataset.state.users.keys()] as ReadonlyArray<string>, names.slice(0, 5))
        assert.deepStrictEqual(dataset.state.members.get(username("member_4"))?.verdicts, { Refused: 1 })
        assert.isFalse(asked.some((name) => name.startsWith("member_5/")))
      })
  )

  it.effect("keeps what was read of members when it stops, and the next run reads the rest only", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const { report } = yield* run(
        {
          ...calm,
          interfere: (name, page) => Effect.succeed(name === "member_5" && page > 4 ? wall : undefined)
        },
        { membersInFlight: 1 },
        dataset
      )
      assert.strictEqual(report.stopped?.reason, "Refused")
      const kept = dataset.state.members.get(username("member_5"))
      assert.strictEqual(kept?.state, "partial")
      const { asked } = yield* run(calm, { mode: "continue", batches: 1, batchSize: 1 }, dataset)
      assert.sameMembers(
        asked.filter((name) => name.startsWith("member_5/")),
        (kept?.missing ?? []).map((page) => `member_5/${page}`)
      )
      assert.isBelow(kept?.missing.length ?? 7, 7)
      assert.strictEqual(dataset.rows.get(userId(6))?.length, rated("member_5"))
    })
  )

  it.effect("ends after the time it was given, with what it has", () =>
    Effect.gen(function* () {
      const { dataset, report } = yield* run(
        { ...calm, interfere: () => Effect.as(Effect.sleep("10 seconds"), undefined) },
        {
          membersInFlight: 1,
          maxMillis: 95_000
        }
      )
      assert.strictEqual(report.stopped?.reason, "BudgetSpent")
      assert.strictEqual(report.finishedAt.epochMillis - report.startedAt.epochMillis, 95_000)
      // Eight answers take 80 s one after the other; the sixth member has seven pages, four of them at a time.
      assert.strictEqual(dataset.state.members.get(username("member_5"))?.state, "partial")
      assert.strictEqual(dataset.state.users.size, 6)
    })
  )

  it.effect("asks whether the site is there after one page that was refused as one request too many to the end", () =>
    Effect.gen(function* () {
      const error = new SourceError({ reason: "Refused", label: "RateLimited", source: "memory", detail: "refused" })
      const interfere = (name: string, page: number) =>
        Effect.succeed(name === "member_5" && page === 2 ? limited : undefined)
      const on = yield* run({ ...calm, interfere })
      assert.isUndefined(on.report.stopped)
      assert.deepStrictEqual(on.report.partial[0]?.missing, [2])
      const off = yield* run(
        { ...calm, interfere, membersFailAfter: { count: 0, error } },
        { only: [{ username: username("member_5") }] }
      )
      assert.strictEqual(off.report.stopped?.reason, "RateLimited")
    })
  )

  it.effect("puts a list together that moved while it was read, for a request more than it has pages", () =>
    Effect.gen(function* () {
      const before = list(29)
      let served = 0
      const { asked, dataset, report } = yield* run(
        {
          members: ["mover"],
          films: {},
          interfere: (_, page) =>
            Effect.sync(() => partOf((served += 1) > 1 ? [watched(900, 4), ...before] : before, page))
        },
        { batches: 1, batchSize: 1 }
      )
      assert.strictEqual(report.members.sealed, 1)
      assert.strictEqual(asked.filter((name) => name.startsWith("mover/")).length, 11)
      assert.deepStrictEqual(
        dataset.rows.get(userId(1))?.map(({ filmId }) => filmId as number),
        [900, ...before.filter(({ rating }) => rating !== undefined).map(({ film }) => film.id as number)]
      )
    })
  )

  it.effect("looks at the first page again when reading took long", () =>
    Effect.gen(function* () {
      const { asked, report } = yield* run(
        {
          members: ["slow_one"],
          films: { slow_one: list(9) },
          interfere: () => Effect.as(Effect.sleep("6 minutes"), undefined)
        },
        { batches: 1, batchSize: 1 }
      )
      assert.strictEqual(report.members.sealed, 1)
      assert.deepStrictEqual(
        asked.filter((name) => name.startsWith("slow_one/")),
        ["slow_one/1", "slow_one/2", "slow_one/3", "slow_one/1"]
      )
    })
  )

  it.effect("gives another name to a member with its id and rows, when the list was read completely", () =>
    Effect.gen(function* () {
      for (const isWhole of [true, false]) {
        const dataset = memoryDataset()
        yield* run(calm, { batches: 1 }, dataset)
        const only = username("member_0")
        const now = username("other_name")
        const { report } = yield* run(
          {
            ...calm,
            films: { ...films, other_name: films["member_0"] ?? [] },
            interfere: (name, page) =>
              Effect.succeed(
                name === "member_0"
                  ? PartContent.Renamed({ to: username("other_name") })
                  : page === 2 && !isWhole
                    ? unavailable
                    : undefined
              )
          },
          { mode: "continue", only: [{ username: only }] },
          dataset
        )
        assert.strictEqual(report.members.renamed, 1)
        assert.strictEqual(dataset.state.users.get(isWhole ? now : only), userId(1))
        assert.strictEqual(dataset.state.users.get(isWhole ? only : now), userId(4))
        assert.strictEqual(dataset.rows.get(userId(1))?.length, rated("member_0"))
        assert.strictEqual(dataset.state.members.get(only)?.ratings, isWhole ? 0 : rated("member_0"))
        assert.strictEqual(dataset.state.members.get(only)?.renamedTo, now)
      }
    })
  )

  it.effect("stops when the members list cannot be read further, with the members before it committed", () =>
    Effect.gen(function* () {
      const error = new SourceError({ reason: "Unreachable", source: "memory", detail: "gone" })
      const { dataset, report } = yield* run({ ...calm, membersFailAfter: { count: 2, error } })
      assert.strictEqual(report.stopped?.reason, "Unreachable")
      assert.isAtMost(dataset.state.users.size, 2)
    })
  )

  it.effect("asks the members list whether the site is there when requests fail in a row, and goes on if it is", () =>
    Effect.gen(function* () {
      const { report } = yield* run({
        ...calm,
        interfere: (name, page) => Effect.succeed(name === "member_5" && page > 1 ? unavailable : undefined)
      })
      assert.isUndefined(report.stopped)
      assert.deepStrictEqual(report.partial[0]?.missing, [2, 3, 4, 5, 6, 7])
    })
  )

  it.effect("records members that are gone, private, or renamed, and reads the new name", () =>
    Effect.gen(function* () {
      const { dataset, report } = yield* run({
        ...calm,
        films: { ...films, newcomer: [watched(900, 5)] },
        interfere: (name) =>
          Effect.succeed(
            name === "member_0"
              ? PartContent.Gone()
              : name === "member_2"
                ? PartContent.Private()
                : name === "member_3"
                  ? PartContent.Renamed({ to: username("newcomer") })
                  : undefined
          )
      })
      assert.deepStrictEqual(report.members, { sealed: 4, partial: 0, gone: 1, private: 1, renamed: 1 })
      const ids = [...dataset.state.users].map(([name, id]) => `${name}=${id}`)
      assert.deepStrictEqual(ids, [
        "member_0=1",
        "member_1=2",
        "member_2=3",
        "member_3=4",
        "newcomer=5",
        "member_4=6",
        "member_5=7"
      ])
      assert.strictEqual(dataset.rows.get(userId(5))?.length, 1)
    })
  )

  it.effect("continue skips known members, completes partial ones and goes on with the ids", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(
        {
          ...calm,
          interfere: (name, page) => Effect.succeed(name === "member_0" && page === 2 ? unavailable : undefined)
        },
        { batches: 1 },
        dataset
      )
      assert.strictEqual(dataset.state.members.get(username("member_0"))?.state, "partial")
      const { report } = yield* run(calm, { mode: "continue", batches: 2 }, dataset)
      assert.deepStrictEqual([...dataset.state.users.keys()] as ReadonlyArray<string>, names)
      assert.strictEqual(report.members.partial, 0)
      assert.strictEqual(dataset.rows.get(userId(1))?.length, rated("member_0"))
    })
  )

  it.effect(
    "learns the title of a film it knows from a list where the film is not rated, and takes in no film that nobody rated",
    () =>
      Effect.gen(function* () {
        const titles = (id: number, title: string, rating?: number) => {
          const tile = watched(id, rating)
          return { ...tile, film: film({ id, slug: `film-${id}`, title }) }
        }
        const world = {
          ...calm,
          members: ["first", "second"],
          films: { first: [titles(1, "One", 4)], second: [titles(1, "One, Restored"), titles(2, "Two")] }
        }
        const { dataset, report } = yield* run(world, { batches: 2, batchSize: 1 })
        assert.deepStrictEqual(
          [...dataset.state.films.values()],
          [film({ id: 1, slug: "film-1", title: "One, Restored" })]
        )
        assert.strictEqual(report.changedFilms, 1)
      })
  )

  it.effect("continue asks for the missing pages of a partial member and nothing else of it", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(
        {
          ...calm,
          interfere: (name, page) =>
            Effect.succeed(name === "member_5" && (page === 2 || page === 4) ? unavailable : undefined)
        },
        {},
        dataset
      )
      const { asked, report } = yield* run(calm, { mode: "continue", batches: 1, batchSize: 1 }, dataset)
      assert.sameMembers(
        asked.filter((name) => name.startsWith("member_5/")),
        ["member_5/2", "member_5/4"]
      )
      assert.strictEqual(report.members.partial, 0)
      const record = dataset.state.members.get(username("member_5"))
      assert.strictEqual(record?.state, "sealed")
      assert.strictEqual(record?.ratings, rated("member_5"))
      const stored = dataset.rows.get(userId(6)) ?? []
      assert.strictEqual(stored.length, rated("member_5"))
      assert.strictEqual(new Set(stored.map(({ filmId }) => filmId)).size, stored.length)
    })
  )

  it.effect("continue reads a partial member anew where its list is another one now", () =>
    Effect.gen(function* () {
      const changes: ReadonlyArray<ReturnType<typeof list>> = [
        [watched(500, 1), ...(films["member_5"] ?? [])],
        (films["member_5"] ?? []).slice(1),
        [watched(500, 1), ...(films["member_5"] ?? []).slice(0, -1)],
        [watched(500, 1), watched(501, 1), ...(films["member_5"] ?? []).slice(0, -2)],
        (films["member_5"] ?? []).toReversed()
      ]
      for (const now of changes) {
        const dataset = memoryDataset()
        yield* run(
          {
            ...calm,
            interfere: (name, page) => Effect.succeed(name === "member_5" && page === 3 ? unavailable : undefined)
          },
          {},
          dataset
        )
        const { report } = yield* run(
          { ...calm, films: { ...films, member_5: now } },
          { mode: "continue", batches: 1, batchSize: 1 },
          dataset
        )
        assert.strictEqual(report.members.partial, 0)
        assert.sameMembers(
          (dataset.rows.get(userId(6)) ?? []).map(({ filmId }) => filmId as number),
          now.filter(({ rating }) => rating !== undefined).map(({ film }) => film.id as number)
        )
      }
    })
  )

  it.effect("reads one member alone: rows are replaced when it is sealed, and kept when it is not", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(calm, { batches: 1 }, dataset)
      const only = username("member_0")
      const now = list(4, 400)
      const again = yield* run(
        { ...calm, films: { ...films, member_0: now } },
        { mode: "continue", only: [{ username: only }] },
        dataset
      )
      assert.strictEqual(again.report.members.sealed, 1)
      const rows = () => (dataset.rows.get(userId(1)) ?? []).map(({ filmId }) => filmId as number)
      assert.deepStrictEqual(
        rows(),
        now.filter(({ rating }) => rating !== undefined).map(({ film }) => film.id as number)
      )
      const before = rows()
      const partial = yield* run(
        {
          ...calm,
          interfere: (_, page) => Effect.succeed(page === 2 ? unavailable : undefined)
        },
        { mode: "continue", only: [{ username: only }] },
        dataset
      )
      assert.strictEqual(partial.report.members.partial, 1)
      assert.deepStrictEqual(rows(), before)
      const gone = yield* run(
        { ...calm, interfere: () => Effect.succeed(PartContent.Gone()) },
        { mode: "continue", only: [{ username: only }] },
        dataset
      )
      assert.strictEqual(gone.report.members.gone, 1)
      assert.deepStrictEqual(rows(), before)
      assert.strictEqual(dataset.state.members.get(only)?.state, "gone")
      const newcomer = yield* run(
        { ...calm, films: { fresh: list(5, 700) } },
        { mode: "continue", only: [{ username: username("fresh") }] },
        dataset
      )
      assert.strictEqual(newcomer.report.totalUsers, 4)
    })
  )

  /** A source where names lead to others: `aa` to `bb` for `aa: "bb"`. */
  const leading = (
    to: Readonly<Record<string, string>>,
    of: Readonly<Record<string, ReturnType<typeof list>>> = {}
  ): MemoryWorld => ({
    members: ["aa", "member_0"],
    films: { ...films, ...of },
    interfere: (name) => {
      const next = to[name]
      return Effect.succeed(next === undefined ? undefined : PartContent.Renamed({ to: username(next) }))
    }
  })
  const chain = (names: ReadonlyArray<string>) =>
    Object.fromEntries(names.slice(1).map((name, i) => [names[i] ?? "", name]))
  it.effect("follows names that lead to others, and reads the list at the end", () =>
    Effect.gen(function* () {
      for (const way of [
        ["aa", "dd", "ee"],
        ["aa", "dd", "e2", "e3", "e4", "e5"]
      ]) {
        const end = way.at(-1) ?? ""
        const { dataset, report } = yield* run(leading(chain(way), { [end]: list(5, 600) }), {
          batches: 1,
          batchSize: 2
        })
        assert.deepStrictEqual(report.members, { sealed: 2, partial: 0, gone: 0, private: 0, renamed: way.length - 1 })
        assert.deepStrictEqual(statesOf(dataset), {
          ...Object.fromEntries(way.map((name) => [name, name === end ? "sealed" : "renamed"])),
          member_0: "sealed"
        })
        assert.strictEqual(
          dataset.rows.get(userId(way.length))?.length,
          list(5, 600).filter(({ rating }) => rating !== undefined).length
        )
        assert.strictEqual(dataset.state.members.get(username("aa"))?.renamedTo, username("dd"))
      }
    })
  )

  it.effect("gives another name to a member whose name leads to it by way of a third", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run({ members: ["aa"], films: { aa: list(5, 600) } }, { batches: 1 }, dataset)
      const only = username("aa")
      yield* run(
        leading(chain(["aa", "dd", "ee"]), { ee: list(5, 600) }),
        { mode: "continue", only: [{ username: only }] },
        dataset
      )
      assert.deepStrictEqual(
        [...dataset.rows].map(([id, rows]) => [id as number, rows.length]),
        [[1, list(5, 600).filter(({ rating }) => rating !== undefined).length]]
      )
      assert.deepStrictEqual(idsIn(dataset), { ee: 1, aa: 2, dd: 3 })
    })
  )

  it.effect("takes the fact at the end of a way of names for what it is", () =>
    Effect.gen(function* () {
      for (const [fact, state] of [
        [PartContent.Gone(), "gone"],
        [PartContent.Private(), "private"]
      ] as const) {
        for (const only of [undefined, username("aa")]) {
          const { interfere, ...world } = leading(chain(["aa", "dd", "ee"]))
          const { dataset, report } = yield* run(
            {
              ...world,
              members: ["aa"],
              interfere: (name, page, nth) =>
                name === "ee" ? Effect.succeed(fact) : (interfere?.(name, page, nth) ?? Effect.succeed(undefined))
            },
            only === undefined ? {} : { only: [{ username: only }] }
          )
          assert.deepStrictEqual(statesOf(dataset), { aa: "renamed", dd: "renamed", ee: state })
          assert.strictEqual(report.members.renamed, 2)
        }
      }
    })
  )

  it.effect("leaves members partial whose names lead in a circle, too far, or to a page that cannot be had", () =>
    Effect.gen(function* () {
      const ways = [
        ["aa", "aa"],
        ["aa", "dd", "aa"],
        ["aa", "dd", "ee", "dd"],
        ["aa", "dd", "e2", "e3", "e4", "e5", "e6"],
        ["aa", "dd", "broken"]
      ]
      for (const way of ways) {
        const to = chain(way)
        const { interfere, ...world } = leading(to, { e6: list(3) })
        const dataset = memoryDataset()
        const broken: MemoryWorld = {
          ...world,
          interfere: (name, page, nth) =>
            name === "broken"
              ? Effect.succeed(unavailable)
              : (interfere?.(name, page, nth) ?? Effect.succeed(undefined))
        }
        const { asked, events, report } = yield* run(broken, { batches: 1, batchSize: 2 }, dataset)
        assert.isUndefined(report.stopped)
        assert.strictEqual(report.members.renamed, 0)
        assert.strictEqual(report.members.partial, new Set(way).size - (way.includes("e6") ? 1 : 0))
        for (const { lastPage, missing } of report.partial)
          assert.deepStrictEqual({ lastPage, missing }, { lastPage: 0, missing: [1] })
        assert.isAtLeast(asked.filter((name) => name === "aa/1").length, 2)
        assert.isFalse(events.some((event) => event._tag === "MemberRead" && event.state === "renamed"))
        // The site has come to its senses: the list is read by continue.
        const later = yield* run(
          { ...world, films: { ...films, aa: list(4, 700) }, interfere: () => Effect.succeed(undefined) },
          { mode: "continue", batches: 1, batchSize: 1 },
          dataset
        )
        assert.strictEqual(later.report.members.partial, 0)
        assert.strictEqual(statesOf(dataset)["aa"], "sealed")
      }
    })
  )

  it.effect("keeps the rows of a known member whose name leads in a circle", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      yield* run(calm, { batches: 1 }, dataset)
      const only = username("member_0")
      const { report } = yield* run(
        leading(chain(["member_0", "dd", "member_0"])),
        { mode: "continue", only: [{ username: only }] },
        dataset
      )
      assert.strictEqual(report.members.partial, 2)
      assert.strictEqual(dataset.state.members.get(only)?.state, "sealed")
      assert.strictEqual(dataset.rows.get(userId(1))?.length, rated("member_0"))
    })
  )

  it.effect("follows a name that changes between the first reading and the second", () =>
    Effect.gen(function* () {
      const { dataset, report } = yield* run(
        {
          members: ["aa"],
          films: { ee: list(4) },
          interfere: (name, _, nth) =>
            Effect.succeed(
              name !== "aa" ? undefined : nth === 1 ? unavailable : PartContent.Renamed({ to: username("ee") })
            )
        },
        { batches: 1, batchSize: 1 }
      )
      assert.strictEqual(report.members.partial, 0)
      assert.deepStrictEqual(statesOf(dataset), { aa: "renamed", ee: "sealed" })
    })
  )

  it.effect("ends after the time it was given, whatever it waits for", () =>
    Effect.gen(function* () {
      for (const mode of ["new", "continue"] as const) {
        const dataset = memoryDataset()
        yield* run(calm, { batches: 1 }, dataset)
        const { report } = yield* run({ ...calm, beforeMembers: Effect.never }, { mode, maxMillis: 60_000 }, dataset)
        assert.strictEqual(report.stopped?.reason, "BudgetSpent")
        assert.strictEqual(report.finishedAt.epochMillis - report.startedAt.epochMillis, 60_000)
        assert.isFalse(report.listEnded)
      }
    })
  )

  it.effect("takes a list that repeats itself without end for ended", () =>
    Effect.gen(function* () {
      const endless: Iterable<string> = {
        *[Symbol.iterator]() {
          while (true) yield* names.slice(0, 4)
        }
      }
      const { asked, dataset, report } = yield* run({ ...calm, members: endless })
      assert.isTrue(report.listEnded)
      assert.strictEqual(dataset.state.users.size, 4)
      assert.isAtMost(asked.filter((name) => name.startsWith("list:")).length, 4 + 150)
      const more = yield* run({ ...calm, members: endless }, { mode: "continue" }, dataset)
      assert.isTrue(more.report.listEnded)
    })
  )

  it.effect("passes over any number of members it knows, and over names that are listed twice", () =>
    Effect.gen(function* () {
      const many = Array.makeBy(1_000, (i) => `many_${i}`)
      const dataset = memoryDataset()
      yield* run({ members: many, films: {} }, { batches: 1, batchSize: 1_000 }, dataset)
      const twice = many.flatMap((name, i) => (i % 30 === 29 ? many.slice(i - 29, i + 1) : [name]))
      const { report } = yield* run(
        { members: [...twice, "fresh"], films: { fresh: list(2) } },
        { mode: "continue", batches: 1, batchSize: 1 },
        dataset
      )
      assert.isFalse(report.listEnded)
      assert.isTrue(dataset.state.users.has(username("fresh")))
    })
  )

  it.effect("tells of every batch that is there, also when it is interrupted while one is committed", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const { source } = yield* memorySource(calm)
      const committed: globalThis.Array<string> = []
      const running = yield* Effect.fork(
        Harvest.report(options, ({ _tag }) =>
          Effect.sync(() => (_tag === "BatchCommitted" ? committed.push(_tag) : undefined))
        ).pipe(Effect.provide(memoryLayer(source, dataset, Effect.sleep("1 second"))))
      )
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(dataset.batches.length, 1)
      const interrupting = yield* Effect.fork(Fiber.interrupt(running))
      yield* TestClock.adjust("1 day")
      yield* Fiber.join(interrupting)
      assert.strictEqual(dataset.batches.length, 1)
      assert.strictEqual(committed.length, 1)
    })
  )

  it.effect("tells what happens, ending with the report", () =>
    Effect.gen(function* () {
      const { events, report } = yield* run(calm)
      const tags = events.map((event) => event._tag)
      assert.strictEqual(tags[0], "RunStarted")
      assert.strictEqual(tags.filter((tag) => tag === "MemberRead").length, 6)
      assert.strictEqual(tags.filter((tag) => tag === "BatchCommitted").length, 2)
      assert.deepStrictEqual(events.at(-1), { _tag: "RunFinished", report })
    })
  )
})
