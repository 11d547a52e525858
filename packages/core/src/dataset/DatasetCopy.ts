/**
 * From one storage to another, row by row, with every count checked on the way.
 *
 * @since 0.1.0
 */
import { type Chunk, Context, Effect, Scope, Stream } from "effect"
import type { CommitReceipt, DatasetState } from "./Batch.ts"
import { makeRowChecks, type RowChecks } from "./Invariants.ts"
import { ratingBlocksOf } from "./RatingBlock.ts"
import type { RatingsStorage, WholeDataset } from "./RatingsStorage.ts"
import { StorageError } from "./StorageError.ts"
import type { RowOf, RowTable } from "./Tables.ts"

/**
 * What is said of a dataset that is not held, and that another process changed while it was read.
 *
 * @since 0.1.0
 * @category models
 */
export const changedMeanwhile = "another process changed it while it was read. Try again when that process has ended"

/**
 * Opens a dataset to read all of it, and holds it until the scope closes. A dataset whose place cannot be written is read
 * without being held, and fails with `Locked` if it changes meanwhile. `notes` are sentences about what opening it
 * changed in it. A stream of its rows fails with `Damaged` where a row names an unknown user or film, and at its end
 * where there are fewer or more rows, of the whole or of a member, than the dataset says it has: whoever read it to the
 * end has everything.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readWhole = (
  storage: Context.Tag.Service<RatingsStorage>
): Effect.Effect<WholeDataset & { readonly notes: ReadonlyArray<string> }, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const dataset = yield* storage.open({ _tag: "continue", readOnly: true })
    const { notes, state } = dataset
    const committedAt = dataset.committedAt ?? (yield* lastCommitOf(storage, state))
    const damaged = (problem: string) =>
      new StorageError({
        reason: "Damaged",
        storage: storage.name,
        place: storage.place,
        detail: `${problem}. Nothing was copied`
      })
    // Whoever reads may be in a transaction of their own, which the statements of this storage must not run in.
    const outside = yield* Effect.context<never>()

    const checkedBy = <A>(
      table: RowTable,
      rows: Stream.Stream<A, StorageError>,
      see: (checks: RowChecks, some: Chunk.Chunk<A>) => void
    ) =>
      Stream.suspend(() => {
        const checks = makeRowChecks(state, { pairs: false, table })
        const first = (problems: ReadonlyArray<string>) =>
          problems[0] === undefined ? Effect.void : damaged(problems[0])
        return rows.pipe(
          Stream.mapChunksEffect((chunk) => {
            see(checks, chunk)
            return Effect.as(first(checks.problems), chunk)
          }),
          Stream.concat(Stream.drain(Stream.fromEffect(Effect.suspend(() => first(checks.end()))))),
          pulledIn(outside)
        )
      })
    const checked = <T extends RowTable>(table: T, rows: Stream.Stream<RowOf<T>, StorageError>) =>
      checkedBy(table, rows, (checks, some) => checks.see(table, some))
    return {
      state,
      committedAt,
      notes,
      ratings: checkedBy("ratings", ratingBlocksOf(dataset), (checks, blocks) => {
        for (const block of blocks) checks.seeRatings(block)
      }),
      watched: checked("watched", dataset.watched),
      changes: checked("changes", dataset.changes),
      readings: checked("readings", dataset.readings)
    }
  })

/** The time of the last commit, of a storage that tells it only if it is inspected: that reads the whole state again. */
const lastCommitOf = (storage: Context.Tag.Service<RatingsStorage>, { batches }: DatasetState) =>
  Effect.flatMap(storage.inspect, ({ committedAt, state }) =>
    // Only a dataset that is not held can have changed.
    state.batches === batches
      ? Effect.succeed(committedAt)
      : new StorageError({
          reason: "Locked",
          storage: storage.name,
          place: storage.place,
          detail: changedMeanwhile
        })
  )

/** Runs all of a stream in a context that takes the place of its reader's. (Providing one would only add to that.) */
const pulledIn =
  (context: Context.Context<never>) =>
  <A, E>(stream: Stream.Stream<A, E>): Stream.Stream<A, E> =>
    Stream.fromPull(
      Effect.map(
        Effect.flatMap(Effect.scope, (scope) =>
          Effect.mapInputContext(Stream.toPull(stream), () => Context.add(context, Scope.Scope, scope))
        ),
        (pull) => Effect.mapInputContext(pull, () => context)
      )
    )

/**
 * Loads a dataset into another storage, all of it or nothing. Costs time in proportion to the ratings, and memory in
 * proportion to members and films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loadWhole = (
  whole: WholeDataset,
  to: Context.Tag.Service<RatingsStorage>,
  existing: "refuse" | "set-aside"
): Effect.Effect<CommitReceipt, StorageError> =>
  Effect.flatMap(to.open({ _tag: "new", existing }), (dataset) => dataset.load(whole)).pipe(Effect.scoped)
