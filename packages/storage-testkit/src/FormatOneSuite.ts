/**
 * A dataset of format 1, as it was written before a dataset could keep more, and what a storage does with it.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import {
  allKeeps,
  type Batch,
  EncodedRating,
  EncodedWatch,
  Film,
  type Keep,
  MemberRecord,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  stateTables
} from "@letterboxd-ratings/core"
import { DateTime, Effect, type Layer, Schema } from "effect"
import { allRows } from "./KeptHistory.ts"

/** A row of a table, by the names of its columns. */
interface Row {
  readonly [column: string]:
    string | number | ReadonlyArray<string | number> | { readonly [name: string]: number } | null
}

const member = (userId: number, username: string, state: string, more: Row = {}): Row => ({
  user_id: userId,
  username,
  state,
  read_at: "2025-11-25T10:00:00.123Z",
  last_page: 1,
  films: 0,
  stated_films: null,
  ratings: 0,
  renamed_to: null,
  missing_pages: [],
  doubts: [],
  verdicts: { Films: 1 },
  seen_films: null,
  ...more
})

const bare = (userId: number, username: string): Row => ({
  ...Object.fromEntries(Object.keys(member(0, "", "")).map((column) => [column, null])),
  user_id: userId,
  username
})

/**
 * The rows of the tables, in their order: members of every state, one that only has an id, and an id that is skipped.
 * What is a list or an object is JSON; a column without a value is null.
 *
 * @since 0.1.0
 * @category models
 */
export const formatOneTables = {
  dataset: { batches: 3, ratings: 4, idGaps: 1, committedAt: "2025-11-25T10:05:00.000Z" },
  members: [
    member(1, "whole", "sealed", { films: 3, ratings: 2, seen_films: [10, 20], verdicts: { Films: 2, NoFilms: 1 } }),
    bare(2, "bare"),
    member(4, "half", "partial", {
      last_page: 4,
      films: 3,
      stated_films: 290,
      ratings: 2,
      missing_pages: [2, 4],
      doubts: ["list-moved", "count-differs"],
      seen_films: [10, 30, 40]
    }),
    member(5, "away", "gone", { last_page: 0, verdicts: { MemberNotFound: 1 } }),
    member(6, "hidden", "private", { last_page: 0, verdicts: { MemberPrivate: 1 } }),
    member(7, "moved", "renamed", { last_page: 0, renamed_to: "whole", verdicts: { Renamed: 1 } })
  ] as ReadonlyArray<Row>,
  films: [
    { film_id: 30, slug: "null", title: null, year: null },
    { film_id: 10, slug: "ten", title: `Ten, "10"`, year: 2002 },
    { film_id: 20, slug: "twenty", title: "Twenty\nLines", year: null },
    { film_id: 40, slug: "forty", title: "Forty", year: 1940 }
  ] as ReadonlyArray<Row>,
  ratings: [
    { user_id: 1, film_id: 10, rating: 4 },
    { user_id: 1, film_id: 20, rating: 0.5 },
    { user_id: 4, film_id: 30, rating: 3.5 },
    { user_id: 4, film_id: 10, rating: 5 }
  ] as ReadonlyArray<Row>,
  updates: [{ user_id: 1, last_updated: "2025-11-25T10:00:00.123Z" }] as ReadonlyArray<Row>
}

/** The columns of members that came after format 1. They stand behind the others. */
const laterColumns = stateTables.members.columns(new Set(allKeeps)).filter(({ since }) => since > 1)

const noLaterValues = laterColumns.map(() => null)

/** The rows as all storages give them, by the columns of a dataset that keeps everything. */
const expected = () => {
  const { dataset, films, members, ratings, updates } = formatOneTables
  return {
    batches: dataset.batches,
    keeps: new Array<Keep>(),
    films: films.map(({ film_id, slug, title, year }) => [film_id, slug, title, year, null, null]),
    members: members.map((one) =>
      [
        one["username"],
        one["user_id"],
        one["state"],
        one["read_at"],
        one["last_page"],
        one["missing_pages"],
        one["films"],
        one["stated_films"],
        one["ratings"],
        one["doubts"],
        one["verdicts"],
        one["renamed_to"],
        one["seen_films"]
      ].concat(noLaterValues)
    ),
    updates: updates.map(({ last_updated, user_id }) => [user_id, last_updated]),
    ratings: ratings.map(({ film_id, rating, user_id }) => [user_id, film_id, rating, null, null]),
    watched: new Array<unknown>(),
    changes: new Array<unknown>(),
    readings: new Array<unknown>()
  }
}

const at = DateTime.unsafeMake(Date.UTC(2026, 0, 1))

const record = Schema.decodeUnknownSync(MemberRecord)

const sealed = (userId: number, username: string, ratings: number, more: object = {}): MemberRecord =>
  record({
    username,
    userId,
    state: "sealed",
    readAt: DateTime.formatIso(at),
    lastPage: 1,
    missing: [],
    films: ratings,
    ratings,
    doubts: [],
    verdicts: {},
    ...more
  })

const rated = Schema.decodeUnknownSync(Schema.Array(EncodedRating))
const film = Schema.decodeUnknownSync(Film)

/** The partial member is completed, the one that only had an id is read, and a film has another name. */
const keepingNothing: Batch = {
  members: [
    {
      record: sealed(4, "half", 1),
      isNew: false,
      write: "replace",
      ratings: rated([{ userId: 4, filmId: 40, rating: 2 }])
    },
    {
      record: sealed(2, "bare", 1),
      isNew: false,
      write: "append",
      ratings: rated([{ userId: 2, filmId: 50, rating: 1 }])
    }
  ],
  newFilms: [film({ id: 50, slug: "fifty" })],
  changedFilms: [
    { before: film({ id: 40, slug: "forty", title: "Forty", year: 1940 }), after: film({ id: 40, slug: "forty-1" }) }
  ],
  committedAt: at
}

/** The same, and from now on everything is kept. */
const keepingEverything: Batch = {
  members: [
    {
      record: sealed(4, "half", 1, { source: "an export", proof: "export" }),
      isNew: false,
      write: "replace",
      ratings: rated([{ userId: 4, filmId: 40, rating: 2, ratedOn: "2024-02-29", liked: true }]),
      watched: Schema.decodeUnknownSync(Schema.Array(EncodedWatch))([{ userId: 4, filmId: 50, liked: false }])
    },
    {
      record: sealed(2, "bare", 1),
      isNew: false,
      write: "append",
      ratings: rated([{ userId: 2, filmId: 50, rating: 1 }])
    }
  ],
  newFilms: [film({ id: 50, imdbId: "tt0000050" })],
  changedFilms: [
    { before: film({ id: 10, slug: "ten" }), after: film({ id: 10, slug: "ten", title: "Ten", tmdbId: 10 }) }
  ],
  keeps: allKeeps,
  committedAt: at
}

/**
 * Tests of a storage with a dataset of format 1, which `write` puts at a place as the versions of then did: it opens, is
 * sound, reads the same, and goes on, whether it keeps more from then on or not. `format` tells the number by which the
 * dataset says how it is kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const formatOneSuite = <E>(
  name: string,
  make: (place: string) => Layer.Layer<RatingsStorage, E>,
  {
    format,
    write
  }: {
    readonly write: (place: string) => Effect.Effect<void, unknown>
    readonly format: (place: string) => Effect.Effect<number, unknown>
  }
): void => {
  const goOn: OpenMode = { _tag: "continue" }

  const test = (
    what: string,
    place: string,
    body: (
      open: <A>(use: (dataset: OpenDataset) => Effect.Effect<A, unknown>) => Effect.Effect<A, unknown>
    ) => Effect.Effect<void, unknown, RatingsStorage>
  ) =>
    it.live(
      what,
      () =>
        Effect.gen(function* () {
          yield* write(place)
          yield* body((use) =>
            Effect.flatMap(RatingsStorage, (storage) => Effect.scoped(Effect.flatMap(storage.open(goOn), use))).pipe(
              Effect.provide(make(place))
            )
          ).pipe(Effect.provide(make(place)))
        }),
      60_000
    )

  const problems = Effect.flatMap(RatingsStorage, (storage) =>
    Effect.map(storage.verify({ repair: false }), (found) => found.problems)
  )

  describe(`${name} and a dataset of format 1`, () => {
    test("opens it, finds it sound, and reads the same rows", "format-one-reads", (open) =>
      Effect.gen(function* () {
        const storage = yield* RatingsStorage
        assert.isTrue(yield* storage.exists)
        assert.deepStrictEqual(yield* problems, [])
        assert.deepStrictEqual(yield* open(allRows), expected() as unknown)
        const { committedAt, state } = yield* storage.inspect
        assert.strictEqual(DateTime.formatIso(committedAt), formatOneTables.dataset.committedAt)
        assert.strictEqual(state.ratings, formatOneTables.dataset.ratings)
      })
    )

    test("goes on with it as it is where nothing more is kept", "format-one-stays", (open) =>
      Effect.gen(function* () {
        yield* open((dataset) => dataset.commit(keepingNothing))
        assert.strictEqual(yield* format("format-one-stays"), 1)
        assert.deepStrictEqual(yield* problems, [])
        const before = expected()
        const now = yield* open(allRows)
        assert.strictEqual(now.batches, 4)
        assert.deepStrictEqual(now.films, [
          ...before.films.slice(0, 3),
          [40, "forty-1", null, null, null, null],
          [50, "fifty", null, null, null, null]
        ] as ReadonlyArray<unknown>)
        assert.deepStrictEqual(now.ratings, [
          ...before.ratings.slice(0, 2),
          [4, 40, 2, null, null],
          [2, 50, 1, null, null]
        ] as ReadonlyArray<unknown>)
        assert.deepStrictEqual([now.members[0], ...now.members.slice(3)], [
          before.members[0],
          ...before.members.slice(3)
        ] as ReadonlyArray<unknown>)
        assert.deepStrictEqual(now.updates, [
          ...before.updates,
          [4, DateTime.formatIso(at)],
          [2, DateTime.formatIso(at)]
        ])
      })
    )

    test("goes on with it where everything is kept from now on", "format-one-grows", (open) =>
      Effect.gen(function* () {
        yield* open((dataset) => dataset.commit(keepingEverything))
        assert.strictEqual(yield* format("format-one-grows"), 2)
        assert.deepStrictEqual(yield* problems, [])
        const before = expected()
        const now = yield* open(allRows)
        assert.deepStrictEqual(now.keeps, [...allKeeps].toSorted())
        assert.deepStrictEqual(now.films, [
          before.films[0],
          [10, "ten", "Ten", null, 10, null],
          ...before.films.slice(2),
          [50, null, null, null, null, "tt0000050"]
        ] as ReadonlyArray<unknown>)
        assert.deepStrictEqual(now.ratings, [
          ...before.ratings.slice(0, 2),
          [4, 40, 2, "2024-02-29", true],
          [2, 50, 1, null, null]
        ] as ReadonlyArray<unknown>)
        assert.deepStrictEqual(now.watched, [[4, 50, false]] as ReadonlyArray<unknown>)
        assert.deepStrictEqual(now.changes, [
          [DateTime.formatIso(at), 4, 40, null, 2],
          [DateTime.formatIso(at), 4, 30, 3.5, null],
          [DateTime.formatIso(at), 4, 10, 5, null],
          [DateTime.formatIso(at), 2, 50, null, 1]
        ] as ReadonlyArray<unknown>)
        // The reading of each member from before, and those of this batch.
        assert.deepStrictEqual(
          now.readings.map(([, username, userId, state, readAt, , , , , ratings]) => [
            username,
            userId,
            state,
            readAt,
            ratings
          ]),
          [
            ["whole", 1, "sealed", "2025-11-25T10:00:00.123Z", 2],
            ["bare", 2, "unproven", "1970-01-01T00:00:00.000Z", 0],
            ["half", 4, "partial", "2025-11-25T10:00:00.123Z", 2],
            ["away", 5, "gone", "2025-11-25T10:00:00.123Z", 0],
            ["hidden", 6, "private", "2025-11-25T10:00:00.123Z", 0],
            ["moved", 7, "renamed", "2025-11-25T10:00:00.123Z", 0],
            ["half", 4, "sealed", DateTime.formatIso(at), 1],
            ["bare", 2, "sealed", DateTime.formatIso(at), 1]
          ] as ReadonlyArray<unknown>
        )
        assert.deepStrictEqual(now.members[2]?.slice(-laterColumns.length), [
          "an export",
          "export",
          ...laterColumns.slice(2).map(() => null)
        ])
        assert.deepStrictEqual([now.members[0], ...now.members.slice(3)], [
          before.members[0],
          ...before.members.slice(3)
        ] as ReadonlyArray<unknown>)
        // What was kept once is kept by the next batches too.
        yield* open((dataset) => dataset.commit({ ...keepingNothing, members: [], newFilms: [], changedFilms: [] }))
        assert.deepStrictEqual({ ...(yield* open(allRows)), batches: 4 }, now)
        assert.deepStrictEqual(yield* problems, [])
      })
    )
  })
}
