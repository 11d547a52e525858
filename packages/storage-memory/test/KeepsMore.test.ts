/** A dataset that begins to keep more while a member is partial. */
import { assert, describe, it } from "@effect/vitest"
import {
  type Batch,
  canBeCompleted,
  Harvest,
  type Keep,
  PartContent,
  problemsOf,
  RatingsSource,
  RatingsStorage,
  SourceError,
  type SourceErrorReason,
  Username,
  WatchedFilm
} from "@letterboxd-ratings/core"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { Effect, Layer, Schema, Stream, TestClock } from "effect"

const davee = Schema.decodeUnknownSync(Username)("davee")
const films = Array.from({ length: 9 }, (_, i) =>
  Schema.decodeUnknownSync(WatchedFilm)({
    film: { id: i + 1, slug: `film-${i + 1}`, title: `Film ${i + 1}`, year: 2000 },
    ...(i % 3 === 0 ? {} : { rating: 4 }),
    liked: true
  })
)

/** A member with three parts, of which the third cannot be had as long as `isBroken`. */
const sourceOf = (isBroken: SourceErrorReason | undefined, asked: Array<number>) =>
  RatingsSource.of({
    name: "test",
    members: Stream.make({ username: davee }),
    list: (username, parts) =>
      Stream.map(Stream.fromIterable(parts === "all" ? [1, 2, 3] : parts), (number) => {
        asked.push(number)
        return {
          username,
          number,
          place: `part ${number}`,
          content:
            isBroken !== undefined && number === 3
              ? PartContent.Missing({
                  error: new SourceError({ reason: isBroken, source: "test", detail: "gone" })
                })
              : PartContent.Films({
                  films: films.slice((number - 1) * 3, number * 3),
                  lastPart: 3,
                  stated: { films: 9 },
                  unreadable: 0,
                  fullPart: 3
                })
        }
      })
  })

const history = (second: { readonly keep?: ReadonlyArray<Keep>; readonly isBroken?: SourceErrorReason }) =>
  Effect.gen(function* () {
    const datasets = MemoryStorage.makeDatasets()
    const storage = MemoryStorage.layer({ place: "here", datasets })
    const asked: Array<number> = []
    const run = (mode: "new" | "continue", isBroken?: SourceErrorReason, keep: ReadonlyArray<Keep> = []) =>
      Effect.gen(function* () {
        asked.length = 0
        const running = yield* Effect.fork(
          Harvest.report({
            mode,
            existing: "refuse",
            batches: 1,
            batchSize: 1,
            membersInFlight: 1,
            keep
          }).pipe(Effect.provide(Layer.merge(storage, Layer.succeed(RatingsSource, sourceOf(isBroken, asked)))))
        )
        yield* TestClock.adjust("1 day")
        return yield* running
      })
    yield* run("new", "Unreachable")
    const record = datasets.held.get("here")?.state.members.get(davee)
    assert(record !== undefined && canBeCompleted(record))
    yield* run("continue", second.isBroken, second.keep)
    const askedSecond = [...asked]
    if (second.isBroken !== undefined) yield* run("continue")
    const held = datasets.held.get("here")
    if (held === undefined) return assert.fail("no dataset")
    assert.deepStrictEqual(problemsOf(held), [])
    return { held, askedSecond, state: held.state.members.get(davee)?.state, storage }
  })

const ids = (rows: ReadonlyArray<{ readonly filmId: number }>) => rows.map(({ filmId }) => filmId)

describe("a dataset that begins to keep more while a member is partial", () => {
  it.effect("reads the member as a whole, and so has what was not kept before", () =>
    Effect.gen(function* () {
      const { askedSecond, held, state } = yield* history({ keep: ["watched", "liked"] })
      assert.deepStrictEqual(askedSecond, [1, 2, 3])
      assert.strictEqual(state, "sealed")
      assert.deepStrictEqual(ids(held.rows.watched), [1, 4, 7])
      assert.deepStrictEqual(ids(held.rows.ratings), [2, 3, 5, 6, 8, 9])
      assert.isTrue(held.rows.ratings.every(({ liked }) => liked === true))
    })
  )

  it.effect("does so also in a later run, where the one that asked for more could not", () =>
    Effect.gen(function* () {
      const { held, state } = yield* history({ keep: ["watched"], isBroken: "Refused" })
      assert.strictEqual(state, "sealed")
      assert.deepStrictEqual(ids(held.rows.watched), [1, 4, 7])
      assert.deepStrictEqual(ids(held.rows.ratings).toSorted(), [2, 3, 5, 6, 8, 9])
    })
  )

  it.effect("reads the missing part only where nothing more is kept of lists", () =>
    Effect.gen(function* () {
      const { askedSecond, state } = yield* history({ keep: ["film_numbers"] })
      assert.deepStrictEqual(askedSecond, [3])
      assert.strictEqual(state, "sealed")
    })
  )

  it.effect("is not completed by a batch that begins to keep more, either", () =>
    Effect.gen(function* () {
      const { held, storage } = yield* history({ keep: [] })
      assert.strictEqual(held.state.watched, 0)
      const batch: Batch = {
        members: [],
        newFilms: [],
        changedFilms: [],
        keeps: ["rated_on"],
        committedAt: held.committedAt
      }
      yield* Effect.flatMap(RatingsStorage, (service) =>
        Effect.scoped(
          Effect.gen(function* () {
            const dataset = yield* service.open({ _tag: "continue" })
            yield* dataset.commit(batch)
            assert.isTrue([...dataset.state.members.values()].every((record) => !canBeCompleted(record)))
          })
        )
      ).pipe(Effect.provide(storage))
    })
  )
})
