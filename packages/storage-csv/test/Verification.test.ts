import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import type { OpenDataset } from "@letterboxd-ratings/core"
import { type CsvFile, CsvManifest } from "@letterboxd-ratings/storage-csv"
import { crc32Of } from "@letterboxd-ratings/storage-folder"
import { Effect, Schema } from "effect"
import { batchOf, commitRest, contentOf, film, freshFolder, goOn, startNew, verify, withDataset } from "./Batches.ts"

const decodeManifest = Schema.decodeUnknownSync(Schema.parseJson(CsvManifest))
const encodeManifest = Schema.encodeSync(Schema.parseJson(CsvManifest))

/** Changes a file and makes the manifest vouch for it, as a faulty version of this tool could have. */
const forge = (folder: string, file: CsvFile, change: (text: string) => string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const manifest = decodeManifest(yield* fs.readFileString(path.join(folder, "manifest.json")))
    const entry = manifest.files[file]
    if (entry === undefined) return assert.fail(file)
    const place = path.join(folder, entry.name)
    const bytes = new TextEncoder().encode(change(yield* fs.readFileString(place)))
    yield* fs.writeFile(place, bytes)
    const forged = {
      ...entry,
      bytes: bytes.length,
      crc32: crc32Of(bytes),
      rows: new TextDecoder().decode(bytes).split("\n").length - (file === "memberRecords" ? 1 : 2)
    }
    yield* fs.writeFileString(
      path.join(folder, "manifest.json"),
      encodeManifest({ ...manifest, files: { ...manifest.files, [file]: forged } })
    )
  })

layer(NodeContext.layer)("lb verify", (it) => {
  it.scoped("finds nothing wrong with a sound dataset, and changes nothing", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const before = yield* contentOf(folder)
      assert.deepStrictEqual(yield* verify(folder), { ratings: 6, problems: [], repaired: [] })
      assert.deepStrictEqual(yield* verify(folder, true), { ratings: 6, problems: [], repaired: [] })
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("finds nothing wrong with a sound dataset while batches are committed to it", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const commit = (dataset: OpenDataset, minute: number) => {
        const films = Array.from({ length: 3_000 }, (_, i) =>
          film({ id: i + 1, slug: `film-${i}`, title: `Film ${i} of ${minute}` })
        )
        const ratings = films.map(({ id }) => [id, (minute % 10) / 2 + 0.5] as const)
        return dataset.commit(batchOf(dataset.state, minute, [{ name: "rater", ratings }], films))
      }
      yield* withDataset(folder, startNew, (dataset) => commit(dataset, 1))
      const found: Array<string> = []
      const commits = { areDone: false }
      const committing = yield* Effect.fork(
        withDataset(folder, goOn, (dataset) =>
          Effect.forEach(
            Array.from({ length: 12 }, (_, i) => i + 2),
            (minute) => commit(dataset, minute),
            { discard: true }
          )
        ).pipe(Effect.ensuring(Effect.sync(() => (commits.areDone = true))))
      )
      while (!commits.areDone) {
        const outcome = yield* Effect.either(verify(folder))
        if (outcome._tag === "Right") found.push(...outcome.right.problems)
        else assert.include(String(outcome.left), "in use")
      }
      yield* committing
      assert.deepStrictEqual(found, [])
    })
  )

  it.scoped("finds any byte that is changed, added within, or missing", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const whole = yield* contentOf(folder)
      const manifest = decodeManifest(whole["manifest.json"])
      for (const { name } of Object.values(manifest.files)) {
        const text = whole[name] ?? ""
        for (const broken of [
          text.slice(0, -1),
          `${text.slice(0, 20)}#${text.slice(21)}`,
          `${text.slice(0, 20)}#${text.slice(20)}`,
          undefined
        ]) {
          const place = path.join(folder, name)
          yield* broken === undefined ? fs.remove(place) : fs.writeFileString(place, broken)
          const { problems } = yield* verify(folder)
          assert.isAbove(problems.length, 0, name)
          assert.include(problems.join("\n"), name)
          yield* fs.writeFileString(place, text)
        }
      }
      assert.deepStrictEqual((yield* verify(folder)).problems, [])
    })
  )

  it.scoped("finds what checksums cannot: contradictions between files", () =>
    Effect.gen(function* () {
      const contradictions: ReadonlyArray<readonly [CsvFile, (text: string) => string, string]> = [
        ["rawRatings", (text) => text.replace("5,10,5.0", "77,10,5.0"), "row 1 of ratings: unknown user 77"],
        ["rawRatings", (text) => text.replace("5,10,5.0", "5,99,5.0"), "row 1 of ratings: unknown film 99"],
        ["rawRatings", (text) => text.replace("5,10,5.0", "5,10,5.5"), `rating cannot be "5.5"`],
        ["rawRatings", (text) => text.replace("5,40,1.0", "5,10,1.0"), "user 5 has film 10 more than once"],
        ["rawRatings", (text) => text.replace("5,40,1.0\n", ""), "ratings, but the member's record says"],
        ["translatedRatings", (text) => text.replace("last,", "lost,"), "row 6 is not the translation of the raw row"],
        ["userMappings", (text) => text.replace("last,6", "last,7"), "ids are missing between"],
        ["userMappings", (text) => text.replace("last,6", "last,5"), "the id 5 after 5"],
        ["userMappings", (text) => text.replace("last,6", "half,6"), "names half a second time"],
        ["filmMappings", (text) => text.replace("30,Null", "20,Null"), "names film 20 a second time"],
        ["userUpdates", (text) => text.replace("last,", "lost,"), "lost has no user id"],
        ["userUpdates", (text) => text.replace("2026-01-01T00:05:00.000Z", "soon"), "is no name with a time"],
        [
          "memberRecords",
          (text) => text.replaceAll(`"ratings":1,`, `"ratings":3,`),
          "has 1 ratings, but the member's record says 3"
        ]
      ]
      for (const [file, change, words] of contradictions) {
        const folder = yield* freshFolder
        yield* withDataset(folder, startNew, commitRest)
        yield* forge(folder, file, change)
        assert.include((yield* verify(folder)).problems.join("\n"), words)
      }
    })
  )

  it.scoped("rebuilds the translated ratings however they were damaged, and nothing else", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const whole = yield* contentOf(folder)
      const name = "latest_translated_user_ratings.csv"
      for (const broken of [
        "",
        (whole[name] ?? "").slice(0, 50),
        (whole[name] ?? "").replace("last", "lost"),
        undefined
      ]) {
        const place = path.join(folder, name)
        yield* broken === undefined ? fs.remove(place) : fs.writeFileString(place, broken)
        const { problems, repaired } = yield* verify(folder, true)
        assert.deepStrictEqual(problems, [])
        assert.include(repaired[0] ?? "", name)
        assert.strictEqual((yield* contentOf(folder))[name], whole[name])
        yield* withDataset(folder, goOn, () => Effect.void)
      }
      yield* fs.writeFileString(path.join(folder, "latest_raw_user_ratings.csv"), "user_id,film_id,rating\n")
      const { problems, repaired } = yield* verify(folder, true)
      assert.isAbove(problems.length, 0)
      assert.deepStrictEqual(repaired, [])
    })
  )
})
