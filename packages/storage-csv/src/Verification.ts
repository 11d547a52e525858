/**
 * Proves a dataset: that every file is what was committed, and that the files agree with each other. Repairs what can
 * be repaired without doubt: a file's form where its rows are proven, and what is derived from the rest.
 */
import { FileSystem, Path } from "@effect/platform"
import type {
  EncodedRating,
  FilmId,
  ProcessTable,
  StorageError,
  UserId,
  Username,
  Verification
} from "@letterboxd-ratings/core"
import {
  checkBytes,
  type DatasetFolder,
  type FileEntry,
  lockName,
  openFolder,
  placeOf
} from "@letterboxd-ratings/storage-folder"
import { Effect, Either, Stream } from "effect"
import { examineForm, keepChanged, restoreForm, saidOf } from "./ChangedForm.ts"
import {
  commitChanges,
  type FilePart,
  memberFilesFolder,
  readCommitted,
  readManifest,
  recoverFiles,
  tailOf
} from "./CommittedFiles.ts"
import { csvFolder } from "./CsvFolder.ts"
import { field, filmLabel, headers, readFilms, readRecords, readUpdates, readUsers, translatedRow } from "./CsvText.ts"
import type { FileNames } from "./FileNames.ts"
import { CommittedFile, type Manifest } from "./Manifest.ts"
import { rebuildMemberFiles, staleMemberFiles, staleSentence } from "./MemberFiles.ts"
import { ratingBlocks } from "./RatingBlocks.ts"
import { about, failures, storageError } from "./StorageFailure.ts"
import { nothingThere } from "./WhatIsThere.ts"

type Services = FileSystem.FileSystem | Path.Path | ProcessTable

/** So many problems are told; a dataset with more is not better known for it. */
const mostProblems = 100

/**
 * Reads everything once, streaming; holds eight bytes for each rating to find pairs that stand twice.
 */
export const verifyFolder = (
  folder: string,
  names: FileNames,
  repair: boolean
): Effect.Effect<Verification, StorageError, Services> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* about(folder)(fs.exists(folder)))) {
      return yield* storageError("NothingThere", folder, "there is no dataset")
    }
    if (!repair) return yield* check(folder, names)
    return yield* Effect.scoped(
      Effect.flatMap(openFolder(csvFolder(names), folder, { _tag: "continue" }), (held) =>
        repairFolder(folder, names, held)
      )
    )
  })

const manifestOf = (folder: string, names: FileNames) =>
  Effect.flatMap(readManifest(folder), (manifest) =>
    manifest === undefined ? nothingThere(folder, names) : Effect.succeed(manifest)
  )

/** A row of raw ratings has at least so many bytes, so a manifest that tells of more rows is wrong. */
const shortestRow = "1,1,1.0\n".length

const checkTail = (place: string, { bytes }: FileEntry) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const size = Number((yield* about(place)(fs.stat(place))).size)
    if (size > bytes)
      return yield* storageError(
        "Damaged",
        place,
        `${tailOf(size - bytes)}. Remove them, or let \`lb verify --repair\` set them aside`
      )
  })

/** Adds the problem an effect fails with, and goes on. A newer format is no problem of the dataset. */
const noting =
  (problems: Array<string>) =>
  <A, R>(effect: Effect.Effect<A, StorageError, R>): Effect.Effect<A | undefined, StorageError, R> =>
    Effect.catchIf(
      effect,
      ({ reason }) => reason !== "NewerFormat",
      (error) =>
        Effect.sync(() => {
          problems.push(error.message)
          return undefined
        })
    )

const check = (
  folder: string,
  names: FileNames
): Effect.Effect<Verification, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const problems: Array<string> = []
    const note = noting(problems)
    const manifest = yield* note(manifestOf(folder, names))
    if (manifest === undefined) return { ratings: 0, problems, repaired: [] }
    // Who is at work there, or was until it was killed, may have left an unfinished batch.
    const isLeft = yield* Effect.orElseSucceed(fs.exists(path.join(folder, lockName)), () => false)
    const changed = new Set<CommittedFile>()
    let isFormChanged = false
    for (const file of CommittedFile.literals) {
      const entry = manifest.files[file]
      const place = yield* Effect.orElseSucceed(placeOf(failures, folder, entry), () => path.join(folder, entry.name))
      const bytes = yield* Effect.either(checkBytes(failures, folder, entry))
      if (Either.isLeft(bytes)) changed.add(file)
      const tail = yield* Effect.either(isLeft ? Effect.void : checkTail(place, entry))
      if (Either.isRight(bytes) && Either.isRight(tail)) continue
      const form = yield* Effect.orElseSucceed(examineForm(place, file, entry), () => undefined)
      // Of a file to which something was added, this tells more only where nothing of value was.
      if (form !== undefined && (Either.isLeft(bytes) || form.content !== undefined)) {
        problems.push(`${place}: ${saidOf(form, entry)}`)
        isFormChanged ||= file === "translatedRatings"
      } else {
        for (const found of [bytes, tail]) if (Either.isLeft(found)) problems.push(found.left.message)
      }
    }

    const read = <A>(file: CommittedFile, decode: (place: string, text: string) => Effect.Effect<A, StorageError>) =>
      changed.has(file)
        ? Effect.succeed(undefined)
        : note(Effect.flatMap(readCommitted(folder, manifest.files[file]), ({ text, where }) => decode(where, text)))
    const users = yield* read("userMappings", readUsers)
    const films = yield* read("filmMappings", readFilms)
    const updates = yield* read("userUpdates", readUpdates)
    const records = yield* read("memberRecords", readRecords)
    // What is not as it was committed is named already, and tells nothing about the rest.
    if (users === undefined || films === undefined || changed.has("rawRatings"))
      return { ratings: 0, problems: distinct(problems), repaired: [] }

    const place = (file: CommittedFile) => path.join(folder, manifest.files[file].name)
    const counts = {
      userMappings: users.size,
      filmMappings: films.size,
      userUpdates: updates?.size,
      memberRecords: undefined,
      rawRatings: undefined,
      translatedRatings: undefined
    }
    for (const file of CommittedFile.literals) {
      const rows = counts[file]
      if (rows !== undefined && rows !== manifest.files[file].rows)
        problems.push(`${place(file)}: it has ${rows} rows where ${manifest.files[file].rows} were committed`)
    }
    const usernames = new Map<UserId, Username>()
    let highest = 0
    for (const [username, userId] of users) {
      usernames.set(userId, username)
      highest = Math.max(highest, userId)
    }
    if (highest !== users.size + manifest.idGaps) {
      problems.push(`${place("userMappings")}: ${users.size} users have ids up to ${highest}; ids are missing between`)
    }
    for (const username of updates?.keys() ?? []) {
      if (!users.has(username)) problems.push(`${place("userUpdates")}: ${username} has no user id`)
    }

    // One number for each pair: which user of the mapping it is, times 2^31, plus a film id. A user id may be as large as
    // a film id, and numbers of two of them would not be exact.
    const userIds = [...users.values()]
    const order = new Map(userIds.map((userId, i) => [userId, i]))
    const { bytes, rows: committedRows } = manifest.files.rawRatings
    const pairs = new Float64Array(Math.min(committedRows, Math.ceil(bytes / shortestRow)))
    const perUser = new Map<UserId, number>()
    let row = 0
    const translated = yield* note(translatedReader(folder, manifest))
    const labels = new Map<FilmId, string>()
    const label = (filmId: FilmId): string | undefined => {
      const known = labels.get(filmId)
      if (known !== undefined) return known
      const film = films.get(filmId)
      if (film === undefined) return undefined
      const text = field(filmLabel(film, manifest.filmLabel))
      labels.set(filmId, text)
      return text
    }
    let isTranslatedRight = translated !== undefined && !isFormChanged
    yield* note(
      Stream.runForEach(ratingBlocks(folder, manifest), (ratings) =>
        Effect.gen(function* () {
          const expected: Array<string> = []
          for (const { filmId, rating, userId } of ratings) {
            if (row < pairs.length) pairs[row] = (order.get(userId) ?? userIds.length + row) * 0x8000_0000 + filmId
            row += 1
            perUser.set(userId, (perUser.get(userId) ?? 0) + 1)
            const username = usernames.get(userId)
            const film = label(filmId)
            if (problems.length < mostProblems) {
              if (username === undefined)
                problems.push(`${place("rawRatings")}: row ${row} names user ${userId}, who is not mapped`)
              if (film === undefined)
                problems.push(`${place("rawRatings")}: row ${row} names film ${filmId}, which is not mapped`)
            }
            expected.push(translatedRow(username ?? "", film ?? "", rating))
          }
          if (!isTranslatedRight || translated === undefined) return
          const text = expected.join("")
          const found = yield* translated.next(text)
          if (found === text) return
          isTranslatedRight = false
          const at = expected.findIndex((_, i) => !found.startsWith(expected.slice(0, i + 1).join("")))
          problems.push(
            `${place("translatedRatings")}: row ${row - ratings.length + at + 1} is not the translation of the raw row`
          )
        })
      ).pipe(Effect.scoped)
    )
    if (row !== manifest.files.rawRatings.rows) {
      problems.push(`${place("rawRatings")}: it has ${row} rows where ${manifest.files.rawRatings.rows} were committed`)
    }
    if (manifest.files.translatedRatings.rows !== manifest.files.rawRatings.rows) {
      problems.push(
        `${place("translatedRatings")}: it has ${manifest.files.translatedRatings.rows} rows where there are ${row} ratings`
      )
    }
    const sorted = pairs.subarray(0, row).sort()
    for (let i = 1; i < sorted.length && problems.length < mostProblems; i++) {
      const pair = sorted[i] ?? 0
      if (pair === sorted[i - 1]) {
        problems.push(
          `${place("rawRatings")}: user ${userIds[Math.floor(pair / 0x8000_0000)]} has film ${pair % 0x8000_0000} twice`
        )
      }
    }
    for (const { ratings, userId, username } of records?.values() ?? []) {
      const rows = perUser.get(userId) ?? 0
      if (users.get(username) !== userId)
        problems.push(
          `${place("memberRecords")}: ${username} has the id ${userId}, which is another one in the mapping`
        )
      else if (ratings !== rows)
        problems.push(`${place("memberRecords")}: ${username} has ${ratings} ratings, but there are ${rows} rows`)
    }
    for (const stale of (yield* note(staleMemberFiles(folder, manifest, users, (id) => label(id) ?? String(id)))) ?? [])
      problems.push(staleSentence(stale))
    const told = distinct(problems)
    return {
      ratings: row,
      problems:
        told.length > mostProblems
          ? [...told.slice(0, mostProblems), `... and ${told.length - mostProblems} more`]
          : told,
      repaired: []
    }
  })

const distinct = (problems: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(problems)]

/** Reads the translated file along with the raw one: `next` takes as much of it as the text that is expected there. */
const translatedReader = (folder: string, manifest: Manifest) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const entry = manifest.files.translatedRatings
    const place = yield* placeOf(failures, folder, entry)
    const header = headers.translatedRatings.length
    let position = header
    const encoder = new TextEncoder()
    return {
      next: (expected: string) =>
        about(place)(
          Effect.scoped(
            Effect.gen(function* () {
              const length = encoder.encode(expected).length
              const file = yield* fs.open(place, { flag: "r" })
              yield* file.seek(position, "start")
              position += length
              const parts: Array<Uint8Array> = []
              let left = length
              while (left > 0) {
                const bytes = new Uint8Array(left)
                const got = Number(yield* file.read(bytes))
                if (got === 0) break
                parts.push(bytes.subarray(0, got))
                left -= got
              }
              const decoder = new TextDecoder()
              return parts.map((part) => decoder.decode(part, { stream: true })).join("")
            })
          )
        )
    }
  })

/**
 * Brings files back into our form, and rebuilds what can be derived from the raw ratings and the mappings: the translated
 * ratings, and the files of members.
 */
const repairFolder = (folder: string, names: FileNames, held: DatasetFolder) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const manifest = yield* manifestOf(folder, names)
    const restored: Array<string> = []
    for (const file of CommittedFile.literals) {
      const entry = manifest.files[file]
      const isWhole = checkBytes(failures, folder, entry).pipe(
        Effect.zipRight(
          held.wasLeft
            ? Effect.void
            : Effect.flatMap(placeOf(failures, folder, entry), (found) => checkTail(found, entry))
        )
      )
      if (Either.isLeft(yield* Effect.either(isWhole)))
        restored.push(...(yield* restoreForm(folder, manifest.batches, file, entry)))
    }
    const before = { ...(yield* check(folder, names)), repaired: restored }
    const place = path.join(folder, manifest.files.translatedRatings.name)
    const isTranslated = (problem: string) => problem.startsWith(`${place}: `) || problem.startsWith(`${place}.next-`)
    const isOfMember = (problem: string) => problem.startsWith(path.join(folder, memberFilesFolder, "user_"))
    if (before.problems.some((problem) => !isTranslated(problem) && !isOfMember(problem))) return before
    const isTranslatedBroken = before.problems.some(isTranslated)
    const notes = yield* recoverFiles(
      folder,
      manifest,
      names.rawRatingsPrefix,
      held.wasLeft ? "cut" : "set-aside",
      isTranslatedBroken ? "translatedRatings" : undefined
    )
    yield* held.finished
    if (before.problems.length === 0) return { ...before, repaired: [...restored, ...notes] }

    const read = <A>(file: CommittedFile, decode: (place: string, text: string) => Effect.Effect<A, StorageError>) =>
      Effect.flatMap(readCommitted(folder, manifest.files[file]), ({ text, where }) => decode(where, text))
    const users = yield* read("userMappings", readUsers)
    const films = yield* read("filmMappings", readFilms)
    const usernames = new Map([...users].map(([username, userId]) => [userId, username]))
    const label = (filmId: FilmId): string => {
      const film = films.get(filmId)
      return film === undefined ? String(filmId) : field(filmLabel(film, manifest.filmLabel))
    }
    const part = (ratings: ReadonlyArray<EncodedRating>): FilePart => ({
      text: ratings
        .map(({ filmId, rating, userId }) => translatedRow(usernames.get(userId) ?? "", label(filmId), rating))
        .join(""),
      rows: ratings.length
    })
    const repaired = [...restored, ...notes]
    let now = manifest
    if (isTranslatedBroken) {
      // What is wrong with it may be somebody's work.
      const kept = (yield* about(place)(fs.exists(place)))
        ? `; the file as it was is ${yield* keepChanged(folder, place, manifest.files.translatedRatings.name)}`
        : ""
      now = yield* commitChanges(folder, manifest, {
        translatedRatings: {
          _tag: "Replace",
          content: Stream.concat(
            Stream.succeed<FilePart>({ text: headers.translatedRatings, rows: 0 }),
            Stream.map(ratingBlocks(folder, manifest), part)
          )
        }
      })
      repaired.push(`${place} was rebuilt from the raw ratings and the mappings${kept}`)
    }
    repaired.push(...(yield* rebuildMemberFiles(folder, now, users, label)).notes)
    return { ...(yield* check(folder, names)), repaired }
  })
