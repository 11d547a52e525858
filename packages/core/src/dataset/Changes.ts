/**
 * What a batch, or a whole dataset, does to the tables.
 *
 * @since 0.1.0
 */
import { Chunk, type DateTime, Stream } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { UserId, Username } from "../domain/Member.ts"
import { type Batch, type BatchMember, type DatasetState, emptyDatasetState, idGapsIn } from "./Batch.ts"
import type { Keep, Keeps } from "./Column.ts"
import type { HistoryRows } from "./History.ts"
import { rowsOfBlocks } from "./RatingBlock.ts"
import type { RowStreams, WholeDataset } from "./RatingsStorage.ts"
import type { StorageError } from "./StorageError.ts"
import type { Film, Member, MemberRecord, MemberUpdate, RowOf, RowTable } from "./Tables.ts"

/**
 * What becomes of a table with many rows: first all rows of the members in `replaced` go, then those in `added` join,
 * in their order. `count` is the number of rows added. `added` may be run more than once.
 *
 * @since 0.1.0
 * @category models
 */
export interface RowChanges<Row> {
  readonly replaced: ReadonlySet<UserId>
  readonly added: Stream.Stream<Row, StorageError>
  readonly count: number
}

/**
 * The state of a dataset without the counts of its rows.
 *
 * @since 0.1.0
 * @category models
 */
export type StateTables = Omit<DatasetState, RowTable>

/**
 * What becomes of a dataset, table by table. `before` and `after` are what it holds without and with the changes; both
 * hold as long as they are being written, and change afterwards. Rows that are new in a table stand in their order;
 * `members.all` are those that are new or changed in the order of the batch. `members.besides` are those of `changed` that
 * are not in the batch: only their records change, because the dataset keeps more from now on. `members.renamed` are those
 * of `changed` that had another name before. `forgotten` are members of whom nothing may be left, not even in what a storage
 * keeps besides: its rows in all tables are in `replaced`.
 * `idGaps` is the number of user ids that the dataset skips.
 * `isWhole` says that a whole dataset comes from elsewhere, and not a batch. `ratingBlocks` are then the ratings that join once
 * more, by columns.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetChanges {
  readonly before: Pick<DatasetState, RowTable | "batches" | "keeps">
  readonly after: StateTables
  readonly rows: { readonly [T in RowTable]: RowChanges<RowOf<T>> }
  readonly films: {
    readonly added: ReadonlyArray<Film>
    readonly changed: ReadonlyArray<{ readonly before: Film; readonly after: Film }>
  }
  readonly members: {
    readonly all: ReadonlyArray<Member>
    readonly added: ReadonlyArray<Member>
    readonly changed: ReadonlyArray<MemberRecord>
    readonly besides: ReadonlyArray<MemberRecord>
    readonly renamed: ReadonlyArray<{ readonly before: Username; readonly after: Username }>
  }
  readonly updates: {
    readonly added: ReadonlyArray<MemberUpdate>
    readonly changed: ReadonlyArray<MemberUpdate>
    readonly removed: ReadonlySet<UserId>
  }
  readonly forgotten: ReadonlySet<UserId>
  readonly committedAt: DateTime.Utc
  readonly idGaps: number
  readonly isWhole: boolean
  readonly ratingBlocks?: WholeDataset["ratings"]
}

/**
 * The state of an open dataset, changed in place by each batch: a copy for each would cost what the dataset holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenState {
  readonly users: Map<Username, UserId>
  readonly films: Map<FilmId, Film>
  readonly members: Map<Username, MemberRecord>
  readonly updates: Map<Username, DateTime.Utc>
  readonly idGaps: number
  keeps: Keeps
  batches: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const openStateOf = ({ batches, films, keeps, members, updates, users }: StateTables): OpenState => ({
  users: new Map(users),
  films: new Map(films),
  members: new Map(members),
  updates: new Map(updates),
  idGaps: idGapsIn(users),
  keeps,
  batches
})

/** What lists tell of their films. Parts that were read before a dataset kept it are not in its rows. */
const keptOfLists: ReadonlyArray<Keep> = ["rated_on", "liked", "watched"]

const keepsMoreOfLists = (before: Keeps, after: Keeps): boolean =>
  keptOfLists.some((keep) => after.has(keep) && !before.has(keep))

/** A partial member whose missing parts alone do not complete it any more: its list can only be read as a whole. */
const toReadWhole = (record: MemberRecord): MemberRecord => {
  if (record.state !== "partial" || record.seen === undefined) return record
  const { seen: _, ...rest } = record
  return rest
}

/**
 * The state of a dataset that keeps so much from now on: where that is more of each film of a list than before, partial
 * members can only be read as a whole.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stateThatKeeps = (state: DatasetState, keeps: Keeps): DatasetState =>
  keepsMoreOfLists(state.keeps, keeps)
    ? { ...state, members: new Map(Array.from(state.members, ([name, record]) => [name, toReadWhole(record)])) }
    : state

/** Sets entries of maps, and knows how to take that back. A map's order is that in which its keys came. */
const makeJournal = () => {
  const steps: Array<() => void> = []
  return {
    set: <K, V>(map: Map<K, V>, key: K, value: V) => {
      const before = map.get(key)
      steps.push(before === undefined ? () => map.delete(key) : () => map.set(key, before))
      map.set(key, value)
    },
    /** Calls keys something else, all at the same time, each in its place. A key without another name goes. */
    rename: <K, V>(map: Map<K, V>, names: ReadonlyMap<K, K | undefined>) => {
      const before = [...map]
      const refill = (entries: ReadonlyArray<readonly [K, V]>) => {
        map.clear()
        for (const [key, value] of entries) map.set(key, value)
      }
      steps.push(() => refill(before))
      refill(
        before.flatMap(([key, value]) => {
          const name = names.has(key) ? names.get(key) : key
          return name === undefined ? [] : [[name, value]]
        })
      )
    },
    undo: () => {
      for (const step of steps.toReversed()) step()
      steps.length = 0
    }
  }
}

const nobody: ReadonlySet<UserId> = new Set()

/** Rows of several members, one after the other, without a copy of them. */
const rowsOf = <Row>(parts: ReadonlyArray<ReadonlyArray<Row>>, replaced = nobody): RowChanges<Row> => ({
  replaced,
  added: Stream.fromChunk(Chunk.flatten(Chunk.unsafeFromArray(parts.map((part) => Chunk.unsafeFromArray(part))))),
  count: parts.reduce((sum, part) => sum + part.length, 0)
})

/**
 * The changes that a batch makes, which are made in `state` at once; `undo` takes that back where they cannot be
 * written. Costs what the batch holds. `history` is what it adds to the history of the dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const changesOfBatch = (
  state: OpenState,
  counts: DatasetChanges["before"],
  batch: Batch,
  history?: HistoryRows
): { readonly changes: DatasetChanges; readonly undo: () => void } => {
  const { rename, set, undo } = makeJournal()
  const { batches, keeps } = state
  const members = { added: new Array<MemberRecord>(), changed: new Array<MemberRecord>() }
  const updates = { added: new Array<MemberUpdate>(), changed: new Array<MemberUpdate>() }
  const replaced = new Set<UserId>()
  const forgotten = new Set<UserId>()
  const withoutUpdate = new Set<UserId>()
  const renamed = new Array<DatasetChanges["members"]["renamed"][number]>()
  const keepsNow = withKeeps(keeps, batch.keeps)
  const isGrowing = keepsMoreOfLists(keeps, keepsNow)
  // Rows that join others that lack something do not make a list that can be completed.
  const recordOf = ({ record, write }: BatchMember): MemberRecord =>
    isGrowing && write === "append" && hasSeen(state.members.get(record.username)) ? toReadWhole(record) : record
  const records = batch.members.map(recordOf)
  const besides = isGrowing
    ? othersToReadWhole(
        state.members,
        records,
        batch.members.flatMap(({ formerName }) => formerName ?? [])
      )
    : []
  for (const record of besides) {
    members.changed.push(record)
    set(state.members, record.username, record)
  }
  for (const { formerName, record } of batch.members) {
    if (formerName === undefined || !state.users.has(formerName)) continue
    renamed.push({ before: formerName, after: record.username })
    if (record.state === "forgotten" && state.updates.has(formerName)) withoutUpdate.add(record.userId)
  }
  if (renamed.length > 0) {
    const names = new Map(renamed.map(({ after, before }) => [before, after]))
    rename(state.users, names)
    rename(state.members, names)
    const gone = new Set(batch.members.flatMap(({ record }) => (record.state === "forgotten" ? [record.username] : [])))
    rename(
      state.updates,
      new Map(Array.from(names, ([before, after]) => [before, gone.has(after) ? undefined : after]))
    )
  }
  for (const [i, record] of records.entries()) {
    const { write } = batch.members[i] ?? {}
    const { readAt, state: memberState, userId, username } = record
    if (memberState === "forgotten") forgotten.add(userId)
    members[state.users.has(username) ? "changed" : "added"].push(record)
    set(state.users, username, userId)
    set(state.members, username, record)
    // Only a member that was read completely counts as updated.
    if (memberState === "sealed") {
      updates[state.updates.has(username) ? "changed" : "added"].push({ userId, lastUpdated: readAt })
      set(state.updates, username, readAt)
    }
    if (write === "replace") replaced.add(userId)
  }
  for (const film of batch.newFilms) set(state.films, film.id, film)
  for (const { after } of batch.changedFilms) set(state.films, after.id, after)
  state.keeps = keepsNow
  state.batches = batches + 1
  return {
    changes: {
      before: counts,
      after: state,
      rows: {
        ratings: rowsOf(
          batch.members.map(({ ratings }) => ratings),
          replaced
        ),
        watched: rowsOf(
          batch.members.map(({ watched = [] }) => watched),
          replaced
        ),
        changes: rowsOf([history?.changes ?? []], forgotten),
        readings: rowsOf([history?.readings ?? []], new Set([...forgotten, ...(history?.readAnew ?? [])]))
      },
      films: { added: batch.newFilms, changed: batch.changedFilms },
      members: { ...members, all: records, besides, renamed },
      updates: { ...updates, removed: withoutUpdate },
      forgotten,
      committedAt: batch.committedAt,
      idGaps: state.idGaps,
      isWhole: false
    },
    undo: () => {
      undo()
      state.keeps = keeps
      state.batches = batches
    }
  }
}

const hasSeen = (record: MemberRecord | undefined): boolean =>
  record?.state === "partial" && record.seen !== undefined && record.seen.length > 0

const othersToReadWhole = (
  members: OpenState["members"],
  records: ReadonlyArray<MemberRecord>,
  formerNames: ReadonlyArray<Username>
): ReadonlyArray<MemberRecord> => {
  const inBatch = new Set([...records.map(({ username }) => username), ...formerNames])
  const others: Array<MemberRecord> = []
  for (const record of members.values()) {
    const now = inBatch.has(record.username) ? record : toReadWhole(record)
    if (now !== record) others.push(now)
  }
  return others
}

const withKeeps = (keeps: Keeps, more: Iterable<Keep> = []): Keeps => {
  const all = new Set([...keeps, ...more])
  return all.size === keeps.size ? keeps : all
}

/**
 * The changes that make a dataset out of nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const changesOfWhole = (whole: WholeDataset): DatasetChanges => {
  const { state } = whole
  const { members, updates, users } = state
  const streams: RowStreams = { ...whole, ratings: rowsOfBlocks(whole.ratings) }
  const table = <T extends RowTable>(name: T): RowChanges<RowOf<T>> => ({
    replaced: nobody,
    added: streams[name],
    count: state[name]
  })
  const all = Array.from(users, ([username, userId]): Member => members.get(username) ?? { username, userId })
  return {
    before: emptyDatasetState,
    after: { ...state, batches: Math.max(1, state.batches) },
    rows: {
      ratings: table("ratings"),
      watched: table("watched"),
      changes: table("changes"),
      readings: table("readings")
    },
    films: { added: [...state.films.values()], changed: [] },
    members: { all, added: all, changed: [], besides: [], renamed: [] },
    updates: {
      added: [...updates].flatMap(([username, lastUpdated]) => {
        const userId = users.get(username)
        return userId === undefined ? [] : [{ userId, lastUpdated }]
      }),
      changed: [],
      removed: nobody
    },
    forgotten: nobody,
    committedAt: whole.committedAt,
    idGaps: idGapsIn(users),
    isWhole: true,
    ratingBlocks: whole.ratings
  }
}
