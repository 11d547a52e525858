import { assert, describe, it } from "@effect/vitest"
import {
  blocksOfRows,
  type Batch,
  contentAfter,
  type DatasetContent,
  emptyContent,
  openedDataset,
  problemsOf,
  rowStreamsOf,
  StorageError
} from "@letterboxd-ratings/core"
import { Chunk, DateTime, Effect, Exit, Stream } from "effect"
import * as fc from "fast-check"
import { filmOf, memberOf } from "./Batches.ts"

const now = DateTime.unsafeMake(0)

/** A dataset that is held whole; writing fails as often as `fails` says, with nothing written. */
const heldDataset = (fails: () => boolean) => {
  const held = { content: emptyContent(now) }
  const failure = new StorageError({ reason: "Full", storage: "test", place: "test", detail: "the disk is full" })
  return Effect.map(
    openedDataset({
      storage: "test",
      place: "test",
      state: held.content.state,
      notes: [],
      rows: rowStreamsOf(() => held.content),
      write: (changes) =>
        Effect.flatMap(contentAfter(held.content, changes), (next) => {
          if (fails()) return failure
          held.content = next
          return Effect.succeed(next.state)
        })
    }),
    (dataset) => ({ dataset, held })
  )
}

/** All of a content in its order, to compare. */
const shown = ({ rows, state }: DatasetContent) => ({
  ...state,
  users: [...state.users],
  films: [...state.films],
  members: [...state.members],
  updates: [...state.updates],
  keeps: [...state.keeps],
  rows
})

/** Batches in which members are new, read again, or partial, and films new or renamed. */
const batches = fc
  .array(
    fc.record({
      members: fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 6 }), sealed: fc.boolean() }), {
        maxLength: 3,
        selector: ({ id }) => id
      }),
      films: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
      title: fc.constantFrom("A", "B"),
      keeps: fc.constantFrom([], ["liked" as const], ["watched" as const])
    }),
    { maxLength: 8 }
  )
  .map((steps) => {
    const known = new Map<number, string>()
    const users = new Set<number>()
    return steps.map(({ films, keeps, members, title }, n): Batch => {
      const added = films.filter((id) => !known.has(id))
      const changed = films.filter((id) => known.has(id) && known.get(id) !== title)
      const before = new Map(known)
      for (const id of films) known.set(id, title)
      return {
        members: members.map(({ id, sealed }) => {
          const isNew = !users.has(id)
          users.add(id)
          return memberOf(id, films, { isNew, state: sealed ? "sealed" : "partial", minute: n })
        }),
        newFilms: added.map((id) => filmOf(id, title)),
        changedFilms: changed.map((id) => ({ before: filmOf(id, before.get(id) ?? ""), after: filmOf(id, title) })),
        keeps,
        committedAt: DateTime.unsafeMake(n * 60_000)
      }
    })
  })

describe("changes of tables", () => {
  it.effect("leave the same dataset whether a batch is written at once, or at the second try", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(batches, (history) =>
          Effect.runPromise(
            Effect.gen(function* () {
              let tries = 0
              const smooth = yield* heldDataset(() => false)
              const rough = yield* heldDataset(() => (tries += 1) % 2 === 1)
              for (const batch of history) {
                const receipt = yield* smooth.dataset.commit(batch)
                assert.isTrue(Exit.isFailure(yield* Effect.exit(rough.dataset.commit(batch))))
                assert.deepStrictEqual(yield* rough.dataset.commit(batch), receipt)
                assert.deepStrictEqual(shown(rough.held.content), shown(smooth.held.content))
              }
              // Loaded whole, it is the same again.
              const copy = yield* heldDataset(() => false)
              const { content } = smooth.held
              yield* copy.dataset.load({
                state: content.state,
                committedAt: content.committedAt,
                ...rowStreamsOf(() => content),
                ratings: blocksOfRows(rowStreamsOf(() => content).ratings)
              })
              assert.deepStrictEqual(shown(copy.held.content), {
                ...shown(content),
                batches: Math.max(1, content.state.batches)
              })
            })
          )
        )
      )
    )
  )

  it.effect("are made one after the other, whoever asks", () =>
    Effect.gen(function* () {
      const { dataset, held } = yield* heldDataset(() => false)
      const one = (id: number) => ({
        members: [memberOf(id, [id], { isNew: true, state: "sealed", minute: 0 })],
        newFilms: [filmOf(id, "A")],
        changedFilms: [],
        committedAt: now
      })
      const receipts = yield* Effect.forEach([1, 2, 3], (id) => dataset.commit(one(id)), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        receipts.map(({ batches: n, ratings }) => [n, ratings]),
        [
          [1, 1],
          [2, 2],
          [3, 3]
        ]
      )
      assert.deepStrictEqual(problemsOf(held.content), [])
      assert.strictEqual(Chunk.size(yield* Stream.runCollect(dataset.ratings)), 3)
    })
  )
})

describe("a dataset", () => {
  const sound = Effect.gen(function* () {
    const { dataset, held } = yield* heldDataset(() => false)
    yield* dataset.commit({
      members: [
        memberOf(1, [1, 2], { isNew: true, state: "sealed", minute: 0 }),
        memberOf(2, [2], { isNew: true, state: "sealed", minute: 0 })
      ],
      newFilms: [filmOf(1, "A"), filmOf(2, "B")],
      changedFilms: [],
      committedAt: now
    })
    return held.content
  })
  const faults: ReadonlyArray<
    readonly [what: string, change: (content: DatasetContent) => DatasetContent, said: string]
  > = [
    [
      "a row names a user who is not there",
      ({ rows, ...content }) => {
        const [first, ...rest] = rows.ratings
        const changed = first === undefined ? [] : [{ ...first, userId: 9 as never }]
        return { ...content, rows: { ...rows, ratings: [...rest, ...changed] } }
      },
      "row 3 of ratings: unknown user 9"
    ],
    [
      "a film is not there",
      ({ state, ...content }) => ({
        ...content,
        state: { ...state, films: new Map([...state.films].filter(([id]) => id !== 1)) }
      }),
      "row 1 of ratings: unknown film 1"
    ],
    [
      "a row is there twice",
      ({ rows, ...content }) => ({
        ...content,
        rows: { ...rows, ratings: [...rows.ratings, ...rows.ratings.slice(0, 1)] }
      }),
      "user 1 has film 1 more than once"
    ],
    [
      "a rated film is among those that were not rated",
      ({ rows, state, ...content }) => ({
        ...content,
        state: { ...state, keeps: new Set(["watched"]), watched: 1 },
        rows: { ...rows, watched: rows.ratings.slice(0, 1) }
      }),
      "user 1 has film 1 more than once"
    ],
    [
      "a row is missing",
      ({ rows, ...content }) => ({ ...content, rows: { ...rows, ratings: rows.ratings.slice(1) } }),
      "member_1 has 1 ratings, but the member's record says 2"
    ],
    [
      "a time is missing",
      ({ state, ...content }) => ({ ...content, state: { ...state, updates: new Map() } }),
      "member_1 is complete, but the time of the last complete reading is missing"
    ],
    [
      "ids are missing",
      ({ state, ...content }) => ({
        ...content,
        state: { ...state, users: new Map([...state.users].map(([name, id]) => [name, (id + 1) as never])) }
      }),
      "there are 2 users, but ids up to 3: ids are missing between"
    ]
  ]

  it.effect("is sound as it was written", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(problemsOf(yield* sound), [])
    })
  )

  for (const [what, change, said] of faults) {
    it.effect(`is not sound where ${what}`, () =>
      Effect.gen(function* () {
        assert.include(problemsOf(change(yield* sound)), said)
      })
    )
  }
})
