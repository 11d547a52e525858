/**
 * The files that are read when a dataset is opened: users, films, updates and the records of members. The original tool
 * named their columns, which are not all those of the tables.
 */
import {
  displayName,
  type Film,
  type FilmId,
  type Keeps,
  type Member,
  MemberRecord,
  nameWithoutTitle,
  splitDisplayName,
  stateTables,
  type StorageError,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import { parse } from "csv-parse/sync"
import { DateTime, Effect, Either, Option, Schema } from "effect"
import { cellReader, cellText, field, rowText } from "./CsvCells.ts"
import { furtherFilmColumns, headersOf } from "./CsvColumns.ts"
import type { CsvFile } from "./CsvManifest.ts"
import { storageError } from "./StorageFailure.ts"

/** What a film is called in the files: its title with the year, or its slug. */
export type FilmLabel = "title" | "slug"

export const filmLabel = (film: Film, label: FilmLabel): string =>
  label === "slug" ? nameWithoutTitle(film) : displayName(film)

export const userRow = (username: Username, userId: UserId): string => `${username},${userId}\n`
export const updateRow = (username: Username, at: DateTime.Utc): string => `${username},${DateTime.formatIso(at)}\n`

/** How films are written. */
export const filmWriter = (label: FilmLabel, keeps: Keeps): ((film: Film) => string) =>
  rowText<Film>([
    ({ id }) => `${id}`,
    (film) => field(filmLabel(film, label)),
    ({ slug }) => field(slug ?? ""),
    ...furtherFilmColumns(keeps).map((column) => cellText(column))
  ])

/** How the records of members are written, each a line of JSON; none of a member who has no more than an id. */
export const recordWriter = (keeps: Keeps): ((member: Member) => string) => {
  const columns = stateTables.members.columns(keeps)
  return (member) =>
    member.state === undefined
      ? ""
      : `${JSON.stringify(Object.fromEntries(columns.map(({ get, property }) => [property, get(member)])))}\n`
}

interface Rows {
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  /** The error about row `n`, from 0 below the header. */
  readonly damagedAt: (n: number, what: string) => StorageError
}

const decodeRows = Schema.decodeUnknownOption(Schema.Array(Schema.Array(Schema.String)))
const decodeLines = Schema.decodeUnknownOption(
  Schema.Array(Schema.Struct({ info: Schema.Struct({ lines: Schema.Number }) }))
)

const syntax = { record_delimiter: "\n", relax_column_count: true }

/** What is said of a line that is none of its file. */
export const damagedLine = (place: string, line: number, what: string): StorageError =>
  storageError("Damaged", place, `line ${line} ${what}. Nothing was written. Restore the file from a copy`)

/** The rows of a file below its header; fails where the text is no CSV or the header another one. */
const readRows = (place: string, file: CsvFile, keeps: Keeps, text: string): Effect.Effect<Rows, StorageError> =>
  Effect.gen(function* () {
    const header = headersOf(keeps)[file]
    if (!text.startsWith(header)) {
      return yield* storageError(
        "Damaged",
        place,
        `it does not begin with "${header.trimEnd()}". Nothing was written. Restore the file from a copy`
      )
    }
    const rows = yield* Effect.try({
      try: () => decodeRows(parse(text, { ...syntax, from: 2 })),
      catch: (cause) =>
        storageError("Damaged", place, `it is not CSV (${cause instanceof Error ? cause.message : String(cause)})`)
    })
    if (Option.isNone(rows)) return yield* storageError("Damaged", place, "it is not CSV")
    return {
      rows: rows.value,
      // Line numbers cost a third of the memory and are needed only to name a damage.
      damagedAt: (n, what) => {
        const lines = Option.getOrElse(decodeLines(parse(text, { ...syntax, info: true })), () => [])
        return damagedLine(place, lines[n + 1]?.info.lines ?? n + 2, what)
      }
    }
  })

const UserFields = Schema.Tuple(Username, Schema.compose(Schema.NumberFromString, UserId))
const decodeUserFields = Schema.decodeUnknownEither(UserFields)

/** How the text of a file becomes what it tells. */
type Reader<A> = (place: string, text: string) => Effect.Effect<A, StorageError>

/** Users in order of their ids, which rise. */
const readUsers =
  (keeps: Keeps): Reader<Map<Username, UserId>> =>
  (place, text) =>
    Effect.gen(function* () {
      const users = new Map<Username, UserId>()
      let last = 0
      const { damagedAt, rows } = yield* readRows(place, "userMappings", keeps, text)
      for (const [n, fields] of rows.entries()) {
        const decoded = decodeUserFields(fields)
        if (Either.isLeft(decoded)) return yield* damagedAt(n, `(${fields.join(",")}) is no name with a number`)
        const [username, userId] = decoded.right
        if (users.has(username)) return yield* damagedAt(n, `names ${username} a second time`)
        if (userId <= last) return yield* damagedAt(n, `gives ${username} the id ${userId} after ${last}`)
        last = userId
        users.set(username, userId)
      }
      return users
    })

/** Films in order of first appearance. A label that is the slug tells no title. */
const readFilms = (keeps: Keeps): Reader<Map<FilmId, Film>> => {
  const columns = stateTables.films.columns(keeps)
  const readFilm = stateTables.films.reader(columns)
  const idOf = cellReader("integer")
  const further = furtherFilmColumns(keeps).map(({ property, type }) => [property, cellReader(type)] as const)
  return (place, text) =>
    Effect.gen(function* () {
      const films = new Map<FilmId, Film>()
      const { damagedAt, rows } = yield* readRows(place, "filmMappings", keeps, text)
      for (const [n, fields] of rows.entries()) {
        const damaged = (what: string) => damagedAt(n, `(${fields.join(",")}) ${what}`)
        const [id = "", label = "", slug = "", ...more] = fields
        if (fields.length !== further.length + 3) return yield* damaged("is no id with title and slug")
        const values: { [property: string]: unknown } = {
          id: idOf(id),
          slug: slug === "" ? undefined : slug,
          ...(label === (slug === "" ? `film:${id}` : slug) ? {} : splitDisplayName(label))
        }
        for (const [i, [property, read]] of further.entries()) values[property] = read(more[i] ?? "")
        const film = readFilm(columns.map(({ property }) => values[property]))
        if (Either.isLeft(film)) return yield* damaged(`is no film: ${film.left}`)
        if (films.has(film.right.id)) return yield* damagedAt(n, `names film ${id} a second time`)
        films.set(film.right.id, film.right)
      }
      return films
    })
}

const UpdateFields = Schema.Tuple(Username, Schema.DateTimeUtc)
const decodeUpdateFields = Schema.decodeUnknownEither(UpdateFields)

const readUpdates =
  (keeps: Keeps): Reader<Map<Username, DateTime.Utc>> =>
  (place, text) =>
    Effect.gen(function* () {
      const updates = new Map<Username, DateTime.Utc>()
      const { damagedAt, rows } = yield* readRows(place, "userUpdates", keeps, text)
      for (const [n, fields] of rows.entries()) {
        const decoded = decodeUpdateFields(fields)
        if (Either.isLeft(decoded)) return yield* damagedAt(n, `(${fields.join(",")}) is no name with a time`)
        const [username, at] = decoded.right
        if (updates.has(username)) return yield* damagedAt(n, `names ${username} a second time`)
        updates.set(username, at)
      }
      return updates
    })

const decodeRecordLine = Schema.decodeUnknownEither(Schema.parseJson(MemberRecord))

/** The newest record of each member. */
const readRecords = (): Reader<Map<Username, MemberRecord>> => (place, text) =>
  Effect.gen(function* () {
    const records = new Map<Username, MemberRecord>()
    for (const [i, line] of text.split("\n").entries()) {
      if (line === "") continue
      const decoded = decodeRecordLine(line)
      if (Either.isLeft(decoded)) return yield* damagedLine(place, i + 1, "is no record of a member")
      records.set(decoded.right.username, decoded.right)
    }
    return records
  })

/** How each of these files is read. */
export const mappingReaders = {
  userMappings: readUsers,
  filmMappings: readFilms,
  userUpdates: readUpdates,
  memberRecords: readRecords
} as const satisfies { readonly [F in CsvFile]?: (keeps: Keeps) => Reader<unknown> }
