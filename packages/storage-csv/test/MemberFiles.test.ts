/** The files that hold one member each follow the rows of the dataset. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import type { OpenDataset } from "@letterboxd-ratings/core"
import { makeDisk } from "@letterboxd-ratings/storage-testkit/folder"
import { Effect } from "effect"
import * as fc from "fast-check"
import { randomCases } from "../../../vitest.sample.ts"
import { batchOf, contentOf, film, freshFolder, goOn, startNew, verify, withDataset } from "./Batches.ts"

type Batch = Parameters<OpenDataset["commit"]>[0]

/** Commits as `lb user` does, which gives each member of the batch its files. */
const asUser = { options: { memberFiles: true } }

const ten = film({ id: 10, slug: "ten", title: "Ten, the", year: 2002 })
const twenty = film({ id: 20, slug: "twenty", title: "Twenty" })

const raw = "users/user_davee_raw.csv"
const translated = "users/user_davee_translated.csv"

/** The rows of a file, without its header. */
const rowsOf = (content: Readonly<Record<string, string>>, name: string): ReadonlyArray<string> =>
  (content[name] ?? "").split("\n").slice(1, -1)

/** Each file of a member holds the rows of that member in the files of all, in their order. */
const assertFollowing = (content: Readonly<Record<string, string>>, place = "") => {
  const ids = new Map(
    rowsOf(content, "latest_user_mappings.csv")
      .map((row) => row.split(","))
      .map(([name = "", id = ""]) => [name, id])
  )
  for (const name of Object.keys(content)) {
    const [, member, kind] = /^users\/user_(\w+)_(raw|translated)\.csv$/u.exec(name) ?? []
    if (member === undefined) continue
    const [all, own] =
      kind === "raw" ? ["latest_raw_user_ratings.csv", ids.get(member)] : ["latest_translated_user_ratings.csv", member]
    assert.deepStrictEqual(
      rowsOf(content, name),
      rowsOf(content, all).filter((row) => row.startsWith(`${own},`)),
      `${name} ${place}`
    )
  }
}

/** A dataset in which `davee` was asked for and read in part, beside somebody who was not asked for. */
const begun = Effect.gen(function* () {
  const folder = yield* freshFolder
  yield* withDataset(
    folder,
    startNew,
    (dataset) =>
      dataset.commit(batchOf(dataset.state, 1, [{ name: "davee", state: "partial", ratings: [[10, 4]] }], [ten])),
    asUser
  )
  yield* withDataset(folder, goOn, (dataset) =>
    dataset.commit(batchOf(dataset.state, 2, [{ name: "other", ratings: [[10, 1]] }], [ten]))
  )
  return folder
})

const commits = (folder: string, make: (state: OpenDataset["state"]) => Batch) =>
  withDataset(folder, goOn, (dataset) => dataset.commit(make(dataset.state)))

layer(NodeContext.layer)("the files of one member", (it) => {
  it.scoped("follow when the member is completed, read again, and gone, and when a film is renamed", () =>
    Effect.gen(function* () {
      const folder = yield* begun
      yield* commits(folder, (state) =>
        batchOf(state, 3, [{ name: "davee", ratings: [[20, 3]], write: "append" }], [twenty])
      )
      const completed = yield* contentOf(folder)
      assert.deepStrictEqual(rowsOf(completed, raw), ["1,10,4.0", "1,20,3.0"])
      assert.deepStrictEqual(rowsOf(completed, translated), [`davee,"Ten, the (2002)",4.0`, "davee,Twenty,3.0"])
      assert.isUndefined(completed["users/user_other_raw.csv"])

      yield* commits(folder, (state) =>
        batchOf(state, 4, [{ name: "other", ratings: [[10, 2]] }], [film({ ...ten, title: "Ten Again" })])
      )
      assert.deepStrictEqual(rowsOf(yield* contentOf(folder), translated), [
        "davee,Ten Again (2002),4.0",
        "davee,Twenty,3.0"
      ])

      yield* commits(folder, (state) => batchOf(state, 5, [{ name: "davee", ratings: [[20, 5]] }], []))
      assert.deepStrictEqual(rowsOf(yield* contentOf(folder), raw), ["1,20,5.0"])

      yield* commits(folder, (state) =>
        batchOf(
          state,
          6,
          [
            { name: "davee", state: "renamed", write: "replace" },
            { name: "dave", ratings: [[20, 5]] }
          ],
          []
        )
      )
      const moved = yield* contentOf(folder)
      assert.strictEqual(moved[raw], "user_id,film_id,rating\n")
      assert.strictEqual(moved[translated], "username,film_title,rating\n")
      assert.deepStrictEqual(yield* verify(folder), { ratings: 2, problems: [], repaired: [] })
      assert.isFalse(Object.keys(moved).some((name) => name.includes(".uncommitted")))
    })
  )

  it.scoped("are no more where somebody removed them, and take the place of nothing that somebody else wrote", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* begun
      yield* fs.remove(`${folder}/${translated}`)
      yield* fs.writeFileString(`${folder}/${raw}`, "my notes\n")
      yield* fs.writeFileString(`${folder}/users/user_nobody_raw.csv`, "not a member\n")
      yield* fs.writeFileString(`${folder}/users/user_new_raw.csv`, "not yet a member\n")
      const { notes } = yield* commits(folder, (state) =>
        batchOf(
          state,
          3,
          [
            { name: "davee", ratings: [[20, 3]], write: "append" },
            { name: "new", ratings: [[20, 1]] }
          ],
          [twenty]
        )
      )
      const content = yield* contentOf(folder)
      assert.deepStrictEqual(rowsOf(content, raw), ["1,10,4.0", "1,20,3.0"])
      assert.strictEqual(content[`${raw}.uncommitted`], "my notes\n")
      assert.deepStrictEqual(
        notes?.map((note) => note.replaceAll(folder, "")),
        [raw, "users/user_new_raw.csv"].map(
          (name) =>
            `/${name} was another file, or had been changed, and was written anew. What it held is in /${name}.uncommitted.`
        )
      )
      assert.isUndefined(content[translated])
      assert.strictEqual(content["users/user_nobody_raw.csv"], "not a member\n")
      assert.strictEqual(content["users/user_new_raw.csv.uncommitted"], "not yet a member\n")
      assert.deepStrictEqual(rowsOf(content, "users/user_new_raw.csv"), ["3,20,1.0"])
      assert.deepStrictEqual(
        (yield* verify(folder)).problems.filter((problem) => problem.includes("/users/")),
        []
      )
    })
  )

  it.scoped("are proven, and rebuilt, and what they held is kept", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* begun
      const whole = yield* contentOf(folder)
      for (const name of [raw, translated]) {
        for (const text of [
          "",
          `${whole[name]}1,20,3.0\n`,
          (whole[name] ?? "").replace("4.0", "4.5"),
          (whole[name] ?? "").slice(0, -2)
        ]) {
          yield* fs.writeFileString(`${folder}/${name}`, text)
          const { problems } = yield* verify(folder)
          assert.strictEqual(problems.length, 1, text)
          assert.include(problems[0], `${name}: it does not hold the ratings of davee`)
          const { problems: left, repaired } = yield* verify(folder, true)
          assert.deepStrictEqual(left, [])
          assert.include(repaired.join("\n"), name)
          const { [`${name}.uncommitted`]: kept, ...content } = yield* contentOf(folder)
          assert.strictEqual(kept, text)
          assert.strictEqual(content[name], whole[name])
          yield* fs.remove(`${folder}/${name}.uncommitted`)
        }
      }
      // Together with the translated ratings, and not where something else is wrong too.
      yield* fs.writeFileString(`${folder}/${raw}`, "")
      yield* fs.writeFileString(`${folder}/latest_translated_user_ratings.csv`, "")
      assert.deepStrictEqual((yield* verify(folder, true)).problems, [])
      assert.strictEqual((yield* contentOf(folder))[raw], whole[raw])
      yield* fs.writeFileString(`${folder}/${raw}`, "")
      yield* fs.writeFileString(`${folder}/latest_raw_user_ratings.csv`, "")
      assert.isAbove((yield* verify(folder, true)).problems.length, 0)
      assert.strictEqual((yield* contentOf(folder))[raw], "")
    })
  )

  it.scoped(
    "follow over any sequence of batches, deaths and openings",
    () =>
      Effect.gen(function* () {
        const step = fc.record({
          asked: fc.boolean(),
          members: fc.uniqueArray(
            fc.record({
              member: fc.nat(4),
              films: fc.uniqueArray(fc.integer({ min: 1, max: 6 })),
              stars: fc.integer({ min: 1, max: 10 }),
              state: fc.constantFrom("sealed" as const, "partial" as const, "gone" as const)
            }),
            { minLength: 1, maxLength: 3, selector: ({ member }) => member }
          ),
          renamed: fc.option(fc.integer({ min: 1, max: 6 })),
          crashAt: fc.option(fc.integer({ min: 3, max: 60 }))
        })
        const { count, seed } = randomCases("histories of members' files", { full: 40, fullSeed: 20261125, most: 8 })
        for (const steps of fc.sample(fc.array(step, { minLength: 2, maxLength: 6 }), { numRuns: count, seed })) {
          const folder = yield* freshFolder
          const titles = new Map<number, string>()
          let pid = 1
          yield* withDataset(folder, startNew, (dataset) => dataset.commit(batchOf(dataset.state, 0, [], [])), { pid })
          for (const [n, { asked, crashAt, members, renamed }] of steps.entries()) {
            pid += 1
            if (renamed !== null) titles.set(renamed, `Film ${renamed}, version ${n}`)
            const seen = new Set([...members.flatMap(({ films }) => films), ...(renamed === null ? [] : [renamed])])
            const disk = makeDisk(
              crashAt === null ? undefined : { at: crashAt, code: "EIO", extent: "crash", shortWrite: true }
            )
            yield* Effect.exit(
              withDataset(
                folder,
                goOn,
                (dataset) =>
                  dataset.commit(
                    batchOf(
                      dataset.state,
                      n + 1,
                      members.map(({ films, member, stars, state }) => ({
                        name: `member_${member}`,
                        state,
                        ratings: films.map((id) => [id, stars / 2] as const)
                      })),
                      [...seen].map((id) => film({ id, slug: `film-${id}`, title: titles.get(id) ?? `Film ${id}` }))
                    )
                  ),
                { pid, running: [pid], disk, options: { memberFiles: asked } }
              )
            )
            pid += 1
            yield* withDataset(folder, goOn, () => Effect.void, { pid, running: [pid] })
            const content = yield* contentOf(folder)
            assertFollowing(content, JSON.stringify(steps))
            assert.isFalse(Object.keys(content).some((name) => name.includes(".next-")))
            // Only a death leaves files of which nobody can prove whose they are.
            const hasKept = Object.keys(content).some((name) => name.includes(".uncommitted"))
            if (steps.slice(0, n + 1).every((one) => one.crashAt === null)) assert.isFalse(hasKept)
            assert.deepStrictEqual((yield* verify(folder)).problems, [])
          }
        }
      }),
    400_000
  )
})
