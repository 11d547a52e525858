import { assert, describe, it } from "@effect/vitest"
import {
  allKeeps,
  blocksOfRows,
  EncodedRating,
  Film,
  type Keeps,
  noKeeps,
  UserId,
  Username,
  ratingBlockOf,
  ratingLines
} from "@letterboxd-ratings/core"
import { ratingColumns } from "@letterboxd-ratings/export"
import { DateTime, Schema, Stream } from "effect"
import * as fc from "fast-check"
import { piecesOf } from "../src/JsonLines.ts"
import { titles } from "./ExportedLists.ts"

const decodeRating = Schema.decodeUnknownSync(EncodedRating)
const decodeFilm = Schema.decodeUnknownSync(Film)

/** Rows of few members and films, in any order, so that most of them come again. */
const rows = fc.array(
  fc
    .record(
      {
        userId: fc.integer({ min: 1, max: 3 }),
        filmId: fc.integer({ min: 1, max: 4 }),
        rating: fc.integer({ min: 1, max: 10 }).map((half) => half / 2),
        ratedOn: fc.constantFrom("1999-12-31", "2024-02-29"),
        liked: fc.boolean()
      },
      { requiredKeys: ["userId", "filmId", "rating"] }
    )
    .map((row) => decodeRating(row)),
  { maxLength: 20 }
)

describe("lineOf", () => {
  it("writes each rating as JSON.stringify writes an object of its values", () => {
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom<Keeps>(noKeeps, allKeeps),
        fc.boolean(),
        fc.array(fc.constantFrom(...titles), { minLength: 3, maxLength: 3 }),
        (rows, keeps, isAnonymous, names) => {
          const films = new Map(
            names.map((title, i) => {
              const film = decodeFilm({ id: i + 1, title, ...(i === 0 ? { slug: "one", tmdbId: 7 } : { year: 2000 }) })
              return [film.id, film]
            })
          )
          const columns = ratingColumns({
            keeps,
            films,
            readAt: () => DateTime.unsafeMake(0),
            ratings: blocksOfRows(Stream.fromIterable(rows)),
            ...(isAnonymous
              ? {}
              : {
                  usernames: new Map([
                    [UserId.make(1), Username.make("one")],
                    [UserId.make(2), Username.make("two")]
                  ])
                })
          })
          const lines = ratingLines(piecesOf(columns))
          const expected = rows.map(
            (row) => `${JSON.stringify(Object.fromEntries(columns.map(({ get, name }) => [name, get(row) ?? null])))}\n`
          )
          assert.strictEqual(new TextDecoder().decode(lines(ratingBlockOf(rows))), expected.join(""))
        }
      )
    )
  })
})
