/**
 * How many changes of a year a budget of requests finds: the planner, and reading the members first that were read longest
 * ago. Both start from the same dataset, and the sandbox shows both the same days.
 */
import { RatingsStorage, type Refresh, type RefreshReport } from "@letterboxd-ratings/core"
import { changingWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { Chunk, Effect, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import { datasetOf, ratingsIn, ratingsOf } from "../../packages/cli/test/RefreshedYear.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const shared = path.join(root, "../shared/world/watched.csv.gz")

/** The lengths of real lists, where they are at hand. */
const listLengths = (members: number): ReadonlyArray<number> => {
  if (!fs.existsSync(shared)) return Array.from({ length: members }, (_, i) => 40 + ((i * 7919) % 1_900))
  const counts = new Map<string, number>()
  for (const line of gunzipSync(fs.readFileSync(shared)).toString("utf8").split("\n").slice(1)) {
    const user = line.slice(0, line.indexOf(","))
    if (user !== "") counts.set(user, (counts.get(user) ?? 0) + 1)
  }
  return [...counts.values()].slice(0, members)
}

const members = 1_000
const days = 364
const daysBetweenRefreshes = 14

type Refreshing = (
  refresh: (options: Partial<Refresh.RefreshOptions>) => Effect.Effect<RefreshReport, unknown, RatingsStorage>
) => Effect.Effect<RefreshReport, unknown, RatingsStorage>

/** The changes that a year of refreshes found, and the requests that they took. */
const year = (films: ReadonlyArray<number>, refreshOnce: Refreshing) =>
  Effect.gen(function* () {
    const changing = changingWorld({ seed: 2026, films })
    const site = yield* Sandbox.make({ world: changing.world() })
    const { readAll, refresh, start } = datasetOf(changing, site)
    yield* start
    let requests = 0
    for (let day = 1; day <= days; day += 1) {
      yield* site.become(changing.nextDay())
      if (day % daysBetweenRefreshes !== 0) continue
      requests += (yield* refreshOnce(refresh)).requests
    }
    const storage = yield* RatingsStorage
    const found = yield* Effect.scoped(
      Effect.flatMap(storage.open({ _tag: "continue" }), (dataset) =>
        Effect.map(Stream.runCollect(dataset.changes), (changes) => Chunk.size(changes))
      )
    )
    // A full pass, after which the dataset is what the site shows.
    yield* site.become(changing.nextDay())
    yield* readAll
    const isPublic = new Set(
      changing.world().members.flatMap(({ state, username }) => (state === "public" ? [username] : []))
    )
    const rows = (yield* ratingsIn()).filter((row) => isPublic.has(row.slice(0, row.indexOf(" "))))
    const truth = ratingsOf(changing.world())
    const isTrue = rows.length === truth.length && rows.every((row, i) => row === truth[i])
    return { found, requests, isTrue, changes: changing.changes() }
  }).pipe(Effect.scoped, Effect.provide(MemoryStorage.layer({ place: "year" })), Effect.runPromise)

/** Those that were read longest ago, as many as the budget allows. */
const oldestFirst =
  (budget: number): Refreshing =>
  (refresh) =>
    Effect.gen(function* () {
      const storage = yield* RatingsStorage
      const { state } = yield* storage.inspect
      const byAge = [...state.members.values()]
        .filter((record) => record.state === "sealed")
        .toSorted((one, other) => one.readAt.epochMillis - other.readAt.epochMillis)
      const asked = []
      // robots.txt
      let left = budget - 1
      for (const { lastPage, username } of byAge) {
        const pages = Math.max(1, lastPage)
        if (pages > left) break
        left -= pages
        asked.push(username)
      }
      return yield* refresh({ asked })
    })

export const refreshAYear = async (shares: ReadonlyArray<number> = [0.25, 0.5]): Promise<void> => {
  const films = listLengths(members)
  const pages = films.reduce((sum, count) => sum + Math.max(1, Math.ceil(count / 72)), 0)
  process.stdout.write(
    `${films.length} members, ${pages.toLocaleString("en-US")} pages, ${days} days, a refresh every ${daysBetweenRefreshes} days\n`
  )
  for (const share of shares) {
    const budget = Math.round((pages * share) / (days / daysBetweenRefreshes))
    const planned = await year(films, (refresh) => refresh({ budget }))
    const oldest = await year(films, oldestFirst(budget))
    process.stdout.write(
      `budget of ${share} of all pages a year (${budget} requests each time): planner ${planned.found.toLocaleString("en-US")} changes with ${planned.requests.toLocaleString("en-US")} requests, oldest first ${oldest.found.toLocaleString("en-US")} with ${oldest.requests.toLocaleString("en-US")}, of ${planned.changes.toLocaleString("en-US")}: ${(planned.found / oldest.found).toFixed(2)} times as many; after a full pass the dataset ${planned.isTrue && oldest.isTrue ? "equals" : "DOES NOT EQUAL"} the truth\n`
    )
  }
}
