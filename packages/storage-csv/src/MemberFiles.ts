/**
 * The files that hold one member each, `users/user_NAME_raw.csv` and `users/user_NAME_translated.csv`. They are made of
 * the rows and follow them: a commit that changes a member's rows, or what a film in them is called, writes the files of
 * that member that are there anew. Whoever removes one has it no more.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type DatasetChanges,
  type EncodedRating,
  type FilmId,
  forEachRating,
  type Keeps,
  runForEachRating,
  type StorageError,
  type UserId,
  Username
} from "@letterboxd-ratings/core"
import {
  checksumOf,
  commitFolder,
  crc32Of,
  type FileCopy,
  type FilePart,
  type FolderForm,
  type FolderWriter,
  keepsIn,
  placeOf,
  readManifest
} from "@letterboxd-ratings/storage-folder"
import { Chunk, Effect, Schema, Stream } from "effect"
import { csvTable } from "./CsvCells.ts"
import { type RowNames, translation } from "./CsvChanges.ts"
import { headersOf } from "./CsvColumns.ts"
import { type CsvManifest, entriesInPlace } from "./CsvManifest.ts"
import { memberFilePattern, memberFilesFolder } from "./FileNames.ts"
import { ratingBlocks } from "./RowFiles.ts"
import { about, failures } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path
type Kind = "raw" | "translated"
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

/** The text of files of members, by what the dataset keeps and what its films are called. */
interface MemberText {
  readonly header: (file: MemberFile) => string
  readonly rows: (file: MemberFile, ratings: ReadonlyArray<EncodedRating>) => string
}

const memberText = (keeps: Keeps, names: RowNames): MemberText => {
  const { rawRatings, translatedRatings } = headersOf(keeps)
  const raw = csvTable("ratings", keeps).write
  const translated = translation(keeps, names)
  return {
    header: ({ kind }) => (kind === "raw" ? rawRatings : translatedRatings),
    rows: ({ kind }, ratings) => ratings.map(kind === "raw" ? raw : translated).join("")
  }
}

const wholeText = ({ header, rows }: MemberText, file: MemberFile, ratings: ReadonlyArray<EncodedRating>): string =>
  header(file) + rows(file, ratings)

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
const rowsOfMembers = (folder: string, manifest: CsvManifest, ids: ReadonlySet<UserId>) =>
  Effect.gen(function* () {
    const rows = new Map<UserId, Array<EncodedRating>>([...ids].map((id) => [id, []]))
    if (ids.size > 0) {
      yield* runForEachRating(ratingBlocks(folder, manifest), (rating) => rows.get(rating.userId)?.push({ ...rating }))
    }
    return rows
  })

/** Those members, of some, who have rated one of some films. */
const ratersOf = (folder: string, manifest: CsvManifest, ids: ReadonlySet<UserId>, films: ReadonlySet<FilmId>) =>
  Effect.gen(function* () {
    const raters = new Set<UserId>()
    if (ids.size === 0 || films.size === 0) return raters
    yield* runForEachRating(ratingBlocks(folder, manifest), ({ filmId, userId }) => {
      if (ids.has(userId) && films.has(filmId)) raters.add(userId)
    })
    return raters
  })

/**
 * - `asked`: whether each member of the batch gets files, where it has none yet.
 * - `names`, `namesBefore`: what is called how with the batch and without it. `relabelled` are the films that differ.
 */
export interface MemberFilesChange {
  readonly asked: boolean
  readonly changes: DatasetChanges
  readonly names: RowNames
  readonly namesBefore: RowNames
  readonly relabelled: ReadonlySet<FilmId>
}

/**
 * The files of members that a batch changes. Costs nothing where no such file is there or asked for; else all ratings
 * are read, where the rows of a known member or the name of a film change, or ratings get further columns.
 */
export const changedMemberFiles = (
  folder: string,
  manifest: CsvManifest,
  {
    asked,
    changes: {
      after: { keeps, users },
      members,
      rows: { ratings }
    },
    names,
    namesBefore,
    relabelled
  }: MemberFilesChange
): Stream.Stream<FileCopy, StorageError, Files> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const present = yield* memberFilesIn(folder, users)
      const wanted = (asked ? members.all : []).filter(({ state }) => state === "sealed" || state === "partial")
      if (present.length === 0 && wanted.length === 0) return Stream.empty
      // Who had a name until now that somebody else has, or nobody.
      const ownersBefore = new Map(
        members.renamed.flatMap(({ after: name, before: nameBefore }) => {
          const userId = users.get(name)
          return userId === undefined ? [] : [[nameBefore, { userId, name }] as const]
        })
      )
      const added = new Map<UserId, Array<EncodedRating>>(
        [...present, ...wanted, ...ownersBefore.values()].map(({ userId }) => [userId, []])
      )
      yield* Stream.runForEachChunk(ratings.added, (rows) =>
        Effect.sync(() => {
          for (const row of rows) added.get(row.userId)?.push(row)
        })
      )
      const before = memberText(keepsIn(manifest), namesBefore)
      const now = memberText(keeps, names)
      const raters = yield* ratersOf(folder, manifest, new Set(present.map(({ userId }) => userId)), relabelled)
      const files = new Map<string, MemberFile>()
      for (const file of present) {
        const renamed = ownersBefore.get(file.username)
        // The files of a member follow its name.
        if (renamed !== undefined) {
          const follows = { ...file, username: renamed.name, userId: renamed.userId }
          files.set(nameOf(follows), follows)
        }
        if (
          renamed !== undefined ||
          ratings.replaced.has(file.userId) ||
          (added.get(file.userId) ?? []).length > 0 ||
          (file.kind === "translated" && raters.has(file.userId)) ||
          before.header(file) !== now.header(file)
        )
          files.set(nameOf(file), file)
      }
      for (const { userId, username } of wanted)
        for (const kind of kinds) files.set(nameOf({ username, userId, kind }), { username, userId, kind })
      const unknown = new Set(members.added.map(({ userId }) => userId))
      const idBefore = ({ userId, username }: MemberFile) => ownersBefore.get(username)?.userId ?? userId
      const ids = [...new Set([...files.values()].map(({ userId }) => userId))]
      return Stream.fromIterable(ids).pipe(
        Stream.grouped(membersAtOnce),
        Stream.mapEffect((some) => {
          const group = new Set(some)
          const inGroup = [...files.values()].filter(({ userId }) => group.has(userId))
          const known = new Set([...group, ...inGroup.map(idBefore)].filter((id) => !unknown.has(id)))
          return Effect.map(rowsOfMembers(folder, manifest, known), (rows) =>
            inGroup.map((file): FileCopy => {
              const had = rows.get(file.userId) ?? []
              const joining = added.get(file.userId) ?? []
              return {
                name: nameOf(file),
                content: textContent(
                  wholeText(now, file, ratings.replaced.has(file.userId) ? joining : [...had, ...joining])
                ),
                before: wholeText(before, file, rows.get(idBefore(file)) ?? [])
              }
            })
          )
        }),
        Stream.flatMap(Stream.fromIterable)
      )
    })
  )

const textContent = (text: string) => Stream.succeed<FilePart>({ text, rows: 0 })

/** A file that does not hold what the rows say, and where that was seen. */
export interface StaleMemberFile extends MemberFile {
  readonly place: string
}

/**
 * Finds the files of members that do not hold the rows of theirs. Reads all ratings once where there is such a file, and
 * holds nothing of them.
 */
export const staleMemberFiles = (
  form: FolderForm<CsvManifest>,
  folder: string,
  manifest: CsvManifest,
  users: Users,
  names: RowNames
): Effect.Effect<ReadonlyArray<StaleMemberFile>, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const present = yield* memberFilesIn(folder, users)
    if (present.length === 0) return []
    const encoder = new TextEncoder()
    const texts = memberText(keepsIn(manifest), names)
    const sums = new Map(
      present.map((file) => {
        const header = encoder.encode(texts.header(file))
        return [file, { bytes: header.length, crc32: crc32Of(header) }]
      })
    )
    const withFiles = new Set(present.map(({ userId }) => userId))
    yield* Stream.runForEach(ratingBlocks(folder, manifest), (block) =>
      Effect.sync(() => {
        const own = new Map<UserId, Array<EncodedRating>>()
        forEachRating(block, (rating) => {
          if (!withFiles.has(rating.userId)) return
          const some = own.get(rating.userId)
          if (some === undefined) own.set(rating.userId, [{ ...rating }])
          else some.push({ ...rating })
        })
        if (own.size === 0) return
        for (const [file, sum] of sums) {
          const bytes = encoder.encode(texts.rows(file, own.get(file.userId) ?? []))
          sums.set(file, { bytes: sum.bytes + bytes.length, crc32: crc32Of(bytes, sum.crc32) })
        }
      })
    )
    const stale: Array<StaleMemberFile> = []
    for (const [file, { bytes, crc32 }] of sums) {
      // The last commit may not have come to the renaming of its files.
      const { swap } = manifest.copies.find(({ name }) => name === nameOf(file)) ?? {}
      const place = yield* placeOf(failures, folder, {
        name: nameOf(file),
        ...(swap === undefined ? {} : { swap })
      })
      const size = Number((yield* about(place)(fs.stat(place))).size)
      if (size !== bytes || (yield* checksumOf(failures, place, size)).crc32 !== crc32)
        stale.push({ ...file, place: path.join(folder, nameOf(file)) })
    }
    // Nobody keeps a run from committing meanwhile.
    return stale.length > 0 && (yield* readManifest(form, folder))?.batches !== manifest.batches ? [] : stale
  })

/** What is said of a file that does not follow its rows. */
export const staleSentence = ({ place, username }: StaleMemberFile): string =>
  `${place}: it does not hold the ratings of ${username} that are in the dataset`

/** Such files as they should be. */
const rebuilt = (
  folder: string,
  manifest: CsvManifest,
  files: ReadonlyArray<StaleMemberFile>,
  names: RowNames
): Stream.Stream<FileCopy, StorageError, Files> => {
  const texts = memberText(keepsIn(manifest), names)
  return Stream.fromIterable(files).pipe(
    Stream.grouped(membersAtOnce),
    Stream.mapEffect((some) => {
      const group = Chunk.toReadonlyArray(some)
      return Effect.map(rowsOfMembers(folder, manifest, new Set(group.map(({ userId }) => userId))), (rows) =>
        group.map((file): FileCopy => ({
          name: nameOf(file),
          content: textContent(wholeText(texts, file, rows.get(file.userId) ?? []))
        }))
      )
    }),
    Stream.flatMap(Stream.fromIterable)
  )
}

/**
 * Writes the files anew that do not hold the rows of their members, in a commit of its own, and returns sentences about
 * them. What they held is kept.
 */
export const rebuildMemberFiles = (
  form: FolderForm<CsvManifest>,
  folder: string,
  manifest: CsvManifest,
  users: Users,
  names: RowNames,
  unfinished: Effect.Effect<void>
): Effect.Effect<{ readonly manifest: CsvManifest; readonly notes: ReadonlyArray<string> }, StorageError, Files> =>
  Effect.gen(function* () {
    const stale = yield* staleMemberFiles(form, folder, manifest, users, names)
    return {
      manifest:
        stale.length === 0
          ? manifest
          : yield* recommit(
              form,
              folder,
              manifest,
              (files) => Effect.as(Stream.runForEach(rebuilt(folder, manifest, stale, names), files.copy), {}),
              unfinished
            ),
      notes: stale.map(
        ({ place }) => `${place} was rebuilt from the raw ratings; what it held is kept beside it, as .uncommitted`
      )
    }
  })

/**
 * A commit that changes no table: some files are written anew, and say the same as before. `unfinished` is done where it
 * fails and leaves something.
 */
export const recommit = (
  form: FolderForm<CsvManifest>,
  folder: string,
  manifest: CsvManifest,
  write: (files: FolderWriter) => Effect.Effect<Partial<CsvManifest["files"]>, StorageError, Files>,
  unfinished: Effect.Effect<void>
): Effect.Effect<CsvManifest, StorageError, Files> =>
  commitFolder(
    form,
    folder,
    manifest,
    manifest.batches + 1,
    (files) =>
      Effect.map(write(files), (changed) => ({
        ...manifest,
        batches: manifest.batches + 1,
        files: { ...entriesInPlace(manifest), ...changed },
        copies: files.copies()
      })),
    { unfinished }
  )
