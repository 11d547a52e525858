/**
 * A dataset as CSV files that people and other programs read as they are.
 *
 * @since 0.1.0
 * @module
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type Batch,
  type CommitReceipt,
  type DatasetState,
  type DatasetSummary,
  type EncodedRating,
  type Film,
  type FilmId,
  type OpenDataset,
  ProcessTable,
  RatingsStorage,
  type StorageError,
  type UserId,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import {
  checkLengths,
  type DatasetFolder,
  freeName,
  holdDataset,
  manifestName,
  openFolder,
  stamp
} from "@letterboxd-ratings/storage-folder"
import { Config, type ConfigError, Context, DateTime, Effect, Layer, Stream } from "effect"
import { adopt } from "./Adoption.ts"
import {
  commitChanges,
  emptyManifest,
  type FileChange,
  type FileCopies,
  type FilePart,
  isUnfinished,
  readCommitted,
  readManifest,
  recoverFiles,
  removeFirstAttempt
} from "./CommittedFiles.ts"
import { csvFolder } from "./CsvFolder.ts"
import {
  field,
  filmLabel,
  type FilmLabel,
  filmRow,
  headers,
  rawRow,
  readFilms,
  readRecords,
  readUpdates,
  readUsers,
  recordLine,
  translatedRow,
  updateRow,
  userRow
} from "./CsvText.ts"
import { checkFileNames, defaultFileNames, type FileNames, memberRecordsName } from "./FileNames.ts"
import type { CommittedFile, Manifest } from "./Manifest.ts"
import { changedMemberFiles, rebuildMemberFiles } from "./MemberFiles.ts"
import { ratingBlocks } from "./RatingBlocks.ts"
import { about, failures, storageError, storageName } from "./StorageFailure.ts"
import { verifyFolder } from "./Verification.ts"
import { nothingThere } from "./WhatIsThere.ts"
import { commitWhole, rewriteRows, withHeader } from "./WholeDataset.ts"

/**
 * - `folder`: where the files are. Made by the first run.
 * - `files`: names other than the default ones.
 * - `filmLabel`: what films are called in the mapping and the translated file: `Title (Year)`, or the slug, as the
 *   original tool wrote. It stays the same for the life of a dataset.
 * - `versioned`: whether each batch's raw rows are written into a file of their own too.
 * - `memberFiles`: whether each member of a batch gets two files of its own too, `users/user_<name>_raw.csv` and
 *   `users/user_<name>_translated.csv`.
 *
 * @since 0.1.0
 * @category models
 */
export interface CsvStorageOptions {
  readonly folder: string
  readonly files: Partial<FileNames>
  readonly filmLabel: FilmLabel
  readonly versioned: boolean
  readonly memberFiles: boolean
}

/**
 * The options without a folder, as they are where nothing is said.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults: Omit<CsvStorageOptions, "folder"> = {
  files: {},
  filmLabel: "title",
  versioned: false,
  memberFiles: false
}

type Services = FileSystem.FileSystem | Path.Path | ProcessTable

/**
 * A storage in a folder. A commit costs what the batch holds, unless it renames films or rewrites members, which
 * rewrites the ratings once; opening costs what the mappings hold.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: CsvStorageOptions): Effect.Effect<Context.Tag.Service<RatingsStorage>, never, Services> =>
  Effect.gen(function* () {
    // Only these: the context also holds this layer's own scope, and a dataset closes with its opener's.
    const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
    const chosen = checkFileNames(options.folder, { ...defaultFileNames, ...options.files })
    return {
      name: storageName,
      place: options.folder,
      capabilities: { replaceMember: true, durable: true, exclusive: true },
      inspect: Effect.flatMap(chosen, (names) => inspect(options, names)).pipe(Effect.provide(services)),
      verify: ({ repair }) =>
        Effect.flatMap(chosen, (names) => verifyFolder(options.folder, names, repair)).pipe(Effect.provide(services)),
      exists: Effect.flatMap(chosen, (names) => csvFolder(names).holdsDataset(options.folder)).pipe(
        Effect.provide(services)
      ),
      open: (mode) =>
        Effect.gen(function* () {
          const names = yield* chosen
          const folder = yield* openFolder(csvFolder(names), options.folder, mode).pipe(
            Effect.catchIf(
              ({ reason }) => reason === "NothingThere",
              () => nothingThere(options.folder, names)
            )
          )
          return yield* mode._tag === "new" ? openEmpty(options, names, folder) : openExisting(options, names, folder)
        }).pipe(Effect.provide(services))
    }
  })

/**
 * A folder of CSV files as the storage of a program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: CsvStorageOptions): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(RatingsStorage, make(options))

/**
 * `layer`, with options from the configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<CsvStorageOptions>
): Layer.Layer<RatingsStorage, ConfigError.ConfigError, Services> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))

/** What an open dataset knows without reading ratings, changed by each commit. */
interface Holding {
  readonly manifest: Manifest
  readonly users: Map<Username, UserId>
  readonly films: Map<FilmId, Film>
  readonly updates: Map<Username, DateTime.Utc>
  readonly members: DatasetState["members"]
}

const openEmpty = (options: CsvStorageOptions, names: FileNames, folder: DatasetFolder) =>
  Effect.gen(function* () {
    if (folder.wasLeft) yield* Effect.zipRight(removeFirstAttempt(folder.work(), names), folder.finished)
    const manifest = emptyManifest(names, { filmLabel: options.filmLabel, committedAt: yield* DateTime.now, idGaps: 0 })
    return yield* openDataset(options, names, folder, {
      manifest,
      users: new Map(),
      films: new Map(),
      updates: new Map(),
      members: new Map()
    })
  })

const openExisting = (options: CsvStorageOptions, names: FileNames, folder: DatasetFolder) =>
  Effect.gen(function* () {
    const place = folder.work()
    const nothing = emptyManifest(names, { filmLabel: options.filmLabel, committedAt: yield* DateTime.now, idGaps: 0 })
    const isForeign = (yield* readManifest(place)) === undefined
    if (isForeign && folder.wasLeft) yield* removeFirstAttempt(place, names)
    const notes = isForeign
      ? yield* Effect.onError(adoptForeign(options, names, place), () => leaveIfUnfinished(folder, nothing, names))
      : []
    const manifest = yield* existingManifest(options, names, place)
    yield* checkOptions(options, names, manifest)
    const recovered = yield* recoverFiles(place, manifest, names.rawRatingsPrefix, folder.wasLeft ? "cut" : "refuse")
    yield* folder.finished
    const holding = yield* readHolding(place, manifest)
    if (!isForeign) return yield* openDataset(options, names, folder, holding, recovered)
    // The original tool's files of single members are as old as their last reading.
    const { films, users } = holding
    const followed = yield* rebuildMemberFiles(
      place,
      manifest,
      users,
      labelIn(options, (id) => films.get(id))
    ).pipe(Effect.onError(() => leaveIfUnfinished(folder, manifest, names)))
    return yield* openDataset(options, names, folder, { ...holding, manifest: followed.manifest }, [
      ...notes,
      ...recovered,
      ...followed.notes
    ])
  })

/** Has the lock say so where a commit on top of a manifest failed and left something. */
const leaveIfUnfinished = (folder: DatasetFolder, manifest: Manifest, names: FileNames) =>
  Effect.whenEffect(folder.unfinished, isUnfinished(folder.work(), manifest, names.rawRatingsPrefix))

/** Takes over a dataset of the original tool. One of ours that lost its manifest is none: its member records tell more. */
const adoptForeign = (options: CsvStorageOptions, names: FileNames, place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const records = path.join(place, memberRecordsName)
    if (yield* about(records)(fs.exists(records))) {
      return yield* storageError(
        "Damaged",
        path.join(place, manifestName),
        `the file is missing, and ${memberRecordsName} shows that this dataset had one. Nothing was written. Restore it from a copy`
      )
    }
    return yield* adopt(place, names, options.filmLabel)
  })

const existingManifest = (options: CsvStorageOptions, names: FileNames, place: string) =>
  Effect.flatMap(readManifest(place), (manifest) =>
    manifest === undefined ? nothingThere(options.folder, names) : Effect.succeed(manifest)
  )

/** What the files of a folder tell, without its ratings. Changes nothing. */
const readHolding = (place: string, manifest: Manifest) =>
  Effect.gen(function* () {
    const read = <A>(file: CommittedFile, decode: (place: string, text: string) => Effect.Effect<A, StorageError>) =>
      Effect.flatMap(readCommitted(place, manifest.files[file]), ({ text, where }) => decode(where, text))
    const holding: Holding = {
      manifest,
      users: yield* read("userMappings", readUsers),
      films: yield* read("filmMappings", readFilms),
      updates: yield* read("userUpdates", readUpdates),
      members: yield* read("memberRecords", readRecords)
    }
    return holding
  })

const stateOf = ({ films, manifest, members, updates, users }: Holding): DatasetState => ({
  users: new Map(users),
  films: new Map(films),
  members: new Map(members),
  updates: new Map(updates),
  ratings: manifest.files.rawRatings.rows,
  batches: manifest.batches
})

/** Tells what is there without locking it: another process may be adding to it, and the manifest says up to where. */
const inspect = (options: CsvStorageOptions, names: FileNames): Effect.Effect<DatasetSummary, StorageError, Services> =>
  Effect.gen(function* () {
    const manifest = yield* existingManifest(options, names, options.folder)
    const holding = yield* readHolding(options.folder, manifest)
    return {
      state: stateOf(holding),
      bytes: Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0),
      committedAt: manifest.committedAt
    }
  })

const checkOptions = (
  options: CsvStorageOptions,
  names: FileNames,
  manifest: Manifest
): Effect.Effect<void, StorageError> =>
  Effect.gen(function* () {
    if (manifest.filmLabel !== options.filmLabel) {
      return yield* storageError(
        "InvalidOption",
        options.folder,
        `this dataset calls films by ${manifest.filmLabel}, not by ${options.filmLabel}. Go on with --film-label ${manifest.filmLabel}, or start a new dataset`
      )
    }
    for (const file of ["rawRatings", "translatedRatings", "userMappings", "filmMappings", "userUpdates"] as const) {
      if (manifest.files[file].name !== names[file]) {
        return yield* storageError(
          "InvalidOption",
          options.folder,
          `files.${file} is ${names[file]}, but in this dataset the file is called ${manifest.files[file].name}. Use that name`
        )
      }
    }
  })

const openDataset = (
  options: CsvStorageOptions,
  names: FileNames,
  folder: DatasetFolder,
  opened: Holding,
  notes: ReadonlyArray<string> = []
): Effect.Effect<OpenDataset, never, Services> =>
  Effect.gen(function* () {
    const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
    const { committing, held } = yield* holdDataset(failures, options.folder, folder, opened)
    const receipt = ({ manifest }: Holding): CommitReceipt => ({
      batches: manifest.batches,
      ratings: manifest.files.rawRatings.rows
    })

    const commit = (batch: Batch) => (holding: Holding) =>
      Effect.gen(function* () {
        const { manifest } = holding
        yield* checkLengths(failures, folder.work(), Object.values(manifest.files))
        const next = yield* commitChanges(
          folder.work(),
          { ...manifest, committedAt: batch.committedAt },
          changedBy(options, folder.work(), holding, batch),
          copiesOf(options, folder.work(), names, holding, batch)
        ).pipe(Effect.onError(() => leaveIfUnfinished(folder, manifest, names)))
        return { ...holding, manifest: next }
      })

    const load =
      (whole: WholeDataset) =>
      ({ manifest: { batches } }: Holding) =>
        Effect.gen(function* () {
          if (batches > 0)
            return yield* storageError(
              "AlreadyThere",
              options.folder,
              "a whole dataset can be loaded into an empty one only"
            )
          const manifest = yield* commitWhole(folder.work(), names, options.filmLabel, whole)
          const { films, members, updates, users } = whole.state
          return { manifest, users: new Map(users), films: new Map(films), updates: new Map(updates), members }
        })

    return {
      state: stateOf(opened),
      notes,
      commit: (batch) => Effect.map(committing(commit(batch)), receipt).pipe(Effect.provide(services)),
      load: (whole) => Effect.map(committing(load(whole)), receipt).pipe(Effect.provide(services)),
      ratings: Stream.suspend(() => ratingsOf(folder.work(), held().manifest)).pipe(Stream.provideContext(services))
    }
  })

// Blocks are larger than what a fold over a stream can take at once.
const ratingsOf = (folder: string, manifest: Manifest) =>
  Stream.flatMap(ratingBlocks(folder, manifest), Stream.fromIterable)

/** Notes a batch in what is known, and says what it does to each file. */
const changedBy = (
  options: CsvStorageOptions,
  folder: string,
  { films, manifest, updates, users }: Holding,
  batch: Batch
): Readonly<Record<CommittedFile, FileChange>> => {
  const usernames = new Map<UserId, Username>()
  const replaced = new Set<UserId>()
  let userRows = ""
  let userCount = 0
  let updateRows = ""
  let updateCount = 0
  let updatesChange = false

  for (const { isNew, record, write } of batch.members) {
    usernames.set(record.userId, record.username)
    if (isNew) {
      users.set(record.username, record.userId)
      userRows += userRow(record.username, record.userId)
      userCount += 1
    }
    if (write === "replace") replaced.add(record.userId)
    // Only a member that was read completely counts as updated.
    if (record.state === "sealed") {
      updatesChange ||= updates.has(record.username)
      updates.set(record.username, record.readAt)
      updateRows += updateRow(record.username, record.readAt)
      updateCount += 1
    }
  }
  for (const film of batch.newFilms) films.set(film.id, film)
  const relabelled = batch.changedFilms.filter(
    ({ after, before }) => filmRow(before, options.filmLabel) !== filmRow(after, options.filmLabel)
  )
  for (const { after } of batch.changedFilms) films.set(after.id, after)

  const quoted = new Map<FilmId, string>()
  const label = (id: FilmId): string => {
    const known = quoted.get(id)
    if (known !== undefined) return known
    const film = films.get(id)
    const text = film === undefined ? String(id) : field(filmLabel(film, options.filmLabel))
    quoted.set(id, text)
    return text
  }
  const rawPart = (ratings: Iterable<EncodedRating>): FilePart => {
    const rows = Array.from(ratings, rawRow)
    return { text: rows.join(""), rows: rows.length }
  }
  const translatedPart = (ratings: Iterable<EncodedRating>): FilePart => {
    const rows = Array.from(ratings, ({ filmId, rating, userId }) =>
      translatedRow(usernames.get(userId) ?? String(userId), label(filmId), rating)
    )
    return { text: rows.join(""), rows: rows.length }
  }

  const own = batch.members.flatMap((member) => member.ratings)
  const rewrite = (file: CommittedFile, part: (ratings: ReadonlyArray<EncodedRating>) => FilePart): FileChange => {
    for (const [username, userId] of users) usernames.set(userId, username)
    const kept = ratingBlocks(folder, manifest).pipe(
      Stream.map((ratings) =>
        part(replaced.size === 0 ? ratings : ratings.filter(({ userId }) => !replaced.has(userId)))
      )
    )
    return {
      _tag: "Replace",
      content: withHeader(
        file,
        Stream.concat(
          kept,
          Stream.sync(() => part(own))
        )
      )
    }
  }
  const append = (file: CommittedFile, part: FilePart): FileChange => ({
    _tag: "Append",
    text: manifest.files[file].bytes === 0 ? headers[file] + part.text : part.text,
    rows: part.rows
  })

  const relabels = relabelled.some(
    ({ after, before }) => filmLabel(before, options.filmLabel) !== filmLabel(after, options.filmLabel)
  )
  return {
    rawRatings: replaced.size > 0 ? rewrite("rawRatings", rawPart) : append("rawRatings", rawPart(own)),
    translatedRatings:
      replaced.size > 0 || relabels
        ? rewrite("translatedRatings", translatedPart)
        : append("translatedRatings", translatedPart(own)),
    userMappings: append("userMappings", { text: userRows, rows: userCount }),
    filmMappings:
      relabelled.length > 0
        ? rewriteRows(
            "filmMappings",
            Array.from(films.values(), (film) => filmRow(film, options.filmLabel))
          )
        : append("filmMappings", {
            text: batch.newFilms.map((film) => filmRow(film, options.filmLabel)).join(""),
            rows: batch.newFilms.length
          }),
    userUpdates: updatesChange
      ? rewriteRows(
          "userUpdates",
          Array.from(updates, ([username, at]) => updateRow(username, at))
        )
      : append("userUpdates", { text: updateRows, rows: updateCount }),
    memberRecords: append("memberRecords", {
      text: batch.members.map(({ record }) => recordLine(record)).join(""),
      rows: batch.members.length
    })
  }
}

/** What films are called in rows. */
const labelIn =
  (options: CsvStorageOptions, known: (id: FilmId) => Film | undefined) =>
  (id: FilmId): string => {
    const film = known(id)
    return film === undefined ? String(id) : field(filmLabel(film, options.filmLabel))
  }

/** Files that are written with a batch and never read back: its raw rows, and those of single members. */
const copiesOf = (
  options: CsvStorageOptions,
  folder: string,
  names: FileNames,
  { films, manifest, users }: Holding,
  batch: Batch
): FileCopies => {
  const before = new Map(batch.changedFilms.map((change) => [change.before.id, change.before]))
  const versioned = Effect.gen(function* () {
    const path = yield* Path.Path
    const place = yield* freeName(
      failures,
      path.join(folder, `${names.rawRatingsPrefix}_${stamp(batch.committedAt)}`),
      ".csv"
    )
    const rows = batch.members.flatMap((member) => member.ratings.map(rawRow))
    return { name: path.basename(place), text: headers.rawRatings + rows.join("") }
  })
  return Stream.concat(
    options.versioned ? Stream.fromEffect(versioned) : Stream.empty,
    changedMemberFiles(folder, manifest, {
      asked: options.memberFiles,
      batch,
      users,
      label: labelIn(options, (id) => films.get(id)),
      labelBefore: labelIn(options, (id) => before.get(id) ?? films.get(id)),
      relabelled: new Set(
        batch.changedFilms
          .filter(
            (change) => filmLabel(change.before, options.filmLabel) !== filmLabel(change.after, options.filmLabel)
          )
          .map(({ after }) => after.id)
      )
    })
  )
}
