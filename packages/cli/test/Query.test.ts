import { assert, describe, it } from "@effect/vitest"
import type { Cell } from "@letterboxd-ratings/storage-parquet/query"
import { parse } from "csv-parse/sync"
import * as fc from "fast-check"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { writerOf } from "../src/query/ResultFormats.ts"
import { columnsOf, fitted } from "../src/query/TextWidth.ts"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("物語", "é", "👩‍👩‍👧", "a|b", "\u001B[31m", "\n", " x ", `"`, "", "\\", "a".repeat(300), "<b>", "\u202E")
)
const cell: fc.Arbitrary<Cell> = fc.oneof(
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 })
)
const result = fc.integer({ min: 1, max: 6 }).chain((width) =>
  fc.record({
    columns: fc
      .uniqueArray(text, { minLength: width, maxLength: width })
      .chain((names) =>
        fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), isNumeric: fc.boolean() })))
      ),
    rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 5 })
  })
)
type Result = typeof result extends fc.Arbitrary<infer R> ? R : never
const written = (format: "table" | "json" | "csv" | "md", { columns, rows }: Result, width = 80): string => {
  const writer = writerOf(format, columns, width)
  return rows.map((row) => writer.rows([row])).join("") + writer.end(rows.length)
}

describe("the width of a text", () => {
  it("is what a terminal gives it", () => {
    for (const [word, columns] of [
      ["", 0],
      ["abc", 3],
      ["Amélie", 6],
      ["Ame\u0301lie", 6],
      ["Ночь", 4],
      ["物語", 4],
      ["한국", 4],
      ["👩‍👩‍👧", 2],
      ["…", 1]
    ] as const)
      assert.strictEqual(columnsOf(word), columns, word)
    assert.strictEqual(fitted("物語物語", 6, "left"), "物語… ")
    assert.strictEqual(fitted("ab", 4, "right"), "  ab")
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (word, columns) => {
        assert.strictEqual(columnsOf(fitted(word.replaceAll(/\p{C}/gu, ""), columns, "left")), columns)
      }),
      { numRuns: 200 }
    )
  })
})

describe("the result of a query", () => {
  it("is a table that fits the screen, in lines without control characters", () => {
    fc.assert(
      fc.property(result, fc.constantFrom(40, 80, 200), (one, width) => {
        const lines = written("table", one, width).split("\n")
        // Where the columns do not fit beside each other, they stand below each other.
        if (width > 40) assert.lengthOf(lines, one.rows.length + 4)
        assert.strictEqual(lines.at(-2), one.rows.length === 1 ? "1 row" : `${one.rows.length} rows`)
        for (const line of lines) {
          assert.isAtMost(columnsOf(line), width)
          assert.notMatch(line, /[\p{C}\u2028\u2029]/u)
        }
      }),
      { numRuns: 200 }
    )
  })

  it("is a list of cells for each row where they do not fit beside each other", () => {
    const names = ["first", "second_name", "third_name", "fourth_name", "fifth_name"]
    const columns = names.map((name) => ({ name, isNumeric: false }))
    const rows = [["1", "b", null, "d", "x".repeat(60)]]
    assert.strictEqual(
      written("table", { columns, rows }, 40),
      `first        1\nsecond_name  b\nthird_name\nfourth_name  d\nfifth_name   ${"x".repeat(26)}…\n\n1 row\n`
    )
    assert.include(written("table", { columns, rows }, 80), "first  second_name  third_name  fourth_name  fifth_name")
  })

  it("is JSON, one object a row, with all that was in it, in letters a terminal does not obey", () => {
    fc.assert(
      fc.property(result, (one) => {
        const lines = written("json", one).split("\n")
        assert.lengthOf(lines, one.rows.length + 1)
        for (const [i, row] of one.rows.entries()) {
          assert.notMatch(lines[i] ?? "", /[\p{Cc}\p{Cf}\u2028\u2029]/u)
          assert.strictEqual(
            JSON.stringify(JSON.parse(lines[i] ?? "")),
            JSON.stringify(Object.fromEntries(one.columns.map(({ name }, at) => [name, row[at]])))
          )
        }
      }),
      { numRuns: 200 }
    )
  })

  it("is CSV that readers take apart as it was put together", () => {
    fc.assert(
      fc.property(result, (one) => {
        const read: ReadonlyArray<ReadonlyArray<string>> = parse(written("csv", one), { relax_column_count: false })
        const asText = (value: Cell | undefined) =>
          value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value)
        assert.deepStrictEqual(read, [one.columns.map(({ name }) => name), ...one.rows.map((row) => row.map(asText))])
      }),
      { numRuns: 200 }
    )
  })

  it("is a table of Markdown in which no cell ends early or means anything", () => {
    fc.assert(
      fc.property(result, (one) => {
        const lines = written("md", one).trimEnd().split("\n")
        assert.lengthOf(lines, one.rows.length + 2)
        for (const line of lines) {
          assert.strictEqual(line.match(/(?<!\\)(?:\\\\)*\|/gu)?.length, one.columns.length + 1)
          assert.notMatch(line, /<|(?<!\\)(?:\\\\)*[`*_[]|[\p{C}\u2028\u2029]/u)
        }
      }),
      { numRuns: 200 }
    )
    const linked = { columns: [{ name: "a", isNumeric: false }], rows: [["https://example.com www.example.com"]] }
    assert.notMatch(written("md", linked), /:\/\/|www\./u)
  })
})

describe("lb query", () => {
  it(
    "answers over any storage, from what is committed and nothing else",
    inEmptyFolder(async (folder) => {
      const ask = (...args: ReadonlyArray<string>) => lb(folder, args)
      const run = await ask("run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "2")
      assert.strictEqual(run.code, 0, run.err)
      const raw = path.join(folder, "data_output", "latest_raw_user_ratings.csv")
      const stars = rowsOf(path.dirname(raw), path.basename(raw)).map((row) => Number(row.split(",")[2]))
      const sum = stars.reduce((all, one) => all + one, 0)
      const sql = "select count(*) as n, sum(rating) as stars, count(distinct username) as members from ratings"
      const places = [[], ["--storage", "parquet", "--out", "parts"]]
      assert.strictEqual((await ask("export", "--to", "parquet", "--into", "parts")).code, 0)
      const before = fs.readFileSync(path.join(folder, "data_output/manifest.json"), "utf8")
      for (const place of places) {
        const { code, err, out } = await ask("query", sql, "--json", ...place)
        assert.strictEqual(code, 0, err)
        assert.deepInclude(JSON.parse(out), { n: stars.length, stars: sum })
      }
      assert.strictEqual(fs.readFileSync(path.join(folder, "data_output/manifest.json"), "utf8"), before)

      // Rows that nobody committed are never counted, whoever left them.
      fs.appendFileSync(raw, "1,1,5.0\n1,2,")
      const torn = await ask("query", sql)
      assert.strictEqual(torn.code, 4)
      assert.match(torn.err, /12 bytes follow the committed data.*lb verify --repair/u)
      assert.strictEqual((await ask("verify", "--repair")).code, 0)
      assert.deepInclude(JSON.parse((await ask("query", sql, "--json")).out), { n: stars.length, stars: sum })

      const csv = await ask("query", "select rating from ratings where rating > 4 order by 1", "--format", "csv")
      assert.strictEqual(
        csv.out,
        `rating\n${stars
          .filter((one) => one > 4)
          .toSorted()
          .map((one) => `${one}\n`)
          .join("")}`
      )
      const table = await ask("query", "select 1 as one, 'a' as two")
      assert.strictEqual(table.out, "one  two\n───  ───\n  1  a\n1 row\n")
      const md = await ask("query", "select 1 as one, 'a|b' as two", "--format", "md")
      assert.strictEqual(md.out, "| one | two |\n| ---: | --- |\n| 1 | a\\|b |\n")

      fs.writeFileSync(path.join(folder, "secret.csv"), "a\n1\n")
      for (const [args, said] of [
        [["select nothing from ratings"], "not found in FROM clause"],
        [["from 'secret.csv'"], "file system operations are disabled"],
        [["from ratings; from films"], "There is more than one statement. Give one statement that only reads"],
        [["select '\u001B[31m' as a from \u001B"], "The query cannot be run"],
        [["select 1", "--format", "xml"], "--format must be table or json or csv or md"],
        [["select 1", "--format", "csv", "--json"], "Use one of them."],
        [[], "lb query needs a query, for example lb query"]
      ] as const) {
        const { code, err, out } = await ask("query", ...args)
        assert.strictEqual(code, 1, args.join(" "))
        assert.include(err, said)
        assert.match(err, /^[^\p{C}]+\n$/u)
        assert.strictEqual(out, "")
      }
    })
  )

  it(
    "says how to install DuckDB where it is absent",
    inEmptyFolder(async (folder) => {
      // The command without its optional packages.
      const packageFolder = fileURLToPath(new URL("../", import.meta.url))
      fs.cpSync(path.join(packageFolder, "bin"), path.join(folder, "lb/bin"), { recursive: true })
      fs.cpSync(path.join(packageFolder, "dist"), path.join(folder, "lb/dist"), { recursive: true })
      const { status, stderr } = spawnSync(process.execPath, ["lb/bin/lb.mjs", "query", "select 1"], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env["PATH"] }
      })
      assert.strictEqual(status, 1)
      assert.match(
        stderr,
        /^lb query needs DuckDB, which cannot be loaded \(.*\)\. Install it with: npm install @letterboxd-ratings\/storage-parquet\n$/u
      )
    })
  )
})
