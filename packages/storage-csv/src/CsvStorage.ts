/**
 * A dataset as CSV files that people and other programs read as they are.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type Batch,
  type DatasetState,
  type EncodedRating,
  type Film,
  type FilmId,
  type OpenDataset,
  ProcessTable,
  RatingsStorage,
  type StorageError,
  type UserId,
  type Username
} from "@letterboxd-ratings/core"
import { Config, type ConfigError, Context, DateTime, Effect, Either, Layer, Stream } from "effect"
import { checkContent, commitChanges, committedLines, emptyEntry, type FileChange, type FilePart, readManifest, recoverFiles } from "./CommittedFiles.ts"
import {
  field,
  filmLabel,
  type FilmLabel,
  filmRow,
  headers,
  rawRow,
  readFilms,
  readRawRow,
  readRecords,
  readUpdates,
  readUsers,
  recordLine,
  updateRow,
  userRow
} from "./CsvText.ts"
import { type DatasetFolder, freeName, holdsDataset, openFolder, stamp } from "./DatasetFolder.ts"
import { checkFileNames, defaultFileNames, type FileNames, memberRecordsName } from "./FileNames.ts"
import type { CommittedFile, Manifest } from "./Manifest.ts"
import { about, storageError, storageName } from "./StorageFailure.ts"

/**
 * - `folder`: where the files are. Made by the first run.
 * - `files`: names other than the default ones.
 * - `filmLabel`: what films are called in the mapping and the translated file: `Title (Year)`, or the slug, as the
 *   original tool wrote. It stays the same for the life of a dataset.
 * - `versioned`: whether each batch's raw rows are written into a file of their own too.
 *
 * @since 0.1.0
 * @category models
 */
export interface CsvStorageOptions {
  readonly folder: string
  readonly files: Partial<FileNames>
  readonly filmLabel: FilmLabel
  readonly versioned: boolean
}

/**
 * The options without a folder, as they are where nothing is said.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults: Omit<CsvStorageOptions, "folder"> = { files: {}, filmLabel: "title", versioned: false }

type Services = FileSystem.FileSystem | Path.Path | ProcessTable

/**
 * A storage in a folder. A commit costs what the batch holds, unless it renames films or rewrites members, which
 * rewrites the ratings once; opening costs what the mappings hold.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: CsvStorageOptions
): Effect.Effect<Context.Tag.Service<RatingsStorage>, never, Services> =>
  Effect.gen(function*() {
    // Only these: the context also holds this layer's own scope, and a dataset closes with its opener's.
    const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
    const chosen = checkFileNames(options.folder, { ...defaultFileNames, ...options.files })
    return {
      name: storageName,
      place: options.folder,
      capabilities: { replaceMember: true, durable: true, exclusive: true },
      exists: Effect.flatMap(chosen, (names) => holdsDataset(options.folder, names)).pipe(Effect.provide(services)),
      open: (mode) =>
        Effect.gen(function*() {
          const names = yield* chosen
          const folder = yield* openFolder(options.folder, names, mode)
          return yield* mode._tag === "new" ? openEmpty(options, names, folder) : openExisting(options, names, folder)
        }).pipe(Effect.provide(services))
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: CsvStorageOptions): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(RatingsStorage, make(options))

/**
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
  Effect.gen(function*() {
    const manifest: Manifest = {
      format: 1,
      filmLabel: options.filmLabel,
      batches: 0,
      committedAt: yield* DateTime.now,
      files: {
        rawRatings: emptyEntry(names.rawRatings),
        translatedRatings: emptyEntry(names.translatedRatings),
        userMappings: emptyEntry(names.userMappings),
        filmMappings: emptyEntry(names.filmMappings),
        userUpdates: emptyEntry(names.userUpdates),
        memberRecords: emptyEntry(memberRecordsName)
      }
    }
    return yield* openDataset(options, names, folder, {
      manifest,
      users: new Map(),
      films: new Map(),
      updates: new Map(),
      members: new Map()
    })
  })

const openExisting = (options: CsvStorageOptions, names: FileNames, folder: DatasetFolder) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = folder.work()
    const manifest = yield* readManifest(place)
    if (manifest === undefined) return yield* withoutManifest(place)
    yield* checkOptions(options, names, manifest)
    yield* recoverFiles(place, manifest, names.rawRatingsPrefix)
    const read = <A>(file: CommittedFile, decode: (place: string, text: string) => Effect.Effect<A, StorageError>) => {
      const where = path.join(place, manifest.files[file].name)
      return about(where)(fs.readFile(where)).pipe(
        Effect.tap((bytes) => checkContent(where, bytes, manifest.files[file])),
        Effect.flatMap((bytes) => decode(where, new TextDecoder().decode(bytes)))
      )
    }
    return yield* openDataset(options, names, folder, {
      manifest,
      users: yield* read("userMappings", readUsers),
      films: yield* read("filmMappings", readFilms),
      updates: yield* read("userUpdates", readUpdates),
      members: yield* read("memberRecords", readRecords)
    })
  })

const withoutManifest = (place: string): Effect.Effect<never, StorageError> =>
  Effect.fail(storageError(
    "Damaged",
    place,
    "there are files of a dataset but no manifest.json. Datasets of the original tool cannot be taken over yet. Nothing was written"
  ))

const checkOptions = (options: CsvStorageOptions, names: FileNames, manifest: Manifest): Effect.Effect<void, StorageError> =>
  Effect.gen(function*() {
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
  opened: Holding
): Effect.Effect<OpenDataset, never, Services> =>
  Effect.gen(function*() {
    const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
    const oneCommit = yield* Effect.makeSemaphore(1)
    let holding = opened
    let broken = false

    const commit = (batch: Batch) =>
      Effect.gen(function*() {
        if (broken) {
          return yield* storageError("Failed", options.folder, "an earlier batch could not be committed. Open the dataset again")
        }
        // Until this commit is through, what is on disk is known to the next opener only.
        broken = true
        const { manifest } = holding
        const next = yield* commitChanges(
          folder.work(),
          { ...manifest, committedAt: batch.committedAt },
          changedBy(options, folder.work(), holding, batch),
          options.versioned ? yield* versionedCopy(folder.work(), names, batch) : undefined
        )
        yield* folder.settle
        holding = { ...holding, manifest: next }
        broken = false
        return { batches: next.batches, ratings: next.files.rawRatings.rows }
      })

    return {
      state: {
        users: new Map(opened.users),
        films: new Map(opened.films),
        members: opened.members,
        updates: new Map(opened.updates),
        ratings: opened.manifest.files.rawRatings.rows,
        batches: opened.manifest.batches
      },
      commit: (batch) => oneCommit.withPermits(1)(commit(batch)).pipe(Effect.provide(services)),
      ratings: Stream.suspend(() => ratingsOf(folder.work(), holding.manifest)).pipe(Stream.provideContext(services))
    }
  })

/** All committed ratings, in the order they were committed, in blocks. */
const ratingBlocks = (folder: string, manifest: Manifest) => {
  let line = 1
  return committedLines(folder, manifest.files.rawRatings, headers.rawRatings).pipe(
    Stream.mapEffect((rows) =>
      Effect.gen(function*() {
        const ratings: Array<EncodedRating> = []
        for (const row of rows) {
          line += 1
          const rating = readRawRow(`${folder}/${manifest.files.rawRatings.name}`, row, line)
          if (Either.isLeft(rating)) return yield* rating.left
          ratings.push(rating.right)
        }
        return ratings
      })
    )
  )
}

const ratingsOf = (folder: string, manifest: Manifest) =>
  Stream.flattenIterables(ratingBlocks(folder, manifest))

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
  const relabelled = batch.changedFilms.filter(({ after, before }) => filmRow(before, options.filmLabel) !== filmRow(after, options.filmLabel))
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
    const rows = Array.from(
      ratings,
      ({ filmId, rating, userId }) => `${usernames.get(userId) ?? userId},${label(filmId)},${rating.toFixed(1)}\n`
    )
    return { text: rows.join(""), rows: rows.length }
  }

  const own = batch.members.flatMap((member) => member.ratings)
  const rewrite = (file: CommittedFile, part: (ratings: ReadonlyArray<EncodedRating>) => FilePart): FileChange => {
    for (const [username, userId] of users) usernames.set(userId, username)
    const kept = ratingBlocks(folder, manifest).pipe(
      Stream.map((ratings) => part(replaced.size === 0 ? ratings : ratings.filter(({ userId }) => !replaced.has(userId))))
    )
    return { _tag: "Replace", content: withHeader(file, Stream.concat(kept, Stream.sync(() => part(own)))) }
  }
  const append = (file: CommittedFile, part: FilePart): FileChange => ({
    _tag: "Append",
    text: manifest.files[file].bytes === 0 ? headers[file] + part.text : part.text,
    rows: part.rows
  })

  const relabels = relabelled.some(({ after, before }) => filmLabel(before, options.filmLabel) !== filmLabel(after, options.filmLabel))
  return {
    rawRatings: replaced.size > 0 ? rewrite("rawRatings", rawPart) : append("rawRatings", rawPart(own)),
    translatedRatings: replaced.size > 0 || relabels
      ? rewrite("translatedRatings", translatedPart)
      : append("translatedRatings", translatedPart(own)),
    userMappings: append("userMappings", { text: userRows, rows: userCount }),
    filmMappings: relabelled.length > 0
      ? rewriteRows("filmMappings", Array.from(films.values(), (film) => filmRow(film, options.filmLabel)))
      : append("filmMappings", {
        text: batch.newFilms.map((film) => filmRow(film, options.filmLabel)).join(""),
        rows: batch.newFilms.length
      }),
    userUpdates: updatesChange
      ? rewriteRows("userUpdates", Array.from(updates, ([username, at]) => updateRow(username, at)))
      : append("userUpdates", { text: updateRows, rows: updateCount }),
    memberRecords: append("memberRecords", {
      text: batch.members.map(({ record }) => recordLine(record)).join(""),
      rows: batch.members.length
    })
  }
}

const withHeader = <R>(file: CommittedFile, content: Stream.Stream<FilePart, StorageError, R>): Stream.Stream<FilePart, StorageError, R> =>
  Stream.concat(Stream.succeed<FilePart>({ text: headers[file], rows: 0 }), content)

const rewriteRows = (file: CommittedFile, rows: ReadonlyArray<string>): FileChange => ({
  _tag: "Replace",
  content: withHeader(file, Stream.succeed<FilePart>({ text: rows.join(""), rows: rows.length }))
})

/** The batch's raw rows in a file of their own. It is a copy: nothing ever reads it back. */
const versionedCopy = (folder: string, names: FileNames, batch: Batch) =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const place = yield* freeName(path.join(folder, `${names.rawRatingsPrefix}_${stamp(batch.committedAt)}`), ".csv")
    const rows = batch.members.flatMap((member) => member.ratings.map(rawRow))
    return { name: path.basename(place), text: headers.rawRatings + rows.join("") }
  })
