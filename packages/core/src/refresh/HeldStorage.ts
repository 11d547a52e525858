/**
 * A storage whose dataset is open already, for a part of a larger work on it.
 *
 * @since 0.1.0
 */
import type { Context } from "effect"
import { Effect } from "effect"
import type { OpenDataset, RatingsStorage } from "../dataset/RatingsStorage.ts"

/**
 * The storage, which gives the open dataset to whoever opens it, and does not close it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const heldStorage = (
  storage: Context.Tag.Service<RatingsStorage>,
  dataset: OpenDataset
): Context.Tag.Service<RatingsStorage> => ({ ...storage, open: () => Effect.succeed(dataset) })
