import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inEmptyFolder, lb } from "./Lb.ts"
import { blocksOf, modulesOf, pythonFor, runLine, textOf } from "./RecipePages.ts"

const world = fileURLToPath(new URL("../../../../shared/world/", import.meta.url))
const sandbox = fileURLToPath(new URL("../../../fixtures/bin/lb-sandbox.mjs", import.meta.url))
const page = "recommender.md"
const found = pythonFor(modulesOf(page))
const absent = fs.existsSync(world) ? found.absent : "there is no ../shared/world here"

/** The last number of the line that the page or the program has for a recommender. */
const numberFor = (recommender: string, line: RegExp, text: string): string => {
  const [, number] = [...text.matchAll(line)].find(([all]) => all.includes(recommender)) ?? []
  assert(number !== undefined, `${recommender} is not in ${text}`)
  return number
}

describe.skipIf(absent !== undefined)(
  `the recommender of docs/recipes on 729k real ratings${absent === undefined ? "" : ` (skipped: ${absent})`}`,
  () => {
    it(
      "is better than popularity, by the numbers that the page gives",
      inEmptyFolder(async (folder) => {
        const written = spawnSync(
          process.execPath,
          [sandbox, "movielens", "world", "--films", `${world}films.csv`, "--watched", `${world}watched.csv.gz`],
          { cwd: folder, encoding: "utf8" }
        )
        assert.strictEqual(written.status, 0, written.stderr)
        const imported = await lb(folder, ["import", "world", "--quiet"])
        assert.strictEqual(imported.code, 0, imported.err)
        assert.include(imported.out, "728,836 ratings of 1,020 members")

        const member = "plainfade30"
        let printed = ""
        for (const { language, program, text } of blocksOf(page)) {
          if (language === "python" && program !== undefined) fs.writeFileSync(path.join(folder, program), text)
          if (language === "sh")
            printed = await runLine(text.trimEnd().replace("member_1", member), folder, found.python)
        }
        const measured = ["popularity", "item-item"].map((one) =>
          numberFor(one, /^nDCG@10, [\w-]+: (\d\.\d+)$/gmu, printed)
        )
        const stated = ["popularity", "item-item"].map((one) =>
          numberFor(one, /^\| [\w-]+ \| (\d\.\d+) \|$/gmu, textOf(page))
        )
        assert.deepStrictEqual(stated, measured)
        const [popularity, itemItem] = measured.map(Number)
        assert.isAbove(itemItem ?? 0, popularity ?? 1)
        assert.lengthOf(printed.trimEnd().split("\n"), 2 + 10)
      }),
      180_000
    )
  }
)
