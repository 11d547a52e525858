/** What holds of a run as a stream of events, whatever it reads. */
import { assert, describe, it } from "@effect/vitest"
import { Harvest, type HarvestEvent, RatingsSource, RatingsStorage, StorageError } from "@letterboxd-ratings/core"
import { Array, Chunk, Deferred, Effect, Exit, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { list, memoryDataset, memoryLayer, memorySource, type MemoryWorld, watched } from "./Worlds.ts"

const options: Harvest.HarvestOptions = {
  mode: "new",
  existing: "refuse",
  batches: 3,
  batchSize: 2,
  membersInFlight: 3
}
const names = Array.makeBy(8, (i) => `member_${i}`)
const calm: MemoryWorld = {
  members: names,
  films: Object.fromEntries(names.map((name, i) => [name, list(4 + i, i * 20 + 1)]))
}

/** A run over a world, with all that it needs. */
const runOver = (world: MemoryWorld, dataset = memoryDataset(), afterCommit: Effect.Effect<void> = Effect.void) =>
  Effect.map(memorySource(world), ({ source }) =>
    Stream.provideLayer(Harvest.run(options), memoryLayer(source, dataset, afterCommit))
  )

const tagsOf = (events: Iterable<HarvestEvent>) => [...events].map(({ _tag }) => _tag)

describe("Harvest.run", () => {
  it.effect("tells what happens in order: first the start, members before their batch, last the report", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(yield* runOver(calm, dataset)))
      const tags = tagsOf(events)
      assert.strictEqual(tags[0], "RunStarted")
      assert.strictEqual(tags.at(-1), "RunFinished")
      assert.strictEqual(tags.filter((tag) => tag === "RunStarted" || tag === "RunFinished").length, 2)
      const read = new Set<string>()
      const discovered = new Set<string>()
      let batch = 0
      for (const event of events) {
        if (event._tag === "MemberDiscovered") discovered.add(event.username)
        if (event._tag === "PageRead") assert.isTrue(discovered.has(event.username))
        if (event._tag === "MemberRead") read.add(event.username)
        if (event._tag !== "BatchCommitted") continue
        assert.strictEqual(event.batch, (batch += 1))
        for (const member of event.members) assert.isTrue(read.has(member), member)
      }
      assert.strictEqual(batch, 3)
      const last = events.at(-1)
      assert(last?._tag === "RunFinished")
      assert.deepStrictEqual(
        [last.report.batches, last.report.members.sealed, last.report.totalRatings],
        [3, 6, dataset.state.ratings]
      )
    })
  )

  it.effect("runs anew each time it is run", () =>
    Effect.gen(function* () {
      const stream = yield* runOver(calm)
      const first = yield* Stream.runCollect(stream)
      assert.deepStrictEqual(tagsOf(yield* Stream.runCollect(stream)), tagsOf(first))
    })
  )

  it.effect("is stopped by what the source dies of", () =>
    Effect.gen(function* () {
      const { source } = yield* memorySource(calm)
      const broken = Stream.dieMessage("a fault of the source")
      const report = yield* Harvest.report(options).pipe(
        Effect.provide(memoryLayer({ ...source, members: broken }, memoryDataset()))
      )
      assert.strictEqual(report.stopped?.kind, "NotUnderstood")
      assert.include(
        report.stopped?.message,
        "The source memory threw an exception (RuntimeException: a fault of the source)"
      )
    })
  )

  it.effect("fails where the storage does, after the events before it", () =>
    Effect.gen(function* () {
      const { source } = yield* memorySource(calm)
      const dataset = memoryDataset()
      const error = new StorageError({ reason: "Full", storage: "memory", place: "memory", detail: "no space is left" })
      const failing = Layer.effect(
        RatingsStorage,
        Effect.map(RatingsStorage, (storage) => ({
          ...storage,
          open: (mode: Parameters<typeof storage.open>[0]) =>
            Effect.map(storage.open(mode), (open) => ({
              ...open,
              commit: (batch: Parameters<typeof open.commit>[0]) =>
                dataset.batches.length === 1 ? Effect.fail(error) : open.commit(batch)
            }))
        }))
      ).pipe(Layer.provideMerge(memoryLayer(source, dataset)))
      const told: globalThis.Array<HarvestEvent> = []
      const failure = yield* Stream.runForEach(Harvest.run(options), (event) =>
        Effect.sync(() => told.push(event))
      ).pipe(Effect.provide(failing), Effect.flip)
      assert.strictEqual(failure.reason, "Full")
      assert.strictEqual(tagsOf(told).filter((tag) => tag === "BatchCommitted").length, 1)
      assert.notInclude(tagsOf(told), "RunFinished")
    })
  )

  it.effect("loses no event to a slow consumer, and does not wait for it", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const quick = yield* Stream.runCollect(yield* runOver(calm))
      const slow: globalThis.Array<HarvestEvent> = []
      const stream = yield* runOver(calm, dataset)
      const fiber = yield* Effect.fork(
        Stream.runForEach(stream, (event) =>
          Effect.zipRight(
            Effect.sleep("1 minute"),
            Effect.sync(() => slow.push(event))
          )
        )
      )
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(tagsOf(slow), ["RunStarted"])
      assert.strictEqual(dataset.batches.length, 3)
      yield* TestClock.adjust("1 day")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(tagsOf(slow), tagsOf(quick))
    })
  )

  it.effect("leaves what was committed when it is interrupted, finishes a commit under way, and ends all reading", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const committed = yield* Deferred.make<void>()
      const { asked, source } = yield* memorySource({
        ...calm,
        interfere: () => Effect.as(Effect.sleep("1 second"), undefined)
      })
      let isFinished = false
      const afterCommit = Deferred.succeed(committed, undefined).pipe(
        Effect.zipRight(Effect.sleep("10 seconds")),
        Effect.zipRight(Effect.sync(() => (isFinished = true)))
      )
      const fiber = yield* Effect.fork(
        Stream.runDrain(Harvest.run(options)).pipe(Effect.provide(memoryLayer(source, dataset, afterCommit)))
      )
      while (Option.isNone(yield* Deferred.poll(committed))) yield* TestClock.adjust("1 second")
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("5 seconds")
      assert.isFalse(isFinished)
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.join(interrupting)))
      assert.isTrue(isFinished)
      assert.strictEqual(dataset.batches.length, 1)
      const before = (yield* asked).length
      yield* TestClock.adjust("1 day")
      assert.strictEqual((yield* asked).length, before)
    })
  )

  it.effect("stops when nobody wants more of it", () =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const stream = yield* runOver(
        { ...calm, interfere: () => Effect.as(Effect.sleep("1 second"), undefined) },
        dataset
      )
      const fiber = yield* Effect.fork(Stream.runCollect(Stream.take(stream, 3)))
      yield* TestClock.adjust("1 day")
      assert.strictEqual((yield* Fiber.join(fiber)).length, 3)
      assert.strictEqual(dataset.batches.length, 0)
    })
  )
})

describe("Harvest.report", () => {
  it.effect("gives the report of the last event, with or without somebody to tell", () =>
    Effect.gen(function* () {
      const told: globalThis.Array<HarvestEvent> = []
      const { source } = yield* memorySource(calm)
      const layer = () => memoryLayer(source, memoryDataset())
      const report = yield* Harvest.report(options, (event) => Effect.sync(() => told.push(event))).pipe(
        Effect.provide(layer())
      )
      assert.deepStrictEqual(told.at(-1), { _tag: "RunFinished", report })
      assert.strictEqual((yield* Harvest.report(options).pipe(Effect.provide(layer()))).ratings, report.ratings)
    })
  )

  it.effect("ends when who is told fails, with the batches that were committed", () =>
    Effect.gen(function* () {
      const { source } = yield* memorySource({
        ...calm,
        interfere: () => Effect.as(Effect.sleep("1 second"), undefined)
      })
      const dataset = memoryDataset()
      const fiber = yield* Effect.fork(
        Harvest.report(options, ({ _tag }) =>
          _tag === "BatchCommitted" ? Effect.fail("no more" as const) : Effect.void
        ).pipe(Effect.provide(memoryLayer(source, dataset)), Effect.flip)
      )
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* Fiber.join(fiber), "no more")
      assert.isAbove(dataset.batches.length, 0)
    })
  )

  it.effect("can be interrupted before anything happened", () =>
    Effect.gen(function* () {
      const { source } = yield* memorySource(calm)
      const fiber = yield* Effect.fork(
        Harvest.report(options).pipe(Effect.provide(memoryLayer(source, memoryDataset())))
      )
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    })
  )
})

describe("a source with no second way to ask for ratings", () => {
  it.effect("is believed where a list has none", () =>
    Effect.gen(function* () {
      const { source } = yield* memorySource({
        members: ["aa"],
        films: { aa: Array.makeBy(12, (i) => watched(i + 1)) }
      })
      const { activity: _activity, ratedFilms: _ratedFilms, ...plain } = source
      const report = yield* Harvest.report({ ...options, batches: 1 }).pipe(
        Effect.provide(memoryLayer(RatingsSource.of(plain), memoryDataset()))
      )
      assert.deepStrictEqual([report.members.sealed, report.members.partial, report.requests], [1, 0, 0])
    })
  )
})
