/** What a loss of power leaves of work that the suite for folders does not do. */
import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { makePowerCuts, processTable, writePowerCut } from "@letterboxd-ratings/storage-testkit/folder"
import { Effect } from "effect"
import { sample } from "../../../vitest.sample.ts"
import { batchOf, commitRest, contentOf, freshFolder, goOn, startNew, verify, withDataset } from "./Batches.ts"

/** Does something with a folder, and looks at each loss of power there may be meanwhile. */
const afterEach = <A, E, R>(
  what: string,
  folder: string,
  work: (cuts: Pick<ReturnType<typeof makePowerCuts>, "disk" | "promise">) => Effect.Effect<A, E, R>,
  check: (folder: string, promised: number) => Effect.Effect<void, unknown, FileSystem.FileSystem | Path.Path>
) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const { cuts, disk, promise } = makePowerCuts(path.dirname(folder))
    yield* work({ disk, promise })
    assert.isAbove(cuts().length, 10)
    for (const cut of sample(`losses of power ${what}`, cuts(), 12)) {
      yield* Effect.gen(function* () {
        const again = yield* freshFolder
        yield* writePowerCut(cut, path.dirname(again))
        yield* check(again, cut.promised)
      }).pipe(
        Effect.scoped,
        Effect.tapErrorCause(() => Effect.logError(`Power was lost after ${cut.after}`))
      )
    }
  })

const original = {
  "latest_raw_user_ratings.csv": "user_id,film_id,rating\n1,51608,4\n2,240344,3.5\n",
  "latest_user_mappings.csv": "username,numeric_user_id\ndavee,1\nother,2\n",
  "latest_film_mappings.csv": "film_id,film_title\n51608,fail-safe\n240344,naked-lunch\n",
  "latest_user_updates.csv": "username,last_updated\ndavee,2025-03-01\n",
  "latest_translated_user_ratings.csv": "username,film_title,rating\ndavee,fail-safe,4\nother,naked-lunch,3.5\n",
  "users/user_davee_raw.csv": "user_id,film_id,rating\n1,51608,3\n"
}

layer(NodeContext.layer)("CsvStorage after a loss of power", (it) => {
  it.scoped(
    "has the original tool's files, or the dataset made of them and the files aside",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* freshFolder
        yield* fs.makeDirectory(`${folder}/users`, { recursive: true })
        for (const [name, text] of Object.entries(original)) yield* fs.writeFileString(`${folder}/${name}`, text)
        yield* afterEach(
          "on adopting the original tool's files",
          folder,
          ({ disk, promise }) => withDataset(folder, goOn, () => promise, { disk }),
          (again, promised) =>
            Effect.gen(function* () {
              const isAdopted = yield* fs.exists(`${again}/manifest.json`)
              if (promised > 0) assert.isTrue(isAdopted)
              yield* withDataset(again, goOn, ({ state }) => Effect.sync(() => assert.strictEqual(state.ratings, 2)), {
                pid: 3
              })
              const content = yield* contentOf(again)
              // Each byte of the original is somewhere.
              for (const [name, text] of Object.entries(original))
                assert.isTrue(Object.values(content).includes(text), name)
              assert.deepStrictEqual((yield* verify(again, true)).problems, [])
              assert.strictEqual(
                (yield* contentOf(again))["users/user_davee_raw.csv"],
                "user_id,film_id,rating\n1,51608,4.0\n"
              )
            })
        )
      }),
    400_000
  )

  it.scoped(
    "has the files of members as the rows are, and those of batches",
    () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const options = { memberFiles: true, versioned: true }
        yield* withDataset(folder, startNew, (dataset) => commitRest(dataset, 1), { options })
        const more = { name: "null", ratings: [[20, 1]] as const }
        yield* afterEach(
          "with files of members and batches",
          folder,
          ({ disk, promise }) =>
            withDataset(
              folder,
              goOn,
              (dataset) => Effect.zipRight(dataset.commit(batchOf(dataset.state, 9, [more], [])), promise),
              { disk, options }
            ),
          (again, promised) =>
            Effect.gen(function* () {
              yield* withDataset(
                again,
                goOn,
                ({ state }) => Effect.sync(() => assert.isAtLeast(state.batches, 1 + promised)),
                { pid: 3 }
              )
              const content = yield* contentOf(again)
              const isThere = content["manifest.json"]?.includes(`"batches": 2`) === true
              assert.strictEqual(
                content["users/user_null_raw.csv"],
                `user_id,film_id,rating\n${isThere ? "1,20,1.0\n" : "1,10,4.0\n1,20,0.5\n"}`
              )
              assert.strictEqual(
                content["raw_user_ratings_20260101-000900.csv"],
                isThere ? "user_id,film_id,rating\n1,20,1.0\n" : undefined
              )
              assert.deepStrictEqual((yield* verify(again)).problems, [])
            })
        )
      }),
    400_000
  )

  it.scoped("has what somebody added, in its place or aside, while it is set aside", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const raw = "latest_raw_user_ratings.csv"
      const before = (yield* contentOf(folder))[raw] ?? ""
      const added = "1,999999,4.0\n"
      yield* fs.writeFileString(path.join(folder, raw), added, { flag: "a" })
      const { cuts, disk } = makePowerCuts(path.dirname(folder))
      const repaired = yield* Effect.flatMap(
        CsvStorage.make({ folder, ...CsvStorage.defaults }),
        ({ verify: repair }) => repair({ repair: true })
      ).pipe(Effect.provide(processTable(1)), Effect.provide(disk.layer))
      assert.deepStrictEqual(repaired.problems, [])
      for (const cut of cuts()) {
        const texts = [...cut.files]
          .filter(([, bytes]) => bytes !== undefined)
          .map(([name, bytes]) => [name, new TextDecoder().decode(bytes)] as const)
        assert.isTrue(
          texts.some(([name, text]) =>
            name.endsWith(raw) ? text === before + added : name.includes(".uncommitted") && text === added
          ),
          cut.after
        )
      }
    })
  )
})
