/** What a dataset keeps beyond stars, in Parquet files; and one of format 1, which keeps nothing. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import type { OpenDataset, OpenMode } from "@letterboxd-ratings/core"
import { crc32Of } from "@letterboxd-ratings/storage-folder"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { batchOf, commitKept } from "@letterboxd-ratings/storage-testkit"
import {
  askStorage,
  contentOf,
  freshFolder,
  goOn,
  startNew,
  useDataset
} from "@letterboxd-ratings/storage-testkit/folder"
import { Effect, Stream } from "effect"
import { query, quoted, rowsByPattern } from "./Reader.ts"

const withDataset = <A, E, R>(folder: string, mode: OpenMode, use: (dataset: OpenDataset) => Effect.Effect<A, E, R>) =>
  useDataset(ParquetStorage.layer({ folder }), mode, use)
const problemsOf = (folder: string) =>
  Effect.map(
    askStorage(ParquetStorage.layer({ folder }), ({ verify }) => verify({ repair: false })),
    ({ problems }) => problems
  )
const describe = (place: string) =>
  Effect.map(query(`describe from ${quoted(place)}`), (rows) =>
    rows.map(([name, type]) => `${String(name)} ${String(type)}`)
  )
const formOf = (folder: string) =>
  Effect.map(contentOf(folder), ({ "manifest.json": manifest = "" }) => {
    const { format, keeps } = JSON.parse(manifest) as { readonly format: number; readonly keeps?: unknown }
    return { format, keeps }
  })

layer(NodeContext.layer)("what a dataset keeps", (it) => {
  it.scoped("stands in columns and folders of its own, and older parts get these columns too", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, (dataset) => commitKept(dataset, 0, 1))
      assert.deepStrictEqual(yield* formOf(folder), { format: 1, keeps: undefined })
      yield* withDataset(folder, goOn, (dataset) => commitKept(dataset, 1, 2))
      assert.deepStrictEqual(yield* formOf(folder), { format: 2, keeps: ["rated_on", "liked", "film_numbers"] })
      for (const part of ["ratings/part-000001.parquet", "ratings/part-000002.parquet"]) {
        assert.deepStrictEqual(yield* describe(`${folder}/${part}`), [
          "user_id INTEGER",
          "film_id INTEGER",
          "rating DOUBLE",
          "rated_on DATE",
          "liked BOOLEAN"
        ])
      }
      assert.deepStrictEqual(
        yield* query(
          `select user_id, film_id, rating, rated_on::text, liked from read_parquet(${quoted(`${folder}/ratings/*.parquet`)})`
        ),
        [
          [1, 1, 4, null, null],
          [1, 2, 0.5, null, null],
          [2, 1, 5, "2024-02-29", true],
          [2, 3, 1.5, null, false],
          [2, 2, 3, null, null]
        ]
      )
      yield* withDataset(folder, goOn, (dataset) => commitKept(dataset, 2, 4))
      assert.deepStrictEqual(
        yield* query(`select user_id, film_id, liked from read_parquet(${quoted(`${folder}/watched/*.parquet`)})`),
        [
          [4, 1, null],
          [3, 4, null]
        ]
      )
      assert.deepStrictEqual(yield* describe(`${folder}/changes/part-000001.parquet`), [
        "at TIMESTAMP WITH TIME ZONE",
        "user_id INTEGER",
        "film_id INTEGER",
        "before DOUBLE",
        "after DOUBLE"
      ])
      assert.deepStrictEqual(
        yield* query(
          `select film_id, slug, tmdb_id, imdb_id from ${quoted(`${folder}/films.parquet`)} where film_id > 2`
        ),
        [
          [3, "three", 2_147_483_647, "tt0000003"],
          [4, null, null, "tt12345678"],
          [5, null, null, null]
        ]
      )
      assert.deepStrictEqual(
        yield* query(`select source, proof from ${quoted(`${folder}/members.parquet`)} where user_id in (1, 3)`),
        [
          [null, null],
          ["letterboxd export", "export"]
        ]
      )
      assert.deepStrictEqual(yield* problemsOf(folder), [])
    })
  )

  it.scoped("is checked like the ratings, and its columns may stand in any order", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, (dataset) => commitKept(dataset, 0, 4))
      const { "manifest.json": manifest = "" } = yield* contentOf(folder)
      const name = "watched/part-000001.parquet"
      /** Writes other rows, and makes the manifest vouch for them, as a faulty version of this tool could have. */
      const forge = (select: string) =>
        Effect.gen(function* () {
          yield* query(`copy (${select}) to ${quoted(`${folder}/${name}`)} (format parquet)`)
          const content = yield* fs.readFile(`${folder}/${name}`)
          const told = JSON.parse(manifest) as { readonly watched: ReadonlyArray<{ readonly name: string }> }
          const watched = Array.from(told.watched, (part) =>
            part.name === name ? { ...part, bytes: content.length, crc32: crc32Of(content) } : part
          )
          yield* fs.writeFileString(`${folder}/manifest.json`, JSON.stringify({ ...told, watched }))
          return (yield* problemsOf(folder)).join("\n")
        })
      const row = (film: string) => `select null::boolean as liked, ${film} as film_id, 4 as user_id`
      assert.strictEqual(yield* forge(row("1")), "")
      assert.include(yield* forge(row("9")), "row 1 of watched: unknown film 9")
      assert.include(yield* forge(row("null::integer")), `${name}: row 1 (4, null, null) is no row of watched`)
      assert.include(yield* forge(`${row("1")} union all ${row("1")}`), "user 4 has film 1 more than once")
      assert.include(yield* forge(row("1").replace("null::boolean", "'yes'")), "its columns are liked VARCHAR")
    })
  )
})

/** A dataset as the version before wrote it: of each state a member, and one of whom only the id is known. */
const before = {
  "members.parquet": {
    rows: 6,
    select: `select column0::integer as user_id, column1 as username, column2 as state, column3::timestamptz as read_at,
      column4::timestamptz as last_updated, column5::integer as update_position, column6::integer as ratings,
      column7::integer as films, column8::integer as stated_films, column9::integer as last_page,
      column10::integer[] as missing_pages, column11::varchar[] as doubts, column12::map(varchar, integer) as verdicts,
      column13::varchar as renamed_to, column14::integer[] as seen_films from (values
      (1, 'whole', 'sealed', '2025-11-20 10:00:00Z', '2025-11-20 10:00:00Z', 1, 2, 3, 3, 1, [], [], map {'Films': 1}, null, [11, 12]),
      (2, 'half', 'partial', '2025-11-20 10:00:00Z', null, null, 1, 1, null, 3, [2], ['list-moved'], map {'Films': 2, 'Unavailable': 1}, null, [13]),
      (3, 'lost', 'gone', '2025-11-20 10:00:00Z', null, null, 0, 0, null, 0, [], [], map {'MemberNotFound': 1}, null, null),
      (4, 'hidden', 'private', '2025-11-20 10:00:00Z', null, null, 0, 0, null, 0, [], [], map {'MemberPrivate': 1}, null, null),
      (5, 'moved', 'renamed', '2025-11-20 10:00:00Z', null, null, 0, 0, null, 0, [], [], map {'Renamed': 1}, 'whole', null),
      (6, 'bare', null, null, null, null, null, null, null, null, null, null, null, null, null)) as t(${Array.from({ length: 15 }, (_, i) => `column${i}`).join(", ")})`
  },
  "films.parquet": {
    rows: 3,
    select: `select film_id::integer as film_id, slug, title, year::integer as year from (values
      (11, 'film-the', 'Film, the', 2001), (12, 'null', 'Null', null), (13, 'untitled', null, null)) as t(film_id, slug, title, year)`
  },
  "ratings/part-000001.parquet": {
    rows: 4,
    select: `select user_id::integer as user_id, film_id::integer as film_id, rating::double as rating from (values
      (1, 11, 4.5), (1, 12, 0.5), (2, 13, 3), (6, 11, 2)) as t(user_id, film_id, rating)`
  }
}

layer(NodeContext.layer)("a dataset of the version before", (it) => {
  it.scoped("is sound, and is read and gone on with as it is", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* fs.makeDirectory(`${folder}/ratings`, { recursive: true })
      const entries = new Map<string, { readonly [field: string]: unknown }>()
      for (const [name, { rows, select }] of Object.entries(before)) {
        yield* query(`copy (${select}) to ${quoted(`${folder}/${name}`)} (format parquet)`)
        const content = yield* fs.readFile(`${folder}/${name}`)
        entries.set(name, { name, bytes: content.length, rows, crc32: crc32Of(content) })
      }
      yield* fs.writeFileString(
        `${folder}/manifest.json`,
        JSON.stringify({
          format: 1,
          storage: "parquet",
          batches: 1,
          committedAt: "2025-11-20T10:00:00.000Z",
          idGaps: 0,
          members: entries.get("members.parquet"),
          films: entries.get("films.parquet"),
          parts: [{ ...entries.get("ratings/part-000001.parquet"), users: "1-2,6" }],
          removed: []
        })
      )
      const whole = yield* contentOf(folder, "latin1")
      assert.deepStrictEqual(yield* problemsOf(folder), [])
      yield* withDataset(folder, goOn, ({ ratings, state }) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(
            [...state.members.values()].map((member) => [member.state, member.ratings] as ReadonlyArray<unknown>),
            [
              ["sealed", 2],
              ["partial", 1],
              ["gone", 0],
              ["private", 0],
              ["renamed", 0]
            ]
          )
          assert.deepStrictEqual([...state.users.values()].map(Number), [1, 2, 3, 4, 5, 6])
          assert.deepStrictEqual(
            [...state.films.values()].map(({ slug, title, year }) => `${slug} ${title} ${year}`),
            ["film-the Film, the 2001", "null Null undefined", "untitled undefined undefined"]
          )
          assert.strictEqual(yield* Stream.runCount(ratings), 4)
        })
      )
      assert.deepStrictEqual(yield* contentOf(folder, "latin1"), whole)
      yield* withDataset(folder, goOn, (dataset) =>
        dataset.commit(batchOf(dataset.state, 2, [{ name: "half", ratings: [[11, 1]] }], []))
      )
      assert.deepStrictEqual(yield* rowsByPattern(folder), [
        [1, 11, 4.5],
        [1, 12, 0.5],
        [6, 11, 2],
        [2, 11, 1]
      ])
      assert.deepStrictEqual(yield* formOf(folder), { format: 1, keeps: undefined })
      assert.deepStrictEqual(yield* problemsOf(folder), [])
    })
  )
})
