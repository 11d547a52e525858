import { assert, describe, it } from "@effect/vitest"
import { filmIdFromNumber, Slug } from "@letterboxd-ratings/core"
import { DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import * as fc from "fast-check"
import { countDiary } from "../src/export/DiaryRows.ts"
import type { ExportFiles } from "../src/export/ExportFiles.ts"
import { type FilmRow, keyOf, makeRowReaders, readFilmRows } from "../src/export/FilmRows.ts"

const filmColumns = "Date,Name,Year,Letterboxd URI"
const ratingColumns = `${filmColumns},Rating`
const diaryColumns = `${ratingColumns},Rewatch,Tags,Watched Date`

const day = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("2022-08-25", "2022-08-26", "1999-12-31") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "2022-02-30", "0000-00-00", "6/30/2022", "2022/08/25", "22-08-2022", '"2022-08-25"')
  }
)
const title = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("Oculus", "Amélie", "千と千尋", "Alien", "300", '"Good, Bad"', "") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '"a ""b"""',
      '"a\nb"',
      'a"b',
      '"a"b',
      '"a',
      "a\tb",
      "a\rb",
      '"a\rb"',
      " a ",
      "\uFFFD",
      '""'
    )
  }
)
const year = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("1999", "2015", "") },
  { weight: 1, arbitrary: fc.constantFrom("0999", "999", "20155", "MCM", '"2015"', "2015 ") }
)
const link = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("https://boxd.it/7sUa", "https://boxd.it/4W9M", "https://boxd.it/a") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "https://boxd.it/07sUa",
      "https://boxd.it/b",
      "https://boxd.it/",
      "https://boxd.it/zzzzzz",
      "https://boxd.it/nmlFG8",
      "https://boxd.it/a7sUa7sUa",
      "https://boxd.it/7sUa7sUa7s",
      "https://boxd.it/7sUa/",
      "http://boxd.it/7sUa",
      "boxd.it/7sUa",
      "https://letterboxd.com/film/oculus/",
      "https://letterboxd.com/film/unknown/",
      ""
    )
  }
)
const rating = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("4", "4.5", "0.5", "5") },
  { weight: 1, arbitrary: fc.constantFrom("4.0", "0", "0.0", "5.5", "6", "4,5", "4.", "4.50", ".5", "-1", '"4"', "") }
)
const own = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom("", "Yes", "cinema", '"cinema, with friends"', "2022-08-25") },
  { weight: 1, arbitrary: fc.constantFrom('"a ""b"""', '"two\nlines"', 'a"b', "a\rb") }
)
const odd = fc.constantFrom("", " ", "a,b", '"', '"a\n\nb"', ",,,,,,,", filmColumns, "\uFEFF2022-08-25,Oculus,2015")

/** Columns, and what may stand in each line below them. */
interface Kind {
  readonly columns: string
  readonly cells: ReadonlyArray<fc.Arbitrary<string>>
}
const kinds = {
  films: { columns: filmColumns, cells: [day, title, year, link] },
  ratings: { columns: ratingColumns, cells: [day, title, year, link, rating] },
  diary: { columns: diaryColumns, cells: [day, title, year, link, rating, own, own, day] }
} satisfies Record<string, Kind>

/** The lines of a file, with a byte that is changed now and then, and the sizes of the parts in which it is read. */
const fileOf = ({ cells }: Kind) =>
  fc
    .record({
      lines: fc.array(
        fc.oneof(
          { weight: 30, arbitrary: fc.tuple(...cells).map((texts) => texts.join(",")) },
          { weight: 1, arbitrary: odd }
        ),
        { minLength: 3, maxLength: 30, size: "max" }
      ),
      lineEnd: fc.oneof({ weight: 4, arbitrary: fc.constant("\n") }, fc.constant("\r\n")),
      isEnded: fc.boolean(),
      changed: fc.option(fc.tuple(fc.nat(), fc.nat(255)), { freq: 4 }),
      sizes: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 }),
      isChecked: fc.boolean()
    })
    .map(({ changed, isChecked, isEnded, lineEnd, lines, sizes }) => {
      const bytes = Buffer.from(lines.join(lineEnd) + (isEnded ? lineEnd : ""))
      if (changed !== null && bytes.length > 0) bytes[changed[0] % bytes.length] = changed[1]
      return { isChecked, sizes, bytes, lineEnd }
    })

type Generated = Parameters<Parameters<ReturnType<typeof fileOf>["map"]>[0]>[0]

const filesOf = (name: string, header: string, { bytes, isChecked, lineEnd, sizes }: Generated): ExportFiles => {
  const parts = [Buffer.from(header + lineEnd)]
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    parts.push(bytes.subarray(at, at + size))
    at += size
  }
  return {
    names: new Set([name]),
    isChecked,
    modifiedAt: DateTime.unsafeMake(0),
    placeOf: (one) => one,
    read: () => Stream.fromIterable(parts),
    // A file that is read at once is one part.
    readAtOnce: () => (isChecked ? Option.some(Either.right(Buffer.concat(parts))) : Option.none())
  }
}

/** The same columns; rows below such a header are read from texts only. */
const quoted = (header: string): string => header.replace("Date", '"Date"')

const slug = Schema.decodeSync(Slug)("oculus")
const readers = makeRowReaders({ idOf: (one) => (one === slug ? filmIdFromNumber(7) : undefined) })

describe("rows of films", () => {
  const read = (hasRatings: boolean, header: string, file: Generated) =>
    Effect.runSync(Effect.either(readFilmRows(filesOf("a.csv", header, file), "a.csv", hasRatings, readers)))
  for (const [name, hasRatings] of [
    ["films", false],
    ["ratings", true]
  ] as const) {
    it(`of ${name} are read from bytes as they are from texts, in whatever form they are`, () => {
      const { columns } = kinds[name]
      let rows = 0
      let undecoded = 0
      fc.assert(
        fc.property(fileOf(kinds[name]), (file) => {
          const fromTexts = read(hasRatings, quoted(columns), file)
          assert.deepStrictEqual(read(hasRatings, columns, file), fromTexts)
          if (Either.isLeft(fromTexts)) return
          rows += fromTexts.right.rows.length
          undecoded += fromTexts.right.notDecoded
        }),
        { numRuns: 2000 }
      )
      assert.isAbove(rows, 5000)
      assert.isAbove(undecoded, 500)
    })
  }
})

describe("rows of the diary", () => {
  const films = ["Oculus", "Amélie", "Alien", "Alien", "Good, Bad"].map((title, i): FilmRow => ({
    line: i + 2,
    id: filmIdFromNumber(i + 1),
    slug: undefined,
    title,
    year: i % 2 === 0 ? 1999 : 2015,
    day: Effect.runSync(Effect.orDie(Effect.fromNullable(readers.readDay("2022-08-25")))),
    rating: undefined
  }))
  const rated = new Map(films.slice(0, 1).map((row) => [keyOf(row), row]))
  const count = (header: string, file: Generated) =>
    Effect.runSync(Effect.either(countDiary(filesOf("diary.csv", header, file), films, rated, readers.cells)))

  it("are counted from bytes as they are from texts, in whatever form they are", () => {
    let joined = 0
    fc.assert(
      fc.property(fileOf(kinds.diary), (file) => {
        const fromTexts = count(quoted(diaryColumns), file)
        assert.deepStrictEqual(count(diaryColumns, file), fromTexts)
        if (Either.isRight(fromTexts)) joined += fromTexts.right.joined ?? 0
      }),
      { numRuns: 2000 }
    )
    assert.isAbove(joined, 1000)
  })
})
