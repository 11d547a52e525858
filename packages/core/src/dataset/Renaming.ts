/**
 * One person, one id: what becomes of ids and rows where a member has another name.
 *
 * @since 0.1.0
 */
import { type DateTime, Effect, Predicate } from "effect"
import type { FilmId } from "../domain/Film.ts"
import { UserId, type Username } from "../domain/Member.ts"
import type { BatchMember, DatasetState } from "./Batch.ts"
import { heldRowsOf, type HeldRows, noHeldRows } from "./HeldRows.ts"
import { unrecordedMember } from "./History.ts"
import type { OpenDataset } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"
import type { MemberRecord } from "./Tables.ts"

/**
 * A name of a member, and what the member is called now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rename {
  readonly from: Username
  readonly to: Username
}

/**
 * What is told of a rename.
 *
 * @since 0.1.0
 * @category constructors
 */
export const wordsOfRename = ({ from, to }: Rename): string =>
  `${from} is called ${to} now: one member, whose id, rows and history go on.`

/**
 * Users and members of a dataset, as they are after each batch of those who write it. `renamed` are members with rows
 * whose name leads to another one.
 *
 * @since 0.1.0
 * @category models
 */
export interface LiveMembers {
  readonly users: Map<Username, UserId>
  readonly members: Map<Username, MemberRecord>
  readonly renamed: Set<Username>
}

const isRenamedWithRows = ({ ratings, state }: MemberRecord): boolean => state === "renamed" && ratings > 0

/**
 * @since 0.1.0
 * @category constructors
 */
export const liveMembersOf = ({ members, users }: Pick<DatasetState, "members" | "users">): LiveMembers => ({
  users: new Map(users),
  members: new Map(members),
  renamed: new Set(Array.from(members.values()).flatMap((one) => (isRenamedWithRows(one) ? [one.username] : [])))
})

/**
 * Notes a batch that was committed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noteBatch = ({ members, renamed, users }: LiveMembers, batch: ReadonlyArray<BatchMember>): void => {
  for (const { formerName } of batch) {
    if (formerName === undefined) continue
    users.delete(formerName)
    members.delete(formerName)
    renamed.delete(formerName)
  }
  for (const { record } of batch) {
    users.set(record.username, record.userId)
    members.set(record.username, record)
    if (isRenamedWithRows(record)) renamed.add(record.username)
    else renamed.delete(record.username)
  }
}

/** So many times at most a name leads to another one. */
const mostNames = 8

/**
 * What a member of a dataset is called now, over however many names; the name itself where it leads nowhere.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nameNow = ({ members }: Pick<DatasetState, "members">, username: Username): Username => {
  let name = username
  for (let names = 0; names < mostNames; names += 1) {
    const next = members.get(name)?.renamedTo
    if (next === undefined) return name
    name = next
  }
  return name
}

/** So large a share of the films on the shorter of two lists of one member is on the other one. */
const sharedByTheSame = 0.5

/**
 * Whether two lists may be those of one member. A list without films is like any other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const mayBeOneMember = (one: Iterable<FilmId>, other: Iterable<FilmId>): boolean => {
  const films = new Set(one)
  const others = new Set(other)
  const shared = [...films].filter((film) => others.has(film)).length
  return shared >= Math.min(films.size, others.size) * sharedByTheSame
}

/** A name that the member had. No row belongs to it. */
const formerRecord = ({ from, to }: Rename, userId: UserId, readAt: DateTime.Utc): MemberRecord => ({
  username: from,
  userId,
  state: "renamed",
  readAt,
  lastPage: 0,
  missing: [],
  films: 0,
  ratings: 0,
  doubts: [],
  verdicts: {},
  renamedTo: to
})

/**
 * Whether a name is one that a member had before, so that no row belongs to it: another member may have it now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isFormerName = (name: Username, members: DatasetState["members"]): boolean => {
  const record = members.get(name)
  return record?.state === "renamed" && record.ratings === 0
}

/**
 * The part of a batch that gives a member another name.
 *
 * `held` are the rows of the new name, if the dataset has it, and of the old one otherwise. The member keeps its id, rows
 * and history. The old name gets an id of its own, without rows, so that it is known where it leads; that of the new name, if
 * that is a former one. Where the dataset has both names with rows, the list of the new name is the member's, the
 * smaller of the two ids stays the member's, and the other one becomes that of the old name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const renamingMembers = (
  { members, users }: Pick<DatasetState, "members" | "users">,
  rename: Rename,
  held: HeldRows,
  at: DateTime.Utc
): ReadonlyArray<BatchMember> => {
  const { from, to } = rename
  const idFrom = users.get(from)
  if (idFrom === undefined || from === to) return []
  const before = members.get(from)
  const now = members.get(to)
  const idTo = users.get(to)
  if (idTo === undefined) {
    const { renamedTo: _, ...record } =
      before ??
      unrecordedMember(from, idFrom, { films: held.ratings.size + held.watched.size, ratings: held.ratings.size })
    let last = 0
    for (const userId of users.values()) last = Math.max(last, userId)
    return [
      {
        record: { ...record, username: to },
        isNew: false,
        write: "append",
        ratings: [],
        formerName: from
      },
      {
        record: formerRecord(rename, UserId.make(last + 1), at),
        isNew: true,
        write: "append",
        ratings: []
      }
    ]
  }
  if (before !== undefined && isFormerName(to, members)) {
    // Names that led to somebody else by this one lead there without it.
    const led = nameNow({ members }, to)
    const leading = led === from ? [] : Array.from(members.values()).filter(({ renamedTo }) => renamedTo === to)
    return [
      { record: { ...before, username: to }, isNew: false, write: "append", ratings: [], formerName: from },
      { record: formerRecord(rename, idTo, at), isNew: false, write: "replace", ratings: [], formerName: to },
      ...leading.map((record): BatchMember => ({
        record: { ...record, renamedTo: led },
        isNew: false,
        write: "append",
        ratings: []
      }))
    ]
  }
  if (idTo < idFrom || now === undefined)
    return [{ record: formerRecord(rename, idFrom, at), isNew: false, write: "replace", ratings: [] }]
  return [
    {
      record: { ...now, userId: idFrom },
      isNew: false,
      write: "replace",
      ratings: Array.from(held.ratings.values(), (row) => ({ ...row, userId: idFrom })),
      watched: Array.from(held.watched.values(), (row) => ({ ...row, userId: idFrom })),
      formerName: from
    },
    { record: formerRecord(rename, idTo, at), isNew: false, write: "replace", ratings: [], formerName: to }
  ]
}

/** The names whose rows belong to a member with another name, whose list is complete. */
const namesToJoin = (live: LiveMembers): ReadonlyArray<Rename> =>
  Array.from(live.renamed).flatMap((from) => {
    const to = nameNow(live, from)
    return to !== from && live.members.get(to)?.state === "sealed" ? [{ from, to }] : []
  })

/**
 * Names to join: `members` is the part of a batch that does it, and is empty if there are none. `strangers` are names that
 * lead to somebody with another list. Their rows stay.
 *
 * @since 0.1.0
 * @category models
 */
export interface JoinedNames {
  readonly joined: ReadonlyArray<Rename>
  readonly members: ReadonlyArray<BatchMember>
  readonly strangers: ReadonlyArray<Username>
}

/**
 * Makes one member of those whom the dataset has under two names, if the list of the newer name is complete; but those in `except`. Where three or
 * more names are one member's, two of them are joined at a time. Reads all rows once if there are any.
 *
 * @since 0.1.0
 * @category constructors
 */
export const joinNames = (
  rows: Pick<OpenDataset, "ratings" | "rowsOfMembers" | "watched">,
  live: LiveMembers,
  except: ReadonlySet<Username>,
  at: DateTime.Utc
): Effect.Effect<JoinedNames, StorageError> =>
  Effect.gen(function* () {
    const renames = namesToJoin(live).filter(({ from }) => !except.has(from))
    if (renames.length === 0) return { joined: [], members: [], strangers: [] }
    const ids = renames.flatMap(({ from, to }) => [live.users.get(from), live.users.get(to)])
    const held = yield* heldRowsOf(rows, ids.filter(Predicate.isNotUndefined))
    const rowsOf = (name: Username): HeldRows => {
      const userId = live.users.get(name)
      return (userId === undefined ? undefined : held.get(userId)) ?? noHeldRows
    }
    const strangers: Array<Username> = []
    const joined = new Map<Username, Rename>()
    for (const rename of renames) {
      const { from, to } = rename
      if (!mayBeOneMember(rowsOf(from).ratings.keys(), rowsOf(to).ratings.keys())) strangers.push(from)
      else if (!joined.has(to)) joined.set(to, rename)
    }
    return {
      joined: [...joined.values()],
      members: [...joined.values()].flatMap((rename) => renamingMembers(live, rename, rowsOf(rename.to), at)),
      strangers
    }
  })
