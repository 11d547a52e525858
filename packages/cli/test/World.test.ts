import { assert, describe, it } from "@effect/vitest"
import { loadWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const shared = fileURLToPath(new URL("../../../../shared/world/", import.meta.url))
const absent = !fs.existsSync(shared)

describe.skipIf(absent)(
  `729k real ratings of 1,020 members${absent ? " (skipped: there is no ../shared/world here)" : ""}`,
  () => {
    for (const generation of ["2022", "2026-09"] as const) {
      it(
        `arrive all, once, and right, in the markup of ${generation}`,
        inEmptyFolder((folder) =>
          Effect.runPromise(
            Effect.scoped(
              Effect.gen(function* () {
                const world = yield* loadWorld({ films: `${shared}films.csv`, watched: `${shared}watched.csv.gz` })
                // What is compressed is read the same; half of the pages do without, which takes a good part of the time.
                const site = yield* Sandbox.make({ world, behaviour: { generation, gzip: generation !== "2022" } })
                const { code, err, out } = yield* Effect.promise(() =>
                  lb(folder, [
                    "run",
                    "--mode",
                    "new",
                    "--batches",
                    "34",
                    "--batch-size",
                    "30",
                    "--rate",
                    "unlimited",
                    "--base-url",
                    site.url,
                    "--quiet"
                  ])
                )
                assert.strictEqual(code, 0, err)
                assert.include(out, "1,020 members complete: 728,836 ratings")
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
                assert.strictEqual(row, 728_836)
                assert.strictEqual(raw.length, row)
                assert.strictEqual(translated.length, row)
                const requests = yield* site.requests
                assert.strictEqual(yield* site.totalRequests, 11_556 + 34 + 1)
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
