/**
 * The unit a run commits, and what a dataset holds between commits.
 *
 * @since 0.1.0
 */
import type { DateTime } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { UserId, Username } from "../domain/Member.ts"
import { type Keep, type Keeps, noKeeps } from "./Column.ts"
import type { HeldRows } from "./HeldRows.ts"
import type { EncodedRating, EncodedWatch, Film, MemberRecord, RowTable } from "./Tables.ts"

/**
 * One member's part of a batch. `isNew` says that the member gets its id with this batch. `ratings` stand in page
 * order and belong to the record's user, as do the films in `watched`, none of which is rated; with `write: "replace"`
 * they take the place of all rows the member had, with `"append"` they join them. `formerName` is what the member is called
 * in the dataset so far, if it gets another name with this batch; its id and its rows stay. Two members may exchange their
 * names. Of a member in the state
 * `forgotten`, all rows of all tables go. `held` are the rows that the dataset
 * holds of the member, if they were read already: they are needed to say what a batch changes.
 *
 * @since 0.1.0
 * @category models
 */
export interface BatchMember {
  readonly record: MemberRecord
  readonly isNew: boolean
  readonly write: "append" | "replace"
  readonly ratings: ReadonlyArray<EncodedRating>
  readonly watched?: ReadonlyArray<EncodedWatch>
  readonly held?: HeldRows
  readonly formerName?: Username
}

/**
 * What is committed at once: all of it is stored, or nothing. Members stand in order of discovery, new films in
 * order of first appearance. `keeps` is what the dataset keeps from this batch on, besides what it keeps already. `forgets`
 * are names of which nothing may be left: earlier readings of others, which led to them, lose them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Batch {
  readonly members: ReadonlyArray<BatchMember>
  readonly newFilms: ReadonlyArray<Film>
  readonly changedFilms: ReadonlyArray<{ readonly before: Film; readonly after: Film }>
  readonly keeps?: Iterable<Keep>
  readonly forgets?: ReadonlySet<Username>
  readonly committedAt: DateTime.Utc
}

/**
 * How many rows the tables of a dataset hold.
 *
 * @since 0.1.0
 * @category models
 */
export type RowCounts = { readonly [T in RowTable]: number }

/**
 * What a dataset holds, without the rows of its large tables. Users stand in order of their ids, films in order of first
 * appearance. `members` has no entry for a user of whom nothing but the id is known (an adopted dataset). `updates` tells
 * when members were last read completely.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetState extends RowCounts {
  readonly users: ReadonlyMap<Username, UserId>
  readonly films: ReadonlyMap<FilmId, Film>
  readonly members: ReadonlyMap<Username, MemberRecord>
  readonly updates: ReadonlyMap<Username, DateTime.Utc>
  readonly keeps: Keeps
  readonly batches: number
}

/**
 * The counts of tables without rows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noRows: RowCounts = { ratings: 0, watched: 0, changes: 0, readings: 0 }

/**
 * The state of a dataset that holds nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyDatasetState: DatasetState = {
  ...noRows,
  users: new Map(),
  films: new Map(),
  members: new Map(),
  updates: new Map(),
  keeps: noKeeps,
  batches: 0
}

/**
 * How many user ids a dataset skips: ours skip none, one that was taken over may.
 *
 * @since 0.1.0
 * @category constructors
 */
export const idGapsIn = (users: DatasetState["users"]): number => {
  let highest = 0
  for (const userId of users.values()) highest = Math.max(highest, userId)
  return highest - users.size
}

/**
 * The answer to a commit: the numbers of batches and ratings the dataset holds after it, and sentences about what else it
 * did (a file of somebody else's that it kept aside).
 *
 * @since 0.1.0
 * @category models
 */
export interface CommitReceipt {
  readonly batches: number
  readonly ratings: number
  readonly notes?: ReadonlyArray<string>
}
