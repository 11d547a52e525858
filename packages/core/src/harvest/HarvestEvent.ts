/**
 * The events of a run.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { CommitReceipt } from "../dataset/Batch.ts"
import { Username } from "../domain/Member.ts"
import { RunReport } from "./RunReport.ts"
import { Doubt } from "../dataset/MemberState.ts"
import { ReadState } from "../reading/MemberReading.ts"

/**
 * The run has opened its dataset: its number of users and ratings, and how many members this run will add and, with
 * `continue`, complete. `notes` describe what opening the dataset changed.
 *
 * @since 0.1.0
 * @category models
 */
export const RunStarted = Schema.TaggedStruct("RunStarted", {
  mode: Schema.Literal("new", "continue"),
  source: Schema.String,
  storage: Schema.String,
  place: Schema.String,
  users: Schema.NonNegativeInt,
  ratings: Schema.NonNegativeInt,
  membersToAdd: Schema.NonNegativeInt,
  membersToComplete: Schema.NonNegativeInt,
  notes: Schema.Array(Schema.String)
})

/**
 * A member was taken from the members list.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberDiscovered = Schema.TaggedStruct("MemberDiscovered", {
  username: Username,
  films: Schema.optionalWith(Schema.NonNegativeInt, { exact: true })
})

/**
 * A part of a list (a page) arrived, or is missing. `verdict` is its label, `lastPage` is present if it has films, `ratings`
 * counts the rated films.
 *
 * @since 0.1.0
 * @category models
 */
export const PageRead = Schema.TaggedStruct("PageRead", {
  username: Username,
  page: Schema.Int,
  lastPage: Schema.optionalWith(Schema.Int, { exact: true }),
  verdict: Schema.String,
  ratings: Schema.NonNegativeInt
})

/**
 * Everything that can be read of a member was read. It is not committed yet.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberRead = Schema.TaggedStruct("MemberRead", {
  username: Username,
  state: ReadState,
  pages: Schema.NonNegativeInt,
  films: Schema.NonNegativeInt,
  ratings: Schema.NonNegativeInt,
  missing: Schema.Array(Schema.Int),
  doubts: Schema.Array(Doubt)
})

/**
 * A member is left out: it is forgotten, or its name leads to one who is. What the dataset has of it stays as it is.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberLeftOut = Schema.TaggedStruct("MemberLeftOut", { username: Username })

/**
 * A batch is stored. `ratings` counts its own rows, `totalRatings` those of the dataset. `notes` are sentences about what
 * else the storage did.
 *
 * @since 0.1.0
 * @category models
 */
export const BatchCommitted = Schema.TaggedStruct("BatchCommitted", {
  batch: Schema.Int,
  committedAt: Schema.DateTimeUtc,
  members: Schema.Array(Username),
  ratings: Schema.NonNegativeInt,
  newFilms: Schema.NonNegativeInt,
  changedFilms: Schema.NonNegativeInt,
  totalRatings: Schema.NonNegativeInt,
  millis: Schema.Number,
  notes: Schema.optionalWith(Schema.NonEmptyArray(Schema.String), { exact: true })
})

/**
 * The notes of a receipt, as `BatchCommitted` has them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notesOf = ({ notes = [] }: CommitReceipt): Pick<typeof BatchCommitted.Type, "notes"> => {
  const [first, ...others] = notes
  return first === undefined ? {} : { notes: [first, ...others] }
}

/**
 * The run is over, complete or not. Nothing comes after it.
 *
 * @since 0.1.0
 * @category models
 */
export const RunFinished = Schema.TaggedStruct("RunFinished", { report: RunReport })

/**
 * The events of a run.
 *
 * @since 0.1.0
 * @category models
 */
export const HarvestEvent = Schema.Union(
  RunStarted,
  MemberDiscovered,
  PageRead,
  MemberRead,
  MemberLeftOut,
  BatchCommitted,
  RunFinished
)

/**
 * @since 0.1.0
 * @category models
 */
export type HarvestEvent = typeof HarvestEvent.Type
