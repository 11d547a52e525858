/**
 * Why an operation of a storage failed.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `NothingThere`: there is no dataset to continue.
 * - `AlreadyThere`: there is a dataset already, and it must not be lost.
 * - `Locked`: another process is using it.
 * - `Damaged`: what is stored contradicts itself; nothing was written.
 * - `NewerFormat`: a newer version of this tool wrote the dataset; nothing was written.
 * - `Full`: no space is left.
 * - `NotPermitted`: reading or writing is not permitted.
 * - `Failed`: reading or writing failed for another reason.
 * - `InvalidOption`: the configuration of the storage is invalid.
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
 * What can be done about an error. Programs translate it into their own options and commands:
 *
 * - `StartNew`: start a dataset; there is none.
 * - `Continue`: continue the existing dataset.
 * - `SetAside`: continue the existing dataset, choose another place, or have it moved aside.
 * - `ChoosePlace`: choose another place; the existing files are not moved aside.
 * - `UseStorage`: use the storage of the dataset.
 * - `UseFolder`: use the folder of the dataset.
 * - `UseOption`: set an option of the storage to the value that the dataset was created with.
 * - `NameFiles`: set the names of the dataset's files, or its folder.
 * - `Verify`: verify the dataset for details.
 * - `Repair`: repair the dataset; a copy of everything it changes is kept.
 * - `CorrectAddress`: correct the URL of the database.
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
 * An operation of a storage failed. `place` is the folder, file or table, `detail` what happened, `remedy` what can be done.
 * Committed batches are kept.
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
   * Whether the same call can succeed later, when there is space, permission or a free lock.
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
