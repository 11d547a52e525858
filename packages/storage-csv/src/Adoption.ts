/**
 * Takes over a dataset of the original Python tool: checked, brought into our form with every id kept, and its files
 * kept aside as they were.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  Film,
  FilmId,
  ratingFromHalfStars,
  type EncodedRating,
  splitDisplayName,
  type StorageError,
  UserId,
  UsernameFromText,
  type Username
} from "@letterboxd-ratings/core"
import { freeName, stamp } from "@letterboxd-ratings/storage-folder"
import { parse } from "csv-parse/sync"
import { DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import { memberFilesFolder } from "./CommittedFiles.ts"
import type { FilmLabel } from "./CsvText.ts"
import { defaultFileNames, type FileNames } from "./FileNames.ts"
import { about, failures, storageError } from "./StorageFailure.ts"
import { commitWhole } from "./WholeDataset.ts"

/** Where the original tool put its files, besides the folder itself. */
const subfolders = ["", "training", "mappings", memberFilesFolder]

/** So many lines are named; a file with more needs another look anyway. */
const mostLines = 50

type MappedFile = "rawRatings" | "userMappings" | "filmMappings" | "userUpdates"

interface Row {
  readonly line: number
  readonly cells: Readonly<Record<string, string>>
}

interface Checked {
  readonly users: Map<Username, UserId>
  readonly films: Map<FilmId, Film>
  readonly updates: Map<Username, DateTime.Utc>
  readonly ratings: ReadonlyArray<EncodedRating>
}

/** What is wrong and cannot be repaired, and what was. */
interface Findings {
  readonly problems: Array<string>
  readonly repairs: Array<string>
}

const Cells = Schema.Array(Schema.Struct({ record: Schema.Array(Schema.String), info: Schema.Struct({ lines: Schema.Number }) }))

/** An id as pandas writes it, which may have become a float on the way: `7`, `7.0`. Those of films have the same range. */
const readId = (text: string | undefined): number | undefined => {
  const id = Number(/^(\d{1,15})(?:\.0*)?$/u.exec(text?.trim() ?? "")?.[1])
  return isId(id) ? id : undefined
}

/** Stars as pandas writes them: `4`, `4.0`, `3.5`. */
const readStars = (text: string | undefined) =>
  /^\d(?:\.\d+)?$/u.test(text?.trim() ?? "") ? ratingFromHalfStars(Number(text) * 2) : Option.none()

const isId = Schema.is(UserId)
const decodeUsername = Schema.decodeUnknownEither(UsernameFromText)
const decodeFilm = Schema.decodeUnknownEither(Film)

/** `2024-03-01`, `2024-03-01 12:30:00` or ISO 8601; without a zone it is taken for UTC. */
const readTime = (text: string | undefined): Option.Option<DateTime.Utc> => {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))?(Z|[+-]\d{2}:?\d{2})?$/u.exec(text?.trim() ?? "")
  if (match === null) return Option.none()
  return Option.map(DateTime.make(`${match[1]}T${match[2] ?? "00:00:00"}${match[3] ?? "Z"}`), DateTime.toUtc)
}

/**
 * Adopts the files of a folder without a manifest, and returns what was repaired, in sentences. Where anything cannot
 * be repaired it fails with `Damaged`, names each line, and leaves the folder as it was. Reads all ratings into memory,
 * once in a dataset's life.
 */
export const adopt = (
  folder: string,
  names: FileNames,
  label: FilmLabel
): Effect.Effect<ReadonlyArray<string>, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const findings: Findings = { problems: [], repairs: [] }
    const found = {
      rawRatings: yield* findFile(folder, names, "rawRatings"),
      userMappings: yield* findFile(folder, names, "userMappings"),
      filmMappings: yield* findFile(folder, names, "filmMappings"),
      userUpdates: yield* findFile(folder, names, "userUpdates")
    }
    for (const file of ["rawRatings", "userMappings", "filmMappings"] as const) {
      if (found[file] === undefined) findings.problems.push(`${path.join(folder, names[file])}: the file is missing, and nothing else tells what it held`)
    }
    const rows = (file: MappedFile, columns: ReadonlyArray<string>) =>
      found[file] === undefined ? Effect.succeed<ReadonlyArray<Row>>([]) : readRows(found[file], columns, findings)

    const checked = check(
      {
        users: yield* rows("userMappings", ["username", "numeric_user_id"]),
        films: yield* rows("filmMappings", ["film_id", "film_title"]),
        updates: yield* rows("userUpdates", ["username", "last_updated"]),
        ratings: yield* rows("rawRatings", ["user_id", "film_id", "rating"])
      },
      (file, line) => `${found[file] ?? names[file]}:${line}`,
      findings
    )
    if (findings.problems.length > 0) {
      const { problems } = findings
      const lines = problems.slice(0, mostLines).map((problem) => `\n  ${problem}`).join("")
      return yield* storageError(
        "Damaged",
        folder,
        `this dataset of the original tool cannot be taken over as it is. Nothing was changed. Correct ${
          problems.length === 1 ? "this line" : `these ${problems.length} lines`
        } and try again:${lines}${problems.length > mostLines ? `\n  ... and ${problems.length - mostLines} more` : ""}`
      )
    }
    const kept = yield* keepOriginals(folder, Object.values(found).flatMap((place) => place === undefined ? [] : [place]), names)
    const { films, ratings, updates, users } = checked
    yield* commitWhole(folder, names, label, {
      state: { users, films, updates, members: new Map(), ratings: ratings.length, batches: 1 },
      committedAt: yield* DateTime.now,
      ratings: Stream.fromIterable(ratings)
    })
    return [
      `The dataset of the original tool was taken over: ${checked.users.size} users, ${checked.films.size} films, ${checked.ratings.length} ratings. Its files are kept in ${kept}.`,
      ...findings.repairs
    ]
  })

const findFile = (folder: string, names: FileNames, file: keyof FileNames) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const name of new Set([names[file], defaultFileNames[file]])) {
      for (const subfolder of subfolders) {
        const place = path.join(folder, subfolder, name)
        if (yield* about(place)(fs.exists(place))) return place
      }
    }
    return undefined
  })

const readRows = (place: string, columns: ReadonlyArray<string>, { problems }: Findings) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const decoded = yield* Effect.option(Effect.flatMap(about(place)(fs.readFile(place)), (bytes) => Effect.try(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes))))
    if (Option.isNone(decoded)) {
      problems.push(`${place}: it cannot be read as UTF-8. Save it in that encoding`)
      return []
    }
    const text = decoded.value
    const parsed = Effect.try((): unknown => parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true }))
    const lines = yield* Effect.option(Effect.flatMap(parsed, Schema.decodeUnknown(Cells)))
    if (Option.isNone(lines)) {
      problems.push(`${place}: it is not CSV`)
      return []
    }
    const [header, ...rest] = lines.value
    const missing = columns.filter((column) => header?.record.includes(column) !== true)
    if (header === undefined || missing.length > 0) {
      problems.push(`${place}:1: the column ${missing.join(" and ")} is missing`)
      return []
    }
    const doubled = columns.filter((column) => header.record.filter((name) => name === column).length > 1)
    if (doubled.length > 0) {
      problems.push(`${place}:1: the column ${doubled.join(" and ")} stands twice, and nothing tells which one counts`)
      return []
    }
    return rest.flatMap(({ info, record }): ReadonlyArray<Row> => {
      if (record.length !== header.record.length) {
        problems.push(`${place}:${info.lines}: ${record.length} cells where the header has ${header.record.length}`)
        return []
      }
      return [{ line: info.lines, cells: Object.fromEntries(header.record.map((column, i) => [column, record[i] ?? ""])) }]
    })
  })

const check = (
  rows: Readonly<Record<"users" | "films" | "updates" | "ratings", ReadonlyArray<Row>>>,
  at: (file: MappedFile, line: number) => string,
  { problems, repairs }: Findings
): Checked => {
  const named = new Map<Username, UserId>()
  const owners = new Map<UserId, Username>()
  for (const { cells, line } of rows.users) {
    const place = at("userMappings", line)
    const username = decodeUsername(cells["username"])
    const id = readId(cells["numeric_user_id"])
    if (Either.isLeft(username)) problems.push(`${place}: "${cells["username"]}" is not a member's name (pandas writes a member called null or nan like this)`)
    else if (id === undefined) problems.push(`${place}: "${cells["numeric_user_id"]}" is not a user id`)
    else {
      const userId = UserId.make(id)
      const before = named.get(username.right)
      const owner = owners.get(userId)
      if (before === userId) repairs.push(`${place}: ${username.right} stood twice with the same id; once is enough.`)
      else if (before !== undefined) problems.push(`${place}: ${username.right} has the ids ${before} and ${userId}`)
      else if (owner !== undefined) problems.push(`${place}: the id ${userId} belongs to ${owner} and to ${username.right}`)
      else {
        named.set(username.right, userId)
        owners.set(userId, username.right)
      }
    }
  }

  const films = new Map<FilmId, Film>()
  for (const { cells, line } of rows.films) {
    const place = at("filmMappings", line)
    const id = readId(cells["film_id"])
    const title = cells["film_title"] ?? ""
    const slug = (cells["film_slug"] ?? title).trim().replace(/^\/film\/([^/]+)\/?$/u, "$1")
    const film = decodeFilm({ id, slug, ...(cells["film_slug"] === undefined || title === slug ? {} : splitDisplayName(title)) })
    if (Either.isLeft(film)) problems.push(`${place}: "${cells["film_id"]}" and "${title}" are not a film id and a slug`)
    else {
      const before = films.get(film.right.id)
      if (before !== undefined && before.slug !== film.right.slug) {
        repairs.push(`${place}: film ${film.right.id} was called ${before.slug} and ${film.right.slug}; the later name was kept.`)
      }
      films.set(film.right.id, film.right)
    }
  }

  const updates = new Map<Username, DateTime.Utc>()
  for (const { cells, line } of rows.updates) {
    const place = at("userUpdates", line)
    const username = decodeUsername(cells["username"])
    const time = readTime(cells["last_updated"])
    if (Either.isLeft(username) || !named.has(username.right)) {
      repairs.push(`${place}: "${cells["username"]}" is logged as updated but has no user id; the line was left out.`)
    } else if (Option.isNone(time)) {
      repairs.push(`${place}: "${cells["last_updated"]}" is not a time; the line was left out.`)
    } else {
      const before = updates.get(username.right)
      if (before !== undefined) repairs.push(`${place}: ${username.right} is logged as updated twice; the later time was kept.`)
      updates.set(username.right, before !== undefined && DateTime.greaterThan(before, time.value) ? before : time.value)
    }
  }

  const ratings = new Map<string, EncodedRating>()
  let doubled = 0
  for (const { cells, line } of rows.ratings) {
    const place = at("rawRatings", line)
    const user = readId(cells["user_id"])
    const film = readId(cells["film_id"])
    const rating = readStars(cells["rating"])
    if (user === undefined || film === undefined || Option.isNone(rating)) {
      problems.push(`${place}: "${cells["user_id"]},${cells["film_id"]},${cells["rating"]}" is not a rating`)
      continue
    }
    const userId = UserId.make(user)
    const filmId = FilmId.make(film)
    if (!owners.has(userId)) problems.push(`${place}: user ${userId} is not in the user mapping`)
    if (!films.has(filmId)) problems.push(`${place}: film ${filmId} is not in the film mapping`)
    const pair = `${userId},${filmId}`
    if (ratings.has(pair)) doubled += 1
    // The later row comes from the later reading.
    ratings.set(pair, { userId, filmId, rating: rating.value })
  }
  if (doubled > 0) repairs.push(`${doubled === 1 ? "1 rating" : `${doubled} ratings`} stood twice; the later one of each was kept.`)
  return {
    users: new Map([...named].toSorted(([, a], [, b]) => a - b)),
    films,
    updates,
    ratings: [...ratings.values()]
  }
}

/** Copies the files that are about to be replaced, so that nothing is thrown away. */
const keepOriginals = (folder: string, places: ReadonlyArray<string>, names: FileNames) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const kept = yield* freeName(failures, path.join(folder, `original-${stamp(yield* DateTime.now)}`))
    const translated = yield* findFile(folder, names, "translatedRatings")
    for (const place of translated === undefined ? places : [...places, translated]) {
      const copy = path.join(kept, path.relative(folder, place))
      yield* about(copy)(fs.makeDirectory(path.dirname(copy), { recursive: true }))
      yield* about(copy)(fs.copyFile(place, copy))
    }
    return kept
  })
