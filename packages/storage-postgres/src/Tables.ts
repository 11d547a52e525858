/**
 * The tables of a dataset: what stands in them, and how it gets in and out.
 */
import type { PgClient } from "@effect/sql-pg/PgClient"
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

/** The client, and the schema the tables are in. */
export interface Database {
  readonly sql: PgClient
  readonly schema: string
}

const table = ({ schema, sql }: Database, name: string) => sql(`${schema}.${name}`)

/**
 * What brings the tables from one format to the next, the first one from nothing. Append; never change what is there.
 */
const migrations: ReadonlyArray<(database: Database) => ReadonlyArray<Effect.Effect<unknown, SqlError>>> = [
  (database) => {
    const { sql } = database
    const [dataset, members, films, ratings, updates] = ["dataset", "members", "films", "ratings", "updates"].map(
      (name) => table(database, name)
    )
    return [
      sql`create schema if not exists ${sql(database.schema)}`,
      sql`create table ${dataset} (
        one integer primary key check (one = 1),
        format integer not null,
        batches integer not null,
        ratings bigint not null,
        id_gaps integer not null,
        committed_at timestamptz not null
      )`,
      sql`create table ${members} (
        user_id integer primary key,
        username text not null unique,
        state text check (state in ('sealed', 'partial', 'gone', 'private', 'renamed')),
        read_at timestamptz,
        last_page integer,
        films integer,
        stated_films integer,
        ratings integer,
        renamed_to text,
        missing_pages jsonb,
        doubts jsonb,
        verdicts json,
        seen_films jsonb
      )`,
      sql`create table ${films} (
        film_id integer primary key,
        position integer not null unique,
        slug text not null,
        title text,
        year integer
      )`,
      sql`create table ${ratings} (
        position bigint not null unique,
        user_id integer not null references ${members},
        film_id integer not null references ${films},
        rating real not null check (rating between 0.5 and 5 and mod((rating * 2)::numeric, 1) = 0),
        primary key (user_id, film_id)
      )`,
      sql`create index ratings_by_film on ${ratings} (film_id)`,
      sql`create table ${updates} (
        user_id integer primary key references ${members},
        position integer not null unique,
        last_updated timestamptz not null
      )`,
      sql`create view ${table(database, "film_labels")} as
        select film_id, slug as film_slug,
          case when title is null then slug when year is null then title else title || ' (' || year || ')' end as film_title
        from ${films}`,
      sql`create view ${table(database, "translated_ratings")} as
        select username, film_title, rating
        from ${ratings} r join ${members} using (user_id) join ${table(database, "film_labels")} using (film_id)
        order by r.position`,
      sql`create view ${table(database, "user_updates")} as
        select username, last_updated from ${updates} u join ${members} using (user_id) order by u.position`
    ]
  }
]

/** The format of the tables as this version of the tool writes them. */
export const latestFormat = migrations.length

/** Brings the tables from a format (0: there are none) to the latest. Inside a transaction. */
export const migrate = (database: Database, from: number): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    for (const migration of migrations.slice(from)) yield* Effect.all(migration(database), { discard: true })
    if (from > 0 && from < latestFormat)
      yield* database.sql`update ${table(database, "dataset")} set format = ${latestFormat}`
  })

const ours = new Set([
  "dataset",
  "members",
  "films",
  "ratings",
  "updates",
  "film_labels",
  "translated_ratings",
  "user_updates"
])
const Names = Schema.Array(Schema.Struct({ name: Schema.String }))

/** What stands in the schema and was not made by this tool: tables, views, sequences, functions. */
export const foreignNames = ({ schema, sql }: Database) =>
  Effect.map(
    Effect.flatMap(
      sql`select relname as name from pg_class c join pg_namespace n on n.oid = relnamespace
          where nspname = ${schema} and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        union select proname from pg_proc join pg_namespace n on n.oid = pronamespace where nspname = ${schema}
        order by name`,
      Schema.decodeUnknown(Names)
    ),
    (found) => found.map(({ name }) => name).filter((name) => !ours.has(name))
  )

/** Moves what is there out of the way, whole, to a name that is free. */
export const renameSchema = ({ schema, sql }: Database, to: string) =>
  Effect.gen(function* () {
    const taken = new Set(
      (yield* Schema.decodeUnknown(Names)(
        yield* sql`select nspname as name from pg_namespace where starts_with(nspname, ${to})`
      )).map(({ name }) => name)
    )
    let free = to
    for (let n = 2; taken.has(free); n++) free = `${to}_${n}`
    yield* sql`alter schema ${sql(schema)} rename to ${sql(free)}`
  })

const Format = Schema.Array(Schema.Struct({ format: Schema.Int }))
const DatasetRow = Schema.Struct({
  format: Schema.Int,
  batches: Schema.Int,
  ratings: Schema.NumberFromString.pipe(Schema.int()),
  committed_at: Schema.DateTimeUtcFromDate
})

/** @internal */
export interface DatasetRow extends Schema.Schema.Type<typeof DatasetRow> {}

/** What the schema holds: nothing, a dataset, or one of a format we do not know. */
export type Content =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Dataset"; readonly row: DatasetRow }
  | { readonly _tag: "NewerFormat"; readonly format: number }

/** Looks at what the schema holds, without reading members, films or ratings. */
export const readContent = (database: Database): Effect.Effect<Content, SqlError | ParseError> =>
  Effect.gen(function* () {
    const { schema, sql } = database
    const tables = yield* sql`select 1 from pg_tables where schemaname = ${schema} and tablename = 'dataset'`
    if (tables.length === 0) return { _tag: "Nothing" }
    const [found] = yield* Schema.decodeUnknown(Format)(
      yield* sql`select format from ${table(database, "dataset")} limit 1`
    )
    if (found === undefined) return { _tag: "Nothing" }
    // What else a row of a later format holds is not known.
    if (found.format > latestFormat) return { _tag: "NewerFormat", format: found.format }
    const rows =
      yield* sql`select format, batches, ratings::text as ratings, committed_at from ${table(database, "dataset")}`
    const [row] = yield* Schema.decodeUnknown(Schema.Tuple(DatasetRow))(rows)
    return { _tag: "Dataset", row }
  })

const MemberRow = Schema.Struct({
  user_id: UserId,
  username: Username,
  state: Schema.NullOr(Schema.String),
  read_at: Schema.NullOr(Schema.DateFromSelf),
  last_page: Schema.NullOr(Schema.Int),
  films: Schema.NullOr(Schema.Int),
  stated_films: Schema.NullOr(Schema.Int),
  ratings: Schema.NullOr(Schema.Int),
  renamed_to: Schema.NullOr(Schema.String),
  missing_pages: Schema.Unknown,
  doubts: Schema.Unknown,
  verdicts: Schema.Unknown,
  seen_films: Schema.Unknown
})
const FilmRow = Schema.Struct({
  film_id: FilmId,
  slug: Schema.String,
  title: Schema.NullOr(Schema.String),
  year: Schema.NullOr(Schema.Int)
})
const UpdateRow = Schema.Struct({ username: Username, last_updated: Schema.DateTimeUtcFromDate })
const RatingRow = Schema.Struct({
  place: Schema.NumberFromString,
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
          readAt: row.read_at?.toISOString(),
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
export const readState = (database: Database, { batches, ratings }: DatasetRow) =>
  Effect.gen(function* () {
    const { sql } = database
    const users = new Map<Username, UserId>()
    const members = new Map<Username, MemberRecord>()
    for (const row of yield* Schema.decodeUnknown(Schema.Array(MemberRow))(
      yield* sql`select * from ${table(database, "members")} order by user_id`
    )) {
      users.set(row.username, row.user_id)
      const record = yield* recordOf(row)
      if (Option.isSome(record)) members.set(row.username, record.value)
    }
    const films = new Map<FilmId, Film>()
    for (const row of yield* Schema.decodeUnknown(Schema.Array(FilmRow))(
      yield* sql`select film_id, slug, title, year from ${table(database, "films")} order by position`
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
      yield* sql`select username, last_updated from ${table(database, "user_updates")}`
    )) {
      updates.set(row.username, row.last_updated)
    }
    const state: DatasetState = { users, films, members, updates, ratings, batches }
    return state
  })

const rowsAtOnce = 4_096
const decodeRatings = Schema.decodeUnknown(Schema.Array(RatingRow))
const decodeEncoded = Schema.decodeUnknown(Schema.Array(EncodedRating))

/** All ratings in the order they were committed, page by page: nothing is held open while somebody reads slowly. */
export const readRatings = <E>(database: Database, toError: (error: unknown) => E): Stream.Stream<EncodedRating, E> =>
  Stream.paginateChunkEffect(0, (last) =>
    Effect.gen(function* () {
      const rows = yield* decodeRatings(
        yield* database.sql`select position::text as place, user_id, film_id, rating from ${table(database, "ratings")}
          where position > ${last} order by position limit ${rowsAtOnce}`
      )
      const ratings = yield* decodeEncoded(
        rows.map(({ film_id: filmId, rating, user_id: userId }) => ({ filmId, rating, userId }))
      )
      const next =
        rows.length < rowsAtOnce
          ? Option.none<number>()
          : Option.map(Option.fromNullable(rows.at(-1)), ({ place }) => place)
      return [Chunk.fromIterable(ratings), next] as const
    }).pipe(Effect.mapError(toError))
  )

const Count = Schema.Tuple(Schema.Struct({ n: Schema.NumberFromString }))

/** The rows of a table go in as one JSON text: one statement, whatever their number. PostgreSQL keeps no NUL in its texts. */
const rowsOf = ({ sql }: Database, value: unknown) =>
  sql`json_array_elements(cast(${JSON.stringify(value).replaceAll(String.raw`\u0000`, String.raw`\ufffd`)} as json)) with ordinality as rows (value, n)`

const listed = (films: ReadonlyArray<Film>) =>
  films.map(({ id, slug, title, year }) => [id, slug, title ?? null, year ?? null])

const insertFilms = (database: Database, films: ReadonlyArray<Film>) => {
  const { sql } = database
  return sql`insert into ${table(database, "films")} (film_id, position, slug, title, year)
    select (value ->> 0)::integer, (select coalesce(max(position), 0) from ${table(database, "films")}) + n, value ->> 1, value ->> 2, (value ->> 3)::integer
    from ${rowsOf(database, listed(films))}`
}

/** A member of whom nothing but the id is known has no record. */
type Member = MemberRecord | { readonly username: Username; readonly userId: UserId }

const putMembers = (database: Database, members: ReadonlyArray<Member>) => {
  const { sql } = database
  return sql`insert into ${table(database, "members")}
      (user_id, username, state, read_at, last_page, films, stated_films, ratings, renamed_to, missing_pages, doubts, verdicts, seen_films)
    select (value ->> 'userId')::integer, value ->> 'username', value ->> 'state', (value ->> 'readAt')::timestamptz,
      (value ->> 'lastPage')::integer, (value ->> 'films')::integer, (value ->> 'statedFilms')::integer, (value ->> 'ratings')::integer,
      value ->> 'renamedTo', (value -> 'missing')::jsonb, (value -> 'doubts')::jsonb, value -> 'verdicts', (value -> 'seen')::jsonb
    from ${rowsOf(
      database,
      members.map((member) => ("readAt" in member ? { ...member, readAt: DateTime.formatIso(member.readAt) } : member))
    )}
    on conflict (user_id) do update set state = excluded.state, read_at = excluded.read_at, last_page = excluded.last_page,
      films = excluded.films, stated_films = excluded.stated_films, ratings = excluded.ratings, renamed_to = excluded.renamed_to,
      missing_pages = excluded.missing_pages, doubts = excluded.doubts, verdicts = excluded.verdicts, seen_films = excluded.seen_films`
}

const insertRatings = (database: Database, ratings: Iterable<EncodedRating>) => {
  const { sql } = database
  const to = table(database, "ratings")
  return sql`insert into ${to} (position, user_id, film_id, rating)
    select (select coalesce(max(position), 0) from ${to}) + n, (value ->> 0)::integer, (value ->> 1)::integer, (value ->> 2)::real
    from ${rowsOf(
      database,
      Array.from(ratings, ({ filmId, rating, userId }) => [userId, filmId, rating])
    )}`
}

const putUpdates = (
  database: Database,
  updates: ReadonlyArray<readonly [userId: UserId | undefined, at: DateTime.Utc]>
) => {
  const { sql } = database
  return sql`insert into ${table(database, "updates")} (user_id, position, last_updated)
    select (value ->> 0)::integer, (select coalesce(max(position), 0) from ${table(database, "updates")}) + n, (value ->> 1)::timestamptz
    from ${rowsOf(
      database,
      updates.map(([userId, at]) => [userId, DateTime.formatIso(at)])
    )}
    on conflict (user_id) do update set last_updated = excluded.last_updated`
}

/**
 * Notes what the dataset holds from now on, if it is still at so many batches as it was before; says whether it was.
 * Comes before everything else in a transaction, so that of two writers one waits here and then finds that it is late.
 */
const putDatasetRow = (
  database: Database,
  before: number,
  after: CommitReceipt,
  idGaps: number,
  committedAt: DateTime.Utc
) =>
  Effect.map(
    database.sql`insert into ${table(database, "dataset")} as d (one, format, batches, ratings, id_gaps, committed_at)
      values (1, ${latestFormat}, ${after.batches}, ${after.ratings}, ${idGaps}, cast(${DateTime.formatIso(committedAt)} as timestamptz))
      on conflict (one) do update set batches = excluded.batches, ratings = excluded.ratings, committed_at = excluded.committed_at
        where d.batches = ${before}
      returning 1`,
    (rows) => rows.length > 0
  )

/**
 * Writes a batch to a dataset of so many batches and ratings; the answer is what it holds then, or none where another
 * writer was there in between. Nothing here reads a table from end to end.
 */
export const writeBatch = (database: Database, batch: Batch, before: CommitReceipt) =>
  Effect.gen(function* () {
    const { sql } = database
    const replaced = batch.members.flatMap(({ record, write }) => (write === "replace" ? [record.userId] : []))
    const ratings = batch.members.flatMap((member) => member.ratings)
    const records = batch.members.map(({ record }) => record)

    const ofReplaced = sql`user_id in (select value::text::integer from ${rowsOf(database, replaced)})`
    const [{ n: removed }] = yield* Schema.decodeUnknown(Count)(
      yield* sql`select count(*)::text as n from ${table(database, "ratings")} where ${ofReplaced}`
    )
    const after: CommitReceipt = { batches: before.batches + 1, ratings: before.ratings - removed + ratings.length }
    if (!(yield* putDatasetRow(database, before.batches, after, 0, batch.committedAt))) return Option.none()

    yield* insertFilms(database, batch.newFilms)
    yield* sql`update ${table(database, "films")} f set slug = value ->> 1, title = value ->> 2, year = (value ->> 3)::integer
      from ${rowsOf(database, listed(batch.changedFilms.map(({ after: film }) => film)))}
      where f.film_id = (value ->> 0)::integer`
    yield* putMembers(database, records)
    yield* sql`delete from ${table(database, "ratings")} where ${ofReplaced}`
    yield* insertRatings(database, ratings)
    yield* putUpdates(
      database,
      records.flatMap(({ readAt, state, userId }) => (state === "sealed" ? [[userId, readAt] as const] : []))
    )
    return Option.some(after)
  })

/** Writes a whole dataset into empty tables, some thousand ratings at a time. */
export const writeWhole = (database: Database, { committedAt, ratings, state }: WholeDataset) =>
  Effect.gen(function* () {
    const batches = Math.max(1, state.batches)
    if (!(yield* putDatasetRow(database, 0, { batches, ratings: state.ratings }, idGapsIn(state.users), committedAt)))
      return Option.none()
    yield* insertFilms(database, [...state.films.values()])
    yield* putMembers(
      database,
      Array.from(state.users, ([username, userId]): Member => state.members.get(username) ?? { username, userId })
    )
    yield* Stream.runForEach(Stream.grouped(ratings, rowsAtOnce), (some) => insertRatings(database, some))
    yield* putUpdates(
      database,
      Array.from(state.updates, ([username, at]) => [state.users.get(username), at] as const)
    )
    const receipt: CommitReceipt = { batches, ratings: state.ratings }
    return Option.some(receipt)
  })
