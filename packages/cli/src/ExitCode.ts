/**
 * The exit codes of `lb`. Scripts rely on them. 0: all members are complete and committed. 1: invalid input or
 * configuration, or output that cannot be written. 2: finished, but some members are partial, or lead to one
 * who asked to be left out, or a limit (`--max-requests`, `--max-time`) was reached. 3: stopped by the site, or by pages that were not understood. 4: the
 * dataset is damaged, locked, or of a newer format. 130: interrupted by
 * Ctrl-C, SIGTERM or SIGHUP.
 *
 * @since 0.1.0
 */
import type { RunReport, SourceErrorReason, StorageErrorReason } from "@letterboxd-ratings/core"
import { Schema } from "effect"

/**
 * A command ends with a code other than 0, after all messages are written.
 *
 * @since 0.1.0
 * @category errors
 */
export class CommandEnded extends Schema.TaggedError<CommandEnded>("@letterboxd-ratings/cli/CommandEnded")(
  "CommandEnded",
  { code: Schema.Literal(1, 2, 3, 4) }
) {}

/**
 * The command line, a variable or the configuration file is invalid.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidSettings extends Schema.TaggedError<InvalidSettings>("@letterboxd-ratings/cli/InvalidSettings")(
  "InvalidSettings",
  { problems: Schema.Array(Schema.String) }
) {
  /** @since 0.1.0 */
  readonly isRetryable = false

  override get message(): string {
    return this.problems.join("\n")
  }
}

const ofStorage: Readonly<Record<StorageErrorReason, 1 | 4>> = {
  NothingThere: 1,
  AlreadyThere: 1,
  Locked: 4,
  Damaged: 4,
  NewerFormat: 4,
  Full: 1,
  NotPermitted: 1,
  Failed: 1,
  InvalidOption: 1,
  Unsupported: 1
}

const ofSource: Readonly<Record<SourceErrorReason, 1 | 2 | 3>> = {
  Refused: 3,
  Unreachable: 3,
  NotUnderstood: 3,
  NotAllowed: 1,
  BudgetSpent: 2,
  InvalidOption: 1
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const exitCodeOfStorageError = (reason: StorageErrorReason): 1 | 4 => ofStorage[reason]

/**
 * @since 0.1.0
 * @category constructors
 */
export const exitCodeOfSourceError = (reason: SourceErrorReason): 1 | 2 | 3 => ofSource[reason]

/**
 * @since 0.1.0
 * @category constructors
 */
export const exitCodeOfReport = (report: RunReport): 0 | 1 | 2 | 3 =>
  report.stopped !== undefined
    ? ofSource[report.stopped.kind]
    : report.members.partial > 0 || report.leadToForgotten !== undefined
      ? 2
      : 0
