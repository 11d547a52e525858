/** Sources that modules bring, in the built command. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { HarvestEvent } from "@letterboxd-ratings/core"
import { Schema } from "effect"
import { build } from "esbuild"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url))

const decodeEvent = Schema.decodeUnknownSync(Schema.parseJson(HarvestEvent))

/** The source of `examples/` as one file, as somebody who built it would have it: with nothing of this process. */
let jsonSource: string

beforeAll(async () => {
  jsonSource = fileURLToPath(new URL(`../node_modules/.cache/json-source-${process.pid}.mjs`, import.meta.url))
  await build({
    stdin: {
      contents: fs.readFileSync(path.join(examples, "json-source.mjs"), "utf8"),
      resolveDir: path.dirname(fileURLToPath(import.meta.url))
    },
    outfile: jsonSource,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@letterboxd-ratings/source"],
    logLevel: "error"
  })
  return () => fs.rmSync(jsonSource, { force: true })
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
      const run = await lb(folder, ["run", "--mode", "new", ...source, "--out", "data"])
      assert.strictEqual(run.code, 0, run.err)
      assert.match(run.out, /^2 members complete, 1 private, 1 renamed: 3 ratings, 2 new films, 0 requests/u)
      assert.include(run.out, "--source ./my-source.mjs --source-options file=mine.json")
      assert.deepStrictEqual(rowsOf(path.join(folder, "data"), "latest_translated_user_ratings.csv"), [
        "davee,La La Land (2016),4.5",
        "davee,The Apartment (1960),5.0",
        "new_name,The Apartment (1960),3.0"
      ])
      assert.notInclude(run.err, "terms of use")

      const user = await lb(folder, ["user", "davee", ...source, "--out", "data", "--json"])
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

      const doctor = await lb(folder, ["doctor", ...source])
      assert.strictEqual(doctor.code, 0, doctor.err)
      assert.include(doctor.out, "✓ members list (json)\n    the first member is davee")
      assert.include(doctor.out, "✓ films (mine.json: davee)")
      const hidden = await lb(folder, ["doctor", "hidden_one", ...source])
      assert.strictEqual(hidden.code, 1)
      assert.include(hidden.out, "✗ films (mine.json: hidden_one)")
    }),
    60_000
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
      for (const [i, [source, expected, ...more]] of cases.entries()) {
        const command = i % 2 === 0 ? ["run", "--mode", "new"] : ["doctor"]
        const { code, err } = await lb(folder, [...command, "--source", source, ...more])
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
      const made = await lb(root, ["run", "--mode", "new", ...examples, "--out", out])
      assert.strictEqual(made.code, 0, made.err)
      const storage = ["--storage", "./examples/json-storage.mjs", "--storage-options", "file=mine.json"]
      const stored = await lb(root, [
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
