/**
 * What the files of a dataset are called, what stands in their columns, and how it gets in and out.
 */
import {
  DOUBLE,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  MAP,
  mapValue,
  timestampTZValue,
  TIMESTAMPTZ,
  VARCHAR
} from "@duckdb/node-api"
import {
  type DatasetState,
  Doubt,
  type EncodedRating,
  type Film,
  FilmId,
  type MemberRecord,
  MemberState,
  ratingFromHalfStars,
  Slug,
  type StorageError,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import { type DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import { type Column, type Connection, parquetAt, type Values } from "./DuckDb.ts"
import { readingFailed, storageError } from "./StorageFailure.ts"

export const membersName = "members.parquet"
export const filmsName = "films.parquet"
export const ratingsFolder = "ratings"

/** Names of parts sort as their numbers do, so that a pattern finds them in order. */
export const partName = (number: number): string => `part-${String(number).padStart(6, "0")}.parquet`

const partPattern = /^part-(\d{6,})\.parquet$/u

/** The number of a part; none where it is no name of a part. */
export const partNumber = (name: string): number | undefined => {
  const digits = partPattern.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export const ratingColumns: ReadonlyArray<Column> = [
  { name: "user_id", type: INTEGER },
  { name: "film_id", type: INTEGER },
  { name: "rating", type: DOUBLE }
]

export const filmColumns: ReadonlyArray<Column> = [
  { name: "film_id", type: INTEGER },
  { name: "slug", type: VARCHAR },
  { name: "title", type: VARCHAR },
  { name: "year", type: INTEGER }
]

export const memberColumns: ReadonlyArray<Column> = [
  { name: "user_id", type: INTEGER },
  { name: "username", type: VARCHAR },
  { name: "state", type: VARCHAR },
  { name: "read_at", type: TIMESTAMPTZ },
  { name: "last_updated", type: TIMESTAMPTZ },
  { name: "update_position", type: INTEGER },
  { name: "ratings", type: INTEGER },
  { name: "films", type: INTEGER },
  { name: "stated_films", type: INTEGER },
  { name: "last_page", type: INTEGER },
  { name: "missing_pages", type: LIST(INTEGER) },
  { name: "doubts", type: LIST(VARCHAR) },
  { name: "verdicts", type: MAP(VARCHAR, INTEGER) },
  { name: "renamed_to", type: VARCHAR },
  { name: "seen_films", type: LIST(INTEGER) }
]

export const ratingValues = (ratings: ReadonlyArray<EncodedRating>): ReadonlyArray<Values> => [
  ratings.map(({ userId }) => userId),
  ratings.map(({ filmId }) => filmId),
  ratings.map(({ rating }) => rating)
]

export const filmValues = (films: DatasetState["films"]): ReadonlyArray<Values> => {
  const all = [...films.values()]
  return [
    all.map(({ id }) => id),
    all.map(({ slug }) => slug),
    all.map(({ title }) => title ?? null),
    all.map(({ year }) => year ?? null)
  ]
}

const time = (at: DateTime.Utc) => timestampTZValue(BigInt(at.epochMillis) * 1_000n)

export const memberValues = ({
  members,
  updates,
  users
}: Pick<DatasetState, "members" | "updates" | "users">): ReadonlyArray<Values> => {
  const names = [...users.keys()]
  const positions = new Map([...updates.keys()].map((username, i) => [username, i + 1]))
  const ofRecord = (value: (record: MemberRecord) => DuckDBValue) =>
    names.map((name) => {
      const record = members.get(name)
      return record === undefined ? null : value(record)
    })
  return [
    [...users.values()],
    names,
    ofRecord(({ state }) => state),
    ofRecord(({ readAt }) => time(readAt)),
    names.map((name) => {
      const at = updates.get(name)
      return at === undefined ? null : time(at)
    }),
    names.map((name) => positions.get(name) ?? null),
    ofRecord(({ ratings }) => ratings),
    ofRecord(({ films }) => films),
    ofRecord(({ statedFilms }) => statedFilms ?? null),
    ofRecord(({ lastPage }) => lastPage),
    ofRecord(({ missing }) => listValue(missing)),
    ofRecord(({ doubts }) => listValue(doubts)),
    ofRecord(({ verdicts }) => mapValue(Object.entries(verdicts).map(([key, value]) => ({ key, value })))),
    ofRecord(({ renamedTo }) => renamedTo ?? null),
    ofRecord(({ seen }) => (seen === undefined ? null : listValue(seen)))
  ]
}

const FilmRows = Schema.Array(
  Schema.Struct({
    film_id: FilmId,
    slug: Slug,
    title: Schema.NullOr(Schema.NonEmptyString),
    year: Schema.NullOr(Schema.Int.pipe(Schema.between(1000, 9999)))
  })
)

const Count = Schema.NonNegativeInt
const MemberRow = Schema.Struct({
  user_id: UserId,
  username: Username,
  state: Schema.NullOr(MemberState),
  read_at: Schema.NullOr(Schema.DateTimeUtcFromDate),
  last_updated: Schema.NullOr(Schema.DateTimeUtcFromDate),
  update_position: Schema.NullOr(Count),
  ratings: Schema.NullOr(Count),
  films: Schema.NullOr(Count),
  stated_films: Schema.NullOr(Count),
  last_page: Schema.NullOr(Count),
  missing_pages: Schema.NullOr(Schema.Array(Schema.Int.pipe(Schema.positive()))),
  doubts: Schema.NullOr(Schema.Array(Doubt)),
  verdicts: Schema.NullOr(Schema.Array(Schema.Struct({ key: Schema.String, value: Count }))),
  renamed_to: Schema.NullOr(Username),
  seen_films: Schema.NullOr(Schema.Array(FilmId))
})
const MemberRows = Schema.Array(MemberRow)

const decoded = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(schema)
  return (place: string, rows: ReadonlyArray<unknown>): Effect.Effect<A, StorageError> =>
    Effect.mapError(decode(rows), (error) => readingFailed(place)(error))
}
const decodeFilmRows = decoded(FilmRows)
const decodeMemberRows = decoded(MemberRows)

const damaged = (place: string, what: string) =>
  storageError("Damaged", place, `${what}. Nothing was written. Restore the file from a copy`)

export const readFilms = (connection: Connection, place: string): Effect.Effect<Map<FilmId, Film>, StorageError> =>
  Effect.gen(function* () {
    const films = new Map<FilmId, Film>()
    for (const { film_id: id, slug, title, year } of yield* decodeFilmRows(
      place,
      yield* connection.rows(`from ${parquetAt([place])}`, readingFailed(place))
    )) {
      if (films.has(id)) return yield* damaged(place, `it names film ${id} a second time`)
      films.set(id, { id, slug, ...(title === null ? {} : { title }), ...(year === null ? {} : { year }) })
    }
    return films
  })

/** What a row says of a reading; nothing where the member was never read, and a failure where half of it is missing. */
const recordOf = (row: typeof MemberRow.Type): Either.Either<Option.Option<MemberRecord>, string> => {
  const {
    doubts,
    films,
    last_page: lastPage,
    missing_pages: missing,
    ratings,
    read_at: readAt,
    state,
    username,
    verdicts
  } = row
  if (state === null) return Either.right(Option.none())
  if (
    readAt === null ||
    lastPage === null ||
    missing === null ||
    films === null ||
    ratings === null ||
    doubts === null ||
    verdicts === null
  ) {
    return Either.left(`it says only a part of how ${username} was read`)
  }
  return Either.right(
    Option.some({
      username,
      userId: row.user_id,
      state,
      readAt,
      lastPage,
      missing,
      films,
      ...(row.stated_films === null ? {} : { statedFilms: row.stated_films }),
      ratings,
      doubts,
      verdicts: Object.fromEntries(verdicts.map(({ key, value }) => [key, value])),
      ...(row.renamed_to === null ? {} : { renamedTo: row.renamed_to }),
      ...(row.seen_films === null ? {} : { seen: row.seen_films })
    })
  )
}

export const readMembers = (connection: Connection, place: string) =>
  Effect.gen(function* () {
    const users = new Map<Username, UserId>()
    const members = new Map<Username, MemberRecord>()
    const updated: Array<readonly [position: number, username: Username, at: DateTime.Utc]> = []
    let last = 0
    for (const row of yield* decodeMemberRows(
      place,
      yield* connection.rows(`from ${parquetAt([place])}`, readingFailed(place))
    )) {
      const { last_updated: at, update_position: position, user_id: userId, username } = row
      if (users.has(username)) return yield* damaged(place, `it names ${username} a second time`)
      if (userId <= last) return yield* damaged(place, `it gives ${username} the id ${userId} after ${last}`)
      if ((at === null) !== (position === null))
        return yield* damaged(place, `it says only a part of when ${username} was updated`)
      last = userId
      users.set(username, userId)
      if (at !== null && position !== null) updated.push([position, username, at])
      const record = recordOf(row)
      if (Either.isLeft(record)) return yield* damaged(place, record.left)
      if (Option.isSome(record.right)) members.set(username, record.right.value)
    }
    updated.sort(([one], [other]) => one - other)
    return { users, members, updates: new Map(updated.map(([, username, at]) => [username, at])) }
  })

/** What was checked already. */
const checked = { disableValidation: true }

/** The ratings of a part, decoded by hand, some thousands at a time: a schema for each row costs more than reading it. */
export const readRatings = (
  connection: Connection,
  place: string
): Stream.Stream<ReadonlyArray<EncodedRating>, StorageError> =>
  connection.blocks(`select user_id, film_id, rating from ${parquetAt([place])}`, readingFailed(place)).pipe(
    Stream.mapEffect(([users = [], films = [], allStars = []]) =>
      Effect.gen(function* () {
        const ratings: Array<EncodedRating> = []
        for (const [i, userId] of users.entries()) {
          const filmId = films[i]
          const rating = allStars[i]
          const stars = typeof rating === "number" ? ratingFromHalfStars(rating * 2) : Option.none()
          if (!(
            typeof userId === "number" &&
            userId > 0 &&
            typeof filmId === "number" &&
            filmId > 0 &&
            Option.isSome(stars)
          )) {
            return yield* damaged(
              place,
              `a row of it (${String(userId)}, ${String(filmId)}, ${String(rating)}) is no rating`
            )
          }
          ratings.push({
            userId: UserId.make(userId, checked),
            filmId: FilmId.make(filmId, checked),
            rating: stars.value
          })
        }
        return ratings
      })
    )
  )
