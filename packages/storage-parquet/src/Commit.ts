/**
 * What a batch does to the files.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type Batch,
  type DatasetState,
  type EncodedRating,
  idGapsIn,
  type StorageError,
  type UserId,
  type WholeDataset
} from "@letterboxd-ratings/core"
import {
  checkBytes,
  checkFree,
  checkLengths,
  checksumOf,
  commitManifest,
  type FileEntry,
  makeFolder,
  manifestName,
  nextName,
  removeIfEmpty,
  syncFolder,
  undoMade,
  writeNew
} from "@letterboxd-ratings/storage-folder"
import { Chunk, type DateTime, Effect, Stream } from "effect"
import { type Column, type DuckDb, parquetAt, quoted, rowsAtOnce, type Values } from "./DuckDb.ts"
import { encodeManifest, idsIn, type Manifest, type PartEntry, rangesOf } from "./Manifest.ts"
import {
  filmColumns,
  filmsName,
  filmValues,
  memberColumns,
  membersName,
  memberValues,
  partName,
  partNumber,
  ratingColumns,
  ratingsFolder,
  ratingValues
} from "./ParquetFiles.ts"
import { entriesOf, readManifest } from "./ParquetFolder.ts"
import { about, failures, storageError, writingFailed } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/** What an open dataset knows without reading ratings. */
export interface Holding extends Pick<DatasetState, "users" | "films" | "members" | "updates"> {
  readonly manifest: Manifest
}

/** What is held before the first batch. */
export const emptyHolding = (committedAt: DateTime.Utc): Holding => {
  const nothing: FileEntry = { name: membersName, bytes: 0, rows: 0, crc32: "00000000" }
  return {
    manifest: {
      format: 1,
      storage: "parquet",
      batches: 0,
      committedAt,
      idGaps: 0,
      members: nothing,
      films: { ...nothing, name: filmsName },
      parts: [],
      removed: []
    },
    users: new Map(),
    films: new Map(),
    members: new Map(),
    updates: new Map()
  }
}

/** So many rows stand in a part at most, about: a load holds them in memory, and a member read again rewrites them. */
const rowsOfPart = 1_000_000

/** Where and how a commit writes. */
export interface Target {
  readonly duckDb: DuckDb
  readonly folder: string
  readonly copyOptions: string
}

/** Writes files beside those they become, and remembers which, to take them back. */
const filesOf = ({ copyOptions, duckDb, folder }: Target, batch: number) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const touched: Array<string> = []
    const connection = yield* duckDb.connect

    /** Flushes what DuckDB wrote, and says what it is. */
    const written = (name: string, write: (place: string) => Effect.Effect<number, StorageError, Files>) =>
      Effect.gen(function* () {
        const swap = nextName(name, batch)
        const place = path.join(folder, swap)
        // DuckDB would write over what is there.
        yield* checkFree(failures, place)
        touched.push(place)
        const rows = yield* write(place)
        yield* about(place)(Effect.scoped(Effect.flatMap(fs.open(place, { flag: "r+" }), (file) => file.sync)))
        const size = Number((yield* about(place)(fs.stat(place))).size)
        const { bytes, crc32 } = yield* checksumOf(failures, place, size)
        const entry: FileEntry = { name, bytes, rows, crc32, swap }
        return entry
      })

    const table = (columns: ReadonlyArray<Column>) => connection.table(columns, folder)
    const whole = (name: string, columns: ReadonlyArray<Column>, values: ReadonlyArray<Values>) =>
      Effect.scoped(
        Effect.gen(function* () {
          const rows = yield* table(columns)
          yield* rows.append(values)
          return yield* written(name, (place) => rows.copyTo(place, copyOptions))
        })
      )

    return {
      touched: (): ReadonlyArray<string> => touched,
      text: (place: string, text: string) =>
        Effect.zipRight(
          writeNew(failures, place, text),
          Effect.sync(() => touched.push(place))
        ),
      members: (holding: Pick<Holding, "members" | "updates" | "users">) =>
        whole(membersName, memberColumns, memberValues(holding)),
      films: (films: Holding["films"]) => whole(filmsName, filmColumns, filmValues(films)),
      /** Rows into as many parts as they need, counted on from `first`. */
      parts: (ratings: Stream.Stream<EncodedRating, StorageError>, first: number) =>
        Effect.scoped(
          Effect.gen(function* () {
            const rows = yield* table(ratingColumns)
            const parts: Array<PartEntry> = []
            let users = new Set<UserId>()
            let waiting = 0
            const finish = Effect.gen(function* () {
              if (waiting === 0) return
              if (parts.length === 0) yield* makeFolder(failures, path.join(folder, ratingsFolder))
              const entry = yield* written(`${ratingsFolder}/${partName(first + parts.length)}`, (place) =>
                rows.copyTo(place, copyOptions)
              )
              parts.push({ ...entry, users: rangesOf(users) })
              users = new Set()
              waiting = 0
            })
            yield* Stream.runForEachChunk(Stream.rechunk(ratings, rowsAtOnce), (chunk) => {
              const some = Chunk.toReadonlyArray(chunk)
              for (const { userId } of some) users.add(userId)
              waiting += some.length
              return Effect.zipRight(
                rows.append(ratingValues(some)),
                Effect.suspend(() => (waiting >= rowsOfPart ? finish : Effect.void))
              )
            })
            yield* finish
            return parts
          })
        ),
      /** A part without the rows of some of its users. */
      partWithout: (
        { name, swap: _, ...part }: PartEntry,
        replaced: ReadonlySet<number>,
        kept: ReadonlyArray<number>
      ) =>
        Effect.map(
          // A part is made anew only of what was committed: damage must not become sound.
          written(name, (place) =>
            Effect.zipRight(
              checkBytes(failures, folder, { ...part, name }),
              connection.run(
                `copy (select * from ${parquetAt([path.join(folder, name)])} where user_id not in (${[...replaced].join(", ")})) to ${quoted(place)} (${copyOptions})`,
                writingFailed(place)
              )
            )
          ),
          (entry): PartEntry => ({ ...part, ...entry, users: rangesOf(kept) })
        )
    }
  })

/** Flushes the folders in which files were made, writes the manifest that names them, and makes it the one that counts. */
const commit = (
  target: Target,
  next: Manifest,
  write: (
    files: Effect.Effect.Success<ReturnType<typeof filesOf>>
  ) => Effect.Effect<Pick<Manifest, "members" | "films" | "parts" | "removed">, StorageError, Files>
): Effect.Effect<Manifest, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const { folder } = target
    const files = yield* filesOf(target, next.batches)
    const undo = Effect.zipRight(
      Effect.suspend(() => undoMade(files.touched())),
      next.parts.length === 0 ? removeIfEmpty(path.join(folder, ratingsFolder)) : Effect.void
    )
    const isCommitted = Effect.map(readManifest(folder), (now) => now !== undefined && now.batches >= next.batches)
    return yield* Effect.gen(function* () {
      const manifest: Manifest = { ...next, ...(yield* write(files)) }
      for (const changed of new Set(files.touched().map((place) => path.dirname(place))))
        yield* syncFolder(failures, changed)
      yield* syncFolder(failures, folder)
      const place = path.join(folder, nextName(manifestName, next.batches))
      const text = yield* Effect.mapError(encodeManifest(manifest), (error) =>
        storageError("Failed", place, error.message)
      )
      yield* files.text(place, `${text}\n`)
      yield* commitManifest(
        failures,
        folder,
        next.batches,
        [manifest.members, manifest.films, ...manifest.parts],
        manifest.removed
      )
      return manifest
    }).pipe(
      Effect.onError(() =>
        Effect.unlessEffect(
          undo,
          Effect.orElseSucceed(isCommitted, () => true)
        )
      )
    )
  }).pipe(Effect.scoped)

const inPlace = <A extends FileEntry>({ swap: _, ...entry }: A): Omit<A, "swap"> => entry

/** The number of the next part: higher than that of any file the last batch left or removed. */
const nextPart = ({ parts, removed }: Manifest): number =>
  Math.max(
    0,
    ...[...parts.map(({ name }) => name), ...removed].map(
      (name) => partNumber(name.slice(ratingsFolder.length + 1)) ?? 0
    )
  ) + 1

/**
 * Commits a batch on top of what is held. Costs what the batch holds, what members and films there are, and the parts in
 * which rows of replaced members stand.
 */
export const commitBatch = (target: Target, held: Holding, batch: Batch): Effect.Effect<Holding, StorageError, Files> =>
  Effect.gen(function* () {
    const { manifest } = held
    yield* checkLengths(failures, target.folder, entriesOf(manifest))
    const users = new Map(held.users)
    const films = new Map(held.films)
    const members = new Map(held.members)
    const updates = new Map(held.updates)
    for (const film of batch.newFilms) films.set(film.id, film)
    for (const { after } of batch.changedFilms) films.set(after.id, after)
    const replaced = new Set<number>()
    for (const { record, write } of batch.members) {
      users.set(record.username, record.userId)
      members.set(record.username, record)
      // Only a member that was read completely counts as updated.
      if (record.state === "sealed") updates.set(record.username, record.readAt)
      if (write === "replace") replaced.add(record.userId)
    }
    const isFirst = manifest.batches === 0
    const next = yield* commit(
      target,
      { ...manifest, batches: manifest.batches + 1, committedAt: batch.committedAt },
      (files) =>
        Effect.gen(function* () {
          const parts: Array<PartEntry> = []
          const removed: Array<string> = []
          for (const part of manifest.parts) {
            const ids = replaced.size === 0 ? [] : idsIn(part.users)
            const kept = ids.filter((id) => !replaced.has(id))
            if (kept.length === ids.length) parts.push(inPlace(part))
            else if (kept.length === 0) removed.push(part.name)
            else parts.push(yield* files.partWithout(part, replaced, kept))
          }
          parts.push(
            ...(yield* files.parts(
              Stream.fromIterable(batch.members.flatMap(({ ratings }) => ratings)),
              nextPart(manifest)
            ))
          )
          return {
            parts,
            removed,
            films:
              isFirst || batch.newFilms.length + batch.changedFilms.length > 0
                ? yield* files.films(films)
                : inPlace(manifest.films),
            members:
              isFirst || batch.members.length > 0
                ? yield* files.members({ users, members, updates })
                : inPlace(manifest.members)
          }
        })
    )
    return { manifest: next, users, films, members, updates }
  })

/** Commits a dataset to a folder that holds none of ours yet, in memory that does not depend on the number of ratings. */
export const commitWhole = (
  target: Target,
  held: Holding,
  { committedAt, ratings, state }: WholeDataset
): Effect.Effect<Holding, StorageError, Files> =>
  Effect.gen(function* () {
    const { films, members, updates, users } = state
    const manifest = yield* commit(
      target,
      { ...held.manifest, batches: Math.max(1, state.batches), committedAt, idGaps: idGapsIn(users) },
      (files) =>
        Effect.gen(function* () {
          return {
            parts: yield* files.parts(ratings, 1),
            removed: [],
            films: yield* files.films(films),
            members: yield* files.members(state)
          }
        })
    )
    return { manifest, users, films, members, updates }
  })
