/**
 * One person, one id: moves the rows of members who have another name now.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Username } from "../Member.ts"
import type { BatchMember, DatasetState } from "../dataset/Batch.ts"
import { type SampledMembers, sampledMembers } from "../dataset/RatingsSample.ts"
import { mostHops } from "./MemberReader.ts"
import type { ReadMember } from "./ReadMember.ts"

/** So many names at most are asked where they lead now, for each new member that looks like members who are known. */
const namesToAsk = 3

/**
 * Known members, to be compared with new ones.
 *
 * @since 0.1.0
 * @category constructors
 */
export const knownMembers = (state: DatasetState): SampledMembers => {
  const known = sampledMembers()
  for (const record of state.members.values()) known.add(record)
  return known
}

/**
 * Whether a name is that of a member who is sealed once a batch is there, or leads to one, over however many others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const storedNames = (state: DatasetState, read: ReadonlyArray<ReadMember>): ((name: Username) => boolean) => {
  const readings = new Map(read.map(({ reading }) => [reading.username, reading]))
  return (name) => {
    let username: Username | undefined = name
    for (let hops = 0; username !== undefined && hops <= mostHops; hops++) {
      const now = readings.get(username)
      const before = state.members.get(username)
      // A sealed member that is read in part keeps what it had.
      if (now?.state === "sealed" || (before?.state === "sealed" && (now === undefined || now.state === "partial")))
        return true
      username = now?.renamedTo ?? before?.renamedTo
    }
    return false
  }
}

/**
 * The members of the dataset whose rows go with a batch, because the batch completes the member their name leads to:
 * members already known to be renamed, whose new name was partial until now, and members whose list looks like that of a
 * new one and whose name, when it is asked for now (`leadsTo`), leads to it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const membersThatMoved = (
  state: DatasetState,
  known: SampledMembers,
  batch: ReadonlyArray<BatchMember>,
  leadsTo: (known: Username) => Effect.Effect<Username | undefined>
): Effect.Effect<ReadonlyArray<BatchMember>> =>
  Effect.gen(function* () {
    const inBatch = new Set(batch.map(({ record }) => record.username))
    const sealed = batch.filter(({ record }) => record.state === "sealed")
    const moved = new Map<Username, BatchMember>()
    const move = (from: Username, to: BatchMember) => {
      const before = state.members.get(from)
      if (before === undefined || inBatch.has(from)) return
      const { doubts: _doubts, seen: _seen, ...record } = before
      moved.set(from, {
        record: {
          ...record,
          state: "renamed",
          readAt: to.record.readAt,
          renamedTo: to.record.username,
          films: 0,
          ratings: 0,
          missing: [],
          doubts: []
        },
        isNew: false,
        write: "replace",
        ratings: []
      })
    }
    const bySealed = new Map(sealed.map((member) => [member.record.username, member]))
    for (const record of state.members.values()) {
      if (record.state !== "renamed" || record.ratings === 0 || record.renamedTo === undefined) continue
      const to = bySealed.get(record.renamedTo)
      if (to !== undefined) move(record.username, to)
    }
    for (const member of sealed) {
      if (!member.isNew) continue
      for (const suspect of known.like(member.record).slice(0, namesToAsk)) {
        if (inBatch.has(suspect) || moved.has(suspect)) continue
        if ((yield* leadsTo(suspect)) === member.record.username) move(suspect, member)
      }
    }
    return [...moved.values()]
  })
