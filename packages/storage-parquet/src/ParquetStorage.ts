/**
 * A dataset as Parquet files that pandas, Polars, Spark and DuckDB read as they are.
 *
 * @since 0.1.0
 * @module
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type CommitReceipt,
  type DatasetState,
  type OpenDataset,
  ProcessTable,
  RatingsStorage,
  type StorageError
} from "@letterboxd-ratings/core"
import { checkBytes, holdDataset, openFolder, placeOf } from "@letterboxd-ratings/storage-folder"
import { Chunk, Config, type ConfigError, Context, DateTime, Effect, Layer, Stream } from "effect"
import { commitBatch, commitWhole, emptyHolding, type Holding } from "./Commit.ts"
import { checkCompression, copyOptions } from "./Compression.ts"
import { type DuckDb, openDuckDb } from "./DuckDb.ts"
import { type Manifest, ratingsIn } from "./Manifest.ts"
import {
  entriesOf,
  findCommitted,
  isUnfinished,
  manifestOf,
  parquetFolder,
  readUnheld,
  removeFirstAttempt
} from "./ParquetFolder.ts"
import { readFilms, readMembers, readRatings } from "./ParquetFiles.ts"
import { failures, storageError, storageName } from "./StorageFailure.ts"
import { verifyFiles } from "./Verification.ts"

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
    const compression = checkCompression(options.folder, options.compression)
    return {
      name: storageName,
      place: options.folder,
      capabilities: { replaceMember: true, durable: true, exclusive: true },
      exists: Effect.zipRight(compression, parquetFolder.holdsDataset(place)).pipe(Effect.provide(services)),
      inspect: Effect.gen(function* () {
        yield* compression
        const duckDb = yield* openDuckDb(place)
        const { manifest, ...state } = yield* readUnheld(
          place,
          (found) => readHolding(duckDb, place, found),
          () => true
        )
        return {
          state: stateOf({ manifest, ...state }),
          bytes: entriesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
          committedAt: manifest.committedAt
        }
      }).pipe(Effect.scoped, Effect.provide(services)),
      verify: ({ repair }) =>
        Effect.gen(function* () {
          yield* compression
          if (repair) yield* finishCommit(place)
          return yield* readUnheld(
            place,
            (manifest) => verifyFiles(place, manifest),
            ({ problems }) => problems.length === 0
          )
        }).pipe(Effect.provide(services)),
      open: (mode) =>
        Effect.gen(function* () {
          const copyAs = copyOptions(yield* compression)
          const folder = yield* openFolder(parquetFolder, options.folder, mode)
          const duckDb = yield* openDuckDb(place)
          const opened = yield* mode._tag === "new"
            ? Effect.zipRight(
                Effect.when(removeFirstAttempt(folder.work()), () => folder.wasLeft),
                Effect.map(DateTime.now, emptyHolding)
              )
            : openExisting(duckDb, folder.work(), folder.wasLeft)
          yield* folder.finished
          const { committing, held } = yield* holdDataset(failures, options.folder, folder, opened)
          const target = () => ({ duckDb, folder: folder.work(), copyOptions: copyAs })
          const writing = (write: (holding: Holding) => Effect.Effect<Holding, StorageError, Files>) =>
            Effect.map(
              committing((holding) =>
                Effect.onError(write(holding), () =>
                  Effect.whenEffect(folder.unfinished, isUnfinished(folder.work(), holding.manifest))
                )
              ),
              receiptOf
            ).pipe(Effect.provide(services))
          const dataset: OpenDataset = {
            state: stateOf(opened),
            notes: [],
            commit: (batch) => writing((holding) => commitBatch(target(), holding, batch)),
            load: (whole) =>
              writing((holding) =>
                holding.manifest.batches > 0
                  ? storageError("AlreadyThere", options.folder, "a whole dataset can be loaded into an empty one only")
                  : commitWhole(target(), holding, whole)
              ),
            ratings: Stream.suspend(() => ratingsOf(duckDb, folder.work(), held().manifest)).pipe(
              Stream.provideContext(services)
            )
          }
          return dataset
        }).pipe(Effect.provide(services))
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: ParquetStorageOptions): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(RatingsStorage, make(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<ParquetStorageOptions>
): Layer.Layer<RatingsStorage, ConfigError.ConfigError, Services> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))

/** What the files tell, without the ratings. Changes nothing. */
const readHolding = (duckDb: DuckDb, folder: string, manifest: Manifest): Effect.Effect<Holding, StorageError, Files> =>
  Effect.gen(function* () {
    const connection = yield* duckDb.connect
    for (const entry of [manifest.members, manifest.films]) yield* checkBytes(failures, folder, entry)
    return {
      manifest,
      ...(yield* readMembers(connection, yield* placeOf(failures, folder, manifest.members))),
      films: yield* readFilms(connection, yield* placeOf(failures, folder, manifest.films))
    }
  }).pipe(Effect.scoped)

/** Reads what is there, and then finishes what a process that ended left. */
const openExisting = (duckDb: DuckDb, folder: string, wasLeft: boolean) =>
  Effect.gen(function* () {
    const manifest = yield* manifestOf(folder)
    const finish = yield* findCommitted(folder, manifest, wasLeft)
    const holding = yield* readHolding(duckDb, folder, manifest)
    yield* finish
    return holding
  })

/** Finishes what a process that ended left, for a dataset nobody has open. Damage is told by what follows. */
const finishCommit = (folder: string) =>
  Effect.zipRight(
    manifestOf(folder),
    Effect.gen(function* () {
      const held = yield* openFolder(parquetFolder, folder, { _tag: "continue" })
      yield* Effect.flatten(findCommitted(folder, yield* manifestOf(folder), held.wasLeft))
      yield* held.finished
    }).pipe(
      Effect.scoped,
      Effect.catchIf(
        ({ reason }) => reason === "Damaged",
        () => Effect.void
      )
    )
  )

const stateOf = ({ films, manifest, members, updates, users }: Holding): DatasetState => ({
  users: new Map(users),
  films: new Map(films),
  members: new Map(members),
  updates: new Map(updates),
  ratings: ratingsIn(manifest),
  batches: manifest.batches
})

const receiptOf = ({ manifest }: Holding): CommitReceipt => ({
  batches: manifest.batches,
  ratings: ratingsIn(manifest)
})

/** All ratings in the order they were committed, part by part. */
const ratingsOf = (duckDb: DuckDb, folder: string, { parts }: Manifest) =>
  Stream.unwrapScoped(
    Effect.map(duckDb.connect, (connection) =>
      Stream.flatMap(Stream.fromIterable(parts), (part) =>
        Stream.suspend(() => {
          let rows = 0
          return Stream.fromEffect(
            Effect.zipRight(checkBytes(failures, folder, part), placeOf(failures, folder, part))
          ).pipe(
            Stream.flatMap((place) =>
              Stream.concat(
                Stream.tap(readRatings(connection, place), (some) =>
                  Effect.sync(() => {
                    rows += some.length
                  })
                ),
                Stream.suspend(() =>
                  rows === part.rows
                    ? Stream.empty
                    : Stream.fail(
                        storageError(
                          "Damaged",
                          place,
                          `${rows} ratings were read where ${part.rows} were committed. Restore it from a copy`
                        )
                      )
                )
              )
            ),
            Stream.map(Chunk.unsafeFromArray),
            Stream.flattenChunks
          )
        })
      )
    )
  )
