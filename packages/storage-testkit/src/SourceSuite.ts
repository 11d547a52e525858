/**
 * What every source promises, as tests.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import {
  activityOf,
  checkedSource,
  examineSource,
  judgeMember,
  type ListPart,
  type MemberListing,
  type PartContent,
  ratedFilmsOf,
  RatingsSource,
  SourceError,
  Username,
  type WatchedFilm
} from "@letterboxd-ratings/core"
import {
  Chunk,
  type Context,
  Data,
  Deferred,
  Effect,
  Fiber,
  type Layer,
  Option,
  Schema,
  type Scope,
  Stream
} from "effect"
import * as fc from "fast-check"
import { type SourceWorld, sourceWorld, type SourceWorldMember } from "./SourceWorld.ts"

/**
 * What a source can never read of a world:
 *
 * - `Everything`: there is no answer at all.
 * - `MembersList`: the members list after the part that comes with the first request.
 * - `Part`: one part of a member's list.
 *
 * @since 0.1.0
 * @category models
 */
export type Outage = Data.TaggedEnum<{
  Everything: {}
  MembersList: {}
  Part: { readonly username: Username; readonly number: number }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Outage = Data.taggedEnum<Outage>()

/**
 * - `filmsPerPart`: films in a part of the source (72), at least 2. The world is made for it.
 * - `membersPerRequest`: members per request (30). From 100 on the list comes in one piece, and its breaking off is not
 *   tested.
 * - `sendsRequests`: whether the source sends requests that `activity` counts (true); if not, it must count 0.
 * - `unreachable`: the source for the world with an outage; it should not wait long for its end. Without it, the tests of
 *   outages are reported as skipped.
 * - `runs`: how many random choices of parts are requested (20); use fewer for a slow source.
 * - `timeoutMillis`: how long a test may take (120,000).
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceSuiteOptions<E = never> {
  readonly filmsPerPart?: number
  readonly membersPerRequest?: number
  readonly sendsRequests?: boolean
  readonly unreachable?: (world: SourceWorld, outage: Outage) => Layer.Layer<RatingsSource, E>
  readonly runs?: number
  readonly timeoutMillis?: number
}

/** A source with all that is optional. */
type Source = Required<
  Pick<Context.Tag.Service<RatingsSource>, "activity" | "examine" | "list" | "members" | "name" | "ratedFilms">
>

const complete = (source: Context.Tag.Service<RatingsSource>): Source => ({
  name: source.name,
  members: source.members,
  list: source.list,
  ratedFilms: (name) => ratedFilmsOf(source, name),
  activity: activityOf(source),
  examine: (name) => examineSource(source, name)
})

/** As a run reads it: what cannot be used is an error. */
const completeSource = Effect.map(RatingsSource, (source) => complete(checkedSource(source)))

const username = Schema.decodeUnknownSync(Username)

/** A member whose list somebody may read. */
interface Owner {
  readonly username: Username
  readonly films: ReadonlyArray<WatchedFilm>
}

const read = (source: Source, name: Username, parts: "all" | ReadonlyArray<number> = "all") =>
  Effect.map(Stream.runCollect(source.list(name, parts)), Chunk.toReadonlyArray)

const numbersOf = (parts: ReadonlyArray<ListPart>) => parts.map(({ number }) => number).toSorted((a, b) => a - b)

const namesOf = (listings: Iterable<MemberListing>): ReadonlyArray<Username> => [
  ...new Set([...listings].map((listing) => listing.username))
]

/** The films in words, to compare; a title, a year or a fact that was not told is that of the expected film. */
const shown = (films: ReadonlyArray<WatchedFilm>, expected: ReadonlyArray<WatchedFilm>): ReadonlyArray<string> =>
  films.map(({ film: { id, slug, title, year }, rating, ...facts }, i) => {
    const { film: known, rating: _, ...knownFacts } = expected[i] ?? { film: undefined, rating: undefined }
    const all = JSON.stringify(Object.entries({ ...knownFacts, ...facts }).toSorted())
    return `${id} ${slug}: ${title ?? known?.title} (${year ?? known?.year}), ${rating} stars, ${all}`
  })

/** Whether a content says that a part could not be had; the end of a list is something else. */
const isMissing = ({ _tag }: PartContent): boolean => _tag === "Missing"

/** The content that says what a member is, films aside. */
const factOf = ({ state }: SourceWorldMember): { readonly tag: PartContent["_tag"]; readonly to?: Username } =>
  state === "private"
    ? { tag: "Private" }
    : state === "gone"
      ? { tag: "Gone" }
      : state === "public"
        ? { tag: "Empty" }
        : { tag: "Renamed", to: state.renamedTo }

/** Lets others go on for long enough that whatever wants to run ahead does. */
const pause = Effect.repeatN(Effect.yieldNow(), 200)

/**
 * Runs the tests of a source. `make` creates the source for a world, once for each test.
 *
 * Titles, years and stated numbers of films are optional, but must be correct if they are present.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sourceSuite = <E, E2 = never>(
  name: string,
  make: (world: SourceWorld) => Layer.Layer<RatingsSource, E>,
  options: SourceSuiteOptions<E2> = {}
): void => {
  const { filmsPerPart = 72, runs = 20, sendsRequests = true, timeoutMillis = 120_000, unreachable } = options
  const world = sourceWorld(filmsPerPart)
  const membersPerRequest = Math.min(options.membersPerRequest ?? 30, world.members.length)
  const owners: ReadonlyArray<Owner> = world.members.filter(
    ({ films, state }) => state === "public" && films.length > 0
  )
  const facts = world.members.filter(({ films, state }) => state !== "public" || films.length === 0)

  const lastPartOf = ({ films }: Owner) => Math.ceil(films.length / filmsPerPart)
  const numbersUpTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)
  const [longest, ...others] = owners.toSorted((a, b) => b.films.length - a.films.length)
  if (longest === undefined) throw new Error("the world has nobody with films")
  const notable = [longest, ...others.slice(0, 12)]

  const assertFilms = (owner: Owner, part: ListPart) => {
    const { content, number, place: from, username: of } = part
    const place = `part ${number} of ${owner.username}`
    assert.strictEqual(of, owner.username, place)
    assert.isNotEmpty(from, place)
    if (content._tag !== "Films") return assert.fail(`${place} is ${content._tag}`)
    const expected = owner.films.slice((number - 1) * filmsPerPart, number * filmsPerPart)
    assert.deepStrictEqual(shown(content.films, expected), shown(expected, expected), place)
    assert.strictEqual(content.lastPart, lastPartOf(owner), place)
    assert.strictEqual(content.unreadable, 0, place)
    const { films, rated } = content.stated
    if (films !== undefined) assert.strictEqual(films, owner.films.length, place)
    if (rated !== undefined)
      assert.strictEqual(rated, owner.films.filter(({ rating }) => rating !== undefined).length, place)
  }

  /** These parts of the list, each once, in any order. */
  const assertParts = (owner: Owner, parts: ReadonlyArray<ListPart>, numbers: ReadonlyArray<number>) => {
    assert.deepStrictEqual(
      numbersOf(parts),
      numbers.toSorted((a, b) => a - b),
      `the parts of ${owner.username}`
    )
    for (const part of parts) assertFilms(owner, part)
  }

  /** The whole list, part 1 first, as good as a run needs it. */
  const assertWhole = (owner: Owner, parts: ReadonlyArray<ListPart>) => {
    assert.strictEqual(parts[0]?.number, 1, `the first part of ${owner.username}`)
    assertParts(owner, parts, numbersUpTo(lastPartOf(owner)))
    const { films, state } = judgeMember(owner.username, parts)
    assert.strictEqual(state, "sealed", owner.username)
    assert.deepStrictEqual(shown(films, owner.films), shown(owner.films, owner.films), owner.username)
  }

  /** The one part that says what a member is, films aside. */
  const assertFact = (member: SourceWorldMember, parts: ReadonlyArray<ListPart>) => {
    const [part] = parts
    if (part === undefined || parts.length > 1) return assert.fail(`${parts.length} parts of ${member.username}`)
    const { tag, to } = factOf(member)
    const { content, number, place: from, username: of } = part
    assert.deepStrictEqual({ of, number, tag: content._tag }, { of: member.username, number: 1, tag })
    assert.isNotEmpty(from)
    assert.strictEqual(content._tag === "Renamed" ? content.to : undefined, to)
  }

  const test = (what: string, body: Effect.Effect<void, unknown, Scope.Scope>) =>
    it.scopedLive(what, () => body, timeoutMillis)

  const sourced = <A, E3, R>(use: (source: Source) => Effect.Effect<A, E3, R>) =>
    Effect.flatMap(completeSource, use).pipe(Effect.provide(make(world)))

  const testOfSource = (what: string, use: (source: Source) => Effect.Effect<void, unknown, Scope.Scope>) =>
    test(what, sourced(use))

  const testOfOutage = (
    what: string,
    use: (
      withOutage: <A, E3, R>(
        outage: Outage,
        use: (source: Source) => Effect.Effect<A, E3, R>
      ) => Effect.Effect<A, E3 | E2, R>
    ) => Effect.Effect<void, unknown, Scope.Scope>
  ) => {
    if (unreachable === undefined)
      return it.skip(`${what} (needs the option unreachable)`, () => assert.fail("not run"))
    test(
      what,
      use((outage, useSource) =>
        Effect.flatMap(completeSource, useSource).pipe(Effect.provide(unreachable(world, outage)))
      )
    )
  }

  describe(name, () => {
    testOfSource("has a name, and has done nothing at first", (source) =>
      Effect.gen(function* () {
        assert.isNotEmpty(source.name)
        const { requestsPerSecond, ...done } = yield* source.activity
        assert.deepStrictEqual(done, { requests: 0, retries: 0, pausedMillis: 0, unreadListings: 0 })
        assert.isAbove(requestsPerSecond, 0)
        yield* read(source, longest.username)
        // What one source does is not another's activity.
        assert.strictEqual((yield* sourced((another) => another.activity)).requests, 0)
      })
    )

    testOfSource("lists all members in order, as often as it is asked", (source) =>
      Effect.gen(function* () {
        const expected = world.members.map((member) => member.username)
        const lists = [
          yield* Stream.runCollect(source.members),
          ...(yield* Effect.all([Stream.runCollect(source.members), Stream.runCollect(source.members)], {
            concurrency: "unbounded"
          }))
        ]
        const lengths = new Map(
          world.members.flatMap((member) => (member.state === "public" ? [[member.username, member.films.length]] : []))
        )
        for (const listings of lists) {
          assert.deepStrictEqual(namesOf(listings), expected)
          for (const { films, username: of } of listings) {
            if (films !== undefined && lengths.has(of)) assert.strictEqual(films, lengths.get(of), of)
          }
        }
      })
    )

    testOfSource("reads the members list bit by bit, as far as it is pulled", (source) =>
      Effect.gen(function* () {
        const requests = Effect.map(source.activity, (activity) => activity.requests)
        const take = (count: number) =>
          Effect.gen(function* () {
            const before = yield* requests
            const taken = yield* Stream.runCollect(Stream.take(source.members, count))
            return { names: namesOf(taken), given: taken.length, sent: (yield* requests) - before }
          })
        assert.deepStrictEqual((yield* take(0)).names, [])
        // What is done once, such as reading the site's rules, is done now.
        yield* take(1)
        for (const count of [1, membersPerRequest, membersPerRequest + 1, world.members.length * 2]) {
          const { given, names, sent } = yield* take(count)
          assert.deepStrictEqual(
            names,
            world.members.slice(0, names.length).map((member) => member.username)
          )
          if (count < world.members.length) assert.strictEqual(given, count)
          // Whoever reads to the end may need one more request to see it.
          const isWhole = count > given
          assert.isAtMost(
            sent,
            Math.ceil(given / membersPerRequest) + (isWhole ? 1 : 0),
            `requests for ${given} members`
          )
        }
      })
    )

    testOfSource("goes on with the members list after a while", (source) =>
      Effect.gen(function* () {
        const listings = yield* Stream.runCollect(
          Stream.tap(source.members, ({ films = 0 }) =>
            films > filmsPerPart ? Effect.zipRight(read(source, longest.username, [1]), pause) : pause
          )
        )
        assert.deepStrictEqual(
          namesOf(listings),
          world.members.map((member) => member.username)
        )
      })
    )

    testOfSource("gives each part of a list once, part 1 first, with its films in order", (source) =>
      Effect.gen(function* () {
        for (const owner of notable) assertWhole(owner, yield* read(source, owner.username))
      })
    )

    testOfSource("says with one part who has no films, is private, gone or renamed, or was never there", (source) =>
      Effect.gen(function* () {
        assert.sameMembers(
          [...new Set(facts.map((member) => factOf(member).tag))],
          ["Empty", "Private", "Gone", "Renamed"]
        )
        for (const member of [...facts, { username: username("never_there"), state: "gone", films: [] } as const]) {
          assertFact(member, yield* read(source, member.username))
          assertFact(member, yield* read(source, member.username, [1]))
          // Somebody may have become so since the numbers were known.
          const later = yield* read(source, member.username, [2, 3])
          assert.deepStrictEqual(numbersOf(later), [2, 3], member.username)
          for (const { content } of later) assert.notStrictEqual(content._tag, "Films", member.username)
        }
      })
    )

    testOfSource("has the films of a renamed member under the new name", (source) =>
      Effect.gen(function* () {
        for (const { films, state } of world.members) {
          if (typeof state === "object")
            assertWhole({ username: state.renamedTo, films }, yield* read(source, state.renamedTo))
        }
      })
    )

    testOfSource("tells how many films a member rated, or nothing, with one request at most", (source) =>
      Effect.gen(function* () {
        // What is done once, such as reading the site's rules, is done now.
        yield* source.ratedFilms(longest.username)
        for (const member of [
          ...notable,
          ...facts,
          { username: username("never_there"), state: "gone", films: [] } as const
        ]) {
          const before = yield* source.activity
          const rated = yield* source.ratedFilms(member.username)
          assert.isAtMost((yield* source.activity).requests - before.requests, 1, `requests for ${member.username}`)
          if (Option.isNone(rated)) continue
          const { atLeast, atMost } = rated.value
          const truth = member.films.filter(({ rating }) => rating !== undefined).length
          assert.isAtLeast(truth, atLeast, `films rated by ${member.username}, at least`)
          assert.isAtMost(truth, atMost, `films rated by ${member.username}, at most`)
          // Nobody can know this of a member whose list nobody may read.
          if ("state" in member) assert.strictEqual(member.state, "public", member.username)
        }
      })
    )

    testOfSource("gives the parts that are asked for, and no others", (source) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* read(source, longest.username, []), [])
        for (const owner of notable) {
          const last = lastPartOf(owner)
          for (const numbers of [[1], [last], ...(last > 2 ? [[2], [last, 1], numbersUpTo(last).slice(1)] : [])]) {
            assertParts(owner, yield* read(source, owner.username, numbers), numbers)
          }
        }
      })
    )

    testOfSource("gives any choice of parts, asked for in any order", (source) =>
      Effect.gen(function* () {
        const choices = fc.sample(fc.shuffledSubarray(numbersUpTo(lastPartOf(longest))), { numRuns: runs, seed: 5 })
        for (const numbers of choices) assertParts(longest, yield* read(source, longest.username, numbers), numbers)
      })
    )

    testOfSource("says of a part beyond the last one that it is past the end", (source) =>
      Effect.gen(function* () {
        const empty = facts.flatMap(({ films, state, username: of }) =>
          state === "public" ? [{ username: of, films }] : []
        )
        for (const owner of [...notable, ...empty]) {
          const last = Math.max(1, lastPartOf(owner))
          for (const beyond of [last + 1, last + 30]) {
            const parts = yield* read(source, owner.username, [beyond, last])
            assert.deepStrictEqual(numbersOf(parts), [last, beyond], owner.username)
            for (const part of parts) {
              if (part.number === last && owner.films.length > 0) assertFilms(owner, part)
              // A run takes both for a list that has become shorter, and anything else for trouble.
              else
                assert.include(["PastTheEnd", "Empty"], part.content._tag, `part ${part.number} of ${owner.username}`)
            }
          }
        }
      })
    )

    testOfSource("reads members at the same time, whatever the others are", (source) =>
      Effect.forEach(
        world.members,
        (member) =>
          Effect.map(read(source, member.username), (parts) =>
            member.state === "public" && member.films.length > 0
              ? assertWhole(member, parts)
              : assertFact(member, parts)
          ),
        {
          concurrency: "unbounded",
          discard: true
        }
      )
    )

    testOfSource("gives the same when a stream is run again, or twice at the same time", (source) =>
      Effect.gen(function* () {
        for (const owner of notable.slice(0, 4)) {
          const whole = Effect.map(Stream.runCollect(source.list(owner.username, "all")), Chunk.toReadonlyArray)
          const stream = source.list(owner.username, "all")
          const again = Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)
          for (const parts of [
            yield* again,
            yield* again,
            ...(yield* Effect.all([again, whole, again], { concurrency: "unbounded" }))
          ]) {
            assertWhole(owner, parts)
          }
        }
      })
    )

    testOfSource("waits for a slow reader without losing a part or holding up the others", (source) =>
      Effect.gen(function* () {
        const other = others[0] ?? longest
        const slowly = Stream.tap(source.list(longest.username, "all"), () =>
          Effect.gen(function* () {
            assertWhole(other, yield* read(source, other.username))
            yield* pause
          })
        )
        assertWhole(longest, Chunk.toReadonlyArray(yield* Stream.runCollect(slowly)))
        // So many readers wait with the first part in their hands until the last of them has read everything.
        const reading = (readers: number): Effect.Effect<void, SourceError> =>
          Stream.runCollect(
            Stream.tap(source.list(longest.username, "all"), ({ number }) =>
              number === 1 && readers > 1 ? reading(readers - 1) : Effect.void
            )
          ).pipe(Effect.map((parts) => assertWhole(longest, Chunk.toReadonlyArray(parts))))
        yield* reading(12)
      })
    )

    testOfSource("can be interrupted at any part, and read again", (source) =>
      Effect.gen(function* () {
        for (const round of numbersUpTo(24)) {
          const after = round % 4
          const arrived = yield* Deferred.make<void>()
          let parts = 0
          const fiber = yield* Effect.fork(
            Stream.runForEach(source.list(longest.username, "all"), () =>
              Effect.suspend(() => ((parts += 1) >= after ? Deferred.succeed(arrived, undefined) : Effect.void))
            )
          )
          yield* after === 0 ? Effect.yieldNow() : Effect.raceFirst(Deferred.await(arrived), Fiber.join(fiber))
          yield* Fiber.interrupt(fiber)
          yield* Stream.runDrain(Stream.take(source.list(longest.username, "all"), 1 + after))
          yield* Stream.runDrain(Stream.take(source.members, 1 + after))
        }
        assertWhole(longest, yield* read(source, longest.username))
        assert.deepStrictEqual(
          namesOf(yield* Stream.runCollect(source.members)),
          world.members.map((member) => member.username)
        )
      })
    )

    testOfSource(
      sendsRequests ? "counts its requests, never fewer than before" : "counts no requests, as it sends none",
      (source) =>
        Effect.gen(function* () {
          let last = yield* source.activity
          const look = Effect.map(source.activity, (now) => {
            for (const count of ["requests", "retries", "pausedMillis"] as const)
              assert.isAtLeast(now[count], last[count], count)
            assert.isAtMost(now.retries, now.requests)
            assert.isAbove(now.requestsPerSecond, 0)
            last = now
          })
          const first = yield* Stream.runCount(Stream.tap(source.list(longest.username, "all"), () => look))
          yield* look
          if (sendsRequests) assert.isAtLeast(last.requests, first, `requests for ${first} parts`)
          yield* Effect.all(
            [
              Stream.runDrain(Stream.tap(source.members, () => look)),
              ...notable.map((owner) => read(source, owner.username))
            ],
            { concurrency: "unbounded", discard: true }
          )
          yield* look
          if (!sendsRequests) assert.strictEqual(last.requests, 0)
        })
    )

    testOfSource(
      "is examined: finds all well with a member whose list can be read, and says why with another",
      (source) =>
        Effect.gen(function* () {
          const examined = (name?: Username) =>
            Effect.map(Stream.runCollect(source.examine(name)), Chunk.toReadonlyArray)
          for (const name of [undefined, longest.username]) {
            const findings = yield* examined(name)
            assert.isNotEmpty(findings)
            for (const { error, found, place, step } of findings) {
              assert.isUndefined(error, `${step}: ${error?.message}`)
              assert.isNotEmpty(step)
              assert.isNotEmpty(place, step)
              assert.isNotEmpty(found, step)
            }
          }
          for (const { state, username: of } of facts) {
            if (state === "public") continue
            const errors = (yield* examined(of)).flatMap(({ error }) => (error === undefined ? [] : [error]))
            assert.strictEqual(errors.length, 1, of)
            assert.instanceOf(errors[0], SourceError, of)
          }
        })
    )

    testOfOutage("says so where nobody answers", (withOutage) =>
      withOutage(Outage.Everything(), (source) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Stream.runDrain(source.members))
          assert.instanceOf(error, SourceError)
          const findings = Chunk.toReadonlyArray(yield* Stream.runCollect(source.examine()))
          assert.isTrue(
            findings.some((finding) => finding.error instanceof SourceError),
            "all well where nobody answers"
          )
          for (const member of [longest, ...facts]) {
            for (const numbers of ["all", [1], [3, 2]] as const) {
              const outcome = yield* Effect.either(read(source, member.username, numbers))
              if (outcome._tag === "Left") {
                assert.instanceOf(outcome.left, SourceError)
                continue
              }
              assert.deepStrictEqual(
                numbersOf(outcome.right),
                numbers === "all" ? [1] : numbers.toSorted((a, b) => a - b)
              )
              for (const { content } of outcome.right)
                assert.isTrue(isMissing(content), `${content._tag} where nobody answers`)
            }
            const rated = yield* Effect.either(source.ratedFilms(member.username))
            if (rated._tag === "Left") assert.instanceOf(rated.left, SourceError)
            else assert.isTrue(Option.isNone(rated.right), `the ratings of ${member.username} where nobody answers`)
          }
        })
      )
    )

    if (membersPerRequest < world.members.length) {
      testOfOutage("fails where the members list breaks off, after the members that are known", (withOutage) =>
        withOutage(Outage.MembersList(), (source) =>
          Effect.gen(function* () {
            const given: Array<MemberListing> = []
            const listing = Stream.runForEach(source.members, (listed) => Effect.sync(() => given.push(listed)))
            assert.instanceOf(yield* Effect.flip(listing), SourceError)
            const names = namesOf(given)
            assert.strictEqual(names.length, membersPerRequest)
            assert.deepStrictEqual(
              names,
              world.members.slice(0, names.length).map((member) => member.username)
            )
            assert.strictEqual(
              yield* Stream.runCount(Stream.take(source.members, membersPerRequest)),
              membersPerRequest
            )
            assertWhole(longest, yield* read(source, longest.username))
          })
        )
      )
    }

    const last = lastPartOf(longest)
    for (const [which, lost] of [
      ["first", 1],
      ["second", 2],
      ["last", last]
    ] as const) {
      testOfOutage(
        `gives the ${which} part with the reason why it could not be had, and reads all others`,
        (withOutage) =>
          withOutage(Outage.Part({ username: longest.username, number: lost }), (source) =>
            Effect.gen(function* () {
              const assertLost = (parts: ReadonlyArray<ListPart>, numbers: ReadonlyArray<number>) => {
                assert.deepStrictEqual(
                  numbersOf(parts),
                  numbers.toSorted((a, b) => a - b)
                )
                for (const part of parts) {
                  if (part.number !== lost) assertFilms(longest, part)
                  else assert.isTrue(isMissing(part.content), `${part.content._tag} for a part that cannot be had`)
                }
              }
              const parts = yield* read(source, longest.username)
              assert.strictEqual(parts[0]?.number, 1)
              assertLost(parts, lost === 1 ? [1] : numbersUpTo(last))
              const { missing, state } = judgeMember(longest.username, parts)
              assert.deepStrictEqual({ state, missing }, { state: "partial", missing: [lost] })
              for (const numbers of [[lost], [3, lost, 4]])
                assertLost(yield* read(source, longest.username, numbers), numbers)
              yield* Effect.forEach(
                [longest, ...notable.slice(1, 6)],
                (owner) =>
                  Effect.map(read(source, owner.username), (others) => {
                    if (owner !== longest) assertWhole(owner, others)
                  }),
                { concurrency: "unbounded", discard: true }
              )
            })
          )
      )
    }
  })
}
