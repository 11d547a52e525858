import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb } from "./Lb.ts"

const rowsIn = (file: string): number => fs.readFileSync(file, "utf8").trimEnd().split("\n").length - 1

describe("lb export", () => {
  it(
    "prepares ratings for a recommender, and says what it left out",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--quiet"])
      const args = ["--min-user-ratings", "5", "--min-film-ratings", "2", "--split", "random:0.2", "--contiguous"]
      const { code, err, out } = await lb(folder, ["export", "--to", "movielens", "--json", ...args])
      assert.strictEqual(code, 0, err)
      assert.match(err, /at least 5 ratings and each film at least 2 ratings among what is here\..* in \d+ rounds?\./u)
      assert.match(err, /Left out: \d+ of 20 members, [\d,]+ of [\d,]+ films, [\d,]+ of [\d,]+ ratings\./u)
      const report: unknown = JSON.parse(out)
      const into = path.join(folder, "data_output-movielens")
      const [train, test] = ["train", "test"].map((part) => rowsIn(path.join(into, `ratings.${part}.csv`)))
      assert.nestedPropertyVal(report, "ratings", (train ?? 0) + (test ?? 0))
      assert.deepNestedPropertyVal(report, "parts", [
        { name: "train", rows: train },
        { name: "test", rows: test }
      ])
      assert.nestedPropertyVal(report, "users", rowsIn(path.join(into, "users.index.csv")))
      assert.nestedPropertyVal(report, "films", rowsIn(path.join(into, "films.index.csv")))
      assert.isAbove(test ?? 0, 0)

      // The same again, and another split under another seed.
      const again = async (name: string, more: ReadonlyArray<string>) => {
        const exported = await lb(folder, ["export", "--to", "movielens", "--into", name, ...args, ...more])
        assert.strictEqual(exported.code, 0, exported.err)
        return fs.readFileSync(path.join(folder, name, "ratings.test.csv"), "utf8")
      }
      const first = fs.readFileSync(path.join(into, "ratings.test.csv"), "utf8")
      assert.strictEqual(await again("again", ["--seed", "0"]), first)
      assert.notStrictEqual(await again("other", ["--seed", "other"]), first)

      // Parquet is written by another package.
      const parquet = await lb(folder, ["export", "--to", "parquet-file", "--split", "leave-one-out"])
      assert.strictEqual(parquet.code, 0, parquet.err)
      assert.deepStrictEqual(fs.readdirSync(path.join(folder, "data_output-parquet-file")).toSorted(), [
        "DATA_CARD.md",
        "ratings.test.parquet",
        "ratings.train.parquet"
      ])
      const card = fs.readFileSync(path.join(folder, "data_output-parquet-file", "DATA_CARD.md"), "utf8")
      const [, all, trained, tested] =
        /\| ratings \| ([\d,]+) \|[^]*`ratings\.train\.parquet` \| ([\d,]+) \|[^]*`ratings\.test\.parquet` \| ([\d,]+) \|/u
          .exec(card)
          ?.map((number) => Number(number.replaceAll(",", ""))) ?? []
      assert.strictEqual((trained ?? 0) + (tested ?? 0), all)

      // The sandbox's pages tell no days.
      const before = fs.readdirSync(folder)
      const byTime = await lb(folder, ["export", "--to", "jsonl", "--split", "time:2025-01-01"])
      assert.strictEqual(byTime.code, 1)
      assert.match(byTime.err, /: ([\d,]+) of \1 ratings cannot be split by time: .*Choose another split/u)
      const nothing = await lb(folder, ["export", "--to", "jsonl", "--min-film-ratings", "21"])
      assert.strictEqual(nothing.code, 1)
      assert.include(nothing.err, "no rating is left where each member has at least 1 rating and each film at least 21")
      assert.deepStrictEqual(fs.readdirSync(folder), before)
    }),
    120_000
  )

  it(
    "refuses options of a preparation that do not fit, before it reads anything",
    inEmptyFolder(async (folder) => {
      const cases: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [["--to", "sqlite", "--split", "leave-one-out"], "--split is for layouts (movielens"],
        [["--to", "csv", "--min-user-ratings", "5"], "--min-user-ratings is for layouts (movielens"],
        [["--to", "jsonl", "--contiguous"], "--contiguous is for movielens, kaggle and recbole, not for jsonl"],
        [["--to", "jsonl", "--seed", "1"], "--seed is only for --split"],
        [["--to", "jsonl", "--split", "time:2025-01-01", "--anonymise"], "an anonymous export has no days of ratings"],
        [["--to", "jsonl", "--split", "random"], "--split must be random:SHARE"],
        [["--to", "jsonl", "--split", "random:1"], "--split must be random:SHARE"],
        [["--to", "jsonl", "--split", "time:2025-02-30"], "or time:DAY"],
        [["--to", "jsonl", "--split", "leave-one-out", "--seed", "a`b"], "--seed must be 1 to 64 letters"],
        [["--to", "jsonl", "--min-film-ratings", "0"], "--min-film-ratings must be a whole number from 1"]
      ]
      for (const [args, words] of cases) {
        const { code, err } = await lb(folder, ["export", ...args])
        assert.strictEqual(code, 1, args.join(" "))
        assert.include(err, words)
      }
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    }),
    120_000
  )

  it(
    "takes numbers at TMDB and IMDb from a table, where the dataset has none",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--quiet"])
      const linksOf = async (name: string, more: ReadonlyArray<string>) => {
        const exported = await lb(folder, ["export", "--to", "movielens", "--into", name, ...more])
        assert.strictEqual(exported.code, 0, exported.err)
        const [header = "", ...rows] = fs
          .readFileSync(path.join(folder, name, "links.csv"), "utf8")
          .trimEnd()
          .split("\n")
        assert.isTrue(header.startsWith("movieId,imdbId,tmdbId,"), header)
        const slug = header.split(",").indexOf("letterboxdSlug")
        const numbers = rows.map((row) => row.split(","))
        return { said: exported.err, rows: new Map(numbers.map((cells) => [cells[slug], cells.slice(1, 3).join(" ")])) }
      }
      const without = await linksOf("without", [])
      const [one = "", two = "", three = "", ...others] = [...without.rows.keys()].map(String)
      assert.strictEqual(without.rows.get(one), " ")
      const table = [
        "imdb_id,slug,tmdb_id",
        `tt0075148,${one},1366`,
        `,https://letterboxd.com/film/${two}/,77`,
        `tt1,${three},5`,
        `tt0000001,${three},6`,
        "tt2,not-in-the-dataset,8",
        "tt3,,9"
      ]
      fs.writeFileSync(path.join(folder, "wikidata.csv"), `${table.join("\r\n")}\r\n`)
      const { rows, said } = await linksOf("joined", ["--films", "wikidata.csv"])
      assert.include(said, "Numbers at TMDB or IMDb of 3 films are from a table")
      assert.strictEqual(rows.get(one), "0075148 1366")
      assert.strictEqual(rows.get(two), " 77")
      // Its rows agree on one number only.
      assert.strictEqual(rows.get(three), "0000001 ")
      for (const slug of others) assert.strictEqual(rows.get(slug), " ")

      fs.writeFileSync(path.join(folder, "other.csv"), "slug,year\nrocky,1976\n")
      for (const [args, why] of [
        [["--to", "movielens", "--films", "other.csv"], "it has no column tmdb_id and none imdb_id"],
        [["--to", "movielens", "--films", "missing.csv"], "missing.csv"],
        [["--to", "sqlite", "--films", "wikidata.csv"], "is for layouts"]
      ] as const) {
        const refused = await lb(folder, ["export", ...args, "--into", "refused"])
        assert.strictEqual(refused.code, 1)
        assert.include(refused.err, why)
        assert.isFalse(fs.existsSync(path.join(folder, "refused")))
      }
    })
  )
})
