import { assert, it } from "@effect/vitest"
import { readLink, Username } from "@letterboxd-ratings/core"
import { letterboxdImport, movieLens } from "@letterboxd-ratings/export"
import { parse } from "csv-parse/sync"
import { Effect, Option, Redacted, Schema } from "effect"
import * as fc from "fast-check"
import { anyLists, exported, type Lists, strictRows, titles } from "./ExportedLists.ts"

const usernameOf = (member: number) => Username.make(`member_${member}`)
const Rows = Schema.decodeUnknownSync(Schema.Array(Schema.Record({ key: Schema.String, value: Schema.String })))

/** The rows of the file as a strict reader of RFC 4180 gives them: CR LF, as many cells as the header, quotes only where they belong. */
const rowsOf = (text = "") => {
  assert.match(text, /\r\n$/u)
  return Rows(parse(text, { columns: true, record_delimiter: "\r\n" }))
}

/** What the site's documentation says that its import reads. */
const columnsOfTheSite = ["LetterboxdURI", "tmdbID", "imdbID", "Title", "Year", "Rating"]

it.effect.prop(
  "the import file of a member has each film of the list once, by its link, and nothing that the dataset does not know",
  { lists: anyLists, which: fc.nat(5), hasNumbers: fc.boolean() },
  ({ hasNumbers, lists, which }) =>
    Effect.gen(function* () {
      const member = which % lists.length
      const list: Lists[number] = lists[member] ?? new Map()
      const files = yield* exported(lists, letterboxdImport, {
        member: usernameOf(member),
        keeps: ["rated_on", "watched", ...(hasNumbers ? (["film_numbers"] as const) : [])]
      })
      assert.deepStrictEqual([...files.keys()].toSorted(), ["DATA_CARD.md", "letterboxd.csv"])
      const text = files.get("letterboxd.csv") ?? ""
      assert.deepStrictEqual(
        text.split("\r\n")[0]?.split(","),
        hasNumbers ? columnsOfTheSite : columnsOfTheSite.filter((name) => !name.endsWith("ID"))
      )
      const read = rowsOf(text).map(({ LetterboxdURI = "", ...row }) => {
        const link = Option.getOrThrow(readLink(LetterboxdURI))
        assert.strictEqual(link._tag, "Film")
        return Object.assign({ id: link._tag === "Film" ? link.id : 0 }, row)
      })
      const rated = Array.from(list).filter(([, { stars }]) => stars !== undefined)
      const watched = Array.from(list).filter(([, { stars }]) => stars === undefined)
      assert.deepStrictEqual<unknown>(
        read,
        [...rated, ...watched].map(([id, { stars }]) =>
          Object.assign(
            { id },
            hasNumbers
              ? { tmdbID: id % 3 === 0 ? `${id + 100}` : "", imdbID: id % 3 === 0 ? `tt${1_000_000 + id}` : "" }
              : {},
            {
              Title: titles[id % titles.length],
              Year: id % 2 === 0 ? "2000" : "",
              Rating: stars === undefined ? "" : (stars / 2).toFixed(1)
            }
          )
        )
      )
      assert.include(files.get("DATA_CARD.md"), `| ratings | ${rated.length} |`)
    }),
  { fastCheck: { numRuns: 25 } }
)

const long: Lists = [
  new Map(Array.from({ length: 30_000 }, (_, i) => [i + 1, { stars: 1 + (i % 10), day: undefined }]))
]

it.effect("the import file is split where it would be larger than the site takes, and no film is lost", () =>
  Effect.gen(function* () {
    const files = yield* exported(long, letterboxdImport, { member: usernameOf(0) })
    const names = [...files.keys()].filter((name) => name !== "DATA_CARD.md").toSorted()
    assert.isAbove(names.length, 1)
    assert.deepStrictEqual(
      names,
      names.map((_, i) => `letterboxd-${i + 1}.csv`)
    )
    const links = names.flatMap((name) => {
      const text = files.get(name) ?? ""
      assert.isAtMost(Buffer.byteLength(text), 1_000_000)
      return rowsOf(text).map((row) => row["LetterboxdURI"])
    })
    assert.strictEqual(new Set(links).size, 30_000)
    assert.strictEqual(links.length, 30_000)
  })
)

const one = new Map([[1, { stars: 8, day: undefined }]])
const two: Lists = [one, new Map([[3, { stars: 2, day: undefined }]])]

it.effect("one member of any layout is alone in it", () =>
  Effect.gen(function* () {
    const files = yield* exported(two, movieLens, { member: usernameOf(1) })
    assert.deepStrictEqual(
      strictRows(files.get("ratings.csv"), ",").map((row) => [row.get("userId"), row.get("movieId")]),
      [["2", "3"]]
    )
    assert.strictEqual(files.get("movies.csv")?.trimEnd().split("\n").length, 2)
    assert.include(files.get("DATA_CARD.md"), "| members | 1: 1 complete |")
  })
)

it.effect("one member cannot be anonymous, nor nobody, nor prepared for recommenders", () =>
  Effect.gen(function* () {
    const salt = Redacted.make("pepper")
    const refused = [
      { setting: { salt }, says: "cannot be anonymous" },
      { setting: { salt, member: usernameOf(0) }, says: "cannot be anonymous" },
      { setting: {}, says: "Name the member" },
      { setting: { member: usernameOf(7) }, says: "no member member_7" },
      { setting: { member: usernameOf(0), preparation: { contiguous: true } }, says: "no k-core, split or indexes" }
    ]
    for (const { says, setting } of refused) {
      const error = yield* Effect.flip(exported(two, letterboxdImport, setting))
      if (error._tag !== "StorageError") return assert.fail(error._tag)
      assert.strictEqual(error.reason, "InvalidOption")
      assert.include(error.message, says)
    }
    const error = yield* Effect.flip(exported(two, movieLens, { salt, member: usernameOf(0) }))
    assert.include(error.message, "cannot be anonymous")
  })
)
