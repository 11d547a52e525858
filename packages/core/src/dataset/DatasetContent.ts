/**
 * A dataset held whole, as small storages do.
 *
 * @since 0.1.0
 */
import { Chunk, type DateTime, Effect, Schema, Stream } from "effect"
import { FilmId } from "../domain/Film.ts"
import { UserId, Username } from "../domain/Member.ts"
import { type DatasetState, emptyDatasetState, noRows, type RowCounts } from "./Batch.ts"
import type { DatasetChanges, RowChanges } from "./Changes.ts"
import { Keep } from "./Column.ts"
import { makeRowChecks, problemsOfMembers } from "./Invariants.ts"
import type { RowStreams } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"
import { EncodedRating, EncodedWatch, Film, MemberRecord, RatingChange, type RowTable } from "./Tables.ts"

const DatasetStateFields = {
  users: Schema.ReadonlyMap({ key: Username, value: UserId }),
  films: Schema.ReadonlyMap({ key: FilmId, value: Film }),
  members: Schema.ReadonlyMap({ key: Username, value: MemberRecord }),
  updates: Schema.ReadonlyMap({ key: Username, value: Schema.DateTimeUtc }),
  keeps: Schema.ReadonlySet(Keep),
  batches: Schema.NonNegativeInt,
  ratings: Schema.NonNegativeInt,
  watched: Schema.NonNegativeInt,
  changes: Schema.NonNegativeInt
} satisfies { readonly [K in keyof DatasetState]: Schema.Struct.Field }

const RowFields = {
  ratings: Schema.Array(EncodedRating),
  watched: Schema.Array(EncodedWatch),
  changes: Schema.Array(RatingChange)
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
  rows: { ratings: [], watched: [], changes: [] },
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
      changes: yield* rowsAfter(before.changes, changes.changes)
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
const countsOf = ({ changes, ratings, watched }: DatasetContent["rows"]): RowCounts => ({
  ...noRows,
  ratings: ratings.length,
  watched: watched.length,
  changes: changes.length
})

/**
 * The rows of a dataset that is held whole, as streams. `content` is asked when a stream is run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowStreamsOf = (content: () => DatasetContent): RowStreams => ({
  ratings: Stream.suspend(() => Stream.fromIterable(content().rows.ratings)),
  watched: Stream.suspend(() => Stream.fromIterable(content().rows.watched)),
  changes: Stream.suspend(() => Stream.fromIterable(content().rows.changes))
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
  return [...problemsOfMembers(state, idGaps), ...checks.end()]
}
