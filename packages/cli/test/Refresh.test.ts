import { assert, describe, it } from "@effect/vitest"
import { RefreshReport } from "@letterboxd-ratings/core"
import { Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { Effect, Schema } from "effect"
import * as path from "node:path"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

type Lists = Readonly<Record<string, Readonly<Record<number, number>>>>

const worldOf = (lists: Lists): World => ({
  members: Object.entries(lists).map(([username, films]) => ({
    username,
    displayName: username,
    state: "public",
    films: Object.entries(films).map(([id, rating]) => ({
      film: { id: Number(id), slug: `film-${id}`, title: `Film ${id}` },
      rating
    }))
  }))
})

const before: Lists = { ann: { 1: 4, 2: 3 }, bob: { 1: 5 }, cat: { 3: 1 } }
/** Ann has one film more, and Bob gave other stars, which no count shows. */
const after: Lists = { ann: { 1: 4, 2: 3, 4: 0.5 }, bob: { 1: 1 }, cat: { 3: 1 } }

const Finished = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Struct({ _tag: Schema.Literal("RefreshFinished"), report: RefreshReport }))
)

const withSite = (test: (site: Sandbox.Sandbox) => Promise<void>) =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(Sandbox.make({ world: worldOf(before) }), (site) => Effect.promise(() => test(site))))
  )

describe("lb refresh", () => {
  it(
    "reads whom the members list shows with another number of films, and names what it concludes from counts alone",
    inEmptyFolder((folder) =>
      withSite(async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited"]
        const nothing = await lb(folder, ["refresh", ...args])
        assert.strictEqual(nothing.code, 1)
        assert.include(nothing.err, "lb run --mode new")
        assert.strictEqual((await lb(folder, ["run", "--mode", "new", ...args, "--quiet"])).code, 0)
        const ratings = () => rowsOf(path.join(folder, "data_output"), "latest_translated_user_ratings.csv").toSorted()
        await Effect.runPromise(site.become(worldOf(after)))
        await Effect.runPromise(site.reset)

        const plan = await lb(folder, ["refresh", "--plan", "--older-than", "1s", ...args])
        assert.strictEqual(plan.code, 0, plan.err)
        assert.include(plan.out, "Nothing was requested.")
        assert.strictEqual(await Effect.runPromise(site.totalRequests), 0)

        const refreshed = await lb(folder, ["refresh", ...args])
        assert.strictEqual(refreshed.code, 0, refreshed.err)
        assert.include(refreshed.err, "Plan: 1 member to read again, about 1 request, 2 unchanged by count.")
        assert.include(refreshed.out, "2 unchanged by count, 0 not due. 3 requests, 2 of them for the members list.")
        assert.include(refreshed.out, "1 member read again: 1 rating added, 0 changed, 0 removed.")
        assert.deepStrictEqual(ratings(), [
          "ann,Film 1,4.0",
          "ann,Film 2,3.0",
          "ann,Film 4,0.5",
          "bob,Film 1,5.0",
          "cat,Film 3,1.0"
        ])

        const again = await lb(folder, ["refresh", "--json", ...args])
        const { report } = Finished(again.out.trimEnd().split("\n").at(-1))
        assert.deepStrictEqual([report.plan.unchanged, report.requests, report.run], [3, 2, undefined])

        const bob = await lb(folder, ["refresh", "@Bob", ...args])
        assert.strictEqual(bob.code, 0, bob.err)
        assert.include(bob.out, "1 member read again: 0 ratings added, 1 changed, 0 removed.")
        assert.include(ratings(), "bob,Film 1,1.0")
        assert.include((await lb(folder, ["log", "bob"])).out, "~ Film 1: 5.0 → 1.0")
        assert.strictEqual((await lb(folder, ["verify"])).code, 0)
      })
    ),
    60_000
  )

  it(
    "keeps what it had where the site refuses, and says how to go on",
    inEmptyFolder((folder) =>
      withSite(async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited", "--max-retries", "0"]
        assert.strictEqual((await lb(folder, ["run", "--mode", "new", ...args, "--quiet"])).code, 0)
        const data = path.join(folder, "data_output")
        const had = rowsOf(data, "latest_raw_user_ratings.csv")
        await Effect.runPromise(site.become(worldOf(after)))
        // Everything, or every list.
        for (const path_ of [".", "/films/"]) {
          await Effect.runPromise(site.behave({ faults: [{ kind: "challenge", status: 403, path: path_ }] }))
          const refused = await lb(folder, ["refresh", ...args])
          assert.strictEqual(refused.code, 3, refused.out + refused.err)
          assert.include(refused.out, "Stopped: ")
          assert.include(refused.out, "Continue with: ")
          assert.deepStrictEqual(rowsOf(data, "latest_raw_user_ratings.csv"), had)
        }
        await Effect.runPromise(site.behave({ faults: [] }))
        assert.strictEqual((await lb(folder, ["refresh", ...args])).code, 0)
        assert.strictEqual(rowsOf(data, "latest_raw_user_ratings.csv").length, had.length + 1)
      })
    ),
    60_000
  )

  it(
    "reads feeds instead of lists: adds and changes what is newer, removes nothing, and names whose feed is too short",
    inEmptyFolder((folder) =>
      withSite(async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited"]
        const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [100 + i, 3]))
        await Effect.runPromise(site.become(worldOf({ ...before, dan: many })))
        // The entries of the sandbox's feeds are made in September 2026.
        const first = await lb(folder, ["run", "--mode", "new", ...args, "--quiet"], {
          SOURCE_DATE_EPOCH: "1788220800"
        })
        assert.strictEqual(first.code, 0, first.err)
        const data = path.join(folder, "data_output")
        const ratings = () => rowsOf(data, "latest_translated_user_ratings.csv").toSorted()
        const had = ratings()
        await Effect.runPromise(site.become(worldOf({ ...after, cat: {}, dan: { ...many, 99: 2 } })))
        await Effect.runPromise(site.reset)

        const plan = await lb(folder, ["refresh", "--via", "feed", "--plan", ...args])
        assert.include(plan.out, "4 feeds to read, a request each. Nothing was requested.")
        assert.strictEqual(await Effect.runPromise(site.totalRequests), 0)

        const refreshed = await lb(folder, ["refresh", "--via", "feed", ...args])
        assert.strictEqual(refreshed.code, 2, refreshed.err)
        assert.include(refreshed.out, "4 feeds read: 2 ratings added, 1 changed. 5 requests.")
        assert.include(refreshed.out, "The feeds of 1 member do not reach back to the last reading.")
        assert.include(refreshed.out, "lb refresh dan")
        const expected = [
          ...had.filter((row) => row !== "bob,Film 1,5.0"),
          "ann,Film 4,0.5",
          "bob,Film 1,1.0",
          "dan,Film 99,2.0"
        ]
        assert.deepStrictEqual(ratings(), expected.toSorted())
        assert.strictEqual((await lb(folder, ["verify"])).code, 0)

        // With a limit, whoever was asked for longest ago is next. One request is for robots.txt.
        const some = ["refresh", "--via", "feed", "--max-requests", "2", ...args]
        const limited = await lb(folder, some)
        assert.strictEqual(limited.code, 2, limited.err)
        assert.include(limited.out, "1 feed read: 0 ratings added, 0 changed. 2 requests.")
        assert.deepStrictEqual(ratings(), expected.toSorted())

        await Effect.runPromise(site.behave({ faults: [{ kind: "challenge", status: 403, path: "/rss/" }] }))
        const refused = await lb(folder, ["refresh", "ann", "--via", "feed", ...args])
        assert.strictEqual(refused.code, 3, refused.out + refused.err)
        assert.include(refused.out, "Continue with: ")
        assert.deepStrictEqual(ratings(), expected.toSorted())

        await Effect.runPromise(site.behave({ faults: [] }))
        await Effect.runPromise(
          site.become({
            members: [
              { username: "ann", displayName: "ann", state: { renamedTo: "anna" }, films: [] },
              ...worldOf({ ...after, cat: {}, dan: { ...many, 99: 2 } }).members.filter(
                ({ username }) => username !== "ann"
              )
            ]
          })
        )
        const moved = await lb(folder, ["refresh", "ann", "--via", "feed", ...args])
        assert.strictEqual(moved.code, 2, moved.out + moved.err)
        assert.include(moved.out, "No feed: ann (")
        await Effect.runPromise(site.become(worldOf({ ...after, cat: {}, dan: { ...many, 99: 2 } })))
        // A whole reading knows better.
        assert.strictEqual((await lb(folder, ["refresh", "ann", "bob", "cat", "dan", ...args])).code, 0)
        assert.isFalse(ratings().includes("cat,Film 3,1.0"))
        assert.strictEqual(ratings().length, had.length + 1)
      })
    ),
    60_000
  )
})
