import { assert, beforeAll, describe, it } from "@effect/vitest"
import {
  expectedRatings,
  feedPage,
  generateWorld,
  packFiles,
  plantedReview,
  plantedSecrets,
  plantedWord,
  samlearnerFiles,
  type WayInKind,
  wayInKinds,
  waysIn
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { sample } from "../../../vitest.sample.ts"
import { filesIn, inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const world = generateWorld({ members: 30, mostFilms: 200 })
const renamed = world.members.flatMap(({ state }) => (typeof state === "string" ? [] : [state.renamedTo]))
/** What members rated, but for members under a new name, whom no saved page shows. */
const expected = [...expectedRatings(world)].filter(({ username }) => !renamed.includes(username))

const written = async (kind: WayInKind, folder: string, of = world) => {
  for (const file of waysIn(kind, of)) {
    const { content, name } = await Effect.runPromise(file)
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), content)
  }
}

/** The ratings of a dataset, by names. */
const ratingsIn = (data: string) => {
  const users = new Map(rowsOf(data, "latest_user_mappings.csv").map((row) => [row.split(",")[1], row.split(",")[0]]))
  return rowsOf(data, "latest_raw_user_ratings.csv")
    .map((row) => row.split(","))
    .map(([user, film, rating]) => `${users.get(user)} ${film} ${rating}`)
    .toSorted()
}
const inWords = (ratings: typeof expected) =>
  ratings.map(({ film, rating, username }) => `${username} ${film.id} ${rating.toFixed(1)}`).toSorted()

/** All that a dataset's folder holds, as one text. */
const textOf = (data: string): string =>
  fs
    .readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => fs.readFileSync(path.join(one.parentPath, one.name), "latin1"))
    .join("\n")

let inputs: string

beforeAll(async () => {
  inputs = fs.mkdtempSync(path.join(os.tmpdir(), "lb-inputs-"))
  for (const kind of wayInKinds) await written(kind, path.join(inputs, kind))
  return () => fs.rmSync(inputs, { recursive: true, force: true })
})

const whole = new Set<WayInKind>(["export", "html", "har", "warc", "wacz", "movielens", "original"])

describe("lb import", () => {
  for (const kind of sample("kinds of files that are imported", wayInKinds, 4)) {
    it(
      `imports ${kind}, nothing a second time, and keeps no private word`,
      inEmptyFolder(async (folder) => {
        const data = path.join(folder, "data_output")
        const rehearsal = await lb(folder, ["import", path.join(inputs, kind), "--dry-run"])
        assert.isFalse(fs.existsSync(data), "a dry run writes nothing")
        const first = await lb(folder, ["import", path.join(inputs, kind)])
        assert.strictEqual(first.code, 0, first.err)
        assert.strictEqual(rehearsal.code, first.code)
        const counts = (words: string) => /ratings: [^;]*; [\d,]+ new films?/u.exec(words)?.[0]
        assert.isDefined(counts(first.out), first.out)
        assert.strictEqual(counts(rehearsal.out), counts(first.out))
        if (whole.has(kind)) {
          const found = ratingsIn(data).filter((row) => !renamed.some((name) => row.startsWith(`${name} `)))
          assert.deepStrictEqual(found, inWords(expected))
        }
        const verified = await lb(folder, ["verify"])
        assert.strictEqual(verified.code, 0, verified.out + verified.err)

        const before = filesIn(data)
        const again = await lb(folder, ["import", path.join(inputs, kind)])
        assert.strictEqual(again.code, 0, again.err)
        assert.include(again.out, "no rating changed")
        assert.deepStrictEqual(filesIn(data), before)

        const everything = [textOf(data), first.out, first.err, again.out, again.err, rehearsal.out, rehearsal.err]
          .join("\n")
          .toLowerCase()
        for (const word of [plantedWord, plantedReview, ...plantedSecrets, "example.invalid"])
          assert.notInclude(everything, word, `${kind} holds private words`)
      }),
      60_000
    )
  }

  it(
    "joins an export, saved pages, a feed and a table, and says what each member came from",
    inEmptyFolder(async (folder) => {
      const data = path.join(folder, "data_output")
      const [one, two, three] = world.members.filter(({ films, state }) => state === "public" && films.length > 20)
      if (one === undefined || two === undefined || three === undefined) throw new Error("the world is too small")
      await written("export", path.join(folder, "in", "exports"), { members: [one] })
      await written("har", path.join(folder, "in", "pages"), { members: [two] })
      fs.writeFileSync(path.join(folder, "in", "feed.xml"), feedPage(one))
      for (const [name, text] of Object.entries(samlearnerFiles({ members: [two, three] }))) {
        fs.mkdirSync(path.join(folder, "in", "table"), { recursive: true })
        fs.writeFileSync(path.join(folder, "in", "table", name), text)
      }
      const { code, err, out } = await lb(folder, ["import", "in"])
      assert.strictEqual(code, 0, err + out)
      const records = rowsOf(data, "../data_output/members.jsonl")
      const lines = fs.readFileSync(path.join(data, "members.jsonl"), "utf8")
      assert.isAbove(records.length, 0)
      assert.match(lines, new RegExp(`"${one.username}".*"state":"sealed".*"source":"export","proof":"export"`, "u"))
      assert.match(
        lines,
        new RegExp(`"${two.username}".*"state":"sealed".*"source":"saved-pages","proof":"saved-pages"`, "u")
      )
      assert.match(
        lines,
        new RegExp(`"${three.username}".*"state":"unproven".*"source":"samlearner","proof":"none"`, "u")
      )
      assert.strictEqual((await lb(folder, ["verify"])).code, 0)
    })
  )

  it(
    "lists the pages that complete a member, and takes them in later",
    inEmptyFolder(async (folder) => {
      const member = world.members.find(({ films, state }) => state === "public" && films.length > 150)
      if (member === undefined) throw new Error("the world is too small")
      await written("html", path.join(folder, "all"), { members: [member] })
      fs.mkdirSync(path.join(folder, "some"))
      const names = fs.readdirSync(path.join(folder, "all"))
      const second = names.find((name) => name.endsWith("films-page-2.html"))
      if (second === undefined) throw new Error("there is no second page")
      for (const name of names)
        if (name !== second) fs.copyFileSync(path.join(folder, "all", name), path.join(folder, "some", name))
      const partial = await lb(folder, ["import", "some"])
      assert.strictEqual(partial.code, 2, partial.err)
      const address = `https://letterboxd.com/${member.username}/films/page/2/`
      assert.include(partial.out, address)
      assert.include(
        fs.readFileSync(path.join(folder, "data_output", "missing_pages.html"), "utf8"),
        `href="${address}"`
      )
      const list = path.join("data_output", "missing_pages.html")
      const status = await lb(folder, ["status"])
      assert.match(status.out, new RegExp(`^Pages to save, as links: .*${list.replaceAll("\\", "\\\\")}$`, "mu"))
      assert.include(JSON.parse((await lb(folder, ["status", "--json"])).out).missingPages, list)
      // Other imports do not take it away.
      fs.writeFileSync(path.join(folder, "other.csv"), "user,film,stars\nsomebody,77,4\n")
      const columns = ["--format", "table", "--columns", "user=user,film=film,rating=stars"]
      assert.strictEqual((await lb(folder, ["import", "other.csv", ...columns])).code, 0)
      assert.include(fs.readFileSync(path.join(folder, list), "utf8"), address)
      const rest = await lb(folder, ["import", path.join("all", second)])
      assert.strictEqual(rest.code, 0, rest.err)
      assert.isFalse(fs.existsSync(path.join(folder, list)))
      // A page of a list that the dataset has is of use with all others only.
      fs.utimesSync(path.join(folder, "all", second), new Date(), new Date())
      const alone = await lb(folder, ["import", path.join("all", second)])
      assert.strictEqual(alone.code, 2, alone.out)
      assert.include(alone.out, `The dataset has a list of ${member.username}, and nothing of these pages was taken.`)
      assert.include(fs.readFileSync(path.join(folder, list), "utf8"), "Import all pages of this list together")
      fs.rmSync(path.join(folder, list))
      assert.isFalse(fs.existsSync(path.join(folder, list)))
      assert.notInclude((await lb(folder, ["status"])).out, "Pages to save")
      for (const text of ["", "of somebody"]) {
        fs.writeFileSync(path.join(folder, list), text)
        assert.notInclude((await lb(folder, ["status"])).out, "Pages to save")
      }
      assert.deepStrictEqual(
        ratingsIn(path.join(folder, "data_output")).filter((row) => !row.startsWith("somebody ")),
        inWords(expected.filter(({ username }) => username === member.username))
      )
    })
  )

  it(
    "goes on with the others where inputs are refused, and ends with 2; with 1 where all are",
    inEmptyFolder(async (folder) => {
      await written("export", path.join(folder, "exports"), { members: world.members.slice(0, 3) })
      fs.writeFileSync(path.join(folder, "exports", "letterboxd-bad-2026-01-01-00-00-utc.zip"), "PK\u0003\u0004 cut")
      const some = await lb(folder, ["import", "exports"])
      assert.strictEqual(some.code, 2, some.err)
      assert.include(some.out, "Refused: exports/letterboxd-bad-2026-01-01-00-00-utc.zip")
      assert.isTrue(fs.existsSync(path.join(folder, "data_output", "manifest.json")))
      const none = await lb(folder, [
        "import",
        "exports/letterboxd-bad-2026-01-01-00-00-utc.zip",
        "nowhere",
        "--out",
        "x"
      ])
      assert.strictEqual(none.code, 1, none.err)
      assert.isFalse(fs.existsSync(path.join(folder, "x")))
      fs.mkdirSync(path.join(folder, "bad"))
      fs.writeFileSync(path.join(folder, "bad", "cut.zip"), "PK\u0003\u0004 cut")
      fs.writeFileSync(path.join(folder, "bad", ".hidden"), "")
      const hidden = await lb(folder, ["import", "bad", "--out", "x"])
      assert.strictEqual(hidden.code, 1, "a folder is no input that was read")
      assert.include(hidden.out, "0 inputs read, 1 refused")
      assert.include(hidden.out + hidden.err, `"bad": 1 file with a hidden name ignored.`)
    })
  )

  it(
    "imports a public dataset from its ZIP as from its folder",
    inEmptyFolder(async (folder) => {
      const files = Object.entries(samlearnerFiles(world)).map(
        ([name, text]) => [`archive/${name}`, Buffer.from(text)] as const
      )
      const modifiedAt = DateTime.unsafeMake("2022-05-01T00:00:00Z")
      const zip = await Effect.runPromise(packFiles(new Map(files), { modifiedAt, isZip64: false }))
      fs.writeFileSync(path.join(folder, "archive.zip"), zip)
      const fromZip = await lb(folder, ["import", "archive.zip", "--out", "zip"])
      assert.strictEqual(fromZip.code, 0, fromZip.err)
      const fromFolder = await lb(folder, ["import", path.join(inputs, "samlearner"), "--out", "folder"])
      assert.strictEqual(fromFolder.code, 0, fromFolder.err)
      assert.isNotEmpty(ratingsIn(path.join(folder, "zip")))
      assert.deepStrictEqual(ratingsIn(path.join(folder, "zip")), ratingsIn(path.join(folder, "folder")))
      assert.include(
        fs.readFileSync(path.join(folder, "zip", "members.jsonl"), "utf8"),
        `"source":"samlearner","proof":"none"`
      )
    })
  )

  it(
    "says that no input used the name of --as, also with --quiet",
    inEmptyFolder(async (folder) => {
      await written("export", path.join(folder, "exports"), { members: world.members.slice(0, 1) })
      for (const quiet of [[], ["--quiet"]]) {
        const { code, err, out } = await lb(folder, ["import", "exports", "--as", "somebody", "--dry-run", ...quiet])
        assert.strictEqual(code, 0, err)
        assert.include(out + err, "No input used the name somebody")
      }
    })
  )

  it(
    "keeps ratings of unknown films aside, and takes them in when a later import knows the films",
    inEmptyFolder(async (folder) => {
      fs.writeFileSync(
        path.join(folder, "t.csv"),
        "name,film,stars\ndavee,film-a,4\ndavee,film:240344,3.5\nanna,film-b,1\n"
      )
      const table = ["import", "t.csv", "--format", "table", "--columns", "user=name,film=film,rating=stars"]
      const first = await lb(folder, table)
      assert.strictEqual(first.code, 0, first.err)
      const data = path.join(folder, "data_output")
      assert.deepStrictEqual(
        rowsOf(data, "unmatched_ratings.csv").map((row) => row.split(",").slice(0, 4).join(",")),
        ["davee,film-a,4.0,table", "anna,film-b,1.0,table"]
      )
      fs.writeFileSync(path.join(folder, "numbers.csv"), "slug;film_id\nfilm-a;11\n")
      const second = await lb(folder, [...table, "--films", "numbers.csv"])
      assert.strictEqual(second.code, 0, second.err)
      assert.deepStrictEqual(ratingsIn(data), ["davee 11 4.0", "davee 240344 3.5"])
      fs.writeFileSync(path.join(folder, "more.csv"), "name,film,stars\nboris,film-b,2\n")
      fs.writeFileSync(path.join(folder, "numbers.csv"), "slug,film_id\nfilm-b,12\n")
      const more = ["import", "more.csv", ...table.slice(2), "--films", "numbers.csv"]
      assert.strictEqual((await lb(folder, more)).code, 0)
      assert.deepStrictEqual(ratingsIn(data), ["anna 12 1.0", "boris 12 2.0", "davee 11 4.0", "davee 240344 3.5"])
      assert.isFalse(fs.existsSync(path.join(data, "unmatched_ratings.csv")))
      assert.strictEqual((await lb(folder, ["verify"])).code, 0)
    })
  )

  it(
    "takes paths that begin with dashes behind --, and names such a path as a command can",
    inEmptyFolder(async (folder) => {
      await written("export", path.join(folder, "exports"), { members: world.members.slice(0, 1) })
      const [name = ""] = fs.readdirSync(path.join(folder, "exports"))
      fs.renameSync(path.join(folder, "exports", name), path.join(folder, "--odd-name.zip"))
      assert.include((await lb(folder, ["import", "--odd-name.zip"])).err, "is not an option of lb import")
      const { code, err } = await lb(folder, ["import", "--out", "data", "--", "--odd-name.zip"])
      assert.strictEqual(code, 0, err)
      assert.include(err, `"--odd-name.zip": official export of `)
      // Opening fails, and the message has the command to try again with.
      fs.writeFileSync(path.join(folder, "data", ".lock"), "somebody's")
      const again = await lb(folder, ["import", "--out", "data", "--", "--odd-name.zip"])
      assert.strictEqual(again.code, 4, again.err)
      assert.include(again.err, "import ./--odd-name.zip --out data")
    })
  )

  it(
    "starts no second dataset in a folder that has one in another storage",
    inEmptyFolder(async (folder) => {
      await written("export", path.join(folder, "exports"), { members: world.members.slice(0, 2) })
      assert.strictEqual((await lb(folder, ["import", "exports", "--storage", "sqlite"])).code, 0)
      const before = fs.readdirSync(path.join(folder, "data_output"))
      const { code, err } = await lb(folder, ["import", "exports"])
      assert.strictEqual(code, 1)
      assert.include(err, "--storage sqlite")
      assert.deepStrictEqual(fs.readdirSync(path.join(folder, "data_output")), before)
    })
  )

  it(
    "says what is wrong with options and paths",
    inEmptyFolder(async (folder) => {
      const wrong = async (...words: ReadonlyArray<string>) => {
        const { code, err } = await lb(folder, ["import", ...words])
        assert.strictEqual(code, 1)
        return err
      }
      assert.include(await wrong(), "needs a PATH")
      assert.include(await wrong("x", "--columns", "user=a,film=b"), "must name three columns")
      assert.include(await wrong("x", "--columns", "user=a,film=b,rating=c"), "--format table")
      assert.include(await wrong("x", "--format", "tables"), "must be auto or export")
      assert.include(await wrong("x", "--as", "not a name"), "must be a member name")
      assert.include(await wrong("nowhere"), "nowhere")
    })
  )
})
