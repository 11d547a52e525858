import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb } from "./Lb.ts"

const variables = { SOURCE_DATE_EPOCH: String(Date.UTC(2026, 2, 1, 12) / 1000) }

describe("lb report", () => {
  it(
    "makes a page of a dataset and of a member, and replaces only its own",
    inEmptyFolder(async (folder) => {
      const ask = (...args: ReadonlyArray<string>) => lb(folder, args, variables)
      const read = (name: string) => fs.readFileSync(path.join(folder, name), "utf8")
      const none = await ask("report")
      assert.strictEqual(none.code, 1)
      assert.match(none.err, /data_output.*lb run --mode new/su)
      assert.isFalse(fs.existsSync(path.join(folder, "data_output-report.html")))

      const run = await ask("run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--quiet", "--json")
      assert.strictEqual(run.code, 0, run.err)
      const before = read("data_output/manifest.json")
      const [header, ...rows] = read("data_output/latest_translated_user_ratings.csv").trimEnd().split("\n")
      assert.strictEqual(header, "username,film_title,rating")
      const name = rows.at(-1)?.split(",")[0] ?? ""

      const made = await ask("report", "--json")
      assert.strictEqual(made.code, 0, made.err)
      assert.deepStrictEqual(JSON.parse(made.out), { place: "data_output-report.html", ratings: rows.length })
      const page = read("data_output-report.html")
      assert.include(page, `${rows.length.toLocaleString("en-US")} ratings by`)
      assert.include(page, "Made on 2026-03-01")
      assert.strictEqual((await ask("report")).code, 0)
      assert.strictEqual(read("data_output-report.html"), page, "the same dataset gives the same page")

      const member = await ask("report", "--member", `@${name.toUpperCase()}`)
      assert.strictEqual(member.code, 0, member.err)
      assert.include(read(`data_output-report-${name}.html`), `<h1>${name}: `)
      const anonymous = await ask("report", "--anonymise", "--out-file", "shared.html")
      assert.strictEqual(anonymous.code, 0, anonymous.err)
      assert.notInclude(read("shared.html"), name)

      fs.writeFileSync(path.join(folder, "mine.html"), "<!doctype html>\n<p>mine")
      for (const [args, words] of [
        [["--out-file", "mine.html"], "is there already, and lb did not write it"],
        [["--out-file", "nowhere/report.html"], "could not be written"],
        [["--out-file", "data_output"], "it is not a file"],
        [["--member", "nobody_here"], "The dataset has no member nobody_here"],
        [["--member", name, "--anonymise"], "Remove --anonymise or --member"],
        [["--salt", "x"], "--salt is only for --anonymise"]
      ] as const) {
        const { code, err } = await ask("report", ...args)
        assert.strictEqual(code, 1, args.join(" "))
        assert.include(err, words)
      }
      assert.strictEqual(read("mine.html"), "<!doctype html>\n<p>mine")
      assert.strictEqual(read("data_output/manifest.json"), before)
      assert.deepStrictEqual(
        fs.readdirSync(folder).toSorted(),
        [
          "data_output",
          `data_output-report-${name}.html`,
          "data_output-report.html",
          "mine.html",
          "shared.html"
        ].toSorted()
      )
    })
  )

  it(
    "names what has the name of its unfinished work and is not proven to be that",
    inEmptyFolder(async (folder) => {
      const run = await lb(
        folder,
        ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--quiet"],
        variables
      )
      assert.strictEqual(run.code, 0, run.err)
      const other = "page.html.new-20260101-000000"
      fs.mkdirSync(path.join(folder, other))
      const { code, err } = await lb(folder, ["report", "--out-file", "page.html"], variables)
      assert.strictEqual(code, 0, err)
      assert.match(err, new RegExp(`Not removed: \\S*${other}\\. .* delete it`, "u"))
      assert.deepStrictEqual(fs.readdirSync(folder).toSorted(), ["data_output", "page.html", other])
    })
  )

  it("is loaded when it is asked for, and by no other command", () => {
    const dist = new URL("../dist/", import.meta.url)
    const main = fs.readFileSync(new URL("lb.mjs", dist), "utf8")
    const atStart = [...main.matchAll(/from"\.\/(?<file>[\w-]+\.mjs)"/gu)].map(({ groups }) => groups?.["file"] ?? "")
    const charts = fs
      .readdirSync(dist)
      .filter(
        (name) => name.endsWith(".mjs") && fs.readFileSync(new URL(name, dist), "utf8").includes("--plot-background")
      )
    assert.lengthOf(charts, 1)
    assert.isNotEmpty(atStart)
    assert.notInclude([...atStart, "lb.mjs"], charts[0])
  })
})
