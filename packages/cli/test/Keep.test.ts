import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb } from "./Lb.ts"

const time = { SOURCE_DATE_EPOCH: "1764000000" }

describe("--keep", () => {
  it(
    "adds columns and films without a rating from the run on that asks for them, the same in each storage",
    inEmptyFolder(async (folder) => {
      const run = async (storage: string, mode: string, ...more: ReadonlyArray<string>) => {
        const few = [
          "--source",
          "sandbox",
          "--batches",
          "1",
          "--batch-size",
          "3",
          "--storage",
          storage,
          "--out",
          storage
        ]
        const ended = await lb(folder, ["run", "--mode", mode, ...few, "--quiet", ...more], time)
        assert.strictEqual(ended.code, 0, ended.out + ended.err)
      }
      const lines = (...names: ReadonlyArray<string>) =>
        fs
          .readFileSync(path.join(folder, ...names), "utf8")
          .trimEnd()
          .split("\n")
      for (const storage of ["csv", "sqlite", "parquet"]) {
        await run(storage, "new")
        await run(storage, "continue", "--keep", "liked,watched")
        // It is remembered.
        await run(storage, "continue")
        const verified = await lb(folder, ["verify", "--storage", storage, "--out", storage])
        assert.strictEqual(verified.code, 0, verified.out + verified.err)
        if (storage === "csv") continue
        const args = ["--from", storage, "--out", storage, "--to", "csv", "--into", `${storage}-csv`]
        const exported = await lb(folder, ["export", ...args], time)
        assert.strictEqual(exported.code, 0, exported.out + exported.err)
        for (const name of fs.readdirSync(path.join(folder, "csv"))) {
          if (name.endsWith(".csv")) assert.deepStrictEqual(lines(`${storage}-csv`, name), lines("csv", name), name)
        }
      }
      const raw = lines("csv", "latest_raw_user_ratings.csv")
      const translated = lines("csv", "latest_translated_user_ratings.csv")
      const watched = lines("csv", "latest_watched_films.csv")
      assert.strictEqual(raw[0], "user_id,film_id,rating,liked")
      assert.strictEqual(translated[0], "username,film_title,rating,liked")
      assert.strictEqual(watched[0], "user_id,film_id,liked")
      assert.match(raw[1] ?? "", /^1,\d+,\d\.\d,$/u)
      assert.match(raw.at(-1) ?? "", /^8,\d+,\d\.\d,(?:true|false)$/u)
      assert.isTrue(raw.some((line) => line.endsWith(",true")))
      assert.isAbove(watched.length, 10)
      const json = await lb(folder, ["export", "--out", "csv", "--to", "jsonl", "--into", "json"], time)
      assert.strictEqual(json.code, 0, json.err)
      assert.include(lines("json", "ratings.jsonl").at(-1), `"liked":`)
    }),
    180_000
  )

  it(
    "names the facts there are",
    inEmptyFolder(async (folder) => {
      const ended = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--keep", "likes"])
      assert.strictEqual(ended.code, 1)
      assert.include(ended.err, "one or more of rated_on, liked, watched")
    })
  )
})
