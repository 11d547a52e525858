/**
 * What every source promises, as tests.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import {
  judgeMember,
  type MemberListing,
  type PageVerdict,
  type RatingsPage,
  RatingsSource,
  SourceError,
  Username,
  verdictActions,
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
 * What cannot be had of a world, however often it is asked for:
 *
 * - `Everything`: nobody answers at all.
 * - `MembersList`: the members list beyond its first page.
 * - `FilmsPage`: one page of a member's films.
 *
 * @since 0.1.0
 * @category models
 */
export type Outage = Data.TaggedEnum<{
  Everything: {}
  MembersList: {}
  FilmsPage: { readonly username: Username; readonly number: number }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Outage = Data.taggedEnum<Outage>()

/**
 * - `filmsPerPage`: films on a page of the source (72), at least 2. The world is made for it.
 * - `membersPerPage`: members that come with one request (30); from 100 on the list comes in one piece, and where it
 *   could break off is not tested.
 * - `sendsRequests`: whether the source sends requests that `activity` counts (true); a source that does not must say 0.
 * - `unreachable`: the source in front of the world with an outage, which should not be waited out for long. Without
 *   it, the tests of outages are reported as skipped.
 * - `runs`: how many random choices of pages are asked for (20), fewer for a slow source.
 * - `timeoutMillis`: how long a test may take (120,000).
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceSuiteOptions<E = never> {
  readonly filmsPerPage?: number
  readonly membersPerPage?: number
  readonly sendsRequests?: boolean
  readonly unreachable?: (world: SourceWorld, outage: Outage) => Layer.Layer<RatingsSource, E>
  readonly runs?: number
  readonly timeoutMillis?: number
}

type Source = Context.Tag.Service<RatingsSource>

const username = Schema.decodeUnknownSync(Username)

/** A member whose list somebody may read. */
interface Owner {
  readonly username: Username
  readonly films: ReadonlyArray<WatchedFilm>
}

const read = (source: Source, name: Username, pages: "all" | ReadonlyArray<number> = "all") =>
  Effect.map(Stream.runCollect(source.ratings(name, pages)), Chunk.toReadonlyArray)

const numbersOf = (pages: ReadonlyArray<RatingsPage>) => pages.map(({ number }) => number).toSorted((a, b) => a - b)

const namesOf = (listings: Iterable<MemberListing>): ReadonlyArray<Username> => [
  ...new Set([...listings].map((listing) => listing.username))
]

/** The films in words, to compare; a title or a year that was not told is that of the expected film. */
const shown = (films: ReadonlyArray<WatchedFilm>, expected: ReadonlyArray<WatchedFilm>): ReadonlyArray<string> =>
  films.map(({ film: { id, slug, title, year }, rating }, i) => {
    const known = expected[i]?.film
    return `${id} ${slug}: ${title ?? known?.title} (${year ?? known?.year}), ${rating} stars`
  })

/** Whether a verdict says that a page could not be had; the end of a list is something else. */
const isNoAnswer = ({ _tag }: PageVerdict): boolean =>
  _tag !== "PastTheEnd" && ["retry-later", "suspect", "stop"].includes(verdictActions[_tag])

/** The verdict that says what a member is, films aside. */
const factOf = ({ state }: SourceWorldMember): { readonly tag: PageVerdict["_tag"]; readonly to?: Username } =>
  state === "private"
    ? { tag: "MemberPrivate" }
    : state === "gone"
      ? { tag: "MemberNotFound" }
      : state === "public"
        ? { tag: "NoFilms" }
        : { tag: "Renamed", to: state.renamedTo }

/** Lets others go on for long enough that whatever wants to run ahead does. */
const pause = Effect.repeatN(Effect.yieldNow(), 200)

/**
 * Runs the tests of a source. `make` gives it in front of a world, anew for each test.
 *
 * Titles, years and the numbers of films a page or a members list states may be left out, but must be right where they
 * are told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sourceSuite = <E, E2 = never>(
  name: string,
  make: (world: SourceWorld) => Layer.Layer<RatingsSource, E>,
  options: SourceSuiteOptions<E2> = {}
): void => {
  const { filmsPerPage = 72, runs = 20, sendsRequests = true, timeoutMillis = 120_000, unreachable } = options
  const world = sourceWorld(filmsPerPage)
  const membersPerPage = Math.min(options.membersPerPage ?? 30, world.members.length)
  const owners: ReadonlyArray<Owner> = world.members.filter(
    ({ films, state }) => state === "public" && films.length > 0
  )
  const facts = world.members.filter(({ films, state }) => state !== "public" || films.length === 0)

  const lastPageOf = ({ films }: Owner) => Math.ceil(films.length / filmsPerPage)
  const numbersUpTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)
  const [longest, ...others] = owners.toSorted((a, b) => b.films.length - a.films.length)
  if (longest === undefined) throw new Error("the world has nobody with films")
  const notable = [longest, ...others.slice(0, 12)]

  const assertFilmsPage = (owner: Owner, page: RatingsPage) => {
    const { number, url, username: of, verdict } = page
    const place = `page ${number} of ${owner.username}`
    assert.strictEqual(of, owner.username, place)
    assert.isNotEmpty(url, place)
    if (verdict._tag !== "Films") return assert.fail(`${place} is ${verdict._tag}`)
    const expected = owner.films.slice((number - 1) * filmsPerPage, number * filmsPerPage)
    assert.deepStrictEqual(shown(verdict.films, expected), shown(expected, expected), place)
    assert.strictEqual(verdict.lastPage, lastPageOf(owner), place)
    assert.strictEqual(verdict.unreadable, 0, place)
    const { films, rated } = verdict.stated
    if (films !== undefined) assert.strictEqual(films, owner.films.length, place)
    if (rated !== undefined)
      assert.strictEqual(rated, owner.films.filter(({ rating }) => rating !== undefined).length, place)
  }

  /** These pages of the list, each once, in any order. */
  const assertPages = (owner: Owner, pages: ReadonlyArray<RatingsPage>, numbers: ReadonlyArray<number>) => {
    assert.deepStrictEqual(
      numbersOf(pages),
      numbers.toSorted((a, b) => a - b),
      `the pages of ${owner.username}`
    )
    for (const page of pages) assertFilmsPage(owner, page)
  }

  /** The whole list, page 1 first, as good as a run needs it. */
  const assertWhole = (owner: Owner, pages: ReadonlyArray<RatingsPage>) => {
    assert.strictEqual(pages[0]?.number, 1, `the first page of ${owner.username}`)
    assertPages(owner, pages, numbersUpTo(lastPageOf(owner)))
    const { films, state } = judgeMember(owner.username, pages)
    assert.strictEqual(state, "sealed", owner.username)
    assert.deepStrictEqual(shown(films, owner.films), shown(owner.films, owner.films), owner.username)
  }

  /** The one page that says what a member is, films aside. */
  const assertFact = (member: SourceWorldMember, pages: ReadonlyArray<RatingsPage>) => {
    const [page] = pages
    if (page === undefined || pages.length > 1) return assert.fail(`${pages.length} pages of ${member.username}`)
    const { tag, to } = factOf(member)
    const { number, url, username: of, verdict } = page
    assert.deepStrictEqual({ of, number, tag: verdict._tag }, { of: member.username, number: 1, tag })
    assert.isNotEmpty(url)
    assert.strictEqual(verdict._tag === "Renamed" ? verdict.to : undefined, to)
  }

  const test = (what: string, body: Effect.Effect<void, unknown, Scope.Scope>) =>
    it.scopedLive(what, () => body, timeoutMillis)

  const sourced = <A, E3, R>(use: (source: Source) => Effect.Effect<A, E3, R>) =>
    Effect.flatMap(RatingsSource, use).pipe(Effect.provide(make(world)))

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
        Effect.flatMap(RatingsSource, useSource).pipe(Effect.provide(unreachable(world, outage)))
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

    testOfSource("reads the members list page by page, as far as it is pulled", (source) =>
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
        for (const count of [1, membersPerPage, membersPerPage + 1, world.members.length * 2]) {
          const { given, names, sent } = yield* take(count)
          assert.deepStrictEqual(
            names,
            world.members.slice(0, names.length).map((member) => member.username)
          )
          if (count < world.members.length) assert.strictEqual(given, count)
          // Whoever reads to the end may need one more request to see it.
          const isWhole = count > given
          assert.isAtMost(sent, Math.ceil(given / membersPerPage) + (isWhole ? 1 : 0), `requests for ${given} members`)
        }
      })
    )

    testOfSource("goes on with the members list after a while", (source) =>
      Effect.gen(function* () {
        const listings = yield* Stream.runCollect(
          Stream.tap(source.members, ({ films = 0 }) =>
            films > filmsPerPage ? Effect.zipRight(read(source, longest.username, [1]), pause) : pause
          )
        )
        assert.deepStrictEqual(
          namesOf(listings),
          world.members.map((member) => member.username)
        )
      })
    )

    testOfSource("gives each page of a list once, page 1 first, with its films in order", (source) =>
      Effect.gen(function* () {
        for (const owner of notable) assertWhole(owner, yield* read(source, owner.username))
      })
    )

    testOfSource("says with one page who has no films, is private, gone or renamed, or was never there", (source) =>
      Effect.gen(function* () {
        assert.sameMembers(
          [...new Set(facts.map((member) => factOf(member).tag))],
          ["NoFilms", "MemberPrivate", "MemberNotFound", "Renamed"]
        )
        for (const member of [...facts, { username: username("never_there"), state: "gone", films: [] } as const]) {
          assertFact(member, yield* read(source, member.username))
          assertFact(member, yield* read(source, member.username, [1]))
          // Somebody may have become so since the numbers were known.
          const later = yield* read(source, member.username, [2, 3])
          assert.deepStrictEqual(numbersOf(later), [2, 3], member.username)
          for (const { verdict } of later) assert.notStrictEqual(verdict._tag, "Films", member.username)
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

    testOfSource("gives the pages that are asked for, and no others", (source) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* read(source, longest.username, []), [])
        for (const owner of notable) {
          const last = lastPageOf(owner)
          for (const numbers of [[1], [last], ...(last > 2 ? [[2], [last, 1], numbersUpTo(last).slice(1)] : [])]) {
            assertPages(owner, yield* read(source, owner.username, numbers), numbers)
          }
        }
      })
    )

    testOfSource("gives any choice of pages, asked for in any order", (source) =>
      Effect.gen(function* () {
        const choices = fc.sample(fc.shuffledSubarray(numbersUpTo(lastPageOf(longest))), { numRuns: runs, seed: 5 })
        for (const numbers of choices) assertPages(longest, yield* read(source, longest.username, numbers), numbers)
      })
    )

    testOfSource("says of a page beyond the last one that it is past the end", (source) =>
      Effect.gen(function* () {
        const empty = facts.flatMap(({ films, state, username: of }) =>
          state === "public" ? [{ username: of, films }] : []
        )
        for (const owner of [...notable, ...empty]) {
          const last = Math.max(1, lastPageOf(owner))
          for (const beyond of [last + 1, last + 30]) {
            const pages = yield* read(source, owner.username, [beyond, last])
            assert.deepStrictEqual(numbersOf(pages), [last, beyond], owner.username)
            for (const page of pages) {
              if (page.number === last && owner.films.length > 0) assertFilmsPage(owner, page)
              // A run takes both for a list that has become shorter, and anything else for trouble.
              else
                assert.include(["PastTheEnd", "NoFilms"], page.verdict._tag, `page ${page.number} of ${owner.username}`)
            }
          }
        }
      })
    )

    testOfSource("reads members at the same time, whatever the others are", (source) =>
      Effect.forEach(
        world.members,
        (member) =>
          Effect.map(read(source, member.username), (pages) =>
            member.state === "public" && member.films.length > 0
              ? assertWhole(member, pages)
              : assertFact(member, pages)
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
          const whole = Effect.map(Stream.runCollect(source.ratings(owner.username, "all")), Chunk.toReadonlyArray)
          const stream = source.ratings(owner.username, "all")
          const again = Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)
          for (const pages of [
            yield* again,
            yield* again,
            ...(yield* Effect.all([again, whole, again], { concurrency: "unbounded" }))
          ]) {
            assertWhole(owner, pages)
          }
        }
      })
    )

    testOfSource("waits for a slow reader without losing a page or holding up the others", (source) =>
      Effect.gen(function* () {
        const other = others[0] ?? longest
        const slowly = Stream.tap(source.ratings(longest.username, "all"), () =>
          Effect.gen(function* () {
            assertWhole(other, yield* read(source, other.username))
            yield* pause
          })
        )
        assertWhole(longest, Chunk.toReadonlyArray(yield* Stream.runCollect(slowly)))
        // So many readers wait with the first page in their hands until the last of them has read everything.
        const reading = (readers: number): Effect.Effect<void, SourceError> =>
          Stream.runCollect(
            Stream.tap(source.ratings(longest.username, "all"), ({ number }) =>
              number === 1 && readers > 1 ? reading(readers - 1) : Effect.void
            )
          ).pipe(Effect.map((pages) => assertWhole(longest, Chunk.toReadonlyArray(pages))))
        yield* reading(12)
      })
    )

    testOfSource("can be interrupted at any page, and read again", (source) =>
      Effect.gen(function* () {
        for (const round of numbersUpTo(24)) {
          const after = round % 4
          const arrived = yield* Deferred.make<void>()
          let pages = 0
          const fiber = yield* Effect.fork(
            Stream.runForEach(source.ratings(longest.username, "all"), () =>
              Effect.suspend(() => ((pages += 1) >= after ? Deferred.succeed(arrived, undefined) : Effect.void))
            )
          )
          yield* after === 0 ? Effect.yieldNow() : Effect.raceFirst(Deferred.await(arrived), Fiber.join(fiber))
          yield* Fiber.interrupt(fiber)
          yield* Stream.runDrain(Stream.take(source.ratings(longest.username, "all"), 1 + after))
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
          const first = yield* Stream.runCount(Stream.tap(source.ratings(longest.username, "all"), () => look))
          yield* look
          if (sendsRequests) assert.isAtLeast(last.requests, first, `requests for ${first} pages`)
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

    testOfOutage("says so where nobody answers", (withOutage) =>
      withOutage(Outage.Everything(), (source) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Stream.runDrain(source.members))
          assert.instanceOf(error, SourceError)
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
              for (const { verdict } of outcome.right)
                assert.isTrue(isNoAnswer(verdict), `${verdict._tag} where nobody answers`)
            }
            const rated = yield* Effect.either(source.ratedFilms(member.username))
            if (rated._tag === "Left") assert.instanceOf(rated.left, SourceError)
            else assert.isTrue(Option.isNone(rated.right), `the ratings of ${member.username} where nobody answers`)
          }
        })
      )
    )

    if (membersPerPage < world.members.length) {
      testOfOutage("fails where the members list breaks off, after the members that are known", (withOutage) =>
        withOutage(Outage.MembersList(), (source) =>
          Effect.gen(function* () {
            const given: Array<MemberListing> = []
            const listing = Stream.runForEach(source.members, (listed) => Effect.sync(() => given.push(listed)))
            assert.instanceOf(yield* Effect.flip(listing), SourceError)
            const names = namesOf(given)
            assert.strictEqual(names.length, membersPerPage)
            assert.deepStrictEqual(
              names,
              world.members.slice(0, names.length).map((member) => member.username)
            )
            assert.strictEqual(yield* Stream.runCount(Stream.take(source.members, membersPerPage)), membersPerPage)
            assertWhole(longest, yield* read(source, longest.username))
          })
        )
      )
    }

    const last = lastPageOf(longest)
    for (const [which, lost] of [
      ["first", 1],
      ["second", 2],
      ["last", last]
    ] as const) {
      testOfOutage(
        `gives the ${which} page with the reason why it could not be had, and reads all others`,
        (withOutage) =>
          withOutage(Outage.FilmsPage({ username: longest.username, number: lost }), (source) =>
            Effect.gen(function* () {
              const assertLost = (pages: ReadonlyArray<RatingsPage>, numbers: ReadonlyArray<number>) => {
                assert.deepStrictEqual(
                  numbersOf(pages),
                  numbers.toSorted((a, b) => a - b)
                )
                for (const page of pages) {
                  if (page.number !== lost) assertFilmsPage(longest, page)
                  else assert.isTrue(isNoAnswer(page.verdict), `${page.verdict._tag} for a page that cannot be had`)
                }
              }
              const pages = yield* read(source, longest.username)
              assert.strictEqual(pages[0]?.number, 1)
              assertLost(pages, lost === 1 ? [1] : numbersUpTo(last))
              const { missing, state } = judgeMember(longest.username, pages)
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
