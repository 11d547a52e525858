/**
 * What changes of tables do to each file.
 */
import type { FileSystem, Path } from "@effect/platform"
import {
  blocksOfRows,
  type DatasetChanges,
  type EncodedRating,
  type Film,
  type FilmId,
  filterBlock,
  type Keeps,
  type LinePiece,
  linesOfBlocks,
  type RowTable,
  rowTables,
  rowTablesOf,
  type StateTables,
  type StorageError,
  userIdAt,
  type UserId
} from "@letterboxd-ratings/core"
import {
  emptyEntry,
  type FileContent,
  type FileEntry,
  type FilePart,
  type FolderWriter,
  formatFieldsOf,
  inPlace,
  keepsIn
} from "@letterboxd-ratings/storage-folder"
import { Chunk, Effect, Stream } from "effect"
import { cellText, csvTable, field } from "./CsvCells.ts"
import { headersOf } from "./CsvColumns.ts"
import { type CsvFile, type CsvManifest, rowFiles } from "./CsvManifest.ts"
import type { FileNames } from "./FileNames.ts"
import { filmLabel, type FilmLabel, filmWriter, recordWriter, updateRow, userRow } from "./MappingFiles.ts"
import { ratingBlocks, rowBlocks } from "./RowFiles.ts"

type Files = FileSystem.FileSystem | Path.Path

/** So many rows are written at once. */
const rowsAtOnce = 8_192

/** What users and films are called in rows. */
export interface RowNames {
  readonly username: (id: UserId) => string
  /** Quoted where it has to be. */
  readonly film: (id: FilmId) => string
}

/** The names in a dataset. Looked up where a row asks for them, so that a commit costs what it writes. */
export const rowNames = (
  users: StateTables["users"],
  filmOf: (id: FilmId) => Film | undefined,
  label: FilmLabel
): RowNames => {
  let usernames: Map<UserId, string> | undefined
  const labels = new Map<FilmId, string>()
  return {
    username: (id) => {
      usernames ??= new Map(Array.from(users, ([username, userId]) => [userId, username]))
      return usernames.get(id) ?? String(id)
    },
    film: (id) => {
      const known = labels.get(id)
      if (known !== undefined) return known
      const film = filmOf(id)
      const text = film === undefined ? String(id) : field(filmLabel(film, label))
      labels.set(id, text)
      return text
    }
  }
}

const pieceOf: Readonly<Record<string, LinePiece["of"]>> = { userId: "member", filmId: "film", rating: "stars" }

/** The pieces of a line of ratings: with `names`, as they are translated. */
export const ratingPieces = (keeps: Keeps, names?: RowNames): ReadonlyArray<LinePiece> => {
  const columns = rowTables.ratings.columns(keeps)
  return columns.map((column, i) => {
    const of = pieceOf[column.property] ?? "rating"
    const text: LinePiece["text"] =
      names !== undefined && of === "member"
        ? ({ userId }) => names.username(userId)
        : names !== undefined && of === "film"
          ? ({ filmId }) => names.film(filmId)
          : cellText(column)
    return { of, text: (rating) => `${text(rating)}${i === columns.length - 1 ? "\n" : ","}` }
  })
}

/** How the translation of a rating is written. */
export const translation = (keeps: Keeps, names: RowNames): ((rating: EncodedRating) => string) => {
  const pieces = ratingPieces(keeps, names)
  return (rating) => pieces.map(({ text }) => text(rating)).join("")
}

const partOf = <Row>(rows: ReadonlyArray<Row>, write: (row: Row) => string): FilePart => {
  let text = ""
  for (const row of rows) text += write(row)
  return { text, rows: rows.length }
}

/** Rows as parts of a file. */
export const partsOf = <Row, R>(
  rows: Stream.Stream<Row, StorageError, R>,
  write: (row: Row) => string
): FileContent<R> =>
  Stream.mapChunks(rows, (chunk) => {
    const all = Chunk.toReadonlyArray(chunk)
    return Chunk.makeBy(Math.ceil(all.length / rowsAtOnce), (i) =>
      partOf(all.slice(i * rowsAtOnce, (i + 1) * rowsAtOnce), write)
    )
  })

/** Content that begins with the file's header. */
export const withHeader = <R>(header: string, content: FileContent<R>): FileContent<R> =>
  Stream.concat(Stream.succeed<FilePart>({ text: header, rows: 0 }), content)

/** All translated ratings of a dataset, made of its raw ones. */
export const allTranslated = (folder: string, manifest: CsvManifest, names: RowNames): FileContent => {
  const keeps = keepsIn(manifest)
  return withHeader(
    headersOf(keeps).translatedRatings,
    linesOfBlocks(ratingBlocks(folder, manifest), ratingPieces(keeps, names))
  )
}

/** Where a dataset is, and how its files are called and written. */
export interface CsvTarget {
  readonly folder: string
  readonly names: FileNames
  readonly label: FilmLabel
}

/**
 * Writes changes into the files of a dataset, and returns the manifest that tells of them. What only joins is appended;
 * a file is written anew where rows of it are replaced, films in it have another name, or its columns are others.
 */
export const writeChanges = (
  { folder, label, names }: CsvTarget,
  files: FolderWriter,
  manifest: CsvManifest,
  { after, committedAt, films, forgotten, idGaps, members, ratingBlocks: joiningBlocks, rows, updates }: DatasetChanges
): Effect.Effect<CsvManifest, StorageError, Files> =>
  Effect.gen(function* () {
    const { keeps } = after
    const keepsBefore = keepsIn(manifest)
    const headers = headersOf(keeps)
    const headersBefore = headersOf(keepsBefore)
    const hasOtherColumns = (file: CsvFile) => headers[file] !== headersBefore[file]

    /** `whole` is all that the file holds then, where it is not what it held and `added`. */
    const change = (
      file: CsvFile,
      entry: FileEntry,
      count: number,
      added: FileContent,
      whole?: FileContent
    ): Effect.Effect<FileEntry, StorageError, Files> =>
      whole !== undefined || entry.bytes === 0
        ? // A file that is new appears with its manifest: one without would look like a dataset of the original tool.
          files.write(entry.name, withHeader(headers[file], whole ?? added))
        : count === 0
          ? Effect.succeed(inPlace(entry))
          : files.append(entry, added)

    /** A file with a line for each row of a table. */
    const tableFile = <T extends Exclude<RowTable, "ratings">>(name: T) => {
      const { added, count, replaced } = rows[name]
      const file = rowFiles[name]
      const { write } = csvTable(name, keeps)
      const joining = partsOf(added, write)
      const left = Stream.map(rowBlocks(folder, manifest, name), (before) =>
        partOf(replaced.size === 0 ? before : before.filter(({ userId }) => !replaced.has(userId)), write)
      )
      return change(
        file,
        manifest.files[file] ?? emptyEntry(names[file]),
        count,
        joining,
        replaced.size > 0 || hasOtherColumns(file) ? Stream.concat(left, joining) : undefined
      )
    }
    /** A file with a line for each rating. */
    const ratingsFile = (
      file: "rawRatings" | "translatedRatings",
      pieces: ReadonlyArray<LinePiece>,
      isRewritten = false
    ) => {
      const { added, count, replaced } = rows.ratings
      const joining = linesOfBlocks(joiningBlocks ?? blocksOfRows(added), pieces)
      const left = Stream.map(ratingBlocks(folder, manifest), (before) =>
        replaced.size === 0 ? before : filterBlock(before, (row) => !replaced.has(userIdAt(before, row)))
      )
      return change(
        file,
        manifest.files[file],
        count,
        joining,
        isRewritten || replaced.size > 0 || hasOtherColumns(file)
          ? Stream.concat(linesOfBlocks(left, pieces), joining)
          : undefined
      )
    }
    const lines = <A>(some: Iterable<A>, write: (one: A) => string): FileContent =>
      Stream.suspend(() => partsOf(Stream.fromIterable(some), write))

    const usernames = new Map(members.all.map(({ userId, username }) => [userId, username]))
    const called = rowNames(after.users, (id) => after.films.get(id), label)
    const translated = ratingPieces(keeps, {
      ...called,
      username: (id) => usernames.get(id) ?? called.username(id)
    })
    const writeFilm = filmWriter(label, keeps)
    const isRelabelled = films.changed.some((film) => filmLabel(film.before, label) !== filmLabel(film.after, label))
    const areFilmsWritten =
      hasOtherColumns("filmMappings") || films.changed.some((film) => writeFilm(film.before) !== writeFilm(film.after))
    const updateLine = ({ lastUpdated, userId }: (typeof updates.added)[number]) => {
      const username = usernames.get(userId)
      return username === undefined ? "" : updateRow(username, lastUpdated)
    }
    const records = [...members.all, ...members.besides].filter(({ state }) => state !== undefined)
    const before = manifest.files
    const kept = new Set(rowTablesOf(keeps))
    const areUsersWritten = members.renamed.length > 0

    return {
      ...formatFieldsOf(keeps),
      filmLabel: manifest.filmLabel,
      batches: after.batches,
      committedAt,
      files: {
        rawRatings: yield* ratingsFile("rawRatings", ratingPieces(keeps)),
        translatedRatings: yield* ratingsFile("translatedRatings", translated, isRelabelled || areUsersWritten),
        userMappings: yield* change(
          "userMappings",
          before.userMappings,
          members.added.length,
          lines(members.added, ({ userId, username }) => userRow(username, userId)),
          areUsersWritten ? lines(after.users, ([username, userId]) => userRow(username, userId)) : undefined
        ),
        filmMappings: yield* change(
          "filmMappings",
          before.filmMappings,
          films.added.length,
          lines(films.added, writeFilm),
          areFilmsWritten ? lines(after.films.values(), writeFilm) : undefined
        ),
        userUpdates: yield* change(
          "userUpdates",
          before.userUpdates,
          updates.added.length,
          lines(updates.added, updateLine),
          updates.changed.length > 0 || areUsersWritten
            ? lines(after.updates, ([username, at]) => updateRow(username, at))
            : undefined
        ),
        memberRecords: yield* change(
          "memberRecords",
          before.memberRecords,
          records.length,
          lines(records, recordWriter(keeps)),
          // Older records of a member who is forgotten have its name.
          forgotten.size > 0 ? lines(after.members.values(), recordWriter(keeps)) : undefined
        ),
        ...(kept.has("watched") ? { watchedFilms: yield* tableFile("watched") } : {}),
        ...(kept.has("changes") ? { changes: yield* tableFile("changes"), readings: yield* tableFile("readings") } : {})
      },
      copies: files.copies(),
      idGaps
    }
  })
