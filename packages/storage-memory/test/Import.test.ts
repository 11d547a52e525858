import { assert, describe, it } from "@effect/vitest"
import {
  datasetAsOf,
  type Film,
  Import,
  ImportedList,
  type ImportedMember,
  type ImportEvent,
  ImportItem,
  type ImportReport,
  ImportSource,
  Keep,
  type ListPart,
  PartContent,
  RatingsStorage,
  readWhole,
  rowsOfBlocks,
  Slug,
  SourceError,
  Username,
  WatchedFilm
} from "@letterboxd-ratings/core"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { Chunk, Clock, DateTime, Effect, Layer, Schema, Stream } from "effect"
import * as fc from "fast-check"

const day = (n: number) => DateTime.unsafeMake(Date.UTC(2026, 0, 1) + n * 86_400_000)
const minute = (n: number) => Math.floor(day(n).epochMillis / 60_000)
const username = Schema.decodeUnknownSync(Username)
const watched = (id: number, rating?: number, ratedOn?: string): WatchedFilm =>
  Schema.decodeUnknownSync(WatchedFilm)({
    film: { id, slug: `film-${id}`, title: `Film ${id}` },
    ...(rating === undefined ? {} : { rating }),
    ...(ratedOn === undefined ? {} : { ratedOn })
  })

/** Films by number with their ratings; 0 is a film without a rating. */
type Stars = Readonly<Record<number, number>>
const filmsOf = (stars: Stars) =>
  Object.entries(stars).map(([id, rating]) => watched(Number(id), rating === 0 ? undefined : rating))

const member = (
  list: ImportedList,
  { at, name = "davee", source = "test" }: { readonly at: number; readonly name?: string; readonly source?: string }
): ImportedMember => ({ username: username(name), place: `${name}-${at}`, source, readAt: day(at), list })

const exported = (stars: Stars, at: number, name?: string) =>
  member(ImportedList.Complete({ films: filmsOf(stars) }), { at, ...(name === undefined ? {} : { name }) })
const unproven = (stars: Stars, at: number) => member(ImportedList.Unproven({ films: filmsOf(stars) }), { at })
const fed = (entries: ReadonlyArray<readonly [at: number, film: number, rating: number]>) =>
  member(
    ImportedList.Entries({
      entries: entries.map(([at, id, rating]) => ({
        at: day(at),
        watched: watched(id, rating === 0 ? undefined : rating)
      }))
    }),
    { at: Math.max(...entries.map(([at]) => at)) }
  )

const filmsOnPage = 2
const pagesOf = (stars: Stars, numbers?: ReadonlyArray<number>): ReadonlyArray<ListPart> => {
  const films = filmsOf(stars)
  const lastPart = Math.max(1, Math.ceil(films.length / filmsOnPage))
  return Array.from({ length: lastPart }, (_, i) => i + 1)
    .filter((number) => numbers === undefined || numbers.includes(number))
    .map((number) => ({
      username: username("davee"),
      number,
      place: `page ${number}`,
      content:
        films.length === 0
          ? PartContent.Empty()
          : PartContent.Films({
              films: films.slice((number - 1) * filmsOnPage, number * filmsOnPage),
              lastPart,
              stated: { films: films.length },
              unreadable: 0,
              fullPart: filmsOnPage
            })
    }))
}
const saved = (stars: Stars, at: number, numbers?: ReadonlyArray<number>) =>
  member(ImportedList.Pages({ parts: pagesOf(stars, numbers) }), { at })

/** Imports lists one after the other into one dataset, and gives what it holds after each. */
const dataset = () => {
  const datasets = MemoryStorage.makeDatasets()
  const layer = MemoryStorage.layer({ place: "memory", datasets })
  const imported = (
    members: ReadonlyArray<ImportedMember>,
    request: Partial<Import.ImportRequest> = {},
    more: ReadonlyArray<ImportItem> = [],
    tell: (event: ImportEvent) => Effect.Effect<void> = () => Effect.void
  ): Effect.Effect<ImportReport> =>
    Effect.gen(function* () {
      const { exists } = yield* RatingsStorage
      const mode = (yield* exists) ? "continue" : "new"
      return yield* Import.report({ mode, existing: "refuse", isDryRun: false, ...request }, tell)
    }).pipe(
      Effect.provide(
        Layer.succeed(ImportSource, {
          name: "test",
          keeps: [],
          items: () => Stream.fromIterable([...members.map((one) => ImportItem.Member({ member: one })), ...more])
        })
      ),
      Effect.provide(layer),
      // Lists of the future are refused, and the clock of tests begins in 1970.
      Effect.withClock(Clock.make()),
      Effect.orDie
    )
  const content = Effect.gen(function* () {
    const storage = yield* RatingsStorage
    const { problems } = yield* storage.verify({ repair: false })
    assert.deepStrictEqual(problems, [])
    return yield* Effect.scoped(
      Effect.gen(function* () {
        const opened = yield* storage.open({ _tag: "continue" })
        const rows = yield* Stream.runCollect(opened.ratings)
        const stars: Record<number, number> = {}
        for (const { filmId, rating } of rows) stars[filmId] = rating
        const record = opened.state.members.get(username("davee"))
        return { stars, record, users: opened.state.users, batches: opened.state.batches, films: opened.state.films }
      })
    )
  }).pipe(Effect.provide(layer), Effect.orDie)
  const rows = Effect.flatMap(RatingsStorage, (storage) =>
    Effect.scoped(Effect.flatMap(storage.open({ _tag: "continue" }), (opened) => Stream.runCollect(opened.ratings)))
  ).pipe(Effect.provide(layer), Effect.orDie, Effect.map(Chunk.toReadonlyArray))
  const asOf = (at: DateTime.Utc) =>
    Effect.flatMap(RatingsStorage, (storage) =>
      Effect.scoped(
        Effect.gen(function* () {
          const whole = yield* readWhole(storage)
          const then = yield* datasetAsOf(whole, at, { place: "memory", storage: "memory" })
          const stars: Record<number, number> = {}
          for (const { filmId, rating } of yield* Stream.runCollect(rowsOfBlocks(then.ratings))) stars[filmId] = rating
          return { stars, record: then.state.members.get(username("davee")) }
        })
      )
    ).pipe(Effect.provide(layer), Effect.orDie)
  return { imported, content, rows, asOf }
}

/** What a dataset holds after lists were imported, each by an import of its own. */
const after = (...lists: ReadonlyArray<ImportedMember>) =>
  Effect.gen(function* () {
    const { content, imported } = dataset()
    for (const list of lists) yield* imported([list])
    return yield* content
  })

const outcomeOf = ({ members }: ImportReport) => Object.entries(members).flatMap(([name, n]) => (n === 0 ? [] : [name]))

describe("an import", () => {
  it.effect("takes an export as a complete list, and the same one again as nothing new", () =>
    Effect.gen(function* () {
      const { content, imported } = dataset()
      const first = yield* imported([exported({ 1: 4, 2: 0, 3: 0.5 }, 5)])
      assert.deepStrictEqual(first.ratings, { added: 2, changed: 0, removed: 0 })
      const { record, stars } = yield* content
      assert.deepStrictEqual(stars, { 1: 4, 3: 0.5 })
      assert.strictEqual(record?.state, "sealed")
      assert.strictEqual(record?.proof, "export")
      const again = yield* imported([exported({ 1: 4, 2: 0, 3: 0.5 }, 5)])
      assert.deepStrictEqual(outcomeOf(again), ["unchanged"])
      assert.strictEqual(again.batches, 0)
    })
  )

  it.effect("changes and removes exactly what a later export says", () =>
    Effect.gen(function* () {
      const { content, imported } = dataset()
      yield* imported([exported({ 1: 4, 2: 3, 3: 2 }, 1)])
      const { ratings } = yield* imported([exported({ 1: 4, 2: 5, 4: 1 }, 2)])
      assert.deepStrictEqual(ratings, { added: 1, changed: 1, removed: 1 })
      assert.deepStrictEqual((yield* content).stars, { 1: 4, 2: 5, 4: 1 })
    })
  )

  it.effect("takes the last of two exports of one time, and says so if they differ", () =>
    Effect.gen(function* () {
      const { content, imported } = dataset()
      const notes = new Array<string>()
      const tell = (event: ImportEvent) =>
        Effect.sync(() => {
          if (event._tag === "ImportNoted") notes.push(event.note)
        })
      yield* imported([exported({ 1: 4, 2: 3 }, 5)], {}, [], tell)
      yield* imported([exported({ 1: 4, 2: 3 }, 5)], {}, [], tell)
      assert.deepStrictEqual(notes, [])
      yield* imported([exported({ 1: 4, 2: 1 }, 5)], {}, [], tell)
      assert.deepStrictEqual((yield* content).stars, { 1: 4, 2: 1 })
      assert.deepStrictEqual(notes, [
        "The dataset has another list of davee, of the same time. The one that is imported last counts."
      ])
      yield* imported([exported({ 1: 4 }, 6)], {}, [], tell)
      assert.strictEqual(notes.length, 1)
    })
  )

  it.effect("does not let an export without checksums take many ratings away", () =>
    Effect.gen(function* () {
      const all = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i + 1, 3]))
      const some = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i + 1, i < 12 ? 3 : 0]))
      const unpacked = (stars: Stars) =>
        member(ImportedList.Complete({ films: filmsOf(stars), isUnchecked: true }), { at: 9 })
      assert.deepStrictEqual((yield* after(exported(all, 1), unpacked(some))).stars, all)
      // A few may be gone, and a list that proves nothing gives way.
      assert.strictEqual(Object.keys((yield* after(exported(all, 1), unpacked({ ...all, 20: 0 }))).stars).length, 19)
      assert.strictEqual(Object.keys((yield* after(unproven(all, 1), unpacked(some))).stars).length, 12)
    })
  )

  it.effect("leaves the dataset as it is where an export is older", () =>
    Effect.gen(function* () {
      const { content, imported } = dataset()
      yield* imported([exported({ 1: 4 }, 5)])
      assert.deepStrictEqual(outcomeOf(yield* imported([exported({ 1: 1, 2: 2 }, 4)])), ["older"])
      assert.deepStrictEqual((yield* content).stars, { 1: 4 })
    })
  )

  it.effect("completes a list page by page, and says which pages are missing", () =>
    Effect.gen(function* () {
      const stars = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }
      const { content, imported } = dataset()
      const first = yield* imported([saved(stars, 1, [1, 3])])
      assert.deepStrictEqual(first.missingPages, [{ username: username("davee"), pages: [2] }])
      assert.strictEqual((yield* content).record?.state, "partial")
      const again = yield* imported([saved(stars, 1, [1, 3])])
      assert.deepStrictEqual(again.missingPages, [{ username: username("davee"), pages: [2] }])
      assert.strictEqual(again.batches, 0)
      const second = yield* imported([saved(stars, 2, [2])])
      assert.deepStrictEqual(second.missingPages, [])
      const { record, stars: now } = yield* content
      assert.deepStrictEqual(now, stars)
      assert.strictEqual(record?.state, "sealed")
    })
  )

  it.effect("asks for all pages together where the dataset has a list of the member", () =>
    Effect.gen(function* () {
      const { content, imported } = dataset()
      yield* imported([exported({ 1: 4 }, 1)])
      const some = yield* imported([saved({ 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }, 3, [1, 3])])
      assert.deepStrictEqual(outcomeOf(some), ["incomplete"])
      assert.deepStrictEqual(some.missingPages, [{ username: username("davee"), pages: [2], areTogether: true }])
      assert.deepStrictEqual((yield* content).stars, { 1: 4 })
    })
  )

  it.effect("starts a list with whatever page there is, and completes it with the others in any order", () =>
    Effect.gen(function* () {
      const stars = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5 }
      const { content, imported } = dataset()
      const second = yield* imported([saved(stars, 1, [2])])
      assert.deepStrictEqual(second.missingPages, [{ username: username("davee"), pages: [1, 3] }])
      assert.deepStrictEqual((yield* content).stars, { 3: 3, 4: 4 })
      const first = yield* imported([saved(stars, 1, [1])])
      assert.deepStrictEqual(first.missingPages, [{ username: username("davee"), pages: [3] }])
      assert.deepStrictEqual((yield* imported([saved(stars, 1, [3])])).missingPages, [])
      const { record, stars: now } = yield* content
      assert.deepStrictEqual(now, stars)
      assert.strictEqual(record?.state, "sealed")
    })
  )

  it.effect("takes the pages that there are of a member of whom nothing could be read before", () =>
    Effect.gen(function* () {
      const error = new SourceError({ reason: "Refused", source: "test", detail: "refused" })
      const content = PartContent.Missing({ error })
      const refused = ImportedList.Pages({
        parts: [{ username: username("davee"), number: 1, place: "page 1", content }]
      })
      const stars = { 1: 1, 2: 2, 3: 3 }
      const held = yield* after(member(refused, { at: 1 }), saved(stars, 2, [1]))
      assert.deepStrictEqual(held.stars, { 1: 1, 2: 2 })
      assert.deepStrictEqual(
        (yield* after(member(refused, { at: 1 }), saved(stars, 2, [1]), saved(stars, 2, [2]))).stars,
        stars
      )
    })
  )

  it.effect("keeps the day of a rating when pages show the same stars without a day", () =>
    Effect.gen(function* () {
      const { imported, rows } = dataset()
      const films = [watched(1, 4, "2020-02-29"), watched(2, 3, "2020-02-29")]
      yield* imported([member(ImportedList.Complete({ films }), { at: 1 })], { keep: ["rated_on"] })
      const { ratings } = yield* imported([saved({ 1: 4, 2: 5 }, 2)])
      assert.deepStrictEqual(ratings, { added: 0, changed: 1, removed: 0 })
      assert.deepStrictEqual(
        (yield* rows).map(({ filmId, ratedOn: day }) => [filmId as number, day as string | undefined]),
        [
          [1, "2020-02-29"],
          [2, undefined]
        ]
      )
    })
  )

  it.effect("keeps what a feed told later than an export, until a newer export", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        (yield* after(
          exported({ 1: 4, 2: 3 }, 5),
          fed([
            [6, 3, 2],
            [7, 1, 1]
          ])
        )).stars,
        {
          1: 1,
          2: 3,
          3: 2
        }
      )
      const both = yield* after(exported({ 1: 4 }, 5), fed([[9, 3, 2]]), exported({ 1: 4, 2: 3 }, 7))
      assert.deepStrictEqual(both.stars, { 1: 4, 2: 3, 3: 2 })
      assert.strictEqual(both.record?.state, "sealed")
      const newer = yield* after(exported({ 1: 4 }, 5), fed([[9, 3, 2]]), exported({ 1: 4, 2: 3 }, 10))
      assert.deepStrictEqual(newer.stars, { 1: 4, 2: 3 })
      assert.deepStrictEqual(newer.record?.laterFilms, undefined)
    })
  )

  it.effect("takes entries by their own times, whatever comes first", () =>
    Effect.gen(function* () {
      const feed = fed([
        [1, 1, 3],
        [2, 2, 2],
        [9, 4, 4]
      ])
      const list = exported({ 1: 5, 3: 3 }, 5)
      assert.deepStrictEqual((yield* after(feed, list)).stars, { 1: 5, 3: 3, 4: 4 })
      assert.deepStrictEqual((yield* after(list, feed)).stars, { 1: 5, 3: 3, 4: 4 })
      const newer = fed([[9, 9, 1]])
      const older = fed([[7, 1, 2]])
      assert.deepStrictEqual((yield* after(exported({ 1: 5 }, 5), newer, older)).stars, { 1: 2, 9: 1 })
      const table = unproven({ 1: 1, 2: 2 }, 8)
      const more = fed([[3, 7, 4.5]])
      const withMore = unproven({ 1: 1, 2: 2, 7: 2 }, 8)
      assert.deepStrictEqual((yield* after(table, more, withMore)).stars, { 1: 1, 2: 2, 7: 4.5 })
    })
  )

  it.effect("tells what was known of a member of whom only feeds tell, and what later entries told", () =>
    Effect.gen(function* () {
      const { asOf, imported } = dataset()
      yield* imported([fed([[2, 1, 3]])], { timestamp: day(3) })
      yield* imported(
        [
          fed([
            [5, 2, 4.5],
            [6, 1, 1]
          ])
        ],
        { timestamp: day(7) }
      )
      assert.deepStrictEqual((yield* asOf(day(4))).stars, { 1: 3 })
      const now = yield* asOf(day(8))
      assert.deepStrictEqual(now.stars, { 1: 1, 2: 4.5 })
      // A copy that goes on knows how new its rows are.
      assert.deepStrictEqual(now.record?.laterFilms, { 1: minute(6), 2: minute(5) })
    })
  )

  it.effect("does not take an older list because the member is gone by now", () =>
    Effect.gen(function* () {
      const gone = member(
        ImportedList.Pages({
          parts: [{ username: username("davee"), number: 1, place: "page 1", content: PartContent.Gone() }]
        }),
        { at: 9 }
      )
      const held = yield* after(exported({ 1: 5, 2: 3 }, 5), gone, exported({ 1: 1, 9: 1 }, 3))
      assert.deepStrictEqual(held.stars, { 1: 5, 2: 3 })
      assert.strictEqual(held.record?.state, "gone")
      assert.deepStrictEqual((yield* after(gone, exported({ 1: 1 }, 3))).stars, { 1: 1 })
    })
  )

  it.effect(
    "joins what is read under two names of one member, and takes a list under the old name as the member's",
    () =>
      Effect.gen(function* () {
        const { content, imported, rows } = dataset()
        const redirect = member(
          ImportedList.Pages({
            parts: [
              {
                username: username("davee"),
                number: 1,
                place: "page 1",
                content: PartContent.Renamed({ to: username("david") })
              }
            ]
          }),
          { at: 3 }
        )
        yield* imported([exported({ 1: 4, 2: 3, 3: 1 }, 1)])
        yield* imported([redirect])
        // Nothing is known of the new name, so the rows stay where they are.
        assert.strictEqual((yield* content).record?.ratings, 3)
        yield* imported([exported({ 1: 4, 2: 5 }, 4, "david")])
        const { record, users } = yield* content
        assert.deepStrictEqual([...users], [
          ["david", 1],
          ["davee", 2]
        ] as const)
        assert.strictEqual(record?.state, "renamed")
        const stars = Effect.map(rows, (all) => all.map((row) => [row.userId, row.filmId, row.rating].map(Number)))
        const joined = [
          [1, 1, 4],
          [1, 2, 5]
        ]
        assert.deepStrictEqual(yield* stars, joined)
        const older = yield* imported([exported({ 1: 4, 2: 3 }, 2)])
        assert.strictEqual(older.members.older, 1)
        assert.deepStrictEqual(yield* stars, joined)
        const newer = yield* imported([exported({ 1: 4, 2: 5, 9: 2 }, 5), exported({ 1: 4, 2: 5, 9: 3 }, 6, "david")])
        assert.strictEqual(newer.members.changed, 2)
        assert.deepStrictEqual(yield* stars, [...joined, [1, 9, 3]])
        // Somebody else has the old name now.
        yield* imported([exported({ 7: 1, 8: 1 }, 7)])
        assert.deepStrictEqual(yield* stars, [...joined, [1, 9, 3], [2, 7, 1], [2, 8, 1]])
        assert.strictEqual((yield* content).record?.state, "sealed")
      })
  )

  it.effect("refuses a list that is dated in the future", () =>
    Effect.gen(function* () {
      const { imported } = dataset()
      const { refused } = yield* imported([exported({ 1: 5 }, 400_000)])
      assert.lengthOf(refused, 1)
    })
  )

  it.effect(
    "never lets a feed overwrite or remove what was read later, or an entry without stars take a rating away",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(
          (yield* after(
            exported({ 1: 4 }, 5),
            fed([
              [4, 1, 1],
              [3, 2, 2]
            ])
          )).stars,
          { 1: 4 }
        )
        assert.deepStrictEqual((yield* after(exported({ 1: 4 }, 5), fed([[6, 1, 0]]))).stars, { 1: 4 })
        assert.deepStrictEqual(
          (yield* after(
            fed([
              [6, 1, 3],
              [7, 1, 0]
            ])
          )).stars,
          { 1: 3 }
        )
      })
  )

  it.effect("never takes an unproven list for a proven one, and replaces an older unproven one whole", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* after(exported({ 1: 4 }, 5), unproven({ 1: 1, 2: 2 }, 9))).stars, { 1: 4 })
      assert.deepStrictEqual((yield* after(unproven({ 1: 4, 3: 3 }, 5), unproven({ 1: 1, 2: 2 }, 9))).stars, {
        1: 1,
        2: 2
      })
      assert.deepStrictEqual((yield* after(unproven({ 1: 4 }, 9), unproven({ 1: 1, 2: 2 }, 5))).stars, { 1: 4 })
      assert.deepStrictEqual((yield* after(unproven({ 1: 4, 2: 1 }, 9), exported({ 1: 5 }, 5))).stars, { 1: 5 })
    })
  )

  it.effect("joins rows whose films got numbers later to their own list only", () =>
    Effect.gen(function* () {
      const more = (at: number) => member(ImportedList.Additions({ films: filmsOf({ 7: 2.5, 1: 1 }) }), { at })
      const joined = yield* after(unproven({ 1: 4 }, 5), more(5), more(5))
      assert.deepStrictEqual(joined.stars, { 1: 4, 7: 2.5 })
      assert.deepStrictEqual((yield* after(unproven({ 1: 4 }, 6), more(5))).stars, { 1: 4 })
      assert.deepStrictEqual((yield* after(exported({ 1: 4 }, 5), more(5))).stars, { 1: 4 })
      assert.deepStrictEqual((yield* after(more(5))).stars, { 1: 1, 7: 2.5 })
    })
  )

  it.effect("writes nothing with a dry run, and tells the same numbers", () =>
    Effect.gen(function* () {
      const lists = [exported({ 1: 4, 2: 3 }, 1), exported({ 1: 5, 3: 3 }, 2), fed([[3, 9, 4]])]
      const rehearsal = yield* dataset().imported(lists, { isDryRun: true })
      const { content, imported } = dataset()
      const real = yield* imported(lists)
      assert.deepStrictEqual(rehearsal.ratings, real.ratings)
      assert.deepStrictEqual(rehearsal.members, real.members)
      assert.strictEqual(rehearsal.totalRatings, real.totalRatings)
      const later = yield* imported([exported({ 8: 1 }, 9)], { isDryRun: true })
      assert.deepStrictEqual(later.ratings, { added: 1, changed: 0, removed: 3 })
      assert.deepStrictEqual((yield* content).stars, { 1: 5, 3: 3, 9: 4 })
    })
  )

  it.effect("gives films the newest names, and tells the source which numbers are known", () =>
    Effect.gen(function* () {
      const { content, imported } = dataset()
      yield* imported([exported({ 1: 4 }, 1)])
      const films: ReadonlyMap<number, Film> = (yield* content).films
      assert.strictEqual(films.get(1)?.slug, Slug.make("film-1"))
    })
  )
})

const stars = fc.dictionary(fc.integer({ min: 1, max: 8 }).map(String), fc.constantFrom(0, 0.5, 2, 3.5, 5), {
  maxKeys: 6
}) as fc.Arbitrary<Stars>
const at = fc.integer({ min: 1, max: 9 })
const anyList: fc.Arbitrary<ImportedMember> = fc.oneof(
  fc.tuple(stars, at).map(([list, time]) => exported(list, time)),
  fc.tuple(stars, at).map(([list, time]) => unproven(list, time)),
  fc
    .tuple(stars, at, fc.uniqueArray(fc.integer({ min: 1, max: 3 })))
    .map(([list, time, pages]) => saved(list, time, pages)),
  fc.tuple(stars, at).map(([list, time]) => saved(list, time)),
  fc
    .array(fc.tuple(at, fc.integer({ min: 1, max: 8 }), fc.constantFrom(0, 1, 4.5)), { minLength: 1, maxLength: 5 })
    .map((entries) => fed(entries.toSorted(([one], [other]) => one - other)))
)
const keep = fc.subarray(Keep.literals.filter((name) => name !== "changes"))

describe("any history of imports", () => {
  it.effect("leaves a sound dataset, in which nothing changes when the last list comes again", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.array(anyList, { minLength: 1, maxLength: 6 }), keep, (lists, keeps) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const { content, imported } = dataset()
              for (const list of lists) yield* imported([list], { keep: keeps })
              const last = lists.at(-1)
              if (last === undefined) return
              const before = yield* content
              const again = yield* imported([last])
              assert.deepStrictEqual(again.ratings, { added: 0, changed: 0, removed: 0 })
              const now = yield* content
              assert.deepStrictEqual(now.stars, before.stars)
              assert.strictEqual(now.batches, before.batches)
            })
          )
        ),
        { numRuns: 100 }
      )
    )
  )

  it.effect("holds the newest export where all lists are exports, in whatever order they come", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.uniqueArray(fc.tuple(stars, at), { minLength: 1, selector: ([, time]) => time }), (lists) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const held = yield* after(...lists.map(([list, time]) => exported(list, time)))
              const [newest] = lists.toSorted(([, one], [, other]) => other - one)
              const rated = Object.fromEntries(Object.entries(newest?.[0] ?? {}).filter(([, rating]) => rating > 0))
              assert.deepStrictEqual(held.stars, rated)
            })
          )
        )
      )
    )
  )

  it.effect(
    "of exports and feeds holds the newest export, and what feeds told no earlier, in whatever order they come",
    () => {
      const time = fc.integer({ min: 1, max: 5 })
      return Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.uniqueArray(fc.tuple(stars, time), { minLength: 1, maxLength: 4, selector: ([, at_]) => at_ }),
            // Feeds show the same entries, each some of them.
            fc.uniqueArray(fc.tuple(time, fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 4.5)), {
              minLength: 1,
              maxLength: 6,
              selector: ([at_, film]) => `${at_} ${film}`
            }),
            fc.array(fc.nat(5), { maxLength: 3 }),
            fc.infiniteStream(fc.nat()),
            (exports_, entries, cuts, order) => {
              const feeds = cuts
                .map((from) => entries.toSorted(([one], [other]) => one - other).slice(from))
                .filter((some) => some.length > 0)
              const lists = [...exports_.map(([list, at_]) => exported(list, at_)), ...feeds.map(fed)]
              const shuffled = lists
                .map((list) => ({ list, n: order.next().value ?? 0 }))
                .toSorted((one, other) => one.n - other.n)
                .map(({ list }) => list)
              return Effect.runPromise(
                Effect.gen(function* () {
                  const held = yield* after(...shuffled)
                  const [newest] = exports_.toSorted(([, one], [, other]) => other - one)
                  const expected: Record<number, number> = Object.fromEntries(
                    Object.entries(newest?.[0] ?? {}).filter(([, rating]) => rating > 0)
                  )
                  for (const [at_, film, rating] of feeds.flat().toSorted(([one], [other]) => one - other))
                    if (at_ >= (newest?.[1] ?? 0)) expected[film] = rating
                  assert.deepStrictEqual(held.stars, expected)
                })
              )
            }
          ),
          { numRuns: 150 }
        )
      )
    }
  )

  it.effect("loses a rating only to a complete list, or to a newer list of the same kind", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.array(anyList, { minLength: 2, maxLength: 6 }), (lists) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const { content, imported } = dataset()
              let before: Stars = {}
              let wasUnproven = true
              for (const list of lists) {
                yield* imported([list])
                const now = yield* content
                const lost = Object.keys(before).filter((film) => now.stars[Number(film)] === undefined)
                const mayRemove = now.record?.state === "sealed" || (wasUnproven && now.record?.state === "unproven")
                if (lost.length > 0) assert.isTrue(mayRemove && list.list._tag !== "Entries", JSON.stringify(lost))
                before = now.stars
                wasUnproven = now.record?.state === "unproven"
              }
            })
          )
        ),
        { numRuns: 75 }
      )
    )
  )
})
