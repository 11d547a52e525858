import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { type Behaviour, Sandbox } from "@letterboxd-ratings/fixtures"
import { HttpPolicy } from "@letterboxd-ratings/letterboxd-source"
import { Clock, Effect, Exit, Fiber, Layer, Random, TestClock } from "effect"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as zlib from "node:zlib"
import { policyLayer, quickly, world } from "./SandboxSource.ts"

const films = "/cinephile4/films/"

/** A judge of its own: walls have a title, and pages an end. */
const judge: HttpPolicy.Judge = ({ body, status }) =>
  /<title>(?:Just a moment|Access denied)/u.test(body)
    ? "wall"
    : status === 200 && !body.includes("User-agent") && !body.includes("</html>")
      ? "again"
      : "good"

const ask = (url = "http://site/") => Effect.flatMap(HttpPolicy.HttpPolicy, ({ get }) => get(url, judge))

/** A client with the policy, before a sandbox. */
const behind = <A, E>(
  behaviour: Partial<Behaviour>,
  options: Partial<HttpPolicy.HttpPolicyOptions>,
  use: (
    get: (path?: string) => Effect.Effect<{ readonly status: number; readonly body: string }, HttpPolicy.NotAnswered>,
    site: Sandbox.Sandbox
  ) => Effect.Effect<A, E, HttpPolicy.HttpPolicy>
) =>
  Effect.gen(function* () {
    const site = yield* Sandbox.make({ world, behaviour })
    return yield* Effect.flatMap(HttpPolicy.HttpPolicy, (policy) =>
      use((path = films) => policy.get(site.url + path, judge), site)
    ).pipe(Effect.provide(policyLayer(options)))
  })

describe("HttpPolicy over a socket", () => {
  it.scoped("names itself, keeps no cookies, sends no tracing headers", () =>
    behind({ setCookie: true }, { userAgent: "somebody/1.0 (+https://example.org)" }, (get, site) =>
      Effect.gen(function* () {
        yield* get().pipe(Effect.withSpan("a span"))
        yield* get().pipe(Effect.withSpan("another"))
        for (const { headers } of yield* site.log) {
          assert.strictEqual(headers["user-agent"], "somebody/1.0 (+https://example.org)")
          for (const name of ["cookie", "b3", "traceparent"]) assert.isUndefined(headers[name], name)
        }
      })
    )
  )

  it.live("has no more requests under way than it may", () =>
    Effect.scoped(
      behind({ latencyMillis: 20 }, { concurrency: 3 }, (get, site) =>
        Effect.gen(function* () {
          yield* Effect.forEach(Array.from({ length: 20 }), () => get(), { concurrency: "unbounded" })
          assert.strictEqual(yield* site.mostAtOnce, 3)
        })
      )
    )
  )

  it.live("repeats what can succeed later, up to the stated number and no more", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const passing: ReadonlyArray<Behaviour["faults"][number]> = [
          ...[408, 425, 429, 500, 502, 503, 520, 522].map((status) => ({ kind: "status", status }) as const),
          { kind: "drop" },
          { kind: "drop-body" },
          { kind: "bad-gzip" },
          { kind: "truncate" },
          { kind: "empty" }
        ]
        for (const fault of passing) {
          yield* behind({ faults: [{ ...fault, path: "/films/", attempts: 2 }] }, { maxRetries: 3 }, (get, site) =>
            Effect.gen(function* () {
              yield* get("/robots.txt")
              const answer = yield* get()
              assert.strictEqual(answer.status, 200)
              assert.include(answer.body, "</html>")
              assert.strictEqual((yield* site.requests).get(films), 3, JSON.stringify(fault))
              const { activity } = yield* HttpPolicy.HttpPolicy
              const { requests, retries } = yield* activity
              assert.deepStrictEqual({ requests, retries }, { requests: 4, retries: 2 })
            })
          )
          yield* behind({ faults: [{ ...fault, path: "/films/" }] }, { maxRetries: 2 }, (get, site) =>
            Effect.gen(function* () {
              yield* get("/robots.txt")
              yield* Effect.exit(get())
              assert.strictEqual((yield* site.requests).get(films), 3, JSON.stringify(fault))
            })
          )
        }
      })
    )
  )

  it.live("asks once where asking again cannot help", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const lasting: ReadonlyArray<Behaviour["faults"][number]> = [
          { kind: "challenge", status: 403 },
          { kind: "challenge", status: 200 },
          { kind: "denied" },
          ...[403, 404, 410, 426].map((status) => ({ kind: "status", status }) as const)
        ]
        for (const fault of lasting) {
          yield* behind({ faults: [fault] }, { maxRetries: 5 }, (get, site) =>
            Effect.gen(function* () {
              yield* get()
              assert.strictEqual(yield* site.totalRequests, 1, JSON.stringify(fault))
            })
          )
        }
      })
    )
  )

  it.live("gives up on silence after the timeout, body included", () =>
    Effect.scoped(
      Effect.gen(function* () {
        for (const kind of ["stall", "stall-body"] as const) {
          yield* behind({ faults: [{ path: "/films/", kind }] }, { maxRetries: 1, timeoutMillis: 60 }, (get, site) =>
            Effect.gen(function* () {
              yield* get("/robots.txt")
              assert.isTrue(Exit.isFailure(yield* Effect.exit(get())))
              assert.strictEqual((yield* site.requests).get(films), 2)
            })
          )
        }
      })
    )
  )

  it.live("sends as many requests as it may and not one more, repetitions included", () =>
    Effect.scoped(
      behind({ faults: [{ path: "page/2", kind: "drop" }] }, { maxRequests: 6, concurrency: 4 }, (get, site) =>
        Effect.gen(function* () {
          const outcomes = yield* Effect.forEach(
            [1, 2, 3, 4, 5, 6, 7, 8],
            (page) => Effect.either(get(`${films}page/${page}/`)),
            {
              concurrency: "unbounded"
            }
          )
          assert.strictEqual(yield* site.totalRequests, 6)
          const spent = outcomes.filter((one) => one._tag === "Left" && one.left._tag === "RequestsSpent")
          assert.isAtLeast(spent.length, 2)
        })
      )
    )
  )

  it.live(
    "reads no more of an answer than a page can have, compressed or not",
    () =>
      Effect.gen(function* () {
        for (const compress of [false, true]) {
          const text = Buffer.alloc(HttpPolicy.largestBody + 1, "x")
          const server = http.createServer((_, response) => {
            response.writeHead(200, {
              "content-type": "text/html",
              ...(compress ? { "content-encoding": "gzip" } : {})
            })
            response.end(compress ? zlib.gzipSync(text) : text)
          })
          const url = yield* Effect.acquireRelease(
            Effect.async<string>((resume) => {
              server.listen(0, "127.0.0.1", () =>
                resume(Effect.succeed(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
              )
            }),
            () => Effect.sync(() => server.closeAllConnections())
          )
          const error = yield* Effect.flip(Effect.provide(ask(url), policyLayer({ timeoutMillis: 20_000 })))
          assert.include(error.message, "larger than 16 MB")
          server.close()
        }
      }).pipe(Effect.scoped),
    30_000
  )

  it.live("reads bytes in the charset a page names, and as UTF-8 where it names none that is known", () =>
    Effect.gen(function* () {
      const text = "<html>Amélie ½</html>"
      const cases: ReadonlyArray<readonly [string, BufferEncoding, string]> = [
        ["text/html; charset=ISO-8859-1", "latin1", text],
        [`text/html;Charset="windows-1252"; x=y`, "latin1", text],
        ["text/html; charset=utf-16le", "utf16le", text],
        ["text/html; charset=UTF-8", "utf8", text],
        ["text/html; charset=klingon", "utf8", text],
        ["text/html; charset=", "utf8", text],
        ["text/html", "utf8", text],
        // Nothing says what it is, so the bytes stay what they are: no text.
        ["text/html", "latin1", "<html>Am\uFFFDlie \uFFFD</html>"]
      ]
      for (const [contentType, encoding, expected] of cases) {
        const answering = Layer.succeed(
          HttpClient.HttpClient,
          HttpClient.make((request) =>
            Effect.succeed(
              HttpClientResponse.fromWeb(
                request,
                new Response(Buffer.from(text, encoding), { headers: { "content-type": contentType } })
              )
            )
          )
        )
        const { body } = yield* Effect.provide(ask(), HttpPolicy.layer(quickly).pipe(Layer.provide(answering)))
        assert.strictEqual(body, expected, contentType)
      }
    })
  )

  it.live("does not follow redirects", () =>
    Effect.scoped(
      behind({}, {}, (get) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* get(`/${world.members[46]?.username}/films/`)).status, 301)
        })
      )
    )
  )

  it.live("lets a pause hold for all requests", () =>
    Effect.scoped(
      behind(
        { faults: [{ kind: "status", status: 429, retryAfter: { seconds: 1, as: "seconds" }, until: 1 }] },
        { concurrency: 4 },
        (get, site) =>
          Effect.gen(function* () {
            yield* Effect.forEach([1, 2, 3, 4, 5, 6], (page) => get(`${films}page/${page}/`), {
              concurrency: "unbounded"
            })
            const times = (yield* site.log).map(({ at }) => at)
            const refusedAt = times[0] ?? 0
            // Those that were under way already could not know.
            const later = times.slice(4)
            assert.isAbove(later.length, 2)
            for (const at of later) assert.isAtLeast(at - refusedAt, 990)
          })
      )
    )
  )
})

/** A transport without a network that answers as it is told and says when it was asked. */
const scripted = (statuses: ReadonlyArray<{ readonly status: number; readonly headers?: Record<string, string> }>) => {
  const askedAt: Array<number> = []
  const layer = Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const { headers = {}, status } = statuses[Math.min(askedAt.length, statuses.length - 1)] ?? { status: 200 }
        askedAt.push(now)
        return HttpClientResponse.fromWeb(
          request,
          new Response("<html></html>", { status, headers: { "content-type": "text/html", ...headers } })
        )
      })
    )
  )
  return { askedAt, layer }
}

const timesOf = (statuses: Parameters<typeof scripted>[0], options: Partial<HttpPolicy.HttpPolicyOptions>) =>
  Effect.gen(function* () {
    const { askedAt, layer } = scripted(statuses)
    const policy = HttpPolicy.layer({ ...quickly, backoffMillis: 2_000, ...options }).pipe(Layer.provide(layer))
    const running = yield* Effect.fork(Effect.provide(ask(), policy))
    yield* TestClock.adjust("2 hours")
    yield* Fiber.join(running)
    return askedAt
  })

describe("HttpPolicy in time", () => {
  it.effect("backs off exponentially with full jitter, never beyond the bound of each wait", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < 40; seed++) {
        const times = yield* timesOf([{ status: 503 }], { maxRetries: 6 }).pipe(Effect.withRandom(Random.make(seed)))
        assert.strictEqual(times.length, 7)
        for (let i = 1; i < times.length; i++) {
          const wait = (times[i] ?? 0) - (times[i - 1] ?? 0)
          assert.isAtMost(wait, Math.min(60_000, 2_000 * 2 ** (i - 1)) + 1)
        }
      }
    })
  )

  it.effect("spreads its waits over the whole of their bounds", () =>
    Effect.gen(function* () {
      const waits: Array<number> = []
      for (let seed = 0; seed < 60; seed++) {
        const times = yield* timesOf([{ status: 503 }, { status: 200 }], {}).pipe(Effect.withRandom(Random.make(seed)))
        waits.push((times[1] ?? 0) - (times[0] ?? 0))
      }
      assert.isBelow(Math.min(...waits), 400)
      assert.isAbove(Math.max(...waits), 1_600)
    })
  )

  it.effect("asks nothing before Retry-After is over, in either form", () =>
    Effect.gen(function* () {
      const inSeconds = yield* timesOf([{ status: 429, headers: { "retry-after": "600" } }, { status: 200 }], {})
      assert.strictEqual(inSeconds.length, 2)
      assert.isAtLeast(inSeconds[1] ?? 0, 600_000)
      const start = yield* Clock.currentTimeMillis
      const date = new Date(Math.ceil(start / 1000) * 1000 + 300_000)
      const asDate = yield* timesOf(
        [{ status: 429, headers: { "retry-after": date.toUTCString() } }, { status: 200 }],
        {}
      )
      assert.isAtLeast(asDate[1] ?? 0, date.getTime())
    })
  )

  it.effect("gives up an endless refusal within bounds, and asks once to see whether it is over", () =>
    Effect.gen(function* () {
      const { askedAt, layer } = scripted([{ status: 429 }])
      const policy = HttpPolicy.layer({ ...quickly, backoffMillis: 2_000, requestsPerSecond: 2 }).pipe(
        Layer.provide(layer)
      )
      const running = yield* Effect.fork(
        Effect.gen(function* () {
          const five = yield* Effect.forEach([1, 2, 3, 4, 5], () => ask(), { concurrency: "unbounded" })
          const probe = yield* ask()
          return [...five, probe].map(({ status }) => status)
        }).pipe(Effect.provide(policy))
      )
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(yield* Fiber.join(running), [429, 429, 429, 429, 429, 429])
      assert.isAtMost(askedAt.length, 5 * 6 + 1)
      assert.isAtMost((askedAt.at(-1) ?? 0) - (askedAt[0] ?? 0), 5 * 60_000)
    })
  )

  it.effect("does not wait longer than its patience for a site that names a far time", () =>
    Effect.gen(function* () {
      const { askedAt, layer } = scripted([{ status: 429, headers: { "retry-after": "86400" } }, { status: 200 }])
      const policy = HttpPolicy.layer(quickly).pipe(Layer.provide(layer))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* ask()).status, 429)
        assert.strictEqual((yield* Effect.flip(ask()))._tag, "StillRefused")
        assert.strictEqual(askedAt.length, 1)
        yield* TestClock.adjust("1 day")
        assert.strictEqual((yield* ask()).status, 200)
      }).pipe(Effect.provide(policy))
    })
  )

  it.effect("keeps to Retry-After of a 503 too", () =>
    Effect.gen(function* () {
      const times = yield* timesOf([{ status: 503, headers: { "retry-after": "300" } }, { status: 200 }], {})
      assert.isAtLeast(times[1] ?? 0, 300_000)
    })
  )

  it.effect("gives up soon on a site that never answered, and keeps trying one that did", () =>
    Effect.gen(function* () {
      let asked = 0
      const dead = Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make(() => {
          asked += 1
          return Effect.never
        })
      )
      const policy = HttpPolicy.layer({ ...quickly, maxRetries: 5 }).pipe(Layer.provide(dead))
      const running = yield* Effect.fork(Effect.exit(Effect.provide(ask(), policy)))
      yield* TestClock.adjust("1 hour")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(running)))
      assert.strictEqual(asked, 3)
    })
  )
})
