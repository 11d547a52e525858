import { assert, describe, it } from "@effect/vitest"
import { parse } from "csv-parse/sync"
import * as fc from "fast-check"
import { quotedCells } from "../src/export/ExportRows.ts"

/** What csv-parse makes of one record. */
const expected = (record: string, delimiter: string): ReadonlyArray<string> | undefined => {
  try {
    const records: ReadonlyArray<ReadonlyArray<string>> = parse(record, {
      delimiter,
      record_delimiter: "\n",
      relax_column_count: true
    })
    return records.length === 1 ? records[0] : undefined
  } catch {
    return undefined
  }
}

const piece = fc.constantFrom(
  '"',
  '""',
  ",",
  ";",
  "\t",
  "\n",
  "\r",
  "a",
  "Ünïcode 映画",
  " ",
  "",
  "1,5",
  '"x, y"',
  '"x ""y"""'
)
/** Whether a text is one record: within it, each line ends in quotes that are open. */
const isOne = (text: string): boolean => {
  const lines = text.split("\n")
  return (
    text !== "" &&
    lines.slice(1).every(
      (_, i) =>
        lines
          .slice(0, i + 1)
          .join("")
          .split('"').length %
          2 ===
        0
    )
  )
}
const record = fc
  .array(piece, { minLength: 1, maxLength: 12 })
  .map((pieces) => pieces.join(""))
  .filter(isOne)

describe("a record with quotes", () => {
  it("has the cells that csv-parse reads, whatever stands in it", () => {
    fc.assert(
      fc.property(record, fc.constantFrom(",", ";", "\t"), (text, delimiter) => {
        assert.deepStrictEqual(quotedCells(text, delimiter), expected(text, delimiter))
      }),
      { numRuns: 5_000 }
    )
    assert.deepStrictEqual(quotedCells('2022-01-01,"A ""B"", C",1999,', ","), ["2022-01-01", 'A "B", C', "1999", ""])
  })
})
