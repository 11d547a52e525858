/** What becomes of files that a spreadsheet, an editor or git saved in a form of its own. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { commitKept, keptHistory } from "@letterboxd-ratings/storage-testkit"
import { askStorage, makeDisk } from "@letterboxd-ratings/storage-testkit/folder"
import { parse } from "csv-parse/sync"
import { Effect, Either, Schema } from "effect"
import * as fc from "fast-check"
import { randomCases } from "../../../vitest.sample.ts"
import {
  batchOf,
  commitRest,
  contentOf,
  film,
  freshFolder,
  goOn,
  leftLock,
  startNew,
  verify,
  withDataset
} from "./Batches.ts"

const raw = "latest_raw_user_ratings.csv"
const translated = "latest_translated_user_ratings.csv"
const films = "latest_film_mappings.csv"
const users = "latest_user_mappings.csv"
const updates = "latest_user_updates.csv"
const tables = [raw, translated, users, films, updates]

const storage = (folder: string) => CsvStorage.layer({ folder, ...CsvStorage.defaults })

const Cells = Schema.decodeUnknownSync(Schema.Array(Schema.Array(Schema.String)))

/** A dataset with names that look like something else, and a title with a line end and one with signs beyond ASCII. */
const filled = Effect.gen(function* () {
  const folder = yield* freshFolder
  yield* withDataset(folder, startNew, (dataset) =>
    Effect.gen(function* () {
      yield* commitRest(dataset)
    })
  )
  yield* withDataset(folder, goOn, (dataset) =>
    dataset.commit(
      batchOf(
        dataset.state,
        7,
        [{ name: "true", ratings: [[50, 4.5]] }],
        [film({ id: 50, slug: "amelie", title: "Amélie; or: Fate", year: 2001 })]
      )
    )
  )
  return folder
})

/** How a program saves a table. */
interface Saving {
  readonly encoding: "utf8" | "utf16le" | "utf16be" | "latin1"
  readonly hasMark: boolean
  readonly hasHint: boolean
  readonly separator: "," | ";" | "\t"
  readonly lineEnd: "\n" | "\r\n" | "\r"
  readonly numbers: "as they are" | "short" | "with a decimal comma" | "as floats"
  readonly quotes: "needed" | "all"
  readonly capitals: boolean
  readonly emptyLines: number
}

const plain: Saving = {
  encoding: "utf8",
  hasMark: false,
  hasHint: false,
  separator: ",",
  lineEnd: "\n",
  numbers: "as they are",
  quotes: "needed",
  capitals: false,
  emptyLines: 0
}

const numberOf = (text: string, { numbers }: Saving): string => {
  switch (numbers) {
    case "as they are":
      return text
    case "short":
      return String(Number(text))
    case "with a decimal comma":
      return String(Number(text)).replace(".", ",")
    case "as floats":
      return text.includes(".") ? text : `${text}.0`
  }
}

/** The table a program saves of one it opened. */
const saved = (text: string, saving: Saving): Uint8Array => {
  const { capitals, emptyLines, encoding, hasHint, hasMark, lineEnd, quotes, separator } = saving
  const rows = Cells(parse(text)).map((row, n) =>
    row
      .map((cell, i) => {
        const isName = n > 0 && row.length < 4 && /username/u.test(text.slice(0, 8)) && i === 0
        const isNumber = n > 0 && !isName && /^\d+(?:\.\d)?$/u.test(cell)
        const value = isNumber ? numberOf(cell, saving) : isName && capitals && cell === "true" ? "TRUE" : cell
        return quotes === "all" || /["\n\r]/u.test(value) || value.includes(separator)
          ? `"${value.replaceAll(`"`, `""`)}"`
          : value
      })
      .join(separator)
  )
  const lines = [
    ...(hasHint ? [`sep=${separator}`] : []),
    ...rows,
    ...Array.from({ length: emptyLines }, () => separator)
  ]
  const whole = `${lines.join(lineEnd)}${lineEnd}`
  const buffer = Buffer.from(
    `${(hasMark && encoding === "utf8") || encoding.startsWith("utf16") ? "\uFEFF" : ""}${whole}`,
    encoding === "utf16be" ? "utf16le" : encoding
  )
  return encoding === "utf16be" ? buffer.swap16() : buffer
}

const savings = fc.record<Saving>({
  encoding: fc.constantFrom("utf8", "utf16le", "utf16be", "latin1"),
  hasMark: fc.boolean(),
  hasHint: fc.boolean(),
  separator: fc.constantFrom(",", ";", "\t"),
  lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
  numbers: fc.constantFrom("as they are", "short", "with a decimal comma", "as floats"),
  quotes: fc.constantFrom("needed", "all"),
  capitals: fc.boolean(),
  emptyLines: fc.nat(2)
})

const save = (folder: string, name: string, saving: Saving) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* fs.writeFile(`${folder}/${name}`, saved(yield* fs.readFileString(`${folder}/${name}`), saving))
  })

layer(NodeContext.layer)("a file that another program saved", (it) => {
  it.scoped("is named by what happened to it, and nothing else is said", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [string, Partial<Saving>, ReadonlyArray<string>]> = [
        [
          raw,
          { lineEnd: "\r\n", numbers: "short" },
          ["its lines end in CR LF", `rating is written otherwise ("5" for 5.0)`, "None of its 7 rows changed"]
        ],
        [
          raw,
          { separator: ";", numbers: "with a decimal comma" },
          ["separated by semicolons", `ratings have decimal commas ("2,5" for 2.5)`]
        ],
        [raw, { numbers: "with a decimal comma" }, ["ratings have decimal commas"]],
        [raw, { separator: "\t", encoding: "utf16le" }, ["written in UTF-16LE", "separated by tabs"]],
        [raw, { numbers: "as floats" }, [`user_id is written otherwise ("5.0" for 5)`]],
        [raw, { quotes: "all" }, ["values are in quotes that need none"]],
        [raw, { emptyLines: 1 }, ["lines without a value"]],
        [raw, { hasMark: true, hasHint: true }, ["begins with a byte order mark", `first line is "sep=,"`]],
        [users, { capitals: true }, [`username is written otherwise ("TRUE" for true)`]],
        [films, { encoding: "latin1", separator: ";" }, ["written in Windows-1252", "separated by semicolons"]],
        [translated, { lineEnd: "\r" }, ["its lines end in CR."]],
        [updates, { hasMark: true }, ["begins with a byte order mark"]]
      ]
      for (const [name, saving, words] of cases) {
        const folder = yield* filled
        yield* save(folder, name, { ...plain, ...saving })
        const { problems } = yield* verify(folder)
        assert.strictEqual(problems.length, 1, problems.join("\n"))
        assert.include(problems[0], `${folder}/${name}: another program saved it in another format`)
        for (const word of words) assert.include(problems[0], word)
        assert.include(problems[0], "A repair restores the file")
      }
    })
  )

  it.scoped(
    "comes out of --repair byte for byte, whatever form any of the files has, and is kept beside",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* filled
        const before = yield* contentOf(folder)
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.subarray(tables, { minLength: 1 }), savings, (names, saving) =>
              Effect.runPromise(
                Effect.provide(
                  Effect.gen(function* () {
                    for (const name of yield* fs.readDirectory(folder)) yield* fs.remove(`${folder}/${name}`)
                    for (const [name, text] of Object.entries(before))
                      yield* fs.writeFileString(`${folder}/${name}`, text)
                    const asSaved = new Map<string, Uint8Array>()
                    for (const name of names) {
                      yield* save(folder, name, saving)
                      const bytes = yield* fs.readFile(`${folder}/${name}`)
                      if (Buffer.compare(bytes, Buffer.from(before[name] ?? "")) !== 0) asSaved.set(name, bytes)
                    }
                    const { problems, repaired } = yield* verify(folder, true)
                    assert.deepStrictEqual(problems, [], JSON.stringify(saving))
                    assert.strictEqual(repaired.length, asSaved.size, repaired.join("\n"))
                    for (const [name, bytes] of asSaved) {
                      assert.strictEqual(Buffer.compare(yield* fs.readFile(`${folder}/${name}.changed`), bytes), 0)
                      yield* fs.remove(`${folder}/${name}.changed`)
                    }
                    assert.deepStrictEqual(yield* contentOf(folder), before)
                  }),
                  NodeContext.layer
                )
              )
            ),
            { numRuns: randomCases("files that another program saved", { full: 60, fullSeed: 0, most: 15 }).count }
          )
        )
      }),
    120_000
  )

  it.scoped("is not appended to where its length is as it was, and can be repaired after that", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      for (const name of [raw, translated]) {
        for (const signs of [";", "\t"]) {
          const folder = yield* filled
          const whole = yield* contentOf(folder)
          const changed = (whole[name] ?? "").replaceAll(",", signs)
          yield* fs.writeFileString(`${folder}/${name}`, changed)
          const error = yield* Effect.flip(withDataset(folder, goOn, () => Effect.void))
          assert.deepStrictEqual([error.reason, error.remedy], ["Damaged", { _tag: "Repair" }])
          assert.include(error.message, `${name}: another program saved it in another format`)
          assert.include(error.message, "Nothing was written")
          const looked = yield* Effect.flip(askStorage(storage(folder), ({ inspect }) => inspect))
          assert.strictEqual(looked.message, error.message)
          assert.deepStrictEqual(yield* contentOf(folder), { ...whole, [name]: changed })
          assert.deepStrictEqual((yield* verify(folder, true)).problems, [])
          yield* withDataset(folder, goOn, (dataset) =>
            dataset.commit(batchOf(dataset.state, 8, [{ name: "later", ratings: [[50, 1]] }], []))
          )
          assert.deepStrictEqual((yield* verify(folder)).problems, [])
        }
      }
    })
  )

  it.scoped("is not appended to where somebody saved it while the dataset was open", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const place = `${folder}/${raw}`
      const whole = yield* fs.readFileString(place)
      const error = yield* Effect.flip(
        withDataset(folder, goOn, (dataset) =>
          Effect.gen(function* () {
            yield* Effect.orDie(fs.writeFileString(place, whole.replaceAll(",", ";")))
            yield* dataset.commit(batchOf(dataset.state, 8, [{ name: "later", ratings: [[50, 1]] }], []))
          })
        )
      )
      assert.strictEqual(error.reason, "Damaged")
      assert.deepStrictEqual((yield* verify(folder, true)).problems, [])
      assert.strictEqual(yield* fs.readFileString(place), whole)
    })
  )

  it.scoped("is seen to be changed at both ends of a long one, and one that is not is none", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* freshFolder
      const title = `"Quoted", and\nin lines é`
      const many = Array.from({ length: 6_000 }, (_, i) =>
        film({ id: i + 1, slug: `film-${i}`, title: `${title} ${i}` })
      )
      yield* withDataset(folder, startNew, (dataset) =>
        dataset.commit(
          batchOf(dataset.state, 1, [{ name: "many", ratings: many.map(({ id }) => [id, 0.5] as const) }], many)
        )
      )
      yield* withDataset(folder, goOn, () => Effect.void)
      const whole = yield* contentOf(folder)
      for (const name of [raw, translated]) {
        const text = whole[name] ?? ""
        const halves = [text.slice(0, 1_000), text.slice(1_000, -1_000), text.slice(-1_000)]
        const cases = [
          text.replace(",", ";"),
          `${halves[0]}${halves[1]}${halves[2]?.replaceAll(",0.5", ";0.5")}`,
          `${halves[0]}${halves[1]}${halves[2]?.replaceAll("0.5", "0,5")}`,
          `${text.slice(0, -1)} `,
          `${text.slice(0, -1)}\r`
        ]
        for (const changed of cases) {
          assert.notStrictEqual(changed, text)
          yield* fs.writeFileString(`${folder}/${name}`, changed)
          const error = yield* Effect.flip(withDataset(folder, goOn, () => Effect.void))
          assert.strictEqual(error.reason, "Damaged")
          yield* fs.writeFileString(`${folder}/${name}`, text)
        }
      }
      yield* withDataset(folder, goOn, () => Effect.void)
    })
  )

  it.scoped(
    "is never appended to, whatever a program did to it, also with more columns",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* freshFolder
        yield* withDataset(folder, startNew, (dataset) => commitKept(dataset, 0, keptHistory.length))
        const before = yield* contentOf(folder)
        const sameLength = fc.record({
          separator: fc.constantFrom(",", ";", "\t"),
          point: fc.constantFrom(".", ","),
          lineEnd: fc.constantFrom("\n", "\r")
        })
        const names = fc.subarray([raw, translated, "latest_watched_films.csv", "changes.csv", "readings.csv"], {
          minLength: 1
        })
        const saving = fc.oneof(savings, sameLength)
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(names, saving, fc.boolean(), (chosen, change, wasLeft) =>
              Effect.runPromise(
                Effect.provide(
                  Effect.gen(function* () {
                    for (const name of yield* fs.readDirectory(folder)) yield* fs.remove(`${folder}/${name}`)
                    for (const [name, text] of Object.entries(before))
                      yield* fs.writeFileString(`${folder}/${name}`, text)
                    let isChanged = false
                    for (const name of chosen) {
                      const place = `${folder}/${name}`
                      const text = yield* fs.readFileString(place)
                      if ("point" in change) {
                        yield* fs.writeFileString(
                          place,
                          text
                            .replaceAll(/(\d)\.(\d)/gu, `$1${change.point}$2`)
                            .replaceAll(/,(?!\d\b)/gu, change.separator)
                            .replaceAll("\n", change.lineEnd)
                        )
                      } else yield* save(folder, name, change)
                      const bytes = yield* fs.readFile(place)
                      const committed = Buffer.from(text)
                      // What a killed process may have left behind the committed bytes is kept aside.
                      const isLeft = wasLeft && Buffer.compare(bytes.subarray(0, committed.length), committed) === 0
                      isChanged ||= !isLeft && Buffer.compare(bytes, committed) !== 0
                    }
                    if (wasLeft) yield* fs.writeFileString(`${folder}/.lock`, leftLock)
                    const asSaved = yield* contentOf(folder)
                    const went = yield* Effect.either(
                      withDataset(folder, goOn, (dataset) =>
                        dataset.commit(batchOf(dataset.state, 9, [{ name: "later", ratings: [[1, 1]] }], []))
                      )
                    )
                    const told = JSON.stringify({ chosen, change, wasLeft })
                    if (!isChanged) return assert.isTrue(Either.isRight(went), told)
                    assert.deepStrictEqual(Either.isLeft(went) ? went.left.reason : went.right, "Damaged", told)
                    const { ".lock": _, ...files } = yield* contentOf(folder)
                    const { ".lock": _lock, ...filesBefore } = asSaved
                    assert.deepStrictEqual(files, filesBefore, told)
                  }),
                  NodeContext.layer
                )
              )
            ),
            { numRuns: randomCases("files that may not be appended to", { full: 300, fullSeed: 0, most: 60 }).count }
          )
        )
      }),
    120_000
  )

  it.scoped("is repaired where git changed all line ends, in titles and records of members too", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* filled
      const before = yield* contentOf(folder)
      for (const name of [...tables, "members.jsonl"]) {
        yield* fs.writeFileString(`${folder}/${name}`, (before[name] ?? "").replaceAll("\n", "\r\n"))
      }
      const { problems, repaired } = yield* verify(folder, true)
      assert.deepStrictEqual(problems, [])
      assert.strictEqual(repaired.length, 6)
      for (const [name, text] of Object.entries(before))
        assert.strictEqual(yield* fs.readFileString(`${folder}/${name}`), text)
      yield* withDataset(folder, goOn, () => Effect.void)
    })
  )

  it.scoped("is left alone where its rows are not what was committed, and it is said what is not", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const cases: ReadonlyArray<readonly [string, (text: string) => string, string]> = [
        [raw, (text) => text.replace("5,10,5.0", "5,10,4.0"), "its values are others"],
        [raw, (text) => text.replace("5,10,5.0\n", ""), "it has 6 rows where 7 were committed"],
        [raw, (text) => text.replace("5,10,5.0", "5,10,05. Mai"), `line 2: "5,10,05. Mai" cannot be read`],
        [raw, (text) => text.replace("5,10,5.0", "5,10,\u001b[31m"), String.raw`"5,10,\u{1b}[31m" cannot be read`],
        [users, (text) => text.replace("123,5", "124,5"), "its values are others"]
      ]
      for (const [name, change, words] of cases) {
        const folder = yield* filled
        const place = `${folder}/${name}`
        yield* fs.writeFileString(place, change(yield* fs.readFileString(place)).replaceAll("\n", "\r\n"))
        const before = yield* contentOf(folder)
        const { problems, repaired } = yield* verify(folder, true)
        assert.strictEqual(problems.length, 1, problems.join("\n"))
        assert.include(problems[0], "its lines end in CR LF")
        assert.include(problems[0], words)
        assert.include(problems[0], "Restore it from a copy")
        assert.deepStrictEqual(repaired, [])
        assert.deepStrictEqual(yield* contentOf(folder), before)
      }
    })
  )

  it.scoped(
    "is whole, as it was or repaired, when the repair is killed at any of its calls",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* filled
        const before = yield* contentOf(folder)
        const mangle = save(folder, raw, { ...plain, lineEnd: "\r\n", separator: ";" })
        const counting = makeDisk()
        yield* mangle
        const mangled = yield* fs.readFileString(`${folder}/${raw}`)
        yield* verify(folder, true, { disk: counting })
        assert.isAbove(counting.calls(), 5)
        for (let at = 1; at <= counting.calls(); at++) {
          for (const extent of ["crash", "call"] as const) {
            yield* mangle
            yield* Effect.exit(verify(folder, true, { disk: makeDisk({ at, code: "EIO", extent, shortWrite: true }) }))
            assert.include([before[raw], mangled], yield* fs.readFileString(`${folder}/${raw}`))
            assert.deepStrictEqual((yield* verify(folder, true, { pid: 2 })).problems, [])
            const { [raw]: found, ...rest } = yield* contentOf(folder)
            assert.strictEqual(found, before[raw])
            for (const name of Object.keys(rest).filter((name) => name.includes(".changed"))) {
              assert.strictEqual(rest[name], mangled)
              yield* fs.remove(`${folder}/${name}`)
            }
            assert.isFalse(
              Object.keys(rest).some((name) => name.includes(".next-")),
              Object.keys(rest).join(" ")
            )
          }
        }
      }),
    200_000
  )
})
