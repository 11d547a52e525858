/**
 * A dataset in numbers.
 *
 * @since 0.1.0
 */
import { type DatasetSummary, membersIn } from "@letterboxd-ratings/core"
import { DateTime } from "effect"

/**
 * How much a dataset has: its members by their state (`users` counts them all, without those who are forgotten), films, ratings and batches, its size in bytes, and when the last
 * batch was committed, in ISO 8601.
 *
 * @since 0.1.0
 * @category constructors
 */
export const countsOf = ({ bytes, committedAt, state }: DatasetSummary) => {
  const members = {
    sealed: 0,
    partial: 0,
    gone: 0,
    private: 0,
    renamed: 0,
    unproven: state.users.size - state.members.size,
    forgotten: 0
  }
  for (const { state: memberState } of state.members.values()) members[memberState] += 1
  return {
    users: membersIn(state),
    ...members,
    films: state.films.size,
    ratings: state.ratings,
    batches: state.batches,
    bytes,
    lastCommit: DateTime.formatIso(committedAt)
  }
}
