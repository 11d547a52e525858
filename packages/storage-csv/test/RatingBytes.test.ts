import { assert, describe, it } from "@effect/vitest"
import { growingBlock, noKeeps, ratingsOf } from "@letterboxd-ratings/core"
import { Either } from "effect"
import * as fc from "fast-check"
import { csvTable } from "../src/CsvCells.ts"
import { readPlainRatings } from "../src/RatingBytes.ts"
import { lineReader, ratingReader } from "../src/RowFiles.ts"

const table = csvTable("ratings", noKeeps)
const header = table.header

const id = fc.oneof(
  fc.integer({ min: 1, max: 2_147_483_647 }).map(String),
  fc.constantFrom("0", "01", "2147483647", "2147483648", "99999999999", "-1", "1.0", "1e3", "", " 1", "\uFEFF1")
)
const stars = fc.oneof(
  fc.integer({ min: 1, max: 10 }).map((n) => (n / 2).toFixed(1)),
  fc.constantFrom("0.0", "5.5", "4", "4.3", "4.00", "10.0", ".5", "", "4.0\r", '"4.0"', "/.0", "4,0")
)
const plain = fc
  .tuple(
    fc.integer({ min: 1, max: 2_147_483_647 }),
    fc.integer({ min: 1, max: 2_147_483_647 }),
    fc.integer({ min: 1, max: 10 })
  )
  .map(([user, film, half]) => `${user},${film},${(half / 2).toFixed(1)}`)
const line = fc.oneof(
  { weight: 60, arbitrary: plain },
  { weight: 1, arbitrary: fc.tuple(id, id, stars).map((cells) => cells.join(",")) },
  { weight: 1, arbitrary: fc.tuple(id, id, stars).map((cells) => cells.map((cell) => `"${cell}"`).join(",")) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", '"', '1,"2\n",3.0', "é,1,2.0", "1,2,3.0,4", "1".repeat(300), header.trimEnd())
  }
)
/** A file, whole or torn, in blocks of any size. */
const blocks = fc
  .record({
    start: fc.oneof({ weight: 9, arbitrary: fc.constant(header) }, fc.constantFrom("", `\uFEFF${header}`, "a,b\n")),
    lines: fc.array(line, { minLength: 3, maxLength: 30, size: "max" }),
    lineEnd: fc.oneof({ weight: 9, arbitrary: fc.constant("\n") }, fc.constant("\r\n")),
    end: fc.constantFrom("", "\n", "1", "1,2,3.0"),
    odd: fc.option(fc.tuple(fc.nat(), fc.nat(255)), { freq: 4 }),
    sizes: fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 40 })
  })
  .map(({ end, lineEnd, lines, odd, sizes, start }) => {
    const bytes = new TextEncoder().encode(start + lines.join(lineEnd) + end)
    if (odd !== null && bytes.length > 0) bytes[odd[0] % bytes.length] = odd[1]
    const parts: Array<Uint8Array> = []
    for (let at = 0, i = 0; at < bytes.length; i++) {
      // The first block has the header, as a file's has.
      const size = (sizes[i % sizes.length] ?? 1) + (at === 0 ? header.length : 0)
      parts.push(bytes.slice(at, at + size))
      at += size
    }
    return parts
  })

/** What a reader makes of all blocks: rows up to what is wrong. */
const readAll = (parts: ReadonlyArray<Uint8Array>, read: ReturnType<typeof lineReader>) => {
  const rows: Array<unknown> = []
  for (const part of parts) {
    const block = read(part)
    if (Either.isLeft(block)) return { rows, wrong: block.left }
    rows.push(...block.right)
  }
  return { rows, wrong: undefined }
}

describe("rows of ratings", () => {
  it("are read from bytes as they are from lines, in whatever form they are", () => {
    let rows = 0
    let wrong = 0
    fc.assert(
      fc.property(blocks, (parts) => {
        const byLines = readAll(parts, lineReader(table, "ratings"))
        const readRatings = ratingReader(table, "ratings")
        assert.deepStrictEqual(
          readAll(parts, (bytes) => Either.map(readRatings(bytes), ratingsOf)),
          byLines
        )
        rows += byLines.rows.length
        if (byLines.wrong !== undefined) wrong += 1
      }),
      { numRuns: 1_000 }
    )
    // Both ways are seen.
    assert.isAbove(rows, 1_000)
    assert.isAbove(wrong, 50)
  })

  it("are read from bytes where they are as we write them", () => {
    const bytes = new TextEncoder().encode("1,2,0.5\n2147483647,10000001,5.0\n3,4,4.0")
    const growing = growingBlock(0)
    assert.strictEqual(readPlainRatings(bytes, 0, growing), bytes.length - "3,4,4.0".length)
    assert.deepStrictEqual(ratingsOf(growing.block()) as unknown, [
      { userId: 1, filmId: 2, rating: 0.5 },
      { userId: 2_147_483_647, filmId: 10_000_001, rating: 5 }
    ])
  })
})
