import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll } from "vitest"
import { parse } from "csv-parse/sync"
import { rowsOf } from "./Lb.ts"
import { blocksOf, modulesOf, npmModules, pythonFor, recipesFolder, runLine, runPage, runQuery } from "./RecipePages.ts"

/** Pages whose programs are not run: of libraries that are not installed here, and the list of the others. */
const notRun = new Set(["index.md", "other-libraries.md"])
const pages = fs.readdirSync(recipesFolder).filter((page) => !notRun.has(page))

/** What runs the programs of a page, or why nothing does. */
const toolsFor = (page: string): ReturnType<typeof pythonFor> => {
  if (page.includes("sqlite") && spawnSync("sqlite3", ["--version"]).status !== 0)
    return { absent: "there is no sqlite3 here" }
  if (page === "polars.md" && !fs.existsSync(npmModules)) return { absent: "nodejs-polars is not installed here" }
  return pythonFor(modulesOf(page))
}

let dataset: string

beforeAll(async () => {
  dataset = fs.mkdtempSync(path.join(os.tmpdir(), "lb-recipes-"))
  await runPage("index.md", dataset)
})

afterAll(() => fs.rmSync(dataset, { recursive: true, force: true }))

/** Runs a test in a copy of the dataset with which the recipes begin. */
const withDataset = (test: (folder: string) => Promise<void>) => async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-recipe-"))
  try {
    fs.cpSync(dataset, folder, { recursive: true })
    await test(folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

describe("docs/recipes", () => {
  for (const page of pages) {
    const { absent, python } = toolsFor(page)
    it.skipIf(absent !== undefined)(
      `${page} prints what it says${absent === undefined ? "" : ` (skipped: ${absent})`}`,
      withDataset(async (folder) => {
        if (page === "polars.md") fs.symlinkSync(npmModules, path.join(folder, "node_modules"))
        const texts = await runPage(page, folder, python)
        assert.isAbove(texts.length, 0)
        const withoutEnds = (text: string) => text.replaceAll(/ +$/gmu, "")
        for (const { printed, stated } of texts) assert.strictEqual(withoutEnds(printed), withoutEnds(stated))
      })
    )
  }

  it(
    "other-libraries.md names files that its loaders can read, with all ratings in them",
    withDataset(async (folder) => {
      const blocks = blocksOf("other-libraries.md")
      for (const { language, text } of blocks)
        if (language === "sh") for (const line of text.trimEnd().split("\n")) await runLine(line, folder)
      const named = blocks.flatMap(({ language, text }) =>
        language === "python"
          ? [...text.matchAll(/"((?:data_output|dataset\/|contiguous)[^"]*)"/gu)].map(([, place = ""]) => place)
          : []
      )
      assert.isAtLeast(named.length, 7)
      for (const place of named) assert.isTrue(fs.existsSync(path.join(folder, place)), place)

      const ratings = rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv").toSorted()
      /** The first three fields of each line below the header, split and nothing else, as Surprise, Cornac and RecBole do. */
      const splitLines = (file: string, separator: string): ReadonlyArray<ReadonlyArray<string>> => {
        const lines = fs.readFileSync(path.join(folder, file), "utf8").trimEnd().split("\n").slice(1)
        return lines.map((line) => line.split(separator))
      }
      const triples = (rows: ReadonlyArray<ReadonlyArray<string>>) => rows.map((row) => row.slice(0, 3).join(","))

      // Surprise and Cornac.
      const rows = splitLines("data_output-movielens/ratings.csv", ",")
      assert.deepStrictEqual(triples(rows).toSorted(), ratings)
      for (const [, , stars, timestamp] of rows) {
        assert.include([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5], Number(stars))
        assert.match(timestamp ?? "", /^\d+$/u)
      }
      // LensKit opens all four, and takes their columns by name.
      for (const [file, columns] of [
        ["ratings", "userId,movieId,rating,timestamp"],
        ["movies", "movieId,title,genres"],
        ["links", "movieId,imdbId,tmdbId"],
        ["tags", "userId,movieId,tag,timestamp"]
      ] as const) {
        const text = fs.readFileSync(path.join(folder, "data_output-movielens", `${file}.csv`), "utf8")
        assert.isTrue(text.startsWith(columns), file)
        const read: ReadonlyArray<unknown> = parse(text, { columns: true })
        assert.strictEqual(read.length === 0, file === "tags")
      }
      // RecBole: the parts that the settings name, by columns with types.
      const settings = fs.readFileSync(path.join(folder, "dataset/letterboxd/letterboxd.yaml"), "utf8")
      const parts = /^benchmark_filename: \[(.*)\]$/mu.exec(settings)?.[1]?.split(", ") ?? []
      assert.strictEqual(parts.length, 3)
      const inParts = parts.map((part) => `dataset/letterboxd/letterboxd.${part}.inter`)
      for (const file of inParts)
        assert.strictEqual(
          fs.readFileSync(path.join(folder, file), "utf8").split("\n")[0],
          "user_id:token\titem_id:token\trating:float\ttimestamp:float"
        )
      assert.deepStrictEqual(inParts.flatMap((file) => triples(splitLines(file, "\t"))).toSorted(), ratings)
      // implicit: every row and column of the matrix has a rating.
      const numbered = splitLines("contiguous/ratings.csv", ",")
      assert.strictEqual(numbered.length, ratings.length)
      for (const column of [0, 1]) {
        const ids = new Set(numbered.map((row) => Number(row[column])))
        assert.deepStrictEqual([Math.min(...ids), Math.max(...ids)], [0, ids.size - 1])
      }
      // Hugging Face and Polars.
      const read = await runQuery(
        `select user_id || ',' || film_id || ',' || rating as "one"
         from 'data_output-huggingface/data/ratings.*.parquet' join 'data_output-huggingface/data/films.parquet' using (film_id)`,
        folder
      )
      assert.deepStrictEqual(read.trimEnd().split("\n").slice(1).toSorted(), ratings)
    })
  )
})
