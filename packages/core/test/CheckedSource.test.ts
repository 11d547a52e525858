import { assert, describe, it } from "@effect/vitest"
import {
  checkedSource,
  examineSource,
  Harvest,
  type ListPart,
  mostParts,
  PartContent,
  type RatingsSource,
  SourceError,
  WatchedFilm,
  watchedFilmReader
} from "@letterboxd-ratings/core"
import { Cause, Chunk, Effect, Either, Exit, Option, Schema, Stream, TestClock } from "effect"
import * as fc from "fast-check"
import { list, memoryDataset, memoryLayer, memorySource, username, watched } from "./Worlds.ts"

const davee = username("davee")

type Source = typeof RatingsSource.Service
/** A source as a module that is not in TypeScript may make it. */
type Loose = { [K in keyof Source]?: unknown }
const sourceOf = (loose: Loose) => loose as unknown as Source

const film = (
  over: Readonly<Record<string, unknown>> = {},
  facts: Readonly<Record<string, unknown>> = { rating: 4 }
) => ({
  film: { id: 1, slug: "one", title: "One", year: 2001, ...over },
  ...facts
})
const filmsPart = (over: Readonly<Record<string, unknown>> = {}, part: Readonly<Record<string, unknown>> = {}) => ({
  username: "davee",
  number: 1,
  place: "here",
  content: { _tag: "Films", films: [film()], lastPart: 1, stated: {}, unreadable: 0, fullPart: 72, ...over },
  ...part
})
const filmPart = (...args: Parameters<typeof film>) => filmsPart({ films: [film(), film(...args)] })
const giving = (...parts: ReadonlyArray<unknown>): Loose => ({
  name: "mod",
  members: Stream.make({ username: "davee", films: 1 }),
  list: () => Stream.fromIterable(parts)
})

/** The parts that a source gives, and the error it ends with. */
const read = (loose: Loose, which: "all" | ReadonlyArray<number> = "all") =>
  Effect.gen(function* () {
    const parts: Array<ListPart> = []
    const exit = yield* checkedSource(sourceOf(loose))
      .list(davee, which)
      .pipe(
        Stream.runForEach((part) => Effect.sync(() => parts.push(part))),
        Effect.exit
      )
    const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
    if (Exit.isFailure(exit)) assert(error instanceof SourceError, Cause.pretty(exit.cause))
    return { parts, error }
  })

/** The error of the only part, which is missing. */
const missing = (loose: Loose) =>
  Effect.map(read(loose), ({ error, parts: [part, ...more] }) => {
    assert.isUndefined(error)
    assert.deepStrictEqual(more, [])
    if (part?.content._tag !== "Missing") return assert.fail(`the part is ${part?.content._tag}`)
    return part.content.error
  })

describe("a checked source", () => {
  it.effect("gives what a good source gives", () =>
    Effect.gen(function* () {
      const { source } = yield* memorySource({ members: ["aa", "bb"], films: { aa: list(7), bb: list(2) } })
      const aa = username("aa")
      const all = (of: Source) =>
        Effect.all([
          Stream.runCollect(of.members),
          Stream.runCollect(of.list(aa, "all")),
          Stream.runCollect(of.list(aa, [9])),
          of.ratedFilms?.(aa) ?? Effect.succeedNone
        ])
      const given = yield* all(source)
      const checked = yield* all(checkedSource(source))
      const shown = ([members, whole, some, rated]: typeof given) => [
        Chunk.toReadonlyArray(members),
        Chunk.toReadonlyArray(whole).toSorted((a, b) => a.number - b.number),
        Chunk.toReadonlyArray(some),
        rated
      ]
      assert.deepStrictEqual(shown(checked), shown(given))
    })
  )

  const values: ReadonlyArray<readonly [what: string, part: unknown, said: string]> = [
    ...[5.5, 3.25, 0, -1, Number.NaN, Infinity, "4"].map(
      (rating) => [`a rating of ${rating}`, filmPart({}, { rating }), "film 2: rating cannot be "] as const
    ),
    ["a rating of null", filmPart({}, { rating: null }), "film 2: rating cannot be null"],
    ...[-1, 0, 1.5, 2 ** 31, Number.NaN, "1"].map(
      (id) => [`the film id ${id}`, filmPart({ id }), "film 2: film_id cannot be "] as const
    ),
    ["a film without id", filmPart({ id: undefined }), "film 2: film_id is missing"],
    ["a slug with a space", filmPart({ slug: "a b" }), `film 2: slug cannot be "a b"`],
    ["a slug without end", filmPart({ slug: "a".repeat(501) }), "film 2: slug cannot be"],
    ...[" One", "One ", "\uFEFFOne", "", "O\0ne", "O\nne", "O\u001b[31m", "\uD800", "a".repeat(2001)].map(
      (title) => [`the title ${JSON.stringify(title)}`, filmPart({ title }), "film 2: title cannot be "] as const
    ),
    ["a year of three digits", filmPart({ year: 999 }), "film 2: year cannot be 999"],
    ["a number at TMDB that is none", filmPart({ tmdbId: -3 }), "film 2: tmdb_id cannot be -3"],
    ["a number at IMDb that is none", filmPart({ imdbId: "nm1" }), `film 2: imdb_id cannot be "nm1"`],
    ["a day that is none", filmPart({}, { rating: 4, ratedOn: "yesterday" }), `film 2: rated_on cannot be "yesterday"`],
    ["a like that is a text", filmPart({}, { rating: 4, liked: "yes" }), `film 2: liked cannot be "yes"`],
    ["a film that is none", filmsPart({ films: [null] }), "film 1: it is null"],
    ["no films", filmsPart({ films: undefined }), "films: Expected"],
    ...[0, -1, 1.5, Number.NaN, mostParts + 1, 5_000_000, 1e9].map(
      (lastPart) => [`a last part of ${lastPart}`, filmsPart({ lastPart }), "lastPart: "] as const
    ),
    ["unreadable films in any number", filmsPart({ unreadable: Number.NaN }), "unreadable: "],
    ["a stated number that is none", filmsPart({ stated: { films: Number.NaN } }), "stated.films: "],
    ["a stated number that is a text", filmsPart({ stated: { films: "3" } }), "stated.films: "],
    ["a name that is none", filmsPart({}, { content: { _tag: "Renamed", to: "No Name" } }), "to: "]
  ]
  for (const [what, part, said] of values) {
    it.effect(`has a part missing that has ${what.slice(0, 60)}, and says so`, () =>
      Effect.gen(function* () {
        const error = yield* missing(giving(part))
        assert.strictEqual(error.reason, "NotUnderstood")
        assert.include(error.message, "The source mod gave part 1 of davee that cannot be used (")
        assert.include(error.message, said)
        assert.include(error.message, "author of the source")
        assert.isBelow(error.message.length, 500)
      })
    )
  }

  const odd: ReadonlyArray<readonly [what: string, loose: Loose, said: string]> = [
    ["names another member", giving(filmsPart({}, { username: "other" })), "it names the member other"],
    ["has a number that is none", giving(filmsPart({}, { number: 0 })), "number: "],
    ["has a label that no record can count", giving(filmsPart({}, { label: "__proto__" })), "label: "],
    ["is of no known kind", giving(filmsPart({}, { content: { _tag: "Other" } })), "content._tag: "],
    ["is nothing", giving(undefined), "Expected"],
    [
      "throws when it is looked at",
      giving({
        get username() {
          throw new Error("boo")
        }
      }),
      "threw an exception (Error: boo)"
    ],
    ["is no stream", { ...giving(), list: () => undefined }, "gave undefined as the list of davee instead of a stream"],
    ["is a promise", { ...giving(), list: () => Promise.resolve([]) }, "gave an object as the list of davee"],
    ["comes of no function", { ...giving(), list: undefined }, "threw an exception (TypeError: "],
    [
      "is thrown",
      {
        ...giving(),
        list: () => {
          throw new Error("boo\u001b[2J\nhoo")
        }
      },
      "threw an exception (Error: boo [2J hoo)"
    ],
    ["dies", { ...giving(), list: () => Stream.die("boo") }, `threw an exception ("boo")`],
    [
      "fails with what is no error",
      { ...giving(), list: () => Stream.fail("no") },
      `failed with "no", which is no SourceError`
    ]
  ]
  for (const [what, loose, said] of odd) {
    it.effect(`fails with a list that ${what}`, () =>
      Effect.gen(function* () {
        const { error, parts } = yield* read(loose)
        assert.deepStrictEqual(parts, [])
        assert.strictEqual(error?.reason, "NotUnderstood")
        assert.include(error?.message, "The source mod ")
        assert.include(error?.message, said)
        assert.include(error?.message, "author of the source")
      })
    )
  }

  it.effect("fails where a part was not asked for", () =>
    Effect.gen(function* () {
      const { error } = yield* read(giving(filmsPart({}, { number: 2 })), [1])
      assert.include(error?.message, "part 2 was not asked for")
    })
  )

  it.effect("fails where members are none", () =>
    Effect.gen(function* () {
      for (const [members, said] of [
        [Stream.make({ username: "No Name" }), "a member's name has 2 to 15 letters"],
        [Stream.make({ username: "davee", films: -1 }), "films: "],
        [Stream.make("davee"), "Expected"],
        [undefined, "gave undefined as its members instead of a stream"],
        [["davee"], "gave an object as its members instead of a stream"],
        [Stream.die(new Error("boo")), "threw an exception (Error: boo)"]
      ] as const) {
        const error = yield* Effect.flip(Stream.runCollect(checkedSource(sourceOf({ ...giving(), members })).members))
        assert.strictEqual(error.reason, "NotUnderstood")
        assert.include(error.message, said)
      }
    })
  )

  it.effect("fails where it keeps or proves what there is not", () =>
    Effect.gen(function* () {
      for (const [more, said] of [
        [{ keeps: ["colour"] }, "keeps that are none (colour)"],
        [{ proof: "trust me" }, `a proof that is none ("trust me")`],
        [{ name: 7 }, "has 7 as its name"],
        [{ name: "" }, `has "" as its name`]
      ] as const) {
        const checked = checkedSource(sourceOf({ ...giving(filmsPart()), ...more }))
        assert.isUndefined(checked.keeps)
        assert.isUndefined(checked.proof)
        assert.include((yield* Effect.flip(Stream.runCollect(checked.members))).message, said)
        assert.include((yield* Effect.flip(Stream.runCollect(checked.list(davee, "all")))).message, said)
      }
    })
  )

  it.effect("does not pass on escape codes, line ends or texts without end", () =>
    Effect.gen(function* () {
      const error = new SourceError({
        reason: "Refused",
        source: "\u001b[31mred",
        detail: "a\nb\u001b[2J",
        place: "x".repeat(9_999)
      })
      const given = giving(
        filmsPart({}, { place: "a\r\nb", label: "l\u0007l" }),
        filmsPart({}, { number: 2, content: { _tag: "Missing", error } })
      )
      const loose = { ...given, name: "my\u001b[31m\nsource\uD800" }
      assert.strictEqual(checkedSource(sourceOf(loose)).name, "my [31m source\uFFFD")
      const { parts } = yield* read(loose)
      assert.deepStrictEqual([parts[0]?.place, parts[0]?.label], ["a b", "l l"])
      const content = parts[1]?.content
      assert(content?._tag === "Missing")
      assert.strictEqual(content.error.reason, "Refused")
      assert.strictEqual(content.error.detail, "a b [2J")
      assert.isBelow(content.error.message.length, 1_100)
    })
  )

  it.effect("passes on no property that is none of a film", () =>
    Effect.gen(function* () {
      const { parts } = yield* read(
        giving(
          filmsPart({
            films: [
              film({ title: "X", year: undefined, colour: 1 }, { rating: 4, userId: 7, filmId: 9, liked: undefined })
            ]
          })
        )
      )
      const content = parts[0]?.content
      assert(content?._tag === "Films")
      assert.deepStrictEqual<unknown>(content.films, [{ rating: 4, film: { id: 1, slug: "one", title: "X" } }])
    })
  )

  it.effect("has done nothing where its activity is none, and knows no rated films that are none", () =>
    Effect.gen(function* () {
      for (const activity of [Effect.die("boo"), Effect.succeed({ requests: Number.NaN }), 3]) {
        const done = yield* checkedSource(sourceOf({ ...giving(), activity })).activity ?? Effect.succeed(undefined)
        assert.strictEqual(done?.requests, 0)
      }
      for (const rated of [3, Effect.succeed(3), Effect.succeedSome({ atLeast: 2, atMost: 1 }), Effect.die("boo")]) {
        const checked = checkedSource(sourceOf({ ...giving(), ratedFilms: () => rated }))
        const error = yield* Effect.flip(checked.ratedFilms?.(davee) ?? Effect.succeedNone)
        assert.strictEqual(error.reason, "NotUnderstood")
      }
    })
  )

  it.effect("is interrupted as it is", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Stream.runDrain(
          checkedSource(sourceOf({ ...giving(), list: () => Stream.fromEffect(Effect.interrupt) })).list(davee, "all")
        )
      )
      assert(Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))
    })
  )

  it("reads a film as its schema does", () => {
    const readFilm = watchedFilmReader()
    const is = Schema.is(WatchedFilm)
    const any = fc.record(
      {
        film: fc.record(
          {
            id: fc.constantFrom<unknown>(1, 2 ** 31 - 1, 0, 2 ** 31, "1"),
            slug: fc.constantFrom<unknown>("a", "a/b", "null", "é", "", "\uD800", 1),
            title: fc.oneof(
              fc.string({ unit: "binary" }),
              fc.string(),
              fc.constantFrom<unknown>("(1999)", "A", " A", 1)
            ),
            year: fc.constantFrom<unknown>(1999, 999, 10000, "1999"),
            imdbId: fc.constantFrom<unknown>("tt1234567", "x")
          },
          { requiredKeys: [] }
        ),
        rating: fc.constantFrom<unknown>(0.5, 5, 5.5, 0, Number.NaN, "4"),
        ratedOn: fc.constantFrom<unknown>("2024-02-29", "2023-02-29", 1),
        liked: fc.constantFrom<unknown>(true, false, 0)
      },
      { requiredKeys: ["film"] }
    )
    fc.assert(
      fc.property(any, (value) =>
        assert.strictEqual(Either.isRight(readFilm(value)), is(value), JSON.stringify(value))
      ),
      { numRuns: 5_000 }
    )
  })

  it.effect("costs little", () =>
    Effect.gen(function* () {
      const films = Array.from({ length: 72 }, (_, i) => watched(i + 1, 4))
      const pages = 2_000
      const content = PartContent.Films({
        films,
        lastPart: pages,
        stated: { films: 72 * pages },
        unreadable: 0,
        fullPart: 72
      })
      const source = sourceOf({
        ...giving(),
        list: () =>
          Stream.map(Stream.range(1, pages), (number) => ({ username: davee, number, place: "here", content }))
      })
      yield* Stream.runDrain(checkedSource(source).list(davee, "all"))
      const started = performance.now()
      yield* Stream.runDrain(checkedSource(source).list(davee, "all"))
      // 0.03 ms on the machine this was written on.
      assert.isBelow((performance.now() - started) / pages, 0.5)
    })
  )
})

describe("a run over a source that gives what cannot be stored", () => {
  const run = (loose: Loose) =>
    Effect.gen(function* () {
      const dataset = memoryDataset()
      const report = yield* Harvest.report({
        mode: "new",
        existing: "refuse",
        batches: 1,
        batchSize: 5,
        membersInFlight: 2
      }).pipe(Effect.provide(memoryLayer(sourceOf(loose), dataset)))
      return { report, dataset }
    })

  it.effect("stops with the source and the value, and stores nothing of it", () =>
    Effect.gen(function* () {
      for (const part of [filmPart({}, { rating: 5.5 }), filmPart({ id: -1 }), filmsPart({ lastPart: 1e9 })]) {
        const { dataset, report } = yield* run(giving(part))
        assert.strictEqual(report.stopped?.kind, "NotUnderstood")
        assert.include(report.stopped?.message, "The source mod gave part 1 of davee")
        assert.strictEqual(dataset.state.ratings, 0)
        assert.strictEqual(dataset.state.members.get(davee)?.state, "partial")
      }
      const { dataset, report } = yield* run({ ...giving(), list: () => undefined })
      assert.strictEqual(report.stopped?.kind, "NotUnderstood")
      assert.strictEqual(dataset.state.batches, 0)
    })
  )

  it.effect("does not seal who has parts behind the last one", () =>
    Effect.gen(function* () {
      const { dataset } = yield* run(
        giving(filmsPart(), filmsPart({ films: [film({ id: 2 }), film({ id: 3 })] }, { number: 2 }))
      )
      assert.strictEqual(dataset.state.members.get(davee)?.state, "partial")
      assert.strictEqual(dataset.state.ratings, 3)
    })
  )
})

describe("an examination", () => {
  const findings = (loose: Loose) =>
    Effect.gen(function* () {
      const running = yield* Effect.fork(Stream.runCollect(examineSource(sourceOf(loose))))
      yield* TestClock.adjust("61 seconds")
      return Chunk.toReadonlyArray(yield* running)
    })

  it.effect("finds a value that cannot be used", () =>
    Effect.gen(function* () {
      const [members, part] = yield* findings(giving(filmPart({}, { rating: 5.5 })))
      assert.isUndefined(members?.error)
      assert.strictEqual(part?.error?.reason, "NotUnderstood")
      assert.include(part?.error?.message, "rating cannot be 5.5")
    })
  )

  it.effect("ends where a step has no answer", () =>
    Effect.gen(function* () {
      const stubborn = Stream.fromEffect(Effect.uninterruptible(Effect.never))
      const cases: ReadonlyArray<readonly [Loose, number]> = [
        [{ ...giving(), members: Stream.never }, 1],
        [{ ...giving(), members: stubborn }, 1],
        [{ ...giving(), list: () => Stream.never }, 2],
        [{ ...giving(), list: () => stubborn }, 2],
        [
          {
            ...giving(),
            examine: () => Stream.concat(Stream.make({ step: "disk", place: "here", found: [] }), Stream.never)
          },
          2
        ]
      ]
      for (const [loose, count] of cases) {
        const found = yield* findings(loose)
        assert.strictEqual(found.length, count)
        assert.strictEqual(found.at(-1)?.error?.reason, "Unreachable")
        assert.include(found.at(-1)?.error?.message, "no answer within 30 s")
      }
    })
  )

  it.effect("finds that a source cannot examine itself", () =>
    Effect.gen(function* () {
      for (const examine of [() => undefined, () => Stream.make(3), () => Stream.die("boo")]) {
        const found = yield* findings({ ...giving(), examine })
        assert.deepStrictEqual(
          found.map(({ error, step }) => [step, error?.reason]),
          [["examination", "NotUnderstood"]]
        )
      }
    })
  )
})
