import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { folderSuite, makeDisk } from "@letterboxd-ratings/storage-testkit/folder"
import { Effect } from "effect"
import * as fc from "fast-check"
import { randomCases, sample } from "../../../vitest.sample.ts"
import {
  batchOf,
  commitRest,
  contentOf,
  film,
  freshFolder,
  goOn,
  setAside,
  startNew,
  verify,
  withDataset
} from "./Batches.ts"

/** What the whole history comes to when nothing disturbs it, and how many calls of the disk that takes. */
const undisturbed = Effect.gen(function* () {
  const folder = yield* freshFolder
  const disk = makeDisk()
  yield* withDataset(folder, startNew, commitRest, { disk, options: { versioned: true } })
  return { content: yield* contentOf(folder), calls: disk.calls() }
})

folderSuite({
  name: "CsvStorage",
  storage: (folder) => CsvStorage.layer({ folder, ...CsvStorage.defaults }),
  sample: (what, points) => sample(what, points, 12)
})

layer(NodeContext.layer)("CsvStorage under faults, besides", (it) => {
  it.scoped(
    "killed at any of its calls, versioned, it goes on to the same bytes",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const { calls, content } = yield* undisturbed
        assert.isAbove(calls, 50)
        const all = Array.from({ length: calls }, (_, i) => i + 1)
        for (const at of sample("deaths of CsvStorage, versioned", all, 12)) {
          const folder = yield* freshFolder
          const disk = makeDisk({ at, code: "EIO", extent: "crash", shortWrite: true })
          yield* Effect.exit(withDataset(folder, startNew, commitRest, { disk, options: { versioned: true } }))
          const isThere = yield* fs.exists(path.join(folder, "manifest.json"))
          yield* withDataset(folder, isThere ? goOn : setAside, commitRest, { pid: 2, options: { versioned: true } })
          const left = Object.entries(yield* contentOf(folder)).filter(([name]) => !name.includes(".uncommitted"))
          assert.deepStrictEqual(Object.fromEntries(left), content, `killed at call ${at}`)
        }
      }),
    400_000
  )

  it.scoped(
    "any sequence of batches, renames, re-readings, crashes and re-openings leaves what a simple model says",
    () =>
      Effect.gen(function* () {
        const step = fc.record({
          members: fc.uniqueArray(
            fc.record({
              member: fc.nat(6),
              films: fc.uniqueArray(fc.integer({ min: 1, max: 9 })),
              stars: fc.integer({ min: 1, max: 10 })
            }),
            { minLength: 1, maxLength: 3, selector: ({ member }) => member }
          ),
          rename: fc.option(fc.integer({ min: 1, max: 9 })),
          crashAt: fc.option(fc.integer({ min: 3, max: 40 }))
        })
        const { count, seed } = randomCases("histories of CsvStorage", { full: 60, fullSeed: 20261124, most: 12 })
        for (const steps of fc.sample(fc.array(step, { minLength: 1, maxLength: 6 }), { numRuns: count, seed })) {
          const folder = yield* freshFolder
          const rows = new Map<string, ReadonlyArray<string>>()
          const ids = new Map<string, number>()
          const titles = new Map<number, string>()
          let batches = 0
          let version = 0
          for (const { crashAt, members, rename } of steps) {
            version += 1
            const seen = new Set(members.flatMap(({ films }) => films))
            if (rename !== null && titles.has(rename)) seen.add(rename)
            const title = (id: number) =>
              id === rename ? `Film ${id}, version ${version}` : (titles.get(id) ?? `Film ${id}`)
            const commit = (dataset: Parameters<typeof commitRest>[0]) =>
              dataset.commit(
                batchOf(
                  dataset.state,
                  version,
                  members.map(({ films, member, stars }) => ({
                    name: `member_${member}`,
                    ratings: films.map((id) => [id, stars / 2] as const)
                  })),
                  [...seen].map((id) => film({ id, slug: `film-${id}`, title: title(id) }))
                )
              )
            const mode = batches === 0 ? setAside : goOn
            const disk = makeDisk(
              crashAt === null ? undefined : { at: crashAt, code: "EIO", extent: "crash", shortWrite: true }
            )
            yield* Effect.exit(withDataset(folder, mode, commit, { disk, pid: version, running: [version] }))
            const fs = yield* FileSystem.FileSystem
            const committed = (yield* fs.exists(`${folder}/manifest.json`))
              ? yield* withDataset(folder, goOn, ({ state }) => Effect.succeed(state.batches), { pid: 99 })
              : 0
            if (committed === batches) continue
            batches = committed
            for (const id of seen) titles.set(id, title(id))
            for (const { films, member, stars } of members) {
              const name = `member_${member}`
              if (!ids.has(name)) ids.set(name, ids.size + 1)
              rows.set(
                name,
                films.map((id) => `${ids.get(name)},${id},${(stars / 2).toFixed(1)}`)
              )
            }
          }
          if (batches === 0) continue
          assert.deepStrictEqual((yield* verify(folder)).problems, [])
          const content = yield* contentOf(folder)
          const lines = (name: string) => (content[name] ?? "").trimEnd().split("\n").slice(1)
          assert.deepStrictEqual(
            lines("latest_user_mappings.csv"),
            [...ids].map(([name, id]) => `${name},${id}`)
          )
          assert.sameMembers(lines("latest_raw_user_ratings.csv"), [...rows.values()].flat())
          const names = new Map([...ids].map(([name, id]) => [String(id), name]))
          const quotedTitle = (id: string) =>
            (titles.get(Number(id)) ?? "").includes(",") ? `"${titles.get(Number(id))}"` : titles.get(Number(id))
          assert.deepStrictEqual(
            lines("latest_translated_user_ratings.csv"),
            lines("latest_raw_user_ratings.csv").map((row) => {
              const [user = "", id = "", stars = ""] = row.split(",")
              return `${names.get(user)},${quotedTitle(id)},${stars}`
            })
          )
        }
      }),
    400_000
  )
})
