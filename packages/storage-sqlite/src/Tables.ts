/**
 * The tables of a dataset: what stands in them, and how it gets in and out.
 */
import type { SqlError } from "@effect/sql/SqlError"
import {
  type Batch,
  type CommitReceipt,
  type DatasetState,
  EncodedRating,
  Film,
  FilmId,
  idGapsIn,
  MemberRecord,
  UserId,
  Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { Chunk, DateTime, Effect, Option, Schema, Stream } from "effect"
import type { ParseError } from "effect/ParseResult"
import type { Sql } from "./SqliteConnection.ts"

/** The version of these tables; a later one will know how to change an earlier one. */
export const latestFormat = 1

/** Says in a file's header that we made it: "LBRD". */
const applicationId = 0x4c425244

const statements = (sql: Sql): ReadonlyArray<Effect.Effect<unknown, SqlError>> => [
  sql`pragma application_id = ${sql.literal(String(applicationId))}`,
  sql`create table dataset (
    one integer primary key check (one = 1),
    format integer not null,
    batches integer not null,
    ratings integer not null,
    id_gaps integer not null,
    committed_at text not null
  )`,
  sql`create table members (
    user_id integer primary key,
    username text not null unique,
    state text check (state in ('sealed', 'partial', 'gone', 'private', 'renamed')),
    read_at text,
    last_page integer,
    films integer,
    stated_films integer,
    ratings integer,
    renamed_to text,
    missing_pages text,
    doubts text,
    verdicts text,
    seen_films text
  )`,
  sql`create table films (
    film_id integer primary key,
    position integer not null unique,
    slug text not null,
    title text,
    year integer
  )`,
  sql`create table ratings (
    position integer primary key,
    user_id integer not null references members,
    film_id integer not null references films,
    rating real not null check (rating between 0.5 and 5 and rating * 2 = cast(rating * 2 as integer)),
    unique (user_id, film_id)
  )`,
  sql`create table updates (
    user_id integer primary key references members,
    position integer not null unique,
    last_updated text not null
  )`,
  sql`create view film_labels as
    select film_id, slug as film_slug,
      case when title is null then slug when year is null then title else title || ' (' || year || ')' end as film_title
    from films`,
  sql`create view translated_ratings as
    select username, film_title, rating
    from ratings join members using (user_id) join film_labels using (film_id)
    order by ratings.position`,
  sql`create view user_updates as
    select username, last_updated from updates join members using (user_id) order by updates.position`
]

/** Makes the tables and views in a file that has none. */
export const createTables = (sql: Sql): Effect.Effect<void, SqlError> => Effect.all(statements(sql), { discard: true })

/** The index that makes asking by film quick. Made of a table that is full already, it costs a fraction. */
export const indexRatings = (sql: Sql): Effect.Effect<unknown, SqlError> =>
  sql`create index ratings_by_film on ratings (film_id)`

const Format = Schema.Array(Schema.Struct({ format: Schema.Int }))
const DatasetRow = Schema.Struct({
  format: Schema.Int,
  batches: Schema.Int,
  ratings: Schema.Int,
  committed_at: Schema.DateTimeUtc
})

/** The row about the whole dataset. */
export interface DatasetRow extends Schema.Schema.Type<typeof DatasetRow> {}

/** What a file holds: nothing, a dataset, one of a format we do not know, or what somebody else keeps there. */
export type Content =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Dataset"; readonly row: DatasetRow }
  | { readonly _tag: "NewerFormat"; readonly format: number }
  | { readonly _tag: "SomethingElse" }

const Names = Schema.Array(Schema.Struct({ name: Schema.String }))

/** Looks at what a file holds, without reading members, films or ratings. */
export const readContent = (sql: Sql): Effect.Effect<Content, SqlError | ParseError> =>
  Effect.gen(function* () {
    const names = yield* Schema.decodeUnknown(Names)(
      yield* sql`select name from sqlite_master order by type = 'table' and name = 'dataset' desc limit 1`
    )
    if (names.length === 0) return { _tag: "Nothing" }
    if (names[0]?.name !== "dataset") return { _tag: "SomethingElse" }
    const rows = yield* sql`select * from dataset limit 1`
    const [found] = yield* Schema.decodeUnknown(Format)(rows)
    if (found === undefined) return { _tag: "SomethingElse" }
    // What else a row of a later format holds is not known.
    if (found.format > latestFormat) return { _tag: "NewerFormat", format: found.format }
    const [row] = yield* Schema.decodeUnknown(Schema.Tuple(DatasetRow))(rows)
    return { _tag: "Dataset", row }
  })

/** Whether a file's header says that we made it. */
export const isOurs = (sql: Sql): Effect.Effect<boolean, SqlError> =>
  Effect.map(
    sql`pragma application_id`,
    Schema.is(Schema.Tuple(Schema.Struct({ application_id: Schema.Literal(applicationId) })))
  )

const json = <A, I>(schema: Schema.Schema<A, I>) => Schema.NullOr(Schema.parseJson(schema))
const MemberRow = Schema.Struct({
  user_id: UserId,
  username: Username,
  state: Schema.NullOr(Schema.String),
  read_at: Schema.NullOr(Schema.String),
  last_page: Schema.NullOr(Schema.Int),
  films: Schema.NullOr(Schema.Int),
  stated_films: Schema.NullOr(Schema.Int),
  ratings: Schema.NullOr(Schema.Int),
  renamed_to: Schema.NullOr(Schema.String),
  missing_pages: json(Schema.Unknown),
  doubts: json(Schema.Unknown),
  verdicts: json(Schema.Unknown),
  seen_films: json(Schema.Unknown)
})
const FilmRow = Schema.Struct({
  film_id: FilmId,
  slug: Schema.String,
  title: Schema.NullOr(Schema.String),
  year: Schema.NullOr(Schema.Int)
})
const UpdateRow = Schema.Struct({ username: Username, last_updated: Schema.DateTimeUtc })
const RatingRow = Schema.Struct({
  position: Schema.Int,
  user_id: Schema.Unknown,
  film_id: Schema.Unknown,
  rating: Schema.Unknown
})

const recordOf = (row: typeof MemberRow.Type) =>
  row.state === null
    ? Effect.succeedNone
    : Effect.asSome(
        Schema.decodeUnknown(MemberRecord)({
          username: row.username,
          userId: row.user_id,
          state: row.state,
          readAt: row.read_at,
          lastPage: row.last_page,
          missing: row.missing_pages,
          films: row.films,
          ...(row.stated_films === null ? {} : { statedFilms: row.stated_films }),
          ratings: row.ratings,
          doubts: row.doubts,
          verdicts: row.verdicts,
          ...(row.renamed_to === null ? {} : { renamedTo: row.renamed_to }),
          ...(row.seen_films === null ? {} : { seen: row.seen_films })
        })
      )

/** All but the ratings. */
export const readState = (sql: Sql, { batches, ratings }: DatasetRow) =>
  Effect.gen(function* () {
    const users = new Map<Username, UserId>()
    const members = new Map<Username, MemberRecord>()
    for (const row of yield* Schema.decodeUnknown(Schema.Array(MemberRow))(
      yield* sql`select * from members order by user_id`
    )) {
      users.set(row.username, row.user_id)
      const record = yield* recordOf(row)
      if (Option.isSome(record)) members.set(row.username, record.value)
    }
    const films = new Map<FilmId, Film>()
    for (const row of yield* Schema.decodeUnknown(Schema.Array(FilmRow))(
      yield* sql`select film_id, slug, title, year from films order by position`
    )) {
      const film = yield* Schema.decodeUnknown(Film)({
        id: row.film_id,
        slug: row.slug,
        ...(row.title === null ? {} : { title: row.title }),
        ...(row.year === null ? {} : { year: row.year })
      })
      films.set(film.id, film)
    }
    const updates = new Map<Username, DateTime.Utc>()
    for (const row of yield* Schema.decodeUnknown(Schema.Array(UpdateRow))(
      yield* sql`select username, last_updated from user_updates`
    )) {
      updates.set(row.username, row.last_updated)
    }
    const state: DatasetState = { users, films, members, updates, ratings, batches }
    return state
  })

const rowsAtOnce = 4_096
/** A statement for each of so many rows: a text of a megabyte. */
const rowsLoadedAtOnce = 32_768
const decodeRatings = Schema.decodeUnknown(Schema.Array(RatingRow))
const decodeEncoded = Schema.decodeUnknown(Schema.Array(EncodedRating))

/** All ratings in the order they were committed, page by page: no statement is open while somebody reads slowly. */
export const readRatings = <E>(sql: Sql, toError: (error: unknown) => E): Stream.Stream<EncodedRating, E> =>
  Stream.paginateChunkEffect(0, (last) =>
    Effect.gen(function* () {
      const rows = yield* decodeRatings(
        yield* sql`select position, user_id, film_id, rating from ratings where position > ${last} order by position limit ${rowsAtOnce}`
      )
      const ratings = yield* decodeEncoded(
        rows.map(({ film_id: filmId, rating, user_id: userId }) => ({ filmId, rating, userId }))
      )
      const next =
        rows.length < rowsAtOnce
          ? Option.none<number>()
          : Option.map(Option.fromNullable(rows.at(-1)), ({ position }) => position)
      return [Chunk.fromIterable(ratings), next] as const
    }).pipe(Effect.mapError(toError))
  )

const Count = Schema.Tuple(Schema.Struct({ n: Schema.Int }))

/** The rows of a table go in as one JSON text: one statement, whatever their number. */
const insertFilms = (sql: Sql, films: ReadonlyArray<Film>) =>
  sql`insert into films (film_id, position, slug, title, year)
    select value ->> 0, (select coalesce(max(position), 0) from films) + key + 1, value ->> 1, value ->> 2, value ->> 3
    from json_each(${listed(films)})`

const listed = (films: ReadonlyArray<Film>): string =>
  JSON.stringify(films.map(({ id, slug, title, year }) => [id, slug, title ?? null, year ?? null]))

/** A member of whom nothing but the id is known has no record. */
type Member = MemberRecord | { readonly username: Username; readonly userId: UserId }

const putMembers = (sql: Sql, members: ReadonlyArray<Member>) =>
  sql`insert into members
      (user_id, username, state, read_at, last_page, films, stated_films, ratings, renamed_to, missing_pages, doubts, verdicts, seen_films)
    select value ->> 'userId', value ->> 'username', value ->> 'state', value ->> 'readAt', value ->> 'lastPage', value ->> 'films',
      value ->> 'statedFilms', value ->> 'ratings', value ->> 'renamedTo', value -> 'missing', value -> 'doubts', value -> 'verdicts', value -> 'seen'
    from json_each(${JSON.stringify(members.map((member) => ("readAt" in member ? { ...member, readAt: DateTime.formatIso(member.readAt) } : member)))}) where true
    on conflict (user_id) do update set state = excluded.state, read_at = excluded.read_at, last_page = excluded.last_page,
      films = excluded.films, stated_films = excluded.stated_films, ratings = excluded.ratings, renamed_to = excluded.renamed_to,
      missing_pages = excluded.missing_pages, doubts = excluded.doubts, verdicts = excluded.verdicts, seen_films = excluded.seen_films`

const insertRatings = (sql: Sql, ratings: Iterable<EncodedRating>) =>
  sql`insert into ratings (user_id, film_id, rating)
    select value ->> 0, value ->> 1, value ->> 2
    from json_each(${`[${Array.from(ratings, ({ filmId, rating, userId }) => `[${userId},${filmId},${rating}]`).join(",")}]`}) order by key`

const putUpdates = (sql: Sql, updates: ReadonlyArray<readonly [userId: UserId | undefined, at: DateTime.Utc]>) =>
  sql`insert into updates (user_id, position, last_updated)
    select value ->> 0, (select coalesce(max(position), 0) from updates) + key + 1, value ->> 1
    from json_each(${JSON.stringify(updates.map(([userId, at]) => [userId, DateTime.formatIso(at)]))}) where true
    on conflict (user_id) do update set last_updated = excluded.last_updated`

/** Notes what the dataset holds from now on, if it is still at so many batches as it was before; says whether it was. */
const putDatasetRow = (
  sql: Sql,
  before: number,
  { batches, ratings }: CommitReceipt,
  idGaps: number,
  committedAt: DateTime.Utc
) =>
  Effect.map(
    sql`insert into dataset (one, format, batches, ratings, id_gaps, committed_at)
      values (1, ${latestFormat}, ${batches}, ${ratings}, ${idGaps}, ${DateTime.formatIso(committedAt)})
      on conflict (one) do update set batches = excluded.batches, ratings = excluded.ratings, committed_at = excluded.committed_at
        where dataset.batches = ${before}
      returning 1`,
    (rows) => rows.length > 0
  )

/**
 * Writes a batch to a dataset of so many batches and ratings; the answer is what it holds then, or none where another
 * writer was there in between. Nothing here reads a table from end to end.
 */
export const writeBatch = (sql: Sql, batch: Batch, before: CommitReceipt) =>
  Effect.gen(function* () {
    const replaced = batch.members.flatMap(({ record, write }) => (write === "replace" ? [record.userId] : []))
    const ratings = batch.members.flatMap((member) => member.ratings)
    const records = batch.members.map(({ record }) => record)

    yield* insertFilms(sql, batch.newFilms)
    yield* sql`update films set slug = now.slug, title = now.title, year = now.year
      from (select value ->> 0 as film_id, value ->> 1 as slug, value ->> 2 as title, value ->> 3 as year
        from json_each(${listed(batch.changedFilms.map(({ after }) => after))})) as now
      where films.film_id = now.film_id`
    yield* putMembers(sql, records)
    const ofReplaced = sql`user_id in (select value from json_each(${JSON.stringify(replaced)}))`
    const [{ n: removed }] = yield* Schema.decodeUnknown(Count)(
      yield* sql`select count(*) as n from ratings where ${ofReplaced}`
    )
    yield* sql`delete from ratings where ${ofReplaced}`
    yield* insertRatings(sql, ratings)
    yield* putUpdates(
      sql,
      records.flatMap(({ readAt, state, userId }) => (state === "sealed" ? [[userId, readAt] as const] : []))
    )
    const after: CommitReceipt = { batches: before.batches + 1, ratings: before.ratings - removed + ratings.length }
    return (yield* putDatasetRow(sql, before.batches, after, 0, batch.committedAt)) ? Option.some(after) : Option.none()
  })

/** Writes a whole dataset into empty tables, some thousand ratings at a time. */
export const writeWhole = (sql: Sql, { committedAt, ratings, state }: WholeDataset) =>
  Effect.gen(function* () {
    yield* insertFilms(sql, [...state.films.values()])
    yield* putMembers(
      sql,
      Array.from(state.users, ([username, userId]): Member => state.members.get(username) ?? { username, userId })
    )
    let rows = 0
    yield* Stream.runForEachChunk(Stream.rechunk(ratings, rowsLoadedAtOnce), (some) => {
      rows += some.length
      return insertRatings(sql, some)
    })
    yield* putUpdates(
      sql,
      Array.from(state.updates, ([username, at]) => [state.users.get(username), at] as const)
    )
    const receipt: CommitReceipt = { batches: Math.max(1, state.batches), ratings: rows }
    yield* putDatasetRow(sql, 0, receipt, idGapsIn(state.users), committedAt)
    return receipt
  })
