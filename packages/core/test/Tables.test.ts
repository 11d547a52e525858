import { assert, describe, it } from "@effect/vitest"
import {
  allKeeps,
  Day,
  EncodedRating,
  EncodedWatch,
  Film,
  FilmId,
  formatOf,
  ImdbId,
  Keep,
  knownFacts,
  latestFormat,
  type Member,
  MemberRecord,
  noKeeps,
  Rating,
  RatingChange,
  rowTables,
  rowTablesOf,
  stateTables,
  type Table,
  TmdbId,
  UserId
} from "@letterboxd-ratings/core"
import { Arbitrary, Either, Schema } from "effect"
import * as fc from "fast-check"
import { required, stored } from "../src/dataset/Column.ts"
import { makeTable } from "../src/dataset/Table.ts"

/** Rows as a storage keeps them: JSON, with `null` for what is unknown. */
const throughJson = <Row>({ columns, reader }: Table<Row>, row: Row, keeps = allKeeps) => {
  const read = columns(keeps)
  const text = JSON.stringify(read.map(({ get }) => get(row) ?? null))
  const values = Schema.decodeUnknownSync(Schema.Array(Schema.Unknown))(JSON.parse(text))
  return reader(read)(values)
}

const roundTrip = <Row, I>(table: Table<Row>, schema: Schema.Schema<Row, I>) => {
  const isSame = Schema.equivalence(schema)
  it(`${table.name} come back as they were stored`, () => {
    fc.assert(
      fc.property(Arbitrary.make(schema), (row) => {
        const read = Either.getOrThrow(throughJson(table, row))
        assert.isTrue(isSame(read, row))
        assert.deepStrictEqual(Object.keys(read as object).toSorted(), Object.keys(row as object).toSorted())
      })
    )
  })
}

describe("rows of", () => {
  roundTrip(rowTables.ratings, EncodedRating)
  roundTrip(rowTables.watched, EncodedWatch)
  roundTrip(rowTables.changes, RatingChange)
  roundTrip(stateTables.films, Film)
  roundTrip<Member, unknown>(stateTables.members, MemberRecord as never)

  it("members who only have an id come back, and those of whom only a part is known do not", () => {
    const columns = stateTables.members.columns(noKeeps)
    const read = stateTables.members.reader(columns)
    const valuesOf = (values: { readonly [name: string]: unknown }) => columns.map(({ name }) => values[name])
    assert.deepStrictEqual(
      read(valuesOf({ user_id: 4, username: "four" })),
      Either.right({
        username: "four",
        userId: 4
      } as never)
    )
    assert.deepStrictEqual(
      read(valuesOf({ user_id: 4, username: "four", state: "sealed" })),
      Either.left("read_at is missing")
    )
  })

  it("ratings have the columns that a dataset keeps, in order", () => {
    const names = (keeps: Iterable<Keep>) => rowTables.ratings.columns(new Set(keeps)).map(({ name }) => name)
    assert.deepStrictEqual(names([]), ["user_id", "film_id", "rating"])
    assert.deepStrictEqual(names(["liked"]), ["user_id", "film_id", "rating", "liked"])
    assert.deepStrictEqual(names(allKeeps), ["user_id", "film_id", "rating", "rated_on", "liked"])
    assert.deepStrictEqual(rowTablesOf(noKeeps), ["ratings"])
    assert.deepStrictEqual(rowTablesOf(new Set(["watched"])), ["ratings", "watched"])
  })

  it("ratings are refused with the name of the column", () => {
    const read = rowTables.ratings.reader(rowTables.ratings.columns(allKeeps))
    assert.deepStrictEqual(read([1, 2, 4.25, null, null]), Either.left("rating cannot be 4.25"))
    assert.deepStrictEqual(read([1, 2, 4, "2023-02-29", null]), Either.left(`rated_on cannot be "2023-02-29"`))
    assert.deepStrictEqual(read([1, null, 4]), Either.left("film_id is missing"))
    assert.isTrue(Either.isRight(read([1, 2, 4, "2024-02-29", false])))
  })
})

describe("numbers of a column", () => {
  const decoders = {
    user_id: [stored.id(UserId).decoder(), Schema.is(UserId)],
    film_id: [stored.id(FilmId).decoder(), Schema.is(FilmId)],
    tmdb_id: [stored.id(TmdbId).decoder(), Schema.is(TmdbId)],
    rating: [stored.stars(Rating).decoder(), Schema.is(Rating)]
  } as const
  for (const [name, [decode, is]] of Object.entries(decoders)) {
    it(`are those that the schema takes: ${name}`, () => {
      const edges = fc.constantFrom(0, -0, 0.25, 0.5, 1, 5, 5.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, NaN, Infinity)
      const halves = fc.integer({ min: -4, max: 14 }).map((n) => n / 2)
      const values = fc.oneof(edges, halves, fc.integer(), fc.double(), fc.string(), fc.constant([1]))
      fc.assert(
        fc.property(values, (value) => assert.strictEqual(decode(value), is(value) ? value : undefined)),
        { numRuns: 1_000 }
      )
    })
  }
})

describe("facts about ratings", () => {
  it("are those that are known, all of them", () => {
    fc.assert(
      fc.property(Arbitrary.make(EncodedRating), ({ filmId: _film, rating: _rating, userId: _user, ...known }) => {
        const facts = { ratedOn: undefined, liked: undefined, ...known }
        assert.deepStrictEqual(knownFacts(facts), known)
      })
    )
  })
})

describe("the format of a dataset", () => {
  it("is the first one where nothing is kept, and that of its newest column else", () => {
    assert.strictEqual(formatOf(noKeeps), 1)
    for (const keep of Keep.literals) assert.strictEqual(formatOf(new Set([keep])), 2)
    assert.strictEqual(latestFormat, 2)
  })
})

describe("a table", () => {
  it("cannot lack a column of its rows", () => {
    interface Row {
      readonly name: string
      readonly size: number
    }
    const name = required("name", stored.text(Schema.String))
    // @ts-expect-error The property `size` has no column.
    makeTable<Row>("things", { name })
    // @ts-expect-error The column of `size` holds texts.
    makeTable<Row>("things", { name, size: name })
    assert.strictEqual(
      makeTable<Row>("things", { name, size: required("size", stored.integer(Schema.Int)) }).columns(noKeeps).length,
      2
    )
  })
})

describe("values from outside", () => {
  it("are days of the calendar, and numbers of films elsewhere", () => {
    const isDay = Schema.is(Day)
    assert.isTrue(isDay("2024-02-29"))
    for (const text of ["2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", "2024-1-1", "2024-01-01T00:00:00Z", ""])
      assert.isFalse(isDay(text), text)
    assert.isTrue(Schema.is(ImdbId)("tt0111161"))
    for (const text of ["111161", "tt", "nm0000151", "tt01111611111"]) assert.isFalse(Schema.is(ImdbId)(text), text)
  })
})
