import { assert, describe, it } from "@effect/vitest"
import { Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb } from "./Lb.ts"

type Member = World["members"][number]

const gone = "secretive_one"
const films = [1, 2, 3, 4].map((id) => ({ id, slug: `film-${id}`, title: `Film ${id}` }))
const member = (username: string, ratings: ReadonlyArray<number>): Member => ({
  username,
  displayName: username,
  state: "public",
  films: films.slice(0, ratings.length).map((film, i) => ({ film, rating: ratings[i] ?? 1 }))
})
const leads = (username: string, to: string): Member => ({ ...member(username, []), state: { renamedTo: to } })

/** The files below a folder that contain a text, whatever they are. */
const filesWith = (folder: string, text: string): ReadonlyArray<string> =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => fs.statSync(path.join(folder, file)).isFile())
    .filter((file) => fs.readFileSync(path.join(folder, file)).includes(text))

describe("the name of a member who is forgotten", () => {
  for (const storage of ["csv", "sqlite", "parquet"]) {
    it(
      `does not come back into ${storage} by a name that leads to it, by a recording, or by lb rename`,
      inEmptyFolder((folder) =>
        Effect.runPromise(
          Effect.scoped(
            Effect.flatMap(
              Sandbox.make({ world: { members: [member("ann", [4]), member("davee", [3, 2, 1])] } }),
              (site) =>
                Effect.promise(async () => {
                  const data = path.join(folder, "data_output")
                  const kept = ["--storage", storage]
                  const live = ["--base-url", site.url, "--rate", "unlimited"]
                  const args = [...kept, ...live]
                  const first = ["run", "--mode", "new", "--batches", "1", "--batch-size", "2"]
                  assert.strictEqual((await lb(folder, [...first, ...args, "--quiet"])).code, 0)
                  assert.strictEqual((await lb(folder, ["forget", gone, "--yes", ...kept])).code, 0)
                  await Effect.runPromise(
                    site.become({
                      members: [
                        member("ann", [4]),
                        leads("davee", gone),
                        leads("newcomer", gone),
                        leads("further", "halfway_one"),
                        leads("halfway_one", gone),
                        member(gone, [3, 2, 1, 5])
                      ]
                    })
                  )
                  const advice =
                    "Not read, because its name leads to a member who asked to be left out: davee. The dataset keeps what it has. If it is the same person: lb forget davee"
                  for (const words of [
                    ["user", "davee", "--record", path.join(folder, "davee.warc.gz")],
                    ["refresh", "davee"]
                  ]) {
                    const { code, err, out } = await lb(folder, [...words, ...args])
                    assert.strictEqual(code, 2, out + err)
                    assert.include(out, advice)
                    assert.notInclude(out + err, gone)
                  }
                  const chain = ["user", "further", "--record", path.join(folder, "chain.warc.gz")]
                  const left = ["--failed", path.join(folder, "failed.txt")]
                  assert.strictEqual((await lb(folder, [...chain, gone, ...left, ...args])).code, 0)
                  assert.notInclude(fs.readFileSync(path.join(folder, "failed.txt"), "utf8"), gone)
                  const led = await lb(folder, ["import", "chain.warc.gz", ...kept])
                  assert.strictEqual(led.code, 0, led.out + led.err)
                  assert.deepStrictEqual([...filesWith(data, "further"), ...filesWith(data, "halfway_one")], [])
                  const { code, out } = await lb(folder, ["user", "newcomer", ...args])
                  assert.strictEqual(code, 0, out)
                  assert.include(out, "Left out, because they asked for it (lb forget): 1 member.")
                  assert.include(out, "holds 4 ratings of 2 members")
                  const imported = await lb(folder, ["import", "davee.warc.gz", ...kept])
                  assert.strictEqual(imported.code, 2, imported.out + imported.err)
                  assert.include(imported.out, advice)
                  const renamed = await lb(folder, ["rename", "davee", gone, "--yes", ...kept])
                  assert.strictEqual(renamed.code, 1)
                  assert.include(renamed.err, "If davee is the same person: lb forget davee")
                  assert.deepStrictEqual(filesWith(data, gone), [])

                  const status = await lb(folder, ["status", ...kept])
                  assert.match(status.out, /^members +2$/mu)
                  assert.match(status.out, /^left out \(lb forget\) +1$/mu)
                  assert.include(
                    (await lb(folder, ["forget", "davee", "--yes", ...kept])).out,
                    "1 name and 3 ratings are gone"
                  )
                  assert.strictEqual((await lb(folder, ["user", "davee", ...args])).code, 0)
                  assert.deepStrictEqual(filesWith(data, "davee"), [])
                  assert.strictEqual((await lb(folder, ["verify", ...kept])).code, 0)
                })
            )
          )
        )
      ),
      60_000
    )
  }
})
