import { assert, describe, it } from "@effect/vitest"
import { Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const name = "secretive_one"
const worldOf = (ratings: Readonly<Record<string, number>>): World => ({
  members: Object.entries(ratings).map(([username, rating]) => ({
    username,
    displayName: username,
    state: "public",
    films: [1, 2].map((id) => ({ film: { id, slug: `film-${id}`, title: `Film ${id}` }, rating }))
  }))
})

/** The files below a folder that contain a text, whatever they are. */
const filesWith = (folder: string, text: string): ReadonlyArray<string> =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => fs.statSync(path.join(folder, file)).isFile())
    .filter((file) => file.includes(text) || fs.readFileSync(path.join(folder, file)).includes(text))

describe("lb forget", () => {
  for (const storage of ["csv", "sqlite", "parquet"]) {
    it(
      `leaves nothing of a member in the files of ${storage}, and leaves it out from then on`,
      inEmptyFolder((folder) =>
        Effect.runPromise(
          Effect.scoped(
            Effect.flatMap(Sandbox.make({ world: worldOf({ ann: 4, [name]: 3, zoe: 2 }) }), (site) =>
              Effect.promise(async () => {
                const data = path.join(folder, "data_output")
                const kept = ["--storage", storage]
                const args = [...kept, "--base-url", site.url, "--rate", "unlimited"]
                assert.strictEqual((await lb(folder, ["run", "--mode", "new", ...args, "--quiet"])).code, 0)
                await Effect.runPromise(site.become(worldOf({ ann: 4, [name]: 1, zoe: 5 })))
                assert.strictEqual((await lb(folder, ["user", name, "zoe", ...args, "--quiet"])).code, 0)
                fs.writeFileSync(path.join(data, "my notes.txt"), `ask ${name} about this\n`)
                fs.writeFileSync(
                  path.join(data, "unmatched_ratings.csv"),
                  `username,film_slug,rating,source,read_at\nann,x,1.0,table,2026-01-01T00:00:00.000Z\n${name},x,1.0,table,2026-01-01T00:00:00.000Z\n`
                )
                assert.isAbove(filesWith(data, name).length, 2)
                const usersFiles = ["raw", "translated"].map((kind) => `users/user_${name}_${kind}.csv`)
                const report = path.join(folder, `data_output-report-${name}.html`)
                for (const made of [
                  ["report", "--member", name, ...kept],
                  ["export", "--from", storage, "--to", "jsonl", "--into", "lists"]
                ])
                  assert.strictEqual((await lb(folder, made)).code, 0)

                const unfinished = path.join(folder, "lists.new-20260101-000000")
                fs.mkdirSync(unfinished)
                fs.writeFileSync(path.join(unfinished, "ratings.jsonl"), `{"username":"${name}"`)
                fs.mkdirSync(path.join(folder, "lists.new-20260101-000001"))

                const plan = await lb(folder, ["forget", name, "--plan", ...kept])
                const ours = ["unmatched_ratings.csv", ...(storage === "csv" ? usersFiles : [])]
                assert.strictEqual(
                  plan.out,
                  [
                    `${name}: 2 ratings. Nothing was changed.`,
                    `Would be removed beside the dataset: ${ours.map((file) => path.join(data, file)).join(", ")}`,
                    `lb does not change these, which name the member, or may. Look at them, and delete what must go: ${path.join(data, "my notes.txt")}, ${report}, ${path.join(folder, "lists")}, ${unfinished}`,
                    ""
                  ].join("\n")
                )
                const unsure = await lb(folder, ["forget", name, ...kept])
                assert.strictEqual(unsure.code, 1)
                const forgotten = await lb(folder, ["forget", `@${name}`, "--yes", ...kept])
                assert.strictEqual(forgotten.code, 0, forgotten.err)
                assert.include(forgotten.out, "1 name and 2 ratings are gone")
                // What is somebody else's stays, and is named.
                assert.deepStrictEqual(filesWith(data, name), ["my notes.txt"])
                assert.include(forgotten.out, "my notes.txt")
                assert.strictEqual(
                  fs.readFileSync(path.join(data, "unmatched_ratings.csv"), "utf8").trimEnd().split("\n").length,
                  2
                )
                assert.strictEqual((await lb(folder, ["verify", ...kept])).code, 0)

                const user = await lb(folder, ["user", name, ...args])
                assert.include(user.out, "Left out, because they asked for it (lb forget): 1 member.")
                const run = await lb(folder, ["run", "--mode", "continue", ...args, "--quiet"])
                assert.strictEqual(run.code, 0, run.err)
                assert.deepStrictEqual(filesWith(data, name), ["my notes.txt"])
                const again = await lb(folder, ["forget", name, "--yes", ...kept])
                assert.include(again.out, "0 names and 0 ratings are gone")

                if (storage !== "csv") return
                assert.strictEqual(rowsOf(data, "latest_user_mappings.csv").length, 3)
                const exported = await lb(folder, ["export", "--to", "movielens"])
                assert.strictEqual(exported.code, 0, exported.err)
                const card = fs.readFileSync(path.join(`${data}-movielens`, "DATA_CARD.md"), "utf8")
                assert.include(card, "1 member asked to be left out.")
              })
            )
          )
        )
      ),
      60_000
    )
  }

  it(
    "changes nothing that may be another dataset's, follows no link, and names what it cannot search",
    inEmptyFolder((folder) =>
      Effect.runPromise(
        Effect.scoped(
          Effect.flatMap(Sandbox.make({ world: worldOf({ ann: 4, [name]: 3 }) }), (site) =>
            Effect.promise(async () => {
              const data = path.join(folder, "data_output")
              const args = ["--base-url", site.url, "--rate", "unlimited", "--versioned", "--quiet"]
              assert.strictEqual((await lb(folder, ["user", "ann", name, ...args])).code, 0)
              const rows = "user_id,film_id,rating\n1,1,3.0\n2,1,3.0\n"
              const outside = path.join(folder, "outside.csv")
              fs.writeFileSync(outside, `username,film_slug,rating,source,read_at\n${name},x,1.0,table,2026-01-01\n`)
              fs.mkdirSync(path.join(data, "test"))
              fs.mkdirSync(path.join(data, name))
              const others = path.join(data, "test", "raw_user_ratings_20260101-000000.csv")
              fs.writeFileSync(others, rows)
              fs.symlinkSync(".", path.join(data, "a"))
              fs.symlinkSync(outside, path.join(data, "unmatched_ratings.csv"))
              const kept = ["a.warc.gz", `my_${name}_notes.txt`, "latest_raw_user_ratings.csv.changed"]
              for (const file of kept) fs.writeFileSync(path.join(data, file), "")
              const copies = fs.readdirSync(data).filter((file) => /^raw_user_ratings_\d/u.test(file))
              assert.lengthOf(copies, 1)
              // The beginning of another text of an earlier run.
              fs.writeFileSync(path.join(data, `${copies[0]}.new`), "user_id,film_id,rating\n7,")

              const forgotten = await lb(folder, ["forget", name, "--yes"])
              assert.strictEqual(forgotten.code, 0, forgotten.err)
              for (const file of [...kept, name, "a", "unmatched_ratings.csv"])
                assert.match(forgotten.out, new RegExp(`Look at them, .*${path.join(data, file)}[ ,\n]`, "u"))
              assert.strictEqual(fs.readFileSync(others, "utf8"), rows)
              assert.include(fs.readFileSync(outside, "utf8"), name)
              assert.notMatch(fs.readFileSync(path.join(data, `${copies[0]}`), "utf8"), /^2,/mu)
              assert.strictEqual((await lb(folder, ["verify"])).code, 0)
            })
          )
        )
      )
    ),
    60_000
  )
})
