/**
 * Batches to commit, and the files they should come to.
 */
import { FileSystem, Path } from "@effect/platform"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import {
  type Batch,
  type DatasetState,
  Film,
  FilmId,
  makeIdRegistry,
  type MemberRecord,
  MemberState,
  type OpenDataset,
  type OpenMode,
  Rating,
  RatingsStorage,
  Username
} from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { DateTime, Effect, Layer, Schema } from "effect"
import { type Disk, makeDisk, processTable } from "./Disk.ts"

export const film = Schema.decodeUnknownSync(Film)
export const username = Schema.decodeUnknownSync(Username)
export const rating = Schema.decodeUnknownSync(Rating)
const filmId = Schema.decodeUnknownSync(FilmId)
const memberState = Schema.decodeUnknownSync(MemberState)

/** What a batch says of one member: `name` and, as `film id -> stars`, the ratings. */
export interface Told {
  readonly name: string
  readonly state?: string
  readonly ratings?: Readonly<Record<number, number>>
}

/** A batch at minute `n` of 2026, with ids given as a run would give them. */
export const batchOf = (
  state: Pick<DatasetState, "users" | "films">,
  n: number,
  members: ReadonlyArray<Told>,
  films: ReadonlyArray<Film>
): Batch => {
  const registry = makeIdRegistry(state)
  const committedAt = DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, n))
  for (const seen of films) registry.film(seen)
  return {
    members: members.map(({ name, ratings = {}, state: told = "sealed" }) => {
      const { isNew, userId } = registry.user(username(name))
      const rows = Object.entries(ratings).map(([id, stars]) => ({ userId, filmId: filmId(Number(id)), rating: rating(stars) }))
      const record: MemberRecord = {
        username: username(name),
        userId,
        state: memberState(told),
        readAt: committedAt,
        lastPage: 1,
        missing: [],
        films: rows.length,
        ratings: rows.length,
        doubts: [],
        verdicts: { Films: 1 }
      }
      return { record, isNew, write: isNew ? "append" as const : "replace" as const, ratings: rows }
    }),
    ...registry.takeFilms(),
    committedAt
  }
}

export interface Process {
  readonly pid?: number
  readonly running?: ReadonlyArray<number>
  readonly disk?: Disk
  readonly options?: Partial<CsvStorage.CsvStorageOptions>
}

/** Opens the folder as one process would, uses it, and lets go of it. */
export const withDataset = <A, E, R>(
  folder: string,
  mode: OpenMode,
  use: (dataset: OpenDataset) => Effect.Effect<A, E, R>,
  { disk = makeDisk(), options, pid = 1, running }: Process = {}
) =>
  Effect.gen(function*() {
    const storage = yield* RatingsStorage
    return yield* Effect.scoped(Effect.flatMap(storage.open(mode), use))
  }).pipe(
    Effect.provide(
      CsvStorage.layer({ folder, ...CsvStorage.defaults, ...options }).pipe(
        Layer.provide(Layer.mergeAll(disk.layer.pipe(Layer.provide(NodeFileSystem.layer)), NodePath.layer, processTable(pid, running)))
      )
    )
  )

/** What `lb verify` says of a folder. */
export const verify = (folder: string, repair = false) =>
  Effect.flatMap(RatingsStorage, (storage) => storage.verify({ repair })).pipe(
    Effect.provide(
      CsvStorage.layer({ folder, ...CsvStorage.defaults }).pipe(
        Layer.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, processTable(1)))
      )
    )
  )

export const startNew: OpenMode = { _tag: "new", existing: "refuse" }
export const setAside: OpenMode = { _tag: "new", existing: "set-aside" }
export const goOn: OpenMode = { _tag: "continue" }

/** A folder that does not exist yet, in a temporary one that goes away with the scope. */
export const freshFolder = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "data")
})

/** The content of all files of a folder by name, in order; none where there is no folder. */
export const contentOf = (folder: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (!(yield* fs.exists(folder))) return {}
    const names = (yield* fs.readDirectory(folder)).toSorted()
    return Object.fromEntries(
      yield* Effect.forEach(names, (name) => Effect.map(fs.readFileString(path.join(folder, name)), (text) => [name, text] as const))
    )
  })

const films = [
  film({ id: 10, slug: "ten", title: "Ten", year: 2002 }),
  film({ id: 20, slug: "comma", title: `Me, Myself & "Irene"`, year: 2000 }),
  film({ id: 30, slug: "null", title: "Null" }),
  film({ id: 40, slug: "forty", title: "Forty\nLines", year: 1940 })
]
const renamed = film({ id: 10, slug: "ten-2002", title: "Ten Again", year: 2002 })

/** A history with everything in it: new members, new films, a renamed film, members read again. */
export const history: ReadonlyArray<(state: Pick<DatasetState, "users" | "films">) => Batch> = [
  (state) =>
    batchOf(state, 1, [
      { name: "null", ratings: { 10: 4, 20: 0.5 } },
      { name: "empty" },
      { name: "hidden", state: "private" }
    ], films.slice(0, 2)),
  (state) => batchOf(state, 2, [{ name: "half", state: "partial", ratings: { 30: 3.5 } }], films.slice(2, 3)),
  (state) => batchOf(state, 3, [{ name: "123", ratings: { 10: 5, 40: 1 } }], [renamed, ...films.slice(3)]),
  (state) => batchOf(state, 4, [{ name: "null", ratings: { 20: 1 } }, { name: "half", ratings: { 30: 4, 10: 2 } }], []),
  (state) => batchOf(state, 5, [{ name: "last", ratings: { 40: 2.5 } }], [])
]

/** Commits the part of the history that is not there yet; what is known grows as a run's registry does. */
export const commitRest = (dataset: OpenDataset) =>
  Effect.gen(function*() {
    const users = new Map(dataset.state.users)
    const known = new Map(dataset.state.films)
    for (const make of history.slice(dataset.state.batches)) {
      const batch = make({ users, films: known })
      for (const { record } of batch.members) users.set(record.username, record.userId)
      for (const added of batch.newFilms) known.set(added.id, added)
      for (const { after } of batch.changedFilms) known.set(after.id, after)
      yield* dataset.commit(batch)
    }
  })
