import { RatingsStorage, type Refresh, type RefreshReport } from "@letterboxd-ratings/core"
import { changingWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { Chunk, Effect, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import type { Benchmark } from "./Benchmark.ts"
import { figure } from "./MeasuredProcess.ts"
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
  }).pipe(
    Effect.scoped,
    Effect.provide(MemoryStorage.layer({ place: "year" })),
    Effect.mapError((cause) => new Error("The year broke off.", { cause }))
  )

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

export const refreshAYear: Benchmark = {
  about:
    "changes of a year that a budget of requests finds: the planner, beside reading first what was read longest ago",
  isShort: false,
  figures: () =>
    Effect.gen(function* () {
      const films = listLengths(members)
      const pages = films.reduce((sum, count) => sum + Math.max(1, Math.ceil(count / 72)), 0)
      const figures = yield* Effect.forEach([0.25, 0.5], (share) =>
        Effect.gen(function* () {
          const budget = Math.round((pages * share) / (days / daysBetweenRefreshes))
          const planned = yield* year(films, (refresh) => refresh({ budget }))
          const oldest = yield* year(films, oldestFirst(budget))
          for (const { isTrue } of [planned, oldest])
            if (!isTrue)
              return yield* Effect.fail(new Error("After a full pass the dataset does not equal what the site shows."))
          const name = `${films.length} members, ${pages} pages, ${days} days, a budget of ${budget} requests every ${daysBetweenRefreshes} days`
          return [
            figure(
              { name: `${name}: changes found`, unit: "changes", value: planned.found },
              { what: "all changes", value: planned.changes },
              { what: "reading first what was read longest ago", value: oldest.found }
            ),
            figure({ name: `${name}: requests used`, unit: "requests", value: planned.requests }, undefined, {
              what: "reading first what was read longest ago",
              value: oldest.requests
            })
          ]
        })
      )
      return figures.flat()
    })
}
