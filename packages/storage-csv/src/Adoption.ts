/**
 * Takes over a dataset of the original Python tool: checked, brought into our form with every id kept, and its files
 * kept aside as they were.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  emptyDatasetState,
  Film,
  type FilmId,
  growingBlock,
  noRowStreams,
  type RatingBlock,
  splitDisplayName,
  type StorageError,
  UserId,
  type Username,
  UsernameFromText,
  type WholeDataset
} from "@letterboxd-ratings/core"
import {
  checkFree,
  checksumOf,
  copyFlushed,
  freeName,
  makeFolder,
  manifestName,
  nextName,
  removeIfEmpty,
  stamp
} from "@letterboxd-ratings/storage-folder"
import { DateTime, Effect, Either, Option, Schema, Stream, Struct } from "effect"
import { type FileNames, memberRecordsName } from "./FileNames.ts"
import { type ForeignTable, formWords, openTable, rowsOf, shown, type TableError } from "./ForeignTable.ts"
import { readId, readTime } from "./ForeignValues.ts"
import { findOriginalFiles, type OriginalFile, originalFiles } from "./OriginalFiles.ts"
import { ratingColumns, type RatingReader, readRatingRows } from "./RatingRows.ts"
import { about, failures, storageError } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/** So many lines are named; a file with more needs another look anyway. */
const mostLines = 50

/** A row of ratings has at least so many bytes: `1,1,5` and a line end, which the last one may lack. */
const shortestRow = 6

/** About so many ratings are in a block of a file. */
const expectedInABlock = 16_384

/** Sentences about lines: any number may be noted, and the first ones are kept. */
class Sentences {
  readonly first: Array<string> = []
  count = 0
  add(sentence: string): void {
    this.count += 1
    if (this.first.length < mostLines) this.first.push(sentence)
  }
  get told(): ReadonlyArray<string> {
    return this.count > this.first.length
      ? [...this.first, `... and ${this.count - this.first.length} more`]
      : this.first
  }
}

/** What is wrong and cannot be repaired, and what was. */
interface Findings {
  readonly problems: Sentences
  readonly repairs: Sentences
}

/** Ids and what they are of, each with its place in the order of the mapping: these numbers are dense. */
interface Mapped<A> {
  readonly value: A
  readonly index: number
}

interface Mappings {
  readonly users: ReadonlyMap<number, Mapped<UserId>>
  readonly films: ReadonlyMap<number, Mapped<FilmId>>
}

/** Pairs of member and film that stand more than once, as sorted numbers, and how often each does. */
interface Doubled {
  readonly keys: Float64Array
  readonly times: Uint32Array
}

const decodeUsername = Schema.decodeUnknownEither(UsernameFromText)
const decodeFilm = Schema.decodeUnknownEither(Film)

/**
 * A dataset that can be taken over, and what is said of it. `replaces` are its files by their names, which are kept;
 * `forget` removes what was kept of those that are still there.
 */
export interface Adopted {
  readonly replaces: ReadonlySet<string>
  readonly forget: Effect.Effect<void, StorageError, Files>
  readonly whole: WholeDataset
  readonly notes: ReadonlyArray<string>
}

/**
 * Reads the files of a folder without a manifest, keeps them aside, and returns what they hold, with what is repaired in
 * it. Where anything cannot be repaired it fails with `Damaged`, names each line, and leaves the folder as it was. Reads
 * the ratings twice, and holds eight bytes for each to find those that stand twice.
 */
export const adopt = (folder: string, names: FileNames): Effect.Effect<Adopted, StorageError, Files> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const fs = yield* FileSystem.FileSystem
    const findings: Findings = { problems: new Sentences(), repairs: new Sentences() }
    const { problems, repairs } = findings
    const found = yield* findOriginalFiles(folder, names)
    for (const file of ["rawRatings", "userMappings", "filmMappings"] as const) {
      if (found[file].length === 0)
        problems.add(`${path.join(folder, names[file])}: the file is missing, and nothing else tells what it held`)
    }
    const place = (file: OriginalFile) => theOnlyOne(folder, found[file], findings)
    const users = yield* readUsers(yield* place("userMappings"), findings)
    const films = yield* readFilms(yield* place("filmMappings"), findings)
    const updates = yield* readUpdates(yield* place("userUpdates"), users, findings)
    const mappings: Mappings = {
      users: new Map(Array.from(users.values(), (value, index) => [value, { value, index }])),
      films: new Map(Array.from(films.keys(), (value, index) => [value, { value, index }]))
    }
    const raw = yield* place("rawRatings")
    const before = raw === undefined ? undefined : yield* fileSum(raw)
    const checked = raw === undefined ? undefined : yield* checkRatings(raw, mappings, findings)
    if (problems.count > 0 || raw === undefined || checked === undefined) {
      return yield* storageError(
        "Damaged",
        folder,
        `this dataset of the original tool cannot be taken over as it is. Nothing was changed. Correct ${
          problems.count === 1 ? "this line" : `these ${problems.count} lines`
        } and try again:${problems.told.map((problem) => `\n  ${problem}`).join("")}`
      )
    }
    // Before anything is kept: what is in the way stays there, and each try would keep the files once more.
    for (const name of [...Object.values(Struct.omit(names, "rawRatingsPrefix")), memberRecordsName, manifestName])
      yield* checkFree(failures, path.join(folder, nextName(name, 1)))
    const originals = originalFiles.flatMap((file) => found[file])
    const kept = yield* keepOriginals(folder, originals)
    const forget = forgetOriginals(folder, kept, originals)
    // What is committed is read from what is kept, so that both are the same.
    const copy = path.join(kept, path.relative(folder, raw))
    if ((yield* fileSum(copy)) !== before) {
      yield* forget
      return yield* storageError(
        "Failed",
        raw,
        "it was changed while it was read. Nothing was taken over. End what writes to it, and try again"
      )
    }
    return {
      replaces: new Set(originals.map((place) => path.relative(folder, place))),
      forget,
      whole: {
        state: { ...emptyDatasetState, users, films, updates, ratings: checked.ratings, batches: 1 },
        committedAt: yield* DateTime.now,
        ...noRowStreams,
        ratings: ratingsOf(copy, mappings, checked.doubled).pipe(Stream.provideService(FileSystem.FileSystem, fs))
      },
      notes: [
        `The dataset of the original tool was taken over: ${users.size} users, ${films.size} films, ${checked.ratings} ratings. Its files are kept in ${kept}.`,
        ...repairs.told
      ]
    }
  })

/** The file that counts. Where there are several that differ, nothing tells which one does. */
const theOnlyOne = (folder: string, places: ReadonlyArray<string>, { problems }: Findings) =>
  Effect.gen(function* () {
    const sums = new Set(places.length < 2 ? [] : yield* Effect.forEach(places, fileSum))
    if (sums.size > 1)
      problems.add(
        `${places.join(" and ")} differ, and nothing tells which one counts. Move the others out of ${folder}`
      )
    return places[0]
  })

const fileSum = (place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { size } = yield* about(place)(fs.stat(place))
    const { bytes, crc32 } = yield* checksumOf(failures, place, Number(size))
    return `${bytes} ${crc32}`
  })

/** Notes what keeps a file from being read as a problem. */
const noting =
  ({ problems }: Findings) =>
  <A, R>(effect: Effect.Effect<A, StorageError | TableError, R>) =>
    Effect.catchTag(effect, "TableError", (error) => Effect.sync(() => problems.add(error.message)))

/** Opens a table, and tells where its form is one that should be known. */
const openForeign = (place: string, columns: ReadonlyArray<string>, { repairs }: Findings) =>
  Effect.tap(openTable(place, columns), ({ form }) =>
    Effect.sync(() => {
      const words = formWords(form)
      if (form.separator !== "," || form.encoding !== "UTF-8")
        repairs.add(`${place}: ${words.join(", ")}; it was read all the same.`)
    })
  )

type Cells = Readonly<Record<string, string | undefined>>

/** Gives each row of a table to `take`, by columns; those that are not in the header are `undefined`. */
const readTable = (
  place: string | undefined,
  columns: ReadonlyArray<string>,
  findings: Findings,
  take: (cells: Cells, place: string) => void
): Effect.Effect<void, StorageError, FileSystem.FileSystem> =>
  place === undefined
    ? Effect.void
    : noting(findings)(
        Effect.gen(function* () {
          const { blocks, form } = yield* openForeign(place, columns, findings)
          yield* Stream.runForEach(blocks, (block) =>
            Effect.map(rowsOf(place, form, block), (rows) => {
              for (const { cells, line } of rows) {
                const at = `${place}:${line}`
                if (cells.length !== form.header.length)
                  findings.problems.add(`${at}: ${cells.length} cells where the header has ${form.header.length}`)
                else take(Object.fromEntries(form.header.map((column, i) => [column, cells[i]])), at)
              }
            })
          )
        })
      )

const readUsers = (place: string | undefined, findings: Findings) =>
  Effect.gen(function* () {
    const { problems, repairs } = findings
    const named = new Map<Username, UserId>()
    const owners = new Map<UserId, Username>()
    yield* readTable(
      place,
      ["username", "numeric_user_id"],
      findings,
      ({ numeric_user_id, username: name = "" }, at) => {
        const username = decodeUsername(name)
        const id = readId(numeric_user_id)
        if (Either.isLeft(username))
          return problems.add(
            `${at}: ${shown(name)} is not a member's name (pandas writes a member called null or nan like this)`
          )
        if (id === undefined) return problems.add(`${at}: ${shown(numeric_user_id ?? "")} is not a user id`)
        const userId = UserId.make(id)
        const before = named.get(username.right)
        const owner = owners.get(userId)
        if (before === userId)
          return repairs.add(`${at}: ${username.right} stood twice with the same id; once is enough.`)
        if (before !== undefined) return problems.add(`${at}: ${username.right} has the ids ${before} and ${userId}`)
        if (owner !== undefined)
          return problems.add(`${at}: the id ${userId} belongs to ${owner} and to ${username.right}`)
        named.set(username.right, userId)
        owners.set(userId, username.right)
      }
    )
    return new Map([...named].toSorted(([, a], [, b]) => a - b))
  })

const readFilms = (place: string | undefined, findings: Findings) =>
  Effect.gen(function* () {
    const films = new Map<FilmId, Film>()
    yield* readTable(
      place,
      ["film_id", "film_title"],
      findings,
      ({ film_id, film_slug, film_title: title = "" }, at) => {
        const slug = (film_slug ?? title).trim().replace(/^\/film\/([^/]+)\/?$/u, "$1")
        const film = decodeFilm({
          id: readId(film_id),
          slug,
          ...(film_slug === undefined || title === slug ? {} : splitDisplayName(title))
        })
        if (Either.isLeft(film))
          return findings.problems.add(
            `${at}: ${shown(film_id ?? "")} and ${shown(title)} are not a film id and a slug`
          )
        const before = films.get(film.right.id)
        if (before !== undefined && before.slug !== film.right.slug) {
          findings.repairs.add(
            `${at}: film ${film.right.id} was called ${shown(before.slug ?? "")} and ${shown(slug)}; the later name was kept.`
          )
        }
        films.set(film.right.id, film.right)
      }
    )
    return films
  })

const readUpdates = (place: string | undefined, users: ReadonlyMap<Username, UserId>, findings: Findings) =>
  Effect.gen(function* () {
    const { repairs } = findings
    const updates = new Map<Username, DateTime.Utc>()
    yield* readTable(
      place,
      ["username", "last_updated"],
      findings,
      ({ last_updated = "", username: name = "" }, at) => {
        const username = decodeUsername(name)
        const time = readTime(last_updated)
        if (Either.isLeft(username) || !users.has(username.right))
          return repairs.add(`${at}: ${shown(name)} is logged as updated but has no user id; the line was left out.`)
        if (Option.isNone(time))
          return repairs.add(`${at}: ${shown(last_updated)} is not a time; the line was left out.`)
        const before = updates.get(username.right)
        if (before !== undefined)
          repairs.add(`${at}: ${username.right} is logged as updated twice; the later time was kept.`)
        updates.set(
          username.right,
          before !== undefined && DateTime.greaterThan(before, time.value) ? before : time.value
        )
      }
    )
    return updates
  })

/** Gives each row of the ratings to what `reader` makes for a block, whose result is that block's. */
const ratingBlocks = <A>(
  place: string,
  { blocks, form }: ForeignTable,
  reader: () => RatingReader & { readonly result: A }
): Stream.Stream<A, StorageError | TableError, FileSystem.FileSystem> =>
  Stream.mapEffect(blocks, (block) => {
    const { result, ...rows } = reader()
    return Effect.as(readRatingRows(place, form, block, rows), result)
  })

/** One number for each pair of member and film: dense, so that it is exact for any ids. */
const keyOf = (user: Mapped<UserId>, film: Mapped<FilmId>, { films }: Mappings): number =>
  user.index * films.size + film.index

/** Reads all ratings once and holds against them what the mappings say. */
const checkRatings = (place: string, mappings: Mappings, findings: Findings) =>
  noting(findings)(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { problems, repairs } = findings
      const { films, users } = mappings
      const { size } = yield* about(place)(fs.stat(place))
      const keys = new Float64Array(Math.ceil(Number(size) / shortestRow) + 1)
      let rows = 0
      const reader: RatingReader & { readonly result: undefined } = {
        result: undefined,
        take: (userId, filmId, _, line) => {
          const user = users.get(userId)
          const film = films.get(filmId)
          if (user === undefined) problems.add(`${place}:${line}: user ${userId} is not in the user mapping`)
          if (film === undefined) problems.add(`${place}:${line}: film ${filmId} is not in the film mapping`)
          if (user === undefined || film === undefined) return
          keys[rows] = keyOf(user, film, mappings)
          rows += 1
        },
        refuse: ({ cells, line }) => problems.add(`${place}:${line}: ${shown(cells.join(","))} is not a rating`)
      }
      yield* Stream.runDrain(ratingBlocks(place, yield* openForeign(place, ratingColumns, findings), () => reader))
      const doubled = doubledIn(keys.subarray(0, rows).sort())
      const toDrop = doubled.times.reduce((sum, times) => sum + times - 1, 0)
      if (toDrop > 0)
        repairs.add(`${toDrop === 1 ? "1 rating" : `${toDrop} ratings`} stood twice; the later one of each was kept.`)
      return { ratings: rows - toDrop, doubled }
    })
  )

const doubledIn = (sorted: Float64Array): Doubled => {
  let distinct = 0
  const isFirstOfSeveral = (i: number) => sorted[i] === sorted[i + 1] && (i === 0 || sorted[i] !== sorted[i - 1])
  for (let i = 0; i < sorted.length; i++) if (isFirstOfSeveral(i)) distinct += 1
  const keys = new Float64Array(distinct)
  const times = new Uint32Array(distinct)
  for (let i = 0, n = -1; i < sorted.length; i++) {
    const key = sorted[i] ?? 0
    if (isFirstOfSeveral(i)) {
      n += 1
      keys[n] = key
    }
    if (n >= 0 && key === keys[n]) times[n] = (times[n] ?? 0) + 1
  }
  return { keys, times }
}

/** Where a number stands among sorted ones; -1 where it does not. */
const indexIn = (sorted: Float64Array, wanted: number): number => {
  let low = 0
  let high = sorted.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const value = sorted[middle] ?? 0
    if (value === wanted) return middle
    if (value < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** The ratings of a file that was checked. Of those that stand more than once the last one counts: it comes from the later reading. */
const ratingsOf = (
  place: string,
  mappings: Mappings,
  { keys, times }: Doubled
): Stream.Stream<RatingBlock, StorageError, FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const table = yield* openTable(place, ratingColumns)
      const left = times.slice()
      const isToCome = (key: number): boolean => {
        const at = keys.length === 0 ? -1 : indexIn(keys, key)
        if (at === -1) return false
        left[at] = (left[at] ?? 0) - 1
        return (left[at] ?? 0) > 0
      }
      return ratingBlocks(place, table, () => {
        const result = growingBlock(expectedInABlock)
        return {
          result,
          take: (userId, filmId, halfStars) => {
            const user = mappings.users.get(userId)
            const film = mappings.films.get(filmId)
            if (user === undefined || film === undefined || isToCome(keyOf(user, film, mappings))) return
            result.add(user.value, film.value, halfStars)
          },
          refuse: () => {}
        }
      }).pipe(Stream.map(({ block }) => block()))
    })
  ).pipe(
    Stream.catchTag("TableError", (error) =>
      Stream.fail(
        storageError("Failed", place, `it was changed while it was read (${error.message}). Nothing was taken over`)
      )
    )
  )

/** Copies the files of a dataset that is taken over into a folder of their own, so that nothing is thrown away. */
const keepOriginals = (folder: string, places: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const kept = yield* freeName(failures, path.join(folder, `original-${stamp(yield* DateTime.now)}`))
    for (const place of places) {
      const copy = path.join(kept, path.relative(folder, place))
      yield* makeFolder(failures, path.dirname(copy))
      yield* copyFlushed(failures, place, copy)
    }
    return kept
  })

/** Removes copies of files that are still there, and the folders they are in. */
const forgetOriginals = (
  folder: string,
  kept: string,
  places: ReadonlyArray<string>
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folders = new Set<string>()
    for (const place of places) {
      const copy = path.join(kept, path.relative(folder, place))
      folders.add(path.dirname(copy))
      if ((yield* fileSum(place)) === (yield* fileSum(copy))) yield* about(copy)(fs.remove(copy))
    }
    for (const one of [...folders].filter((one) => one !== kept)) yield* removeIfEmpty(one)
    yield* removeIfEmpty(kept)
  })
