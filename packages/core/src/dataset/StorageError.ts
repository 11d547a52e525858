/**
 * Why a storage cannot do what it was asked for.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `NothingThere`: there is no dataset to go on with.
 * - `AlreadyThere`: there is one already and it must not be lost.
 * - `Locked`: another process is at work on it.
 * - `Damaged`: what is stored contradicts itself; nothing was written.
 * - `NewerFormat`: a newer version of this tool wrote the dataset; nothing was written.
 * - `Full`: no space is left.
 * - `NotPermitted`: reading or writing is not allowed there.
 * - `Failed`: reading or writing failed otherwise.
 * - `InvalidOption`: the storage was configured with something it cannot do.
 * - `Unsupported`: something that the storage needs is missing on this machine.
 *
 * @since 0.1.0
 * @category errors
 */
export const StorageErrorReason = Schema.Literal(
  "NothingThere",
  "AlreadyThere",
  "Locked",
  "Damaged",
  "NewerFormat",
  "Full",
  "NotPermitted",
  "Failed",
  "InvalidOption",
  "Unsupported"
)

/**
 * @since 0.1.0
 * @category errors
 */
export type StorageErrorReason = typeof StorageErrorReason.Type

/**
 * A storage could not do what it was asked for. `place` is the folder, file or table it is about; `detail` says
 * what happened and, where something can be done, what. Batches committed before are kept.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageError extends Schema.TaggedError<StorageError>("@letterboxd-ratings/core/StorageError")(
  "StorageError",
  {
    reason: StorageErrorReason,
    storage: Schema.String,
    place: Schema.String,
    detail: Schema.String,
    cause: Schema.optionalWith(Schema.Defect, { exact: true })
  }
) {
  /**
   * Whether the same call can succeed later, once space, rights or the lock are free.
   *
   * @since 0.1.0
   */
  get isRetryable(): boolean {
    return (
      this.reason === "Locked" || this.reason === "Full" || this.reason === "NotPermitted" || this.reason === "Failed"
    )
  }

  override get message(): string {
    return `${this.place}: ${this.detail}`
  }
}
