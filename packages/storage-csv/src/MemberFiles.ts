/**
 * The files that hold one member each, `users/user_NAME_raw.csv` and `users/user_NAME_translated.csv`. They are made of
 * the rows and follow them: a commit that changes a member's rows, or what a film in them is called, writes the files of
 * that member that are there anew. Whoever removes one has it no more.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type Batch,
  type EncodedRating,
  type FilmId,
  type StorageError,
  type UserId,
  Username
} from "@letterboxd-ratings/core"
import { checksumOf, crc32Of } from "@letterboxd-ratings/storage-folder"
import { Effect, Schema, Stream } from "effect"
import {
  commitChanges,
  type FileCopies,
  type FileCopy,
  memberFilePattern,
  memberFilesFolder,
  readManifest
} from "./CommittedFiles.ts"
import { headers, rawRow, translatedRow } from "./CsvText.ts"
import type { Manifest } from "./Manifest.ts"
import { ratingBlocks } from "./RatingBlocks.ts"
import { about, failures } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path
type Kind = "raw" | "translated"
type Label = (id: FilmId) => string
type Users = ReadonlyMap<Username, UserId>

const kinds: ReadonlyArray<Kind> = ["raw", "translated"]
const isKind = Schema.is(Schema.Literal("raw", "translated"))
const isUsername = Schema.is(Username)

/** The rows of so many members are held at once. */
const membersAtOnce = 200

interface MemberFile {
  readonly username: Username
  readonly userId: UserId
  readonly kind: Kind
}

const nameOf = ({ kind, username }: MemberFile): string => `${memberFilesFolder}/user_${username}_${kind}.csv`

const headerOf = ({ kind }: MemberFile): string => (kind === "raw" ? headers.rawRatings : headers.translatedRatings)

const rowsOf = ({ kind, username }: MemberFile, ratings: ReadonlyArray<EncodedRating>, label: Label): string =>
  (kind === "raw"
    ? ratings.map(rawRow)
    : ratings.map(({ filmId, rating }) => translatedRow(username, label(filmId), rating))
  ).join("")

/** The files of members of a dataset that are there. */
const memberFilesIn = (folder: string, users: Users): Effect.Effect<ReadonlyArray<MemberFile>, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, memberFilesFolder)
    if (!(yield* about(place)(fs.exists(place)))) return []
    return (yield* about(place)(fs.readDirectory(place))).toSorted().flatMap((name): ReadonlyArray<MemberFile> => {
      const [, username, kind] = memberFilePattern.exec(name) ?? []
      const userId = isUsername(username) ? users.get(username) : undefined
      return isUsername(username) && isKind(kind) && userId !== undefined ? [{ username, userId, kind }] : []
    })
  })

/** The committed rows of some members. */
const rowsOfMembers = (folder: string, manifest: Manifest, ids: ReadonlySet<UserId>) =>
  Effect.gen(function* () {
    const rows = new Map<UserId, Array<EncodedRating>>([...ids].map((id) => [id, []]))
    if (ids.size > 0) {
      yield* Stream.runForEach(ratingBlocks(folder, manifest), (ratings) =>
        Effect.sync(() => {
          for (const rating of ratings) rows.get(rating.userId)?.push(rating)
        })
      )
    }
    return rows
  })

/** Those members, of some, who have rated one of some films. */
const ratersOf = (folder: string, manifest: Manifest, ids: ReadonlySet<UserId>, films: ReadonlySet<FilmId>) =>
  Effect.gen(function* () {
    const raters = new Set<UserId>()
    if (ids.size === 0 || films.size === 0) return raters
    yield* Stream.runForEach(ratingBlocks(folder, manifest), (ratings) =>
      Effect.sync(() => {
        for (const { filmId, userId } of ratings) if (ids.has(userId) && films.has(filmId)) raters.add(userId)
      })
    )
    return raters
  })

/**
 * - `asked`: whether each member of the batch gets files, where it has none yet.
 * - `users`, `label`: with the batch. `labelBefore`: without it. `relabelled`: the films of which they differ.
 */
export interface MemberFilesChange {
  readonly asked: boolean
  readonly batch: Batch
  readonly users: Users
  readonly label: Label
  readonly labelBefore: Label
  readonly relabelled: ReadonlySet<FilmId>
}

/**
 * The files of members that a batch changes. Costs nothing where no such file is there or asked for; else all ratings
 * are read, where the rows of a known member or the name of a film change.
 */
export const changedMemberFiles = (
  folder: string,
  manifest: Manifest,
  { asked, batch, label, labelBefore, relabelled, users }: MemberFilesChange
): FileCopies =>
  Stream.unwrap(
    Effect.gen(function* () {
      const present = yield* memberFilesIn(folder, users)
      const members = new Map(batch.members.map((member) => [member.record.userId, member]))
      const isChanged = (userId: UserId) => {
        const member = members.get(userId)
        return member !== undefined && (member.write === "replace" || member.ratings.length > 0)
      }
      const raters = yield* ratersOf(folder, manifest, new Set(present.map(({ userId }) => userId)), relabelled)
      const files = new Map<string, MemberFile>()
      for (const file of present) {
        if (isChanged(file.userId) || (file.kind === "translated" && raters.has(file.userId)))
          files.set(nameOf(file), file)
      }
      for (const {
        record: { state, userId, username }
      } of asked ? batch.members : []) {
        if (state !== "sealed" && state !== "partial") continue
        for (const kind of kinds) files.set(nameOf({ username, userId, kind }), { username, userId, kind })
      }
      const ids = [...new Set([...files.values()].map(({ userId }) => userId))]
      return Stream.fromIterable(ids).pipe(
        Stream.grouped(membersAtOnce),
        Stream.mapEffect((some) => {
          const group = new Set(some)
          const known = new Set([...group].filter((id) => members.get(id)?.isNew !== true))
          return Effect.map(rowsOfMembers(folder, manifest, known), (rows) =>
            [...files.values()]
              .filter(({ userId }) => group.has(userId))
              .map((file): FileCopy => {
                const before = rows.get(file.userId) ?? []
                const member = members.get(file.userId)
                const now =
                  member === undefined
                    ? before
                    : member.write === "replace"
                      ? member.ratings
                      : [...before, ...member.ratings]
                return {
                  name: nameOf(file),
                  text: headerOf(file) + rowsOf(file, now, label),
                  before: headerOf(file) + rowsOf(file, before, labelBefore)
                }
              })
          )
        }),
        Stream.flatMap(Stream.fromIterable)
      )
    })
  )

/** A file that does not hold what the rows say, and where that was seen. */
export interface StaleMemberFile extends MemberFile {
  readonly place: string
}

/**
 * Finds the files of members that do not hold the rows of theirs. Reads all ratings once where there is such a file, and
 * holds nothing of them.
 */
export const staleMemberFiles = (
  folder: string,
  manifest: Manifest,
  users: Users,
  label: Label
): Effect.Effect<ReadonlyArray<StaleMemberFile>, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const present = yield* memberFilesIn(folder, users)
    if (present.length === 0) return []
    const encoder = new TextEncoder()
    const sums = new Map(
      present.map((file) => {
        const header = encoder.encode(headerOf(file))
        return [file, { bytes: header.length, crc32: crc32Of(header) }]
      })
    )
    const withFiles = new Set(present.map(({ userId }) => userId))
    yield* Stream.runForEach(ratingBlocks(folder, manifest), (ratings) =>
      Effect.sync(() => {
        const own = new Map<UserId, Array<EncodedRating>>()
        for (const rating of ratings) {
          if (!withFiles.has(rating.userId)) continue
          const some = own.get(rating.userId)
          if (some === undefined) own.set(rating.userId, [rating])
          else some.push(rating)
        }
        if (own.size === 0) return
        for (const [file, sum] of sums) {
          const bytes = encoder.encode(rowsOf(file, own.get(file.userId) ?? [], label))
          sums.set(file, { bytes: sum.bytes + bytes.length, crc32: crc32Of(bytes, sum.crc32) })
        }
      })
    )
    const stale: Array<StaleMemberFile> = []
    for (const [file, { bytes, crc32 }] of sums) {
      const swap = manifest.copies.find(({ name }) => name === nameOf(file))?.swap
      // The last commit may not have come to the renaming of its files.
      const waiting = swap === undefined ? undefined : path.join(folder, swap)
      const place =
        waiting !== undefined && (yield* about(waiting)(fs.exists(waiting))) ? waiting : path.join(folder, nameOf(file))
      const size = Number((yield* about(place)(fs.stat(place))).size)
      if (size !== bytes || (yield* checksumOf(failures, place, size)).crc32 !== crc32)
        stale.push({ ...file, place: path.join(folder, nameOf(file)) })
    }
    // Nobody keeps a run from committing meanwhile.
    return stale.length > 0 && (yield* readManifest(folder))?.batches !== manifest.batches ? [] : stale
  })

/** What is said of a file that does not follow its rows. */
export const staleSentence = ({ place, username }: StaleMemberFile): string =>
  `${place}: it does not hold the ratings of ${username} that are in the dataset`

/** Such files as they should be. */
const rebuilt = (folder: string, manifest: Manifest, files: ReadonlyArray<StaleMemberFile>, label: Label): FileCopies =>
  Stream.fromIterable(files).pipe(
    Stream.grouped(membersAtOnce),
    Stream.mapEffect((some) => {
      const group = [...some]
      return Effect.map(rowsOfMembers(folder, manifest, new Set(group.map(({ userId }) => userId))), (rows) =>
        group.map((file): FileCopy => ({
          name: nameOf(file),
          text: headerOf(file) + rowsOf(file, rows.get(file.userId) ?? [], label)
        }))
      )
    }),
    Stream.flatMap(Stream.fromIterable)
  )

/**
 * Writes the files anew that do not hold the rows of their members, in a commit of its own, and returns sentences about
 * them. What they held is kept.
 */
export const rebuildMemberFiles = (
  folder: string,
  manifest: Manifest,
  users: Users,
  label: Label
): Effect.Effect<{ readonly manifest: Manifest; readonly notes: ReadonlyArray<string> }, StorageError, Files> =>
  Effect.gen(function* () {
    const stale = yield* staleMemberFiles(folder, manifest, users, label)
    return {
      manifest:
        stale.length === 0
          ? manifest
          : yield* commitChanges(folder, manifest, {}, rebuilt(folder, manifest, stale, label)),
      notes: stale.map(
        ({ place }) => `${place} was rebuilt from the raw ratings; what it held is kept beside it, as .uncommitted`
      )
    }
  })
