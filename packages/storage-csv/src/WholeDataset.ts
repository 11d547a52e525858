/**
 * All files of a dataset, written at once.
 */
import type { FileSystem, Path } from "@effect/platform"
import { type EncodedRating, idGapsIn, type StorageError, type WholeDataset } from "@letterboxd-ratings/core"
import { Chunk, type Effect, Stream } from "effect"
import { commitChanges, emptyManifest, type FileChange, type FilePart } from "./CommittedFiles.ts"
import {
  field,
  filmLabel,
  type FilmLabel,
  filmRow,
  headers,
  rawRow,
  recordLine,
  translatedRow,
  updateRow,
  userRow
} from "./CsvText.ts"
import type { FileNames } from "./FileNames.ts"
import type { CommittedFile, Manifest } from "./Manifest.ts"

/** So many rows are written at once. */
const rowsAtOnce = 8_192

const textOf = (ratings: Chunk.Chunk<EncodedRating>, row: (rating: EncodedRating) => string): FilePart => {
  let text = ""
  for (const rating of ratings) text += row(rating)
  return { text, rows: ratings.length }
}

/** Content that begins with the file's header. */
export const withHeader = <R>(
  file: CommittedFile,
  content: Stream.Stream<FilePart, StorageError, R>
): Stream.Stream<FilePart, StorageError, R> =>
  Stream.concat(Stream.succeed<FilePart>({ text: headers[file], rows: 0 }), content)

/** Rows that stand instead of all that the file held. */
export const rewriteRows = (file: CommittedFile, rows: ReadonlyArray<string>): FileChange => ({
  _tag: "Replace",
  content: withHeader(file, Stream.succeed<FilePart>({ text: rows.join(""), rows: rows.length }))
})

/** Commits a dataset to a folder that holds none of ours yet. Reads its ratings twice. */
export const commitWhole = (
  folder: string,
  names: FileNames,
  label: FilmLabel,
  { committedAt, ratings, state: { batches, films, members, updates, users } }: WholeDataset
): Effect.Effect<Manifest, StorageError, FileSystem.FileSystem | Path.Path> => {
  const usernames = new Map([...users].map(([username, userId]) => [userId, username]))
  const labels = new Map([...films].map(([id, film]) => [id, field(filmLabel(film, label))]))
  const ratingRows = (file: CommittedFile, row: (rating: EncodedRating) => string): FileChange => ({
    _tag: "Replace",
    content: withHeader(
      file,
      Stream.mapChunks(ratings, (chunk) =>
        Chunk.chunksOf(chunk, rowsAtOnce).pipe(Chunk.map((some) => textOf(some, row)))
      )
    )
  })
  const manifest = emptyManifest(names, { filmLabel: label, committedAt, idGaps: idGapsIn(users) })
  return commitChanges(
    folder,
    { ...manifest, batches: Math.max(0, batches - 1) },
    {
      rawRatings: ratingRows("rawRatings", rawRow),
      translatedRatings: ratingRows("translatedRatings", ({ filmId, rating, userId }) =>
        translatedRow(usernames.get(userId) ?? String(userId), labels.get(filmId) ?? String(filmId), rating)
      ),
      userMappings: rewriteRows(
        "userMappings",
        Array.from(users, ([username, userId]) => userRow(username, userId))
      ),
      filmMappings: rewriteRows(
        "filmMappings",
        Array.from(films.values(), (film) => filmRow(film, label))
      ),
      userUpdates: rewriteRows(
        "userUpdates",
        Array.from(updates, ([username, at]) => updateRow(username, at))
      ),
      memberRecords: rewriteRows(
        "memberRecords",
        [...users.keys()].flatMap((username) => {
          const record = members.get(username)
          return record === undefined ? [] : [recordLine(record)]
        })
      )
    }
  )
}
