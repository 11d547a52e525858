import { assert, describe, it } from "@effect/vitest"
import type { ImportError } from "@letterboxd-ratings/core"
import { parse } from "csv-parse/sync"
import { Chunk, Effect, Either, Stream } from "effect"
import * as fc from "fast-check"
import { columnsAt, decimalFrom, delimitedBlocks, detachedText, longestRow } from "../src/index.ts"

/** All that is read of a file whose bytes come in chunks of this size. */
const readText = (
  text: string | Uint8Array,
  { size = 65_536, wanted = [] }: { readonly size?: number; readonly wanted?: ReadonlyArray<string> } = {}
) => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size)
  )
  return delimitedBlocks("t.csv", Stream.fromIterable(chunks), wanted).pipe(
    Stream.runCollect,
    Effect.map((blocks) => {
      const all = Chunk.toReadonlyArray(blocks)
      return {
        form: all[0]?.form,
        rows: all.flatMap(({ rows }) => rows),
        cells: all.flatMap(({ rows }) => rows.map(({ cells }) => cells)),
        damaged: all.flatMap(({ damaged }) => damaged),
        bytes: all.at(-1)?.bytes,
        isOpen: all.some(({ isOpen }) => isOpen)
      }
    })
  )
}

const errorOf = <A>(read: Effect.Effect<A, ImportError>) => Effect.flip(read)

const cell = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: fc.constantFrom("a", ",", ";", "\t", `"`, "\n", "\r", "é", "🎬", " "), maxLength: 8 })
)

const written = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  separator: string,
  lineEnd: string,
  quotesAll: boolean
): string =>
  rows
    .map((cells) =>
      cells
        .map((text) => (quotesAll || /[",;\t\r\n]/u.test(text) ? `"${text.replaceAll(`"`, `""`)}"` : text))
        .join(separator)
    )
    .join(lineEnd)

describe("delimitedBlocks", () => {
  it.effect("reads names of columns and rows with the numbers of their lines", () =>
    Effect.gen(function* () {
      const read = yield* readText(`\uFEFF user ,film\r\nann,"a, ""b""\r\nc"\r\n\r\nbob,d`)
      assert.deepStrictEqual(read.form, { separator: ",", hasMark: true, header: ["user", "film"] })
      assert.deepStrictEqual(read.rows, [
        { line: 2, cells: ["ann", `a, "b"\r\nc`] },
        { line: 5, cells: ["bob", "d"] }
      ])
      assert.deepStrictEqual(read.damaged, [])
    })
  )

  it.effect.prop(
    "gives back what was written, whatever the separator, the line ends and the chunks",
    [
      fc.array(fc.tuple(cell, cell, cell), { maxLength: 12 }),
      fc.constantFrom(",", ";", "\t"),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 })
    ],
    ([rows, separator, lineEnd, quotesAll, hasLastLineEnd, size]) =>
      Effect.gen(function* () {
        const header = ["one", "two", "three"]
        const text = written([header, ...rows], separator, lineEnd, quotesAll) + (hasLastLineEnd ? lineEnd : "")
        const read = yield* readText(text, { size })
        assert.deepStrictEqual(read.form?.header, header)
        assert.strictEqual(read.form?.separator, separator)
        assert.deepStrictEqual(read.damaged, [])
        assert.deepStrictEqual(read.cells, rows)
        assert.strictEqual(read.isOpen, !hasLastLineEnd && rows.length > 0)
        assert.strictEqual(read.bytes, new TextEncoder().encode(text).length)
      }),
    { fastCheck: { numRuns: 100 } }
  )

  it.effect.prop(
    "agrees with csv-parse on what csv-parse accepts",
    [
      fc.string({ unit: fc.constantFrom("a", "b", ",", `"`, "\n", "\r\n"), maxLength: 40 }),
      fc.integer({ min: 1, max: 9 })
    ],
    ([body, size]) =>
      Effect.gen(function* () {
        const text = `x,y\n${body}\n`
        const expected = Either.try(() =>
          parse(text, { relax_column_count: true, record_delimiter: ["\r\n", "\n"], skip_empty_lines: true }).slice(1)
        )
        const read = yield* readText(text, { size })
        if (Either.isRight(expected)) {
          assert.deepStrictEqual(read.damaged, [])
          assert.deepStrictEqual(read.cells, expected.right)
        } else {
          assert.isNotEmpty(read.damaged)
        }
      }),
    { fastCheck: { numRuns: 100 } }
  )

  it.effect("loses one line to a quote that nobody closes", () =>
    Effect.gen(function* () {
      const read = yield* readText(`id,title\n1,"cut in the mid\n2,"two"\n3,three\n4,fo"ur\n5,"fi"ve\n6,"six\n`, {
        size: 5
      })
      assert.deepStrictEqual(read.damaged, [2, 5, 6, 7])
      assert.deepStrictEqual(read.rows, [
        { line: 3, cells: ["2", "two"] },
        { line: 4, cells: ["3", "three"] }
      ])
    })
  )

  it.effect("goes on behind a quote that is open for longer than a row may be", () =>
    Effect.gen(function* () {
      const rows = Array.from({ length: 200_000 }, (_, n) => `${n},film`)
      const read = yield* readText(["id,title", `x,"open`, ...rows].join("\n"))
      assert.deepStrictEqual(read.damaged, [2])
      assert.strictEqual(read.rows.length, 200_000)
      assert.deepStrictEqual(read.rows.at(-1), { line: 200_002, cells: ["199999", "film"] })
    })
  )

  it.effect("prefers the separator with which the wanted columns are there", () =>
    Effect.gen(function* () {
      const text = `user;film, the;rating\nann;a;3,5\n`
      const read = yield* readText(text, { wanted: ["user", "rating"] })
      assert.strictEqual(read.form?.separator, ";")
      assert.deepStrictEqual(read.cells, [["ann", "a", "3,5"]])
      const hinted = yield* readText(`sep=;\r\nuser;film\r\nann;a\r\n`)
      assert.deepStrictEqual(hinted.form?.header, ["user", "film"])
      assert.deepStrictEqual(hinted.rows, [{ line: 3, cells: ["ann", "a"] }])
      const quoted = yield* readText(`"user"\t"film"\nann\ta\n`)
      assert.deepStrictEqual(quoted.form?.header, ["user", "film"])
    })
  )

  it.effect("gives the header of a file without rows", () =>
    Effect.gen(function* () {
      const read = yield* readText("a,b")
      assert.deepStrictEqual(read.form?.header, ["a", "b"])
      assert.deepStrictEqual(read.rows, [])
    })
  )

  it.effect("refuses what is empty, not UTF-8, or has no end of line", () =>
    Effect.gen(function* () {
      const empty = yield* errorOf(readText(""))
      assert.strictEqual(empty.reason, "Incomplete")
      const latin = yield* errorOf(readText(Uint8Array.from([0x61, 0x0a, 0xe9, 0x0a])))
      assert.strictEqual(latin.reason, "Damaged")
      const long = yield* errorOf(readText(`a,b\n${"x".repeat(longestRow + 2)}`))
      assert.strictEqual(long.reason, "TooLarge")
      assert.strictEqual(long.line, 2)
      const longHeader = yield* errorOf(readText("x".repeat(longestRow * 2)))
      assert.strictEqual(longHeader.reason, "TooLarge")
      const wide = yield* readText(`a,b\n${",".repeat(2000)}\n"",${",".repeat(2000)}\n1,2\n`)
      assert.deepStrictEqual(wide.damaged, [2, 3])
      assert.deepStrictEqual(wide.cells, [["1", "2"]])
    })
  )
})

describe("columnsAt", () => {
  it("names what is missing and what stands twice", () => {
    const form = { separator: ",", hasMark: false, header: ["a", "b", "a"] } as const
    assert.deepStrictEqual(columnsAt("t", form, ["b"]), Either.right({ b: 1 }))
    const missing = Either.flip(columnsAt("t", form, ["b", "c", "d"]))
    assert.include(Either.getOrThrow(missing).message, "c and d")
    assert.strictEqual(Either.getOrThrow(Either.flip(columnsAt("t", form, ["a"]))).reason, "Invalid")
  })

  it.prop(
    "lists a few of the columns that are there, on one line, without what moves a terminal",
    [fc.array(fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.constantFrom("userId", "film-id", "é")))],
    ([header]) => {
      const missing = "no such column at all"
      const { message } = Either.getOrThrow(
        Either.flip(columnsAt("t", { separator: ",", hasMark: false, header }, [missing]))
      )
      assert.include(message, `the column ${missing} is missing`)
      assert.isBelow(message.length, 2000)
      assert.notMatch(message, /[\p{C}\p{Zl}\p{Zp}]/u)
      for (const name of header.slice(0, 20)) if (/^\w{1,40}$/u.test(name)) assert.include(message, name)
    }
  )

  it("says which columns are there, how many are not listed, and no private words", () => {
    const wordsOf = (header: ReadonlyArray<string>) =>
      Either.getOrThrow(Either.flip(columnsAt("t", { separator: ",", hasMark: false, header }, ["c", "d"]))).detail
    assert.strictEqual(wordsOf(["a", "b_b", "a"]), "the columns c and d are missing; it has a, b_b")
    assert.strictEqual(wordsOf(["", ""]), "the columns c and d are missing; it has none with a name")
    assert.strictEqual(
      wordsOf(["a", "ann@example.invalid", "a remark"]),
      "the columns c and d are missing; it has a and 2 others"
    )
    assert.strictEqual(wordsOf(["a remark"]), "the columns c and d are missing; it has 1 other")
    const many = wordsOf(Array.from({ length: 1000 }, (_, n) => `n${n}`))
    assert.include(many, "n0, n1,")
    assert.include(many, "n19 and 980 others")
    assert.include(wordsOf(["x".repeat(1000)]), `it has ${"x".repeat(40)}...`)
  })
})

describe("decimalFrom", () => {
  it("reads points and commas, and nothing else", () => {
    assert.deepStrictEqual(decimalFrom("3.5"), { value: 3.5, hasComma: false })
    assert.deepStrictEqual(decimalFrom(" 3,5 "), { value: 3.5, hasComma: true })
    assert.deepStrictEqual(decimalFrom("10"), { value: 10, hasComma: false })
    for (const text of ["", " ", "-1", "1e3", "0x5", "3.", ".5", "1.000,5", "NaN", "five"]) {
      assert.isUndefined(decimalFrom(text), text)
    }
  })
})

describe("detachedText", () => {
  it.prop("is the same text", [fc.string({ unit: "grapheme" })], ([text]) => {
    assert.strictEqual(detachedText(text), text)
  })
})
