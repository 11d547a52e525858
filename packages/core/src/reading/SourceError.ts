/**
 * Why a source cannot go on.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `Refused`: the source does not want to answer this program now.
 * - `Unreachable`: the source cannot be reached, or gives nothing but failures.
 * - `NotUnderstood`: what the source gave has none of the forms that are known.
 * - `NotAllowed`: the rules of the source forbid what was asked for.
 * - `BudgetSpent`: as many requests were sent, or as much time has passed, as the run was allowed.
 * - `InvalidOption`: the source was configured with something it cannot do.
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
  Refused: "Wait before going on.",
  Unreachable: "Check the network and the address, then go on.",
  NotUnderstood: "Nothing was guessed. Look for a newer version of the source.",
  NotAllowed: "Ask for something else, or for permission.",
  BudgetSpent: "Go on whenever you like.",
  InvalidOption: "Correct the option and start again."
}

/**
 * A run cannot go on with its source. `detail` says what happened, `place` where (an address, a file), `advice` what
 * can be done, in sentences. `label` is the source's own name for the reason, where it knows a more exact one.
 * What was committed before is kept.
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
   * The reason as reports name it: by the source's own label, where there is one.
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
