/**
 * The port through which batches become a dataset.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Scope, type Stream } from "effect"
import type { Batch, CommitReceipt, DatasetState } from "./Batch.ts"
import type { EncodedRating } from "./Rating.ts"
import type { StorageError } from "./StorageError.ts"

/**
 * What a storage can do beyond appending batches; what it cannot do fails with `Unsupported`.
 *
 * - `replaceMember`: rows of one member can be replaced.
 * - `durable`: a committed batch survives the end of the process and a loss of power.
 * - `exclusive`: a second opener for writing is refused while a dataset is open.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageCapabilities {
  readonly replaceMember: boolean
  readonly durable: boolean
  readonly exclusive: boolean
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
  | { readonly _tag: "new"; readonly existing: "refuse" | "set-aside" }
  | { readonly _tag: "continue" }

/**
 * An open dataset. `state` is what it held when it was opened; `commit` stores a batch whole or not at all, one at
 * a time; `ratings` streams all rows in the order they were committed, in bounded memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenDataset {
  readonly state: DatasetState
  readonly commit: (batch: Batch) => Effect.Effect<CommitReceipt, StorageError>
  readonly ratings: Stream.Stream<EncodedRating, StorageError>
}

/**
 * Where a dataset is kept. `place` names it for people (a folder, an address without credentials). `exists` tells
 * whether a dataset is there, without opening it. `open` holds the dataset, locked where the storage is
 * `exclusive`, until the scope closes, and costs what its mappings hold, never its ratings.
 *
 * @since 0.1.0
 * @category services
 */
export class RatingsStorage extends Context.Tag("@letterboxd-ratings/core/RatingsStorage")<
  RatingsStorage,
  {
    readonly name: string
    readonly place: string
    readonly capabilities: StorageCapabilities
    readonly exists: Effect.Effect<boolean, StorageError>
    readonly open: (mode: OpenMode) => Effect.Effect<OpenDataset, StorageError, Scope.Scope>
  }
>() {}
