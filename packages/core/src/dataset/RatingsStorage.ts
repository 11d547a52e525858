/**
 * The port through which batches become a dataset.
 *
 * @since 0.1.0
 */
import { Context, type DateTime, type Effect, type Scope, type Stream } from "effect"
import type { Batch, CommitReceipt, DatasetState } from "./Batch.ts"
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
 * A dataset on its way from one storage to another: its rows in their order, and all else in `state`. A storage that
 * takes it may run the streams more than once.
 *
 * @since 0.1.0
 * @category models
 */
export interface WholeDataset extends RowStreams {
  readonly state: DatasetState
  readonly committedAt: DateTime.Utc
}

/**
 * How a dataset is opened:
 *
 * - `new`: as an empty one. Where one stands already, `existing: "refuse"` fails with `AlreadyThere`, and
 *   `"set-aside"` moves the old one out of the way, whole, at the moment the first batch is committed. Nothing is
 *   left behind when no batch was.
 * - `continue`: as it is; fails with `NothingThere` where there is none.
 *
 * @since 0.1.0
 * @category models
 */
export type OpenMode =
  { readonly _tag: "new"; readonly existing: "refuse" | "set-aside" } | { readonly _tag: "continue" }

/**
 * An open dataset. `state` is what it held when it was opened; `notes` are sentences about what opening it changed;
 * `commit` stores a batch whole or not at all, one at a time; `load` stores a whole dataset instead of the first batch
 * of one that was opened as `new`, all of it or nothing, and keeps every id, order and count.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenDataset extends RowStreams {
  readonly state: DatasetState
  readonly notes: ReadonlyArray<string>
  readonly commit: (batch: Batch) => Effect.Effect<CommitReceipt, StorageError>
  readonly load: (whole: WholeDataset) => Effect.Effect<CommitReceipt, StorageError>
}

/**
 * What can be told of a dataset without opening it: its state, its size in bytes, and when it was last committed to.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetSummary {
  readonly state: DatasetState
  readonly bytes: number
  readonly committedAt: DateTime.Utc
}

/**
 * The result of a verification: how many ratings were checked, what is wrong (each a sentence that names the place;
 * none of a sound dataset), and what was repaired.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verification {
  readonly ratings: number
  readonly problems: ReadonlyArray<string>
  readonly repaired: ReadonlyArray<string>
}

/**
 * Where a dataset is kept. `place` names it for people (a folder, an address without credentials). `exists` tells
 * whether a dataset is there, without opening it. `open` holds the dataset until the
 * scope closes, so that a second opener is refused with `Locked`, and costs what its mappings hold, never its ratings. `inspect` tells what is
 * there without holding it. `verify` reads everything, in bounded memory, and proves the dataset's invariants; with
 * `repair` it also rebuilds what can be derived from the rest.
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
