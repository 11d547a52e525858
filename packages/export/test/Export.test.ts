import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import {
  blocksOfRows,
  displayName,
  type EncodedRating,
  type OpenDataset,
  type RatingsStorage,
  readWhole,
  rowsOfBlocks,
  StorageError,
  type WholeDataset
} from "@letterboxd-ratings/core"
import {
  anonymised,
  anonymousIds,
  asText,
  exportFiles,
  type ExportFormat,
  exportToStorage,
  jsonLines,
  movieLens,
  recBole,
  spreadsheet
} from "@letterboxd-ratings/export"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { commitKept, commitRest } from "@letterboxd-ratings/storage-testkit"
import { processTable } from "@letterboxd-ratings/storage-testkit/folder"
import { parse } from "csv-parse/sync"
import { Chunk, type Context, Effect, Layer, Redacted, Schema, Stream } from "effect"
import * as fc from "fast-check"
import { createHash } from "node:crypto"

type Storage = Context.Tag.Service<RatingsStorage>

/** A storage that holds the testkit's history: odd names, a renamed film, members of several states. */
const filled = Effect.gen(function* () {
  const storage = MemoryStorage.make({ place: "dataset" })
  yield* Effect.scoped(Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), commitRest))
  return storage
})

/** The same storage, but its ratings come as `change` makes them. */
const withRatings = (
  storage: Storage,
  change: (ratings: OpenDataset["ratings"]) => OpenDataset["ratings"]
): Storage => ({
  ...storage,
  open: (mode) => Effect.map(storage.open(mode), (dataset) => ({ ...dataset, ratings: change(dataset.ratings) }))
})

const freshFolder = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "export")
})

const options = (folder: string) => ({ folder, existing: "refuse", tool: "letterboxd-ratings test" }) as const
const salt = Redacted.make("pepper")

const text = (folder: string, name: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* fs.readFileString(path.join(folder, name))
  })

const Cells = Schema.decodeUnknownSync(Schema.Array(Schema.Array(Schema.String)))
const csv = (folder: string, name: string) => Effect.map(text(folder, name), (content) => Cells(parse(content)))
const Line = Schema.decodeUnknownSync(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown })))
const lines = (folder: string, name: string) =>
  Effect.map(text(folder, name), (content) =>
    content
      .trimEnd()
      .split("\n")
      .map((line) => Line(line))
  )

const rowsIn = (ratings: WholeDataset["ratings"]) =>
  Effect.map(Stream.runCollect(rowsOfBlocks(ratings)), (rows) =>
    Chunk.toReadonlyArray(rows).map(({ filmId, rating, userId }): ReadonlyArray<number> => [userId, filmId, rating])
  )

/** Rows with the ids they have in an anonymous export, in its order. */
const anonymousRows = (rows: ReadonlyArray<ReadonlyArray<number>>, ids: ReadonlyMap<number, number>) =>
  rows.map(([user = 0, ...rest]) => [ids.get(user) ?? 0, ...rest]).toSorted(([a = 0], [b = 0]) => a - b)

const formats: ReadonlyArray<ExportFormat> = [movieLens, recBole, jsonLines, spreadsheet]

layer(Layer.merge(NodeContext.layer, processTable(1)))("exports", (it) => {
  it.scoped("write a table that a spreadsheet reads right", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* exportFiles(yield* filled, spreadsheet, options(folder))
      const fs = yield* FileSystem.FileSystem
      const written = new TextDecoder("utf-8", { ignoreBOM: true }).decode(yield* fs.readFile(`${folder}/ratings.csv`))
      assert.strictEqual(
        written,
        [
          "\uFEFFusername,film_title,rating",
          `"'123","Ten Again (2002)",5.0`,
          `"'123","Forty\nLines (1940)",1.0`,
          `"null","Me, Myself & ""Irene"" (2000)",1.0`,
          `"half","Ten Again (2002)",2.0`,
          `"half","Null",4.0`,
          `"last","Forty\nLines (1940)",2.5`
        ]
          .map((line) => `${line}\r\n`)
          .join("")
      )
    })
  )

  it("leave no cell to a spreadsheet that is a formula, a number or a date", () => {
    for (const text of [
      `=HYPERLINK("http://x","y")`,
      "+1",
      "-1",
      "@x",
      "\tx",
      "\rx",
      "\n=1",
      " =1",
      "＝1",
      "a;=1",
      "a\t+1",
      "a, @x",
      "007",
      "1e5",
      "12/12",
      "1:30",
      "9-1-1",
      "march1",
      "sept2",
      "dec",
      "1 may 2020",
      "true",
      "50%"
    ]) {
      assert.notStrictEqual(asText(text), text, text)
      assert.strictEqual(asText(text).replaceAll("'", ""), text)
    }
    for (const text of [
      "Face/Off (1997)",
      "Face - Off",
      "M",
      "Me, Myself & Irene",
      "maybe",
      "Se7en",
      "1917 (2019)",
      "marcel",
      "user_1"
    ])
      assert.strictEqual(asText(text), text)
    const sign = fc.constantFrom(..."=+-@＝＋－＠,;\t\r\n\" 1ae'")
    fc.assert(
      fc.property(
        fc.array(sign).map((signs) => signs.join("")),
        (text) => {
          const written = asText(text)
          for (const part of written.split(/[,;\t\r\n]/u)) assert.notMatch(part, /^\s*[=+\-@＝＋－＠]/u)
          assert.notMatch(written, /^[\t\r]/u)
          assert.strictEqual(written.replaceAll("'", ""), text.replaceAll("'", ""))
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it.scoped("hold what a dataset keeps of ratings and films, in columns behind the usual ones", () =>
    Effect.gen(function* () {
      const storage = MemoryStorage.make({ place: "kept" })
      const kept = storage.open({ _tag: "new", existing: "refuse" })
      yield* Effect.scoped(Effect.flatMap(kept, (dataset) => commitKept(dataset, 0, 3)))
      const lineOf = (format: ExportFormat, name: string, key?: Redacted.Redacted) =>
        Effect.gen(function* () {
          const folder = yield* freshFolder
          yield* exportFiles(storage, format, { ...options(folder), ...(key === undefined ? {} : { salt: key }) })
          const lines = (yield* text(folder, name)).split(/\r?\n/u)
          return { first: lines[0], last: lines.at(-2) }
        })
      const json = yield* lineOf(jsonLines, "ratings.jsonl")
      assert.strictEqual(
        json.first,
        `{"user_id":1,"username":"plain","film_id":1,"film_slug":"one","film_title":"One","film_year":2001,"tmdb_id":1,"imdb_id":null,"rating":4,"rated_on":null,"liked":null}`
      )
      assert.strictEqual(
        json.last,
        `{"user_id":3,"username":"whole","film_id":4,"film_slug":null,"film_title":"Four, whose slug is unknown","film_year":2004,"tmdb_id":null,"imdb_id":"tt12345678","rating":2,"rated_on":"1999-12-31","liked":null}`
      )
      assert.deepStrictEqual(yield* lineOf(movieLens, "ratings.csv"), {
        first: "userId,movieId,rating,timestamp,timestamp_kind,rated_on,liked",
        last: "3,4,2.0,946598400,rated,1999-12-31,"
      })
      assert.deepStrictEqual(yield* lineOf(spreadsheet, "ratings.csv"), {
        first: "username,film_title,rating,rated_on,liked",
        last: `"whole","Four, whose slug is unknown (2004)",2.0,1999-12-31,`
      })
      assert.strictEqual((yield* lineOf(movieLens, "ratings.csv", salt)).first, "userId,movieId,rating,timestamp")
    })
  )

  it.scoped("write the layout of MovieLens", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const report = yield* exportFiles(yield* filled, movieLens, options(folder))
      assert.deepStrictEqual(report, { users: 6, films: 4, ratings: 6, notes: [] })
      const minute = (n: number) => `${Date.UTC(2026, 0, 1, 0, n) / 1000}`
      assert.deepStrictEqual(yield* csv(folder, "ratings.csv"), [
        ["userId", "movieId", "rating", "timestamp"],
        ["1", "20", "1.0", minute(4)],
        ["4", "10", "2.0", minute(4)],
        ["4", "30", "4.0", minute(4)],
        ["5", "10", "5.0", minute(3)],
        ["5", "40", "1.0", minute(3)],
        ["6", "40", "2.5", minute(5)]
      ])
      assert.deepStrictEqual(yield* csv(folder, "movies.csv"), [
        ["movieId", "title", "genres"],
        ["10", "Ten Again (2002)", "(no genres listed)"],
        ["20", `Me, Myself & "Irene" (2000)`, "(no genres listed)"],
        ["30", "Null", "(no genres listed)"],
        ["40", "Forty\nLines (1940)", "(no genres listed)"]
      ])
      assert.deepStrictEqual(yield* csv(folder, "links.csv"), [
        ["movieId", "imdbId", "tmdbId", "letterboxdId", "letterboxdSlug"],
        ["10", "", "", "10", "ten-2002"],
        ["20", "", "", "20", "comma"],
        ["30", "", "", "30", "null"],
        ["40", "", "", "40", "forty"]
      ])
      assert.deepStrictEqual(yield* csv(folder, "tags.csv"), [["userId", "movieId", "tag", "timestamp"]])
    })
  )

  it.scoped("write JSON Lines", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* exportFiles(yield* filled, jsonLines, options(folder))
      const written = yield* lines(folder, "ratings.jsonl")
      assert.strictEqual(written.length, 6)
      assert.deepStrictEqual(written[2], {
        user_id: 1,
        username: "null",
        film_id: 20,
        film_slug: "comma",
        film_title: `Me, Myself & "Irene"`,
        film_year: 2000,
        rating: 1
      })
      assert.deepStrictEqual(written[4], {
        user_id: 4,
        username: "half",
        film_id: 30,
        film_slug: "null",
        film_title: "Null",
        film_year: null,
        rating: 4
      })
    })
  )

  for (const format of formats) {
    it.scoped(`carry a data card whose counts and checksums are those of the files: ${format.name}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const folder = yield* freshFolder
        yield* exportFiles(yield* filled, format, options(folder))
        const card = yield* text(folder, "DATA_CARD.md")
        const names = (yield* fs.readDirectory(folder)).filter((name) => name !== "DATA_CARD.md")
        assert.isAbove(names.length, 0)
        for (const name of names) {
          const bytes = yield* fs.readFile(path.join(folder, name))
          assert.include(card, `| \`${name}\` | `)
          assert.include(card, `| ${bytes.length} | \`${createHash("sha256").update(bytes).digest("hex")}\` |`)
        }
        for (const row of [
          "| members | 6: 5 complete, 1 private |",
          "| proven complete | 83.3 % |",
          "| ratings | 6 |",
          "| read | 2026-01-01 to 2026-01-01 (UTC) |",
          "| 1.0 | 2 | 33.3 % |",
          "| 5.0 | 1 | 16.7 % |",
          "| 0.5 | 0 | 0.0 % |"
        ])
          assert.include(card, row)
      })
    )

    it.scoped(`without names, tell nothing that leads to a member: ${format.name}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* freshFolder
        const storage = yield* filled
        yield* exportFiles(storage, format, { ...options(folder), salt })
        const ratings = (yield* fs.readDirectory(folder)).find((name) => /^ratings|\.inter$/u.test(name)) ?? ""
        // Of these names none is a word of the format or a film's slug.
        for (const name of ["empty", "hidden", "half", "last"]) assert.notInclude(yield* text(folder, ratings), name)
        const titles = new Map(
          [...(yield* storage.inspect).state.films.values()].map((film) => [displayName(film), film.id as number])
        )
        const rowsOf = (name: string) =>
          name.endsWith(".csv")
            ? csv(folder, name)
            : Effect.map(text(folder, name), (all) =>
                all
                  .trimEnd()
                  .split("\n")
                  .map((line) => line.split("\t"))
              )
        const written = !ratings.endsWith(".jsonl")
          ? (yield* rowsOf(ratings))
              .slice(1)
              .map(([user, film = "", stars]) => [Number(user), titles.get(film) ?? Number(film), Number(stars)])
          : (yield* lines(folder, ratings)).map((row) => [row["user_id"], row["film_id"], row["rating"]])
        const ids = anonymousIds((yield* storage.inspect).state.users, salt)
        const rows = yield* Effect.scoped(Effect.flatMap(readWhole(storage), (whole) => rowsIn(whole.ratings)))
        assert.deepStrictEqual(written, anonymousRows(rows, ids))
        if (format === movieLens) {
          const times = new Set((yield* csv(folder, ratings)).slice(1).map((row) => row[3]))
          assert.deepStrictEqual(times, new Set([`${Date.UTC(2026, 0, 1) / 1000}`]))
        }
        for (const name of yield* fs.readDirectory(folder)) assert.notInclude(yield* text(folder, name), "pepper")
        assert.include(yield* text(folder, "DATA_CARD.md"), "removed; ids are salted")
      })
    )

    it.scoped(`are not there at all where a row is missing, doubled or nobody's: ${format.name}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const storage = yield* filled
        const damaged = new StorageError({ reason: "Damaged", storage: "memory", place: "there", detail: "no" })
        const wrong: Readonly<Record<string, (ratings: OpenDataset["ratings"]) => OpenDataset["ratings"]>> = {
          "one is missing": (ratings) => Stream.drop(ratings, 1),
          "all are missing": () => Stream.empty,
          "one is there twice": (ratings) => Stream.concat(ratings, Stream.take(ratings, 1)),
          "one stands for another's": (ratings) =>
            Stream.concat(Stream.drop(ratings, 1), Stream.take(Stream.drop(ratings, 2), 1)),
          "one is nobody's": (ratings) =>
            Stream.map(ratings, (rating): EncodedRating => ({ ...rating, userId: 99 as never })),
          "one is of no film": (ratings) =>
            Stream.map(ratings, (rating): EncodedRating => ({ ...rating, filmId: 99 as never })),
          "reading fails": (ratings) => Stream.concat(Stream.take(ratings, 1), Stream.fail(damaged))
        }
        for (const [what, change] of Object.entries(wrong)) {
          const folder = yield* freshFolder
          const error = yield* Effect.flip(exportFiles(withRatings(storage, change), format, options(folder)))
          assert.strictEqual(error.reason, "Damaged", what)
          assert.deepStrictEqual(yield* fs.readDirectory(path.dirname(folder)), [], what)
          const target = MemoryStorage.make({ place: "copy" })
          const failed = yield* Effect.flip(
            exportToStorage(withRatings(storage, change), target, { ...options(folder), listFiles: false })
          )
          assert.strictEqual(failed.reason, "Damaged", what)
          assert.isFalse(yield* target.exists, what)
        }
      })
    )
  }

  it.scoped("write over no data card: one that is there is set aside, or in the way", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* fs.makeDirectory(folder, { recursive: true })
      yield* fs.writeFileString(path.join(folder, "DATA_CARD.md"), "mine")
      const storage = yield* filled
      const refused = yield* Effect.flip(
        exportToStorage(storage, MemoryStorage.make({ place: "copy" }), { ...options(folder), listFiles: false })
      )
      assert.strictEqual(refused.reason, "AlreadyThere")
      yield* exportToStorage(storage, MemoryStorage.make({ place: "copy" }), {
        ...options(folder),
        existing: "set-aside",
        listFiles: false
      })
      const [card, aside] = (yield* fs.readDirectory(folder)).toSorted()
      assert.strictEqual(card, "DATA_CARD.md")
      assert.match(aside ?? "", /^DATA_CARD\.md\.bak-\d{8}-\d{6}$/u)
      assert.strictEqual(yield* text(folder, aside ?? ""), "mine")
    })
  )

  it.scoped("refuse what is there, or set it aside whole", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      const storage = yield* filled
      yield* exportFiles(storage, jsonLines, options(folder))
      const before = yield* text(folder, "ratings.jsonl")
      const error = yield* Effect.flip(exportFiles(storage, movieLens, options(folder)))
      assert.strictEqual(error.reason, "AlreadyThere")
      yield* exportFiles(storage, movieLens, { ...options(folder), existing: "set-aside" })
      const beside = (yield* fs.readDirectory(path.dirname(folder))).toSorted()
      assert.strictEqual(beside.length, 2)
      assert.match(beside[1] ?? "", /^export\.bak-\d{8}-\d{6}$/u)
      assert.strictEqual(yield* text(path.join(path.dirname(folder), beside[1] ?? ""), "ratings.jsonl"), before)
      assert.deepStrictEqual((yield* fs.readDirectory(folder)).toSorted(), [
        "DATA_CARD.md",
        "links.csv",
        "movies.csv",
        "ratings.csv",
        "tags.csv"
      ])
    })
  )

  it.scoped("move no folder that holds the dataset itself, or in which a process is at work", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const storage = yield* filled
      const aside = (folder: string) => ({ ...options(folder), existing: "set-aside" as const })
      const folder = yield* freshFolder
      yield* exportFiles(storage, jsonLines, options(folder))
      const left = fs.readDirectory(folder.slice(0, folder.lastIndexOf("/")))
      const before = yield* left
      yield* fs.makeDirectory(`${folder}/data`)
      yield* fs.symlink(folder, `${folder}/data/link`)
      for (const place of [folder, `${folder}/data`, `${folder}/../export`, `${folder}/data/link`]) {
        const error = yield* Effect.flip(exportFiles({ ...storage, place }, jsonLines, aside(folder)))
        assert.strictEqual(error.reason, "InvalidOption", place)
        assert.strictEqual(
          (yield* Effect.flip(
            exportToStorage({ ...storage, place }, { ...storage, place: folder }, { ...aside(folder), listFiles: true })
          )).reason,
          "InvalidOption"
        )
      }
      const lock = { process: { pid: 1, host: "here", startedAt: 1 }, since: "2026-01-01T00:00:00.000Z" }
      yield* fs.writeFileString(`${folder}/.lock`, JSON.stringify(lock))
      const locked = yield* Effect.flip(exportFiles(storage, jsonLines, aside(folder)))
      assert.strictEqual(locked.reason, "Locked")
      assert.deepStrictEqual(yield* left, before)
      yield* fs.writeFileString(`${folder}/.lock`, JSON.stringify({ ...lock, process: { ...lock.process, pid: 77 } }))
      yield* exportFiles(storage, jsonLines, aside(folder))
      assert.strictEqual((yield* left).length, before.length + 1)
    })
  )

  it.scoped("take an empty folder for none, move nothing that is no export, and take a file for something", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* freshFolder
      yield* fs.makeDirectory(folder)
      yield* exportFiles(yield* filled, jsonLines, options(folder))
      assert.isTrue(yield* fs.exists(path.join(folder, "ratings.jsonl")))
      const file = path.join(path.dirname(folder), "file")
      yield* fs.writeFileString(file, "mine")
      const other = path.join(path.dirname(folder), "other")
      yield* fs.makeDirectory(other)
      yield* fs.writeFileString(path.join(other, "thesis.txt"), "mine")
      for (const existing of ["refuse", "set-aside"] as const) {
        const refused = yield* Effect.flip(exportFiles(yield* filled, jsonLines, { ...options(other), existing }))
        assert.strictEqual(refused.reason, "AlreadyThere")
        assert.deepStrictEqual((yield* fs.readDirectory(path.dirname(folder))).toSorted(), ["export", "file", "other"])
      }
      const error = yield* Effect.flip(exportFiles(yield* filled, jsonLines, options(file)))
      assert.strictEqual(error.reason, "InvalidOption")
      assert.strictEqual(yield* fs.readFileString(file), "mine")
    })
  )

  it.effect("give a member the same id under the same salt, whoever else is there, and none twice", () =>
    Effect.sync(() => {
      const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_]{2,15}$/u), { minLength: 1, maxLength: 40 })
      fc.assert(
        fc.property(names, fc.nat(39), fc.string(), (all, from, secret) => {
          const idsOf = (some: ReadonlyArray<string>, under: string) => {
            const users = some.map((name, i) => [name as never, (i + 1) as never] as const)
            const ids = anonymousIds(users, Redacted.make(under))
            return new Map<string, number>(users.map(([name, id]) => [name, ids.get(id) ?? 0]))
          }
          const ids = idsOf(all, secret)
          assert.strictEqual(new Set(ids.values()).size, all.length)
          for (const id of ids.values()) assert.isTrue(Number.isInteger(id) && id >= 1 && id < 2 ** 31)
          for (const [name, id] of idsOf(all.slice(from).toReversed(), secret)) assert.strictEqual(ids.get(name), id)
          assert.notDeepEqual([...ids], [...idsOf(all, `${secret}!`)])
        })
      )
    })
  )

  it.effect("keep each rating with its film when members are put into another order", () =>
    Effect.gen(function* () {
      const { state, ...whole } = yield* Effect.scoped(readWhole(yield* filled))
      const rows: ReadonlyArray<EncodedRating> = Array.from({ length: 20_000 }, (_, i) => ({
        userId: (1 + (i % 6)) as never,
        filmId: [10, 20, 30, 40][Math.floor(i / 6) % 4] as never,
        rating: (((i % 10) + 1) / 2) as never
      }))
      const given = blocksOfRows(Stream.fromIterable(rows))
      const dataset = yield* anonymised({ ...whole, state: { ...state, ratings: rows.length }, ratings: given }, salt)
      assert.deepStrictEqual(
        yield* rowsIn(dataset.ratings),
        anonymousRows(yield* rowsIn(given), anonymousIds(state.users, salt))
      )
    })
  )
})
