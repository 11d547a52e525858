import { assert, describe, it } from "@effect/vitest"
import { generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { filesIn, inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const world = generateWorld()
const withSandbox = (
  behaviour: Parameters<Sandbox.Sandbox["behave"]>[0],
  test: (site: Sandbox.Sandbox) => Promise<void>
) =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(Sandbox.make({ world, behaviour }), (site) => Effect.promise(() => test(site))))
  )

const topLevel = (folder: string) => {
  const files: Record<string, string> = {}
  for (const name of fs.readdirSync(folder)) {
    const place = path.join(folder, name)
    if (fs.statSync(place).isFile()) files[name] = fs.readFileSync(place, "utf8")
  }
  return files
}

describe("lb user", () => {
  it(
    "adds a member, and replaces it by what the site says now",
    inEmptyFolder(async (folder) => {
      await withSandbox({}, async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited"]
        await lb(folder, ["run", "--mode", "new", ...args, "--batches", "1"])
        const data = path.join(folder, "data_output")
        const before = rowsOf(data, "latest_raw_user_ratings.csv")
        await Effect.runPromise(site.behave({ shifts: [{ username: "cinephile4", afterPages: 0, change: "add" }] }))
        const again = await lb(folder, ["user", "Cinephile4", ...args])
        assert.strictEqual(again.code, 0, again.err)
        const after = rowsOf(data, "latest_raw_user_ratings.csv")
        const own = after.filter((row) => row.startsWith("4,"))
        assert.strictEqual(after.length, before.length + 1)
        assert.include(own, "4,19999999,3.5")
        assert.deepStrictEqual(
          after.filter((row) => !row.startsWith("4,")),
          before.filter((row) => !row.startsWith("4,"))
        )
        assert.deepStrictEqual(rowsOf(data, "users/user_cinephile4_raw.csv"), own)
        assert.deepStrictEqual(
          rowsOf(data, "users/user_cinephile4_translated.csv"),
          rowsOf(data, "latest_translated_user_ratings.csv").filter((row) => row.startsWith("cinephile4,"))
        )
        assert.strictEqual((await lb(folder, ["verify"])).code, 0)

        await Effect.runPromise(site.behave({ shifts: [{ username: "cinephile4", afterPages: 0, change: "remove" }] }))
        await lb(folder, ["user", "cinephile4", ...args])
        assert.strictEqual(
          rowsOf(data, "latest_raw_user_ratings.csv").filter((row) => row.startsWith("4,")).length,
          own.length - 1 - (world.members[3]?.films[0]?.rating === undefined ? 0 : 1)
        )

        const kept = topLevel(data)
        await Effect.runPromise(site.behave({ shifts: [], faults: [{ path: "/films/page/2/", kind: "truncate" }] }))
        const partial = await lb(folder, ["user", "cinephile4", ...args, "--max-retries", "0"])
        assert.strictEqual(partial.code, 2)
        assert.deepStrictEqual(topLevel(data), kept)
        assert.strictEqual((await lb(folder, ["verify"])).code, 0)
      })
    })
  )

  it(
    "has files of its own that follow when the member is completed later",
    inEmptyFolder(async (folder) => {
      await withSandbox({ faults: [{ path: "/films/page/2/", kind: "truncate" }] }, async (site) => {
        const args = ["--base-url", site.url, "--rate", "unlimited"]
        const partial = await lb(folder, ["user", "cinephile4", ...args, "--max-retries", "0"])
        assert.strictEqual(partial.code, 2, partial.err)
        const data = path.join(folder, "data_output")
        const before = rowsOf(data, "users/user_cinephile4_raw.csv").length
        assert.isAbove(before, 0)
        await Effect.runPromise(site.behave({ faults: [] }))
        assert.strictEqual(
          (await lb(folder, ["run", "--mode", "continue", ...args, "--batches", "1", "--batch-size", "1"])).code,
          0
        )
        const own = rowsOf(data, "latest_raw_user_ratings.csv").filter((row) => row.startsWith("1,"))
        assert.isAbove(own.length, before)
        assert.deepStrictEqual(rowsOf(data, "users/user_cinephile4_raw.csv"), own)
        assert.deepStrictEqual(
          rowsOf(data, "users/user_cinephile4_translated.csv"),
          rowsOf(data, "latest_translated_user_ratings.csv").filter((row) => row.startsWith("cinephile4,"))
        )
        fs.writeFileSync(path.join(data, "users/user_cinephile4_raw.csv"), "user_id,film_id,rating\n")
        const verified = await lb(folder, ["verify"])
        assert.strictEqual(verified.code, 4)
        assert.include(verified.out, "does not hold the ratings of cinephile4")
        assert.strictEqual((await lb(folder, ["verify", "--repair"])).code, 0)
        assert.deepStrictEqual(rowsOf(data, "users/user_cinephile4_raw.csv"), own)
      })
    })
  )

  it(
    "starts a dataset where there is none, and knows nobody who is not there",
    inEmptyFolder(async (folder) => {
      const nobody = await lb(folder, ["user", "nobody_here", "--source", "sandbox"])
      assert.strictEqual(nobody.code, 1)
      assert.include(nobody.err, "There is no member named nobody_here")
      assert.deepStrictEqual(fs.readdirSync(folder), [])
      assert.strictEqual((await lb(folder, ["user", "null", "--source", "sandbox"])).code, 0)
      assert.deepStrictEqual(rowsOf(path.join(folder, "data_output"), "latest_user_mappings.csv"), ["null,1"])
      assert.strictEqual((await lb(folder, ["user", "not a name"])).code, 1)
      assert.strictEqual(
        (await lb(folder, ["run", "--mode", "continue", "--source", "sandbox", "--batches", "1"])).code,
        0
      )
      assert.strictEqual((await lb(folder, ["verify"])).code, 0)
    })
  )
})

describe("lb status", () => {
  it(
    "tells what there is, to people and programs, and what to do next",
    inEmptyFolder(async (folder) => {
      await withSandbox({ faults: [{ path: "/cinephile4/films/page/2/", kind: "truncate" }] }, async (site) => {
        await lb(folder, [
          "run",
          "--mode",
          "new",
          "--base-url",
          site.url,
          "--rate",
          "unlimited",
          "--max-retries",
          "0",
          "--batches",
          "5"
        ])
      })
      const { code, out } = await lb(folder, ["status"])
      assert.strictEqual(code, 0)
      assert.match(out, /members\s+51\n/u)
      assert.include(out, "1 member is partial. Complete it with: lb run --mode continue")
      const json: unknown = JSON.parse((await lb(folder, ["status", "--json"])).out)
      assert.deepInclude(json, {
        users: 51,
        sealed: 47,
        partial: 1,
        gone: 1,
        private: 1,
        renamed: 1,
        unproven: 0,
        batches: 5
      })
      assert.strictEqual((await lb(folder, ["status", "--out", "nowhere"])).code, 1)
    })
  )
})

describe("what lb status suggests", () => {
  it(
    "is a command that goes on with the dataset, and says what only a person knows",
    inEmptyFolder(async (folder) => {
      const made = ["--source", "sandbox", "--batches", "1", "--film-label", "slug", "--out", "slugs"]
      await lb(folder, ["run", "--mode", "new", ...made])
      const { out } = await lb(folder, ["status", "--out", "slugs"])
      assert.include(
        out,
        "Add members with: lb run --mode continue --out slugs --film-label slug (add --source and its options if the members are not from letterboxd.com)\n"
      )
      const known = await lb(folder, ["status"], { LB_OUT: "slugs", LB_SOURCE: "sandbox" })
      const [, command = ""] = /Add members with: lb (.*)\n/u.exec(known.out) ?? []
      const { code, err } = await lb(folder, [...command.split(" "), "--batches", "1", "--batch-size", "1"])
      assert.strictEqual(code, 0, err)
    })
  )

  it(
    "is a look at what is damaged, where a file is gone",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1"])
      fs.rmSync(path.join(folder, "data_output", "latest_film_mappings.csv"))
      const { code, err } = await lb(folder, ["status"])
      assert.strictEqual(code, 4)
      assert.match(err, /latest_film_mappings\.csv: the file is missing; \d+ bytes were committed to it/u)
      assert.include(err, "For details: lb verify")
    })
  )
})

describe("lb export", () => {
  it(
    "puts what it makes beside the dataset, however its folder is said",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--out", "base/"])
      const slash = await lb(folder, ["export", "--out", "base/", "--to", "jsonl"])
      assert.strictEqual(slash.code, 0, slash.err)
      assert.sameMembers(fs.readdirSync(folder), ["base", "base-jsonl"])
      const dot = await lb(path.join(folder, "base"), ["export", "--out", ".", "--to", "movielens"])
      assert.strictEqual(dot.code, 0, dot.err)
      for (const to of ["jsonl", "sqlite"]) {
        const own = await lb(folder, ["export", "--out", "base", "--to", to, "--into", "./base/"])
        assert.strictEqual(own.code, 1)
        assert.include(own.err, "is the folder of the dataset itself")
      }
      // What waits for film numbers is no part of the dataset, and not left out without a word.
      fs.writeFileSync(path.join(folder, "base", "unmatched_ratings.csv"), "username,film_slug,rating,source,read_at\n")
      const copied = await lb(folder, ["export", "--out", "base", "--to", "sqlite", "--into", "copied"])
      assert.match(copied.err, /Not exported: the ratings in .*unmatched_ratings\.csv/u)
      fs.rmSync(path.join(folder, "base", "unmatched_ratings.csv"))
      const said = await lb(folder, ["export", "--out", "base", "--to", "jsonl", "--into", "said/", "--json"])
      assert.strictEqual(said.code, 0, said.err)
      assert.nestedPropertyVal(JSON.parse(said.out), "dataCard", "said/DATA_CARD.md")
      assert.sameMembers(fs.readdirSync(folder), ["base", "base-jsonl", "base-movielens", "copied", "said"])
    })
  )
})

describe("lb verify", () => {
  it(
    "proves a dataset, says what is broken, repairs what can be derived",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox"])
      const data = path.join(folder, "data_output")
      const whole = filesIn(data)
      assert.include((await lb(folder, ["verify"])).out, "is valid (2,383 ratings checked)")
      const place = path.join(data, "latest_translated_user_ratings.csv")
      fs.writeFileSync(place, fs.readFileSync(place, "utf8").replace("member_1", "member_2"))
      const broken = await lb(folder, ["verify"])
      assert.strictEqual(broken.code, 4)
      assert.include(broken.out, "row 1 is not the translation of the raw row")
      assert.include(broken.out, "lb verify --repair")
      const changed = fs.readFileSync(place, "utf8")
      const repaired = await lb(folder, ["verify", "--repair"])
      assert.strictEqual(repaired.code, 0)
      assert.include(repaired.out, "Repaired: ")
      const { "latest_translated_user_ratings.csv.changed": kept, "manifest.json": _, ...files } = filesIn(data)
      assert.strictEqual(kept, changed)
      const { "manifest.json": __, ...expected } = whole
      assert.deepStrictEqual(files, expected)
      fs.truncateSync(path.join(data, "latest_raw_user_ratings.csv"), 100)
      for (const command of [["verify"], ["verify", "--repair"]]) {
        const { code, out } = await lb(folder, command)
        assert.strictEqual(code, 4)
        assert.include(out, "It cannot be repaired safely. Restore it from a backup.")
        assert.notInclude(out, "lb verify --repair")
      }
      const refused = await lb(folder, ["run", "--mode", "continue", "--source", "sandbox"])
      assert.strictEqual(refused.code, 4)
      assert.include(refused.err, "latest_raw_user_ratings.csv: it holds 100 bytes where")
    })
  )
})

describe("a raw file that went through a spreadsheet", () => {
  it(
    "is named, repaired, and gone on with",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--quiet"])
      const place = path.join(folder, "data_output", "latest_raw_user_ratings.csv")
      const before = fs.readFileSync(place, "utf8")
      const saved = before.replaceAll(".0\n", "\n").replaceAll("\n", "\r\n")
      fs.writeFileSync(place, saved)
      const refused = await lb(folder, ["run", "--mode", "continue", "--source", "sandbox"])
      assert.strictEqual(refused.code, 4)
      assert.include(refused.err, "For details: lb verify")
      const told = await lb(folder, ["verify"])
      assert.strictEqual(told.code, 4)
      assert.include(told.out, "its lines end in CR LF, rating is written otherwise")
      assert.include(told.out, "is damaged (1 problem)")
      const repaired = await lb(folder, ["verify", "--repair"])
      assert.strictEqual(repaired.code, 0, repaired.out)
      assert.strictEqual(fs.readFileSync(place, "utf8"), before)
      assert.strictEqual(fs.readFileSync(`${place}.changed`, "utf8"), saved)
      assert.strictEqual(
        (await lb(folder, ["run", "--mode", "continue", "--source", "sandbox", "--batches", "1"])).code,
        0
      )
    })
  )
})

describe("a raw file whose separators another program changed", () => {
  it(
    "is not added to, and is gone on with after a repair",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--quiet"])
      const place = path.join(folder, "data_output", "latest_raw_user_ratings.csv")
      const before = fs.readFileSync(place, "utf8")
      fs.writeFileSync(place, before.replaceAll(",", ";"))
      const goOn = ["run", "--mode", "continue", "--source", "sandbox", "--batches", "1"]
      for (const refused of [await lb(folder, goOn), await lb(folder, ["status"])]) {
        assert.strictEqual(refused.code, 4)
        assert.include(refused.err, "its values are separated by semicolons")
        assert.include(refused.err, "lb verify --repair")
      }
      assert.strictEqual((await lb(folder, ["verify", "--repair"])).code, 0)
      assert.strictEqual(fs.readFileSync(place, "utf8"), before)
      assert.strictEqual((await lb(folder, goOn)).code, 0)
    })
  )
})

const unprefixed = fileURLToPath(new URL("../../../../shared/cases/F7-unprefixed-original", import.meta.url))
const lacksCase = !fs.existsSync(unprefixed)

describe("a dataset of the original tool", () => {
  it.skipIf(lacksCase)(
    `from before April 2025 is named, kept from a new one, and gone on with${lacksCase ? " (skipped: there is no ../shared/cases here)" : ""}`,
    inEmptyFolder(async (folder) => {
      const data = path.join(folder, "data_output")
      fs.cpSync(unprefixed, data, { recursive: true })
      const before = filesIn(data)
      for (const command of ["status", "verify"]) {
        const { err, out } = await lb(folder, [command])
        assert.include(`${out}${err}`, "files of the original tool (raw_user_ratings.csv")
        assert.notInclude(`${out}${err}`, "--mode new")
      }
      assert.strictEqual((await lb(folder, ["run", "--mode", "new", "--source", "sandbox"])).code, 1)
      assert.deepStrictEqual(filesIn(data), before)
      const { code, err } = await lb(folder, ["run", "--mode", "continue", "--source", "sandbox", "--batches", "1"])
      assert.strictEqual(code, 0, err)
      assert.include(err, "The dataset of the original tool was taken over: 1 users, 1 films, 1 ratings.")
      assert.strictEqual(rowsOf(data, "latest_raw_user_ratings.csv")[0], "1,464735,1.5")
      assert.strictEqual(rowsOf(data, "latest_user_mappings.csv")[0], "ann_one,1")
      for (const [name, text] of Object.entries(before))
        assert.strictEqual(fs.readFileSync(path.join(data, name), "utf8"), text)
      assert.strictEqual((await lb(folder, ["verify"])).code, 0)
    })
  )

  it(
    "is gone on with, and its members are known",
    inEmptyFolder(async (folder) => {
      const data = path.join(folder, "data_output")
      fs.mkdirSync(path.join(data, "mappings"), { recursive: true })
      fs.mkdirSync(path.join(data, "training"))
      fs.writeFileSync(
        path.join(data, "training", "latest_raw_user_ratings.csv"),
        "user_id,film_id,rating\n1,51608.0,4.0\n3,51608,4.5\n"
      )
      fs.writeFileSync(
        path.join(data, "mappings", "latest_user_mappings.csv"),
        "username,numeric_user_id\nmember_1,1\nnull,2\nolduser,3\n"
      )
      fs.writeFileSync(
        path.join(data, "mappings", "latest_film_mappings.csv"),
        "film_id,film_title\n51608,/film/fail-safe/\n"
      )
      const { code, err } = await lb(folder, ["run", "--mode", "continue", "--source", "sandbox", "--batches", "1"])
      assert.strictEqual(code, 0, err)
      assert.include(err, "The dataset of the original tool was taken over: 3 users, 1 films, 2 ratings.")
      assert.deepStrictEqual(rowsOf(data, "latest_user_mappings.csv").slice(0, 5), [
        "member_1,1",
        "null,2",
        "olduser,3",
        "member_3,4",
        "cinephile4,5"
      ])
      assert.deepStrictEqual(rowsOf(data, "latest_raw_user_ratings.csv").slice(0, 2), ["1,51608,4.0", "3,51608,4.5"])
      assert.strictEqual((await lb(folder, ["verify"])).code, 0)
      assert.include((await lb(folder, ["status"])).out, "not verified (imported)")
    })
  )
})
