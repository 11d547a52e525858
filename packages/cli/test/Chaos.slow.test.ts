import { NodeContext } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Harvest, RatingsStorage } from "@letterboxd-ratings/core"
import {
  type Behaviour,
  expectedRatings,
  type Fault,
  generateWorld,
  Sandbox,
  type World
} from "@letterboxd-ratings/fixtures"
import { HttpPolicy, LetterboxdSource, SiteTransport } from "@letterboxd-ratings/letterboxd-source"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { exitCodeOfReport } from "../src/ExitCode.ts"
import { sample } from "../../../vitest.sample.ts"
import { rowsOf } from "./Lb.ts"

const small: World = generateWorld({ members: 24, mostFilms: 1200 })
const wanted = 20

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-chaos-"))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const pagesOf = (world: World, members: number): number =>
  world.members
    .slice(0, members)
    .reduce((sum, { films, state }) => sum + (state === "public" ? Math.max(1, Math.ceil(films.length / 72)) : 1), 0)

/** Waits of milliseconds: what is tested is what happens, not how long it takes. */
const policy: HttpPolicy.HttpPolicyOptions = { ...HttpPolicy.defaults, requestsPerSecond: Infinity, backoffMillis: 10 }

/**
 * Long enough for a busy machine to answer in, where an answer comes at all. Of a body that is not the gzip it says it
 * is, `fetch` never gives the end.
 */
const timeoutFor = ({ kind }: Fault): number =>
  kind.startsWith("stall") || kind === "bad-gzip" ? 3_000 : policy.timeoutMillis

/** A whole run over a real socket into real files, but for the command line. */
const run = (
  url: string,
  out: string,
  options: Partial<Harvest.HarvestOptions> = {},
  changes: Partial<HttpPolicy.HttpPolicyOptions> = {}
) => {
  const source = LetterboxdSource.layer({ ...LetterboxdSource.defaults, name: "sandbox", baseUrl: url }).pipe(
    Layer.provide(HttpPolicy.layer({ ...policy, ...changes })),
    Layer.provide(SiteTransport.layer)
  )
  const storage = CsvStorage.layer({
    folder: path.join(folder, out),
    files: {},
    filmLabel: "title",
    versioned: false,
    memberFiles: false
  }).pipe(Layer.provide(NodeProcessTable.layer), Layer.provide(NodeContext.layer))
  return Effect.gen(function* () {
    const report = yield* Harvest.report({
      mode: "new",
      existing: "refuse",
      batches: 4,
      batchSize: 5,
      membersInFlight: 7,
      ...options
    })
    const storage = yield* RatingsStorage
    if (yield* storage.exists) assert.deepStrictEqual((yield* storage.verify({ repair: false })).problems, [])
    return report
  }).pipe(Effect.provide(Layer.merge(source, storage)))
}

/** The rows of a dataset by names: `cinephile4,240344,3.5`. */
const namedRows = (out: string): ReadonlyArray<string> => {
  const place = path.join(folder, out)
  const names = new Map(
    rowsOf(place, "latest_user_mappings.csv")
      .map((row) => row.split(","))
      .map(([name = "", id = ""]) => [id, name])
  )
  return rowsOf(place, "latest_raw_user_ratings.csv").map((row) =>
    row.replace(/^\d+/u, (id) => names.get(id) ?? "nobody")
  )
}

const rowsOfWorld = (world: World, members: number): ReadonlyArray<string> =>
  [...expectedRatings({ members: world.members.slice(0, members) })].map(
    ({ film, rating, username }) => `${username},${film.id},${rating.toFixed(1)}`
  )

const usersOf = (out: string) => rowsOf(path.join(folder, out), "latest_user_mappings.csv")

const generations = ["2022", "2026-09"] as const

const faults: Readonly<Record<string, Fault>> = {
  "429, Retry-After in seconds": { kind: "status", status: 429, retryAfter: { seconds: 1, as: "seconds" } },
  "429, Retry-After as a date": { kind: "status", status: 429, retryAfter: { seconds: 1, as: "date" } },
  "429 without Retry-After": { kind: "status", status: 429 },
  "500": { kind: "status", status: 500 },
  "502": { kind: "status", status: 502 },
  "503": { kind: "status", status: 503 },
  "520": { kind: "status", status: 520 },
  "522": { kind: "status", status: 522 },
  "connection dropped": { kind: "drop" },
  "body dropped": { kind: "drop-body" },
  stalled: { kind: "stall" },
  "body stalled": { kind: "stall-body" },
  "page cut short": { kind: "truncate" },
  "empty body": { kind: "empty" },
  "not gzip": { kind: "bad-gzip" }
}

describe("a site that fails now and then", () => {
  // A long list without a rating is asked for its ratings in a second way.
  const unrated = small.members
    .slice(0, wanted)
    .filter(({ films }) => films.length >= 10 && films.every(({ rating }) => rating === undefined))
  const limit = pagesOf(small, wanted) + 2 + unrated.length
  const table: Array<string> = []
  afterAll(() => {
    process.stdout.write(
      `\nRequests for ${wanted} members with ${pagesOf(small, wanted)} pages (limit ${limit} with robots.txt, the members page, and a second look at lists without ratings):\n`
    )
    process.stdout.write(`${table.join("\n")}\n`)
  })

  for (const [seed, [name, fault]] of sample("faults now and then", [...Object.entries(faults).entries()], 1)) {
    it.live(
      `loses nothing and doubles nothing: ${name}`,
      () =>
        Effect.gen(function* () {
          const cases = [0.01, 0.05, 0.2].flatMap((probability) =>
            generations.map((generation) => ({ probability, generation }))
          )
          const requests = yield* Effect.forEach(
            cases,
            ({ generation, probability }) =>
              Effect.gen(function* () {
                const where = `${name} ${probability} ${generation}`
                const site = yield* Sandbox.make({
                  world: small,
                  behaviour: { generation, faults: [{ ...fault, probability, seed }] }
                })
                const out = where.replaceAll(/[^\w.]/gu, "-")
                const report = yield* run(site.url, out, {}, { timeoutMillis: timeoutFor(fault) })
                assert.strictEqual(exitCodeOfReport(report), 0, `${where}: ${JSON.stringify(report)}`)
                assert.deepStrictEqual(namedRows(out), rowsOfWorld(small, wanted), where)
                assert.deepStrictEqual(
                  usersOf(out),
                  small.members.slice(0, wanted).map(({ username }, i) => `${username},${i + 1}`),
                  where
                )
                assert.strictEqual(yield* site.totalRequests, report.requests, where)
                assert.strictEqual(report.requests, limit + report.retries, where)
                return report.requests
              }).pipe(Effect.scoped),
            { concurrency: 6 }
          )
          table.push(
            `${name.padEnd(30)}${cases.map(({ generation, probability }, i) => `${generation} at ${probability * 100} %: ${requests[i]}`.padEnd(24)).join("")}`
          )
        }),
      120_000
    )
  }
})

describe("a site that fails for good in places", () => {
  for (const [name, fault] of sample("faults for good", Object.entries(faults), 2)) {
    it.live(
      `leaves those members partial, exit 2, and completes them later: ${name}`,
      () =>
        Effect.gen(function* () {
          const out = `healed-${name.replaceAll(/[^\w.]/gu, "-")}`
          const twoOf = small.members
            .slice(0, wanted)
            .filter(({ films }) => films.length > 200)
            .slice(-2)
          const broken = twoOf.map(({ username }): Fault => ({ ...fault, path: `/${username}/films/page/[23]/` }))
          const site = yield* Sandbox.make({ world: small, behaviour: { faults: broken } })
          const report = yield* run(site.url, out, {}, { maxRetries: 1, timeoutMillis: timeoutFor(fault) })
          assert.strictEqual(exitCodeOfReport(report), 2, JSON.stringify(report.stopped))
          assert.deepStrictEqual(
            report.partial.map(({ missing, username }) => [username as string, missing]),
            twoOf.map(({ username }) => [username, [2, 3]])
          )
          const lost = new Set(
            twoOf.flatMap(({ films, username }) => films.slice(72, 216).map(({ film }) => `${username},${film.id},`))
          )
          const isLost = (row: string) => lost.has(row.replace(/[\d.]+$/u, ""))
          assert.deepStrictEqual(
            namedRows(out),
            rowsOfWorld(small, wanted).filter((row) => !isLost(row))
          )

          yield* site.behave({ faults: [] })
          yield* site.reset
          const later = yield* run(site.url, out, { mode: "continue", batches: 1, batchSize: 1 })
          assert.strictEqual(exitCodeOfReport(later), 0)
          // The four missing pages, the new member's, robots.txt and the members page.
          assert.strictEqual(later.requests, 4 + pagesOf(small, wanted + 1) - pagesOf(small, wanted) + 2)
          assert.deepStrictEqual(namedRows(out).toSorted(), rowsOfWorld(small, wanted + 1).toSorted())
          assert.deepStrictEqual(
            usersOf(out),
            small.members.slice(0, wanted + 1).map(({ username }, i) => `${username},${i + 1}`)
          )
        }).pipe(Effect.scoped),
      60_000
    )
  }
})

describe("a site that refuses from some request on", () => {
  const refusals: Readonly<Record<string, { readonly fault: Fault; readonly reason: string }>> = {
    "a challenge with 403": { fault: { kind: "challenge", status: 403 }, reason: "Challenged" },
    "a challenge with 200": { fault: { kind: "challenge", status: 200 }, reason: "Challenged" },
    "access denied": { fault: { kind: "denied" }, reason: "Challenged" },
    "changed markup": {
      fault: { kind: "changed-markup", change: "renamed-items", path: "/films/" },
      reason: "MarkupChanged"
    },
    "an endless 429": { fault: { kind: "status", status: 429 }, reason: "RateLimited" },
    "an endless 429 with Retry-After": {
      fault: { kind: "status", status: 429, retryAfter: { seconds: 1, as: "seconds" } },
      reason: "RateLimited"
    },
    "an endless 503": { fault: { kind: "status", status: 503 }, reason: "Unreachable" },
    "no connection": { fault: { kind: "drop" }, reason: "Unreachable" }
  }
  for (const [name, { fault, reason }] of sample("refusals from some request on", Object.entries(refusals), 1)) {
    it.live(
      `stops within bounds, keeps what it has, and goes on later: ${name}`,
      () =>
        Effect.gen(function* () {
          for (const from of [1, 2, 3, 20, 61]) {
            const out = `stopped-${name.replaceAll(/[^\w.]/gu, "-")}-${from}`
            const site = yield* Sandbox.make({ world: small, behaviour: { faults: [{ ...fault, from }] } })
            const report = yield* run(site.url, out, {}, { maxRetries: 2 })
            // The last pages of all are those of one or two members, and what is wrong with them is these members' trouble.
            const isOfFewMembers = reason === "MarkupChanged" && from === 61
            assert.strictEqual(exitCodeOfReport(report), isOfFewMembers ? 2 : 3, `${name} from ${from}`)
            assert.strictEqual(report.stopped?.reason, isOfFewMembers ? undefined : reason, `${name} from ${from}`)
            // What is under way goes to its end: five requests with two repetitions each, and the same once more to be sure.
            // Changed markup is the site's only when three members show it.
            const most = reason === "Challenged" ? 5 : reason === "MarkupChanged" ? 3 * 5 : 2 * 5 * 3 + 3
            // Faults of films pages are counted from the first films page on: robots.txt and the members list come before.
            assert.isAtMost(yield* site.totalRequests, from + most + 3, `${name} from ${from}`)
            const before = fs.existsSync(path.join(folder, out, "manifest.json")) ? namedRows(out) : []
            if (from === 61) assert.isAbove(before.length, 0)
            const all = new Set(rowsOfWorld(small, wanted))
            assert.deepStrictEqual(
              before.filter((row) => !all.has(row)),
              []
            )
            assert.strictEqual(new Set(before).size, before.length)

            yield* site.behave({ faults: [] })
            const there = fs.existsSync(path.join(folder, out, "manifest.json")) ? usersOf(out).length : 0
            const later = yield* run(site.url, out, {
              mode: there === 0 ? "new" : "continue",
              batches: 1,
              batchSize: wanted - there + 1
            })
            assert.strictEqual(exitCodeOfReport(later), 0)
            assert.deepStrictEqual(namedRows(out).toSorted(), rowsOfWorld(small, wanted + 1).toSorted())
            assert.deepStrictEqual(
              usersOf(out),
              small.members.slice(0, wanted + 1).map(({ username }, i) => `${username},${i + 1}`)
            )
          }
        }).pipe(Effect.scoped),
      120_000
    )
  }
})

describe("a list that moves while it is read", () => {
  for (const change of ["add", "remove"] as const) {
    it.live(
      `misses nothing, doubles nothing, and costs little: ${change}`,
      () =>
        Effect.gen(function* () {
          const one = small.members.slice(0, wanted).toSorted((a, b) => b.films.length - a.films.length)[0]
          if (one === undefined) return assert.fail("no member")
          const pages = Math.ceil(one.films.length / 72)
          const moments = Array.from({ length: pages - 1 }, (_, i) => i + 1)
          for (const afterPages of sample(`moments to ${change} a film of a list`, moments, 1)) {
            const behaviour: Partial<Behaviour> = { shifts: [{ username: one.username, afterPages, change }] }
            const site = yield* Sandbox.make({ world: small, behaviour })
            const out = `moved-${change}-${afterPages}`
            const report = yield* run(site.url, out)
            assert.strictEqual(exitCodeOfReport(report), 0, JSON.stringify(report.partial))
            const rows = namedRows(out).filter((row) => row.startsWith(`${one.username},`))
            const before = rowsOfWorld(small, wanted).filter((row) => row.startsWith(`${one.username},`))
            const removed = one.films[0]
            const now =
              change === "add"
                ? [`${one.username},19999999,3.5`, ...before]
                : before.filter((row) => !row.startsWith(`${one.username},${removed?.film.id},`))
            assert.deepStrictEqual(rows, now, `after ${afterPages} pages`)
            const requests = [...(yield* site.requests)]
              .filter(([asked]) => asked.startsWith(`/${one.username}/`))
              .reduce((sum, [, count]) => sum + count, 0)
            assert.isAtMost(requests, pages + 6, `after ${afterPages} of ${pages} pages`)
          }
        }).pipe(Effect.scoped),
      60_000
    )
  }

  it.live(
    "seals a list that lost its last page, where the site answers 403 past the end",
    () =>
      Effect.gen(function* () {
        const one = small.members.slice(0, wanted).find(({ films }) => films.length > 72 && films.length % 72 === 1)
        if (one === undefined) return assert.fail("no member with one film on the last page")
        const site = yield* Sandbox.make({
          world: small,
          behaviour: { pastTheEnd: 403, shifts: [{ username: one.username, afterPages: 1, change: "remove" }] }
        })
        const report = yield* run(site.url, "lost-page")
        assert.strictEqual(exitCodeOfReport(report), 0, JSON.stringify(report))
        const rows = namedRows("lost-page").filter((row) => row.startsWith(`${one.username},`))
        const before = rowsOfWorld(small, wanted).filter((row) => row.startsWith(`${one.username},`))
        assert.deepStrictEqual(
          rows,
          before.filter((row) => !row.startsWith(`${one.username},${one.films[0]?.film.id},`))
        )
      }).pipe(Effect.scoped),
    60_000
  )

  it.live(
    "takes members once that the members list names twice",
    () =>
      Effect.gen(function* () {
        const world = generateWorld({ members: 65, mostFilms: 80 })
        const site = yield* Sandbox.make({ world, behaviour: { membersMove: true } })
        const report = yield* run(site.url, "members-move", { batches: 6, batchSize: 10 })
        assert.strictEqual(report.stopped, undefined)
        assert.deepStrictEqual(new Set(namedRows("members-move")), new Set(rowsOfWorld(world, 60)))
        assert.strictEqual(namedRows("members-move").length, rowsOfWorld(world, 60).length)
      }).pipe(Effect.scoped),
    60_000
  )
})
