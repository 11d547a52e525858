/**
 * Why a source cannot be read further.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `Refused`: the source refuses to answer this program now.
 * - `Unreachable`: the source cannot be reached, or only returns failures.
 * - `NotUnderstood`: the response of the source has an unknown form.
 * - `NotAllowed`: the rules of the source forbid the request.
 * - `BudgetSpent`: the limit of requests or time of the run was reached.
 * - `InvalidOption`: the configuration of the source is invalid.
 *
 * @since 0.1.0
 * @category errors
 */
export const SourceErrorReason = Schema.Literal(
  "Refused",
  "Unreachable",
  "NotUnderstood",
  "NotAllowed",
  "BudgetSpent",
  "InvalidOption"
)

/**
 * @since 0.1.0
 * @category errors
 */
export type SourceErrorReason = typeof SourceErrorReason.Type

const usualAdvice: Readonly<Record<SourceErrorReason, string>> = {
  Refused: "Wait before you continue.",
  Unreachable: "Check the network and the address, then continue.",
  NotUnderstood: "Nothing was guessed. Look for a newer version of the source.",
  NotAllowed: "Request something else, or ask for permission.",
  BudgetSpent: "You can continue at any time.",
  InvalidOption: "Correct the option and start again."
}

/**
 * A run cannot continue with its source. `detail` is what happened, `place` where (a URL, a file), `advice` what can be
 * done, in sentences. `label` is the source's own, more exact name for the reason, if it has one. Committed data is kept.
 *
 * @since 0.1.0
 * @category errors
 */
export class SourceError extends Schema.TaggedError<SourceError>("@letterboxd-ratings/core/SourceError")(
  "SourceError",
  {
    reason: SourceErrorReason,
    source: Schema.String,
    label: Schema.optionalWith(Schema.String, { exact: true }),
    place: Schema.optionalWith(Schema.String, { exact: true }),
    detail: Schema.String,
    advice: Schema.optionalWith(Schema.String, { exact: true }),
    cause: Schema.optionalWith(Schema.Defect, { exact: true })
  }
) {
  /**
   * Whether the same run can succeed later without a change of configuration or of this program.
   *
   * @since 0.1.0
   */
  get isRetryable(): boolean {
    return ["Refused", "Unreachable", "BudgetSpent"].includes(this.reason)
  }

  /**
   * The reason in reports: the source's own label, if there is one.
   *
   * @since 0.1.0
   */
  get reasonLabel(): string {
    return this.label ?? this.reason
  }

  override get message(): string {
    const place = this.place === undefined ? "" : ` (${this.place})`
    return `${this.detail}${place}. ${this.advice ?? usualAdvice[this.reason]}`
  }
}
