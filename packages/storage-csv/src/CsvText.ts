/**
 * The text of rows: what is written into each file, and how it is read back.
 */
import {
  displayName,
  type EncodedRating,
  Film,
  FilmId,
  formatRating,
  MemberRecord,
  Rating,
  splitDisplayName,
  type StorageError,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import { parse } from "csv-parse/sync"
import { stringify } from "csv-stringify/sync"
import { DateTime, Effect, Either, Option, Schema } from "effect"
import type { CommittedFile } from "./Manifest.ts"
import { storageError } from "./StorageFailure.ts"

/** What a film is called in the files: its title with the year, or its slug. */
export type FilmLabel = "title" | "slug"

export const headers: Readonly<Record<CommittedFile, string>> = {
  rawRatings: "user_id,film_id,rating\n",
  translatedRatings: "username,film_title,rating\n",
  userMappings: "username,numeric_user_id\n",
  filmMappings: "film_id,film_title,film_slug\n",
  userUpdates: "username,last_updated\n",
  memberRecords: ""
}

const mayNeedQuotes = /[",\r\n]/u

/**
 * A field as csv-stringify writes it. Most fields need no quotes, and asking it for each would cost most of a
 * commit's time.
 */
export const field = (text: string): string =>
  mayNeedQuotes.test(text) ? stringify([[text]], { quoted_match: /\r/u, eof: false }) : text

export const filmLabel = (film: Film, label: FilmLabel): string => (label === "slug" ? film.slug : displayName(film))

export const rawRow = ({ filmId, rating, userId }: EncodedRating): string =>
  `${userId},${filmId},${formatRating(rating)}\n`
export const userRow = (username: Username, userId: UserId): string => `${username},${userId}\n`
export const filmRow = (film: Film, label: FilmLabel): string =>
  `${film.id},${field(filmLabel(film, label))},${field(film.slug)}\n`
export const translatedRow = (username: string, quotedLabel: string, rating: Rating): string =>
  `${username},${quotedLabel},${formatRating(rating)}\n`
export const updateRow = (username: Username, at: DateTime.Utc): string => `${username},${DateTime.formatIso(at)}\n`

const MemberRecordLine = Schema.parseJson(MemberRecord)
export const recordLine = (record: MemberRecord): string => `${Schema.encodeSync(MemberRecordLine)(record)}\n`

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

const damaged = (place: string, line: number, what: string) =>
  storageError("Damaged", place, `line ${line} ${what}. Nothing was written. Restore the file from a copy`)

/** The rows of a file below its header; fails where the text is no CSV or the header another one. */
const readRows = (place: string, file: CommittedFile, text: string): Effect.Effect<Rows, StorageError> =>
  Effect.gen(function* () {
    const header = headers[file]
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
        return damaged(place, lines[n + 1]?.info.lines ?? n + 2, what)
      }
    }
  })

const UserFields = Schema.Tuple(Username, Schema.compose(Schema.NumberFromString, UserId))
const decodeUserFields = Schema.decodeUnknownEither(UserFields)

/** Users in order of their ids, which rise. */
export const readUsers = (place: string, text: string): Effect.Effect<Map<Username, UserId>, StorageError> =>
  Effect.gen(function* () {
    const users = new Map<Username, UserId>()
    let last = 0
    const { damagedAt, rows } = yield* readRows(place, "userMappings", text)
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

const FilmFields = Schema.Tuple(Schema.compose(Schema.NumberFromString, FilmId), Schema.String, Schema.String)
const decodeFilmFields = Schema.decodeUnknownEither(FilmFields)
const decodeFilm = Schema.decodeUnknownEither(Film)

/** Films in order of first appearance. A label that is the slug tells no title. */
export const readFilms = (place: string, text: string): Effect.Effect<Map<FilmId, Film>, StorageError> =>
  Effect.gen(function* () {
    const films = new Map<FilmId, Film>()
    const { damagedAt, rows } = yield* readRows(place, "filmMappings", text)
    for (const [n, fields] of rows.entries()) {
      const decoded = decodeFilmFields(fields)
      if (Either.isLeft(decoded)) return yield* damagedAt(n, `(${fields.join(",")}) is no id with title and slug`)
      const [id, label, slug] = decoded.right
      const film = decodeFilm({ id, slug, ...(label === slug ? {} : splitDisplayName(label)) })
      if (Either.isLeft(film)) return yield* damagedAt(n, `(${fields.join(",")}) is no film`)
      if (films.has(id)) return yield* damagedAt(n, `names film ${id} a second time`)
      films.set(id, film.right)
    }
    return films
  })

const UpdateFields = Schema.Tuple(Username, Schema.DateTimeUtc)
const decodeUpdateFields = Schema.decodeUnknownEither(UpdateFields)

export const readUpdates = (place: string, text: string): Effect.Effect<Map<Username, DateTime.Utc>, StorageError> =>
  Effect.gen(function* () {
    const updates = new Map<Username, DateTime.Utc>()
    const { damagedAt, rows } = yield* readRows(place, "userUpdates", text)
    for (const [n, fields] of rows.entries()) {
      const decoded = decodeUpdateFields(fields)
      if (Either.isLeft(decoded)) return yield* damagedAt(n, `(${fields.join(",")}) is no name with a time`)
      const [username, at] = decoded.right
      if (updates.has(username)) return yield* damagedAt(n, `names ${username} a second time`)
      updates.set(username, at)
    }
    return updates
  })

const decodeRecordLine = Schema.decodeUnknownEither(MemberRecordLine)

/** The newest record of each member. */
export const readRecords = (place: string, text: string): Effect.Effect<Map<Username, MemberRecord>, StorageError> =>
  Effect.gen(function* () {
    const records = new Map<Username, MemberRecord>()
    for (const [i, line] of text.split("\n").entries()) {
      if (line === "") continue
      const decoded = decodeRecordLine(line)
      if (Either.isLeft(decoded)) return yield* damaged(place, i + 1, "is no record of a member")
      records.set(decoded.right.username, decoded.right)
    }
    return records
  })

const rawRowPattern = /^(\d{1,10}),(\d{1,10}),([0-5]\.[05])$/u
const isRating = Schema.is(Rating)
const isUserId = Schema.is(UserId)
const isFilmId = Schema.is(FilmId)

/** One raw row, decoded by hand: csv-parse reads tens of times fewer rows a second, and these hold nothing but numbers. */
export const readRawRow = (place: string, row: string, line: number): Either.Either<EncodedRating, StorageError> => {
  const match = rawRowPattern.exec(row)
  const userId = Number(match?.[1])
  const filmId = Number(match?.[2])
  const rating = Number(match?.[3])
  return isUserId(userId) && isFilmId(filmId) && isRating(rating)
    ? Either.right({ userId, filmId, rating })
    : Either.left(damaged(place, line, `(${row.slice(0, 80)}) is no rating`))
}
