/**
 * A history in which a dataset keeps more and more, with a value in every column of every table.
 *
 * @since 0.1.0
 */
import { assert } from "@effect/vitest"
import {
  allKeeps,
  type Batch,
  type BatchMember,
  type DatasetState,
  EncodedRating,
  EncodedWatch,
  Film,
  type Keeps,
  type Member,
  MemberRecord,
  type OpenDataset,
  ratingBlocksOf,
  type RowOf,
  rowsOfBlocks,
  type RowTable,
  rowTables,
  stateTables,
  type Table
} from "@letterboxd-ratings/core"
import { Chunk, DateTime, Effect, Schema, Stream } from "effect"

const film = Schema.decodeUnknownSync(Film)
const record = Schema.decodeUnknownSync(MemberRecord)
const rating = Schema.decodeUnknownSync(EncodedRating)
const watch = Schema.decodeUnknownSync(EncodedWatch)

const minute = (n: number) => DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, n))

const films: ReadonlyArray<Film> = [
  film({ id: 1, slug: "one", title: "One", year: 2001 }),
  film({ id: 2, slug: "two" }),
  film({ id: 3, slug: "three", title: "Three", year: 2003, tmdbId: 2_147_483_647, imdbId: "tt0000003" }),
  film({ id: 4, title: "Four, whose slug is unknown", year: 2004, imdbId: "tt12345678" }),
  film({ id: 5 })
]

const member = (n: number, userId: number, username: string, facts: { readonly [property: string]: unknown } = {}) =>
  record({
    username,
    userId,
    state: "sealed",
    readAt: DateTime.formatIso(minute(n)),
    lastPage: 1,
    missing: [],
    films: 0,
    ratings: 0,
    doubts: [],
    verdicts: {},
    ...facts
  })

const part = (
  of: MemberRecord,
  rows: Pick<BatchMember, "ratings" | "watched">,
  write: BatchMember["write"] = "append"
): BatchMember => ({
  record: { ...of, ratings: rows.ratings.length },
  isNew: write === "append",
  write,
  ...rows
})

/**
 * The batches: one of a dataset that keeps nothing, one from which on it keeps some facts of ratings, and those of one
 * that keeps everything, in which rows of a known member are replaced.
 *
 * @since 0.1.0
 * @category models
 */
export const keptHistory: ReadonlyArray<Batch> = [
  {
    members: [
      part(member(1, 1, "plain"), {
        ratings: [rating({ userId: 1, filmId: 1, rating: 4 }), rating({ userId: 1, filmId: 2, rating: 0.5 })]
      })
    ],
    newFilms: films.slice(0, 2),
    changedFilms: [],
    committedAt: minute(1)
  },
  {
    members: [
      part(member(2, 2, "dated"), {
        ratings: [
          rating({ userId: 2, filmId: 1, rating: 5, ratedOn: "2024-02-29", liked: true }),
          rating({ userId: 2, filmId: 3, rating: 1.5, liked: false }),
          rating({ userId: 2, filmId: 2, rating: 3 })
        ]
      })
    ],
    newFilms: films.slice(2, 3),
    changedFilms: [],
    keeps: ["rated_on", "liked", "film_numbers"],
    committedAt: minute(2)
  },
  {
    members: [
      part(member(3, 3, "whole", { source: "letterboxd export", proof: "export" }), {
        ratings: [rating({ userId: 3, filmId: 4, rating: 2, ratedOn: "1999-12-31" })],
        watched: [
          watch({ userId: 3, filmId: 5, liked: true }),
          watch({ userId: 3, filmId: 1 }),
          watch({ userId: 3, filmId: 2, liked: false })
        ]
      }),
      part(
        member(3, 4, "half", {
          state: "partial",
          missing: [2, 3],
          statedFilms: 99,
          doubts: ["list-moved"],
          verdicts: { Films: 1 },
          seen: [1, 2],
          source: "saved pages",
          proof: "saved-pages",
          laterFilms: { "1": 29_454_242 },
          feedFrom: "2026-01-01T00:01:00.000Z",
          feedAt: "2026-01-01T00:02:00.000Z",
          salt: "00ff"
        }),
        { ratings: [], watched: [watch({ userId: 4, filmId: 1 })] }
      ),
      part(member(3, 5, "moved", { state: "renamed", renamedTo: "whole" }), { ratings: [] })
    ],
    newFilms: films.slice(3),
    changedFilms: [{ before: film(films[0]), after: film({ ...films[0], tmdbId: 1 }) }],
    keeps: allKeeps,
    committedAt: minute(3)
  },
  {
    members: [
      part(
        member(4, 3, "whole", { source: "letterboxd export", proof: "export" }),
        {
          ratings: [rating({ userId: 3, filmId: 5, rating: 4.5, ratedOn: "2026-01-01", liked: true })],
          watched: [watch({ userId: 3, filmId: 4 })]
        },
        "replace"
      )
    ],
    newFilms: [],
    changedFilms: [],
    committedAt: minute(4)
  }
]

/** The stored values of rows, by the columns of a dataset that keeps everything. */
const shown = <Row>(table: Table<Row>, rows: Iterable<Row>, keeps: Keeps = allKeeps) => {
  const columns = table.columns(keeps)
  return Array.from(rows, (row) => columns.map(({ get }) => get(row) ?? null))
}

/**
 * All rows of all tables as stored values, to compare. Fails if the ratings are others by columns.
 *
 * @since 0.1.0
 * @category constructors
 */
export const allRows = (dataset: OpenDataset) =>
  Effect.gen(function* () {
    const rows = <T extends RowTable>(name: T, stream: Stream.Stream<RowOf<T>, unknown>) =>
      Effect.map(Stream.runCollect(stream), (all) => shown(rowTables[name], Chunk.toReadonlyArray(all)))
    const ratings = yield* rows("ratings", dataset.ratings)
    assert.deepStrictEqual(yield* rows("ratings", rowsOfBlocks(ratingBlocksOf(dataset))), ratings)
    return {
      ...tablesOfState(dataset.state),
      ratings,
      watched: yield* rows("watched", dataset.watched),
      changes: yield* rows("changes", dataset.changes),
      readings: yield* rows("readings", dataset.readings)
    }
  })

const tablesOfState = ({ batches, films: known, keeps, members, updates, users }: DatasetState) => ({
  batches,
  keeps: [...keeps].toSorted(),
  films: shown(stateTables.films, known.values()),
  members: shown(
    stateTables.members,
    Array.from(users, ([username, userId]): Member => members.get(username) ?? { username, userId })
  ),
  updates: [...updates].map(([username, at]) => [users.get(username), DateTime.formatIso(at)])
})

/**
 * The names of columns that no row of the history has a value for: none, or the history has to be extended.
 *
 * @since 0.1.0
 * @category constructors
 */
export const columnsWithoutValue = (): ReadonlyArray<string> => {
  const missing: Array<string> = []
  const look = <Row>(table: Table<Row>, rows: ReadonlyArray<Row>) => {
    for (const { get, name } of table.columns(allKeeps)) {
      if (!rows.some((row) => get(row) !== undefined)) missing.push(`${table.name}.${name}`)
    }
  }
  const members = keptHistory.flatMap((batch) => batch.members)
  look(
    rowTables.ratings,
    members.flatMap(({ ratings }) => ratings)
  )
  look(
    rowTables.watched,
    members.flatMap(({ watched = [] }) => watched)
  )
  look(stateTables.films, films)
  look(
    stateTables.members,
    members.map((one) => one.record)
  )
  return missing
}

/**
 * Commits the batches of the history from one number to another.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commitKept = (dataset: OpenDataset, from: number, to: number) =>
  Effect.forEach(keptHistory.slice(from, to), (batch) => dataset.commit(batch), { discard: true })
