import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as fs from "node:fs"
import * as path from "node:path"
import { withoutComments } from "../src/options/ConfigFile.ts"
import { optionKeys } from "../src/options/OptionTable.ts"
import { inEmptyFolder, lb } from "./Lb.ts"

describe("comments in JSON", () => {
  it("are left out, and texts that look like them are not", () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value, undefined, 1))
    fc.assert(
      fc.property(json, fc.constantFrom('// , } "\n', '/* " \n */', "//\n", ""), (text, comment) => {
        assert.strictEqual(withoutComments(text), text)
        // A comment fits between lines, and a comma before a closing bracket.
        const commented =
          comment + text.replaceAll("\n", ` ${comment}\n`).replaceAll(/(?<=[^[{,\s])(?=\s*\n\s*[}\]])/gu, ",")
        assert.deepStrictEqual(JSON.parse(withoutComments(commented)), JSON.parse(text))
        assert.strictEqual(withoutComments(commented).length, commented.length)
      }),
      { numRuns: 200 }
    )
    const tricky = String.raw`{"a": "// \" /* ,}", "b": "\\"}`
    assert.strictEqual(withoutComments(tricky), tricky)
    assert.strictEqual(withoutComments(`{"a": 1} /* open`), `{"a": 1} /* open`)
  })
})

describe("lb init", () => {
  it(
    "writes a file that lb reads, with defaults where nobody can be asked, and never overwrites",
    inEmptyFolder(async (folder) => {
      const made = await lb(folder, ["init"])
      assert.strictEqual(made.code, 0, made.err)
      assert.include(made.out, "Start a dataset with: lb run --mode new\n")
      const text = fs.readFileSync(path.join(folder, "lb.config.json"), "utf8")
      assert.match(text, /^ {2}"source": "letterboxd",$/mu)
      assert.match(text, /^ {2}\/\/ "rate": 2,$/mu)
      for (const line of text.split("\n")) assert.isBelow(line.length, 120)
      const config = await lb(folder, ["config", "--json"])
      assert.strictEqual(config.code, 0, config.err)
      assert.deepInclude(JSON.parse(config.out).storage, {
        value: "csv",
        from: `"storage" in ${path.join(fs.realpathSync(folder), "lb.config.json")}`
      })
      // Every line that is commented out is an option that can be set.
      fs.writeFileSync(path.join(folder, "all.json"), text.replaceAll(/^ {2}\/\/ (?=")/gmu, "  "))
      assert.strictEqual((await lb(folder, ["config", "--config", "all.json"])).code, 0)

      const again = await lb(folder, ["init", "--source", "sandbox"])
      assert.strictEqual(again.code, 1)
      assert.include(again.err, "is there already, and was not changed")
      assert.strictEqual(fs.readFileSync(path.join(folder, "lb.config.json"), "utf8"), text)

      const other = await lb(folder, ["init", "--source", "sandbox", "--out", "a b", "--config", "other.json", "--yes"])
      assert.strictEqual(other.code, 0, other.err)
      assert.include(other.out, "lb run --mode new --config other.json")
      const run = ["run", "--mode", "new", "--batches", "1", "--batch-size", "1", "--config", "other.json"]
      assert.strictEqual((await lb(folder, run)).code, 0)
      assert.isTrue(fs.existsSync(path.join(folder, "a b/manifest.json")))

      for (const [args, said] of [
        [["--config", "third.json", "--storage", "sqlit"], `"sqlit" is not a storage. Did you mean sqlite?`],
        [["--config", "third.json", "--out", " "], "out must not be empty"],
        [["--config", "nowhere/x.json"], "cannot be written"]
      ] as const) {
        const { code, err } = await lb(folder, ["init", ...args])
        assert.strictEqual(code, 1)
        assert.include(err, said)
      }
      assert.isFalse(fs.existsSync(path.join(folder, "third.json")))
    })
  )
})

describe("lb config", () => {
  it(
    "shows each value and where it comes from, and no secret",
    inEmptyFolder(async (folder) => {
      fs.writeFileSync(
        path.join(folder, "lb.config.json"),
        `{ "rate": 1, "batches": 3, // three\n "skip": ["one", "two"], "files": { "rawRatings": "r.csv" }, }`
      )
      const variables = {
        LB_BATCHES: "4",
        LB_SALT: "s3cret",
        LB_STORAGE_URL: "postgres://me:passw0rd@host/db",
        LB_STORAGE: "./mine.mjs",
        LB_STORAGE_OPTIONS: "token=t0ken"
      }
      const { code, err, out } = await lb(folder, ["config", "--json", "--rate", "unlimited"], variables)
      assert.strictEqual(code, 0, err)
      const values = JSON.parse(out)
      const file = path.join(fs.realpathSync(folder), "lb.config.json")
      assert.deepStrictEqual(values.rate, { value: "unlimited", from: "--rate" })
      assert.deepStrictEqual(values.batches, { value: "4", from: "LB_BATCHES" })
      assert.deepStrictEqual(values.skip, { value: "one,two", from: `"skip" in ${file}` })
      assert.deepStrictEqual(values.timeout, { value: "30", from: "default" })
      assert.deepStrictEqual(values.out, { value: "data_output", from: "default" })
      assert.deepStrictEqual(values.salt, { value: "(hidden)", from: "LB_SALT" })
      assert.deepStrictEqual(values.storageOptions, { value: "(hidden)", from: "LB_STORAGE_OPTIONS" })
      assert.deepStrictEqual(values.LB_STORAGE_URL, { value: "(hidden)", from: "variable" })
      for (const key of optionKeys) assert.property(values, key)

      const table = await lb(folder, ["config"], variables)
      assert.match(table.out, /^batches +4 {2}\(LB_BATCHES\)$/mu)
      assert.match(table.out, /^files\.rawRatings +r\.csv {2}\("files" in /mu)
      assert.match(table.out, /^Defaults:$[^]*^timeout +30$/mu)
      for (const secret of ["s3cret", "passw0rd", "t0ken"]) assert.notInclude(out + table.out, secret)
      fs.rmSync(path.join(folder, "lb.config.json"))
      assert.match(
        (await lb(folder, ["config"])).out,
        /^Nothing is set by a flag, a variable or .*lb\.config\.json\.$/mu
      )
      const wrong = await lb(folder, ["config", "--rate", "0"])
      assert.strictEqual(wrong.code, 1)
      assert.include(wrong.err, "--rate must be a number")
    })
  )
})
