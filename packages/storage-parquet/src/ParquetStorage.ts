/**
 * A dataset as Parquet files that pandas, Polars, Spark and DuckDB read as they are.
 *
 * @since 0.1.0
 * @module
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type DatasetState,
  emptyDatasetState,
  openedDataset,
  rowStreams,
  ProcessTable,
  type RatingBlock,
  RatingsStorage,
  type RowOf,
  type RowTable,
  rowTablesOf,
  type StorageError
} from "@letterboxd-ratings/core"
import {
  atPlace,
  checkBytes,
  commitsOf,
  type DatasetFolder,
  type FileEntry,
  folderToRead,
  keepsIn,
  lastCommit,
  openFolder,
  placeOf,
  readUnheld,
  recoverFolder,
  rowsOfFolder,
  type Tails
} from "@letterboxd-ratings/storage-folder"
import { Chunk, Context, DateTime, Effect, Layer, Stream } from "effect"
import { checkCompression, copyOptions } from "./Compression.ts"
import { type Connection, type DuckDb, openDuckDb, type Values } from "./DuckDb.ts"
import { writeChanges } from "./ParquetChanges.ts"
import { manifestOf, parquetFolder, parquetForm, removeFirstAttempt } from "./ParquetForm.ts"
import {
  areAmong,
  emptyManifest,
  entriesOf,
  membersName,
  type ParquetManifest,
  partsIn,
  rowCounts
} from "./ParquetManifest.ts"
import { partReading, ratingBlockReading, readFilms, readMembers } from "./ParquetTables.ts"
import { verifyFiles } from "./ParquetVerification.ts"
import { failures, storageError, storageName } from "./StorageFailure.ts"

/**
 * - `folder`: where the dataset is. Made by the first run.
 * - `compression`: `zstd` where nothing is said; `snappy`, `gzip` or `none`. Each file knows its own, so it may change
 *   from run to run.
 *
 * @since 0.1.0
 * @category models
 */
export interface ParquetStorageOptions {
  readonly folder: string
  readonly compression?: string
}

type Files = FileSystem.FileSystem | Path.Path
type Services = Files | ProcessTable

/**
 * A storage in a folder. A commit writes the batch's ratings into a part of their own, members and films anew, and the
 * parts in which rows of replaced members stand; opening costs what members, films and parts there are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: ParquetStorageOptions
): Effect.Effect<Context.Tag.Service<RatingsStorage>, never, Services> =>
  Effect.gen(function* () {
    // Only these: the context also holds this layer's own scope, and a dataset closes with its opener's.
    const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
    const path = yield* Path.Path
    const place = path.resolve(options.folder)
    const toRead = folderToRead(parquetFolder, place)
    const compression = checkCompression(options.compression)
    return {
      name: storageName,
      place: options.folder,
      exists: Effect.zipRight(compression, Effect.flatMap(toRead, parquetFolder.holdsDataset)).pipe(
        Effect.provide(services)
      ),
      inspect: Effect.gen(function* () {
        yield* compression
        const folder = yield* toRead
        const duckDb = yield* openDuckDb(place)
        return yield* readUnheld(unheld(folder), (manifest) =>
          Effect.map(Effect.zipRight(checkThere(folder, manifest), readState(duckDb, folder, manifest)), (state) => ({
            state,
            bytes: entriesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
            files: entriesOf(manifest).map(({ name }) => `${folder}/${name}`),
            committedAt: manifest.committedAt
          }))
        )
      }).pipe(Effect.scoped, Effect.provide(services)),
      verify: ({ repair }) =>
        Effect.gen(function* () {
          yield* compression
          const repaired = repair ? yield* finishCommit(place) : []
          const folder = yield* toRead
          const verified = yield* readUnheld(
            unheld(folder),
            (manifest) => verifyFiles(folder, manifest),
            ({ problems }) => problems.length === 0
          )
          return { ...verified, repaired }
        }).pipe(Effect.provide(services)),
      open: (mode) =>
        Effect.gen(function* () {
          const copyAs = copyOptions(yield* compression)
          const folder = yield* openFolder(parquetFolder, options.folder, mode)
          const duckDb = yield* openDuckDb(place)
          const opened = yield* mode._tag === "new"
            ? Effect.zipRight(
                Effect.when(removeFirstAttempt(folder.work()), () => folder.wasLeft),
                Effect.map(DateTime.now, (now) => ({
                  manifest: emptyManifest(now),
                  state: emptyDatasetState,
                  notes: []
                }))
              )
            : openExisting(duckDb, folder)
          yield* folder.finished
          const proven = new Set<string>()
          const { commit, manifest: now } = commitsOf(parquetForm, options.folder, folder, opened.manifest)
          const asOpened = rowsOfFolder(folder, unheld(folder.work()), opened.manifest)
          const reading = <A>(
            read: (place: string, manifest: ParquetManifest) => Stream.Stream<A, StorageError, Files>
          ) => Stream.suspend(() => read(folder.work(), now())).pipe(asOpened, Stream.provideContext(services))
          return yield* openedDataset({
            storage: storageName,
            place: options.folder,
            state: opened.state,
            notes: opened.notes,
            ...lastCommit(opened.manifest),
            rows: {
              ...rowStreams((name) => reading((place, manifest) => rowsOf(duckDb, place, manifest, name))),
              ratingBlocks: reading((place, manifest) => ratingBlocksIn(duckDb, place, manifest))
            },
            write: (changes) =>
              commit(changes.after.batches, (files, manifest) =>
                writeChanges({ duckDb, folder: folder.work(), copyOptions: copyAs, proven }, files, manifest, changes)
              ).pipe(Effect.map(rowCounts), Effect.provide(services))
          })
        }).pipe(Effect.provide(services))
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: ParquetStorageOptions): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(RatingsStorage, make(options))

/** Fails with `Damaged` where a file is missing: what is told of a dataset is not read from the parts. */
const checkThere = (folder: string, manifest: ParquetManifest): Effect.Effect<void, StorageError, Files> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.forEach(entriesOf(manifest), (entry) => atPlace(failures, folder, entry, (place) => fs.stat(place)), {
      discard: true
    })
  )

/** What the files tell, without the rows of the large tables. Changes nothing. */
const readState = (
  duckDb: DuckDb,
  folder: string,
  manifest: ParquetManifest
): Effect.Effect<DatasetState, StorageError, Files> =>
  Effect.gen(function* () {
    const connection = yield* duckDb.connect
    const keeps = keepsIn(manifest)
    for (const entry of [manifest.members, manifest.films]) yield* checkBytes(failures, folder, entry)
    const members = yield* readMembers(connection, yield* placeOf(failures, folder, manifest.members), keeps)
    const ids = new Set<number>(members.users.values())
    for (const table of rowTablesOf(keeps)) {
      for (const { name, users } of partsIn(manifest, table)) {
        if (!areAmong(users, ids)) {
          return yield* storageError(
            "Damaged",
            folder,
            `its manifest says that ${name} holds rows of users who are not in ${membersName}. Nothing was written`,
            { remedy: { _tag: "Verify" } }
          )
        }
      }
    }
    return {
      ...rowCounts(manifest),
      ...members,
      films: yield* readFilms(connection, yield* placeOf(failures, folder, manifest.films), keeps),
      keeps,
      batches: manifest.batches
    }
  }).pipe(Effect.scoped)

/** Finds what a process left that ended at work. No file of ours is ever appended to, so no tail of one is ours. */
const recovery = (folder: string, manifest: ParquetManifest, wasLeft: boolean, tails: Tails = "refuse") =>
  recoverFolder(parquetForm, folder, manifest, { wasLeft, tails })

const unheld = (folder: string) => ({ folder, failures, manifest: manifestOf(folder) })

/** Reads what is there, and then finishes what a process that ended left; not where the folder is not held. */
const openExisting = (duckDb: DuckDb, { isHeld, wasLeft, work }: DatasetFolder) =>
  Effect.gen(function* () {
    const folder = work()
    const lookAt = (manifest: ParquetManifest) =>
      Effect.gen(function* () {
        const finish = yield* recovery(folder, manifest, wasLeft)
        return { manifest, state: yield* readState(duckDb, folder, manifest), finish }
      })
    const { finish, ...found } = yield* isHeld
      ? Effect.flatMap(manifestOf(folder), lookAt)
      : readUnheld(unheld(folder), lookAt)
    return { ...found, notes: isHeld ? yield* finish : [] }
  })

/**
 * Finishes what a process that ended left, for a dataset nobody has open, and sets aside what somebody added to its files.
 * Damage is told by what follows.
 */
const finishCommit = (folder: string) =>
  Effect.zipRight(
    Effect.flatMap(folderToRead(parquetFolder, folder), manifestOf),
    Effect.gen(function* () {
      const held = yield* openFolder(parquetFolder, folder, { _tag: "continue" })
      const notes = yield* Effect.flatten(recovery(folder, yield* manifestOf(folder), held.wasLeft, "set-aside"))
      yield* held.finished
      return notes
    }).pipe(
      Effect.scoped,
      Effect.catchIf(
        ({ reason }) => reason === "Damaged",
        () => Effect.succeed<ReadonlyArray<string>>([])
      )
    )
  )

/** So many blocks of rows are fetched ahead, while those before them are worked on. */
const blocksAhead = 4

/** A block of columns of a file. */
interface PartBlock {
  readonly place: string
  readonly block: ReadonlyArray<Values>
}

/** All parts of a table in the order they were committed, block by block. */
const blocksOfParts = (
  duckDb: DuckDb,
  folder: string,
  manifest: ParquetManifest,
  name: RowTable,
  reading: {
    readonly blocks: (connection: Connection, place: string) => Stream.Stream<ReadonlyArray<Values>, StorageError>
  }
): Stream.Stream<PartBlock, StorageError, Files> =>
  Stream.unwrapScoped(
    Effect.map(duckDb.connect, (connection) => {
      const blocksOf = (part: FileEntry) =>
        Effect.gen(function* () {
          yield* checkBytes(failures, folder, part)
          const place = yield* placeOf(failures, folder, part)
          let rows = 0
          return Stream.concat(
            Stream.map(reading.blocks(connection, place), (block) => {
              rows += block[0]?.length ?? 0
              return { place, block }
            }),
            Stream.suspend(() =>
              rows === part.rows
                ? Stream.empty
                : Stream.fail(
                    storageError(
                      "Damaged",
                      place,
                      `${rows} rows were read where ${part.rows} were committed. Restore it from a copy`
                    )
                  )
            )
          )
        })
      return Stream.fromIterable(partsIn(manifest, name)).pipe(
        Stream.flatMap((part) => Stream.unwrap(blocksOf(part))),
        Stream.buffer({ capacity: blocksAhead })
      )
    })
  )

/** All rows of a table in their order. */
const rowsOf = <T extends RowTable>(
  duckDb: DuckDb,
  folder: string,
  manifest: ParquetManifest,
  name: T
): Stream.Stream<RowOf<T>, StorageError, Files> => {
  const reading = partReading(name, keepsIn(manifest))
  return blocksOfParts(duckDb, folder, manifest, name, reading).pipe(
    Stream.mapEffect(({ block, place }) => Effect.map(reading.rowsOf(place, block), Chunk.unsafeFromArray)),
    Stream.flattenChunks
  )
}

/** All ratings in their order, by columns. */
const ratingBlocksIn = (
  duckDb: DuckDb,
  folder: string,
  manifest: ParquetManifest
): Stream.Stream<RatingBlock, StorageError, Files> => {
  const reading = ratingBlockReading(keepsIn(manifest))
  return Stream.mapEffect(blocksOfParts(duckDb, folder, manifest, "ratings", reading), ({ block, place }) =>
    reading.blockOf(place, block)
  )
}
