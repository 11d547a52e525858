import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { StorageError } from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { askStorage, makeDisk } from "@letterboxd-ratings/storage-testkit/folder"
import { Cause, Effect, Either, Exit, Option } from "effect"
import * as fc from "fast-check"
import { sample } from "../../../vitest.sample.ts"
import { batchOf, contentOf, film, freshFolder, goOn, username, verify, withDataset } from "./Batches.ts"

/** A dataset as the original tool leaves it, with all that pandas does to numbers and names. */
const original = {
  "latest_raw_user_ratings.csv": `\uFEFFuser_id,film_id,rating\r\n1,51608,4.0\r\n1.0,"240344",3.5\r\n2,51608.0,5\r\n4,240344,0.5\r\n`,
  "latest_translated_user_ratings.csv": "username,film_title,rating\ndavee,fail-safe,4.0\n",
  "latest_user_mappings.csv": "username,numeric_user_id\nDaveE,1\nnull,2\nnan,4\n",
  "latest_film_mappings.csv": `film_id,film_title\n51608,/film/fail-safe/\n"240344",la-la-land\n7.0,null\n`,
  "latest_user_updates.csv":
    "username,last_updated\ndavee,2023-05-01\nnull,2023-05-02 10:11:12\nnan,2023-05-03T00:00:00Z\n"
}

const write = (folder: string, files: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const [name, text] of Object.entries(files)) {
      const place = path.join(folder, name)
      yield* fs.makeDirectory(path.dirname(place), { recursive: true })
      yield* fs.writeFileString(place, text)
    }
  })

const files = (content: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(content).filter(([name]) => name.startsWith("latest_")))

const adopted = {
  "latest_raw_user_ratings.csv": "user_id,film_id,rating\n1,51608,4.0\n1,240344,3.5\n2,51608,5.0\n4,240344,0.5\n",
  "latest_translated_user_ratings.csv":
    "username,film_title,rating\ndavee,fail-safe,4.0\ndavee,la-la-land,3.5\nnull,fail-safe,5.0\nnan,la-la-land,0.5\n",
  "latest_user_mappings.csv": "username,numeric_user_id\ndavee,1\nnull,2\nnan,4\n",
  "latest_film_mappings.csv":
    "film_id,film_title,film_slug\n51608,fail-safe,fail-safe\n240344,la-la-land,la-la-land\n7,null,null\n",
  "latest_user_updates.csv":
    "username,last_updated\ndavee,2023-05-01T00:00:00.000Z\nnull,2023-05-02T10:11:12.000Z\nnan,2023-05-03T00:00:00.000Z\n"
}

/** Text with its byte order mark, which a decoder would swallow. */
const textOf = (place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(yield* fs.readFile(place))
  })

/** The content of a folder without subfolders. */
const flat = (folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const names = (yield* fs.readDirectory(folder)).toSorted()
    const entries: Array<readonly [string, string]> = []
    for (const name of names) {
      const place = path.join(folder, name)
      if ((yield* fs.stat(place)).type === "File") entries.push([name, yield* textOf(place)])
    }
    return Object.fromEntries(entries)
  })

const refusal = (folder: string) =>
  Effect.map(Effect.exit(withDataset(folder, goOn, () => Effect.void)), (exit) => {
    assert(Exit.isFailure(exit), "it should have been refused")
    const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
    assert(failure instanceof StorageError)
    return failure
  })

layer(NodeContext.layer)("a dataset of the original tool", (it) => {
  const inSubfolders = (name: string) =>
    /mappings/u.test(name) ? `mappings/${name}` : /updates/u.test(name) ? `users/${name}` : `training/${name}`
  const beforeApril2025 = (name: string) => name.replace("latest_", "")
  const layouts: Readonly<Record<string, (name: string) => string>> = {
    "in one folder": (name) => name,
    "in folders of its own": inSubfolders,
    "with the names it had before April 2025": beforeApril2025,
    "with these names in folders of its own": (name) => inSubfolders(beforeApril2025(name)),
    "with names of both times": (name) => (/film/u.test(name) ? beforeApril2025(name) : name)
  }
  for (const [what, place] of Object.entries(layouts)) {
    it.scoped(`${what} is taken over with every id, and its files are kept`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const folder = yield* freshFolder
        const before = Object.fromEntries(Object.entries(original).map(([name, text]) => [place(name), text]))
        yield* write(folder, before)
        const notes = yield* withDataset(folder, goOn, (dataset) => Effect.succeed(dataset.notes))
        assert.include(notes[0] ?? "", "3 users, 3 films, 4 ratings")
        assert.deepStrictEqual(files(yield* flat(folder)), adopted)
        const kept = (yield* fs.readDirectory(folder)).find((name) => name.startsWith("original-")) ?? ""
        for (const [name, text] of Object.entries(before)) {
          assert.strictEqual(yield* textOf(path.join(folder, kept, name)), text)
        }
        assert.deepStrictEqual((yield* verify(folder)).problems, [])
        assert.deepStrictEqual(yield* withDataset(folder, goOn, (dataset) => Effect.succeed(dataset.notes)), [])
      })
    )
  }

  it.scoped("is taken over as a spreadsheet saved it, and it is said how", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* write(folder, {
        ...original,
        "latest_raw_user_ratings.csv": `sep=;\r\nuser_id;film_id;rating\r\n1;51608;4\r\n"1";240344;3,5\r\n2;51608,0;"5,0"\r\n4;240344;0,5\r\n;;\r\n`
      })
      const films = new TextDecoder()
        .decode(yield* fs.readFile(`${folder}/latest_film_mappings.csv`))
        .replaceAll(",", "\t")
      yield* fs.writeFile(`${folder}/latest_film_mappings.csv`, Buffer.from(`\uFEFF${films}`, "utf16le"))
      const notes = yield* withDataset(folder, goOn, (dataset) => Effect.succeed(dataset.notes))
      assert.include(
        notes.join("\n"),
        'latest_raw_user_ratings.csv: its first line is "sep=;", its values are separated by semicolons'
      )
      assert.include(
        notes.join("\n"),
        "latest_film_mappings.csv: it is written in UTF-16LE, its values are separated by tabs"
      )
      assert.deepStrictEqual(files(yield* flat(folder)), adopted)
    })
  )

  it.scoped("is not taken over where files of two times differ, and both are named", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const old = "raw_user_ratings.csv"
      yield* write(folder, {
        ...original,
        [old]: "user_id,film_id,rating\n1,51608,4.0\n",
        "mappings/user_mappings.csv": original["latest_user_mappings.csv"]
      })
      const before = yield* contentOf(folder)
      const failure = yield* refusal(folder)
      assert.strictEqual(failure.reason, "Damaged")
      assert.include(
        failure.message,
        `${folder}/latest_raw_user_ratings.csv and ${folder}/${old} differ, and nothing tells which one counts`
      )
      assert.notInclude(failure.message, "user_mappings.csv differ")
      assert.deepStrictEqual(yield* contentOf(folder), before)
    })
  )

  it.scoped("keeps ids as large as they may be, and verify tells them apart", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const last = 2_147_483_647
      yield* write(folder, {
        "user_mappings.csv": `username,numeric_user_id\nfirst,1\nlast,${last}\n`,
        "film_mappings.csv": `film_id,film_title\n${last - 1},one\n${last},two\n`,
        "raw_user_ratings.csv": `user_id,film_id,rating\n${last},${last - 1},1\n${last},${last},2\n1,${last},3\n`
      })
      yield* withDataset(folder, goOn, () => Effect.void)
      assert.deepStrictEqual(yield* verify(folder), { ratings: 3, problems: [], repaired: [] })
    })
  )

  it.scoped(
    "keeps the later of ratings that stand twice, whatever their number and order",
    () =>
      Effect.gen(function* () {
        const folder = yield* freshFolder
        const rows = fc.array(
          fc.tuple(fc.constantFrom(1, 2, 4), fc.constantFrom(51_608, 240_344, 7), fc.integer({ min: 1, max: 10 })),
          { maxLength: 40 }
        )
        const forms = fc.record({
          quoted: fc.boolean(),
          short: fc.boolean(),
          lineEnd: fc.constantFrom("\n", "\r\n"),
          index: fc.boolean()
        })
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(rows, forms, (ratings, { index, lineEnd, quoted, short }) =>
              Effect.runPromise(
                Effect.provide(
                  Effect.gen(function* () {
                    const fs = yield* FileSystem.FileSystem
                    yield* fs.remove(folder, { recursive: true, force: true })
                    const cell = (text: string) => (quoted ? `"${text}"` : text)
                    const lines = ratings.map(([user, film, halfStars], n) =>
                      [
                        ...(index ? [`${n}`] : []),
                        ...[`${user}`, `${film}`, short ? `${halfStars / 2}` : (halfStars / 2).toFixed(1)].map(cell)
                      ].join(",")
                    )
                    yield* write(folder, {
                      ...original,
                      "latest_raw_user_ratings.csv": [`${index ? "," : ""}user_id,film_id,rating`, ...lines]
                        .map((line) => `${line}${lineEnd}`)
                        .join("")
                    })
                    yield* withDataset(folder, goOn, () => Effect.void)
                    const last = new Map<string, string>()
                    for (const [user, film, halfStars] of ratings) {
                      last.delete(`${user},${film}`)
                      last.set(`${user},${film}`, (halfStars / 2).toFixed(1))
                    }
                    assert.strictEqual(
                      files(yield* flat(folder))["latest_raw_user_ratings.csv"],
                      ["user_id,film_id,rating", ...Array.from(last, ([pair, stars]) => `${pair},${stars}`)]
                        .map((line) => `${line}\n`)
                        .join("")
                    )
                  }),
                  NodeContext.layer
                )
              )
            ),
            { numRuns: 25 }
          )
        )
      }),
    120_000
  )

  it.scoped("is taken over row by row where it is read in many blocks, with odd rows between", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const rows = Array.from({ length: 60_000 }, (_, n) => [1 + (n % 4), 1 + Math.floor(n / 4), 1 + (n % 10)] as const)
      const odd = ([user, film, halfStars]: (typeof rows)[number], n: number) =>
        n % 997 === 0
          ? `"${user}", ${film} ,"${halfStars / 2}"`
          : n % 991 === 0
            ? `${user}.00,${film},${halfStars / 2}\n`
            : `${user},${film},${(halfStars / 2).toFixed(1)}`
      yield* write(folder, {
        "latest_raw_user_ratings.csv": `user_id,film_id,rating\n${rows.map(odd).join("\n")}`,
        "latest_user_mappings.csv": "username,numeric_user_id\none,1\ntwo,2\nthree,3\nfour,4\n",
        "latest_film_mappings.csv": `film_id,film_title\n${Array.from({ length: 15_000 }, (_, n) => `${n + 1},film-${n}\n`).join("")}`
      })
      yield* withDataset(folder, goOn, () => Effect.void)
      assert.strictEqual(
        files(yield* flat(folder))["latest_raw_user_ratings.csv"],
        `user_id,film_id,rating\n${rows.map(([user, film, halfStars]) => `${user},${film},${(halfStars / 2).toFixed(1)}\n`).join("")}`
      )
    })
  )

  it.scoped("is named where something else is asked of its folder, and so is other data", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      const ask = (names: Readonly<Record<string, string>>) =>
        Effect.gen(function* () {
          yield* fs.remove(folder, { recursive: true, force: true })
          yield* write(folder, names)
          const storage = CsvStorage.layer({ folder, ...CsvStorage.defaults })
          const status = yield* Effect.flip(askStorage(storage, (service) => service.inspect))
          const opening = yield* Effect.either(withDataset(folder, goOn, () => Effect.void))
          return { status: status.message, opening: Either.isLeft(opening) ? opening.left.message : "" }
        })
      const old = yield* ask({ "training/raw_user_ratings.csv": "user_id,film_id,rating\n" })
      assert.include(
        old.status,
        "files of the original tool (training/raw_user_ratings.csv). Whoever goes on with this folder takes them over"
      )
      assert.include(old.opening, "the file is missing")
      for (const other of [{ "ratings.csv": "a,b\n" }, { "deep/letterboxd.tsv": "a\n" }]) {
        const { opening, status } = yield* ask(other)
        assert.strictEqual(opening, status)
        assert.include(status, `but other files: "${Object.keys(other)[0]}"`)
      }
      assert.include((yield* ask({ "data_output/manifest.json": "{}" })).opening, "but one within it")
      assert.include((yield* ask({ "ratings.sqlite": "" })).opening, "no dataset of CSV files here, but ratings.sqlite")
      assert.include((yield* ask({ "notes.md": "" })).opening, "no dataset here")
    })
  )

  it.scoped("goes on with its ids, and learns titles as films are seen", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* write(folder, original)
      yield* withDataset(folder, goOn, (dataset) =>
        Effect.gen(function* () {
          assert.strictEqual(dataset.state.updates.get(username("davee"))?.epochMillis, Date.UTC(2023, 4, 1))
          assert.strictEqual(dataset.state.members.size, 0)
          yield* dataset.commit(
            batchOf(
              dataset.state,
              1,
              [{ name: "fresh", ratings: [[51608, 2]] }],
              [film({ id: 51608, slug: "fail-safe", title: "Fail Safe", year: 1964 })]
            )
          )
        })
      )
      const content = files(yield* flat(folder))
      assert.include(content["latest_user_mappings.csv"], "nan,4\nfresh,5\n")
      assert.include(content["latest_film_mappings.csv"], "51608,Fail Safe (1964),fail-safe\n")
      assert.include(
        content["latest_translated_user_ratings.csv"],
        "davee,Fail Safe (1964),4.0\ndavee,la-la-land,3.5\n"
      )
      assert.deepStrictEqual((yield* verify(folder)).problems, [])
    })
  )

  it.scoped("keeps the original's columns and slugs with the slug label", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      const options = { filmLabel: "slug" } as const
      yield* write(folder, original)
      yield* withDataset(
        folder,
        goOn,
        (dataset) =>
          dataset.commit(
            batchOf(
              dataset.state,
              1,
              [{ name: "fresh", ratings: [[51608, 2]] }],
              [film({ id: 51608, slug: "fail-safe", title: "Fail Safe", year: 1964 })]
            )
          ),
        { options }
      )
      const content = files(yield* flat(folder))
      assert.strictEqual(content["latest_film_mappings.csv"], adopted["latest_film_mappings.csv"])
      assert.strictEqual(
        content["latest_translated_user_ratings.csv"],
        `${adopted["latest_translated_user_ratings.csv"]}fresh,fail-safe,2.0\n`
      )
    })
  )

  it.scoped("is repaired where that loses nothing, and every repair is told", () =>
    Effect.gen(function* () {
      const folder = yield* freshFolder
      yield* write(folder, {
        ...original,
        "latest_raw_user_ratings.csv": "user_id,film_id,rating\n1,51608,4.0\n1,51608.0,4.5\n2,51608,5\n",
        "latest_user_mappings.csv": "username,numeric_user_id\nnull,2\ndavee,1\ndavee,1\n",
        "latest_film_mappings.csv": "film_id,film_title\n51608,fail-safe\n51608,fail-safe-1964\n",
        "latest_user_updates.csv":
          "username,last_updated\ndavee,yesterday\nnobody,2023-05-02\nnull,2023-05-02\nnull,2023-05-01\n"
      })
      const notes = yield* withDataset(folder, goOn, (dataset) => Effect.succeed(dataset.notes))
      for (const words of [
        "1 rating stood twice",
        "davee stood twice",
        `was called "fail-safe" and "fail-safe-1964"`,
        `"yesterday" is not a time`,
        `"nobody" is logged as updated`,
        "null is logged as updated twice"
      ]) {
        assert.include(notes.join("\n"), words)
      }
      assert.strictEqual(
        files(yield* flat(folder))["latest_raw_user_ratings.csv"],
        "user_id,film_id,rating\n1,51608,4.5\n2,51608,5.0\n"
      )
      assert.include(files(yield* flat(folder))["latest_user_updates.csv"], "null,2023-05-02T")
      assert.deepStrictEqual((yield* verify(folder)).problems, [])
    })
  )

  it.scoped("in another encoding than UTF-8 is refused, and not touched", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      yield* write(folder, original)
      const place = `${folder}/latest_film_mappings.csv`
      const bytes = new Uint8Array([
        ...(yield* fs.readFile(place)),
        ...new TextEncoder().encode("77,am"),
        0xe9,
        ...new TextEncoder().encode("lie\n")
      ])
      yield* fs.writeFile(place, bytes)
      const error = yield* Effect.flip(withDataset(folder, goOn, () => Effect.void))
      assert.include(error.message, "it cannot be read as UTF-8")
      assert.deepStrictEqual(yield* fs.readFile(place), bytes)
    })
  )

  it.scoped("that cannot be repaired is named line by line, and not touched", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const broken: ReadonlyArray<readonly [keyof typeof original, string | undefined, ReadonlyArray<string>]> = [
        [
          "latest_raw_user_ratings.csv",
          "user_id,film_id,rating\n9,51608,4.0\n1,99,4.0\n1,51608,4.3\n1,51608,\nx,51608,1\n3000000000,51608,1\n",
          [
            "latest_raw_user_ratings.csv:2: user 9 is not in the user mapping",
            "latest_raw_user_ratings.csv:3: film 99 is not in the film mapping",
            `latest_raw_user_ratings.csv:4: "1,51608,4.3" is not a rating`,
            `latest_raw_user_ratings.csv:5: "1,51608," is not a rating`,
            `latest_raw_user_ratings.csv:6: "x,51608,1" is not a rating`,
            `latest_raw_user_ratings.csv:7: "3000000000,51608,1" is not a rating`
          ]
        ],
        [
          "latest_raw_user_ratings.csv",
          "user_id,film_id,rating,rating\n1,51608,4.0,5.0\n",
          ["latest_raw_user_ratings.csv:1: the column rating stands twice"]
        ],
        [
          "latest_user_mappings.csv",
          "username,numeric_user_id\n,1\nnull,2\nother,2\nnull,3\ntoo long for a name,4\n",
          [
            `latest_user_mappings.csv:2: "" is not a member's name`,
            "latest_user_mappings.csv:4: the id 2 belongs to null and to other",
            "latest_user_mappings.csv:5: null has the ids 2 and 3"
          ]
        ],
        [
          "latest_film_mappings.csv",
          "film_id,film_title\nabc,x\n5,\n",
          [`latest_film_mappings.csv:2: "abc" and "x" are not a film id and a slug`, "latest_film_mappings.csv:3"]
        ],
        ["latest_film_mappings.csv", "id,title\n1,x\n", ["the column film_id and film_title is missing"]],
        ["latest_raw_user_ratings.csv", `user_id,film_id,rating\n1,"51608,4.0\n`, ["it is not CSV"]],
        ["latest_user_mappings.csv", undefined, ["the file is missing"]]
      ]
      for (const [name, text, words] of broken) {
        const folder = yield* freshFolder
        const { [name]: _, ...others } = original
        yield* write(folder, text === undefined ? others : { ...others, [name]: text })
        const before = yield* contentOf(folder)
        const failure = yield* refusal(folder)
        assert.strictEqual(failure.reason, "Damaged")
        for (const sentence of words) assert.include(failure.message, sentence)
        assert.deepStrictEqual(yield* contentOf(folder), before)
        assert.notInclude((yield* fs.readDirectory(folder)).join(" "), "original-")
      }
    })
  )

  it.scoped(
    "killed at any of its calls, it is the original or the adopted one, and is taken over in the end",
    () =>
      Effect.gen(function* () {
        const counting = makeDisk()
        const rehearsal = yield* freshFolder
        yield* write(rehearsal, original)
        yield* withDataset(rehearsal, goOn, () => Effect.void, { disk: counting })
        assert.isAbove(counting.calls(), 20)
        const all = Array.from({ length: counting.calls() }, (_, i) => i + 1)
        for (const at of sample("calls to fail at while a folder is adopted", all, 10)) {
          for (const extent of ["crash", "call"] as const) {
            const folder = yield* freshFolder
            yield* write(folder, original)
            const disk = makeDisk({ at, code: "EIO", extent, shortWrite: true })
            yield* Effect.exit(withDataset(folder, goOn, () => Effect.void, { disk }))
            const { "manifest.json": manifest, ...between } = yield* flat(folder)
            if (manifest === undefined)
              assert.deepStrictEqual(
                files(Object.fromEntries(Object.entries(between).filter(([name]) => !name.includes(".next-")))),
                original
              )
            yield* withDataset(folder, goOn, () => Effect.void, { pid: 2 })
            assert.deepStrictEqual(files(yield* flat(folder)), adopted, `${extent} at call ${at}`)
          }
        }
      }),
    400_000
  )
})
