/**
 * Finds members whom the source calls something else now.
 *
 * @since 0.1.0
 */
import { Effect, Predicate, Stream } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { Username } from "../domain/Member.ts"
import type { DatasetState } from "../dataset/Batch.ts"
import { heldRowsOf } from "../dataset/HeldRows.ts"
import { sampleOfRatings, type SampledMembers, sampledMembers } from "../dataset/RatingsSample.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import { type LiveMembers, mayBeOneMember, type Rename } from "../dataset/Renaming.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import { type MemberReading, notRead } from "../reading/MemberReading.ts"
import { mostHops } from "./MemberReader.ts"
import { noParts, type ReadMember } from "./ReadMember.ts"

type DatasetMembers = Pick<DatasetState, "members" | "users">

/** So many names at most are asked where they lead now, for each new member that looks like members who are known. */
const namesToAsk = 3

/**
 * Known members, to be compared with new ones.
 *
 * @since 0.1.0
 * @category constructors
 */
export const knownMembers = (state: DatasetMembers): SampledMembers => {
  const known = sampledMembers()
  for (const record of state.members.values()) known.add(record)
  return known
}

/** Follows a name to where it leads, over however many others, by what was read now and what the dataset knows. */
const wayFrom = (state: DatasetMembers, read: ReadonlyArray<ReadMember>) => {
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

/** Whether a name is that of a member who is sealed once a batch is there, or leads to one, over however many others. */
const storedNames = (state: DatasetMembers, read: ReadonlyArray<ReadMember>): ((name: Username) => boolean) => {
  const { readings, way } = wayFrom(state, read)
  return (name) =>
    way(name).some((username) => {
      const now = readings.get(username)
      const before = state.members.get(username)
      // A sealed member that is read in part keeps what it had.
      return now?.state === "sealed" || (before?.state === "sealed" && (now === undefined || now.state === "partial"))
    })
}

/**
 * The names, of members who have rows, that lead to a member with another list: a redirect to a stranger must not take
 * these rows away. Reads all ratings once if names lead to complete lists, and nothing if none does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const namesOfStrangers = (
  { ratings }: Pick<OpenDataset, "ratings">,
  state: LiveMembers,
  read: ReadonlyArray<ReadMember>
): Effect.Effect<ReadonlySet<Username>, StorageError> =>
  Effect.gen(function* () {
    const { readings, way } = wayFrom(state, read)
    const renamed = [
      ...read.flatMap(({ reading }) => (reading.renamedTo === undefined ? [] : [reading.username])),
      ...[...state.renamed].filter((username) => {
        const to = state.members.get(username)?.renamedTo
        return to !== undefined && readings.has(to)
      })
    ].filter((username) => hasRows(state, username))
    // A list that is not complete yet takes no rows away, and cannot be compared.
    const isStored = storedNames(state, read)
    const pairs = renamed.flatMap((from) => {
      const to = way(from).at(-1)
      return to === undefined || to === from || !isStored(to) ? [] : [{ from, to }]
    })
    if (pairs.length === 0) return new Set()
    const ids = pairs.flatMap(({ from, to }) => [state.users.get(from), state.users.get(to)])
    const held = yield* heldRowsOf({ ratings, watched: Stream.empty }, ids.filter(Predicate.isNotUndefined))
    const heldBy = (name: Username): ReadonlyArray<FilmId> => {
      const userId = state.users.get(name)
      return userId === undefined ? [] : [...(held.get(userId)?.ratings.keys() ?? [])]
    }
    const isStranger = ({ from, to }: Rename) => {
      const now = readings.get(to)?.films.map(({ film }) => film.id) ?? []
      return !mayBeOneMember(heldBy(from), [...heldBy(to), ...now])
    }
    return new Set(pairs.filter(isStranger).map(({ from }) => from))
  })

const hasRows = (state: DatasetMembers, username: Username): boolean =>
  state.users.has(username) && (state.members.get(username)?.ratings ?? Infinity) > 0

/** The sample of a list that was read, as its record will have it. */
const sampleOf = ({ films, state, username }: MemberReading) => {
  const rated = films.flatMap(({ film, rating }) => (rating === undefined ? [] : [{ filmId: film.id, rating }]))
  return { username, state, ratings: rated.length, seen: sampleOfRatings(rated) }
}

/**
 * The members of the dataset who have a new name, under which their complete list was read now: a name that was read leads
 * to it, or the dataset knows that one does, or a member's list looks like that of the new name and
 * the member's name, when it is asked for now (`leadsTo`), leads to it. Those in `strangers` keep their names.
 *
 * @since 0.1.0
 * @category constructors
 */
export const newNames = (
  state: LiveMembers,
  known: SampledMembers,
  read: ReadonlyArray<ReadMember>,
  strangers: ReadonlySet<Username>,
  leadsTo: (known: Username) => Effect.Effect<Username | undefined>
): Effect.Effect<ReadonlyArray<Rename>> =>
  Effect.gen(function* () {
    const { readings, way } = wayFrom(state, read)
    const isNew = (name: Username) => !state.users.has(name) && readings.get(name)?.state === "sealed"
    const renames = new Map<Username, Rename>()
    const taken = new Set<Username>()
    const note = (rename: Rename) => {
      if (renames.has(rename.to) || taken.has(rename.from)) return
      renames.set(rename.to, rename)
      taken.add(rename.from)
    }
    const leading = [
      ...state.renamed,
      ...read.flatMap(({ reading }) => (reading.renamedTo === undefined ? [] : [reading.username]))
    ]
    for (const from of leading) {
      const to = way(from).at(-1)
      if (to !== undefined && isNew(to) && hasRows(state, from) && !strangers.has(from)) note({ from, to })
    }
    for (const { reading } of read) {
      const { username: to } = reading
      if (!isNew(to) || renames.has(to)) continue
      for (const from of known.like(sampleOf(reading)).slice(0, namesToAsk)) {
        if (readings.has(from) || taken.has(from)) continue
        if ((yield* leadsTo(from)) !== to) continue
        note({ from, to })
        break
      }
    }
    return [...renames.values()]
  })

/**
 * The members of a dataset as if they already had their new names, and no member the old ones.
 *
 * @since 0.1.0
 * @category constructors
 */
export const underNewNames = (state: DatasetMembers, renames: ReadonlyArray<Rename>): DatasetMembers => {
  if (renames.length === 0) return state
  const names = new Map(renames.map(({ from, to }) => [from, to]))
  const renamed = <V>(map: ReadonlyMap<Username, V>) =>
    new Map(Array.from(map, ([name, value]) => [names.get(name) ?? name, value]))
  return { users: renamed(state.users), members: renamed(state.members) }
}

/**
 * A name that leads to another one, as if it had been read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readAsRenamed = ({ from, to }: Rename): ReadMember => ({
  reading: { ...notRead(from), state: "renamed", missing: [], renamedTo: to },
  collected: noParts()
})
