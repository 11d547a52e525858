import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { StorageError } from "@letterboxd-ratings/core"
import { Cause, Effect, Exit, Option } from "effect"
import * as fc from "fast-check"
import { batchOf, commitRest, contentOf, film, freshFolder, goOn, setAside, startNew, verify, withDataset } from "./Batches.ts"
import { type Failure, makeDisk } from "./Disk.ts"

/** What the whole history comes to when nothing disturbs it, and how many calls of the disk that takes. */
const undisturbed = (options = { versioned: false }) =>
  Effect.gen(function*() {
    const folder = yield* freshFolder
    const disk = makeDisk()
    yield* withDataset(folder, startNew, commitRest, { disk, options })
    return { content: yield* contentOf(folder), calls: disk.calls() }
  })

/** Opens again as another process, goes on to the end of the history, and looks at the files. */
const finish = (folder: string, options = { versioned: false }) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const hasDataset = (yield* fs.exists(folder)) && (yield* fs.exists(path.join(folder, "manifest.json")))
    yield* withDataset(folder, hasDataset ? goOn : setAside, commitRest, { pid: 2, options })
    return yield* contentOf(folder)
  })

layer(NodeContext.layer)("CsvStorage under faults", (it) => {
  for (const versioned of [false, true]) {
    it.scoped(`killed at any of its calls${versioned ? ", versioned" : ""}, it goes on to the same bytes`, () =>
      Effect.gen(function*() {
        const { calls, content } = yield* undisturbed({ versioned })
        assert.isAbove(calls, 50)
        for (let at = 1; at <= calls; at++) {
          for (const shortWrite of versioned ? [true] : [false, true]) {
            const folder = yield* freshFolder
            const disk = makeDisk({ at, code: "EIO", extent: "crash", shortWrite })
            yield* Effect.exit(withDataset(folder, startNew, commitRest, { disk, options: { versioned } }))
            assert.deepStrictEqual(yield* finish(folder, { versioned }), content, `killed at call ${at}`)
          }
        }
      }), 400_000)
  }

  it.scoped("each failing call is a clear error that loses no committed row", () =>
    Effect.gen(function*() {
      const { calls, content } = yield* undisturbed()
      const kinds: ReadonlyArray<readonly [Failure["code"], boolean, string]> = [
        ["ENOSPC", false, "Full"],
        ["ENOSPC", true, "Full"],
        ["EIO", false, "Failed"],
        ["EACCES", false, "NotPermitted"]
      ]
      for (const [code, shortWrite, reason] of kinds) {
        for (let at = 1; at <= calls; at++) {
          const folder = yield* freshFolder
          const disk = makeDisk({ at, code, extent: "call", shortWrite })
          const exit = yield* Effect.exit(withDataset(folder, startNew, commitRest, { disk }))
          if (Exit.isFailure(exit)) {
            const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
            assert(failure instanceof StorageError)
            assert.strictEqual(failure.reason, reason, `call ${at}`)
            assert.include(failure.message, folder)
          }
          assert.deepStrictEqual(yield* finish(folder), content, `${code} at call ${at}`)
        }
      }
    }), 400_000)

  it.scoped("after a failed commit the files hold what the last one left, for other readers too", () =>
    Effect.gen(function*() {
      const folder = yield* freshFolder
      const counting = makeDisk()
      yield* withDataset(folder, startNew, commitRest, { disk: counting })
      const before = yield* contentOf(folder)
      const more = (dataset: Parameters<typeof commitRest>[0]) =>
        dataset.commit(batchOf(dataset.state, 9, [{ name: "more", ratings: [[10, 1], [99, 2]] }], [film({ id: 99, slug: "new" })]))
      for (let at = 3; ; at++) {
        const disk = makeDisk({ at, code: "ENOSPC", extent: "call", shortWrite: true })
        const exit = yield* Effect.exit(withDataset(folder, goOn, more, { disk }))
        if (Exit.isSuccess(exit)) break
        // Once the manifest was renamed the batch is committed, whatever fails after.
        const after = yield* contentOf(folder)
        if (after["manifest.json"] !== before["manifest.json"]) break
        assert.deepStrictEqual(after, before, `call ${at}`)
      }
    }))

  it.scoped("refuses to commit after a commit that failed", () =>
    Effect.gen(function*() {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const exit = yield* withDataset(folder, goOn, (dataset) =>
        Effect.gen(function*() {
          const batch = batchOf(dataset.state, 9, [{ name: "more", ratings: [[10, 1]] }], [])
          yield* Effect.exit(dataset.commit(batch))
          return yield* Effect.exit(dataset.commit(batch))
        }), { disk: makeDisk({ at: 8, code: "EIO", extent: "call", shortWrite: false }) })
      assert.isTrue(Exit.isFailure(exit))
    }))

  it.scoped("killed while it sets an old dataset aside, it has the old one or the new one, whole", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const { content: old } = yield* undisturbed()
      const counting = makeDisk()
      const rehearsal = yield* freshFolder
      yield* withDataset(rehearsal, startNew, commitRest)
      yield* withDataset(rehearsal, setAside, commitRest, { disk: counting })
      for (let at = 1; at <= counting.calls(); at++) {
        const folder = yield* freshFolder
        yield* withDataset(folder, startNew, commitRest)
        yield* Effect.exit(withDataset(folder, setAside, commitRest, {
          disk: makeDisk({ at, code: "EIO", extent: "crash", shortWrite: true })
        }))
        // The next process finds a dataset in the place, and the old one there or set aside.
        yield* withDataset(folder, goOn, commitRest, { pid: 2 })
        const beside = yield* fs.readDirectory(path.dirname(folder))
        const aside = beside.find((name) => name.includes(".bak-"))
        assert.deepStrictEqual(yield* contentOf(folder), old, `killed at call ${at}`)
        if (aside !== undefined) {
          const { ".lock": _, ".lock-1": __, ...kept } = yield* contentOf(path.join(path.dirname(folder), aside))
          assert.deepStrictEqual(kept, old)
        }
        assert.isFalse(beside.some((name) => name.includes(".new-")), `killed at call ${at}: ${beside.join(" ")}`)
      }
    }), 400_000)

  it.scoped("any sequence of batches, renames, re-readings, crashes and re-openings leaves what a simple model says", () =>
    Effect.gen(function*() {
      const step = fc.record({
        members: fc.uniqueArray(
          fc.record({ member: fc.nat(6), films: fc.uniqueArray(fc.integer({ min: 1, max: 9 })), stars: fc.integer({ min: 1, max: 10 }) }),
          { minLength: 1, maxLength: 3, selector: ({ member }) => member }
        ),
        rename: fc.option(fc.integer({ min: 1, max: 9 })),
        crashAt: fc.option(fc.integer({ min: 3, max: 40 }))
      })
      for (const steps of fc.sample(fc.array(step, { minLength: 1, maxLength: 6 }), { numRuns: 60, seed: 20261124 })) {
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
          const title = (id: number) => id === rename ? `Film ${id}, version ${version}` : titles.get(id) ?? `Film ${id}`
          const commit = (dataset: Parameters<typeof commitRest>[0]) =>
            dataset.commit(batchOf(
              dataset.state,
              version,
              members.map(({ films, member, stars }) => ({
                name: `member_${member}`,
                ratings: films.map((id) => [id, stars / 2] as const)
              })),
              [...seen].map((id) => film({ id, slug: `film-${id}`, title: title(id) }))
            ))
          const mode = batches === 0 ? setAside : goOn
          const disk = makeDisk(crashAt === null ? undefined : { at: crashAt, code: "EIO", extent: "crash", shortWrite: true })
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
            rows.set(name, films.map((id) => `${ids.get(name)},${id},${(stars / 2).toFixed(1)}`))
          }
        }
        if (batches === 0) continue
        assert.deepStrictEqual((yield* verify(folder)).problems, [])
        const content = yield* contentOf(folder)
        const lines = (name: string) => (content[name] ?? "").trimEnd().split("\n").slice(1)
        assert.deepStrictEqual(lines("latest_user_mappings.csv"), [...ids].map(([name, id]) => `${name},${id}`))
        assert.sameMembers(lines("latest_raw_user_ratings.csv"), [...rows.values()].flat())
        const names = new Map([...ids].map(([name, id]) => [String(id), name]))
        const quotedTitle = (id: string) => (titles.get(Number(id)) ?? "").includes(",") ? `"${titles.get(Number(id))}"` : titles.get(Number(id))
        assert.deepStrictEqual(
          lines("latest_translated_user_ratings.csv"),
          lines("latest_raw_user_ratings.csv").map((row) => {
            const [user = "", id = "", stars = ""] = row.split(",")
            return `${names.get(user)},${quotedTitle(id)},${stars}`
          })
        )
      }
    }), 400_000)
})
