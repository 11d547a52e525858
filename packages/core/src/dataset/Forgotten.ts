/**
 * Members who asked to be left out. The dataset keeps an id, and in the place of the name a keyed hash of it: enough to leave
 * the member out from now on, and not to say who it was.
 *
 * @since 0.1.0
 */
import { hmac } from "@noble/hashes/hmac"
import { sha256 } from "@noble/hashes/sha2"
import { type DateTime, Effect, Random } from "effect"
import { Username } from "../domain/Member.ts"
import type { Batch, BatchMember, DatasetState } from "./Batch.ts"
import { makeIdRegistry } from "./IdRegistry.ts"
import type { MemberRecord } from "./Tables.ts"

/** The letters of names, without the underscore. */
const letters = "0123456789abcdefghijklmnopqrstuvwxyz"

/** The length of the longest name: 15 letters hold 77 bits. */
const lengthOfName = 15

const hexOf = (bytes: Iterable<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

/**
 * HMAC-SHA-256 of names under a key, in the form of a name. Nobody can have it: the first letter is followed by others at
 * random.
 */
const hashingWith = (salt: string): ((username: Username) => Username) => {
  const encoder = new TextEncoder()
  const keyed = hmac.create(sha256, encoder.encode(salt))
  return (username) => {
    let rest = BigInt(`0x${hexOf(keyed.clone().update(encoder.encode(username)).digest())}`)
    let name = ""
    while (name.length < lengthOfName) {
      name += letters[Number(rest % 36n)] ?? "0"
      rest /= 36n
    }
    return Username.make(name)
  }
}

const newSalt: Effect.Effect<string> = Effect.map(
  Effect.all(Array.from({ length: 16 }, () => Random.nextIntBetween(0, 256))),
  hexOf
)

/**
 * The members of a dataset who are forgotten.
 *
 * @since 0.1.0
 * @category constructors
 */
export const forgottenIn = ({ members }: Pick<DatasetState, "members">): ReadonlyArray<MemberRecord> =>
  Array.from(members.values()).filter(({ state }) => state === "forgotten")

/**
 * How many members a dataset has, without those who are forgotten.
 *
 * @since 0.1.0
 * @category constructors
 */
export const membersIn = (state: Pick<DatasetState, "members" | "users">): number =>
  state.users.size - forgottenIn(state).length

/**
 * A state without the members who are forgotten, as exports and reports show it. They have no rows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutForgotten = (state: DatasetState): DatasetState => {
  const names = new Set(forgottenIn(state).map(({ username }) => username))
  if (names.size === 0) return state
  const without = <V>(map: ReadonlyMap<Username, V>) => new Map([...map].filter(([username]) => !names.has(username)))
  return { ...state, users: without(state.users), members: without(state.members), updates: without(state.updates) }
}

/** So many names are remembered of which it was asked whether they are forgotten: about 10 MB. */
const mostAsked = 100_000

/**
 * Finds the record of a member who is forgotten by its name. Costs a hash for each key, of which a dataset has one as a rule,
 * and nothing if there are none.
 */
const forgottenAs = (state: Pick<DatasetState, "members">): ((username: Username) => MemberRecord | undefined) => {
  const bySalt = new Map<string, Map<Username, MemberRecord>>()
  for (const record of forgottenIn(state)) {
    if (record.salt === undefined) continue
    const records = bySalt.get(record.salt) ?? new Map<Username, MemberRecord>()
    bySalt.set(record.salt, records.set(record.username, record))
  }
  const keys = Array.from(bySalt, ([salt, records]) => ({ hashOf: hashingWith(salt), records }))
  const asked = new Map<Username, MemberRecord | undefined>()
  return (username) => {
    if (keys.length === 0) return undefined
    if (asked.has(username)) return asked.get(username)
    let found: MemberRecord | undefined
    for (const { hashOf, records } of keys) found ??= records.get(hashOf(username))
    if (asked.size >= mostAsked) asked.clear()
    asked.set(username, found)
    return found
  }
}

/**
 * Tells whether a name is that of a member who is forgotten.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isForgottenIn = (state: Pick<DatasetState, "members">): ((username: Username) => boolean) => {
  const recordOf = forgottenAs(state)
  return (username) => recordOf(username) !== undefined
}

/** All names of one person: those that lead to a name, and where that one leads to. */
const namesOf = (state: Pick<DatasetState, "members">, username: Username): ReadonlySet<Username> => {
  const names = new Set([username])
  for (let size = 0; size !== names.size;) {
    size = names.size
    for (const record of state.members.values()) {
      const { renamedTo } = record
      if (renamedTo === undefined) continue
      if (names.has(renamedTo)) names.add(record.username)
      else if (names.has(record.username)) names.add(renamedTo)
    }
  }
  return names
}

/**
 * What forgetting would do: `names` are all names that go, those of renamed members too, with their number of ratings;
 * `unknown` are names that the dataset does not have, which are left out from now on all the same; `already` are those that
 * are left out, with the records that they have now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Forgetting {
  readonly names: ReadonlyMap<Username, number>
  readonly unknown: ReadonlyArray<Username>
  readonly already: ReadonlyMap<Username, MemberRecord>
}

/**
 * Whom to forget. Also a name that is left out already is looked for: a dataset may have it again all the same.
 *
 * @since 0.1.0
 * @category constructors
 */
export const whomToForget = (
  state: Pick<DatasetState, "members" | "users">,
  asked: ReadonlyArray<Username>
): Forgetting => {
  const names = new Map<Username, number>()
  const unknown: Array<Username> = []
  const already = new Map<Username, MemberRecord>()
  const recordOf = forgottenAs(state)
  for (const username of new Set(asked)) {
    const record = recordOf(username)
    if (record !== undefined) already.set(username, record)
    else if (!state.users.has(username)) unknown.push(username)
    for (const name of namesOf(state, username))
      if (state.users.has(name)) names.set(name, state.members.get(name)?.ratings ?? 0)
  }
  return { names, unknown, already }
}

/**
 * The batch that forgets members. It takes the place of their names by hashes, and all their rows away. It writes the records
 * of those who are left out already once more: a storage whose last clearing of what was removed failed does it again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const forgettingBatch = (
  state: DatasetState,
  { already, names, unknown }: Forgetting,
  committedAt: DateTime.Utc
): Effect.Effect<Batch> =>
  Effect.gen(function* () {
    const registry = makeIdRegistry(state)
    const members: Array<BatchMember> = Array.from(already.values(), (record) => ({
      record,
      isNew: false,
      write: "replace",
      ratings: []
    }))
    const taken = new Set(state.users.keys())
    const usualSalt = forgottenIn(state).find((record) => record.salt !== undefined)?.salt ?? (yield* newSalt)
    const usualHashOf = hashingWith(usualSalt)
    for (const name of [...names.keys(), ...unknown]) {
      const usual = usualHashOf(name)
      // A name that is left out already, and came back all the same, has this hash.
      const salt = taken.has(usual) ? yield* newSalt : usualSalt
      const username = salt === usualSalt ? usual : hashingWith(salt)(name)
      taken.add(username)
      const userId = state.users.get(name)
      const { isNew, userId: newId } = userId === undefined ? registry.user(username) : { isNew: false, userId }
      members.push({
        record: {
          username,
          userId: newId,
          state: "forgotten",
          readAt: committedAt,
          lastPage: 0,
          missing: [],
          films: 0,
          ratings: 0,
          doubts: [],
          verdicts: {},
          salt
        },
        isNew,
        write: isNew ? "append" : "replace",
        ratings: [],
        ...(isNew ? {} : { formerName: name })
      })
    }
    const forgets = new Set([...names.keys(), ...unknown, ...already.keys()])
    return { members, newFilms: [], changedFilms: [], keeps: ["provenance"], forgets, committedAt }
  })
