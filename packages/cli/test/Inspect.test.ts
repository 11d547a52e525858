import { assert, describe, it } from "@effect/vitest"
import { Rating } from "@letterboxd-ratings/core"
import { Schema } from "effect"
import * as fc from "fast-check"
import * as fs from "node:fs"
import * as path from "node:path"
import { byStars, Histogram, histogramLines } from "../src/inspect/Histogram.ts"
import { correlationOf } from "../src/inspect/InspectPair.ts"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const stars = Schema.decodeUnknownSync(Rating)
const ratings = fc.array(
  fc.integer({ min: 1, max: 10 }).map((half) => stars(half / 2)),
  { maxLength: 50 }
)
const histogramOf = (values: ReadonlyArray<Rating>): Histogram => {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

describe("a histogram", () => {
  it("has the mean and the lower median of its ratings", () => {
    fc.assert(
      fc.property(ratings, (values) => {
        const { mean, median, total } = histogramOf(values)
        assert.strictEqual(total, values.length)
        if (values.length === 0) {
          assert.isUndefined(mean)
          assert.isUndefined(median)
          return
        }
        assert.closeTo(mean ?? 0, values.reduce((sum, n) => sum + n, 0) / values.length, 1e-9)
        assert.strictEqual(median, values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1])
      }),
      { numRuns: 100 }
    )
  })

  it("keeps to the width of the screen, and shows the least of bars", () => {
    fc.assert(
      fc.property(ratings, fc.integer({ min: 20, max: 200 }), (values, width) => {
        const histogram = histogramOf(values)
        const lines = histogramLines(histogram, width)
        assert.lengthOf(lines, 10)
        for (const [i, line] of lines.entries()) {
          assert.isAtMost(line.length, width)
          assert.strictEqual(/[█-▏]/u.test(line), (histogram.counts[i] ?? 0) > 0)
        }
      }),
      { numRuns: 100 }
    )
    const many = histogramOf([...Array<Rating>(1000).fill(stars(3)), stars(0.5)])
    for (const width of [40, 80, 200]) {
      const lines = histogramLines(many, width)
      assert.match(lines[5] ?? "", /^3\.0 █+  *1,000 100 %$/u)
      assert.match(lines[0] ?? "", /^0\.5 ▏ +1 {3}0 %$/u)
    }
  })

  it("gives the counts by stars", () => {
    assert.deepInclude(byStars(histogramOf([stars(4.5), stars(4.5), stars(5)])), { "4.5": 2, "5.0": 1, "0.5": 0 })
  })
})

describe("a correlation", () => {
  it("is that of Pearson, and none where nothing varies", () => {
    const pair = (one: number, other: number) => ({ one: stars(one), other: stars(other) })
    assert.closeTo(correlationOf([pair(1, 2), pair(2, 3), pair(3, 4)]) ?? 0, 1, 1e-9)
    assert.closeTo(correlationOf([pair(1, 4), pair(2, 3), pair(3, 2)]) ?? 0, -1, 1e-9)
    assert.closeTo(correlationOf([pair(1, 1), pair(2, 3), pair(3, 2)]) ?? 0, 0.5, 1e-9)
    assert.isUndefined(correlationOf([pair(1, 1)]))
    assert.isUndefined(correlationOf([pair(2, 1), pair(2, 3)]))
  })
})

/** An official export of a month. All films that were seen were rated. */
const writeExport = (folder: string, name: string, month: number, rows: ReadonlyArray<string>) => {
  const place = path.join(folder, "exports", `letterboxd-${name}-2026-0${month}-01-12-00-utc`)
  fs.mkdirSync(place, { recursive: true })
  const write = (file: string, lines: ReadonlyArray<string>) =>
    fs.writeFileSync(path.join(place, file), lines.map((line) => `${line}\n`).join(""))
  write("profile.csv", ["Date Joined,Username", `2020-01-01,${name}`])
  write("ratings.csv", ["Date,Name,Year,Letterboxd URI,Rating", ...rows])
  write("watched.csv", ["Date,Name,Year,Letterboxd URI", ...rows.map((row) => row.replace(/,[^,]*$/u, ""))])
}

describe("lb inspect", () => {
  for (const storage of ["csv", "sqlite"]) {
    it(
      `shows members, films and ratings as the files have them (${storage})`,
      inEmptyFolder(async (folder) => {
        const ask = (...args: ReadonlyArray<string>) => lb(folder, args)
        const run = await ask(
          "run",
          "--mode",
          "new",
          "--source",
          "sandbox",
          "--batches",
          "1",
          "--batch-size",
          "4",
          "--quiet"
        )
        assert.strictEqual(run.code, 0, run.err)
        const rows = rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv").map((row) =>
          row.split(",").map(Number)
        )
        const names = new Map(
          rowsOf(path.join(folder, "data_output"), "latest_user_mappings.csv").map((row) => {
            const [name = "", id] = row.split(",")
            return [Number(id), name] as const
          })
        )
        if (storage !== "csv") {
          assert.strictEqual((await ask("export", "--to", storage, "--into", "other")).code, 0)
        }
        const place = storage === "csv" ? [] : ["--storage", storage, "--out", "other"]
        const json = async (...words: ReadonlyArray<string>): Promise<Record<string, unknown>> => {
          const { code, err, out } = await ask("inspect", ...words, ...place, "--json")
          assert.strictEqual(code, 0, err)
          assert.match(out, /^[^\n]+\n$/u)
          return JSON.parse(out)
        }
        const meanOf = (some: ReadonlyArray<ReadonlyArray<number>>) =>
          some.reduce((sum, [, , rating = 0]) => sum + rating, 0) / some.length

        const all = await json("ratings")
        assert.strictEqual(all["ratings"], rows.length)
        assert.closeTo(Number(all["mean"]), meanOf(rows), 1e-9)
        assert.strictEqual(all["members"], new Set(rows.map(([user]) => user)).size)
        assert.strictEqual(all["films"], new Set(rows.map(([, film]) => film)).size)

        if (storage !== "csv") return

        const [user = 0, film = 0] = rows[0] ?? []
        const name = names.get(user) ?? ""
        const own = rows.filter(([one]) => one === user)
        const member = await json("member", name.toUpperCase())
        assert.deepInclude(member, { username: name, userId: user, state: "sealed", ratings: own.length, changes: [] })
        assert.closeTo(Number(member["mean"]), meanOf(own), 1e-9)

        const raters = rows.filter(([, one]) => one === film)
        const ofFilm = await json("film", `film:${film}`)
        assert.deepInclude(ofFilm, { filmId: film, ratings: raters.length })
        assert.deepStrictEqual(
          (ofFilm["ratedBy"] as ReadonlyArray<{ userId: number; username: string }>).map(({ userId, username }) => [
            userId,
            username
          ]),
          raters
            .toSorted(([a = 0, , x = 0], [b = 0, , y = 0]) => y - x || a - b)
            .map(([userId = 0]) => [userId, names.get(userId) ?? ""])
        )
        assert.deepStrictEqual(await json("film", String(ofFilm["slug"])), ofFilm)
        assert.deepStrictEqual(await json("film", `https://letterboxd.com/film/${String(ofFilm["slug"])}/`), ofFilm)

        const other = [...new Set(rows.map(([one = 0]) => one))].at(-1) ?? 0
        const filmsOf = (one: number) => new Set(rows.flatMap(([userId, id]) => (userId === one ? [id] : [])))
        const common = [...filmsOf(user)].filter((id) => filmsOf(other).has(id))
        const pair = await json("member", name, names.get(other) ?? "")
        assert.strictEqual(pair["inCommon"], common.length)
        assert.deepStrictEqual(
          (pair["films"] as ReadonlyArray<{ filmId: number }>).map(({ filmId }) => filmId).toSorted(),
          common.toSorted()
        )

        const { out } = await ask("inspect", "member", name, ...place)
        assert.match(out, /^state +complete$/mu)
        assert.match(out, /^proof +all pages of the list$/mu)
        assert.match(out, /^source +the pages of the site$/mu)
        assert.match(out, /^changes +not recorded/mu)
        assert.lengthOf(out.match(/^\d\.\d .* %$/gmu) ?? [], 10)
      })
    )
  }

  it(
    "shows proof and changes of a member that was read again, and no control character",
    inEmptyFolder(async (folder) => {
      const ask = (...args: ReadonlyArray<string>) => lb(folder, args)
      const rated = (alien: number) => `2026-01-01,Alien,1979,https://boxd.it/2awY,${alien}`
      const big = "2026-01-02,Big,1988,https://boxd.it/29nc,3"
      writeExport(folder, "davee", 3, [rated(4.5)])
      assert.strictEqual((await ask("import", "exports")).code, 0)
      writeExport(folder, "davee", 4, [rated(5), big])
      assert.strictEqual((await ask("import", "exports")).code, 0)
      const { code, err, out } = await ask("inspect", "member", "davee")
      assert.strictEqual(code, 0, err)
      assert.match(out, /^proof +an official export$/mu)
      assert.match(out, /^rated +from 2026-01-01 to 2026-01-02$/mu)
      assert.match(out, /^changes +2$/mu)
      assert.match(out, /4\.5 → 5\.0 {2}Alien \(1979\)$/mu)
      assert.match(out, /none → 3\.0 {2}Big \(1988\)$/mu)
      assert.notMatch(out, /[^\P{C}\n]/u)
    })
  )

  it(
    "says what is wrong with the words, and what the dataset does not have",
    inEmptyFolder(async (folder) => {
      const ask = (...args: ReadonlyArray<string>) => lb(folder, ["inspect", ...args])
      assert.include((await ask("ratings")).err, "lb run --mode new")
      assert.strictEqual(
        (await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "1"])).code,
        0
      )
      for (const [words, said] of [
        [[], "needs a member, film or ratings, for example lb inspect member davee"],
        [["members"], `not "members". Did you mean lb inspect member?`],
        [["member"], "lb inspect member needs a NAME"],
        [["member", "a", "b", "c"], `"c" is one word too many`],
        [["member", "no such"], "member name"],
        [["member", "nobody_here"], "The dataset has no member nobody_here"],
        [["film"], "needs an ID or a SLUG"],
        [["film", "\u001B[31m"], "The dataset has no film"],
        [["film", "99999999999"], "The dataset has no film"],
        [["ratings", "all"], `"all" is one word too many`]
      ] as const) {
        const { code, err, out } = await ask(...words)
        assert.strictEqual(code, 1, words.join(" "))
        assert.include(err, said)
        assert.match(err, /^[^\p{C}]+\n$/u)
        assert.strictEqual(out, "")
      }
    })
  )
})
