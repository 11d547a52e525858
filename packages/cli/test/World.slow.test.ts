import { assert, describe, it } from "@effect/vitest"
import { loadWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { sample } from "../../../vitest.sample.ts"
import { inEmptyFolder, lbProcess, rowsOf } from "./Lb.ts"

const shared = fileURLToPath(new URL("../../../../shared/world/", import.meta.url))
/** As many as a members page of the site lists. */
const batchSize = 30
const absent = !fs.existsSync(shared)

describe.skipIf(absent)(
  `729k real ratings of 1,020 members${absent ? " (skipped: there is no ../shared/world here)" : ""}`,
  () => {
    for (const generation of sample("generations of the real world's markup", ["2022", "2026-09"] as const, 1)) {
      it(
        `arrive all, once, and right, in the markup of ${generation}`,
        inEmptyFolder((folder) =>
          Effect.runPromise(
            Effect.scoped(
              Effect.gen(function* () {
                const all = yield* loadWorld({ films: `${shared}films.csv`, watched: `${shared}watched.csv.gz` })
                const some = sample("members of the real world", all.members, 60)
                const world = { members: some.slice(0, some.length - (some.length % batchSize)) }
                const count = world.members.length
                const ratings = world.members.reduce(
                  (sum, { films }) => sum + films.filter(({ rating }) => rating !== undefined).length,
                  0
                )
                const pages = world.members.reduce(
                  (sum, { films }) => sum + Math.max(1, Math.ceil(films.length / 72)),
                  0
                )
                if (count === all.members.length) assert.deepStrictEqual([ratings, pages], [728_836, 11_556])
                // What is compressed is read the same; half of the pages do without, which takes a good part of the time.
                const site = yield* Sandbox.make({ world, behaviour: { generation, gzip: generation !== "2022" } })
                const { code, err, out } = yield* Effect.promise(() =>
                  lbProcess(folder, [
                    "run",
                    "--mode",
                    "new",
                    "--batches",
                    `${count / batchSize}`,
                    "--batch-size",
                    `${batchSize}`,
                    "--rate",
                    "unlimited",
                    "--base-url",
                    site.url,
                    "--quiet"
                  ])
                )
                assert.strictEqual(code, 0, err)
                assert.include(
                  out,
                  `${count.toLocaleString("en-US")} members complete: ${ratings.toLocaleString("en-US")} ratings`
                )
                const data = path.join(folder, "data_output")
                const ids = new Map(world.members.map(({ username }, i) => [username, i + 1]))
                assert.deepStrictEqual(
                  rowsOf(data, "latest_user_mappings.csv"),
                  [...ids].map(([name, id]) => `${name},${id}`)
                )
                const labels = new Map(
                  rowsOf(data, "latest_film_mappings.csv").map((row) => [
                    Number(row.slice(0, row.indexOf(","))),
                    row.slice(row.indexOf(",") + 1, row.lastIndexOf(","))
                  ])
                )
                const raw = rowsOf(data, "latest_raw_user_ratings.csv")
                const translated = rowsOf(data, "latest_translated_user_ratings.csv")
                let row = 0
                for (const { films, username } of world.members) {
                  for (const { film, rating } of films) {
                    if (rating === undefined) continue
                    const stars = rating.toFixed(1)
                    if (
                      raw[row] !== `${ids.get(username)},${film.id},${stars}` ||
                      translated[row] !== `${username},${labels.get(film.id)},${stars}`
                    ) {
                      assert.fail(
                        `row ${row}: ${raw[row]} / ${translated[row]} instead of ${username} ${film.id} ${stars}`
                      )
                    }
                    row += 1
                  }
                }
                assert.strictEqual(row, ratings)
                assert.strictEqual(raw.length, row)
                assert.strictEqual(translated.length, row)
                const requests = yield* site.requests
                assert.strictEqual(yield* site.totalRequests, pages + count / batchSize + 1)
                assert.isTrue([...requests.values()].every((count) => count === 1))
              })
            )
          )
        ),
        400_000
      )
    }
  }
)
