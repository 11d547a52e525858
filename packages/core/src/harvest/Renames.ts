/**
 * One person, one id: moves the rows of members who have another name now.
 *
 * @since 0.1.0
 */
import { Effect, Predicate, Stream } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { UserId, Username } from "../domain/Member.ts"
import type { BatchMember, DatasetState } from "../dataset/Batch.ts"
import { type SampledMembers, sampledMembers } from "../dataset/RatingsSample.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import { heldRowsOf } from "../dataset/HeldRows.ts"
import type { StorageError } from "../dataset/StorageError.ts"
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

/** Follows a name to where it leads, over however many others, by what was read now and what the dataset knows. */
const wayFrom = (state: DatasetState, read: ReadonlyArray<ReadMember>) => {
  const readings = new Map(read.map(({ reading }) => [reading.username, reading]))
  return {
    readings,
    way: (name: Username): ReadonlyArray<Username> => {
      const names: Array<Username> = []
      let username: Username | undefined = name
      while (username !== undefined && names.length <= mostHops) {
        names.push(username)
        username = readings.get(username)?.renamedTo ?? state.members.get(username)?.renamedTo
      }
      return names
    }
  }
}

/**
 * Whether a name is that of a member who is sealed once a batch is there, or leads to one, over however many others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const storedNames = (state: DatasetState, read: ReadonlyArray<ReadMember>): ((name: Username) => boolean) => {
  const { readings, way } = wayFrom(state, read)
  return (name) =>
    way(name).some((username) => {
      const now = readings.get(username)
      const before = state.members.get(username)
      // A sealed member that is read in part keeps what it had.
      return now?.state === "sealed" || (before?.state === "sealed" && (now === undefined || now.state === "partial"))
    })
}

/** So large a share of a member's rated films is on the list of the same member under another name. */
const sharedByTheSame = 0.5

/**
 * The names, of members who have rows, that lead to a member with another list: a redirect to a stranger must not take
 * these rows away. Reads all ratings once if names lead to complete lists, and nothing if none does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const namesOfStrangers = (
  { ratings, state }: Pick<OpenDataset, "ratings" | "state">,
  idOf: (username: Username) => UserId | undefined,
  read: ReadonlyArray<ReadMember>
): Effect.Effect<ReadonlySet<Username>, StorageError> =>
  Effect.gen(function* () {
    const { readings, way } = wayFrom(state, read)
    const hasRows = (username: Username) =>
      state.users.has(username) && (state.members.get(username)?.ratings ?? Infinity) > 0
    const renamed = [
      ...read.flatMap(({ reading }) => (reading.renamedTo === undefined ? [] : [reading.username])),
      ...[...state.members.values()].flatMap(({ renamedTo, username }) =>
        renamedTo !== undefined && readings.has(renamedTo) ? [username] : []
      )
    ].filter(hasRows)
    // A list that is not complete yet takes no rows away, and cannot be compared.
    const isStored = storedNames(state, read)
    const pairs = renamed.flatMap((from) => {
      const to = way(from).at(-1)
      return to === undefined || to === from || !isStored(to) ? [] : [{ from, to }]
    })
    if (pairs.length === 0) return new Set()
    const held = yield* heldRowsOf(
      { ratings, watched: Stream.empty },
      pairs.flatMap(({ from, to }) => [idOf(from), idOf(to)]).filter(Predicate.isNotUndefined)
    )
    const heldBy = (name: Username): ReadonlySet<FilmId> => {
      const userId = idOf(name)
      return new Set(userId === undefined ? [] : held.get(userId)?.ratings.keys())
    }
    const isStranger = ({ from, to }: (typeof pairs)[number]) => {
      const before = heldBy(from)
      const now = new Set(heldBy(to))
      for (const { film } of readings.get(to)?.films ?? []) now.add(film.id)
      const shared = [...before].filter((film) => now.has(film)).length
      return shared < before.size * sharedByTheSame
    }
    return new Set(pairs.filter(isStranger).map(({ from }) => from))
  })

/**
 * The members of the dataset whose rows go with a batch, because the batch completes the member their name leads to:
 * members already known to be renamed, whose new name was partial until now, and members whose list looks like that of a
 * new one and whose name, when it is asked for now (`leadsTo`), leads to it. Those in `strangers` keep their rows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const membersThatMoved = (
  state: DatasetState,
  known: SampledMembers,
  batch: ReadonlyArray<BatchMember>,
  strangers: ReadonlySet<Username>,
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
      if (strangers.has(record.username)) continue
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
