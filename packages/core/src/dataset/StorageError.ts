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
 * What can be done about an error, for a program that knows how its users would ask for it:
 *
 * - `StartNew`: start a dataset; there is none.
 * - `Continue`: go on with what is there.
 * - `SetAside`: go on with what is there, choose another place, or let what is there be set aside.
 * - `ChoosePlace`: choose another place: what is there is not set aside.
 * - `UseStorage`: ask the storage that keeps the dataset.
 * - `UseFolder`: choose the folder in which the dataset is.
 * - `UseOption`: give an option of the storage the value that the dataset was made with.
 * - `NameFiles`: say what the files of the dataset are called, or where it is.
 * - `Verify`: have the dataset checked, which tells more.
 * - `Repair`: have the dataset repaired, which keeps what it changes.
 * - `CorrectAddress`: correct the address of the database.
 *
 * @since 0.1.0
 * @category models
 */
export const Remedy = Schema.Union(
  Schema.TaggedStruct("StartNew", {}),
  Schema.TaggedStruct("Continue", {}),
  Schema.TaggedStruct("SetAside", {}),
  Schema.TaggedStruct("ChoosePlace", {}),
  Schema.TaggedStruct("UseStorage", { storage: Schema.String }),
  Schema.TaggedStruct("UseFolder", { folder: Schema.String }),
  Schema.TaggedStruct("UseOption", { option: Schema.String, value: Schema.String }),
  Schema.TaggedStruct("NameFiles", {}),
  Schema.TaggedStruct("Verify", {}),
  Schema.TaggedStruct("Repair", {}),
  Schema.TaggedStruct("CorrectAddress", {})
)

/**
 * @since 0.1.0
 * @category models
 */
export type Remedy = typeof Remedy.Type

/**
 * A storage could not do what it was asked for. `place` is the folder, file or table it is about; `detail` says
 * what happened, `remedy` what can be done about it. Batches committed before are kept.
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
    remedy: Schema.optionalWith(Remedy, { exact: true }),
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
