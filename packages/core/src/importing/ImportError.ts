/**
 * Why an input cannot be imported.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `NotRecognised`: the input is none of the known kinds.
 * - `Damaged`: the input is cut, or its content contradicts itself.
 * - `Incomplete`: a file or a column is missing without which nothing can be said.
 * - `Invalid`: a value of the input is not one of its column.
 * - `TooLarge`: the input exceeds a bound on size, depth or number.
 * - `NoName`: nothing names the member.
 * - `Unreadable`: the file system refuses to read the input.
 * - `InvalidOption`: an option does not fit the input.
 *
 * @since 0.1.0
 * @category errors
 */
export const ImportErrorReason = Schema.Literal(
  "NotRecognised",
  "Damaged",
  "Incomplete",
  "Invalid",
  "TooLarge",
  "NoName",
  "Unreadable",
  "InvalidOption"
)

/**
 * @since 0.1.0
 * @category errors
 */
export type ImportErrorReason = typeof ImportErrorReason.Type

const usualAdvice: Readonly<Record<ImportErrorReason, string>> = {
  NotRecognised: "Check the path, or name the kind of the input.",
  Damaged: "Get the file again from where it came.",
  Incomplete: "Get the complete input.",
  Invalid: "Correct the value, or get the file again.",
  TooLarge: "Check that this is the right file.",
  NoName: "Name the member.",
  Unreadable: "Check the path and its permissions, and try again.",
  InvalidOption: "Correct the option and start again."
}

/**
 * An input cannot be imported; the dataset is as it was before this input. `place` is the file (and the file inside an
 * archive), `line` the line where there is one, `detail` what is wrong, and `advice` what can be done, in sentences. No
 * text of the input other than names of files, columns, films and members, numbers and dates stands in `detail`.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImportError extends Schema.TaggedError<ImportError>("@letterboxd-ratings/core/ImportError")(
  "ImportError",
  {
    reason: ImportErrorReason,
    place: Schema.String,
    line: Schema.optionalWith(Schema.Int, { exact: true }),
    detail: Schema.String,
    advice: Schema.optionalWith(Schema.String, { exact: true }),
    cause: Schema.optionalWith(Schema.Defect, { exact: true })
  }
) {
  /**
   * Whether the same import can succeed later without a change of the input.
   *
   * @since 0.1.0
   */
  get isRetryable(): boolean {
    return this.reason === "Unreadable"
  }

  override get message(): string {
    const place = this.line === undefined ? this.place : `${this.place}, line ${this.line}`
    return `${place}: ${this.detail}. ${this.advice ?? usualAdvice[this.reason]}`
  }
}
