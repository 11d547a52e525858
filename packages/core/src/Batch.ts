/**
 * The unit a storage commits, and what it holds between commits.
 *
 * @since 0.1.0
 */
import type { DateTime } from "effect"
import type { Film, FilmId } from "./Film.ts"
import type { UserId, Username } from "./Member.ts"
import type { MemberRecord } from "./MemberRecord.ts"
import type { EncodedRating } from "./Rating.ts"

/**
 * One member's part of a batch. `isNew` says that the member gets its id with this batch. `ratings` stand in page
 * order and belong to the record's user; with `write: "replace"` they take the place of all rows the member had,
 * with `"append"` they join them.
 *
 * @since 0.1.0
 * @category models
 */
export interface BatchMember {
  readonly record: MemberRecord
  readonly isNew: boolean
  readonly write: "append" | "replace"
  readonly ratings: ReadonlyArray<EncodedRating>
}

/**
 * What is committed at once: all of it is stored, or nothing. Members stand in order of discovery, new films in
 * order of first appearance.
 *
 * @since 0.1.0
 * @category models
 */
export interface Batch {
  readonly members: ReadonlyArray<BatchMember>
  readonly newFilms: ReadonlyArray<Film>
  readonly changedFilms: ReadonlyArray<{ readonly before: Film; readonly after: Film }>
  readonly committedAt: DateTime.Utc
}

/**
 * What a dataset holds, without its ratings. Users stand in order of their ids, films in order of first
 * appearance. `members` has no entry for a user of whom nothing but the id is known (an adopted dataset).
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetState {
  readonly users: ReadonlyMap<Username, UserId>
  readonly films: ReadonlyMap<FilmId, Film>
  readonly members: ReadonlyMap<Username, MemberRecord>
  readonly updates: ReadonlyMap<Username, DateTime.Utc>
  readonly ratings: number
  readonly batches: number
}

/**
 * The state of a dataset that holds nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyDatasetState: DatasetState = {
  users: new Map(),
  films: new Map(),
  members: new Map(),
  updates: new Map(),
  ratings: 0,
  batches: 0
}

/**
 * The answer to a commit: the numbers of batches and ratings the dataset holds after it.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommitReceipt {
  readonly batches: number
  readonly ratings: number
}
