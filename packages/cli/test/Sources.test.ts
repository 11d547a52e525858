/** Sources that modules bring, in the built command. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { HarvestEvent } from "@letterboxd-ratings/core"
import { Schema } from "effect"
import { build } from "esbuild"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { sample } from "../../../vitest.sample.ts"
import { inEmptyFolder, lbProcess, rowsOf } from "./Lb.ts"

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url))

const decodeEvent = Schema.decodeUnknownSync(Schema.parseJson(HarvestEvent))

/** The source of `examples/` as one file, as somebody who built it would have it: with nothing of this process. */
let jsonSource: string

/** A source that does what it must not do. */
let oddSource: string
const oddContents = `
import { RatingsSource } from "@letterboxd-ratings/core"
import { Layer, Stream } from "effect"
const listOf = (rating) => () => Stream.make({
  username: "davee",
  number: 1,
  place: "here",
  content: {
    _tag: "Films",
    films: [{ film: { id: 1, slug: "one", title: "One", year: 2001 }, rating }],
    lastPart: 1,
    stated: {},
    unreadable: 0,
    fullPart: 72
  }
})
const cases = {
  good: {},
  value: { list: listOf(5.5) },
  throws: { list: () => { throw new Error("boo") } },
  nothing: { list: () => undefined },
  member: { members: Stream.make({ username: "No Name" }) },
  dies: { members: Stream.die(new Error("boo")) },
  name: { name: "o\u001b[31mdd", list: listOf(5.5) },
  exits: { list: () => process.exit(0) }
}
export const options = ["case"]
export const layer = ({ options }) => {
  if (options.case === "layer") return Layer.die(new Error("boo"))
  const members = Stream.make({ username: "davee" })
  return Layer.succeed(RatingsSource, { name: "odd", members, list: listOf(4), ...cases[options.case] })
}
`

const built = async (name: string, contents: string): Promise<string> => {
  const outfile = fileURLToPath(new URL(`../node_modules/.cache/${name}-${process.pid}.mjs`, import.meta.url))
  await build({
    stdin: { contents, resolveDir: path.dirname(fileURLToPath(import.meta.url)) },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@letterboxd-ratings/source"],
    logLevel: "error"
  })
  return outfile
}

beforeAll(async () => {
  jsonSource = await built("json-source", fs.readFileSync(path.join(examples, "json-source.mjs"), "utf8"))
  oddSource = await built("odd-source", oddContents)
  return () => {
    for (const file of [jsonSource, oddSource]) fs.rmSync(file, { force: true })
  }
})

/** The arguments for the source beside the folder the command runs in, with the lists of `examples/`. */
const sourceIn = (folder: string): ReadonlyArray<string> => {
  fs.copyFileSync(jsonSource, path.join(folder, "my-source.mjs"))
  fs.copyFileSync(path.join(examples, "lists.json"), path.join(folder, "mine.json"))
  return ["--source", "./my-source.mjs", "--source-options", "file=mine.json"]
}

describe("lb, with the source of a module", () => {
  it(
    "makes a dataset of it, reads one member of it, and examines it",
    inEmptyFolder(async (folder) => {
      const source = sourceIn(folder)
      const run = await lbProcess(folder, ["run", "--mode", "new", ...source, "--out", "data"])
      assert.strictEqual(run.code, 0, run.err)
      assert.match(run.out, /^2 members complete, 1 private, 1 renamed: 3 ratings, 2 new films, 0 requests/u)
      assert.notInclude(run.out, "Continue with", "there is nobody left to read")
      const one = await lbProcess(folder, [
        "run",
        "--mode",
        "new",
        ...source,
        "--batches",
        "1",
        "--batch-size",
        "1",
        "--out",
        "one"
      ])
      assert.include(one.out, "--source ./my-source.mjs --source-options file=mine.json")
      assert.deepStrictEqual(rowsOf(path.join(folder, "data"), "latest_translated_user_ratings.csv"), [
        "davee,La La Land (2016),4.5",
        "davee,The Apartment (1960),5.0",
        "new_name,The Apartment (1960),3.0"
      ])
      assert.notInclude(run.err, "terms of use")

      const user = await lbProcess(folder, ["user", "davee", ...source, "--out", "data", "--json"])
      assert.strictEqual(user.code, 0, user.err)
      const events = user.out
        .trim()
        .split("\n")
        .map((line) => decodeEvent(line))
      const [first] = events
      assert(first?._tag === "RunStarted")
      assert.strictEqual(first.source, "json")
      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "PageRead" ? [event.verdict] : [])),
        ["Films"]
      )
      assert.strictEqual(events.at(-1)?._tag, "RunFinished")

      const doctor = await lbProcess(folder, ["doctor", ...source])
      assert.strictEqual(doctor.code, 0, doctor.err)
      assert.include(doctor.out, "✓ members list (json)\n    the first member is davee")
      assert.include(doctor.out, "✓ films (mine.json: davee)")
      const hidden = await lbProcess(folder, ["doctor", "hidden_one", ...source])
      assert.strictEqual(hidden.code, 1)
      assert.include(hidden.out, "✗ films (mine.json: hidden_one)")
    }),
    60_000
  )

  it(
    "blames a module for what it does wrong, and writes nothing of it",
    inEmptyFolder(async (folder) => {
      fs.copyFileSync(oddSource, path.join(folder, "odd.mjs"))
      fs.writeFileSync(path.join(folder, "exit.mjs"), "process.exit(0)\n")
      const cases = [
        ["good", "", 0, 0],
        ["value", "odd gave part 1 of davee that cannot be used (film 1: rating cannot be 5.5)", 3, 3],
        ["throws", "odd threw an exception (Error: boo)", 3, 3],
        ["nothing", "odd gave undefined as the list of davee instead of a stream", 3, 3],
        ["member", "odd gave a member that cannot be used", 3, 3],
        ["dies", "odd threw an exception (Error: boo)", 3, 3],
        ["name", "The source o [31mdd gave part 1 of davee", 3, 3],
        ["layer", "odd.mjs threw an exception (Error: boo)", 1, 1],
        ["exits", "was ended before the command was done, by a module", 1, 1],
        ["exit.mjs", "was ended before the command was done, by a module", 1, 1]
      ] as const
      for (const [name, said, ofRun, ofDoctor] of sample("faults of a module", cases, 4)) {
        const source = name.endsWith(".mjs")
          ? ["--source", `./${name}`]
          : ["--source", "./odd.mjs", "--source-options", `case=${name}`]
        const run = await lbProcess(folder, ["run", "--mode", "new", "--out", name, ...source])
        assert.strictEqual(run.code, ofRun, name + run.out + run.err)
        const doctor = await lbProcess(folder, ["doctor", ...source])
        assert.strictEqual(doctor.code, ofDoctor, name + doctor.out + doctor.err)
        for (const { err, out } of [run, doctor]) {
          assert.include(out + err, said)
          assert.notInclude(out + err, "bug in lb")
          assert.notInclude(out + err, "\u001b")
          assert.notMatch(out + err, /\n +at /u)
        }
        if (!fs.existsSync(path.join(folder, name, "manifest.json"))) continue
        const verified = await lbProcess(folder, ["verify", "--out", name])
        assert.strictEqual(verified.code, 0, verified.out)
        assert.strictEqual(
          rowsOf(path.join(folder, name), "latest_raw_user_ratings.csv").join(),
          name === "good" ? "1,1,4.0" : ""
        )
      }
    }),
    120_000
  )

  it(
    "says what is wrong with a module, a name or an option, and what it tried",
    inEmptyFolder(async (folder) => {
      const [, mine = "", ...options] = sourceIn(folder)
      fs.writeFileSync(path.join(folder, "empty.mjs"), "export const nothing = 1\n")
      fs.writeFileSync(path.join(folder, "needy.mjs"), 'import "@nobody/else"\n')
      fs.writeFileSync(path.join(folder, "broken.mjs"), "export const = 1\n")
      fs.writeFileSync(path.join(folder, "number.mjs"), "export const layer = () => 1\n")
      const cases = [
        ["./nowhere.mjs", `cannot be loaded: there is no file ${path.join(folder, "nowhere.mjs")}.`],
        ["@nobody/nothing", `no package @nobody/nothing is installed in ${folder}. Install it there.`],
        ["nowhere.mjs", `Install it there, or give the path of a file: ./nowhere.mjs.`],
        ["empty.mjs", "empty.mjs is a file, not a package. Begin its path with ./: ./empty.mjs"],
        ["./needy.mjs", "it needs @nobody/else, which is not there. A module needs the packages that it imports"],
        ["./broken.mjs", "./broken.mjs cannot be loaded: Unexpected token"],
        [
          "./empty.mjs",
          "./empty.mjs is not a source. The module must export layer, a function that takes { options, concurrency }"
        ],
        ["./number.mjs", "does not return a Layer. The module must export layer"],
        [
          "sandbx",
          `which is not a source. Use letterboxd, sandbox or a module (./my-source.mjs, @scope/package). Did you mean "sandbox"?`
        ],
        [mine, "--rate is for the sources letterboxd and sandbox, not for ./my-source.mjs", "--rate", "5"],
        [mine, "--base-url is for the source letterboxd, not for", "--base-url", "http://localhost:1"],
        [mine, `has no option "fil". Its options: file. Did you mean "file"?`, "--source-options", "fil=x"],
        [mine, "It cannot be read:", "--source-options", "file=nowhere.json"],
        ["sandbox", `The source sandbox has no option "file". It has no options.`, ...options]
      ] as const
      for (const [i, [source, expected, ...more]] of sample(
        "sources that are named wrongly",
        [...cases.entries()],
        5
      )) {
        const command = i % 2 === 0 ? ["run", "--mode", "new"] : ["doctor"]
        const { code, err } = await lbProcess(folder, [...command, "--source", source, ...more])
        assert.strictEqual(code, 1, err)
        assert.include(err, expected)
      }
      assert.isFalse(fs.existsSync(path.join(folder, "data_output")))
    }),
    120_000
  )

  it(
    "is that of the examples, from the root of a clone, as the README says",
    inEmptyFolder(async (folder) => {
      const root = fileURLToPath(new URL("../../..", import.meta.url))
      const out = path.join(folder, "data")
      const examples = ["--source", "./examples/json-source.mjs", "--source-options", "file=examples/lists.json"]
      const made = await lbProcess(root, ["run", "--mode", "new", ...examples, "--out", out])
      assert.strictEqual(made.code, 0, made.err)
      const storage = ["--storage", "./examples/json-storage.mjs", "--storage-options", "file=mine.json"]
      const stored = await lbProcess(root, [
        "run",
        "--mode",
        "new",
        ...examples,
        ...storage,
        "--out",
        path.join(folder, "own")
      ])
      assert.strictEqual(stored.code, 0, stored.err)
    }),
    60_000
  )
})
