/**
 * Small datasets of any lists, and what an export of them writes.
 */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import {
  type Batch,
  EncodedRating,
  EncodedWatch,
  Film,
  type Keep,
  MemberRecord,
  RatingsStorage
} from "@letterboxd-ratings/core"
import { exportFiles, type ExportFilesOptions, type ExportFormat } from "@letterboxd-ratings/export"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { DateTime, Effect, Layer, Schema } from "effect"
import * as fc from "fast-check"

const decodeRating = Schema.decodeUnknownSync(EncodedRating)
const decodeWatch = Schema.decodeUnknownSync(EncodedWatch)
const decodeFilm = Schema.decodeUnknownSync(Film)
const decodeRecord = Schema.decodeUnknownSync(MemberRecord)

const readAt = DateTime.unsafeMake(Date.UTC(2026, 0, 5))
export const readSeconds = Date.UTC(2026, 0, 5) / 1000

/** A film of a list: half stars, if it is rated, and the day if it is known. */
interface Listed {
  readonly stars: number | undefined
  readonly day: string | undefined
}

/** The list of each member, by film. */
export type Lists = ReadonlyArray<ReadonlyMap<number, Listed>>

export const titles = ["Plain", "Tab\there", "Line\nend", `"Quoted", and more`, "=1+1", "null", "ラヂオ"]

/** What else an export is made of: `records` are parts of members' records, `keeps` what the dataset keeps. */
interface Setting extends Partial<Omit<ExportFilesOptions, "folder" | "existing" | "tool">> {
  readonly records?: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly keeps?: ReadonlyArray<Keep>
}

const batchOf = (
  lists: Lists,
  { keeps = ["rated_on", "film_numbers", "watched", "provenance"], records = [] }: Setting
): Batch => ({
  members: lists.map((list, i) => {
    const ratings = Array.from(list).flatMap(([id, { day, stars }]) =>
      stars === undefined
        ? []
        : [
            decodeRating({
              userId: i + 1,
              filmId: id,
              rating: stars / 2,
              ...(day === undefined ? {} : { ratedOn: day })
            })
          ]
    )
    return {
      record: decodeRecord({
        username: `member_${i}`,
        userId: i + 1,
        state: "sealed",
        readAt: DateTime.formatIso(readAt),
        lastPage: 1,
        missing: [],
        films: list.size,
        ratings: ratings.length,
        doubts: [],
        verdicts: {},
        ...records[i]
      }),
      isNew: true,
      write: "append",
      ratings,
      watched: keeps.includes("watched")
        ? Array.from(list).flatMap(([id, { stars }]) =>
            stars === undefined ? [decodeWatch({ userId: i + 1, filmId: id })] : []
          )
        : []
    }
  }),
  newFilms: [...new Set(lists.flatMap((list) => [...list.keys()]))].map((id) =>
    decodeFilm({
      id,
      slug: `film-${id}`,
      title: titles[id % titles.length],
      ...(id % 2 === 0 ? { year: 2000 } : {}),
      ...(id % 3 === 0 && keeps.includes("film_numbers") ? { tmdbId: id + 100, imdbId: `tt${1_000_000 + id}` } : {})
    })
  ),
  changedFilms: [],
  keeps,
  committedAt: readAt
})

/** Exports the lists, and gives each file's text by its name; a folder's name stands before the file's. */
export const exported = (lists: Lists, format: ExportFormat, setting: Setting = {}) =>
  Effect.gen(function* () {
    const { keeps: _keeps, records: _records, ...options } = setting
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const storage = yield* RatingsStorage
    yield* Effect.scoped(
      Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), (dataset) =>
        dataset.commit(batchOf(lists, setting))
      )
    )
    yield* exportFiles(storage, format, { folder: `${folder}/out`, existing: "refuse", tool: "test", ...options })
    const files = new Map<string, string>()
    for (const name of yield* fs.readDirectory(`${folder}/out`, { recursive: true })) {
      const { type } = yield* fs.stat(`${folder}/out/${name}`)
      if (type === "File") files.set(name, yield* fs.readFileString(`${folder}/out/${name}`))
    }
    return files
  }).pipe(
    Effect.scoped,
    Effect.provide(MemoryStorage.layer({ place: "layouts" })),
    Effect.provide(Layer.merge(NodeContext.layer, NodeProcessTable.layer))
  )

/** The rows of a file without quotes, as a loader splits them: each has as many cells as the header. */
export const strictRows = (text: string | undefined, separator: string): ReadonlyArray<ReadonlyMap<string, string>> => {
  const [header = "", ...lines] = (text ?? "").split("\n")
  assert.strictEqual(lines.pop(), "")
  const names = header.split(separator)
  return lines.map((line) => {
    const cells = line.split(separator)
    assert.strictEqual(cells.length, names.length, line)
    return new Map(names.map((name, i) => [name, cells[i] ?? ""]))
  })
}

/** Lists of a few films, some of them watched and not rated. */
export const anyLists: fc.Arbitrary<Lists> = fc.array(
  fc
    .uniqueArray(
      fc.record({
        id: fc.integer({ min: 1, max: 40 }),
        stars: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined, freq: 4 }),
        day: fc.option(fc.constantFrom("1999-12-31", "2024-02-29", "2026-01-04"), { nil: undefined })
      }),
      { selector: ({ id }) => id, maxLength: 12 }
    )
    .map((rows) => new Map(rows.map(({ id, ...row }) => [id, row]))),
  { minLength: 1, maxLength: 6 }
)

/** How many films of the lists are rated, or not. */
export const countsOf = (lists: Lists): { readonly ratings: number; readonly watched: number } => {
  const all = lists.flatMap((list) => [...list.values()])
  const ratings = all.filter(({ stars }) => stars !== undefined).length
  return { ratings, watched: all.length - ratings }
}
