/**
 * The report of a run.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Username } from "../domain/Member.ts"
import { SourceErrorReason } from "../reading/SourceError.ts"
import { Doubt } from "../dataset/MemberState.ts"

/**
 * The report of a run. Counts are of this run, except `total*`, which are of the dataset after it. `members` counts the
 * committed members by state. `readAgain` counts the members whose list took the place of an earlier one, and the ratings
 * that were added, changed and removed by this. `partial` lists those that are not complete, with their missing pages. `waiting` counts the
 * partial members of the dataset after the run, by reason (see `WaitsFor`). `forgotten` counts the members
 * asked for by name who asked to be left out, and new ones whose names lead to such a member. `leadToForgotten` lists members
 * of the dataset whose names lead to one: nothing was read of them, and what the dataset has of them is as it was. `skipped` lists the members that were skipped
 * on request. `unreadListings` counts entries of the members list that could not be read. `listEnded` means that the
 * members list had fewer members than requested. `stopped` is present if the source ended the run: `reason` is the label
 * of the error (see `SourceError`), `kind` its reason.
 *
 * @since 0.1.0
 * @category models
 */
export const RunReport = Schema.Struct({
  mode: Schema.Literal("new", "continue"),
  startedAt: Schema.DateTimeUtc,
  finishedAt: Schema.DateTimeUtc,
  members: Schema.Struct({
    sealed: Schema.NonNegativeInt,
    partial: Schema.NonNegativeInt,
    gone: Schema.NonNegativeInt,
    private: Schema.NonNegativeInt,
    renamed: Schema.NonNegativeInt
  }),
  readAgain: Schema.Struct({
    members: Schema.NonNegativeInt,
    added: Schema.NonNegativeInt,
    changed: Schema.NonNegativeInt,
    removed: Schema.NonNegativeInt
  }),
  partial: Schema.Array(
    Schema.Struct({
      username: Username,
      missing: Schema.Array(Schema.Int),
      lastPage: Schema.NonNegativeInt,
      doubts: Schema.Array(Doubt)
    })
  ),
  waiting: Schema.Struct({
    refused: Schema.NonNegativeInt,
    "not-understood": Schema.NonNegativeInt,
    pages: Schema.NonNegativeInt,
    doubts: Schema.NonNegativeInt
  }),
  skipped: Schema.Array(Username),
  forgotten: Schema.optionalWith(Schema.NonNegativeInt, { exact: true }),
  leadToForgotten: Schema.optionalWith(Schema.Array(Username), { exact: true }),
  unreadListings: Schema.NonNegativeInt,
  batches: Schema.NonNegativeInt,
  pages: Schema.NonNegativeInt,
  ratings: Schema.NonNegativeInt,
  newFilms: Schema.NonNegativeInt,
  changedFilms: Schema.NonNegativeInt,
  totalUsers: Schema.NonNegativeInt,
  totalRatings: Schema.NonNegativeInt,
  requests: Schema.NonNegativeInt,
  retries: Schema.NonNegativeInt,
  pausedMillis: Schema.Number,
  listEnded: Schema.Boolean,
  stopped: Schema.optionalWith(
    Schema.Struct({ reason: Schema.String, kind: SourceErrorReason, message: Schema.String }),
    { exact: true }
  )
})

/**
 * @since 0.1.0
 * @category models
 */
export interface RunReport extends Schema.Schema.Type<typeof RunReport> {}
