/**
 * Members of whom a dataset has nothing but the rows, because it was taken over.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { UserId, Username } from "../domain/Member.ts"
import type { DatasetState } from "../dataset/Batch.ts"
import { heldRowsOf, noHeldRows } from "../dataset/HeldRows.ts"
import { unrecordedMember } from "../dataset/History.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import type { ReadMember } from "./ReadMember.ts"

type DatasetMembers = Pick<DatasetState, "members" | "users">

/**
 * The members of a dataset, with a record of those who were read and have none. Without it, a member that is gone now would
 * be recorded with no ratings. Reads all rows once if there are any, and nothing if there are none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withUnrecorded = (
  rows: Pick<OpenDataset, "ratings" | "rowsOfMembers" | "watched">,
  state: DatasetMembers,
  read: ReadonlyArray<ReadMember>
): Effect.Effect<DatasetMembers, StorageError> =>
  Effect.gen(function* () {
    const ids = new Map<UserId, Username>()
    for (const { reading } of read) {
      const userId = state.users.get(reading.username)
      if (userId !== undefined && !state.members.has(reading.username) && reading.state !== "sealed")
        ids.set(userId, reading.username)
    }
    if (ids.size === 0) return state
    const held = yield* heldRowsOf(rows, ids.keys())
    const members = new Map(state.members)
    for (const [userId, username] of ids) {
      const { ratings, watched } = held.get(userId) ?? noHeldRows
      const counts = { ratings: ratings.size, films: ratings.size + watched.size }
      members.set(username, unrecordedMember(username, userId, counts))
    }
    return { users: state.users, members }
  })
