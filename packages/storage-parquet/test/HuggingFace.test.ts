import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { MemberRecord, type OpenDataset, type StorageError } from "@letterboxd-ratings/core"
import { exportFiles, type ExportFilesOptions } from "@letterboxd-ratings/export"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { huggingFace } from "@letterboxd-ratings/storage-parquet/file"
import { commitKept, commitRest } from "@letterboxd-ratings/storage-testkit"
import { processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { parse } from "yaml"
import { query, quoted } from "./Reader.ts"

/** The front matter, as Hugging Face documents it; it knows these task categories, sizes and licences among others. */
const FrontMatter = Schema.Struct({
  pretty_name: Schema.NonEmptyString,
  license: Schema.Literal("unknown"),
  size_categories: Schema.Tuple(Schema.Literal("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M")),
  task_categories: Schema.Tuple(Schema.Literal("tabular-regression")),
  tags: Schema.NonEmptyArray(Schema.NonEmptyString),
  configs: Schema.NonEmptyArray(
    Schema.Struct({
      config_name: Schema.NonEmptyString,
      default: Schema.optional(Schema.Literal(true)),
      data_files: Schema.NonEmptyArray(
        Schema.Struct({ split: Schema.Literal("train", "validation", "test"), path: Schema.NonEmptyString })
      )
    })
  ),
  dataset_info: Schema.NonEmptyArray(
    Schema.Struct({
      config_name: Schema.NonEmptyString,
      features: Schema.NonEmptyArray(Schema.Struct({ name: Schema.NonEmptyString, dtype: Schema.NonEmptyString }))
    })
  )
})
const decodeFrontMatter = Schema.decodeUnknownSync(FrontMatter, { onExcessProperty: "error" })

/** What the Datasets library calls the types that DuckDB finds in a file. */
const dtypes: Readonly<Record<string, string>> = {
  INTEGER: "int32",
  DOUBLE: "float64",
  BOOLEAN: "bool",
  VARCHAR: "string",
  DATE: "date32",
  "TIMESTAMP WITH TIME ZONE": "timestamp[us, tz=UTC]"
}

const Described = Schema.decodeUnknownSync(Schema.Array(Schema.Array(Schema.Unknown)))

const featuresOf = (place: string) =>
  Effect.map(query(`describe select * from read_parquet(${quoted(place)})`), (rows) =>
    Described(rows).map(([name, type]) => ({ name, dtype: dtypes[String(type)] }))
  )

const rowsOf = (place: string) => query(`select * from read_parquet(${quoted(place)})`)

/** Exports a dataset, and checks what Hugging Face would see of it. */
const seen = (
  commit: (dataset: OpenDataset) => Effect.Effect<unknown, StorageError>,
  options: Partial<Pick<ExportFilesOptions, "preparation" | "salt">> = {}
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const parent = yield* fs.makeTempDirectoryScoped()
    const folder = `${parent}/export`
    const storage = yield* ParquetStorage.make({ folder: `${parent}/dataset` })
    yield* Effect.scoped(Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), commit))
    yield* exportFiles(storage, huggingFace, { folder, existing: "refuse", tool: "test", ...options })

    const readme = yield* fs.readFileString(`${folder}/README.md`)
    const [before, front = "", ...rest] = readme.split(/^---\n/mu)
    assert.strictEqual(before, "")
    assert.strictEqual(rest.join("---\n"), `\n${yield* fs.readFileString(`${folder}/DATA_CARD.md`)}`)
    // Hugging Face reads it with a reader of YAML 1.1.
    const matter = decodeFrontMatter(parse(front, { version: "1.1" }))
    assert.deepStrictEqual(decodeFrontMatter(parse(front, { version: "1.2" })), matter)

    const paths = matter.configs.flatMap(({ data_files: files }) => files.map(({ path }) => path))
    assert.deepStrictEqual(
      paths.toSorted(),
      (yield* fs.readDirectory(`${folder}/data`)).map((name) => `data/${name}`).toSorted()
    )
    assert.deepStrictEqual(
      matter.dataset_info.map((info) => info.config_name),
      matter.configs.map((config) => config.config_name)
    )
    for (const [i, { data_files: files }] of matter.configs.entries())
      for (const { path } of files)
        assert.deepStrictEqual<unknown>(yield* featuresOf(`${folder}/${path}`), matter.dataset_info[i]?.features, path)
    return { folder, matter, paths }
  })

it.layer(Layer.merge(NodeContext.layer, processTable(1)))("the layout of Hugging Face", (it) => {
  it.scoped("names each file and column, with the types that the files have", () =>
    Effect.gen(function* () {
      const { folder, matter, paths } = yield* seen((dataset) => commitKept(dataset, 0, 3))
      assert.deepStrictEqual(paths, [
        "data/ratings.parquet",
        "data/films.parquet",
        "data/users.parquet",
        "data/watched.parquet"
      ])
      assert.deepStrictEqual(
        matter.dataset_info.map(({ features }) => features.map(({ name }) => name).join(",")),
        [
          "user_id,film_id,rating,rated_on,liked",
          "film_id,slug,title,year,tmdb_id,imdb_id",
          "user_id,username,state,read_at,films,stated_films,ratings,source,proof",
          "user_id,film_id,liked"
        ]
      )
      assert.deepStrictEqual(matter.size_categories, ["n<1K"])
      const films = yield* rowsOf(`${folder}/data/films.parquet`)
      assert.deepStrictEqual(films[3], [4, null, "Four, whose slug is unknown", 2004, null, "tt12345678"])
      assert.strictEqual(films.length, 5)
      const users = yield* rowsOf(`${folder}/data/users.parquet`)
      assert.deepStrictEqual(users[0]?.slice(0, 3), [1, "plain", "sealed"])
      const ratings = yield* rowsOf(`${folder}/data/ratings.parquet`)
      assert.deepStrictEqual(ratings.at(-1), [3, 4, 2, new Date("1999-12-31T00:00:00Z"), null])
      assert.isAbove((yield* rowsOf(`${folder}/data/watched.parquet`)).length, 0)
    })
  )

  it.scoped("has no file of what the dataset does not keep", () =>
    Effect.gen(function* () {
      const { folder, matter, paths } = yield* seen(commitRest)
      assert.deepStrictEqual(paths, ["data/ratings.parquet", "data/films.parquet", "data/users.parquet"])
      assert.deepStrictEqual(
        matter.dataset_info[0].features.map(({ name }) => name),
        ["user_id", "film_id", "rating"]
      )
      assert.strictEqual((yield* rowsOf(`${folder}/data/ratings.parquet`)).length, 6)
      assert.strictEqual((yield* rowsOf(`${folder}/data/users.parquet`)).length, 6)
    })
  )

  it.scoped("says null where the time of reading is not known, and never 1970", () =>
    Effect.gen(function* () {
      const member = (userId: number, readAt: string) =>
        Schema.decodeUnknownSync(MemberRecord)({
          username: `member_${userId}`,
          userId,
          state: "unproven",
          readAt,
          lastPage: 0,
          missing: [],
          films: 0,
          ratings: 0,
          doubts: [],
          verdicts: {}
        })
      const records = [member(1, "1970-01-01T00:00:00.000Z"), member(2, "2026-01-05T00:00:00.000Z")]
      const { folder } = yield* seen((dataset) =>
        dataset.commit({
          members: records.map((record) => ({ record, isNew: true, write: "append", ratings: [] })),
          newFilms: [],
          changedFilms: [],
          committedAt: DateTime.unsafeMake("2026-01-06T00:00:00Z")
        })
      )
      assert.deepStrictEqual(
        (yield* rowsOf(`${folder}/data/users.parquet`)).map((row) => row[3]),
        [null, new Date("2026-01-05T00:00:00Z")]
      )
    })
  )

  it.scoped("says nothing of members without names, and orders nothing by when they were found", () =>
    Effect.gen(function* () {
      const idsUnder = (salt: string) =>
        Effect.gen(function* () {
          const { folder, matter, paths } = yield* seen((dataset) => commitKept(dataset, 0, 3), {
            salt: Redacted.make(salt)
          })
          assert.deepStrictEqual(paths, ["data/ratings.parquet", "data/films.parquet"])
          assert.deepStrictEqual(
            matter.dataset_info[0].features.map(({ name }) => name),
            ["user_id", "film_id", "rating"]
          )
          const ids = (yield* rowsOf(`${folder}/data/ratings.parquet`)).map(([id]) => Number(id))
          assert.deepStrictEqual(
            ids,
            ids.toSorted((a, b) => a - b)
          )
          return new Set(ids)
        })
      const [one, other] = [yield* idsUnder("one"), yield* idsUnder("other")]
      assert.isAbove(one.size, 1)
      assert.deepStrictEqual(
        [...one].filter((id) => other.has(id)),
        []
      )
    })
  )

  it.scoped("names the parts of a split as Hugging Face does", () =>
    Effect.gen(function* () {
      const { folder, matter } = yield* seen((dataset) => commitKept(dataset, 0, 3), {
        preparation: { split: { _tag: "leave-one-out" } }
      })
      assert.deepStrictEqual(matter.configs[0].data_files, [
        { split: "train", path: "data/ratings.train.parquet" },
        { split: "test", path: "data/ratings.test.parquet" }
      ])
      assert.isAbove((yield* rowsOf(`${folder}/data/ratings.test.parquet`)).length, 0)
    })
  )
})
