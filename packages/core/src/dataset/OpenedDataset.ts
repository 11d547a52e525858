/**
 * An open dataset, as a storage offers it: batches become changes of tables here, and the storage writes these.
 *
 * @since 0.1.0
 */
import { DateTime, Effect } from "effect"
import { historyOf } from "./History.ts"
import type { CommitReceipt, DatasetState, RowCounts } from "./Batch.ts"
import { changesOfBatch, changesOfWhole, type DatasetChanges, type OpenState, openStateOf } from "./Changes.ts"
import type { DatasetRows, OpenDataset } from "./RatingsStorage.ts"
import { StorageError } from "./StorageError.ts"

/**
 * What a storage can do with a dataset it has opened. `write` stores changes, all of them or none, and returns how many
 * rows the tables hold then; it is called for one set of changes at a time. `state` is what the dataset held when it
 * was opened, and `rows` are its rows as they are when a stream is run. `committedAt` is the time of the last commit, if
 * there was one. `write` may add `notes` to the counts: sentences about what else it did.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetWriter {
  readonly storage: string
  readonly place: string
  readonly state: DatasetState
  readonly notes: ReadonlyArray<string>
  readonly committedAt?: DateTime.Utc
  readonly rows: DatasetRows
  readonly write: (
    changes: DatasetChanges
  ) => Effect.Effect<RowCounts & { readonly notes?: ReadonlyArray<string> }, StorageError>
}

/** Clocks are set right by less than this all the time. */
const noticeableMillis = 60_000

/** The time of a commit after the last one. In a history no two are the same, so that a time tells which it was. */
const timeAfter = (last: DateTime.Utc | undefined, wanted: DateTime.Utc, isUnique: boolean): DateTime.Utc => {
  if (last === undefined || DateTime.greaterThan(wanted, last)) return wanted
  return isUnique ? DateTime.add(last, { millis: 1 }) : last
}

/**
 * A dataset whose commits are written by a storage, one after the other. Its state follows what was written.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openedDataset = ({
  committedAt,
  notes,
  place,
  rows,
  state,
  storage,
  write
}: DatasetWriter): Effect.Effect<OpenDataset> =>
  Effect.map(Effect.makeSemaphore(1), (oneAtATime) => {
    let now: OpenState = openStateOf(state)
    let counts: RowCounts = {
      ratings: state.ratings,
      watched: state.watched,
      changes: state.changes,
      readings: state.readings
    }
    let last = committedAt
    const written = (
      { notes: told = [], ...held }: Effect.Effect.Success<ReturnType<DatasetWriter["write"]>>,
      more: ReadonlyArray<string> = []
    ): CommitReceipt => {
      counts = held
      const all = [...more, ...told]
      return { batches: now.batches, ratings: held.ratings, ...(all.length === 0 ? {} : { notes: all }) }
    }
    return {
      ...rows,
      state,
      ...(committedAt === undefined ? {} : { committedAt }),
      notes,
      commit: (batch) =>
        oneAtATime.withPermits(1)(
          Effect.gen(function* () {
            // What a dataset was on a day is told by the times of its commits, so they only grow.
            const keepsHistory = now.keeps.has("changes") || new Set(batch.keeps).has("changes")
            const timed = { ...batch, committedAt: timeAfter(last, batch.committedAt, keepsHistory) }
            const behind =
              last === undefined || DateTime.distance(batch.committedAt, last) < noticeableMillis
                ? []
                : [
                    `The clock is behind: the last batch was committed at ${DateTime.formatIso(last)}. This one is recorded as committed after it.`
                  ]
            const history = yield* historyOf(now, rows, timed)
            const before = { ...counts, batches: now.batches, keeps: now.keeps }
            const { changes, undo } = changesOfBatch(now, before, timed, history)
            return yield* write(changes).pipe(
              Effect.map((held) => {
                last = timed.committedAt
                return written(held, behind)
              }),
              Effect.onError(() => Effect.sync(undo))
            )
          }).pipe(Effect.withSpan("Dataset.commit", { attributes: { storage, place, members: batch.members.length } }))
        ),
      load: (whole) =>
        oneAtATime.withPermits(1)(
          Effect.suspend(() => {
            if (now.batches > 0) {
              const detail = "a whole dataset can be loaded into an empty one only"
              return new StorageError({ reason: "AlreadyThere", storage, place, detail })
            }
            const changes = changesOfWhole(whole)
            return Effect.map(write(changes), (held) => {
              now = openStateOf(changes.after)
              last = whole.committedAt
              return written(held)
            })
          }).pipe(Effect.withSpan("Dataset.load", { attributes: { storage, place } }))
        )
    }
  })
