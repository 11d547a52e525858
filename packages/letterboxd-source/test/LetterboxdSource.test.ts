import { assert, describe, it } from "@effect/vitest"
import {
  activityOf,
  Diagnostics,
  judgeMember,
  type KeptPage,
  ratedFilmsOf,
  UsernameFromText
} from "@letterboxd-ratings/core"
import { type Behaviour, filmsPage, generations, Sandbox } from "@letterboxd-ratings/fixtures"
import { examine, HttpPolicy, LetterboxdSource, parseFilmsPage } from "@letterboxd-ratings/letterboxd-source"
import { Chunk, Effect, Either, Option, Schema, Stream } from "effect"
import { readWithCheerio } from "./FilmsPageReference.ts"
import { policyLayer, sandboxed, sourceAt, world } from "./SandboxSource.ts"

const username = Schema.decodeSync(UsernameFromText)
const member = (name: string) => {
  const found = world.members.find((one) => one.username === name)
  if (found === undefined) throw new Error(`no member ${name}`)
  return found
}

const readAll = (source: Effect.Effect.Success<ReturnType<typeof sandboxed>>["source"], name: string) =>
  Effect.map(Stream.runCollect(source.list(username(name), "all")), (chunk) => {
    const pages = Chunk.toReadonlyArray(chunk)
    return {
      pages,
      reading: judgeMember(username(name), pages)
    }
  })

describe("LetterboxdSource", () => {
  for (const generation of generations) {
    it.scopedLive(`reads lists of all lengths in the markup of ${generation}, with one request a page`, () =>
      Effect.gen(function* () {
        const { site, source } = yield* sandboxed({ generation })
        for (const one of [...world.members.slice(0, 12), member("cinephile52")]) {
          yield* site.reset
          const { reading } = yield* readAll(source, one.username)
          assert.strictEqual(reading.state, "sealed", one.username)
          assert.deepStrictEqual(
            reading.films.map(({ film, rating }) => [film.id, film.slug, film.title, rating] as ReadonlyArray<unknown>),
            one.films.map(({ film, rating }) => [film.id, film.slug, film.title.trim(), rating])
          )
          if (generation >= "2025-08") {
            assert.deepStrictEqual(
              reading.films.map(({ film }) => film.year),
              one.films.map(({ film }) => film.year)
            )
          }
          const requests = [...(yield* site.requests)].filter(([path]) => path.includes("/films/"))
          assert.strictEqual(requests.length, Math.max(1, Math.ceil(one.films.length / 72)))
          assert.isTrue(requests.every(([, count]) => count === 1))
        }
      })
    )
  }

  it("reads pages as cheerio does, in every generation", () => {
    for (const generation of generations) {
      for (const one of world.members.slice(0, 20)) {
        const html = filmsPage({ member: one, films: one.films, listing: "", number: 1, generation })
        const reference = readWithCheerio(html)
        const page = parseFilmsPage(html)
        assert.deepStrictEqual(
          page.films.map(({ film, rating }) => ({
            id: film.id as number,
            slug: film.slug as string,
            rating: rating as number | undefined
          })),
          reference.tiles.map(({ id, rating, slug }) => ({ id, slug: slug ?? "", rating }))
        )
        assert.deepStrictEqual(page.pageNumbers, reference.pageNumbers)
        assert.strictEqual(page.hasNext, reference.hasNext)
      }
    }
  })

  it.scopedLive("lists members with one request for each page of 30, and only as far as it is asked", () =>
    Effect.gen(function* () {
      const { site, source } = yield* sandboxed()
      const take = (count: number) =>
        Effect.map(Stream.runCollect(Stream.take(source.members, count)), Chunk.toReadonlyArray)
      const members = yield* take(30)
      assert.deepStrictEqual(Object.keys(Object.fromEntries(yield* site.requests)), [
        "/robots.txt",
        "/members/popular/"
      ])
      assert.deepStrictEqual(
        members.map((one) => one.username as string),
        world.members.slice(0, 30).map((one) => one.username)
      )
      assert.deepStrictEqual(
        members.map(({ films }) => films),
        world.members.slice(0, 30).map(({ films }) => films.length)
      )
      assert.strictEqual((yield* take(1_000)).length, 65)
    })
  )

  it.scopedLive("tells members who are private, gone or renamed", () =>
    Effect.gen(function* () {
      const { source } = yield* sandboxed()
      const states = yield* Effect.forEach([40, 42, 46], (i) =>
        Effect.map(readAll(source, world.members[i]?.username ?? ""), ({ reading }) => reading.state)
      )
      assert.deepStrictEqual(states, ["private", "gone", "renamed"])
      assert.strictEqual((yield* readAll(source, "new_name_47")).reading.state, "sealed")
    })
  )

  it.scopedLive("reads only the pages it is asked for", () =>
    Effect.gen(function* () {
      const { site, source } = yield* sandboxed()
      yield* Stream.runDrain(source.list(username("cinephile4"), [3, 5]))
      const paths = [...(yield* site.requests).keys()].filter((path) => path !== "/robots.txt")
      assert.sameMembers(paths, ["/cinephile4/films/page/3/", "/cinephile4/films/page/5/"])
    })
  )

  it.scopedLive(
    "takes a 403 beyond the last page for the end, not for a wall, also of a list that has become empty",
    () =>
      Effect.gen(function* () {
        const { source } = yield* sandboxed({ pastTheEnd: 403 })
        const empty = world.members.find(({ films, state }) => state === "public" && films.length === 0)
        for (const name of ["cinephile4", empty?.username ?? ""]) {
          const pages = yield* Stream.runCollect(source.list(username(name), [40]))
          assert.deepStrictEqual(
            Chunk.toReadonlyArray(pages).map(({ label }) => label),
            ["PastTheEnd"],
            name
          )
        }
      })
  )

  it.scopedLive("believes a full page of rated films without paging only if there is no next one", () =>
    Effect.gen(function* () {
      const films = (count: number) =>
        Array.from({ length: count }, (_, i) => ({
          film: { id: i + 1, slug: `film-${i + 1}`, title: `Film ${i + 1}` },
          rating: 4
        }))
      const members = [72, 100].map((count) => ({
        username: `has_${count}`,
        displayName: `has_${count}`,
        state: "public" as const,
        films: films(count)
      }))
      const faults = [{ path: "^/has_100/", kind: "changed-markup", change: "no-paging" }] as const
      const { source } = yield* sandboxed({ generation: "2026-09", faults }, { listing: "rated" }, {}, { members })
      const alone = yield* readAll(source, "has_72")
      assert.strictEqual(alone.reading.state, "sealed")
      assert.strictEqual(alone.reading.films.length, 72)
      const more = yield* readAll(source, "has_100")
      assert.strictEqual(more.reading.state, "partial")
    })
  )

  it.scopedLive("reads rated films only where that was asked for", () =>
    Effect.gen(function* () {
      const { source } = yield* sandboxed({}, { listing: "rated" })
      // The members list states how many films were watched, not how many are rated.
      const [first] = yield* Stream.runCollect(Stream.take(source.members, 1))
      assert.deepStrictEqual(Object.keys(first ?? {}), ["username"])
      const { reading } = yield* readAll(source, "cinephile4")
      assert.strictEqual(reading.state, "sealed")
      assert.deepStrictEqual(
        reading.films.map(({ film }) => film.id as number),
        member("cinephile4")
          .films.filter(({ rating }) => rating !== undefined)
          .map(({ film }) => film.id)
      )
    })
  )

  it.scopedLive("keeps to robots.txt unless told otherwise, and fetches it once", () =>
    Effect.gen(function* () {
      const { site, source } = yield* sandboxed({}, { membersList: "this-week" })
      const error = yield* Effect.flip(Stream.runDrain(source.members))
      assert.deepStrictEqual([error.reason, error.reasonLabel], ["NotAllowed", "DisallowedByRobots"])
      assert.isFalse(error.isRetryable)
      yield* Effect.flip(Stream.runDrain(source.members))
      assert.deepStrictEqual(Object.fromEntries(yield* site.requests), { "/robots.txt": 1 })
      const careless = yield* sourceAt(site.url, { membersList: "this-week", robots: "ignore" })
      assert.strictEqual(yield* Stream.runCount(careless.members), 65)
    })
  )

  it.scopedLive("finds its own rules in robots.txt by its name, with a version behind it or not", () =>
    Effect.gen(function* () {
      const site = yield* Sandbox.make({
        world,
        behaviour: { robots: "User-agent: Letterboxd-Ratings\nDisallow: /members/\n\nUser-agent: *\nDisallow:\n" }
      })
      for (const [userAgent, refused] of [
        [HttpPolicy.defaults.userAgent, true],
        ["letterboxd-ratings/1.2.3 (+https://example.org)", true],
        ["letterboxd-ratings", true],
        ["somebody/1.0 (like letterboxd-ratings)", false],
        ["(+https://example.org)", false]
      ] as const) {
        const source = yield* sourceAt(site.url, { userAgent })
        assert.strictEqual(Either.isLeft(yield* Effect.either(Stream.runDrain(source.members))), refused, userAgent)
      }
    })
  )

  it.scopedLive("takes a robots.txt that does not exist for consent, and one that fails for none", () =>
    Effect.gen(function* () {
      const { source } = yield* sandboxed({ faults: [{ path: "robots", kind: "status", status: 404 }] })
      assert.strictEqual(yield* Stream.runCount(source.members), 65)
      for (const [fault, reason] of [
        [{ path: "robots", kind: "status", status: 503 }, "Unreachable"],
        [{ path: "robots", kind: "challenge", status: 403 }, "Challenged"],
        [{ path: "robots", kind: "challenge", status: 200 }, "Challenged"],
        [{ path: "robots", kind: "denied" }, "Challenged"],
        [{ path: "robots", kind: "status", status: 403 }, "Challenged"],
        [{ path: "robots", kind: "status", status: 429 }, "RateLimited"],
        [{ path: "robots", kind: "drop" }, "Unreachable"]
      ] as const) {
        const { site, source: refused } = yield* sandboxed({ faults: [fault] }, {}, { maxRetries: 1 })
        assert.strictEqual((yield* Effect.flip(Stream.runDrain(refused.members))).reasonLabel, reason)
        assert.deepStrictEqual([...(yield* site.requests).keys()], ["/robots.txt"])
      }
      for (const [rules, isUsable] of [
        ["", true],
        ["\uFEFFUser-agent: *\nDisallow:\n", true],
        ["<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>", false],
        ["\uFEFF\n <html></html>", false],
        ["User-agent: *\nDisallow:\n".repeat(50_000), false]
      ] as const) {
        const { source: answered } = yield* sandboxed({ robots: rules })
        assert.strictEqual(
          Either.isRight(yield* Effect.either(Stream.runDrain(answered.members))),
          isUsable,
          rules.slice(0, 60)
        )
      }
    })
  )

  it.scopedLive("reads the members around names no member can have, says how many, and keeps the page once", () =>
    Effect.gen(function* () {
      const kept: Array<KeptPage> = []
      const diagnostics = Diagnostics.of({ keep: (page) => Effect.sync(() => (kept.push(page), Option.none())) })
      const { source } = yield* sandboxed({ strangers: ["a", "name-with-dashes"] }).pipe(
        Effect.provideService(Diagnostics, diagnostics)
      )
      for (let reading = 0; reading < 3; reading++) {
        const members = Chunk.toReadonlyArray(yield* Stream.runCollect(source.members))
        assert.deepStrictEqual(
          members.map((one) => one.username as string),
          world.members.map((one) => one.username)
        )
        assert.strictEqual((yield* activityOf(source)).unreadListings, 2)
      }
      assert.deepStrictEqual(
        kept.map(({ subject, verdict }) => ({ subject, verdict })),
        [{ subject: "page 1 of the members list", verdict: "Members" }]
      )
      assert.include(
        kept[0]?.evidence,
        "row 1 of 32 names no member (/a/); row 2 of 32 names no member (/name-with-dashes/)"
      )
      const { source: changed } = yield* sandboxed({ strangers: ["a", "b", "c", "d"] })
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(changed.members))).reasonLabel, "MarkupChanged")
    })
  )

  it.scopedLive("knows who is private and who has no films, in other words too", () =>
    Effect.gen(function* () {
      const { source } = yield* sandboxed({ privateWords: "classified", emptyText: "Nothing here so far" })
      assert.strictEqual((yield* readAll(source, world.members[40]?.username ?? "")).reading.state, "private")
      const empty = world.members.find(({ films, state }) => state === "public" && films.length === 0)?.username ?? ""
      const { pages, reading } = yield* readAll(source, empty)
      assert.deepStrictEqual([pages[0]?.label, reading.state], ["NoFilms", "sealed"])
    })
  )

  it.scopedLive(
    "takes a refusal without any marks for no wall, and not for a private member whose page 1 is public",
    () =>
      Effect.gen(function* () {
        const { source } = yield* sandboxed({ faults: [{ path: "/page/2/", kind: "status", status: 403 }] })
        const { pages, reading } = yield* readAll(source, "cinephile4")
        assert.strictEqual(pages.find(({ number }) => number === 2)?.label, "Forbidden")
        assert.deepStrictEqual([reading.state, reading.missing], ["partial", [2]])
      })
  )

  it.scopedLive(
    "tells of lists whose totals are absent, wrong or late, and of pages that are not full, what is there",
    () =>
      Effect.gen(function* () {
        const whole = member("cinephile4").films.length
        for (const generation of ["2022", "2026-09"] as const) {
          for (const [behaviour, states] of [
            [{ statedTotals: "absent" }, ["sealed", undefined]],
            [{ statedTotals: "late" }, ["sealed", whole]],
            [{ statedTotals: "wrong" }, ["partial", whole + 3]],
            [{ faults: [{ path: "/page/2/", kind: "changed-markup", change: "one-item-short" }] }, ["partial", whole]],
            [{ faults: [{ path: "/films/", kind: "changed-markup", change: "other-items" }] }, ["sealed", whole]],
            [{ faults: [{ path: "/films/", kind: "changed-markup", change: "sidebar-posters" }] }, ["sealed", whole]]
          ] satisfies ReadonlyArray<readonly [Partial<Behaviour>, ReadonlyArray<unknown>]>) {
            const { source } = yield* sandboxed({ generation, ...behaviour })
            const { reading } = yield* readAll(source, "cinephile4")
            assert.deepStrictEqual(
              [reading.state, reading.statedFilms] as ReadonlyArray<unknown>,
              states,
              JSON.stringify(behaviour)
            )
            assert.isTrue(
              reading.films.every(({ film }) => member("cinephile4").films.some((own) => own.film.id === film.id))
            )
          }
        }
      })
  )

  it.scopedLive(
    "tells how many films a member rated, from a list without ratings too, and nothing where it cannot",
    () =>
      Effect.gen(function* () {
        const ratedBy = (name: string) => member(name).films.filter(({ rating }) => rating !== undefined).length
        for (const generation of ["2022", "2025-08", "2026-09"] as const) {
          const { site, source } = yield* sandboxed({ generation })
          for (const one of world.members.slice(0, 20)) {
            yield* site.reset
            const rated = yield* ratedFilmsOf(source, username(one.username))
            assert.deepStrictEqual(
              [...(yield* site.requests).keys()].filter((path) => path !== "/robots.txt"),
              [`/${one.username}/films/rated/.5-5/`]
            )
            assert(Option.isSome(rated), one.username)
            const { atLeast, atMost } = rated.value
            const truth = ratedBy(one.username)
            assert.isTrue(
              atLeast <= truth && truth <= atMost && atMost - atLeast < 72,
              `${one.username}: ${atLeast} to ${atMost}, not ${truth}`
            )
            if (truth <= 72) assert.deepStrictEqual([atLeast, atMost], [truth, truth])
          }
          yield* site.behave({ faults: [{ path: "/films/", kind: "changed-markup", change: "lost-ratings" }] })
          const { reading } = yield* readAll(source, "cinephile4")
          assert.isTrue(reading.films.every(({ rating }) => rating === undefined))
          assert.deepStrictEqual(
            yield* ratedFilmsOf(source, username("cinephile4")),
            Option.some({ atLeast: 72, atMost: Infinity })
          )
          for (const fault of [
            { kind: "status", status: 503 },
            { kind: "challenge", status: 403 },
            { kind: "truncate" },
            { kind: "changed-markup", change: "no-ids" }
          ] as const) {
            const { source: other } = yield* sandboxed(
              { generation, faults: [{ path: "/films/", ...fault }] },
              {},
              { maxRetries: 0 }
            )
            assert.deepStrictEqual(
              yield* ratedFilmsOf(other, username("cinephile4")),
              Option.none(),
              JSON.stringify(fault)
            )
          }
        }
        const { source } = yield* sandboxed()
        for (const i of [40, 42])
          assert.deepStrictEqual(yield* ratedFilmsOf(source, username(world.members[i]?.username ?? "")), Option.none())
        const { site, source: ofRated } = yield* sandboxed({}, { listing: "rated" })
        assert.deepStrictEqual(yield* ratedFilmsOf(ofRated, username("cinephile4")), Option.none())
        assert.strictEqual(yield* site.totalRequests, 0)
      })
  )

  it.scopedLive("says in words that nobody is there", () =>
    Effect.gen(function* () {
      // A sandbox that has ended leaves a port nobody listens on.
      const { url } = yield* Effect.scoped(Sandbox.make({ world }))
      const source = yield* sourceAt(url, {}, { maxRetries: 5 })
      const error = yield* Effect.flip(Stream.runDrain(source.members))
      assert.strictEqual(error.reason, "Unreachable")
      assert.include(error.message, "the connection was refused (ECONNREFUSED)")
      assert.include(error.message, "Check the network and the address")
    })
  )

  it.scopedLive("judges each page for itself", () =>
    Effect.gen(function* () {
      const verdicts = [
        [{ kind: "status", status: 503 }, "Unavailable"],
        [{ kind: "status", status: 429 }, "RateLimited"],
        [{ kind: "drop" }, "Unavailable"],
        [{ kind: "drop-body" }, "Truncated"],
        [{ kind: "truncate" }, "Truncated"],
        [{ kind: "empty" }, "Truncated"],
        [{ kind: "challenge", status: 200 }, "Challenged"],
        [{ kind: "challenge", status: 403 }, "Challenged"],
        [{ kind: "denied" }, "Challenged"],
        [{ kind: "changed-markup", change: "no-ids" }, "MarkupChanged"],
        [{ kind: "changed-markup", change: "renamed-items" }, "MarkupChanged"],
        [{ kind: "changed-markup", change: "renamed-ratings" }, "MarkupChanged"],
        [{ kind: "changed-markup", change: "impossible-ratings" }, "MarkupChanged"]
      ] as const
      for (const generation of ["2022", "2026-09"] as const) {
        const { site, source } = yield* sandboxed({ generation }, {}, { maxRetries: 1 })
        yield* Stream.runDrain(Stream.take(source.members, 1))
        for (const [fault, verdict] of verdicts) {
          yield* site.behave({ faults: [{ path: "/page/3/", ...fault }] })
          const { pages, reading } = yield* readAll(source, "cinephile4")
          assert.strictEqual(pages.find(({ number }) => number === 3)?.label, verdict, JSON.stringify(fault))
          assert.deepStrictEqual(reading.missing, [3])
          assert.strictEqual(reading.state, "partial")
        }
      }
    })
  )

  it.scopedLive("keeps pages that were not understood, with their headers, and says where", () =>
    Effect.gen(function* () {
      const kept: Array<KeptPage> = []
      const diagnostics = Diagnostics.of({
        keep: (page) =>
          Effect.sync(() => {
            kept.push(page)
            return Option.some(`kept/${kept.length}`)
          })
      })
      const faults: ReadonlyArray<Behaviour["faults"][number]> = [
        { path: "/films/", kind: "changed-markup", change: "renamed-items" },
        { path: "/films/", kind: "challenge", status: 403 }
      ]
      for (const fault of faults) {
        const { source } = yield* sandboxed({ faults: [fault] }).pipe(Effect.provideService(Diagnostics, diagnostics))
        const { pages } = yield* readAll(source, "cinephile4")
        const [page] = pages
        assert.isTrue(page?.label === "MarkupChanged" || page?.label === "Challenged")
        assert(page?.content._tag === "Missing")
        assert.include(page.content.error.message, `The page and its headers are kept in kept/${kept.length}.`)
      }
      assert.deepStrictEqual(
        kept.map(({ status, subject, verdict }) => ({ status, subject, verdict })),
        [
          { status: 200, subject: "page 1 of cinephile4", verdict: "MarkupChanged" },
          { status: 403, subject: "page 1 of cinephile4", verdict: "Challenged" }
        ]
      )
      assert.include(kept[0]?.evidence, "ul.grid")
      assert.include(kept[0]?.body, "</html>")
      assert.strictEqual(kept[1]?.headers["cf-mitigated"], "challenge")
    })
  )
})

describe("examine", () => {
  const look = (behaviour: Partial<Behaviour>, name?: string) =>
    Effect.gen(function* () {
      const site = yield* Sandbox.make({ world, behaviour })
      const options = { ...LetterboxdSource.defaults, name: "sandbox", baseUrl: site.url }
      const findings = yield* Stream.runCollect(examine(options, name === undefined ? undefined : username(name))).pipe(
        Effect.provide(policyLayer({ maxRetries: 1, patienceMillis: 100 }))
      )
      return { findings: Chunk.toReadonlyArray(findings), requests: yield* site.totalRequests }
    })

  it.scopedLive("finds all well with four requests", () =>
    Effect.gen(function* () {
      const { findings, requests } = yield* look({}, "cinephile4")
      assert.deepStrictEqual(
        findings.map(({ error, step }) => [step, error]),
        [
          ["robots.txt", undefined],
          ["members page", undefined],
          ["films page", undefined],
          ["second films page", undefined]
        ]
      )
      assert.strictEqual(requests, 4)
    })
  )

  it.scopedLive("says for each refusal at which step it stands, and why", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [Partial<Behaviour>, string | undefined, Array<[string, string]>]> = [
        [{ faults: [{ path: "/page/2/", kind: "denied" }] }, "cinephile4", [["second films page", "Challenged"]]],
        [
          { faults: [{ path: "/films/", kind: "changed-markup", change: "no-ids" }] },
          "cinephile4",
          [["films page", "MarkupChanged"]]
        ],
        [
          { faults: [{ path: "/films/", kind: "status", status: 429, retryAfter: { seconds: 60, as: "seconds" } }] },
          "cinephile4",
          [["films page", "RateLimited"]]
        ],
        [
          { faults: [{ path: "/members/", kind: "challenge", status: 200 }] },
          "cinephile4",
          [["members page", "Challenged"]]
        ],
        [{ faults: [{ kind: "drop" }] }, undefined, [["robots.txt", "Unreachable"]]],
        [
          { robots: "User-agent: *\nDisallow: /members/\n" },
          "cinephile4",
          [
            ["robots.txt", "DisallowedByRobots"],
            ["members page", "DisallowedByRobots"]
          ]
        ],
        [{}, "nobody_here", [["films page", "InvalidOption"]]]
      ]
      for (const [behaviour, name, expected] of cases) {
        const { findings } = yield* look(behaviour, name)
        assert.deepStrictEqual(
          findings.flatMap(({ error, step }) =>
            error === undefined ? [] : [[step, error.reasonLabel] as [string, string]]
          ),
          expected
        )
      }
    })
  )
})
