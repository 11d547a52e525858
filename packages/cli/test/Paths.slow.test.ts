import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  noRowStreams,
  ratingBlockOf,
  emptyDatasetState,
  Film,
  FilmId,
  Rating,
  RatingsStorage,
  UserId,
  Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { PostgresStorage } from "@letterboxd-ratings/storage-postgres"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { Chunk, DateTime, Effect, Layer, Redacted, Schema, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { sample } from "../../../vitest.sample.ts"
import { inEmptyFolder, lb } from "./Lb.ts"

const platform = Layer.merge(NodeContext.layer, NodeProcessTable.layer)

/** A storage in a folder, and, where it takes one, in a file of a name. */
const storages: Readonly<Record<string, (folder: string) => Layer.Layer<RatingsStorage>>> = {
  csv: (folder) => Layer.provide(CsvStorage.layer({ ...CsvStorage.defaults, folder }), platform),
  sqlite: (folder) => Layer.provide(SqliteStorage.layer({ folder }), platform),
  parquet: (folder) => Layer.provide(ParquetStorage.layer({ folder }), platform)
}

/** A name that something between us and the disk may read as something else, and what it would read it as. */
const names: ReadonlyArray<readonly [name: string, mistaken: ReadonlyArray<string>]> = [
  ["My%20Data", ["My Data"]],
  ["%41", ["A"]],
  ["100%", ["100"]],
  ["%2e%2e%2fout", ["out"]],
  ["a#b", ["a"]],
  ["a?x=1", ["a", "aXx=1"]],
  ["?mode=memory", ["Xmode=memory"]],
  ["a*b", ["aXb"]],
  ["a[bc]d", ["abd", "acd"]],
  ["{a,b}", ["a", "b"]],
  ["it's", ["its"]],
  ["'; drop table films; --", []],
  [`"quoted"`, ["quoted"]],
  [" spaces ", ["spaces"]],
  ["日本語 🎬 é", []],
  ["e\u0301", ["\u00E9"]],
  ["two\nlines", ["two", "lines"]],
  ["back\\slash", ["back", "backslash"]],
  ["-dash", ["dash"]],
  ["--out=other", ["other"]],
  ["~", []],
  ["$HOME", []],
  [":memory:", []],
  ["file:a", ["a"]],
  ["s3:a", ["a"]],
  ["year=2024", []],
  ["a.bak", ["a"]]
]

const username = Schema.decodeUnknownSync(Username)
const film = Schema.decodeUnknownSync(Film)({ id: 7, slug: "seven" })
const rating = Schema.decodeUnknownSync(Rating)

/** A dataset of one rating, to be known again by its stars. */
const oneRating = (stars: number): WholeDataset => ({
  state: {
    ...emptyDatasetState,
    users: new Map([[username("one"), UserId.make(1)]]),
    films: new Map([[film.id, film]]),
    ratings: 1,
    batches: 1
  },
  committedAt: DateTime.unsafeMake(0),
  ...noRowStreams,
  ratings: Stream.succeed(ratingBlockOf([{ userId: UserId.make(1), filmId: FilmId.make(7), rating: rating(stars) }]))
})

const load = (storage: Layer.Layer<RatingsStorage>, stars: number, existing: "refuse" | "set-aside" = "refuse") =>
  Effect.runPromise(
    Effect.flatMap(RatingsStorage, (service) =>
      Effect.scoped(
        Effect.flatMap(service.open({ _tag: "new", existing }), (dataset) => dataset.load(oneRating(stars)))
      )
    ).pipe(Effect.provide(storage))
  )

const rowsOf = (service: RatingsStorage["Type"]) =>
  Effect.map(
    Effect.scoped(Effect.flatMap(service.open({ _tag: "continue" }), (dataset) => Stream.runCollect(dataset.ratings))),
    (rows) => Chunk.toReadonlyArray(rows).map((row) => Number(row.rating))
  )

const starsIn = (storage: Layer.Layer<RatingsStorage>) =>
  Effect.runPromise(Effect.flatMap(RatingsStorage, rowsOf).pipe(Effect.provide(storage)))

/** Asks in every way there is. */
const starsEverywhere = (storage: Layer.Layer<RatingsStorage>) =>
  Effect.runPromise(
    Effect.flatMap(RatingsStorage, (service) =>
      Effect.gen(function* () {
        assert.isTrue(yield* service.exists)
        assert.strictEqual((yield* service.inspect).state.ratings, 1)
        assert.deepStrictEqual((yield* service.verify({ repair: false })).problems, [], service.place)
        return yield* rowsOf(service)
      })
    ).pipe(Effect.provide(storage))
  )

describe("a name of a folder or file", () => {
  for (const [storage, at] of Object.entries(storages)) {
    it(
      `is that folder's, and no other's, in the storage ${storage}`,
      inEmptyFolder(async (folder) => {
        for (const [name, mistaken] of sample(`names of a folder of ${storage}`, names, 2)) {
          const root = fs.mkdtempSync(path.join(folder, "root-"))
          for (const other of mistaken) await load(at(path.join(root, other)), 1)
          const place = at(path.join(root, name))
          await load(place, 5)
          for (const other of mistaken)
            assert.deepStrictEqual(await starsIn(at(path.join(root, other))), [1], `${name} is not ${other}`)
          await load(place, 4, "set-aside")
          assert.deepStrictEqual(await starsEverywhere(place), [4], name)
          const entries = fs.readdirSync(root)
          const aside = entries.filter((entry) => entry.startsWith(`${name}.bak-`))
          assert.lengthOf(aside, 1, name)
          assert.deepStrictEqual(await starsIn(at(path.join(root, aside[0] ?? ""))), [5], name)
          assert.sameMembers(entries, [name, ...mistaken, ...aside])
        }
      }),
      600_000
    )
  }

  it(
    "is refused by the storage parquet where DuckDB cannot name it: a backslash beside a sign of patterns",
    inEmptyFolder(async (folder) => {
      for (const name of ["a\\b*", "a?\\b", "a[b]\\c"]) {
        const place = storages["parquet"]?.(path.join(folder, name))
        if (place === undefined) return assert.fail()
        const error = await Effect.runPromise(
          Effect.flip(
            Effect.flatMap(RatingsStorage, (service) =>
              Effect.scoped(
                Effect.flatMap(service.open({ _tag: "new", existing: "refuse" }), (dataset) =>
                  dataset.load(oneRating(5))
                )
              )
            ).pipe(Effect.provide(place))
          )
        )
        assert.strictEqual(error.reason, "InvalidOption", name)
      }
      assert.deepStrictEqual(fs.readdirSync(folder), [])
    })
  )

  it(
    "is that file's, and no other's, where SQLite's file has one",
    inEmptyFolder(async (folder) => {
      const at = (file: string) =>
        Layer.provide(SqliteStorage.layer({ folder: path.join(folder, "data"), file }), platform)
      const chosen = sample("names of SQLite's file", names, 3)
      for (const [name] of chosen) {
        await load(at(name), 5)
        assert.deepStrictEqual(await starsEverywhere(at(name)), [5], name)
      }
      assert.sameMembers(
        fs.readdirSync(path.join(folder, "data")),
        chosen.map(([name]) => name)
      )
      for (const file of ["../outside.sqlite", "sub/inside.sqlite", "..", ".", "", "nul\0"]) {
        const error = await Effect.runPromise(
          Effect.flip(Effect.flatMap(RatingsStorage, (service) => service.exists).pipe(Effect.provide(at(file))))
        )
        assert.strictEqual(error.reason, "InvalidOption", file)
      }
      assert.sameMembers(fs.readdirSync(folder), ["data"])
    }),
    600_000
  )

  it("is no schema's, where it is no plain name", async () => {
    for (const [name] of names) {
      const storage = PostgresStorage.make({ url: Redacted.make("postgres://nobody@127.0.0.1:1/none"), schema: name })
      assert.strictEqual((await Effect.runPromise(Effect.flip(storage.exists))).reason, "InvalidOption", name)
    }
  })

  it(
    "reaches the command's options as it is: --out, --into, --config, --storage, the storage's file",
    inEmptyFolder(async (folder) => {
      const odd = `My%20Data #?x=1&a[bc]*{d} 100% it's "so" é🎬 new\nline`
      const run = ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "2", "--quiet"]
      const done = async (args: ReadonlyArray<string>, variables = {}) => {
        const { code, err, out } = await lb(folder, args, variables)
        assert.strictEqual(code, 0, `${args.join(" ")}: ${err}`)
        return out
      }
      const ratingsIn = async (args: ReadonlyArray<string>) => {
        const { ratings } = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({ ratings: Schema.Int })))(
          await done(["status", "--json", ...args])
        )
        return ratings
      }

      await done([...run, "--storage", "sqlite", "--out", odd, "--storage-options", `file=${odd}.sqlite`])
      const sqlite = ["--storage", "sqlite", "--out", odd, "--storage-options", `file=${odd}.sqlite`]
      const ratings = await ratingsIn(sqlite)
      assert.isAbove(ratings, 0)
      assert.deepStrictEqual(fs.readdirSync(path.join(folder, odd)), [`${odd}.sqlite`])
      // The rest of the test goes on with the first two.
      const layouts = sample("layouts with an odd name", ["parquet-file", "jsonl"], 1)
      for (const to of ["csv", "parquet", ...layouts]) {
        const into = `${odd} ${to}`
        await done([
          "export",
          "--from",
          "sqlite",
          "--out",
          odd,
          "--storage-options",
          `file=${odd}.sqlite`,
          "--to",
          to,
          "--into",
          into
        ])
        if (to === "csv" || to === "parquet") {
          assert.strictEqual(await ratingsIn(["--storage", to, "--out", into]), ratings)
          await done(["verify", "--storage", to, "--out", into])
        }
      }
      await done([
        "export",
        "--from",
        "parquet",
        "--out",
        `${odd} parquet`,
        "--to",
        "sqlite",
        "--into",
        `${odd} back`,
        "--into-options",
        `file=${odd}`
      ])
      assert.strictEqual(
        await ratingsIn(["--storage", "sqlite", "--out", `${odd} back`, "--storage-options", `file=${odd}`]),
        ratings
      )

      // Said in a file of such a name.
      fs.writeFileSync(path.join(folder, `${odd}.json`), JSON.stringify({ out: `${odd} csv` }))
      assert.strictEqual(await ratingsIn(["--config", `${odd}.json`]), ratings)
      // A value that looks like an option.
      fs.renameSync(path.join(folder, `${odd} csv`), path.join(folder, "-out"))
      assert.strictEqual(await ratingsIn(["--out", "./-out"]), ratings)

      fs.mkdirSync(path.join(folder, "modules"))
      fs.writeFileSync(
        path.join(folder, "modules", `${odd}.mjs`),
        `import * as CsvStorage from ${JSON.stringify(new URL("../../storage-csv/dist/CsvStorage.js", import.meta.url).href)}\n` +
          "export const layer = ({ folder }) => CsvStorage.layer({ ...CsvStorage.defaults, folder })\n"
      )
      assert.strictEqual(await ratingsIn(["--storage", `./modules/${odd}.mjs`, "--out", "./-out"]), ratings)
      assert.sameMembers(fs.readdirSync(folder), [
        odd,
        `${odd} parquet`,
        ...layouts.map((to) => `${odd} ${to}`),
        `${odd} back`,
        `${odd}.json`,
        "-out",
        "modules"
      ])
    }),
    600_000
  )
})
