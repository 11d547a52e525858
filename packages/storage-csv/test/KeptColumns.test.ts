/** What a dataset keeps beyond stars, in files; and one of format 1, which keeps nothing. */
import { ratingBlocksOf } from "@letterboxd-ratings/core"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { crc32Of } from "@letterboxd-ratings/storage-folder"
import { allRows, commitKept, keptHistory } from "@letterboxd-ratings/storage-testkit"
import { Effect } from "effect"
import { batchOf, contentOf, freshFolder, goOn, setAside, startNew, username, verify, withDataset } from "./Batches.ts"

const raw = "latest_raw_user_ratings.csv"
const translated = "latest_translated_user_ratings.csv"

/** What a manifest says it is. */
const formOf = (manifest = "") => {
  const { format, keeps } = JSON.parse(manifest) as { readonly format: number; readonly keeps?: ReadonlyArray<string> }
  return { format, keeps }
}

layer(NodeContext.layer)("what a dataset keeps", (it) => {
  it.scoped("stands behind the columns of old, from the batch on that asks for it", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, (dataset) => commitKept(dataset, 0, 1))
      const plain = yield* contentOf(folder)
      assert.deepStrictEqual(formOf(plain["manifest.json"]), { format: 1, keeps: undefined })
      assert.notInclude(plain["manifest.json"], "keeps")
      assert.strictEqual(plain[raw], "user_id,film_id,rating\n1,1,4.0\n1,2,0.5\n")

      yield* withDataset(folder, goOn, (dataset) => commitKept(dataset, 1, 2))
      const dated = yield* contentOf(folder)
      assert.deepStrictEqual(formOf(dated["manifest.json"]), {
        format: 2,
        keeps: ["rated_on", "liked", "film_numbers"]
      })
      assert.strictEqual(
        dated[raw],
        "user_id,film_id,rating,rated_on,liked\n1,1,4.0,,\n1,2,0.5,,\n2,1,5.0,2024-02-29,true\n2,3,1.5,,false\n2,2,3.0,,\n"
      )
      assert.strictEqual(
        dated[translated],
        "username,film_title,rating,rated_on,liked\nplain,One (2001),4.0,,\nplain,two,0.5,,\ndated,One (2001),5.0,2024-02-29,true\ndated,Three (2003),1.5,,false\ndated,two,3.0,,\n"
      )
      assert.strictEqual(
        dated["latest_film_mappings.csv"],
        "film_id,film_title,film_slug,tmdb_id,imdb_id\n1,One (2001),one,,\n2,two,two,,\n3,Three (2003),three,2147483647,tt0000003\n"
      )
      assert.isUndefined(dated["latest_watched_films.csv"])

      yield* withDataset(folder, goOn, (dataset) => commitKept(dataset, 2, 4))
      const whole = yield* contentOf(folder)
      assert.strictEqual(whole["latest_watched_films.csv"], "user_id,film_id,liked\n4,1,\n3,4,\n")
      assert.strictEqual(
        whole["changes.csv"],
        "at,user_id,film_id,before,after\n2026-01-01T00:04:00.000Z,3,5,,4.5\n2026-01-01T00:04:00.000Z,3,4,2.0,\n"
      )
      assert.strictEqual(
        whole["readings.csv"],
        `at,username,user_id,state,read_at,last_page,missing_pages,films,stated_films,ratings,doubts,verdicts,renamed_to,source,proof,later_films,feed_from,feed_at,salt
2026-01-01T00:01:00.000Z,plain,1,sealed,2026-01-01T00:01:00.000Z,1,[],0,,2,[],{},,,,,,,
2026-01-01T00:02:00.000Z,dated,2,sealed,2026-01-01T00:02:00.000Z,1,[],0,,3,[],{},,,,,,,
2026-01-01T00:03:00.000Z,whole,3,sealed,2026-01-01T00:03:00.000Z,1,[],0,,1,[],{},,letterboxd export,export,,,,
2026-01-01T00:03:00.000Z,half,4,partial,2026-01-01T00:03:00.000Z,1,"[2,3]",0,99,0,"[""list-moved""]","{""Films"":1}",,saved pages,saved-pages,"{""1"":29454242}",2026-01-01T00:01:00.000Z,2026-01-01T00:02:00.000Z,00ff
2026-01-01T00:03:00.000Z,moved,5,renamed,2026-01-01T00:03:00.000Z,1,[],0,,0,[],{},whole,,,,,,
2026-01-01T00:04:00.000Z,whole,3,sealed,2026-01-01T00:04:00.000Z,1,[],0,,1,[],{},,letterboxd export,export,,,,
`
      )
      assert.include(
        whole["latest_film_mappings.csv"],
        `4,"Four, whose slug is unknown (2004)",,,tt12345678\n5,film:5,,,\n`
      )
      assert.include(whole["members.jsonl"], `"source":"letterboxd export","proof":"export"}`)
      assert.deepStrictEqual((yield* verify(folder)).problems, [])
    })
  )

  it.scoped("is found where it was changed, and is rebuilt where it can be", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, (dataset) => commitKept(dataset, 0, keptHistory.length))
      const whole = yield* contentOf(folder)
      for (const name of ["latest_watched_films.csv", "changes.csv"]) {
        yield* fs.writeFileString(`${folder}/${name}`, (whole[name] ?? "").replace("3,4", "3,5"))
        assert.include((yield* verify(folder)).problems.join("\n"), name)
        yield* fs.writeFileString(`${folder}/${name}`, (whole[name] ?? "").replaceAll("\n", "\r\n"))
        assert.include((yield* verify(folder, true)).repaired.join("\n"), "was written anew in our form")
        assert.strictEqual((yield* contentOf(folder))[name], whole[name])
      }
      yield* fs.writeFileString(`${folder}/${translated}`, "")
      assert.deepStrictEqual((yield* verify(folder, true)).problems, [])
      assert.strictEqual((yield* contentOf(folder))[translated], whole[translated])
      // A spreadsheet that writes decimal commas, and words its own way.
      yield* fs.writeFileString(
        `${folder}/${raw}`,
        (whole[raw] ?? "").replaceAll(/(\d)\.(\d)/gu, "$1,$2").replaceAll("true", "TRUE")
      )
      assert.deepStrictEqual((yield* verify(folder, true)).problems, [])
      assert.strictEqual((yield* contentOf(folder))[raw], whole[raw])
    })
  )

  it.scoped("is written into the files of members and of batches too", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const options = {
        memberFiles: true,
        versioned: true,
        files: { changes: "history.csv", watchedFilms: "seen.csv" }
      }
      for (const n of keptHistory.keys())
        yield* withDataset(folder, n === 0 ? startNew : goOn, (dataset) => commitKept(dataset, n, n + 1), { options })
      const content = yield* contentOf(folder)
      assert.strictEqual(
        content["users/user_plain_raw.csv"],
        "user_id,film_id,rating,rated_on,liked\n1,1,4.0,,\n1,2,0.5,,\n"
      )
      assert.strictEqual(
        content["users/user_whole_translated.csv"],
        "username,film_title,rating,rated_on,liked\nwhole,film:5,4.5,2026-01-01,true\n"
      )
      assert.strictEqual(
        content["raw_user_ratings_20260101-000400.csv"],
        "user_id,film_id,rating,rated_on,liked\n3,5,4.5,2026-01-01,true\n"
      )
      assert.include(content["seen.csv"], "user_id,film_id,liked\n")
      assert.include(content["history.csv"], "at,user_id,film_id,before,after\n")
      assert.isFalse(Object.keys(content).some((name) => name.includes(".uncommitted")))
    })
  )
})

/** A dataset as the version before wrote it: of each state a member, and one of whom only the id is known. */
const records = [
  `{"username":"whole","userId":1,"state":"sealed","readAt":"2025-11-20T10:00:00.000Z","lastPage":1,"missing":[],"films":3,"statedFilms":3,"ratings":2,"doubts":[],"verdicts":{"Films":1},"seen":[11,12]}`,
  `{"username":"half","userId":2,"state":"partial","readAt":"2025-11-20T10:00:00.000Z","lastPage":3,"missing":[2],"films":1,"ratings":1,"doubts":["list-moved"],"verdicts":{"Films":2,"Unavailable":1},"seen":[13]}`,
  `{"username":"lost","userId":3,"state":"gone","readAt":"2025-11-20T10:00:00.000Z","lastPage":0,"missing":[],"films":0,"ratings":0,"doubts":[],"verdicts":{"MemberNotFound":1}}`,
  `{"username":"hidden","userId":4,"state":"private","readAt":"2025-11-20T10:00:00.000Z","lastPage":0,"missing":[],"films":0,"ratings":0,"doubts":[],"verdicts":{"MemberPrivate":1}}`,
  `{"username":"moved","userId":5,"state":"renamed","readAt":"2025-11-20T10:00:00.000Z","lastPage":0,"missing":[],"films":0,"ratings":0,"doubts":[],"verdicts":{"Renamed":1},"renamedTo":"whole"}`
]

const before: Readonly<Record<string, readonly [file: string, rows: number, text: string]>> = {
  rawRatings: [raw, 4, "user_id,film_id,rating\n1,11,4.5\n1,12,0.5\n2,13,3.0\n6,11,2.0\n"],
  translatedRatings: [
    translated,
    4,
    `username,film_title,rating\nwhole,"Film, the (2001)",4.5\nwhole,Null,0.5\nhalf,untitled,3.0\nbare,"Film, the (2001)",2.0\n`
  ],
  userMappings: [
    "latest_user_mappings.csv",
    6,
    "username,numeric_user_id\nwhole,1\nhalf,2\nlost,3\nhidden,4\nmoved,5\nbare,6\n"
  ],
  filmMappings: [
    "latest_film_mappings.csv",
    3,
    `film_id,film_title,film_slug\n11,"Film, the (2001)",film-the\n12,Null,null\n13,untitled,untitled\n`
  ],
  userUpdates: ["latest_user_updates.csv", 1, "username,last_updated\nwhole,2025-11-20T10:00:00.000Z\n"],
  memberRecords: ["members.jsonl", 5, `${records.join("\n")}\n`]
}

const entryOf = ([name, rows, text]: readonly [string, number, string]) => {
  const bytes = new TextEncoder().encode(text)
  return { name, bytes: bytes.length, rows, crc32: crc32Of(bytes) }
}

const manifestBefore = JSON.stringify(
  {
    format: 1,
    filmLabel: "title",
    batches: 1,
    committedAt: "2025-11-20T10:00:00.000Z",
    files: Object.fromEntries(Object.entries(before).map(([file, told]) => [file, entryOf(told)])),
    copies: [],
    idGaps: 0
  },
  null,
  2
)

layer(NodeContext.layer)("a dataset of the version before", (it) => {
  const written = Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* freshFolder
    yield* fs.makeDirectory(folder)
    for (const [name, , text] of Object.values(before)) yield* fs.writeFileString(`${folder}/${name}`, text)
    yield* fs.writeFileString(`${folder}/manifest.json`, `${manifestBefore}\n`)
    return folder
  })

  it.scoped("is sound, and is read and gone on with as it is", () =>
    Effect.gen(function* () {
      const folder = yield* written
      const content = yield* contentOf(folder)
      assert.deepStrictEqual(yield* verify(folder), { ratings: 4, problems: [], repaired: [] })
      yield* withDataset(folder, goOn, ({ state }) =>
        Effect.sync(() => {
          assert.strictEqual(state.keeps.size, 0)
          assert.deepStrictEqual(
            [...state.members.values()].map((member) => member.state as string),
            ["sealed", "partial", "gone", "private", "renamed"]
          )
          assert.isFalse(state.members.has(username("bare")))
          assert.strictEqual(state.users.get(username("bare")), 6)
          assert.strictEqual(state.members.get(username("moved"))?.renamedTo, username("whole"))
        })
      )
      assert.deepStrictEqual(yield* contentOf(folder), content)

      // The second reading of the bare member has the order of the batch: known, new, known.
      yield* withDataset(folder, goOn, (dataset) => {
        const batch = batchOf(
          dataset.state,
          2,
          [
            { name: "bare", ratings: [[12, 1]], write: "append" },
            { name: "fresh", ratings: [[13, 5]] },
            { name: "half", ratings: [[11, 1]], write: "append" }
          ],
          []
        )
        return dataset.commit({
          ...batch,
          members: Array.from(batch.members, (member) => ({
            ...member,
            record: { ...member.record, ratings: member.isNew ? 1 : 2 }
          }))
        })
      })
      const after = yield* contentOf(folder)
      for (const [name, , text] of Object.values(before)) {
        if (name !== "latest_user_updates.csv") assert.isTrue(after[name]?.startsWith(text), name)
      }
      assert.strictEqual(after[raw], `${content[raw]}6,12,1.0\n7,13,5.0\n2,11,1.0\n`)
      assert.deepStrictEqual(
        (after["members.jsonl"] ?? "")
          .trimEnd()
          .split("\n")
          .slice(5)
          .map((line) => (JSON.parse(line) as { readonly username: string }).username),
        ["bare", "fresh", "half"]
      )
      assert.strictEqual(
        after["latest_user_updates.csv"],
        `${content["latest_user_updates.csv"]}bare,2026-01-01T00:02:00.000Z\nfresh,2026-01-01T00:02:00.000Z\nhalf,2026-01-01T00:02:00.000Z\n`
      )
      assert.deepStrictEqual(formOf(after["manifest.json"]), { format: 1, keeps: undefined })
      assert.deepStrictEqual((yield* verify(folder)).problems, [])
    })
  )

  it.scoped("is the same after it was copied into a new one", () =>
    Effect.gen(function* () {
      const folder = yield* written
      const copy = yield* freshFolder
      yield* withDataset(folder, goOn, (dataset) =>
        withDataset(copy, setAside, (to) =>
          to.load({
            ...dataset,
            ratings: ratingBlocksOf(dataset),
            committedAt: dataset.state.members.get(username("whole"))?.readAt ?? assert.fail()
          })
        )
      )
      assert.deepStrictEqual(yield* withDataset(copy, goOn, allRows), yield* withDataset(folder, goOn, allRows))
      const { "manifest.json": _, ...files } = yield* contentOf(copy)
      assert.deepStrictEqual(
        files,
        Object.fromEntries(Object.values(before).map(([name, , text]) => [name, text] as const))
      )
    })
  )

  it.scoped("is what its manifest says of format, keeps and files, or the manifest is damaged", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, (dataset) => commitKept(dataset, 0, keptHistory.length))
      const place = `${folder}/manifest.json`
      const text = yield* fs.readFileString(place)
      const manifest = JSON.parse(text) as { readonly keeps: ReadonlyArray<string>; readonly files: object }
      const { keeps: _, ...withoutKeeps } = manifest
      const without = (keep: string) => manifest.keeps.filter((one) => one !== keep)
      const wrong: ReadonlyArray<readonly [object, string]> = [
        [{ ...manifest, format: 1 }, "format is 1, but a dataset that keeps rated_on, liked"],
        [withoutKeeps, "format is 2, but a dataset that keeps only stars has format 1"],
        [{ ...manifest, keeps: without("watched") }, "it names files of watched, but its keeps do not"],
        [{ ...manifest, keeps: without("changes") }, "it names files of changes, but its keeps do not"],
        [
          { ...manifest, files: { ...manifest.files, watchedFilms: undefined } },
          "its keeps name watched, but it names no files of that"
        ]
      ]
      for (const [changed, said] of wrong) {
        yield* fs.writeFileString(place, JSON.stringify(changed))
        assert.include((yield* verify(folder)).problems.join(), said)
        const error = yield* Effect.flip(withDataset(folder, goOn, () => Effect.void))
        assert.include(String(error), said)
      }
      yield* fs.writeFileString(place, text)
      assert.deepStrictEqual((yield* verify(folder)).problems, [])
    })
  )
})
