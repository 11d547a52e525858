import { assert, beforeAll, describe, it } from "@effect/vitest"
import { expectedRatings, generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { HarvestEvent } from "@letterboxd-ratings/core"
import { Effect, Schema } from "effect"
import { build } from "esbuild"
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { sample } from "../../../vitest.sample.ts"
import { filesIn, inEmptyFolder, lb, rowsOf, sixFiles, start } from "./Lb.ts"

const world = generateWorld()
const first = (count: number) => new Set(world.members.slice(0, count).map(({ username }) => username))
const ratingsOfFirst = (count: number) =>
  [...expectedRatings(world)].filter(({ username }) => first(count).has(username))

/** A sandbox in this process, for as long as the test takes. */
const withSandbox = (
  behaviour: Parameters<Sandbox.Sandbox["behave"]>[0],
  test: (site: Sandbox.Sandbox) => Promise<void>
) =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(Sandbox.make({ world, behaviour }), (site) => Effect.promise(() => test(site))))
  )

/** A module that brings a storage, as somebody else's would: one file, and nothing of this process. */
let fullStorage: string

beforeAll(async () => {
  fullStorage = fileURLToPath(new URL(`../node_modules/.cache/full-${process.pid}.mjs`, import.meta.url))
  await build({
    entryPoints: [fileURLToPath(new URL("FullStorage.ts", import.meta.url))],
    outfile: fullStorage,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@letterboxd-ratings/source"],
    logLevel: "error"
  })
  return () => fs.rmSync(fullStorage, { force: true })
})

describe("lb run", () => {
  it(
    "makes a dataset of the sandbox in the six files",
    inEmptyFolder(async (folder) => {
      const { code, err, out } = await lb(folder, ["run", "--mode", "new", "--source", "sandbox"])
      assert.strictEqual(code, 0, err)
      assert.match(out, /^20 members complete: [\d,]+ ratings/u)
      assert.include(out, "Continue with: lb run --mode continue --source sandbox")
      assert.include(err, "Batch 2 committed")
      const data = path.join(folder, "data_output")
      assert.includeMembers(fs.readdirSync(data), sixFiles)
      const users = new Map(
        rowsOf(data, "latest_user_mappings.csv")
          .map((row) => row.split(","))
          .map(([name = "", id = ""]) => [name, id])
      )
      assert.deepStrictEqual(
        [...users],
        [...first(20)].map((name, i) => [name, String(i + 1)] as [string, string])
      )
      assert.deepStrictEqual(
        rowsOf(data, "latest_raw_user_ratings.csv"),
        ratingsOfFirst(20).map(({ film, rating, username }) => `${users.get(username)},${film.id},${rating.toFixed(1)}`)
      )
    })
  )

  it(
    "gives the same bytes at any concurrency, with one request a page",
    inEmptyFolder(async (folder) => {
      await withSandbox({ latencyMillis: 3 }, async (site) => {
        const results: Array<Readonly<Record<string, string>>> = []
        for (const concurrency of ["1", "16"]) {
          await Effect.runPromise(site.reset)
          const { code, err } = await lb(
            folder,
            [
              "run",
              "--mode",
              "new",
              "--base-url",
              site.url,
              "--rate",
              "unlimited",
              "--concurrency",
              concurrency,
              "--out",
              concurrency,
              "--batches",
              "4"
            ],
            { SOURCE_DATE_EPOCH: "1700000000" }
          )
          assert.strictEqual(code, 0, err)
          results.push(filesIn(path.join(folder, concurrency)))
          const requests = await Effect.runPromise(site.requests)
          const members = world.members.slice(0, 40)
          const pages = members.reduce((sum, { films }) => sum + Math.max(1, Math.ceil(films.length / 72)), 0)
          const asked = (isRated: boolean) =>
            [...requests].filter(([place]) => place.includes("/films/") && place.includes("/films/rated/") === isRated)
          assert.strictEqual(
            asked(false).reduce((sum, [, count]) => sum + count, 0),
            pages
          )
          // A long list without a rating is worth one more, which asks whether there is none indeed.
          const unrated = members.filter(
            ({ films }) => films.length >= 10 && films.every(({ rating }) => rating === undefined)
          )
          assert.deepStrictEqual(
            asked(true).map(([place, count]) => [place.split("/")[1], count]),
            unrated.map(({ username }) => [username, 1])
          )
          assert.strictEqual([...requests].filter(([place]) => place.startsWith("/members/")).length, 2)
        }
        assert.deepStrictEqual(results[1], results[0])
      })
    })
  )

  it(
    "goes on where it ended",
    inEmptyFolder(async (folder) => {
      const variables = { SOURCE_DATE_EPOCH: "1700000000" }
      const whole = await lb(
        folder,
        ["run", "--mode", "new", "--source", "sandbox", "--batches", "4", "--out", "whole"],
        variables
      )
      assert.strictEqual(whole.code, 0)
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox"], variables)
      const rest = await lb(folder, ["run", "--mode", "continue", "--source", "sandbox"], variables)
      assert.strictEqual(rest.code, 0, rest.err)
      assert.deepStrictEqual(filesIn(path.join(folder, "data_output")), filesIn(path.join(folder, "whole")))
    })
  )

  it(
    "writes one JSON object per event and nothing else with --json",
    inEmptyFolder(async (folder) => {
      const { code, out } = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--json"])
      assert.strictEqual(code, 0)
      const events = out
        .trimEnd()
        .split("\n")
        .map((line) => Schema.decodeUnknownSync(Schema.parseJson(HarvestEvent))(line))
      assert.strictEqual(events[0]?._tag, "RunStarted")
      assert.strictEqual(events.filter(({ _tag }) => _tag === "MemberRead").length, 20)
      assert.strictEqual(events.at(-1)?._tag, "RunFinished")
    })
  )

  it(
    "says only the result with --quiet",
    inEmptyFolder(async (folder) => {
      const { err, out } = await lb(folder, [
        "run",
        "--mode",
        "new",
        "--source",
        "sandbox",
        "--quiet",
        "--batches",
        "1"
      ])
      assert.strictEqual(err, "")
      assert.include(out, "10 members complete")
    })
  )

  it(
    "never touches the real files in test mode",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1"])
      const real = filesIn(path.join(folder, "data_output"))
      assert.strictEqual(
        (await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--test-mode"])).code,
        0
      )
      assert.includeMembers(fs.readdirSync(path.join(folder, "test_output")), sixFiles)
      assert.strictEqual(
        (
          await lb(folder, [
            "run",
            "--mode",
            "new",
            "--source",
            "sandbox",
            "--batches",
            "1",
            "--test-mode",
            "--out",
            "data_output"
          ])
        ).code,
        0
      )
      assert.includeMembers(fs.readdirSync(path.join(folder, "data_output", "test")), sixFiles)
      fs.rmSync(path.join(folder, "data_output", "test"), { recursive: true })
      assert.deepStrictEqual(filesIn(path.join(folder, "data_output")), real)
    })
  )

  it(
    "does not start over an existing dataset unasked, and keeps it aside when told to",
    inEmptyFolder(async (folder) => {
      const args = ["run", "--mode", "new", "--source", "sandbox", "--batches", "1"]
      await lb(folder, args)
      const before = filesIn(path.join(folder, "data_output"))
      const refused = await lb(folder, args)
      assert.strictEqual(refused.code, 1)
      assert.include(refused.err, "--yes")
      assert.deepStrictEqual(filesIn(path.join(folder, "data_output")), before)
      assert.strictEqual((await lb(folder, [...args, "--yes"])).code, 0)
      const aside = fs.readdirSync(folder).find((name) => name.startsWith("data_output.bak-")) ?? ""
      assert.deepStrictEqual(filesIn(path.join(folder, aside)), before)
    })
  )

  it(
    "keeps the old dataset in its place when a new one does not come about",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1"])
      const before = filesIn(path.join(folder, "data_output"))
      await withSandbox({ faults: [{ kind: "challenge", status: 403 }] }, async (site) => {
        const { code } = await lb(folder, ["run", "--mode", "new", "--yes", "--base-url", site.url])
        assert.strictEqual(code, 3)
      })
      assert.deepStrictEqual(fs.readdirSync(folder), ["data_output"])
      assert.deepStrictEqual(filesIn(path.join(folder, "data_output")), before)
    })
  )
})

describe("lb run, refused", () => {
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>, string]> = [
    ["a mode that is missing", ["run"], "--mode is missing"],
    ["a mode that is none", ["run", "--mode", "neu"], "--mode must be new or continue"],
    [
      "batches of nobody",
      ["run", "--mode", "new", "--batch-size", "0"],
      "--batch-size must be a whole number from 1 to 10000"
    ],
    ["a negative number", ["run", "--mode", "new", "--batches=-1"], "--batches must be a whole number"],
    ["no concurrency", ["run", "--mode", "new", "--concurrency", "0"], "--concurrency must be"],
    ["a rate of nothing", ["run", "--mode", "new", "--rate", "0"], "--rate must be a number of requests per second"],
    ["a storage that does not exist", ["run", "--mode", "new", "--storage", "cvs"], `Did you mean "csv"?`],
    ["a source that does not exist", ["run", "--mode", "new", "--source", "sandbx"], `Did you mean "sandbox"?`],
    [
      "a source with another's address",
      ["run", "--mode", "new", "--source", "sandbox", "--base-url", "http://127.0.0.1"],
      "--base-url is for the source letterboxd"
    ],
    ["an address that is none", ["run", "--mode", "new", "--base-url", "letterboxd.com"], "http:// or https://"],
    [
      "an address with a query",
      ["run", "--mode", "new", "--base-url", "http://127.0.0.1/?x=1"],
      "http:// or https://, without"
    ],
    [
      "a user agent no header can hold",
      ["run", "--mode", "new", "--user-agent", "snow ☃"],
      "--user-agent must be one line"
    ],
    ["an unknown option", ["run", "--mode", "new", "--batchsize", "3"], "batch"],
    ["an unknown command", ["rn"], "run"],
    [
      "a configuration file that is not there",
      ["run", "--mode", "new", "--config", "nowhere.json"],
      "nowhere.json: the file cannot be read"
    ],
    ["going on with nothing", ["run", "--mode", "continue", "--source", "sandbox"], "no dataset here"]
  ]
  for (const [what, args, words] of cases) {
    it(
      `names ${what}, exit 1`,
      inEmptyFolder(async (folder) => {
        const { code, err, out } = await lb(folder, args)
        assert.strictEqual(code, 1)
        assert.include(err + out, words)
        assert.deepStrictEqual(fs.readdirSync(folder), [])
      })
    )
  }

  it(
    "says what to change, by the name it has here, exit 1",
    inEmptyFolder(async (folder) => {
      const small = ["--source", "sandbox", "--batches", "1", "--batch-size", "1"]
      const robots = await lb(folder, ["run", "--mode", "new", ...small, "--members-list", "this-week"])
      assert.strictEqual(robots.code, 1)
      assert.include(robots.out, "Use --members-list all, or --ignore-robots if you have the site's permission.")
      const [, again = ""] = /Try again with: lb (.*)\n/u.exec(robots.out) ?? []
      assert.include(again, "--members-list all")
      const made = await lb(folder, again.split(" "))
      assert.strictEqual(made.code, 0, made.err)
      const doctor = await lb(folder, ["doctor", "--source", "sandbox", "--members-list", "this-week"])
      assert.include(doctor.err, "Use --members-list all, or --ignore-robots")
      const nobody = await lb(folder, ["doctor", "nobody_here", "--source", "sandbox"])
      assert.include(nobody.out, "Name another member, or check the name.")
      assert.notInclude(nobody.out, "option")
      const target = await lb(folder, ["export", "--to", "postgres"])
      assert.include(target.err, "Set LB_INTO_URL to")
      const origin = await lb(folder, ["status", "--storage", "postgres"])
      assert.include(origin.err, "Set LB_STORAGE_URL to")
      const parquet = ["run", "--mode", "new", ...small, "--storage", "parquet", "--out", "p"]
      const lz = await lb(folder, [...parquet, "--storage-options", "compression=lz"])
      assert.include(lz.err, `compression: it is "lz". Choose one of zstd`)
      fs.mkdirSync(path.join(folder, "other"))
      fs.writeFileSync(path.join(folder, "other", "mine.json"), "{}")
      const other = await lb(folder, ["status", "--out", "other"])
      assert.include(other.err, "set its storage (--storage), their names")
    }),
    60_000
  )

  it(
    "shows no password of an address, exit 1",
    inEmptyFolder(async (folder) => {
      const site = await lb(folder, ["run", "--mode", "new", "--base-url", "http://user:secret@127.0.0.1"])
      const postgres = ["--storage", "postgres"]
      const refused = [
        site,
        ...(await Promise.all(
          ["user:secret@host/db", "postgres://user:sec#ret@host/db", "mysql://user:secret@host/db"].map(
            (LB_STORAGE_URL) => lb(folder, ["status", ...postgres], { LB_STORAGE_URL })
          )
        )),
        await lb(folder, ["export", "--to", "postgres"], {
          LB_STORAGE_URL: "postgres://host/db",
          LB_INTO_URL: "host:secret"
        })
      ]
      for (const { code, err, out } of refused) {
        assert.strictEqual(code, 1)
        assert.match(err, /^(?:--base-url|LB_STORAGE_URL|LB_INTO_URL) must be (?:a|an) (?:URL|address)/mu)
        assert.notMatch(err + out, /secret|sec#ret/u)
      }
      assert.include(refused.at(-1)?.err, "LB_INTO_URL")
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    })
  )

  it(
    "names a folder that cannot be one, exit 1",
    inEmptyFolder(async (folder) => {
      fs.writeFileSync(path.join(folder, "file"), "")
      const { code, err } = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--out", "file/data"])
      assert.strictEqual(code, 1)
      assert.include(err, "file/data")
      assert.include(err, "a part of the path is a file")
    })
  )

  it(
    "says in a sentence that nobody is there, exit 3, nothing half-written",
    inEmptyFolder(async (folder) => {
      const { url } = await Effect.runPromise(Effect.scoped(Sandbox.make({ world })))
      const { code, err, out } = await lb(folder, ["run", "--mode", "new", "--base-url", url])
      assert.strictEqual(code, 3)
      assert.include(out + err, "the connection was refused (ECONNREFUSED)")
      assert.include(out + err, "Nothing was written")
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    })
  )

  it(
    "stops at a wall with what came before it, exit 3, and goes on later",
    inEmptyFolder(async (folder) => {
      const variables = { SOURCE_DATE_EPOCH: "1700000000" }
      await withSandbox({}, async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited"]
        await lb(folder, ["run", "--mode", "new", ...args, "--out", "whole"], variables)
        await Effect.runPromise(site.behave({ faults: [{ kind: "challenge", status: 403, from: 40 }] }))
        const stopped = await lb(folder, ["run", "--mode", "new", ...args], variables)
        assert.strictEqual(stopped.code, 3)
        assert.include(stopped.out, "bot wall")
        assert.include(stopped.out, "Continue with: lb run --mode continue")
        const kept = rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv")
        assert.isAbove(kept.length, 0)
        await Effect.runPromise(site.behave({ faults: [] }))
        await lb(folder, ["run", "--mode", "continue", ...args, "--batches", "20", "--batch-size", "1"], variables)
        // The same ids, and each row of them once; what was read before the wall stands where it was committed.
        const isOfFirst = (row: string) => Number(row.split(",")[0]) <= 20
        const whole = rowsOf(path.join(folder, "whole"), "latest_raw_user_ratings.csv")
        const resumed = rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv").filter(isOfFirst)
        assert.deepStrictEqual(resumed.toSorted(), whole.toSorted())
      })
    })
  )

  it(
    "marks members partial whose pages cannot be had, exit 2, and completes them later",
    inEmptyFolder(async (folder) => {
      await withSandbox({ faults: [{ path: "/cinephile4/films/page/3/", kind: "truncate" }] }, async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited", "--max-retries", "0"]
        const partial = await lb(folder, ["run", "--mode", "new", ...args])
        assert.strictEqual(partial.code, 2, partial.err)
        assert.include(partial.out, "Partial: cinephile4 (missing page 3)")
        await Effect.runPromise(site.behave({ faults: [] }))
        const completed = await lb(folder, ["run", "--mode", "continue", ...args])
        assert.strictEqual(completed.code, 0, completed.err)
        const rows = rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv").filter((row) =>
          row.startsWith("4,")
        )
        assert.strictEqual(rows.length, ratingsOfFirst(4).filter(({ username }) => username === "cinephile4").length)
      })
    })
  )
})

describe("lb user, before a page of somebody else", () => {
  it(
    "keeps the rows of the member, exit 2, and has them read again",
    inEmptyFolder(async (folder) => {
      await withSandbox({}, async (site) => {
        const args = ["--rate", "unlimited"]
        await lb(folder, ["run", "--mode", "new", "--base-url", site.url, ...args, "--batches", "1"])
        const data = path.join(folder, "data_output")
        const before = rowsOf(data, "latest_raw_user_ratings.csv")
        // A cache on the way that gives the first page of one member to whoever asks for another's.
        const mixup = http.createServer((request, response) => {
          fetch(site.url + (request.url ?? "").replace(/^\/cinephile4\//u, `/${world.members[0]?.username}/`), {
            redirect: "manual"
          }).then(
            async (answer) => {
              response
                .writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" })
                .end(await answer.text())
            },
            () => response.destroy()
          )
        })
        await new Promise<void>((resolve) => {
          mixup.listen(0, "127.0.0.1", resolve)
        })
        const address = mixup.address()
        const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`
        const { code, err, out } = await lb(folder, ["user", "cinephile4", "--base-url", url, ...args])
        mixup.close()
        mixup.closeAllConnections()
        assert.strictEqual(code, 2, err)
        assert.include(out, "Partial: cinephile4 (missing page 1)")
        assert.deepStrictEqual(rowsOf(data, "latest_raw_user_ratings.csv"), before)
        const records = fs.readFileSync(path.join(data, "members.jsonl"), "utf8")
        assert.notInclude(records, "renamed")
      })
    })
  )
})

describe("lb run, on a disk that is full", () => {
  const run = (folder: string, batches: number) =>
    lb(folder, [
      "run",
      "--mode",
      "new",
      "--source",
      "sandbox",
      "--batch-size",
      "2",
      "--storage",
      fullStorage,
      "--storage-options",
      `batches=${batches}`
    ])

  it(
    "says to start again where nothing was committed, exit 1",
    inEmptyFolder(async (folder) => {
      const { code, err } = await run(folder, 0)
      assert.strictEqual(code, 1)
      assert.match(err, /nothing goes in any more\..* Nothing was committed\. Try again with: lb run --mode new /u)
      assert.notInclude(err, "--mode continue")
    })
  )

  it(
    "says what is there and how to go on where something was",
    inEmptyFolder(async (folder) => {
      const { code, err } = await run(folder, 1)
      assert.strictEqual(code, 1)
      assert.match(
        err,
        /a full disk holds [\d,]+ ratings; all batches up to 1 are committed\. Continue with: lb run --mode continue /u
      )
    })
  )
})

describe("lb run, interrupted", () => {
  it(
    "tells of the batch that was being committed",
    inEmptyFolder(async (folder) => {
      const options = "batches=9,millis=700"
      const run = start(folder, [
        "run",
        "--mode",
        "new",
        "--source",
        "sandbox",
        "--batch-size",
        "2",
        "--storage",
        fullStorage,
        "--storage-options",
        options
      ])
      await new Promise<void>((resolve) => {
        run.process.stderr?.on("data", () => {
          if (run.said().includes("written 2")) resolve()
        })
      })
      run.process.kill("SIGTERM")
      const { code, err } = await run.ended
      assert.strictEqual(code, 130)
      assert.include(err, "all batches up to 2 are committed")
      assert.include(err, "Batch 2 committed")
    })
  )

  for (const signal of sample("signals that end a run", ["SIGINT", "SIGTERM", "SIGHUP"] as const, 1)) {
    it(
      `says so on ${signal} while it is being loaded, exit 130`,
      inEmptyFolder(async (folder) => {
        const hook = `process.on("newListener", (name) => name === "${signal}" && process.stderr.write("listening"))`
        const run = start(folder, ["run", "--mode", "new", "--source", "sandbox"], {
          NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}`
        })
        await new Promise<void>((resolve) => {
          run.process.stderr?.once("data", () => resolve())
          run.process.once("close", () => resolve())
        })
        run.process.kill(signal)
        const { code, err } = await run.ended
        assert.strictEqual(code, 130, err)
        assert.include(err, "Interrupted. Nothing was ")
      })
    )

    it(
      `keeps what was committed on ${signal}, says what and how to go on, exit 130`,
      inEmptyFolder(async (folder) => {
        await withSandbox({ latencyMillis: 15 }, async (site) => {
          const run = start(folder, [
            "run",
            "--mode",
            "new",
            "--base-url",
            site.url,
            "--rate",
            "unlimited",
            "--batches",
            "8",
            "--batch-size",
            "5"
          ])
          const committed = new Promise<void>((resolve) => {
            run.process.stderr?.on("data", () => {
              if (run.said().includes("Batch 2 committed")) resolve()
            })
          })
          await committed
          run.process.kill(signal)
          const { code, err } = await run.ended
          assert.strictEqual(code, 130)
          assert.match(
            err,
            /Interrupted\. data_output holds [\d,]+ ratings; all batches up to \d+ are committed\. Continue with: lb run --mode continue --batches 8 --batch-size 5/u
          )
          const data = path.join(folder, "data_output")
          assert.notInclude(fs.readdirSync(data), ".lock")
          assert.isAtLeast(rowsOf(data, "latest_user_mappings.csv").length, 10)
          const rest = await lb(folder, [
            "run",
            "--mode",
            "continue",
            "--base-url",
            site.url,
            "--rate",
            "unlimited",
            "--batches",
            "1"
          ])
          assert.strictEqual(rest.code, 0, rest.err)
        })
      })
    )
  }
})

describe("lb", () => {
  it("teaches", async () => {
    const { code, out } = await lb(process.cwd(), ["run", "--help"])
    assert.strictEqual(code, 0)
    for (const words of ["--batch-size", "LB_BATCH_SIZE", "Exit codes", "lb run --mode new --source sandbox"])
      assert.include(out, words)
    assert.strictEqual((await lb(process.cwd(), ["--help"])).code, 0)
    assert.match((await lb(process.cwd(), ["--version"])).out, /^\d+\.\d+\.\d+/u)
  })

  it(
    "tells live runs what the site's terms say, and no others",
    inEmptyFolder(async (folder) => {
      const live = start(folder, [
        "run",
        "--mode",
        "new",
        "--max-retries",
        "0",
        "--base-url",
        "http://sandbox.letterboxd.com:1",
        "--timeout",
        "2"
      ])
      assert.include((await live.ended).err, "terms of use")
      const sandbox = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1"])
      assert.notInclude(sandbox.err, "terms of use")
    })
  )
})
