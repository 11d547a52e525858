/**
 * A dataset held whole, as small storages do.
 *
 * @since 0.1.0
 */
import { Chunk, type DateTime, Effect, Schema, Stream } from "effect"
import { FilmId } from "../domain/Film.ts"
import { UserId, Username } from "../domain/Member.ts"
import { type DatasetState, emptyDatasetState, type RowCounts } from "./Batch.ts"
import type { DatasetChanges, RowChanges } from "./Changes.ts"
import { Keep } from "./Column.ts"
import { makeRowChecks, problemsOfMembers } from "./Invariants.ts"
import { type RowStreams, rowStreams } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"
import {
  EncodedRating,
  EncodedWatch,
  Film,
  LoggedReading,
  MemberRecord,
  RatingChange,
  type RowOf,
  type RowTable
} from "./Tables.ts"

const DatasetStateFields = {
  users: Schema.ReadonlyMap({ key: Username, value: UserId }),
  films: Schema.ReadonlyMap({ key: FilmId, value: Film }),
  members: Schema.ReadonlyMap({ key: Username, value: MemberRecord }),
  updates: Schema.ReadonlyMap({ key: Username, value: Schema.DateTimeUtc }),
  keeps: Schema.ReadonlySet(Keep),
  batches: Schema.NonNegativeInt,
  ratings: Schema.NonNegativeInt,
  watched: Schema.NonNegativeInt,
  changes: Schema.NonNegativeInt,
  readings: Schema.NonNegativeInt
} satisfies { readonly [K in keyof DatasetState]: Schema.Struct.Field }

const RowFields = {
  ratings: Schema.Array(EncodedRating),
  watched: Schema.Array(EncodedWatch),
  changes: Schema.Array(RatingChange),
  readings: Schema.Array(LoggedReading)
} satisfies { readonly [T in RowTable]: Schema.Struct.Field }

/**
 * All of a dataset: its state, its rows in order, and when it was last committed to. `idGaps` counts the user ids that
 * it skips. Encoded, it is JSON.
 *
 * @since 0.1.0
 * @category models
 */
export const DatasetContent = Schema.Struct({
  state: Schema.Struct(DatasetStateFields),
  rows: Schema.Struct(RowFields),
  committedAt: Schema.DateTimeUtc,
  idGaps: Schema.NonNegativeInt
})

/**
 * @since 0.1.0
 * @category models
 */
export interface DatasetContent extends Schema.Schema.Type<typeof DatasetContent> {}

/**
 * A dataset that holds nothing yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyContent = (committedAt: DateTime.Utc): DatasetContent => ({
  state: emptyDatasetState,
  rows: { ratings: [], watched: [], changes: [], readings: [] },
  committedAt,
  idGaps: 0
})

const rowsAfter = <Row extends { readonly userId: number }>(
  before: ReadonlyArray<Row>,
  { added, replaced }: RowChanges<Row> & { readonly replaced: ReadonlySet<number> }
): Effect.Effect<ReadonlyArray<Row>, StorageError> =>
  Effect.map(Stream.runCollect(added), (rows) => {
    const kept = replaced.size === 0 ? before : before.filter(({ userId }) => !replaced.has(userId))
    return kept.concat(Chunk.toReadonlyArray(rows))
  })

/**
 * What a dataset is after changes. Costs time in proportion to the dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const contentAfter = (
  { rows: before }: DatasetContent,
  { after, committedAt, idGaps, rows: changes }: DatasetChanges
): Effect.Effect<DatasetContent, StorageError> =>
  Effect.gen(function* () {
    const rows = {
      ratings: yield* rowsAfter(before.ratings, changes.ratings),
      watched: yield* rowsAfter(before.watched, changes.watched),
      changes: yield* rowsAfter(before.changes, changes.changes),
      readings: yield* rowsAfter(before.readings, changes.readings)
    }
    const { batches, films, keeps, members, updates, users } = after
    return {
      state: {
        ...countsOf(rows),
        users: new Map(users),
        films: new Map(films),
        members: new Map(members),
        updates: new Map(updates),
        keeps,
        batches
      },
      rows,
      committedAt,
      idGaps
    }
  })

/** How many rows there are of each table. */
const countsOf = ({ changes, ratings, readings, watched }: DatasetContent["rows"]): RowCounts => ({
  ratings: ratings.length,
  watched: watched.length,
  changes: changes.length,
  readings: readings.length
})

/**
 * The rows of a dataset that is held whole, as streams. `content` is asked when a stream is run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowStreamsOf = (content: () => DatasetContent): RowStreams =>
  rowStreams((name) => {
    const rows = (): { readonly [T in RowTable]: ReadonlyArray<RowOf<T>> } => content().rows
    return Stream.suspend(() => Stream.fromIterable(rows()[name]))
  })

/**
 * What is wrong with a dataset, in sentences; none of a sound one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const problemsOf = ({ idGaps, rows, state }: DatasetContent): ReadonlyArray<string> => {
  const checks = makeRowChecks(state, { pairs: true })
  checks.see("ratings", rows.ratings)
  checks.see("watched", rows.watched)
  checks.see("changes", rows.changes)
  checks.see("readings", rows.readings)
  return [...problemsOfMembers(state, idGaps), ...checks.end()]
}
