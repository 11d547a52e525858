import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import {
  blocksOfRows,
  noRowStreams,
  emptyDatasetState,
  Film,
  type MemberRecord,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  StorageError,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { crc32Of } from "@letterboxd-ratings/storage-folder"
import { batchOf, commitRest } from "@letterboxd-ratings/storage-testkit"
import {
  askStorage,
  contentOf,
  freshFolder,
  goOn,
  makeDisk,
  type Process,
  processTable,
  setAside,
  startNew,
  useDataset
} from "@letterboxd-ratings/storage-testkit/folder"
import { DateTime, Effect, Layer, Schema, Stream } from "effect"
import { query, quoted, rowsByPattern } from "./Reader.ts"

const film = Schema.decodeUnknownSync(Film)
const films = [1, 2, 3].map((id) => film({ id, slug: `f${id}`, title: `F${id}` }))

const storage = (folder: string, compression?: string) =>
  ParquetStorage.layer({ folder, ...(compression === undefined ? {} : { compression }) })
const withDataset = <A, E, R>(
  folder: string,
  mode: OpenMode,
  use: (dataset: OpenDataset) => Effect.Effect<A, E, R>,
  process: Process = {}
) => useDataset(storage(folder), mode, use, process)
const problemsOf = (folder: string) =>
  Effect.map(
    askStorage(storage(folder), ({ verify }) => verify({ repair: false })),
    ({ problems }) => problems
  )
const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => (error instanceof StorageError ? error : assert.fail(String(error))))

const namesIn = (folder: string) => Effect.map(contentOf(folder, "latin1"), (content) => Object.keys(content))
/** The names of the files whose bytes differ, or that are in one place only. */
const changed = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .toSorted()

/** Three members in parts of their own. */
const threeParts = (folder: string) =>
  Effect.gen(function* () {
    for (const [i, name] of ["one", "two", "six"].entries()) {
      yield* withDataset(folder, i === 0 ? startNew : goOn, (dataset) =>
        dataset.commit(
          batchOf(
            dataset.state,
            i,
            [
              {
                name,
                ratings: [
                  [1, i + 1],
                  [2, 0.5]
                ]
              }
            ],
            films
          )
        )
      )
    }
  })

layer(NodeContext.layer)("ParquetStorage", (it) => {
  it.scoped("is read by a pattern, in order, exactly as it was committed", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      assert.deepStrictEqual(yield* rowsByPattern(folder), [
        [5, 10, 5],
        [5, 40, 1],
        [1, 20, 1],
        [4, 10, 2],
        [4, 30, 4],
        [6, 40, 2.5]
      ])
      // The parts of members who were read again went away with their last row.
      assert.deepStrictEqual(yield* namesIn(folder), [
        "films.parquet",
        "manifest.json",
        "members.parquet",
        "ratings/part-000003.parquet",
        "ratings/part-000004.parquet",
        "ratings/part-000005.parquet"
      ])
      assert.deepStrictEqual(
        yield* query(`select film_id, slug, title, year from ${quoted(`${folder}/films.parquet`)}`),
        [
          [10, "ten-2002", "Ten Again", 2002],
          [20, "comma", `Me, Myself & "Irene"`, 2000],
          [30, "null", "Null", null],
          [40, "forty", "Forty\nLines", 1940]
        ]
      )
      assert.deepStrictEqual(
        yield* query(
          `select user_id, username, state, read_at, last_updated from ${quoted(`${folder}/members.parquet`)} where user_id <= 3`
        ),
        [
          [1, "null", "sealed", new Date(Date.UTC(2026, 0, 1, 0, 4)), new Date(Date.UTC(2026, 0, 1, 0, 4))],
          [2, "empty", "sealed", new Date(Date.UTC(2026, 0, 1, 0, 1)), new Date(Date.UTC(2026, 0, 1, 0, 1))],
          [3, "hidden", "private", new Date(Date.UTC(2026, 0, 1, 0, 1)), null]
        ]
      )
    })
  )

  it.scoped("has columns of plain types that every reader knows", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* withDataset(folder, startNew, commitRest)
      const columns = (name: string) =>
        query(
          `select name || ' ' || type || coalesce(' ' || converted_type, '') from parquet_schema(${quoted(`${folder}/${name}`)}) where type is not null`
        )
      assert.deepStrictEqual((yield* columns("ratings/part-000003.parquet")).flat(), [
        "user_id INT32 INT_32",
        "film_id INT32 INT_32",
        "rating DOUBLE"
      ])
      assert.deepStrictEqual((yield* columns("films.parquet")).flat(), [
        "film_id INT32 INT_32",
        "slug BYTE_ARRAY UTF8",
        "title BYTE_ARRAY UTF8",
        "year INT32 INT_32"
      ])
      assert.deepStrictEqual((yield* columns("members.parquet")).flat(), [
        "user_id INT32 INT_32",
        "username BYTE_ARRAY UTF8",
        "state BYTE_ARRAY UTF8",
        "read_at INT64 TIMESTAMP_MICROS",
        "last_updated INT64 TIMESTAMP_MICROS",
        "update_position INT32 INT_32",
        "ratings INT32 INT_32",
        "films INT32 INT_32",
        "stated_films INT32 INT_32",
        "last_page INT32 INT_32",
        "element INT32 INT_32",
        "element BYTE_ARRAY UTF8",
        "key BYTE_ARRAY UTF8",
        "value INT32 INT_32",
        "renamed_to BYTE_ARRAY UTF8",
        "element INT32 INT_32"
      ])
      const [times] = yield* query(
        `select list(distinct logical_type like '%isAdjustedToUTC=1%MicroSeconds()%') from parquet_schema(${quoted(`${folder}/members.parquet`)}) where type = 'INT64'`
      )
      assert.deepStrictEqual(times, [[true]])
    })
  )

  it.scoped("writes anew only what a batch changes", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* threeParts(folder)
      const step = (n: number, told: Parameters<typeof batchOf>[2], seen: Parameters<typeof batchOf>[3]) =>
        Effect.gen(function* () {
          const before = yield* contentOf(folder, "latin1")
          yield* withDataset(folder, goOn, (dataset) => dataset.commit(batchOf(dataset.state, n, told, seen)))
          return changed(before, yield* contentOf(folder, "latin1"))
        })
      assert.deepStrictEqual(yield* step(4, [], [film({ id: 2, slug: "f2-renamed", title: "F2" })]), [
        "films.parquet",
        "manifest.json"
      ])
      assert.deepStrictEqual(yield* step(5, [{ name: "nobody", state: "gone" }], []), [
        "manifest.json",
        "members.parquet"
      ])
      assert.deepStrictEqual(
        yield* step(
          6,
          [
            { name: "two", ratings: [[3, 5]] },
            { name: "new", ratings: [[1, 1]] }
          ],
          []
        ),
        ["manifest.json", "members.parquet", "ratings/part-000002.parquet", "ratings/part-000004.parquet"]
      )
      assert.deepStrictEqual(yield* step(7, [{ name: "two", ratings: [] }], []), [
        "manifest.json",
        "members.parquet",
        "ratings/part-000004.parquet"
      ])
      assert.deepStrictEqual(yield* rowsByPattern(folder), [
        [1, 1, 1],
        [1, 2, 0.5],
        [3, 1, 3],
        [3, 2, 0.5],
        [5, 1, 1]
      ])
      assert.deepStrictEqual(yield* problemsOf(folder), [])
    })
  )

  it.scoped("keeps all of a member's record", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const records: Array<MemberRecord> = []
      yield* withDataset(folder, startNew, (dataset) =>
        Effect.gen(function* () {
          const batch = batchOf(
            dataset.state,
            1,
            [{ name: "half", state: "partial" }, { name: "moved", state: "renamed" }, { name: "plain" }],
            films
          )
          const [half, moved, plain] = batch.members
          if (half === undefined || moved === undefined || plain === undefined) return assert.fail("no members")
          const seen = Array.from({ length: 5_000 }, (_, i) => films.map(({ id }) => id)[i % 3]).flatMap((id) =>
            id === undefined ? [] : [id]
          )
          records.push(
            {
              ...half.record,
              missing: [2, 7],
              doubts: ["list-moved", "count-differs"],
              statedFilms: 0,
              seen,
              verdicts: { Films: 3, Truncated: 1 },
              readAt: DateTime.unsafeMake(1_700_000_000_123)
            },
            { ...moved.record, renamedTo: plain.record.username, lastPage: 0, verdicts: {} },
            { ...plain.record, seen: [], verdicts: JSON.parse(`{"__proto__": 1}`) as Record<string, number> }
          )
          yield* dataset.commit({
            ...batch,
            members: Array.from(batch.members, (member, i) => ({ ...member, record: records[i] ?? member.record }))
          })
        })
      )
      yield* withDataset(folder, goOn, ({ state }) =>
        Effect.sync(() => assert.deepStrictEqual([...state.members.values()], records))
      )
    })
  )

  it.scoped(
    "tells damage, and touches nothing",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const folder = yield* freshFolder
        yield* withDataset(folder, startNew, commitRest)
        const whole = yield* contentOf(folder, "latin1")
        const bytes = yield* Effect.forEach(Object.keys(whole), (name) =>
          Effect.map(fs.readFile(path.join(folder, name)), (content) => [name, content] as const)
        )
        const flipped = (content: Uint8Array) => content.map((byte, i) => (i === 10 ? byte ^ 1 : byte))
        const damages: ReadonlyArray<readonly [what: string, (content: Uint8Array) => Uint8Array | undefined]> = [
          ["missing", () => undefined],
          ["short", (content) => content.subarray(0, -5)],
          ["long", (content) => Uint8Array.from([...content, 0])],
          ["altered", flipped]
        ]
        for (const [name, content] of bytes) {
          for (const [what, damage] of damages) {
            // Opening never reads ratings; verifying does. And a longer manifest may be the same one.
            const isUnseen = what === "altered" && name.startsWith("ratings/")
            if (what === "long" && name === "manifest.json") continue
            const place = path.join(folder, name)
            const broken = damage(content)
            yield* broken === undefined ? fs.remove(place) : fs.writeFile(place, broken)
            const before = yield* contentOf(folder, "latin1")
            if (!isUnseen) {
              const failure = yield* failureOf(withDataset(folder, goOn, commitRest))
              assert.strictEqual(failure.reason, "Damaged", `${name} ${what}`)
              assert.include(failure.message, name)
            }
            if (name === "manifest.json") assert.strictEqual((yield* failureOf(problemsOf(folder))).reason, "Damaged")
            else assert.include((yield* problemsOf(folder)).join("\n"), name)
            assert.strictEqual((yield* failureOf(withDataset(folder, startNew, commitRest))).reason, "AlreadyThere")
            assert.deepStrictEqual(yield* contentOf(folder, "latin1"), before, `${name} ${what}`)
            yield* fs.writeFile(place, content)
          }
        }
        assert.deepStrictEqual(yield* problemsOf(folder), [])
      }),
    120_000
  )

  it.scoped("finds what checksums cannot: rows that are no ratings, and files that contradict each other", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* threeParts(folder)
      const { "manifest.json": manifest = "" } = yield* contentOf(folder)
      const name = "ratings/part-000002.parquet"
      const place = `${folder}/${name}`
      const original = yield* fs.readFile(place)
      const Manifest = Schema.parseJson(
        Schema.Struct(
          { parts: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })) },
          { key: Schema.String, value: Schema.Unknown }
        )
      )
      const decoded = yield* Schema.decodeUnknown(Manifest)(manifest)
      /** Writes other rows, and makes the manifest vouch for them, as a faulty version of this tool could have. */
      const forge = (select: string, entry: Readonly<Record<string, unknown>> = {}) =>
        Effect.gen(function* () {
          yield* query(`copy (${select}) to ${quoted(place)} (format parquet)`)
          const content = yield* fs.readFile(place)
          const forged = { name, rows: 2, users: "2", ...entry, bytes: content.length, crc32: crc32Of(content) }
          yield* fs.writeFileString(
            `${folder}/manifest.json`,
            yield* Schema.encode(Manifest)({
              ...decoded,
              parts: decoded.parts.map((part) => (part["name"] === name ? forged : part))
            })
          )
          const problems = (yield* problemsOf(folder)).join("\n")
          yield* fs.writeFile(place, original)
          yield* fs.writeFileString(`${folder}/manifest.json`, manifest)
          return problems
        })
      const rows = (...values: ReadonlyArray<string>) =>
        `select user_id::integer as user_id, film_id::integer as film_id, rating::double as rating from (values ${values.join(", ")}) as t(user_id, film_id, rating)`
      assert.strictEqual(yield* forge(rows("(2, 1, 2)", "(2, 2, 0.5)")), "")
      assert.include(yield* forge(rows("(2, 1, 2)", "(2, 2, 0.7)")), `${name}: row 2 (2, 2, 0.7) is no row of ratings`)
      assert.include(yield* forge(rows("(2, 1, 2)", "(2, 2, null)")), "row 2 (2, 2, null) is no row of ratings")
      assert.include(yield* forge(rows("(2, 1, 'nan'::double)", "(2, 2, 1)")), "row 1 (2, 1, nan) is no row of ratings")
      assert.include(yield* forge(rows("(2, 1, 2)", "(2, 9, 1)")), "row 4 of ratings: unknown film 9")
      assert.include(yield* forge(rows("(2, 1, 2)", "(9, 1, 1)"), { users: "2,9" }), "row 4 of ratings: unknown user 9")
      assert.include(yield* forge(rows("(2, 1, 2)", "(2, 1, 1)")), "user 2 has film 1 more than once")
      assert.include(yield* forge(rows("(2, 1, 2)"), { rows: 1 }), "two has 1 ratings, but the member's record says 2")
      assert.include(yield* forge(rows("(2, 1, 2)")), `${name}: it has 1 rows where 2 were committed`)
      assert.include(
        yield* forge(rows("(2, 1, 2)", "(1, 3, 1)")),
        "it holds rows of the users 1-2, and the manifest says 2"
      )
      assert.include(
        yield* forge("select 2::bigint as user_id, 1::integer as film_id, 2::double as rating"),
        "its columns are user_id BIGINT"
      )
      yield* fs.copyFile(place, `${folder}/ratings/mine.parquet`)
      assert.include((yield* problemsOf(folder)).join(), "mine.parquet: it is no part of this dataset")
    })
  )

  it.scoped("is at home in a folder of any name", () =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const parent = path.dirname(yield* freshFolder)
      for (const name of [
        `it's "quoted"`,
        "year=2024",
        "[a-z]* ?",
        "back\\slash",
        "日本語 🎬",
        "semi;colon -- drop",
        "~",
        "%s $1 {x}"
      ]) {
        const folder = path.join(parent, name)
        yield* withDataset(folder, startNew, commitRest)
        yield* withDataset(folder, goOn, (dataset) =>
          Effect.gen(function* () {
            assert.strictEqual(yield* Stream.runCount(dataset.ratings), 6)
            yield* dataset.commit(batchOf(dataset.state, 9, [{ name: "123", ratings: [[40, 1]] }], []))
          })
        )
        assert.deepStrictEqual(yield* problemsOf(folder), [])
        yield* withDataset(folder, setAside, commitRest)
        assert.strictEqual(
          yield* askStorage(storage(folder), ({ inspect }) => Effect.map(inspect, ({ state }) => state.ratings)),
          6
        )
      }
    })
  )

  it.scoped("refuses a number that no column holds", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const failure = yield* failureOf(
        withDataset(folder, startNew, (dataset) => {
          const batch = batchOf(dataset.state, 1, [{ name: "one", ratings: [[1, 1]] }], [film({ id: 1, slug: "far" })])
          const [one] = batch.members
          return one === undefined
            ? Effect.dieMessage("no member")
            : dataset.commit({ ...batch, members: [{ ...one, record: { ...one.record, statedFilms: 3_000_000_000 } }] })
        })
      )
      assert.strictEqual(failure.reason, "Unsupported")
      assert.include(failure.message, "stated_films")
      assert.deepStrictEqual(yield* contentOf(folder), {})
    })
  )

  it.scoped("compresses as it is told, and refuses what it does not know", () =>
    Effect.gen(function* () {
      const expected = { zstd: "ZSTD", snappy: "SNAPPY", gzip: "GZIP", none: "UNCOMPRESSED" }
      for (const [compression, told] of Object.entries(expected)) {
        const folder = yield* freshFolder
        yield* useDataset(storage(folder, compression), startNew, commitRest)
        assert.deepStrictEqual(
          yield* query(`select distinct compression from parquet_metadata(${quoted(`${folder}/ratings/*.parquet`)})`),
          [[told]]
        )
        // The next run may choose another one.
        yield* useDataset(storage(folder, "snappy"), goOn, (dataset) =>
          dataset.commit(batchOf(dataset.state, 9, [{ name: "more", ratings: [[10, 1]] }], []))
        )
        assert.deepStrictEqual(yield* problemsOf(folder), [])
      }
      const folder = yield* freshFolder
      const unknown = storage(folder, "zip")
      for (const failing of [
        useDataset(unknown, startNew, commitRest),
        askStorage(unknown, ({ inspect }) => Effect.asVoid(inspect)),
        askStorage(unknown, ({ verify }) => verify({ repair: false }))
      ]) {
        const failure = yield* failureOf(failing)
        assert.strictEqual(failure.reason, "InvalidOption")
        assert.include(failure.message, "zstd, snappy, gzip, none")
      }
      assert.deepStrictEqual(yield* contentOf(folder), {})
    })
  )

  it.scoped("takes no dataset of another storage for a damaged one", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* fs.makeDirectory(folder)
      yield* fs.writeFileString(`${folder}/manifest.json`, JSON.stringify({ format: 1, files: { rawRatings: {} } }))
      const failure = yield* failureOf(withDataset(folder, goOn, commitRest))
      assert.strictEqual(failure.reason, "InvalidOption")
      assert.include(failure.message, "that dataset is stored as csv")
      assert.strictEqual((yield* failureOf(withDataset(folder, startNew, commitRest))).reason, "AlreadyThere")
    })
  )

  it.scoped("shows one state to those who look while a batch is committed", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* threeParts(folder)
      const real = yield* FileSystem.FileSystem
      let looks = 0
      /** Between the manifest and the files it names, another process commits. */
      const busy = Layer.succeed(FileSystem.FileSystem, {
        ...real,
        readFileString: (place: string, encoding?: string) =>
          Effect.tap(real.readFileString(place, encoding), () => {
            looks += 1
            return looks > 2
              ? Effect.void
              : withDataset(folder, goOn, (dataset) =>
                  dataset.commit(batchOf(dataset.state, 10 + looks, [{ name: `new_${looks}`, ratings: [[1, 1]] }], []))
                ).pipe(Effect.orDie)
          })
      })
      const { state } = yield* Effect.flatMap(RatingsStorage, ({ inspect }) => inspect).pipe(
        Effect.provide(storage(folder).pipe(Layer.provide(Layer.mergeAll(NodeContext.layer, busy, processTable(9)))))
      )
      assert.strictEqual(state.batches, 5)
      assert.strictEqual(state.ratings, 8)
      assert.strictEqual(state.users.size, 5)
    })
  )

  it.scoped(
    "loads a dataset of more rows than a part takes, in order",
    () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const rows = 1_100_000
        const many = 2_000
        const whole: WholeDataset = {
          state: {
            ...emptyDatasetState,
            users: new Map(Array.from({ length: rows / many }, (_, i) => [`u_${i}` as never, (i + 1) as never])),
            films: new Map(
              Array.from({ length: many }, (_, i) => [(i + 1) as never, film({ id: i + 1, slug: `f${i}` })])
            ),
            ratings: rows,
            batches: 1
          },
          committedAt: DateTime.unsafeMake(0),
          ...noRowStreams,
          ratings: blocksOfRows(
            Stream.map(Stream.range(0, rows - 1), (i) => ({
              userId: (Math.floor(i / many) + 1) as never,
              filmId: (many - (i % many)) as never,
              rating: (((i % 10) + 1) / 2) as never
            }))
          )
        }
        yield* withDataset(folder, startNew, (dataset) => dataset.load(whole))
        assert.deepStrictEqual((yield* namesIn(folder)).slice(3), [
          "ratings/part-000001.parquet",
          "ratings/part-000002.parquet"
        ])
        yield* withDataset(folder, goOn, (dataset) =>
          Effect.gen(function* () {
            let i = 0
            yield* Stream.runForEachChunk(dataset.ratings, (chunk) =>
              Effect.sync(() => {
                for (const { filmId, rating, userId } of chunk) {
                  if (
                    userId !== Math.floor(i / many) + 1 ||
                    filmId !== many - (i % many) ||
                    rating !== ((i % 10) + 1) / 2
                  )
                    assert.fail(`row ${i}`)
                  i += 1
                }
              })
            )
            assert.strictEqual(i, rows)
            yield* dataset.commit(batchOf(dataset.state, 2, [{ name: "u_7", ratings: [[5, 5]] }], []))
          })
        )
        assert.deepStrictEqual(yield* askStorage(storage(folder), ({ verify }) => verify({ repair: false })), {
          ratings: rows - many + 1,
          problems: [],
          repaired: []
        })
      }),
    120_000
  )

  it.scoped("finishes what a killed process left when it is told to repair, and is sound without", () =>
    Effect.gen(function* () {
      const more = (dataset: OpenDataset) =>
        dataset.commit(
          batchOf(
            dataset.state,
            9,
            [
              { name: "two", ratings: [] },
              { name: "more", ratings: [[1, 1]] }
            ],
            []
          )
        )
      const rehearsal = yield* freshFolder
      yield* threeParts(rehearsal)
      yield* withDataset(rehearsal, goOn, more)
      let folder = rehearsal
      // Killed just after the commit, before anything stands in its place.
      for (let at = 1, committed = 3; committed < 4; at++) {
        folder = yield* freshFolder
        yield* threeParts(folder)
        yield* Effect.exit(
          withDataset(folder, goOn, more, {
            disk: makeDisk({ at, code: "EIO", extent: "crash", shortWrite: false }),
            pid: 7
          })
        )
        committed = (yield* askStorage(storage(folder), ({ inspect }) => inspect)).state.batches
      }
      assert.include((yield* namesIn(folder)).join(), ".next-4")
      assert.deepStrictEqual(yield* problemsOf(folder), [])
      assert.include((yield* namesIn(folder)).join(), ".next-4")
      assert.deepStrictEqual(yield* askStorage(storage(folder), ({ verify }) => verify({ repair: true })), {
        ratings: 5,
        problems: [],
        repaired: []
      })
      assert.deepStrictEqual(yield* contentOf(folder, "latin1"), yield* contentOf(rehearsal, "latin1"))
    })
  )

  it.scoped("changes nothing while it is only read", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* threeParts(folder)
      const before = yield* contentOf(folder, "latin1")
      yield* withDataset(folder, goOn, ({ ratings }) => Stream.runDrain(ratings))
      assert.deepStrictEqual(yield* contentOf(folder, "latin1"), before)
    })
  )
})
