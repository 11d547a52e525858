/**
 * What stands in the files, and how it gets out again.
 */
import type { DuckDBValue } from "@duckdb/node-api"
import {
  cellThrough,
  type DatasetState,
  type EncodedRating,
  type Film,
  type FilmId,
  filmIdFromNumber,
  forEachRating,
  growingBlock,
  idPlaces,
  type Keeps,
  type LinePiece,
  type Member,
  type MemberRecord,
  noKeeps,
  type RatingBlock,
  ratingBlockOf,
  ratingsByHalfStars,
  type RowOf,
  type RowTable,
  rowTables,
  stateTables,
  type StorageError,
  type TableColumn,
  type UserId,
  type Username
} from "@letterboxd-ratings/core"
import { Chunk, DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import { type Column, type Connection, identifier, parquetAt, type Values, type WrittenValues } from "./DuckDb.ts"
import { type RowColumn, rowColumn, storedForm } from "./ParquetColumns.ts"
import { readingFailed, storageError } from "./StorageFailure.ts"

/** The columns of the parts of a table. */
export const partColumns = <T extends RowTable>(table: T, keeps: Keeps): ReadonlyArray<RowColumn<RowOf<T>>> =>
  rowTables[table].columns(keeps).map((column) => rowColumn(column))

export const filmColumns = (keeps: Keeps): ReadonlyArray<RowColumn<Film>> =>
  stateTables.films.columns(keeps).map((column) => rowColumn(column))

/** A row of the file of members, which tells of updates too: when, and in which order members were first complete. */
interface MemberRow {
  readonly member: Member
  readonly lastUpdated: DateTime.Utc | undefined
  readonly updatePosition: number | undefined
}

const updateColumns: ReadonlyArray<RowColumn<MemberRow>> = [
  rowColumn<MemberRow>({
    name: "last_updated",
    type: "instant",
    get: ({ lastUpdated }) => (lastUpdated === undefined ? undefined : DateTime.formatIso(lastUpdated))
  }),
  rowColumn<MemberRow>({ name: "update_position", type: "integer", get: ({ updatePosition }) => updatePosition })
]

/** The order of the columns that were there first; those that came later stand behind. */
const memberOrder = [
  "user_id",
  "username",
  "state",
  "read_at",
  "last_updated",
  "update_position",
  "ratings",
  "films",
  "stated_films",
  "last_page",
  "missing_pages",
  "doubts",
  "verdicts",
  "renamed_to",
  "seen_films"
]

const placeInOrder = ({ name }: Column): number => {
  const at = memberOrder.indexOf(name)
  return at === -1 ? memberOrder.length : at
}

export const memberColumns = (keeps: Keeps): ReadonlyArray<RowColumn<MemberRow>> =>
  [
    ...Array.from(stateTables.members.columns(keeps), (column) =>
      rowColumn({ ...cellThrough(column, ({ member }: MemberRow) => member), name: column.name })
    ),
    ...updateColumns
  ].toSorted((one, other) => placeInOrder(one) - placeInOrder(other))

/** All members as rows. */
export const memberRows = ({
  members,
  updates,
  users
}: Pick<DatasetState, "members" | "updates" | "users">): ReadonlyArray<MemberRow> => {
  const positions = new Map([...updates.keys()].map((username, i) => [username, i + 1]))
  return Array.from(users, ([username, userId]) => ({
    member: members.get(username) ?? { username, userId },
    lastUpdated: updates.get(username),
    updatePosition: positions.get(username)
  }))
}

/** Rows column by column. */
export const valuesOf = <Row>(
  columns: ReadonlyArray<RowColumn<Row>>,
  rows: ReadonlyArray<Row>
): ReadonlyArray<Values> => columns.map(({ value }) => rows.map(value))

/** A column of ratings. All ratings `of` the same member or film have the same value in it, if that is said. */
type ValueOfRating = Pick<RowColumn<EncodedRating>, "name" | "value"> & { readonly of?: LinePiece["of"] }

const [userIdColumn, filmIdColumn, starsColumn] = rowTables.ratings.columns(noKeeps).map(({ name }) => name)

/** The values of a column that a block has as it is; `undefined` for another one. */
const blockColumn = (name: string, { filmIds, halfStars, size, userIds }: RatingBlock): WrittenValues | undefined => {
  switch (name) {
    case userIdColumn:
      return userIds.subarray(0, size)
    case filmIdColumn:
      return filmIds.subarray(0, size)
    case starsColumn:
      return Float64Array.from(halfStars.subarray(0, size)).map((half) => half / 2)
    default:
      return undefined
  }
}

/** Ratings column by column, one block after the other. What is the same for a member or a film is made once. */
export const valuesOfRatings = (
  columns: ReadonlyArray<ValueOfRating>
): ((block: RatingBlock) => ReadonlyArray<WrittenValues>) => {
  const users = idPlaces()
  const films = idPlaces()
  const remembered = (placeOf: (rating: EncodedRating) => number, value: ValueOfRating["value"]) => {
    const known: Array<DuckDBValue> = []
    return (rating: EncodedRating): DuckDBValue => {
      const place = placeOf(rating)
      if (place === known.length) known.push(value(rating))
      return known[place] ?? null
    }
  }
  const makers = columns.map(({ name, of, value }) => ({
    name,
    make:
      of === "member"
        ? remembered(({ userId }) => users.at(userId), value)
        : of === "film"
          ? remembered(({ filmId }) => films.at(filmId), value)
          : value
  }))
  return (block) =>
    makers.map(({ make, name }) => {
      const column = blockColumn(name, block)
      if (column !== undefined) return column
      const values: Array<DuckDBValue> = []
      forEachRating(block, (rating) => values.push(make(rating)))
      return values
    })
}

/** Rows as columns, some thousands at a time. */
export const inColumns =
  <Row, E>(rows: Stream.Stream<Row, E>) =>
  (columns: ReadonlyArray<RowColumn<Row>>): Stream.Stream<ReadonlyArray<Values>, E> =>
    Stream.map(Stream.chunks(Stream.rechunk(rows, 8_192)), (some) => valuesOf(columns, Chunk.toReadonlyArray(some)))

/** Ratings as columns, a block at a time. */
export const ratingsInColumns =
  <E>(blocks: Stream.Stream<RatingBlock, E>) =>
  (columns: ReadonlyArray<ValueOfRating>): Stream.Stream<ReadonlyArray<WrittenValues>, E> =>
    Stream.suspend(() => Stream.map(blocks, valuesOfRatings(columns)))

const damaged = (place: string, what: string) =>
  storageError("Damaged", place, `${what}. Nothing was written. Restore the file from a copy`)

/** How the blocks of a file are asked for, and how something is made of each row of a block. */
interface RowReading<A> {
  readonly blocks: (connection: Connection, place: string) => Stream.Stream<ReadonlyArray<Values>, StorageError>
  readonly rowsOf: (place: string, block: ReadonlyArray<Values>) => Effect.Effect<ReadonlyArray<A>, StorageError>
}

/**
 * Makes something of each row, which is given as the stored values of some columns in their order. The array of values is
 * the same for each row. What fails is about the place.
 */
const rowReading = <A>(
  columns: ReadonlyArray<Pick<TableColumn<never>, "name" | "type">>,
  read: (values: ReadonlyArray<unknown>) => Either.Either<A, string>
): RowReading<A> => {
  const forms = columns.map(({ type }) => storedForm(type))
  const names = columns.map(({ name }) => identifier(name)).join(", ")
  const values = Array.from({ length: columns.length }, (): unknown => undefined)
  return {
    blocks: (connection, place) =>
      connection.blocks(`select ${names} from ${parquetAt([place])}`, readingFailed(place)),
    rowsOf: (place, block) =>
      Effect.suspend(() => {
        const stored = block.map((column, i): ReadonlyArray<unknown> => {
          const form = forms[i]
          return form === undefined ? column : column.map((value: DuckDBValue) => (value === null ? null : form(value)))
        })
        const rows: Array<A> = []
        const length = stored[0]?.length ?? 0
        for (let i = 0; i < length; i++) {
          for (let c = 0; c < stored.length; c++) values[c] = stored[c]?.[i]
          const row = read(values)
          if (Either.isLeft(row))
            return damaged(place, `a row of it (${values.map(String).join(", ")}) is none: ${row.left}`)
          rows.push(row.right)
        }
        return Effect.succeed(rows)
      })
  }
}

/** Ratings as they stand in columns; `undefined` if a value of them is none. */
const plainBlock = ([userIds = [], filmIds = [], ratings = []]: ReadonlyArray<Values>): RatingBlock | undefined => {
  const growing = growingBlock(userIds.length)
  for (let row = 0; row < userIds.length; row++) {
    const [userId, filmId, rating] = [userIds[row], filmIds[row], ratings[row]]
    if (typeof userId !== "number" || typeof filmId !== "number" || typeof rating !== "number") return undefined
    const isRating = ratingsByHalfStars[rating * 2] === rating
    if (!isRating || filmIdFromNumber(userId) === undefined || filmIdFromNumber(filmId) === undefined) return undefined
    growing.add(userId, filmId, rating * 2)
  }
  return growing.block()
}

/** The plain form has the three columns that every dataset has. */
const plainColumns = 3

/** Makes a block of the ratings of each block of a file. Tells what is wrong with a row as `partReading` does. */
export const ratingBlockReading = (
  keeps: Keeps
): Pick<RowReading<EncodedRating>, "blocks"> & {
  readonly blockOf: (place: string, block: ReadonlyArray<Values>) => Effect.Effect<RatingBlock, StorageError>
} => {
  const { blocks, rowsOf } = partReading("ratings", keeps)
  return {
    blocks,
    blockOf: (place, block) =>
      Effect.suspend(() => {
        const plain = block.length === plainColumns ? plainBlock(block) : undefined
        return plain === undefined ? Effect.map(rowsOf(place, block), ratingBlockOf) : Effect.succeed(plain)
      })
  }
}

/** Makes something of each row of a file, in their order. */
const readRows = <A>(connection: Connection, place: string, { blocks, rowsOf }: RowReading<A>) =>
  Stream.runForEach(blocks(connection, place), (block) => rowsOf(place, block))

export const readFilms = (
  connection: Connection,
  place: string,
  keeps: Keeps
): Effect.Effect<Map<FilmId, Film>, StorageError> =>
  Effect.gen(function* () {
    const films = new Map<FilmId, Film>()
    const columns = stateTables.films.columns(keeps)
    const readFilm = stateTables.films.reader(columns)
    const take = (values: ReadonlyArray<unknown>) =>
      Either.flatMap(readFilm(values), (film) => {
        if (films.has(film.id)) return Either.left(`film ${film.id} is there already`)
        films.set(film.id, film)
        return Either.void
      })
    yield* readRows(connection, place, rowReading(columns, take))
    return films
  })

const decodeUpdate = Schema.decodeUnknownOption(
  Schema.Union(Schema.Tuple(Schema.DateTimeUtc, Schema.NonNegativeInt), Schema.Tuple(Schema.Null, Schema.Null))
)

const isRead = (member: Member): member is MemberRecord => member.state !== undefined

export const readMembers = (connection: Connection, place: string, keeps: Keeps) =>
  Effect.gen(function* () {
    const users = new Map<Username, UserId>()
    const members = new Map<Username, MemberRecord>()
    const updated: Array<readonly [position: number, username: Username, at: DateTime.Utc]> = []
    const columns = stateTables.members.columns(keeps)
    const readMember = stateTables.members.reader(columns)
    let last = 0
    const take = (values: ReadonlyArray<unknown>) =>
      Either.flatMap(readMember(values.slice(0, columns.length)), (member): Either.Either<void, string> => {
        const { userId, username } = member
        if (users.has(username)) return Either.left(`${username} is there already`)
        if (userId <= last) return Either.left(`the id ${userId} stands behind ${last}`)
        const update = decodeUpdate(values.slice(columns.length))
        if (Option.isNone(update)) return Either.left(`it says only a part of when ${username} was updated`)
        const [at, position] = update.value
        last = userId
        users.set(username, userId)
        if (at !== null && position !== null) updated.push([position, username, at])
        if (isRead(member)) members.set(username, member)
        return Either.void
      })
    const updates = [
      { name: "last_updated", type: "instant" },
      { name: "update_position", type: "integer" }
    ] as const
    yield* readRows(connection, place, rowReading([...columns, ...updates], take))
    updated.sort(([one], [other]) => one - other)
    return { users, members, updates: new Map(updated.map(([, username, at]) => [username, at])) }
  })

/** Reads the rows of parts. One reader serves all parts: it remembers the values that it decoded. */
export const partReading = <T extends RowTable>(table: T, keeps: Keeps): RowReading<RowOf<T>> => {
  const columns = rowTables[table].columns(keeps)
  return rowReading(columns, rowTables[table].reader(columns))
}
