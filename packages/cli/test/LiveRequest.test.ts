import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { answerTo, type LiveRequest } from "../src/live/LiveRequest.ts"

const tokens = fc.stringMatching(/^[A-Za-z0-9_-]{32}$/u)
const own = fc.record({ port: fc.integer({ min: 1, max: 65_535 }), token: tokens })
const ourHosts = (port: number) => [`127.0.0.1:${port}`, `localhost:${port}`]

/** A request that is answered, and what it is for. */
const good = own.chain(({ port, token }) =>
  fc
    .record({
      method: fc.constantFrom("GET", "HEAD"),
      name: fc.constantFrom("", "events"),
      host: fc.constantFrom(...ourHosts(port)),
      hasOrigin: fc.boolean(),
      sites: fc.constantFrom([], ["same-origin"], ["none"])
    })
    .map(({ hasOrigin, host, method, name, sites }) => ({
      own: { port, token },
      name,
      request: {
        method,
        target: `/${token}/${name}`,
        hosts: [host],
        origins: hasOrigin ? [`http://${host}`] : [],
        sites
      } satisfies LiveRequest
    }))
)

/** What others would send, near to what is right. */
const wrongHosts = (port: number) =>
  fc.oneof(
    fc.constantFrom<ReadonlyArray<string>>(
      [],
      [""],
      ["localhost"],
      ["127.0.0.1"],
      [`127.0.0.1:${port}0`],
      [`127.0.0.1.evil.example:${port}`],
      [`evil.example:${port}`],
      [`localhost.:${port}`],
      [`LOCALHOST:${port}`],
      [`0.0.0.0:${port}`],
      [`[::1]:${port}`],
      [`127.0.0.1:${port} `],
      [`127.0.0.1:${port}`, `127.0.0.1:${port}`],
      [`127.0.0.1:${port}`, "evil.example"]
    ),
    fc
      .array(fc.string(), { maxLength: 3 })
      .filter((hosts) => hosts.length !== 1 || !ourHosts(port).includes(hosts[0] ?? ""))
  )
const wrongOrigins = (port: number, host: string) =>
  fc.oneof(
    fc.constantFrom(
      "null",
      "",
      `https://${host}`,
      "http://127.0.0.1",
      `http://${host}.evil.example`,
      `http://${host}/`,
      `http://evil.example:${port}`
    ),
    fc.webUrl()
  )

describe("the requests of the live page", () => {
  it("are answered if they have the token, our host, no other origin, and only read", () => {
    fc.assert(
      fc.property(good, ({ name, own: ours, request }) => {
        assert.strictEqual(answerTo(ours, request), name === "" ? "page" : "events")
      })
    )
  })

  it("are refused if any one of these is wrong", () => {
    const wrong = good.chain(({ own: ours, request }) =>
      fc
        .oneof<Array<fc.Arbitrary<Partial<LiveRequest>>>>(
          fc
            .oneof(
              fc.constantFrom("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "", undefined),
              fc.string()
            )
            .filter((method) => method !== "GET" && method !== "HEAD")
            .map((method) => ({ method })),
          wrongHosts(ours.port).map((hosts) => ({ hosts })),
          wrongOrigins(ours.port, request.hosts[0] ?? "").map((origin) => ({
            origins: [...request.origins, origin]
          })),
          fc
            .constantFrom("cross-site", "same-site", "", "same-origin, none")
            .map((site) => ({ sites: [...request.sites, site] })),
          tokens.filter((token) => token !== ours.token).map((token) => ({ target: `/${token}/` })),
          fc
            .constantFrom(
              "/",
              "/events",
              "//",
              `/${ours.token}`,
              `/${ours.token.slice(1)}/`,
              `/${ours.token}x/`,
              `/${ours.token}//`,
              `/${ours.token}/page`,
              `/${ours.token}/events/`,
              `/${ours.token}/?x`,
              `/x/../${ours.token}/`,
              `http://127.0.0.1:${ours.port}/${ours.token}/`,
              `/${ours.token}/\n`,
              undefined
            )
            .map((target) => ({ target })),
          fc.string().map((target) => ({ target }))
        )
        .map((change) => ({ ours, bad: Object.assign({}, request, change) }))
    )
    fc.assert(
      fc.property(wrong, ({ bad, ours }) => {
        assert.strictEqual(answerTo(ours, bad), "refused", JSON.stringify(bad))
      }),
      { numRuns: 1000 }
    )
  })
})
