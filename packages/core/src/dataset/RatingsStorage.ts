/**
 * The port that stores batches as a dataset.
 *
 * @since 0.1.0
 */
import { Context, type DateTime, type Effect, type Scope, Stream } from "effect"
import type { UserId } from "../domain/Member.ts"
import type { Batch, CommitReceipt, DatasetState } from "./Batch.ts"
import type { RatingBlock } from "./RatingBlock.ts"
import type { StorageError } from "./StorageError.ts"
import type { RowOf, RowTable } from "./Tables.ts"

/**
 * The rows of the tables that have many, each in the order in which they were committed, in bounded memory. A table that
 * a dataset does not keep has no rows.
 *
 * @since 0.1.0
 * @category models
 */
export type RowStreams = { readonly [T in RowTable]: Stream.Stream<RowOf<T>, StorageError> }

/**
 * The rows of all tables, from a way to read those of one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowStreams = <E, R>(rows: <T extends RowTable>(name: T) => Stream.Stream<RowOf<T>, E, R>) =>
  ({
    ratings: rows("ratings"),
    watched: rows("watched"),
    changes: rows("changes"),
    readings: rows("readings")
  }) satisfies { readonly [T in RowTable]: Stream.Stream<RowOf<T>, E, R> }

/**
 * Tables without rows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noRowStreams: RowStreams = rowStreams(() => Stream.empty)

/**
 * The rows of some members in one table, in any order.
 *
 * @since 0.1.0
 * @category models
 */
export type RowsOfMembers = <T extends "ratings" | "watched">(
  name: T,
  members: ReadonlyArray<UserId>
) => Stream.Stream<RowOf<T>, StorageError>

/**
 * The rows of a dataset. `rowsOfMembers` is there if the storage finds the rows of a member without reading all others.
 * `ratingBlocks` are all ratings once more, by columns; they are there if the storage reads them so without making an object
 * of each.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetRows extends RowStreams {
  readonly ratingBlocks?: Stream.Stream<RatingBlock, StorageError>
  readonly rowsOfMembers?: RowsOfMembers
}

/**
 * A whole dataset, to be copied from one storage to another: its rows in their order, ratings by columns, and everything
 * else in `state`. The receiving storage may run the streams more than once.
 *
 * @since 0.1.0
 * @category models
 */
export interface WholeDataset extends Omit<RowStreams, "ratings"> {
  readonly ratings: Stream.Stream<RatingBlock, StorageError>
  readonly state: DatasetState
  readonly committedAt: DateTime.Utc
}

/**
 * How a dataset is opened:
 *
 * - `new`: as an empty dataset. If there is one already, `existing: "refuse"` fails with `AlreadyThere`, and
 *   `"set-aside"` moves the old one aside, as a whole, when the first batch is committed. Without a batch, nothing is
 *   left behind.
 * - `continue`: as it is. Fails with `NothingThere` if there is no dataset. With `readOnly`, a dataset whose place cannot be
 *   written is opened without a lock. Its rows then fail with `Locked` if it has changed since it was opened, and
 *   `commit` and `load` fail with `NotPermitted`.
 *
 * @since 0.1.0
 * @category models
 */
export type OpenMode =
  | { readonly _tag: "new"; readonly existing: "refuse" | "set-aside" }
  | { readonly _tag: "continue"; readonly readOnly?: true }

/**
 * An open dataset. `state` is its content when it was opened, and `committedAt` the time of the last commit before that, if
 * there was one and the storage says so. `notes` are sentences about what opening it changed.
 * `commit` stores a batch, completely or not at all, one at a time. `load` stores a whole dataset instead of the first
 * batch of a dataset opened as `new`, completely or not at all, and keeps every id, order and count.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenDataset extends DatasetRows {
  readonly state: DatasetState
  readonly committedAt?: DateTime.Utc
  readonly notes: ReadonlyArray<string>
  readonly commit: (batch: Batch) => Effect.Effect<CommitReceipt, StorageError>
  readonly load: (whole: WholeDataset) => Effect.Effect<CommitReceipt, StorageError>
}

/**
 * What is known about a dataset without opening it: its state, its size in bytes, and the time of the last commit.
 * `options` are options of the storage that the dataset was created with, and that each opening must repeat. `files` are the
 * places of the files in which it is, where it is in files.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetSummary {
  readonly state: DatasetState
  readonly bytes: number
  readonly committedAt: DateTime.Utc
  readonly options?: Readonly<Record<string, string>>
  readonly files?: ReadonlyArray<string>
}

/**
 * The result of a verification: how many ratings were checked, the problems (one sentence each, with the place; none if
 * the dataset is valid), and what was repaired. `canRepair` says that a repair can do something about the problems; it is
 * absent where nothing can.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verification {
  readonly ratings: number
  readonly problems: ReadonlyArray<string>
  readonly repaired: ReadonlyArray<string>
  readonly canRepair?: true
}

/**
 * Where a dataset is stored. `place` names it for people (a folder, a URL without credentials). `exists` checks whether
 * there is a dataset, without opening it. `open` locks the dataset until the scope closes; a second `open` fails with
 * `Locked`. Its cost depends on the mappings, not on the ratings. `inspect` reads the state without locking. `verify`
 * reads everything, in bounded memory, and checks the dataset's invariants; with `repair` it also rebuilds what can be
 * derived from the rest.
 *
 * @since 0.1.0
 * @category services
 */
export class RatingsStorage extends Context.Tag("@letterboxd-ratings/core/RatingsStorage")<
  RatingsStorage,
  {
    readonly name: string
    readonly place: string
    readonly exists: Effect.Effect<boolean, StorageError>
    readonly inspect: Effect.Effect<DatasetSummary, StorageError>
    readonly verify: (options: { readonly repair: boolean }) => Effect.Effect<Verification, StorageError>
    readonly open: (mode: OpenMode) => Effect.Effect<OpenDataset, StorageError, Scope.Scope>
  }
>() {}
