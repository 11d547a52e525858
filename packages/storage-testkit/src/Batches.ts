/**
 * Batches for tests, made as a run makes them.
 *
 * @since 0.1.0
 */
import {
  type Batch,
  type DatasetState,
  Film,
  FilmId,
  makeIdRegistry,
  type MemberRecord,
  type MemberState,
  type OpenDataset,
  Rating,
  Username
} from "@letterboxd-ratings/core"
import { DateTime, Effect, Schema } from "effect"

const film = Schema.decodeUnknownSync(Film)
const username = Schema.decodeUnknownSync(Username)
const rating = Schema.decodeUnknownSync(Rating)
const filmId = Schema.decodeUnknownSync(FilmId)

/**
 * One member of a batch: its name, its state (default: `sealed`), its ratings as `[film id, stars]`, and whether they
 * replace the old ones (default for a known member).
 *
 * @since 0.1.0
 * @category models
 */
export interface Told {
  readonly name: string
  readonly state?: MemberState
  readonly ratings?: ReadonlyArray<readonly [film: number, stars: number]>
  readonly write?: "append" | "replace"
}

/**
 * A batch at minute `n` of 2026, with the ids a run would give. `films` are those seen, new or not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const batchOf = (
  state: Pick<DatasetState, "users" | "films">,
  n: number,
  members: ReadonlyArray<Told>,
  films: ReadonlyArray<Film>
): Batch => {
  const registry = makeIdRegistry(state)
  const committedAt = DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, n))
  for (const seen of films) registry.film(seen)
  return {
    members: members.map(({ name, ratings = [], state: memberState = "sealed", write }) => {
      const { isNew, userId } = registry.user(username(name))
      const rows = ratings.map(([id, stars]) => ({ userId, filmId: filmId(id), rating: rating(stars) }))
      const record: MemberRecord = {
        username: username(name),
        userId,
        state: memberState,
        readAt: committedAt,
        lastPage: 1,
        missing: [],
        films: rows.length,
        ratings: rows.length,
        doubts: [],
        verdicts: { Films: 1 }
      }
      return { record, isNew, write: write ?? (isNew ? "append" : "replace"), ratings: rows }
    }),
    ...registry.takeFilms(),
    committedAt
  }
}

const films = [
  film({ id: 10, slug: "ten", title: "Ten", year: 2002 }),
  film({ id: 20, slug: "comma", title: `Me, Myself & "Irene"`, year: 2000 }),
  film({ id: 30, slug: "null", title: "Null" }),
  film({ id: 40, slug: "forty", title: "Forty\nLines", year: 1940 })
]
const renamed = film({ id: 10, slug: "ten-2002", title: "Ten Again", year: 2002 })

/**
 * A history with everything in it: new members, new films, a renamed film, members read again, names that look like
 * something else.
 *
 * @since 0.1.0
 * @category models
 */
export const history: ReadonlyArray<(state: Pick<DatasetState, "users" | "films">) => Batch> = [
  (state) =>
    batchOf(
      state,
      1,
      [
        {
          name: "null",
          ratings: [
            [10, 4],
            [20, 0.5]
          ]
        },
        { name: "empty" },
        { name: "hidden", state: "private" }
      ],
      films.slice(0, 2)
    ),
  (state) => batchOf(state, 2, [{ name: "half", state: "partial", ratings: [[30, 3.5]] }], films.slice(2, 3)),
  (state) =>
    batchOf(
      state,
      3,
      [
        {
          name: "123",
          ratings: [
            [10, 5],
            [40, 1]
          ]
        }
      ],
      [renamed, ...films.slice(3)]
    ),
  (state) =>
    batchOf(
      state,
      4,
      [
        { name: "null", ratings: [[20, 1]] },
        {
          name: "half",
          ratings: [
            [10, 2],
            [30, 4]
          ]
        }
      ],
      []
    ),
  (state) => batchOf(state, 5, [{ name: "last", ratings: [[40, 2.5]] }], [])
]

/**
 * Commits the part of the history that is not there yet; what is known grows as a run's registry does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commitRest = (dataset: OpenDataset, until = history.length) =>
  Effect.gen(function* () {
    const users = new Map(dataset.state.users)
    const known = new Map(dataset.state.films)
    for (const make of history.slice(dataset.state.batches, until)) {
      const batch = make({ users, films: known })
      for (const { record } of batch.members) users.set(record.username, record.userId)
      for (const added of batch.newFilms) known.set(added.id, added)
      for (const { after } of batch.changedFilms) known.set(after.id, after)
      yield* dataset.commit(batch)
    }
  })
