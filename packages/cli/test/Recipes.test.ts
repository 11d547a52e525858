import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll } from "vitest"
import { modulesOf, pythonFor, recipesFolder, runPage } from "./RecipePages.ts"

/** Pages whose programs are not run: of libraries that are not installed here, and the list of the others. */
const notRun = new Set(["index.md", "other-libraries.md"])
const pages = fs.readdirSync(recipesFolder).filter((page) => !notRun.has(page))
const hasSqlite = spawnSync("sqlite3", ["--version"]).status === 0

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
    const { absent = page.includes("sqlite") && !hasSqlite ? "there is no sqlite3 here" : undefined, python } =
      pythonFor(modulesOf(page))
    it.skipIf(absent !== undefined)(
      `${page} prints what it says${absent === undefined ? "" : ` (skipped: ${absent})`}`,
      withDataset(async (folder) => {
        const texts = await runPage(page, folder, python)
        assert.isAbove(texts.length, 0)
        const withoutEnds = (text: string) => text.replaceAll(/ +$/gmu, "")
        for (const { printed, stated } of texts) assert.strictEqual(withoutEnds(printed), withoutEnds(stated))
      })
    )
  }
})
