/**
 * The tables of a dataset, each column once. What a storage writes, what a layout of files holds, what checks compare
 * and what an older format lacks follow from here.
 *
 * @since 0.1.0
 */
import { Either, Record, Schema, Struct } from "effect"
import { FilmId, ImdbId, Slug, Title, TmdbId, Year } from "../domain/Film.ts"
import { UserId, Username } from "../domain/Member.ts"
import { Day, Rating } from "../domain/Rating.ts"
import { allKeeps, type Column, type Keep, type Keeps, optional, required, stored } from "./Column.ts"
import { Doubt, MemberState, Proof } from "./MemberState.ts"
import { makeTable, rowSchema, shown, type Table } from "./Table.ts"

/**
 * Since format 2 a dataset can keep more than members, films and stars. A column that joins after a version was published
 * needs a `since` of its own, one above `latestFormat`, so that this version refuses what it cannot read.
 */
const kept = (keep: Keep) => ({ since: 2, keep })

const ratingColumns = {
  userId: required("user_id", stored.id(UserId)),
  filmId: required("film_id", stored.id(FilmId)),
  rating: required("rating", stored.stars(Rating)),
  ratedOn: optional("rated_on", stored.day(Day), kept("rated_on")),
  liked: optional("liked", stored.boolean(), kept("liked"))
}

/**
 * A rating as the dataset keeps it: numbers only.
 *
 * @since 0.1.0
 * @category models
 */
export const EncodedRating = rowSchema(ratingColumns)

/**
 * @since 0.1.0
 * @category models
 */
export interface EncodedRating extends Schema.Schema.Type<typeof EncodedRating> {}

const watchedColumns = {
  userId: required("user_id", stored.id(UserId)),
  filmId: required("film_id", stored.id(FilmId)),
  liked: optional("liked", stored.boolean(), kept("liked"))
}

/**
 * A film that a member saw and did not rate.
 *
 * @since 0.1.0
 * @category models
 */
export const EncodedWatch = rowSchema(watchedColumns)

/**
 * @since 0.1.0
 * @category models
 */
export interface EncodedWatch extends Schema.Schema.Type<typeof EncodedWatch> {}

const changeColumns = {
  at: required("at", stored.instant()),
  userId: required("user_id", stored.id(UserId)),
  filmId: required("film_id", stored.id(FilmId)),
  before: optional("before", stored.stars(Rating)),
  after: optional("after", stored.stars(Rating))
}

/**
 * What a later reading found changed: the rating of a film before and after, absent where there was or is none. `at` is
 * when the batch of that reading was committed.
 *
 * @since 0.1.0
 * @category models
 */
export const RatingChange = rowSchema(changeColumns)

/**
 * @since 0.1.0
 * @category models
 */
export interface RatingChange extends Schema.Schema.Type<typeof RatingChange> {}

const filmColumns = {
  id: required("film_id", stored.id(FilmId)),
  slug: optional("slug", stored.text(Slug), { nullableSince: 2 }),
  title: optional("title", stored.text(Schema.NonEmptyString)),
  year: optional("year", stored.integer(Year)),
  tmdbId: optional("tmdb_id", stored.id(TmdbId), kept("film_numbers")),
  imdbId: optional("imdb_id", stored.text(ImdbId), kept("film_numbers"))
}

/**
 * A film. The slug is absent where only an export named the film; title and year are absent where no source told them:
 * markup before 2025 shows titles without a year, and datasets written with slugs as labels keep no titles.
 *
 * @since 0.1.0
 * @category models
 */
export const Film = rowSchema(filmColumns)

/**
 * @since 0.1.0
 * @category models
 */
export interface Film extends Schema.Schema.Type<typeof Film> {}

const memberColumns = {
  username: required("username", stored.text(Username)),
  userId: required("user_id", stored.id(UserId)),
  state: required("state", stored.text(MemberState)),
  readAt: required("read_at", stored.instant()),
  lastPage: required("last_page", stored.integer(Schema.NonNegativeInt)),
  missing: required("missing_pages", stored.integers(Schema.Int.pipe(Schema.positive()))),
  films: required("films", stored.integer(Schema.NonNegativeInt)),
  statedFilms: optional("stated_films", stored.integer(Schema.NonNegativeInt)),
  ratings: required("ratings", stored.integer(Schema.NonNegativeInt)),
  doubts: required("doubts", stored.texts(Doubt)),
  verdicts: required("verdicts", stored.counts()),
  renamedTo: optional("renamed_to", stored.text(Username)),
  seen: optional("seen_films", stored.integers(FilmId)),
  source: optional("source", stored.text(Schema.NonEmptyString), kept("provenance")),
  proof: optional("proof", stored.text(Proof), kept("provenance")),
  laterFilms: optional("later_films", stored.counts(), kept("provenance")),
  feedFrom: optional("feed_from", stored.instant(), kept("provenance")),
  feedAt: optional("feed_at", stored.instant(), kept("provenance")),
  salt: optional("salt", stored.text(Schema.NonEmptyString), kept("provenance"))
}

/**
 * A member's state with its evidence: when it was read, the page count its first page told (0 where unknown), the
 * numbers of the pages still missing, the films seen (rated or not) and stated, the ratings, the doubts, and how
 * often each label was given to a part (see `ListPart`). It belongs to a dataset's members by `userId`. `seen` holds film ids: of a partial member
 * that can be completed page by page all films of its list that were seen, rated or not, which tell later whether the
 * list has moved; of a sealed member that was read in one go a sample of its rated films (see `sampleOfRatings`), which
 * tells a member again that has another name. `source` and `proof` are there where a source other than the site's pages
 * told of the member. `laterFilms` has the numbers of films whose rows were learnt, from something that shows only a part of
 * the list (a feed), after the list was read, and when, in minutes since 1970: an older list does not take these rows away.
 * `salt` is there for a member who is forgotten: the key of the hash that is its name.
 * `feedAt` is when the member's feed was last asked for, `feedFrom` the time from which on feeds have shown each entry.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberRecord = rowSchema(memberColumns)

/**
 * @since 0.1.0
 * @category models
 */
export interface MemberRecord extends Schema.Schema.Type<typeof MemberRecord> {}

/**
 * A member of whom nothing but the id is known, as in a dataset that the original tool wrote.
 *
 * @since 0.1.0
 * @category models
 */
export interface BareMember extends Pick<MemberRecord, "userId" | "username"> {}

/**
 * A member of a dataset: one that was read, or only has an id.
 *
 * @since 0.1.0
 * @category models
 */
export type Member = BareMember & Partial<MemberRecord>

const { seen: _seen, ...readColumns } = memberColumns

const readingColumns = { at: required("at", stored.instant()), ...readColumns }

/**
 * One reading of a member: the member's record as the batch that was committed `at` left it.
 *
 * @since 0.1.0
 * @category models
 */
export const LoggedReading = rowSchema(readingColumns)

/**
 * @since 0.1.0
 * @category models
 */
export interface LoggedReading extends Schema.Schema.Type<typeof LoggedReading> {}

const updateColumns = {
  userId: required("user_id", stored.id(UserId)),
  lastUpdated: required("last_updated", stored.instant())
}

/**
 * When a member's list was last read completely.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberUpdate = rowSchema(updateColumns)

/**
 * @since 0.1.0
 * @category models
 */
export interface MemberUpdate extends Schema.Schema.Type<typeof MemberUpdate> {}

/**
 * What a rating or a film that was seen may hold beyond film and stars: all of it, `undefined` where it is not known.
 * A source that makes one says something of each, so that the compiler asks it about a fact that is new.
 *
 * @since 0.1.0
 * @category models
 */
export type RatingFacts = {
  readonly [K in Exclude<keyof EncodedRating, "userId" | "filmId" | "rating">]-?: EncodedRating[K] | undefined
}

/**
 * The facts that are known of a rating.
 *
 * @since 0.1.0
 * @category models
 */
export type KnownFacts = Pick<EncodedRating, keyof RatingFacts>

/**
 * The facts that are known.
 *
 * @since 0.1.0
 * @category constructors
 */
export const knownFacts = (facts: RatingFacts): KnownFacts =>
  // Entries lose which value belongs to which name. None of them was changed.
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as KnownFacts

const { filmId: _filmId, rating: _rating, userId: _userId, ...factColumns } = ratingColumns

/**
 * What these facts are called in a rating.
 *
 * @since 0.1.0
 * @category getters
 */
export const namesOfFacts: ReadonlyArray<keyof RatingFacts> = Struct.keys(factColumns)

/** A film in a list: what no storage could keep as it is does not get in. */
const listedColumns = {
  ...filmColumns,
  slug: optional("slug", stored.text(Slug.pipe(Schema.maxLength(500)))),
  title: optional("title", stored.text(Title))
}

/**
 * One film of a member's list: the rating if the member gave one, and what else the source tells.
 *
 * @since 0.1.0
 * @category models
 */
export const WatchedFilm = Schema.Struct({
  film: rowSchema(listedColumns),
  rating: Schema.optionalWith(Rating, { exact: true }),
  ...rowSchema(factColumns).fields
})

/**
 * @since 0.1.0
 * @category models
 */
export interface WatchedFilm extends Schema.Schema.Type<typeof WatchedFilm> {}

/** The columns of a row that is an object, for its properties to be read one by one. */
const partsOf = (columns: {
  readonly [property: string]: Pick<Column<never, Schema.Struct.Field>, "isOptional" | "name"> & {
    readonly values: { readonly decoder: () => (stored: unknown) => unknown }
  }
}) =>
  Object.entries(columns).map(([property, { isOptional, name, values }]) => ({
    property,
    name,
    isOptional,
    decode: values.decoder()
  }))

/** Copies properties of an object, each decoded; returns what is wrong with one, if anything is. */
const copyInto = (
  row: { [property: string]: unknown },
  from: { readonly [property: string]: unknown },
  parts: ReturnType<typeof partsOf>
): string | undefined => {
  for (const { decode, isOptional, name, property } of parts) {
    const value = from[property]
    if (value === undefined) {
      if (isOptional) continue
      return `${name} is missing`
    }
    const decoded = decode(value)
    if (decoded === undefined) return `${name} cannot be ${shown(value)}`
    row[property] = decoded
  }
  return undefined
}

/**
 * Makes a reader of films of lists, for values of any form. It takes what `WatchedFilm` takes, without other properties,
 * and costs a fraction of it. What it fails with names the value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const watchedFilmReader = (): ((value: unknown) => Either.Either<WatchedFilm, string>) => {
  const filmParts = partsOf(listedColumns)
  const factParts = partsOf({ rating: optional("rating", stored.stars(Rating)), ...factColumns })
  return (value) => {
    if (!isRecord(value)) return Either.left(`it is ${value === null ? "null" : typeof value}, not a film of a list`)
    const given = value["film"]
    if (!isRecord(given)) return Either.left("film is missing")
    const film: { [property: string]: unknown } = {}
    const watched: { [property: string]: unknown } = { film }
    const wrong = copyInto(film, given, filmParts) ?? copyInto(watched, value, factParts)
    if (wrong !== undefined) return Either.left(wrong)
    // Each property was decoded by its column, and the columns are those of the schema.
    return Either.right(watched as unknown as WatchedFilm)
  }
}

const isRecord = (value: unknown): value is { readonly [property: string]: unknown } =>
  typeof value === "object" && value !== null

const memberTable = makeTable<MemberRecord>("members", memberColumns, { key: ["userId"] })

/** The same columns; of a member who only has an id, all but two are empty. */
const memberOrBare = makeTable<BareMember & Partial<MemberRecord>>(
  "members",
  Object.assign(
    {},
    memberColumns,
    Record.map({ ...memberColumns }, (column) => ({ ...column, isOptional: true })),
    { userId: memberColumns.userId, username: memberColumns.username }
  ),
  { key: ["userId"] }
)

const membersTable: Table<Member> = {
  ...memberOrBare,
  reader: (columns) => {
    const readRecord = memberTable.reader(columns)
    const readBare = memberOrBare.reader(columns)
    const isOfRecord = columns.map(({ property }) => property !== "userId" && property !== "username")
    return (values): Either.Either<Member, string> =>
      values.some((value, i) => isOfRecord[i] === true && value !== null && value !== undefined)
        ? readRecord(values)
        : readBare(values)
  }
}

/**
 * The rows of the tables that have many: they are appended, streamed, and taken away a member at a time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rows {
  readonly ratings: EncodedRating
  readonly watched: EncodedWatch
  readonly changes: RatingChange
  readonly readings: LoggedReading
}

/**
 * The names of the tables with many rows.
 *
 * @since 0.1.0
 * @category models
 */
export type RowTable = keyof Rows

/**
 * A row of one of these tables.
 *
 * @since 0.1.0
 * @category models
 */
export type RowOf<T extends RowTable> = Rows[T]

/**
 * The tables with many rows.
 *
 * @since 0.1.0
 * @category models
 */
export const rowTables: { readonly [T in RowTable]: Table<Rows[T]> } = {
  ratings: makeTable<EncodedRating>("ratings", ratingColumns, { key: ["userId", "filmId"] }),
  watched: makeTable<EncodedWatch>("watched", watchedColumns, { key: ["userId", "filmId"], keep: "watched" }),
  changes: makeTable<RatingChange>("changes", changeColumns, { keep: "changes" }),
  readings: makeTable<LoggedReading>("readings", readingColumns, { keep: "changes" })
}

/**
 * The tables that are held in memory while a dataset is open. Films stand in order of first appearance, members in
 * order of their ids, updates in the order in which members were first read completely.
 *
 * @since 0.1.0
 * @category models
 */
export const stateTables = {
  films: makeTable<Film>("films", filmColumns, { key: ["id"] }),
  members: membersTable,
  updates: makeTable<MemberUpdate>("updates", updateColumns, { key: ["userId"] })
}

/**
 * The tables of rows that a dataset has.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowTablesOf = (keeps: Keeps): ReadonlyArray<RowTable> =>
  (["ratings", "watched", "changes", "readings"] as const).filter((name) => {
    const { keep } = rowTables[name]
    return keep === undefined || keeps.has(keep)
  })

/**
 * The format of a dataset that keeps so much: the one that its newest column came with. What keeps nothing is written
 * as it was before anything could be kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const formatOf = (keeps: Keeps): number => {
  let format = keeps.size === 0 ? 1 : 2
  const tables: ReadonlyArray<Pick<Table<never>, "columns">> = [
    ...Object.values(rowTables),
    ...Object.values(stateTables)
  ]
  for (const { columns } of tables) for (const { since } of columns(keeps)) format = Math.max(format, since)
  return format
}

/**
 * The newest format that this version reads and writes. A dataset of a later one is refused.
 *
 * @since 0.1.0
 * @category models
 */
export const latestFormat: number = formatOf(allKeeps)
