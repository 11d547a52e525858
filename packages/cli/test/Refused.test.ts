import { assert, describe, it } from "@effect/vitest"
import { expectedRatings, generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const world = generateWorld()
const withSandbox = (
  behaviour: Parameters<Sandbox.Sandbox["behave"]>[0],
  test: (site: Sandbox.Sandbox) => Promise<void>
) =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(Sandbox.make({ world, behaviour }), (site) => Effect.promise(() => test(site))))
  )

const read = (file: string): unknown => JSON.parse(fs.readFileSync(file, "utf8"))

describe("lb run, before pages it does not understand", () => {
  it(
    "keeps the page and its headers in diagnostics/, and explains where, what and what to do",
    inEmptyFolder(async (folder) => {
      await withSandbox(
        { faults: [{ kind: "changed-markup", change: "renamed-items", path: "/films/", from: 30 }] },
        async (site) => {
          const args = ["--base-url", site.url, "--rate", "unlimited", "--batches", "4", "--batch-size", "5"]
          const { code, out } = await lb(folder, ["run", "--mode", "new", ...args])
          assert.strictEqual(code, 3)
          const kept = /are kept in (\S+\.html)\./u.exec(out)?.[1] ?? ""
          assert.match(kept, /^data_output\/diagnostics\/\d{8}-\d{6}-markup-changed-page-\d+-of-[a-z0-9_]+\.html$/u)
          assert.include(fs.readFileSync(path.join(folder, kept), "utf8"), "</html>")
          const about = read(path.join(folder, kept.replace(/html$/u, "json")))
          assert.nestedPropertyVal(about, "verdict", "MarkupChanged")
          assert.nestedPropertyVal(about, "status", 200)
          assert.nestedProperty(about, "headers.content-type")
          assert.notNestedProperty(about, "headers.set-cookie")
          assert.include(JSON.stringify(about), "single ul.poster-list or ul.grid")
          assert.isAbove(rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv").length, 0)
          const verified = await lb(folder, ["verify"])
          assert.strictEqual(verified.code, 0, verified.err + verified.out)
          await Effect.runPromise(site.behave({ faults: [] }))
          assert.strictEqual((await lb(folder, ["run", "--mode", "continue", ...args])).code, 0)
        }
      )
    })
  )

  it(
    "notes who was refused where nothing else could be had, and goes on from there",
    inEmptyFolder(async (folder) => {
      await withSandbox({ faults: [{ kind: "denied", path: "/films/" }] }, async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited", "--batches", "1"]
        const refused = await lb(folder, ["run", "--mode", "new", ...args])
        assert.strictEqual(refused.code, 3)
        assert.include(refused.out, "because the site refused a page")
        assert.deepStrictEqual(rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv"), [])
        await Effect.runPromise(site.behave({ faults: [] }))
        const again = await lb(folder, ["run", "--mode", "continue", ...args])
        assert.strictEqual(again.code, 0, again.err)
      })
    })
  )

  it(
    "says it where the page cannot be kept, and goes on",
    inEmptyFolder(async (folder) => {
      await withSandbox({ faults: [{ kind: "denied", path: "/films/", from: 10 }] }, async (site) => {
        fs.mkdirSync(path.join(folder, "data_output"))
        fs.writeFileSync(path.join(folder, "data_output", "diagnostics"), "a file")
        const { code, err } = await lb(folder, ["run", "--mode", "new", "--base-url", site.url, "--rate", "unlimited"])
        assert.strictEqual(code, 3)
        assert.include(err, "could not be saved")
      })
    })
  )
})

describe("lb run with a budget", () => {
  it(
    "--max-requests ends the run with what it has, exit 2, and every run after it gets further",
    inEmptyFolder(async (folder) => {
      await withSandbox({}, async (site) => {
        const args = [
          "--base-url",
          site.url,
          "--rate",
          "unlimited",
          "--batches",
          "1",
          "--batch-size",
          "8",
          "--max-requests",
          "15"
        ]
        const data = path.join(folder, "data_output")
        const first = await lb(folder, ["run", "--mode", "new", ...args])
        assert.strictEqual(first.code, 2, first.err)
        // Of those that were under way when the run ended, some may not have arrived.
        const arrived = await Effect.runPromise(site.totalRequests)
        assert.isAtMost(arrived, 15)
        assert.isAbove(arrived, 15 - 5)
        assert.include(first.out, "The limit of 15 requests for this run was reached")
        assert.match(first.out, /Continue with: lb run --mode continue .*--max-requests 15/u)
        let before = rowsOf(data, "latest_raw_user_ratings.csv").length
        assert.isAbove(before, 0)
        for (let runs = 0; runs < 6; runs++) {
          assert.strictEqual((await lb(folder, ["run", "--mode", "continue", ...args])).code, 2)
          const now = rowsOf(data, "latest_raw_user_ratings.csv").length
          assert.isAbove(now, before)
          before = now
        }
        assert.strictEqual((await lb(folder, ["verify"])).code, 0)
        const last = await lb(folder, ["run", "--mode", "continue", ...args.slice(0, -2)])
        assert.strictEqual(last.code, 0, last.out)
        const names = rowsOf(data, "latest_user_mappings.csv").map((row) => row.split(",")[0])
        assert.deepStrictEqual(
          names,
          world.members.slice(0, names.length).map(({ username }) => username)
        )
        const wanted = [...expectedRatings({ members: world.members.slice(0, names.length) })]
        assert.deepStrictEqual(
          rowsOf(data, "latest_raw_user_ratings.csv").toSorted(),
          wanted
            .map(({ film, rating, username }) => `${names.indexOf(username) + 1},${film.id},${rating.toFixed(1)}`)
            .toSorted()
        )
      })
    }),
    60_000
  )

  it(
    "--max-time does so too",
    inEmptyFolder(async (folder) => {
      await withSandbox({ latencyMillis: 100 }, async (site) => {
        const { code, out } = await lb(folder, [
          "run",
          "--mode",
          "new",
          "--base-url",
          site.url,
          "--rate",
          "10",
          "--max-time",
          "2s"
        ])
        assert.strictEqual(code, 2)
        assert.include(out, "The time limit of 2 s for this run was reached")
      })
    })
  )

  it(
    "wants a time it understands",
    inEmptyFolder(async (folder) => {
      for (const time of ["0", "soon", "-1", "3 weeks"]) {
        const { code, err } = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--max-time", time])
        assert.strictEqual(code, 1, err)
        assert.include(err, "--max-time must be a time")
      }
    })
  )
})

describe("lb doctor", () => {
  it(
    "says step by step that all is well",
    inEmptyFolder(async (folder) => {
      const { code, out } = await lb(folder, ["doctor", "--source", "sandbox"])
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(
        out
          .split("\n")
          .filter((line) => line.startsWith("✓"))
          .map((line) => line.slice(2).split(" (")[0]),
        ["robots.txt", "members page", "films page", "second films page"]
      )
      assert.include(out, "All checks passed")
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    })
  )

  it(
    "says what is wrong where it is, what to do, and keeps the page",
    inEmptyFolder(async (folder) => {
      await withSandbox({ faults: [{ path: "/films/page/2/", kind: "challenge", status: 403 }] }, async (site) => {
        const { code, out } = await lb(folder, ["doctor", "cinephile4", "--base-url", site.url])
        assert.strictEqual(code, 3)
        assert.include(out, "✓ films page")
        assert.include(out, "✗ second films page")
        assert.include(out, "bot wall (header cf-mitigated: challenge, status 403)")
        assert.include(out, "your official export")
        assert.strictEqual(fs.readdirSync(path.join(folder, "data_output", "diagnostics")).length, 2)
        const json = await lb(folder, ["doctor", "cinephile4", "--base-url", site.url, "--json"])
        assert.strictEqual(json.code, 3)
        const steps = json.out
          .trim()
          .split("\n")
          .map((line): unknown => JSON.parse(line))
        assert.nestedPropertyVal(steps.at(-1), "reason", "Challenged")
      })
    })
  )

  it(
    "knows a member who is not there from a site that is not there",
    inEmptyFolder(async (folder) => {
      assert.strictEqual((await lb(folder, ["doctor", "nobody_here", "--source", "sandbox"])).code, 1)
      assert.strictEqual((await lb(folder, ["doctor", "x", "--source", "sandbox"])).code, 1)
      assert.strictEqual((await lb(folder, ["doctor", "--base-url", "http://127.0.0.1:1"])).code, 3)
    })
  )
})
