import { assert, describe, it } from "@effect/vitest"
import { Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

type Member = World["members"][number]

const films = [1, 2, 3, 4].map((id) => ({ id, slug: `film-${id}`, title: `Film ${id}` }))
const member = (username: string, ratings: ReadonlyArray<number>): Member => ({
  username,
  displayName: username,
  state: "public",
  films: films.slice(0, ratings.length).map((film, i) => ({ film, rating: ratings[i] ?? 1 }))
})

const said = (folder: string, args: ReadonlyArray<string>, day = 9) =>
  lb(folder, args, { SOURCE_DATE_EPOCH: `${Date.UTC(2026, 0, day) / 1000}` }).then(({ code, err, out }) => {
    assert.strictEqual(code, 0, `lb ${args.join(" ")}: ${out}${err}`)
    return `${out}${err}`
  })

describe("a member with another name", () => {
  for (const [storage, command] of [
    ["csv", "user"],
    ["csv", "refresh"],
    ["sqlite", "user"],
    ["parquet", "user"]
  ] as const) {
    it(
      `keeps its number and its history in ${storage} when lb ${command} finds it, and can be exported as it was`,
      inEmptyFolder((folder) =>
        Effect.runPromise(
          Effect.scoped(
            Effect.flatMap(
              Sandbox.make({
                world: { members: [member("ann", [4]), member("davee", [3, 2, 1]), member("zoe", [5])] }
              }),
              (site) =>
                Effect.promise(async () => {
                  const kept = ["--storage", storage]
                  const args = [...kept, "--base-url", site.url, "--rate", "unlimited", "--quiet"]
                  await said(folder, ["run", "--mode", "new", "--batches", "1", "--batch-size", "3", ...args], 1)
                  await said(folder, ["user", "davee", ...args], 2)
                  await Effect.runPromise(
                    site.become({
                      members: [
                        member("ann", [4]),
                        { ...member("davee", []), state: { renamedTo: "david" } },
                        member("david", [3, 2.5, 1, 5]),
                        member("zoe", [5])
                      ]
                    })
                  )
                  await said(folder, [command, "davee", ...args], 3)
                  assert.include(await said(folder, ["verify", ...kept]), "is valid")

                  await said(folder, ["export", "--from", storage, "--to", "csv", "--into", "now"])
                  const users = rowsOf(path.join(folder, "now"), "latest_user_mappings.csv")
                  assert.deepStrictEqual(users.slice(0, 3), ["ann,1", "david,2", "zoe,3"])
                  assert.deepStrictEqual(
                    rowsOf(path.join(folder, "now"), "latest_raw_user_ratings.csv").filter((row) =>
                      row.startsWith("2,")
                    ),
                    ["2,1,3.0", "2,2,2.5", "2,3,1.0", "2,4,5.0"]
                  )
                  const then = ["--as-of", "2026-01-02", "--to", "csv", "--into", "then"]
                  await said(folder, ["export", "--from", storage, ...then])
                  assert.deepStrictEqual(rowsOf(path.join(folder, "then"), "latest_user_mappings.csv"), [
                    "ann,1",
                    "davee,2",
                    "zoe,3"
                  ])
                  assert.deepStrictEqual(
                    rowsOf(path.join(folder, "then"), "latest_raw_user_ratings.csv").filter((row) =>
                      row.startsWith("2,")
                    ),
                    ["2,1,3.0", "2,2,2.0", "2,3,1.0"]
                  )
                  if (storage === "csv") {
                    const data = path.join(folder, "data_output")
                    assert.isTrue(
                      rowsOf(data, "latest_translated_user_ratings.csv").every((row) => !row.startsWith("davee,"))
                    )
                    const translated = fs.readFileSync(path.join(data, "users", "user_david_translated.csv"), "utf8")
                    assert.include(translated, "david,Film 2,2.5")
                    assert.deepStrictEqual(rowsOf(path.join(data, "users"), "user_davee_translated.csv"), [])
                    assert.deepStrictEqual(
                      fs.readdirSync(path.join(data, "users")).filter((name) => !name.endsWith(".csv")),
                      []
                    )
                  }
                })
            )
          )
        )
      ),
      60_000
    )
  }
})

describe("lb rename", () => {
  for (const storage of ["csv", "sqlite", "parquet"])
    it(
      `gives a member a name back that it had, in ${storage}, and says what another list lacks`,
      inEmptyFolder((folder) =>
        Effect.runPromise(
          Effect.scoped(
            Effect.flatMap(
              Sandbox.make({
                world: { members: [member("carl", [3, 2]), member("zoe", [5]), member("zoey", [4, 3, 1])] }
              }),
              (site) =>
                Effect.promise(async () => {
                  const kept = ["--storage", storage]
                  const args = [...kept, "--base-url", site.url, "--rate", "unlimited", "--quiet"]
                  await said(folder, ["run", "--mode", "new", "--batches", "1", "--batch-size", "3", ...args])
                  for (const [from, to] of [
                    ["carl", "carlb"],
                    ["carlb", "carlc"],
                    ["carlc", "carl"]
                  ] as const) {
                    const plan = await lb(folder, ["rename", from, to, ...kept])
                    assert.include(plan.err, `${from} (2 ratings) gets the name ${to}. Nothing was changed.`)
                    assert.include(
                      await said(folder, ["rename", from, to, "--yes", ...kept]),
                      `${from} is called ${to} now: one member, whose id, rows and history go on.\n`
                    )
                    assert.include(await said(folder, ["verify", ...kept]), "is valid")
                  }
                  // carl and zoe take each other's names, and give them back, by way of a third one.
                  for (const [from, to] of [
                    ["carl", "third"],
                    ["zoe", "carl"],
                    ["third", "zoe"],
                    ["zoe", "third"],
                    ["carl", "zoe"],
                    ["third", "carl"]
                  ] as const) {
                    await said(folder, ["rename", from, to, "--yes", ...kept])
                    assert.include(await said(folder, ["verify", ...kept]), "is valid")
                    // A name that the member had long ago leads to the member, whoever has the names between.
                    const plan = await lb(folder, ["forget", "carlb", "--plan", ...kept])
                    assert.include(plan.out, ": 2 ratings. Nothing was changed.", `${from} to ${to}: ${plan.out}`)
                  }
                  const joined = await said(folder, ["rename", "zoey", "zoe", "--yes", ...kept])
                  assert.include(joined, "2 ratings of zoey that are not on the list of zoe were removed.")
                  await said(folder, ["export", "--from", storage, "--to", "csv", "--into", "now"])
                  const now = path.join(folder, "now")
                  assert.deepStrictEqual(rowsOf(now, "latest_user_mappings.csv"), [
                    "carl,1",
                    "zoe,2",
                    "zoey,3",
                    "carlc,4",
                    "carlb,5",
                    "third,6"
                  ])
                  assert.deepStrictEqual(rowsOf(now, "latest_raw_user_ratings.csv").toSorted(), [
                    "1,1,3.0",
                    "1,2,2.0",
                    "2,1,5.0"
                  ])
                  // All names go with the member.
                  assert.include(
                    await said(folder, ["forget", "carl", "--yes", ...kept]),
                    "4 names and 2 ratings are gone"
                  )
                })
            )
          )
        )
      ),
      60_000
    )

  it(
    "joins two names where the site cannot be asked, and refuses what it cannot know",
    inEmptyFolder((folder) =>
      Effect.runPromise(
        Effect.scoped(
          Effect.flatMap(
            Sandbox.make({
              world: { members: [member("davee", [3, 2, 1]), member("zoe", [5]), member("david", [3, 2.5, 1])] }
            }),
            (site) =>
              Effect.promise(async () => {
                const args = ["--base-url", site.url, "--rate", "unlimited", "--quiet"]
                await said(folder, ["run", "--mode", "new", "--batches", "1", "--batch-size", "3", ...args])
                for (const [words, why] of [
                  [["davee"], "Two names are required"],
                  [["nobody", "david", "--yes"], "nobody is not in the dataset"],
                  [["davee", "not a name!", "--yes"], "not a name"],
                  [["davee", "@Davee", "--yes"], "Both names are davee. Nothing was changed."],
                  [["davee", "david"], "share 3 films. Nothing was changed. Add --yes"]
                ] as const) {
                  const { code, err } = await lb(folder, ["rename", ...words])
                  assert.strictEqual(code, 1)
                  assert.include(err, why)
                }
                assert.include(
                  await said(folder, ["rename", "davee", "@david", "--yes"]),
                  "davee is called david now: one member"
                )
                assert.include(await said(folder, ["rename", "davee", "david"]), "one member already")
                const data = path.join(folder, "data_output")
                assert.deepStrictEqual(rowsOf(data, "latest_user_mappings.csv"), ["david,1", "zoe,2", "davee,3"])
                assert.include(await said(folder, ["rename", "zoe", "zoey", "--yes"]), "zoe is called zoey now")
                assert.deepStrictEqual(rowsOf(data, "latest_translated_user_ratings.csv"), [
                  "zoey,Film 1,5.0",
                  "david,Film 1,3.0",
                  "david,Film 2,2.5",
                  "david,Film 3,1.0"
                ])
                assert.include(await said(folder, ["verify"]), "is valid")
                // Neither name is read as a new member again.
                const again = await said(folder, ["run", "--mode", "continue", "--json", ...args.slice(0, -1)])
                assert.notInclude(again, `"MemberDiscovered","username":"davee"`)
                assert.include(await said(folder, ["verify"]), "is valid")
              })
          )
        )
      )
    ),
    60_000
  )
})
