/**
 * Proves a dataset: that every file is what was committed, and that the files agree with each other. Repairs what can
 * be repaired without doubt: a file's form where its rows are proven, and what is derived from the rest.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type DatasetState,
  emptyDatasetState,
  type RatingBlock,
  ratingLines,
  ratingsOf,
  makeRowChecks,
  mostProblems,
  type ProcessTable,
  problemsOfMembers,
  type RowTable,
  rowTablesOf,
  type StorageError,
  type Verification
} from "@letterboxd-ratings/core"
import {
  checkBytes,
  checkTail,
  type DatasetFolder,
  folderToRead,
  keepsIn,
  lockState,
  openFolder,
  placeOf,
  readEntry,
  readManifest,
  readUnheld,
  recoverFolder
} from "@letterboxd-ratings/storage-folder"
import { Effect, Either, Option, Stream } from "effect"
import { examineForm, keepChanged, restoreForm, saidOf } from "./ChangedForm.ts"
import { allTranslated, ratingPieces, rowNames, translation } from "./CsvChanges.ts"
import { columnsOf, headersOf } from "./CsvColumns.ts"
import { checkNames, csvFolder, csvForm } from "./CsvForm.ts"
import { type CsvFile, type CsvManifest, filesOf } from "./CsvManifest.ts"
import { type FileNames, memberFilesFolder } from "./FileNames.ts"
import { mappingReaders } from "./MappingFiles.ts"
import { rebuildMemberFiles, recommit, staleMemberFiles, staleSentence } from "./MemberFiles.ts"
import { ratingBlocks, rowBlocks, rowCounts } from "./RowFiles.ts"
import { about, failures } from "./StorageFailure.ts"
import { nothingThere } from "./WhatIsThere.ts"

type Files = FileSystem.FileSystem | Path.Path
type Services = Files | ProcessTable

/**
 * Reads everything once, streaming; holds eight bytes for each rating to find pairs that stand twice.
 */
export const verifyFolder = (
  folder: string,
  names: FileNames,
  repair: boolean
): Effect.Effect<Verification, StorageError, Services> =>
  Effect.gen(function* () {
    const kind = csvFolder(names)
    if (!repair) return yield* checkUnheld(yield* folderToRead(kind, folder), names)
    return yield* Effect.scoped(
      openFolder(kind, folder, { _tag: "continue" }).pipe(
        Effect.catchIf(
          ({ reason }) => reason === "NothingThere",
          () => nothingThere(folder, names)
        ),
        Effect.flatMap((held) => repairFolder(folder, names, held))
      )
    )
  })

const manifestOf = (folder: string, names: FileNames) =>
  Effect.flatMap(readManifest(csvForm(names), folder), (manifest) =>
    manifest === undefined ? nothingThere(folder, names) : Effect.succeed(manifest)
  )

/** The columns of a file of a dataset; none of one that is no CSV. */
const wantedIn = (manifest: CsvManifest) => {
  const columns = columnsOf(keepsIn(manifest))
  return (file: CsvFile) => (file === "memberRecords" ? undefined : columns[file])
}

/** Adds the problem an effect fails with, and goes on. That there is none, or a newer one, is no problem of a dataset. */
const noting =
  (problems: Array<string>) =>
  <A, R>(effect: Effect.Effect<A, StorageError, R>): Effect.Effect<A | undefined, StorageError, R> =>
    Effect.catchIf(
      effect,
      ({ reason }) => reason !== "NewerFormat" && reason !== "NothingThere",
      (error) =>
        Effect.sync(() => {
          problems.push(error.message)
          return undefined
        })
    )

/** Checks that files are what was committed; `changed` are those that are not. */
const checkFiles = (folder: string, manifest: CsvManifest) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const problems: Array<string> = []
    const wanted = wantedIn(manifest)
    // Who is at work there writes behind what is committed.
    const isAtWork = (yield* lockState(folder))?.isHeld === true
    const changed = new Set<CsvFile>()
    let isFormChanged = false
    let canRestore = false
    const tails = new Set<string>()
    for (const [file, entry] of filesOf(manifest)) {
      const place = yield* Effect.orElseSucceed(placeOf(failures, folder, entry), () => path.join(folder, entry.name))
      const bytes = yield* Effect.either(checkBytes(failures, folder, entry))
      if (Either.isLeft(bytes)) changed.add(file)
      const tail = yield* Effect.either(
        isAtWork || Either.isLeft(bytes) ? Effect.void : checkTail(failures, place, entry)
      )
      if (Either.isRight(bytes) && Either.isRight(tail)) continue
      const form = yield* Effect.orElseSucceed(examineForm(place, wanted(file), entry), () => undefined)
      // Of a file to which something was added, this tells more only where nothing of value was.
      if (form !== undefined && (Either.isLeft(bytes) || form.content !== undefined)) {
        problems.push(`${place}: ${saidOf(form, entry, file === "translatedRatings")}`)
        isFormChanged ||= file === "translatedRatings"
        canRestore ||= form.content !== undefined
      } else {
        for (const found of [bytes, tail]) if (Either.isLeft(found)) problems.push(found.left.message)
        if (Either.isLeft(tail)) tails.add(tail.left.message)
      }
    }
    return { problems, changed, isTranslatedChanged: isFormChanged, canRestore, tails }
  })

/** Which problems are those of files that can be rebuilt from the others. */
const derivedIn = (folder: string, manifest: CsvManifest) =>
  Effect.map(Path.Path, (path) => {
    const place = path.join(folder, manifest.files.translatedRatings.name)
    return {
      place,
      isTranslated: (problem: string) => problem.startsWith(`${place}: `) || problem.startsWith(`${place}.next-`),
      isOfMember: (problem: string) => problem.startsWith(path.join(folder, memberFilesFolder, "user_"))
    }
  })

const told = (ratings: number, problems: ReadonlyArray<string>): Verification => {
  const distinct = [...new Set(problems)]
  return {
    ratings,
    problems:
      distinct.length > mostProblems
        ? [...distinct.slice(0, mostProblems), `... and ${distinct.length - mostProblems} more`]
        : distinct,
    repaired: []
  }
}

/** Checks a dataset that another process may be adding to. */
const checkUnheld = (folder: string, names: FileNames): Effect.Effect<Verification, StorageError, Services> =>
  Effect.gen(function* () {
    const problems: Array<string> = []
    const manifest = manifestOf(folder, names)
    if ((yield* noting(problems)(manifest)) === undefined) return told(0, problems)
    return yield* readUnheld(
      { folder, failures, manifest },
      (found) => checkWith(folder, names, found),
      (verification) => verification.problems.length === 0
    )
  })

/** Checks a dataset that is held. */
const check = (folder: string, names: FileNames): Effect.Effect<Verification, StorageError, Services> =>
  Effect.gen(function* () {
    const problems: Array<string> = []
    const manifest = yield* noting(problems)(manifestOf(folder, names))
    return manifest === undefined ? told(0, problems) : yield* checkWith(folder, names, manifest)
  })

const checkWith = (
  folder: string,
  names: FileNames,
  manifest: CsvManifest
): Effect.Effect<Verification, StorageError, Services> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const problems: Array<string> = []
    const note = noting(problems)
    const keeps = keepsIn(manifest)
    const { canRestore, changed, isTranslatedChanged, problems: ofFiles, tails } = yield* checkFiles(folder, manifest)
    problems.push(...ofFiles)
    const derived = yield* derivedIn(folder, manifest)
    const found = (rows: number): Verification => {
      const isRebuilt = (problem: string) => derived.isTranslated(problem) || derived.isOfMember(problem)
      const canRepair =
        canRestore || (problems.length > 0 && problems.every((problem) => isRebuilt(problem) || tails.has(problem)))
      return { ...told(rows, problems), ...(canRepair ? { canRepair } : {}) }
    }

    const read = <A>(
      file: keyof typeof mappingReaders,
      decode: (place: string, text: string) => Effect.Effect<A, StorageError>
    ) =>
      changed.has(file)
        ? Effect.succeed(undefined)
        : note(
            Effect.flatMap(readEntry(failures, folder, manifest.files[file]), ({ text, where }) => decode(where, text))
          )
    const users = yield* read("userMappings", mappingReaders.userMappings(keeps))
    const films = yield* read("filmMappings", mappingReaders.filmMappings(keeps))
    const updates = yield* read("userUpdates", mappingReaders.userUpdates(keeps))
    const members = yield* read("memberRecords", mappingReaders.memberRecords())
    // What is not as it was committed is named already, and tells nothing about the rest.
    if (users === undefined || films === undefined || changed.has("rawRatings")) return found(0)

    const place = (file: CsvFile) => path.join(folder, manifest.files[file]?.name ?? names.rawRatings)
    for (const [file, rows] of [
      ["userMappings", users.size],
      ["filmMappings", films.size],
      ["userUpdates", updates?.size]
    ] as const) {
      if (rows !== undefined && rows !== manifest.files[file].rows)
        problems.push(`${place(file)}: it has ${rows} rows where ${manifest.files[file].rows} were committed`)
    }
    const { rawRatings, translatedRatings } = manifest.files
    if (translatedRatings.rows !== rawRatings.rows) {
      problems.push(
        `${place("translatedRatings")}: it has ${translatedRatings.rows} rows where there are ${rawRatings.rows} ratings`
      )
    }
    for (const username of updates?.keys() ?? []) {
      if (!users.has(username)) problems.push(`${place("userUpdates")}: ${username} has no user id`)
    }
    for (const { userId, username } of members?.values() ?? []) {
      if (users.get(username) !== userId)
        problems.push(
          `${place("memberRecords")}: ${username} has the id ${userId}, which is another one in the mapping`
        )
    }
    const state: DatasetState = {
      ...emptyDatasetState,
      ...rowCounts(manifest),
      users,
      films,
      updates: updates ?? new Map(),
      members: members ?? new Map(),
      keeps,
      batches: manifest.batches
    }
    const areAllRead = updates !== undefined && members !== undefined
    problems.push(...problemsOfMembers(areAllRead ? state : { ...state, members: new Map() }, manifest.idGaps))

    const checks = makeRowChecks(state, { pairs: true })
    const called = rowNames(users, (id) => films.get(id), manifest.filmLabel)
    const translate = translation(keeps, called)
    const lines = ratingLines(ratingPieces(keeps, called))
    const translated = isTranslatedChanged ? undefined : translatedReader(folder, manifest)
    let row = 0
    let isTranslatedRight = translated !== undefined
    const compare = (block: RatingBlock) =>
      Effect.gen(function* () {
        row += block.size
        if (!isTranslatedRight || translated === undefined) return
        const expected = lines(block)
        const read = yield* Effect.option(translated(expected.length))
        isTranslatedRight = Option.isSome(read) && isSame(read.value, expected)
        // That it cannot be read is told already.
        if (isTranslatedRight || Option.isNone(read)) return
        const found = new TextDecoder().decode(read.value)
        const texts = ratingsOf(block).map(translate)
        let length = 0
        const at = texts.findIndex((text) => {
          const isThere = found.startsWith(text, length)
          length += text.length
          return !isThere
        })
        problems.push(
          `${place("translatedRatings")}: row ${row - block.size + at + 1} is not the translation of the raw row`
        )
      })
    const seeRows = <T extends Exclude<RowTable, "ratings">>(name: T) =>
      Stream.runForEach(rowBlocks(folder, manifest, name), (rows) => Effect.sync(() => checks.see(name, rows)))
    yield* note(
      Stream.runForEach(ratingBlocks(folder, manifest), (block) => {
        checks.seeRatings(block)
        return compare(block)
      })
    )
    for (const name of rowTablesOf(keeps)) if (name !== "ratings") yield* note(seeRows(name))
    problems.push(...checks.end())
    for (const stale of (yield* note(staleMemberFiles(csvForm(names), folder, manifest, users, called))) ?? [])
      problems.push(staleSentence(stale))
    return found(row)
  })

const isSame = (some: Uint8Array, others: Uint8Array): boolean => {
  if (some.length !== others.length) return false
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false
  return true
}

/**
 * Reads the translated file along with the raw one: gives the next bytes of it, as many as are expected there. They are valid
 * until it is asked again.
 */
const translatedReader = (folder: string, manifest: CsvManifest) => {
  let position = headersOf(keepsIn(manifest)).translatedRatings.length
  let room = new Uint8Array()
  return (length: number) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const place = yield* placeOf(failures, folder, manifest.files.translatedRatings)
      return yield* about(place)(
        Effect.scoped(
          Effect.gen(function* () {
            const file = yield* fs.open(place, { flag: "r" })
            yield* file.seek(position, "start")
            position += length
            if (room.length < length) room = new Uint8Array(length * 2)
            const bytes = room.subarray(0, length)
            let filled = 0
            while (filled < length) {
              const got = Number(yield* file.read(bytes.subarray(filled)))
              if (got === 0) break
              filled += got
            }
            return bytes.subarray(0, filled)
          })
        )
      )
    })
}

/**
 * Brings files back into our form, and rebuilds what can be derived from the raw ratings and the mappings: the translated
 * ratings, and the files of members.
 */
const repairFolder = (folder: string, names: FileNames, held: DatasetFolder) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const form = csvForm(names)
    const manifest = yield* manifestOf(folder, names)
    yield* checkNames(folder, names, manifest)
    const wanted = wantedIn(manifest)
    const restored: Array<string> = []
    for (const [file, entry] of filesOf(manifest)) {
      const isWhole = checkBytes(failures, folder, entry).pipe(
        Effect.zipRight(
          held.wasLeft
            ? Effect.void
            : Effect.flatMap(placeOf(failures, folder, entry), (found) => checkTail(failures, found, entry))
        )
      )
      if (Either.isLeft(yield* Effect.either(isWhole)))
        restored.push(...(yield* restoreForm(folder, manifest.batches, wanted(file), entry, held)))
    }
    const before = { ...(yield* check(folder, names)), repaired: restored }
    const { isOfMember, isTranslated, place } = yield* derivedIn(folder, manifest)
    if (before.problems.some((problem) => !isTranslated(problem) && !isOfMember(problem))) return before
    const isTranslatedBroken = before.problems.some(isTranslated)
    const { wasLeft } = held
    const finish = yield* recoverFolder(form, folder, manifest, {
      wasLeft,
      tails: "set-aside",
      except: isTranslatedBroken ? manifest.files.translatedRatings.name : undefined
    })
    const notes = yield* finish
    yield* held.finished
    if (before.problems.length === 0) return { ...before, repaired: [...restored, ...notes] }

    const keeps = keepsIn(manifest)
    const read = (file: keyof typeof mappingReaders) => readEntry(failures, folder, manifest.files[file])
    const { text: userText, where: usersPlace } = yield* read("userMappings")
    const { text: filmText, where: filmsPlace } = yield* read("filmMappings")
    const users = yield* mappingReaders.userMappings(keeps)(usersPlace, userText)
    const films = yield* mappingReaders.filmMappings(keeps)(filmsPlace, filmText)
    const called = rowNames(users, (id) => films.get(id), manifest.filmLabel)
    const repaired = [...restored, ...notes]
    let now = manifest
    if (isTranslatedBroken) {
      const { name } = manifest.files.translatedRatings
      // What is wrong with it may be somebody's work.
      const kept = (yield* about(place)(fs.exists(place)))
        ? `; the file as it was is ${yield* keepChanged(folder, place, name)}`
        : ""
      now = yield* recommit(
        form,
        folder,
        manifest,
        (files) =>
          Effect.map(files.write(name, allTranslated(folder, manifest, called)), (translatedRatings) => ({
            translatedRatings
          })),
        held.unfinished
      )
      repaired.push(`${place} was rebuilt from the raw ratings and the mappings${kept}`)
    }
    repaired.push(...(yield* rebuildMemberFiles(form, folder, now, users, called, held.unfinished)).notes)
    return { ...(yield* check(folder, names)), repaired }
  })
