/**
 * The events and the report of an import.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Username } from "../domain/Member.ts"
import { BatchCommitted } from "../harvest/HarvestEvent.ts"
import { ImportErrorReason } from "./ImportError.ts"
import { InputCounts } from "./ImportSource.ts"

const count = Schema.optionalWith(Schema.NonNegativeInt, { exact: true })

/**
 * The import has opened its dataset: its number of users and ratings before.
 *
 * @since 0.1.0
 * @category models
 */
export const ImportStarted = Schema.TaggedStruct("ImportStarted", {
  mode: Schema.Literal("new", "continue"),
  storage: Schema.String,
  place: Schema.String,
  users: Schema.NonNegativeInt,
  ratings: Schema.NonNegativeInt,
  isDryRun: Schema.Boolean,
  notes: Schema.Array(Schema.String)
})

/**
 * An input was found. `words` say what it was taken for.
 *
 * @since 0.1.0
 * @category models
 */
export const InputFound = Schema.TaggedStruct("InputFound", {
  place: Schema.String,
  kind: Schema.String,
  words: Schema.String
})

/**
 * A part of an input was read: so many bytes (of so many, where that is known) and rows of it so far.
 *
 * @since 0.1.0
 * @category models
 */
export const InputProgress = Schema.TaggedStruct("InputProgress", {
  place: Schema.String,
  bytes: Schema.NonNegativeInt,
  totalBytes: count,
  rows: Schema.NonNegativeInt
})

/**
 * An input was read to its end.
 *
 * @since 0.1.0
 * @category models
 */
export const InputRead = Schema.TaggedStruct("InputRead", {
  place: Schema.String,
  kind: Schema.String,
  counts: InputCounts,
  notes: Schema.Array(Schema.String)
})

/**
 * What belongs to no input: of a folder (`place`) what was left out there, or of all inputs.
 *
 * @since 0.1.0
 * @category models
 */
export const ImportNoted = Schema.TaggedStruct("ImportNoted", {
  place: Schema.optionalWith(Schema.String, { exact: true }),
  note: Schema.String
})

/**
 * An input cannot be imported.
 *
 * @since 0.1.0
 * @category models
 */
export const InputRefused = Schema.TaggedStruct("InputRefused", {
  place: Schema.String,
  reason: ImportErrorReason,
  message: Schema.String
})

/**
 * What became of a member's list:
 *
 * - `new`, `changed`: the list was taken.
 * - `unchanged`: the dataset held the same.
 * - `older`, `proven`, `incomplete`, `superseded`: the list was not taken (see `KeptReason`).
 *
 * @since 0.1.0
 * @category models
 */
export const MemberOutcome = Schema.Literal(
  "new",
  "changed",
  "unchanged",
  "older",
  "proven",
  "incomplete",
  "superseded"
)

/**
 * @since 0.1.0
 * @category models
 */
export type MemberOutcome = typeof MemberOutcome.Type

/**
 * A list was taken, or not. It is not committed yet. `state` is the member's state in the dataset afterwards, if it is in
 * the dataset. `missing` are the numbers of the pages that are needed to complete the list.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberImported = Schema.TaggedStruct("MemberImported", {
  username: Username,
  place: Schema.String,
  source: Schema.String,
  outcome: MemberOutcome,
  state: Schema.optionalWith(Schema.String, { exact: true }),
  ratings: Schema.NonNegativeInt,
  added: Schema.NonNegativeInt,
  changed: Schema.NonNegativeInt,
  removed: Schema.NonNegativeInt,
  missing: Schema.Array(Schema.Int)
})

/**
 * The report of an import. Counts are of this import, except `total*`, which are of the dataset after it (with a dry run:
 * as it would be). `inputs` are those that were read to their end, `refused` those that were not. `members` counts lists by
 * outcome, `ratings` what happened to rows. `missingPages` lists the members whose lists need more pages; with
 * `areTogether`, the dataset has a list of the member already and took none of the pages: only all of them together, in one
 * import, take its place. `forgotten` counts lists of members
 * who asked to be left out, and of new ones whose names lead to such a member. `leadToForgotten` lists members of the dataset
 * whose names lead to one; their pages were not taken. `aside` counts the
 * ratings whose films have no known number; they are kept beside the dataset.
 *
 * @since 0.1.0
 * @category models
 */
export const ImportReport = Schema.Struct({
  mode: Schema.Literal("new", "continue"),
  isDryRun: Schema.Boolean,
  startedAt: Schema.DateTimeUtc,
  finishedAt: Schema.DateTimeUtc,
  inputs: Schema.Array(Schema.Struct({ place: Schema.String, kind: Schema.String, counts: InputCounts })),
  refused: Schema.Array(Schema.Struct({ place: Schema.String, reason: ImportErrorReason, message: Schema.String })),
  members: Schema.Record({ key: MemberOutcome, value: Schema.NonNegativeInt }),
  ratings: Schema.Struct({
    added: Schema.NonNegativeInt,
    changed: Schema.NonNegativeInt,
    removed: Schema.NonNegativeInt
  }),
  missingPages: Schema.Array(
    Schema.Struct({
      username: Username,
      pages: Schema.Array(Schema.Int),
      areTogether: Schema.optionalWith(Schema.Literal(true), { exact: true })
    })
  ),
  aside: Schema.NonNegativeInt,
  forgotten: count,
  leadToForgotten: Schema.optionalWith(Schema.Array(Username), { exact: true }),
  batches: Schema.NonNegativeInt,
  newFilms: Schema.NonNegativeInt,
  changedFilms: Schema.NonNegativeInt,
  totalUsers: Schema.NonNegativeInt,
  totalRatings: Schema.NonNegativeInt
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ImportReport extends Schema.Schema.Type<typeof ImportReport> {}

/**
 * The import ended.
 *
 * @since 0.1.0
 * @category models
 */
export const ImportFinished = Schema.TaggedStruct("ImportFinished", { report: ImportReport })

/**
 * All events of an import.
 *
 * @since 0.1.0
 * @category models
 */
export const ImportEvent = Schema.Union(
  ImportStarted,
  InputFound,
  InputProgress,
  InputRead,
  InputRefused,
  ImportNoted,
  MemberImported,
  BatchCommitted,
  ImportFinished
)

/**
 * @since 0.1.0
 * @category models
 */
export type ImportEvent = typeof ImportEvent.Type
